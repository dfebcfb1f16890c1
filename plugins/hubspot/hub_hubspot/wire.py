# SPDX-License-Identifier: Apache-2.0
"""HubSpot's JSON to our words and back. Pure functions; nothing here does I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import orjson

from hub import (
    Channel,
    Claim,
    ClaimKind,
    ContactChanged,
    ContactsMerged,
    ContactSnapshot,
    Event,
    PrivacyDeletion,
    Property,
    Report,
    ReportKind,
    Unknown,
    Unusable,
    iso_country,
)
from hub_hubspot.api import Json
from hub_hubspot.settings import Config

LEGAL_BASIS = "hs_legal_basis"

# HubSpot's option values with every dash made a hyphen, in lower case, and the words of its API for the same. Anything
# else is UNKNOWN, also "Not applicable" and NON_GDPR: they are never a way around the law.
_BASES = {
    "legitimate interest - prospect/lead": ClaimKind.LEGITIMATE_INTEREST,
    "legitimate interest - existing customer": ClaimKind.LEGITIMATE_INTEREST,
    "legitimate interest - other": ClaimKind.LEGITIMATE_INTEREST,
    "performance of a contract": ClaimKind.CONTRACT,
    "freely given consent from contact": ClaimKind.CONSENT,
    "legitimate_interest_pql": ClaimKind.LEGITIMATE_INTEREST,
    "legitimate_interest_client": ClaimKind.LEGITIMATE_INTEREST,
    "legitimate_interest_other": ClaimKind.LEGITIMATE_INTEREST,
    "performance_of_contract": ClaimKind.CONTRACT,
    "consent_with_notice": ClaimKind.CONSENT,
    "process_and_store": ClaimKind.CONSENT,  # by its name to storing; like every claim it carries no message
}
_DASHES = re.compile("[\u2010-\u2015]")
_NO = frozenset({"", "false", "no", "0"})


def read_properties(config: Config, asked: Sequence[str] = ()) -> list[str]:
    """The only properties ever requested; `asked` are those in which the admin says evidence is found."""
    names = [*config.phone_properties, config.country_property, LEGAL_BASIS, config.opt_out_property]
    names += [config.email_double_opt_in_property, config.email_opt_out_property, *config.template_properties, *asked]
    return list(dict.fromkeys(name for name in names if name))


def snapshot(record: Json, config: Config, asked: Sequence[str] = ()) -> ContactSnapshot | None:
    """One contact; None where the record has no id."""
    number, properties = record.get("id"), record.get("properties")
    if not isinstance(number, str) or not number or not isinstance(properties, dict):
        return None
    values = {name: value.strip() for name, value in properties.items() if isinstance(value, str)}
    phones = (values.get(name, "") for name in config.phone_properties)
    return ContactSnapshot(
        record=number,
        phone=next((phone for phone in phones if phone), ""),
        country=iso_country(values.get(config.country_property, "")),
        claims=tuple(claims(values, config)),
        properties=tuple((name, values[name]) for name in config.template_properties if values.get(name)),
        evidence=tuple((name, values[name]) for name in asked if values.get(name)),
        modified_at=moment(values.get("lastmodifieddate") or record.get("updatedAt")),
        deleted=record.get("archived") is True,
    )


def snapshots(
    records: Sequence[Json], config: Config, asked: Sequence[str] = ()
) -> tuple[tuple[ContactSnapshot, ...], tuple[Unusable, ...]]:
    """The contacts of one answer, and what could not be read."""
    read = [snapshot(record, config, asked) for record in records]
    bad = tuple(Unusable(f"item {i} of a page", "id", "no record id") for i, one in enumerate(read) if one is None)
    return tuple(one for one in read if one is not None), bad


def claims(values: dict[str, str], config: Config) -> Iterator[Claim]:
    """What the CRM says. Every option of the legal basis is its own claim; nothing here is proof."""
    options = [option.strip() for option in values.get(LEGAL_BASIS, "").split(";")]
    kinds = [_BASES.get(_DASHES.sub("-", option).lower(), ClaimKind.UNKNOWN) for option in options if option]
    for kind in dict.fromkeys(kinds or [ClaimKind.UNKNOWN]):
        yield Claim(kind, LEGAL_BASIS)
    confirmed = values.get(config.email_double_opt_in_property, "")
    if confirmed:
        field = config.email_double_opt_in_property
        yield Claim(ClaimKind.CONSENT_OTHER_POINT, field, channel=Channel.EMAIL, claimed_at=moment(confirmed))
    # a stop that cannot be read is a stop
    if values.get(config.opt_out_property, "").lower() not in _NO:
        yield Claim(ClaimKind.OPT_OUT, config.opt_out_property)
    if values.get(config.email_opt_out_property, "").lower() not in _NO:
        limited = config.email_opt_out_limited
        yield Claim(ClaimKind.OPT_OUT, config.email_opt_out_property, channel=Channel.EMAIL, limited=limited)


def moment(value: object) -> datetime | None:
    """An ISO time or epoch milliseconds, aware, UTC. None where it is neither."""
    try:
        if isinstance(value, int) or (isinstance(value, str) and value.isdigit()):
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        parsed = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def property_of(listed: Json) -> Property:
    """A contact property as HubSpot lists it. Only an enumeration has a closed list of values."""
    options = listed.get("options")
    closed = listed.get("type") == "enumeration" and isinstance(options, list)
    values = [str(one.get("value", "")) for one in options or () if isinstance(one, dict)] if closed else []
    return Property(str(listed.get("name", "")), tuple(value for value in values if value))


# --- webhooks in


_CHANGES = {"creation", "deletion", "merge", "restore", "propertyChange", "associationChange"}


def events(body: bytes, received_at: datetime, portal: str) -> list[Event]:
    """The events of one webhook. Never raises: what cannot be read is kept as `Unknown`."""
    try:
        items = orjson.loads(body)
    except orjson.JSONDecodeError:
        return [Unknown("a body that is not JSON", received_at)]
    if not isinstance(items, list):
        return [Unknown("a body that is no list of events", received_at)]
    found = [event for item in items for event in _event(item, received_at, portal)]
    return list(dict.fromkeys(found))


def _event(item: object, received_at: datetime, portal: str) -> list[Event]:
    if not isinstance(item, dict):
        return [Unknown("an event without fields", received_at)]
    # some of HubSpot's own examples spell the field eventType
    kind = str(item.get("subscriptionType") or item.get("eventType") or "event without a type")[:80]
    at = moment(item.get("occurredAt")) or received_at
    if portal and str(item.get("portalId")) != portal:
        return [Unknown("an event of another HubSpot account", at)]
    subject, _, what = kind.partition(".")
    if subject == "object" and item.get("objectTypeId") == "0-1":
        subject = "contact"
    records = _records(item)
    if subject != "contact" or not records:
        return [Unknown(kind, at)]
    if what == "privacyDeletion":
        return [PrivacyDeletion(record, at) for record in records]
    if what == "merge" and len(records) > 1:
        stays = str(item.get("newObjectId") or item.get("primaryObjectId") or records[0])
        return [ContactsMerged(stays, tuple(record for record in records if record != stays), at)]
    if what in _CHANGES:
        return [ContactChanged(record, at) for record in records]
    return [Unknown(kind, at)]


def _records(item: Json) -> list[str]:
    """Every contact an event touches; a merge touches several."""
    merged = item.get("mergedObjectIds")
    given = [item.get("objectId"), item.get("primaryObjectId"), item.get("newObjectId")]
    given += merged if isinstance(merged, list) else []
    return list(dict.fromkeys(str(one) for one in given if isinstance(one, int | str) and one))


# --- reports out


def update(reports: Sequence[Report], opt_out_property: str) -> dict[str, str]:
    """The properties that say what happened to one contact: the last report wins, a withdrawal is never undone."""
    properties: dict[str, str] = {}
    for report in reports:
        values = {
            "hub_whatsapp_status": report.status,
            "hub_whatsapp_status_at": stamp(report.at),
            "hub_whatsapp_reason": report.reason,
            "hub_whatsapp_basis": report.basis,
            "hub_whatsapp_campaign": report.campaign,
        }
        if report.kind not in (ReportKind.STATUS, ReportKind.REFUSED):
            values = {name: value for name, value in values.items() if value}
        properties |= values
        if report.kind is ReportKind.WITHDRAWAL:
            properties[opt_out_property] = "true"
    return properties


def on_timeline(report: Report, timeline_at: str) -> bool:
    """Does this report become an entry of the contact's timeline?"""
    if report.kind is ReportKind.STATUS:
        return report.status.lower() == timeline_at
    return report.kind in (ReportKind.REPLY, ReportKind.WITHDRAWAL)


def communication(report: Report) -> Json:
    """A timeline entry ("Communications"): 81 is communication to contact."""
    return {
        "objectWriteTraceId": report.key,
        "properties": {
            "hs_communication_channel_type": "WHATS_APP",
            "hs_communication_logged_from": "CRM",
            "hs_communication_body": report.text or _neutral(report),
            "hs_timestamp": stamp(report.at),
        },
        "associations": [
            {
                "to": {"id": report.record},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 81}],
            }
        ],
    }


def _neutral(report: Report) -> str:
    line = {
        ReportKind.REPLY: "WhatsApp reply received",
        ReportKind.WITHDRAWAL: "WhatsApp messages stopped by the contact",
    }.get(report.kind, "WhatsApp template message")
    return f"{line}: {report.campaign}" if report.campaign else line


def stamp(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as HubSpot writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
