# SPDX-License-Identifier: Apache-2.0
"""Reports in HubSpot's words: properties of the contact, entries of its timeline, outcomes for workflows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from hub import Outlook, Reach, Report, ReportKind
from hub_hubspot import words
from hub_hubspot.trouble import Json
from hub_hubspot.wire import moment

READ = (words.OPT_IN, words.OPT_IN_AT, words.REACH_CAMPAIGN)  # what is written depends on them
PERMISSION = frozenset({ReportKind.CONSENT, ReportKind.WITHDRAWAL})
TO_CONTACT = {"communications": 81, "notes": 202}  # association types ("Associations v4")


@dataclass(frozen=True, slots=True, order=True)
class Standing:
    """What a contact's opt-in state says since when. Of the same time, a stop is the later one."""

    at: datetime
    stopped: bool


def standing(properties: Mapping[str, str | None]) -> Standing | None:
    """What HubSpot shows already; None where nothing, or nothing dated, is shown."""
    at = moment(properties.get(words.OPT_IN_AT))
    return Standing(at, properties.get(words.OPT_IN) == words.STOPPED) if at else None


def builds_on(report: Report) -> bool:
    """Does what is written depend on what HubSpot shows?"""
    first = report.kind is ReportKind.REFUSED or report.status.lower() in ("accepted", "unknown")
    return report.kind in PERMISSION or bool(report.audience and report.kind is not ReportKind.REACH and first)


def update(reports: Sequence[Report], shown: Mapping[str, str | None] = MappingProxyType({})) -> dict[str, str]:
    """The properties that say what happened to one contact: of messages the last report wins, of permissions the
    latest, whatever the order they come in. Empty where HubSpot shows something later. Once a campaign's message has
    its end, what it would have been is no news."""
    permission = _permission([one for one in reports if one.kind in PERMISSION], standing(shown))
    properties: dict[str, str] = {}
    for report in reports:
        if report.kind in PERMISSION:
            properties |= {words.REASON: report.reason} if permission else {}
            continue
        if report.kind is ReportKind.REACH:
            properties |= _reach(report)
            continue
        values = {
            words.STATUS: report.status,
            words.STATUS_AT: stamp(report.at),
            words.REASON: report.reason,
            words.BASIS: report.basis,
            words.CAMPAIGN: report.campaign,
            words.WHY: report.why,
            words.LINK: report.link,
        }
        if report.kind is ReportKind.REPLY:
            values = {name: value for name, value in values.items() if value}
        properties |= values
        if report.campaign and report.campaign == shown.get(words.REACH_CAMPAIGN):
            properties |= dict.fromkeys(words.OF_REACH, "")
    return properties | permission


def _reach(report: Report) -> dict[str, str]:
    """What a campaign would do; nothing any more of one that is called off."""
    if report.status == Reach.OVER:
        return dict.fromkeys(words.OF_REACH, "")
    return {
        words.REACH: report.status,
        words.REACH_AT: stamp(report.at),
        words.REACH_CAMPAIGN: report.campaign,
        words.REACH_REASON: report.reason,
        words.REACH_WHY: report.why,
        words.REACH_LINK: report.link,
    }


def _permission(reports: Sequence[Report], shown: Standing | None) -> dict[str, str]:
    latest = max(reports, key=_stands, default=None)
    if latest is None or (shown is not None and _stands(latest) < shown):
        return {}
    return {
        words.OPT_IN: words.STOPPED if latest.kind is ReportKind.WITHDRAWAL else words.OPTED_IN,
        words.OPT_IN_AT: stamp(latest.at),
        words.EVIDENCE: latest.evidence,
    }


def _stands(report: Report) -> Standing:
    # HubSpot keeps milliseconds
    at = report.at.astimezone(UTC)
    return Standing(at.replace(microsecond=at.microsecond // 1000 * 1000), report.kind is ReportKind.WITHDRAWAL)


# --- the timeline


def on_timeline(report: Report, timeline_at: str) -> bool:
    """Does this report become a message on the contact's timeline?"""
    if report.kind is ReportKind.STATUS:
        return report.status.lower() == timeline_at
    return report.kind in (ReportKind.REPLY, *PERMISSION)


def noted(report: Report, refusals: bool) -> bool:
    """Does this report become a note? What was announced and then failed does; a refusal where it is asked for."""
    failed = report.kind is ReportKind.STATUS and report.status.lower() == "failed"
    return failed or (refusals and report.kind is ReportKind.REFUSED)


def communication(report: Report) -> Json:
    """A timeline entry ("Communications")."""
    return {
        "objectWriteTraceId": report.key,
        "properties": {
            "hs_communication_channel_type": "WHATS_APP",
            "hs_communication_logged_from": "CRM",
            "hs_communication_body": report.text or _neutral(report),
            "hs_timestamp": stamp(report.at),
        },
        "associations": [_to(report.record, "communications")],
    }


def note(report: Report) -> Json:
    """A note that says why a message did not arrive ("Notes")."""
    return {
        "objectWriteTraceId": report.key,
        "properties": {"hs_timestamp": stamp(report.at), "hs_note_body": _why_not(report)},
        "associations": [_to(report.record, "notes")],
    }


def _to(record: str, kind: str) -> Json:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TO_CONTACT[kind]}]
    return {"to": {"id": record}, "types": types}


def _neutral(report: Report) -> str:
    line = {
        ReportKind.REPLY: "WhatsApp reply received",
        ReportKind.WITHDRAWAL: "WhatsApp messages stopped by the contact",
        ReportKind.CONSENT: "WhatsApp messages agreed to by the contact",
    }.get(report.kind, "WhatsApp template message")
    return f"{line}: {report.campaign}" if report.campaign else line


def _why_not(report: Report) -> str:
    line = "WhatsApp message not sent" if report.kind is ReportKind.REFUSED else "WhatsApp message not delivered"
    line = f"{line}: {report.campaign}" if report.campaign else line
    if report.why:
        return f"{line}. {report.why} {report.link}".rstrip()
    return f"{line} ({report.reason})" if report.reason else line


def task(outlook: Outlook) -> dict[str, str]:
    """A task that says what a campaign would come to ("Tasks"): a list has no fields of its own."""
    return {"hs_timestamp": stamp(outlook.at), "hs_task_subject": outlook.title, "hs_task_body": outlook.text}


# --- workflows that wait


def completions(reports: Iterable[Report]) -> dict[str, Json]:
    """Output fields by callback. Core says when a workflow has its answer: only then a report names the callback."""
    return {one.callback: outputs(one) for one in reports if one.callback}


def outputs(report: Report) -> Json:
    """What a workflow may branch on. A message that did not leave lets the workflow go on, marked as failed."""
    status = report.status.lower()
    failed = report.kind is ReportKind.REFUSED or status in ("failed", "unknown")
    return {"status": status, "reason": report.reason, "hs_execution_state": "FAIL_CONTINUE" if failed else "SUCCESS"}


def stamp(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as HubSpot writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
