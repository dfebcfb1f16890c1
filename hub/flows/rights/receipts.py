# SPDX-License-Identifier: Apache-2.0
"""Every other system that has to know of a request (Art. 19 GDPR, C-129/21), until each has confirmed.

A stop is told by a report, which is tried until the CRM takes it. No vendor's interface erases, corrects or restricts
for us: there a person does it, and says so here. Until then it is pending, for everybody to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session, col, func, select

from hub.contract import BadInput
from hub.flows import contacts
from hub.flows.world import World
from hub.law.rights import AT_ONCE, Right
from hub.store.ledger import Chain
from hub.store.tables import (
    Connection,
    Contact,
    ContactPoint,
    Controller,
    CrmRecord,
    MessageRow,
    ReportRow,
    RightsReceipt,
    RightsRequest,
    Sender,
)

_AGAIN = timedelta(hours=1)
_TOLD = frozenset({*AT_ONCE, Right.RECTIFICATION, Right.ERASURE, Right.RESTRICTION})


@dataclass(frozen=True, slots=True)
class System:
    """Where else the person is known."""

    connection_id: str
    record: str = ""  # empty: a provider


@dataclass(frozen=True, slots=True)
class Receipt:
    """How far one system is."""

    row: RightsReceipt
    title: str
    confirmed: bool
    reported: bool  # a report tells it, again and again
    error: str = ""

    @property
    def by_hand(self) -> bool:
        """Does a person have to tell it?"""
        return not self.confirmed and not self.reported


def systems(session: Session, contact: Contact, right: Right) -> list[System]:
    """Every CRM that holds the person; and where more than a stop is asked for, every provider that had their data."""
    if right not in _TOLD:
        return []
    mine = select(CrmRecord.connection_id, CrmRecord.record).where(CrmRecord.contact_id == contact.id)
    crms = [System(*one) for one in session.exec(mine.order_by(col(CrmRecord.connection_id), col(CrmRecord.record)))]
    return crms if right in AT_ONCE else [*crms, *(System(one) for one in providers(session, contact))]


def providers(session: Session, contact: Contact) -> list[str]:
    """Accounts through which the person wrote or was written to."""
    theirs = col(MessageRow.contact_id).in_(contacts.family(session, contact.id))
    sent = (
        select(Sender.connection_id)
        .join(MessageRow, col(MessageRow.sender_id) == Sender.id)
        .where(theirs, col(MessageRow.authorised_at).is_not(None))
    )
    shown = select(ContactPoint.connection_id).where(ContactPoint.contact_id == contact.id)
    return sorted({one for way in (sent, shown) for one in session.exec(way.distinct()) if one})


def report_of(row: RightsRequest) -> str:
    """How the keys of the reports begin that tell of a request."""
    return f"right:{row.id}"


def ask(world: World, session: Session, row: RightsRequest, concerned: Sequence[System]) -> None:
    """Each of them has to confirm."""
    keys = {one: f"{report_of(row)}:{one.connection_id}:{one.record}" for one in concerned}
    told = set(session.exec(select(ReportRow.key).where(col(ReportRow.key).in_(list(keys.values())))))
    for one, key in keys.items():
        session.add(
            RightsReceipt(
                request_id=row.id,
                connection_id=one.connection_id,
                record=one.record,
                report_key=key if key in told else "",
                asked_at=world.now(),
            )
        )
    session.flush()


def of(session: Session, row: RightsRequest) -> list[Receipt]:
    """All of a request, what is pending first."""
    mine = (
        select(RightsReceipt, Connection.title, ReportRow.state, ReportRow.error)
        .join(Connection, col(Connection.id) == RightsReceipt.connection_id)
        .outerjoin(ReportRow, col(ReportRow.key) == RightsReceipt.report_key)
        .where(RightsReceipt.request_id == row.id)
    )
    found = [
        Receipt(one, title, one.confirmed_at is not None or state == "done", state is not None, error or "")
        for one, title, state, error in session.exec(mine)
    ]
    return sorted(found, key=lambda one: (one.confirmed, one.title, one.row.id))


def confirm(world: World, session: Session, controller: Controller, receipt_id: str, by: str) -> RightsReceipt:
    """Somebody has seen that a system has done its part. Raises `BadInput`."""
    row = session.get(RightsReceipt, receipt_id)
    request = session.get(RightsRequest, row.request_id) if row else None
    if row is None or request is None or request.controller_id != controller.id:
        raise BadInput("is not known here", field="receipt", remedy="See `hub rights show REQUEST`.")
    if row.confirmed_at is None:
        chain = Chain(session, controller.id, world.now())
        row.confirmed_at, row.confirmed_by = world.now(), by
        session.add(row)
        session.flush()
        facts = {"request": request.id, "connection": row.connection_id, "by": by}
        chain.event("right_confirmed", world.now(), facts, contact_id=request.contact_id)
        chain.write()
    return row


def heard(world: World, session: Session, connection: Connection, record: str) -> None:
    """The CRM itself says that it has erased this record."""
    waiting = (
        select(RightsReceipt)
        .join(RightsRequest, col(RightsRequest.id) == RightsReceipt.request_id)
        .where(
            RightsReceipt.connection_id == connection.id,
            RightsReceipt.record == record,
            RightsRequest.kind == Right.ERASURE.value,
            col(RightsReceipt.confirmed_at).is_(None),
        )
    )
    for row in session.exec(waiting).all():
        row.confirmed_at = world.now()
        session.add(row)


def pending(session: Session, controller: Controller) -> int:
    """How many systems have not confirmed what they must know."""
    mine = (
        select(func.count())
        .select_from(RightsReceipt)
        .join(RightsRequest, col(RightsRequest.id) == RightsReceipt.request_id)
        .outerjoin(ReportRow, (col(ReportRow.key) == RightsReceipt.report_key) & (ReportRow.state == "done"))
        .where(
            RightsRequest.controller_id == controller.id,
            col(RightsReceipt.confirmed_at).is_(None),
            col(ReportRow.key).is_(None),
        )
    )
    return session.exec(mine).one()


def follow(world: World, session: Session) -> int:
    """Note what reports have confirmed since, and tell those again that failed. Returns how many are pending."""
    waiting = (
        select(RightsReceipt, ReportRow)
        .join(ReportRow, col(ReportRow.key) == RightsReceipt.report_key)
        .where(col(RightsReceipt.confirmed_at).is_(None))
    )
    pending = 0
    for row, report in session.exec(waiting).all():
        if report.state == "done":
            row.confirmed_at = world.now()
            session.add(row)
            continue
        pending += 1
        if report.state == "failed":  # a person's no is never given up
            report.state, report.attempts, report.next_attempt_at = "pending", 0, world.now() + _AGAIN
            session.add(report)
    return pending
