# SPDX-License-Identifier: Apache-2.0
"""What goes back to the CRM: rows first, then batches, with an outcome per record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from hub.contract import Outcome, Report, ReportKind
from hub.flows.states import rank
from hub.flows.world import World
from hub.store.tables import Campaign, CrmRecord, MessageRow, ReportRow

BATCH = 100
_TRIES = 10


@dataclass(frozen=True, slots=True)
class Told:
    """One thing to tell about one message."""

    message: MessageRow
    kind: ReportKind
    status: str
    at: datetime
    reason: str = ""


def tell(session: Session, items: Sequence[Told], now: datetime) -> None:
    """Put reports about messages into the outbox, for every CRM record of the person. Repeats change nothing."""
    items = [i for i in items if i.message.crm_connection_id]
    if not items:
        return
    records = _records(session, {i.message.contact_id for i in items})
    titles = _titles(session, {i.message.campaign_id for i in items if i.message.campaign_id})
    rows = [
        ReportRow(
            key=f"{item.message.id}:{item.status}:{record.record}",
            connection_id=record.connection_id,
            record=record.record,
            contact_id=record.contact_id,
            kind=item.kind,
            status=item.status,
            reason=item.reason,
            campaign=titles.get(item.message.campaign_id or "", ""),
            basis=item.message.basis,
            at=item.at,
            recorded_at=now,
            rank=rank(item.status),
            next_attempt_at=now,
        )
        for item in items
        for record in records[item.message.contact_id]
    ]
    _add(session, rows)


def tell_withdrawal(
    session: Session, contact_id: str, ledger_ref: str, reason: str, at: datetime, now: datetime
) -> None:
    """A stop goes to every CRM that knows the person, at once and before everything else."""
    rows = [
        ReportRow(
            key=f"{ledger_ref}:{record.connection_id}:{record.record}",
            connection_id=record.connection_id,
            record=record.record,
            contact_id=contact_id,
            kind=ReportKind.WITHDRAWAL,
            status="stopped",
            reason=reason,
            at=at,
            recorded_at=now,
            next_attempt_at=now,
        )
        for record in _records(session, {contact_id})[contact_id]
    ]
    _add(session, rows)


def _add(session: Session, rows: list[ReportRow]) -> None:
    by_key = {row.key: row for row in rows}
    known = set(session.exec(select(ReportRow.key).where(col(ReportRow.key).in_(list(by_key)))))
    session.add_all(row for key, row in by_key.items() if key not in known)


def _records(session: Session, contact_ids: set[str]) -> dict[str, list[CrmRecord]]:
    found: dict[str, list[CrmRecord]] = defaultdict(list)
    for record in session.exec(select(CrmRecord).where(col(CrmRecord.contact_id).in_(contact_ids))):
        found[record.contact_id].append(record)
    return found


def _titles(session: Session, ids: set[str]) -> dict[str, str]:
    return {c.id: c.title for c in session.exec(select(Campaign).where(col(Campaign.id).in_(ids)))}


def due(world: World, session: Session, connection_id: str, limit: int = BATCH) -> list[Report]:
    """The next reports for a CRM: withdrawals first, then in the order in which things happened."""
    rows = session.exec(
        select(ReportRow)
        .where(
            ReportRow.connection_id == connection_id,
            ReportRow.state == "pending",
            col(ReportRow.next_attempt_at) <= world.now(),
        )
        .order_by(
            (col(ReportRow.kind) != ReportKind.WITHDRAWAL),
            col(ReportRow.recorded_at),
            col(ReportRow.rank),
            col(ReportRow.key),
        )
        .limit(limit)
    ).all()
    return [
        Report(
            key=row.key,
            record=row.record,
            kind=ReportKind(row.kind),
            status=row.status,
            at=row.at,
            reason=row.reason,
            campaign=row.campaign,
            basis=row.basis,
        )
        for row in rows
    ]


def settle(world: World, session: Session, outcomes: Iterable[Outcome]) -> int:
    """Note what the CRM said. Returns how many it accepted."""
    by_key = {outcome.key: outcome for outcome in outcomes}
    accepted = 0
    for row in session.exec(select(ReportRow).where(col(ReportRow.key).in_(list(by_key)))):
        outcome = by_key[row.key]
        row.attempts += 1
        row.error = outcome.error[:300]
        if not outcome.error:
            row.state = "done"
            accepted += 1
        elif outcome.retry and row.attempts < _TRIES:
            row.next_attempt_at = world.now() + timedelta(seconds=min(2**row.attempts, 3600))
        else:
            row.state = "failed"
        session.add(row)
    return accepted
