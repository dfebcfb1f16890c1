# SPDX-License-Identifier: Apache-2.0
"""What goes back to the CRM: rows first, then batches, with an outcome per record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, literal_column, not_, update
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from hub.contract import LegalBasis, Outcome, Report, ReportKind
from hub.flows import happenings
from hub.flows.states import State, rank
from hub.flows.world import World
from hub.store.direct import fetch, insert_new, run, table
from hub.store.sets import among
from hub.store.tables import Campaign, CrmRecord, ReportRow, WorkflowRequest
from hub.store.tables.columns import UtcTime

BATCH = 100
_TRIES = 10

_RECORD, _CAMPAIGN, _TABLE = table(CrmRecord).c, table(Campaign).c, table(ReportRow)
_WORKFLOW = table(WorkflowRequest).c
_REPORT = _TABLE.c
_SHOWN: Any = (
    *(_REPORT.key, _REPORT.record, _REPORT.kind, _REPORT.status, _REPORT.at, _REPORT.reason),
    *(_REPORT.campaign, _REPORT.audience, _REPORT.basis, _REPORT.callback, _REPORT.evidence),
)
_WITHDRAWAL = _REPORT.kind == literal_column(f"'{ReportKind.WITHDRAWAL}'")  # literal, as the index over them
_PENDING = (
    core_select(*_SHOWN)
    .where(
        _REPORT.connection_id == bindparam("connection"),
        _REPORT.state == literal_column("'pending'"),
        _REPORT.next_attempt_at <= bindparam("now", type_=UtcTime),
    )
    .order_by(_REPORT.recorded_at, _REPORT.rank, _REPORT.key)
    .limit(bindparam("most"))
)
_FIRST, _NEXT = _PENDING.where(_WITHDRAWAL), _PENDING.where(not_(_WITHDRAWAL))
_DONE = update(_TABLE).where(among(_REPORT.key)).values(state="done", attempts=_REPORT.attempts + 1, error="")
_RECORDS = core_select(_RECORD.contact_id, _RECORD.connection_id, _RECORD.record).where(among(_RECORD.contact_id))
_CAMPAIGNS = core_select(_CAMPAIGN.id, _CAMPAIGN.title, _CAMPAIGN.audience, _CAMPAIGN.connection_id).where(
    among(_CAMPAIGN.id)
)
_WORKFLOWS = core_select(
    _WORKFLOW.message_id, _WORKFLOW.connection_id, _WORKFLOW.record, _WORKFLOW.title, _WORKFLOW.callback
).where(among(_WORKFLOW.message_id))
# what a waiting workflow goes on with; a message that is only held may still be sent
_ANSWERS = frozenset({State.ACCEPTED, State.REFUSED, State.FAILED, State.UNKNOWN})


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
    """Tell what became of messages: whoever subscribed, and the CRM. Call it with the chain open.

    Into the outbox go those of a campaign, for every record of the person in its CRM; of a
    workflow, for the record it asked about.

    Repeats change nothing there. What belongs to neither, such as a stop's confirmation, is no news for a CRM.
    """
    happenings.messages(world, session, controller_id, items)
    now = world.now()
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
                yield _about(item, record, now) | {"campaign": campaign.title, "audience": campaign.audience}


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
    row = _row(key, record, item.contact_id, item.kind, item.status, item.reason, item.at, now)
    return row | {"basis": item.basis}


def tell_workflow(session: Session, asked: WorkflowRequest, contact_id: str | None, reason: str, now: datetime) -> None:
    """Nothing will be sent, and this is why."""
    row = _row(f"{asked.id}:refused", asked, contact_id, ReportKind.REFUSED, State.REFUSED, reason, now, now)
    insert_new(session, ReportRow, [row | {"campaign": asked.title, "callback": asked.callback}])


def tell_consent(session: Session, contact_id: str, ledger_id: str, at: datetime, now: datetime) -> None:
    """Every CRM that knows the person may show that there is proof."""
    insert_new(
        session,
        ReportRow,
        [
            _row(f"{ledger_id}:{r.connection_id}:{r.record}", r, contact_id, ReportKind.CONSENT, "given", "", at, now)
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
            _row(
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


def tell_conflict(session: Session, record: CrmRecord, decision_id: str, now: datetime) -> None:
    """The record says yes where the ledger holds a no: it is told so."""
    key = f"conflict:{decision_id}"
    insert_new(
        session,
        ReportRow,
        [_row(key, record, record.contact_id, ReportKind.WITHDRAWAL, "stopped", "CLAIM_CONFLICT", now, now)],
    )


def _row(
    key: str,
    record: Any,
    contact_id: str | None,
    kind: ReportKind,
    status: str,
    reason: str,
    at: datetime,
    now: datetime,
) -> dict[str, Any]:
    return {
        "key": key,
        "connection_id": record.connection_id,
        "record": record.record,
        "contact_id": contact_id,
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


def due(world: World, session: Session, connection_id: str, limit: int = BATCH) -> list[Report]:
    """The next reports for a CRM: withdrawals first, then in the order in which things happened."""
    asked = {"connection": connection_id, "now": world.now()}
    rows = list(fetch(session, _FIRST, **asked, most=limit))
    if len(rows) < limit:
        rows += fetch(session, _NEXT, **asked, most=limit - len(rows))
    return [Report(**(dict(row._mapping) | {"kind": ReportKind(row.kind)})) for row in rows]


def settle(world: World, session: Session, outcomes: Iterable[Outcome]) -> int:
    """Note what the CRM said. Returns how many it accepted."""
    by_key = {outcome.key: outcome for outcome in outcomes}
    accepted = [key for key, outcome in by_key.items() if not outcome.error]
    if accepted:
        run(session, _DONE, {"keys": sorted(accepted)})
    problems = [key for key in by_key if by_key[key].error]
    for row in session.exec(select(ReportRow).where(among(col(ReportRow.key), problems))) if problems else ():
        outcome = by_key[row.key]
        row.attempts += 1
        row.error = outcome.error[:300]
        if outcome.retry and row.attempts < _TRIES:
            row.next_attempt_at = world.now() + timedelta(seconds=min(2**row.attempts, 3600))
        else:
            row.state = "failed"
        session.add(row)
    return len(accepted)
