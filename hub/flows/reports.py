# SPDX-License-Identifier: Apache-2.0
"""What the CRM shall know becomes rows, in the transaction in which it happens. `handover` takes them there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import literal_column, update
from sqlalchemy import select as core_select
from sqlmodel import Session

from hub.contract import LegalBasis, ReportKind
from hub.flows import happenings
from hub.flows.states import NOT_HELD, State, rank
from hub.flows.world import World
from hub.store.direct import fetch, insert_new, put, table
from hub.store.sets import among
from hub.store.tables import Campaign, CrmRecord, ReportRow, WorkflowRequest

_RECORD, _CAMPAIGN = table(CrmRecord).c, table(Campaign).c
_WORKFLOW = table(WorkflowRequest).c
_RECORDS = core_select(_RECORD.contact_id, _RECORD.connection_id, _RECORD.record).where(among(_RECORD.contact_id))
_CAMPAIGNS = core_select(_CAMPAIGN.id, _CAMPAIGN.title, _CAMPAIGN.audience, _CAMPAIGN.connection_id).where(
    among(_CAMPAIGN.id)
)
_WORKFLOWS = core_select(
    _WORKFLOW.message_id, _WORKFLOW.connection_id, _WORKFLOW.record, _WORKFLOW.title, _WORKFLOW.callback
).where(among(_WORKFLOW.message_id))
_REPORT = table(ReportRow).c
_REACH = _REPORT.kind == literal_column(f"'{ReportKind.REACH}'")  # literal, as the index over it
_SAME = ("kind", "status", "reason")  # nothing to tell again
# what a waiting workflow goes on with; a message that is only held may still be sent
_ANSWERS = frozenset({State.ACCEPTED, State.REFUSED, State.FAILED, State.UNKNOWN})


class About(NamedTuple):
    """A record of a CRM."""

    connection_id: str
    record: str


class Told(NamedTuple):
    """One thing to tell about one message. A named tuple, since one is made for every change of state."""

    message_id: str
    contact_id: str
    campaign_id: str | None
    basis: str
    kind: ReportKind
    status: str
    at: datetime
    reason: str = ""

    @classmethod
    def of(cls, row: Any, kind: ReportKind, status: str, at: datetime, reason: str = "") -> Told:
        return cls(row.id, row.contact_id, row.campaign_id, row.basis, kind, status, at, reason)


def tell(world: World, session: Session, controller_id: str, items: Sequence[Told]) -> None:
    """Tell what became of messages: whoever subscribed, and the CRM. Call it with the chain open."""
    happenings.messages(world, session, controller_id, items)
    tell_crm(session, items, world.now())


def tell_crm(session: Session, items: Sequence[Told], now: datetime) -> None:
    """Put reports about messages into the outbox: of a campaign, for every record of the person in its CRM; of a
    workflow, for the record it asked about.

    Repeats change nothing. What belongs to neither, such as a stop's confirmation, is no news for a CRM.
    """
    of_campaigns = [item for item in items if item.campaign_id]
    others = [item for item in items if not item.campaign_id]
    rows = [*_campaign_rows(session, of_campaigns, now), *_workflow_rows(session, others, now)]
    insert_new(session, ReportRow, rows)


def _campaign_rows(session: Session, items: Sequence[Told], now: datetime) -> Iterator[dict[str, Any]]:
    if not items:
        return
    records = records_of(session, {item.contact_id for item in items})
    of = _campaigns(session, {item.campaign_id for item in items if item.campaign_id})
    for item in items:
        campaign = of[item.campaign_id or ""]
        for record in records[item.contact_id]:
            if record.connection_id == campaign.connection_id:
                named = {"campaign_id": campaign.id, "campaign": campaign.title, "audience": campaign.audience}
                yield _about(item, record, now) | named


def _workflow_rows(session: Session, items: Sequence[Told], now: datetime) -> Iterator[dict[str, Any]]:
    if not items:
        return
    asked = {row.message_id: row for row in fetch(session, _WORKFLOWS, keys={item.message_id for item in items})}
    for item in items:
        if (workflow := asked.get(item.message_id)) is not None:
            callback = workflow.callback if item.status in _ANSWERS else ""
            yield _about(item, workflow, now) | {"campaign": workflow.title, "callback": callback}


def _about(item: Told, record: Any, now: datetime) -> dict[str, Any]:
    key = f"{item.message_id}:{item.status}:{record.record}"
    about = row(key, record, item.contact_id, item.kind, item.status, item.reason, item.at, now)
    return about | {"basis": item.basis}


def tell_workflow(session: Session, asked: WorkflowRequest, contact_id: str | None, reason: str, now: datetime) -> None:
    """Nothing will be sent, and this is why."""
    told = row(f"{asked.id}:refused", asked, contact_id, ReportKind.REFUSED, State.REFUSED, reason, now, now)
    insert_new(session, ReportRow, [told | {"campaign": asked.title, "callback": asked.callback}])


def of_record(world: World, campaign: Campaign, record: str, kind: ReportKind, now: datetime) -> dict[str, Any]:
    """A row about a record and a campaign, whatever the hub holds of the person. Its key is the same each time, and
    opaque."""
    key = world.vault.reference(campaign.controller_id, f"record|{campaign.id}|{record}")
    about = row(key, About(campaign.connection_id, record), None, kind, State.REFUSED, NOT_HELD, now, now)
    return about | {"campaign_id": campaign.id, "campaign": campaign.title, "audience": campaign.audience}


def tell_absent(world: World, session: Session, campaign: Campaign, records: Sequence[str]) -> None:
    """Members that the hub holds nothing about: nothing is sent to them, and this is why."""
    now = world.now()
    put(session, ReportRow, [of_record(world, campaign, one, ReportKind.REFUSED, now) for one in records], _SAME)


def overtake(session: Session, campaign: Campaign) -> None:
    """From now on messages tell what becomes of them; what the campaign would do is no news any more."""
    waits = (_REPORT.campaign_id == campaign.id, _REPORT.state == "pending")
    session.execute(update(ReportRow).where(_REACH, *waits).values(state="done"))


def tell_consent(session: Session, contact_id: str, ledger_id: str, at: datetime, now: datetime) -> None:
    """Every CRM that knows the person may show that there is proof."""
    insert_new(
        session,
        ReportRow,
        [
            row(f"{ledger_id}:{r.connection_id}:{r.record}", r, contact_id, ReportKind.CONSENT, "given", "", at, now)
            | {"basis": LegalBasis.CONSENT, "evidence": ledger_id}
            for r in records_of(session, {contact_id})[contact_id]
        ],
    )


def tell_withdrawal(
    session: Session,
    contact_id: str,
    ledger_ref: str,
    reason: str,
    at: datetime,
    now: datetime,
    *,
    told_us: tuple[str, str] | None = None,
) -> None:
    """A stop goes to every CRM that knows the person, at once and before everything else.

    `told_us`: connection and record from which we have it, which need not be told.
    """
    insert_new(
        session,
        ReportRow,
        [
            row(
                f"{ledger_ref}:{record.connection_id}:{record.record}",
                record,
                contact_id,
                ReportKind.WITHDRAWAL,
                "stopped",
                reason,
                at,
                now,
            )
            for record in records_of(session, {contact_id})[contact_id]
            if (record.connection_id, record.record) != told_us
        ],
    )


def tell_stop(session: Session, record: CrmRecord, stop_id: str, reason: str, at: datetime, now: datetime) -> None:
    """The record is new, and its person had stopped before: its CRM is told so."""
    key = f"stop:{stop_id}:{record.connection_id}:{record.record}"
    told = row(key, record, record.contact_id, ReportKind.WITHDRAWAL, "stopped", reason, at, now)
    insert_new(session, ReportRow, [told])


def tell_conflict(session: Session, record: CrmRecord, decision_id: str, now: datetime) -> None:
    """The record says yes where the ledger holds a no: it is told so."""
    key = f"conflict:{decision_id}"
    insert_new(
        session,
        ReportRow,
        [row(key, record, record.contact_id, ReportKind.WITHDRAWAL, "stopped", "CLAIM_CONFLICT", now, now)],
    )


def row(
    key: str,
    record: Any,
    contact_id: str | None,
    kind: ReportKind,
    status: str,
    reason: str,
    at: datetime,
    now: datetime,
) -> dict[str, Any]:
    """A row of the outbox with all its columns. `record`: whatever has a connection_id and a record."""
    return {
        "key": key,
        "connection_id": record.connection_id,
        "record": record.record,
        "contact_id": contact_id,
        "campaign_id": None,
        "kind": kind,
        "status": status,
        "reason": reason,
        "campaign": "",
        "audience": "",
        "callback": "",
        "evidence": "",
        "basis": "",
        "at": at,
        "recorded_at": now,
        "rank": rank(status),
        "next_attempt_at": now,
        "state": "pending",
        "attempts": 0,
        "error": "",
    }


def records_of(session: Session, contact_ids: set[str]) -> dict[str, list[Any]]:
    """The CRM records of some people: connection_id, record, contact_id."""
    found: dict[str, list[Any]] = defaultdict(list)
    for record in fetch(session, _RECORDS, keys=contact_ids):
        found[record.contact_id].append(record)
    return found


def _campaigns(session: Session, ids: set[str]) -> dict[str, Any]:
    return {row.id: row for row in fetch(session, _CAMPAIGNS, keys=ids)}
