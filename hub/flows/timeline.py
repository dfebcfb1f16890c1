# SPDX-License-Identifier: Apache-2.0
"""What happened to one person, the newest first: consents, withdrawals, notices, messages, refusals. In pages, and
without their number, name or words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from hub.flows import contacts, records
from hub.flows.permission import EVENT
from hub.flows.world import World
from hub.law.facts import Verdict
from hub.store.ledger import Row
from hub.store.tables import (
    Campaign,
    Connection,
    ConsentRow,
    Contact,
    ContactPoint,
    Controller,
    CrmRecord,
    DecisionRow,
    LedgerRow,
    MessageRow,
    Review,
    StopRow,
)

Place = tuple[int, int]  # in the chain: link, and position in it


class Strand(StrEnum):
    """What an entry is about."""

    CONSENT = "consent"
    WITHDRAWAL = "withdrawal"
    NOTICE = "notice"
    MESSAGE = "message"
    REFUSAL = "refusal"
    OTHER = "other"


_STRANDS = {
    **dict.fromkeys(("consent_given", "consent_imported", "consent_requested"), Strand.CONSENT),
    **dict.fromkeys((*EVENT.values(), "consent_revoked", "stop_carried_over"), Strand.WITHDRAWAL),
    **dict.fromkeys(("notice_served", "notice_not_delivered", "notice_declared"), Strand.NOTICE),
}
_DECIDED = (Strand.MESSAGE, Strand.REFUSAL)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event of the ledger, or a decision with the message it was about. `what` is the kind or the verdict."""

    id: str
    place: Place
    strand: Strand
    what: str
    at: datetime  # when it happened
    recorded_at: datetime
    decision: bool
    record: dict[str, Any] = field(repr=False)
    message_id: str = ""
    message_state: str = ""
    campaign: str = ""

    @property
    def cursor(self) -> str:
        return f"{self.place[0]}.{self.place[1]}"

    @property
    def reason(self) -> str:
        """The code that decided; empty for an event."""
        reasons = self.record.get("reasons") or [""]
        return str(reasons[0])


@dataclass(frozen=True, slots=True)
class Person:
    """Where somebody stands now."""

    contact: Contact
    state: str
    points: Sequence[ContactPoint]
    records: Sequence[tuple[CrmRecord, str]]  # with the title of its CRM
    consents: Sequence[ConsentRow]
    stops: Sequence[StopRow]
    reviews: Sequence[Review]


def search(world: World, session: Session, controller: Controller, typed: str) -> Contact | None:
    """By number, CRM record id or our own id; whatever else was typed finds nobody."""
    text = typed.strip()
    return records.find_contact(world, session, controller, text) if text.isprintable() and text else None


def find(session: Session, controller: Controller, contact_id: str) -> Contact | None:
    """By our own id alone, as pages name people; the one under whom they are kept now."""
    found = session.get(Contact, contact_id)
    return contacts.present(session, found) if found is not None and found.controller_id == controller.id else None


def person(session: Session, contact: Contact) -> Person:
    points = session.exec(select(ContactPoint).where(ContactPoint.contact_id == contact.id)).all()
    tokens = [point.token for point in points]
    mine = (CrmRecord.contact_id == contact.id, col(CrmRecord.connection_id) == Connection.id)
    known = session.exec(select(CrmRecord, Connection.title).where(*mine)).all()
    given = (ConsentRow.controller_id == contact.controller_id, col(ConsentRow.token).in_(tokens))
    # not those of whoever had a number before
    held = (StopRow.controller_id == contact.controller_id, col(StopRow.token).in_(tokens), StopRow.left_by == "")
    return Person(
        contact=contact,
        state=records.state_of(contact),
        points=points,
        records=[(record, title) for record, title in known],
        consents=session.exec(select(ConsentRow).where(*given).order_by(col(ConsentRow.event_time).desc())).all(),
        stops=session.exec(select(StopRow).where(*held).order_by(col(StopRow.event_time).desc())).all(),
        reviews=session.exec(
            select(Review).where(Review.contact_id == contact.id, col(Review.closed_at).is_(None))
        ).all(),
    )


def page(session: Session, contact: Contact, before: str, limit: int, strand: Strand | None = None) -> list[Entry]:
    """The newest `limit` entries, or those older than the entry with the cursor `before`; of one strand, if given."""
    place, found = read_cursor(before), list[Row]()
    if strand not in _DECIDED:
        found += _events(session, contact, place, limit, strand)
    if strand is None or strand in _DECIDED:
        found += _decisions(session, contact, place, limit, strand)
    newest = sorted(found, key=lambda row: (row.seq, row.position), reverse=True)[:limit]
    ids = {row.message_id for row in newest if isinstance(row, DecisionRow) and row.message_id}
    messages = {row.id: row for row in session.exec(select(MessageRow).where(col(MessageRow.id).in_(ids)))}
    campaigns = {row.campaign_id for row in messages.values() if row.campaign_id}
    of_campaigns = select(Campaign).where(col(Campaign.id).in_(campaigns))
    titles = {row.id: row.title for row in session.exec(of_campaigns)}
    return [_entry(row, messages, titles) for row in newest]


def read_cursor(cursor: str) -> Place | None:
    """None for the newest page, and for what is no cursor."""
    link, _, position = cursor.partition(".")
    digits = link + position
    readable = digits.isascii() and digits.isdigit() and link and position and len(digits) <= 18
    return (int(link), int(position)) if readable else None


def older(table: type[Row], place: Place | None) -> list[ColumnElement[bool]]:
    """The condition that a row stands before `place`."""
    if place is None:
        return []
    link, position = place
    return [(col(table.seq) < link) | ((col(table.seq) == link) & (col(table.position) < position))]


def _events(
    session: Session, contact: Contact, place: Place | None, limit: int, strand: Strand | None
) -> Iterator[LedgerRow]:
    of_strand = col(LedgerRow.kind).in_([kind for kind, of in _STRANDS.items() if of is strand])
    narrowed = [] if strand is None else [col(LedgerRow.kind).not_in(_STRANDS) if strand is Strand.OTHER else of_strand]
    found: dict[str, LedgerRow] = {}
    for way in records.ways_to_events(session, contact.id):
        mine = select(LedgerRow).where(way, *narrowed, *older(LedgerRow, place))
        ordered = mine.order_by(col(LedgerRow.seq).desc(), col(LedgerRow.position).desc()).limit(limit)
        found |= {row.id: row for row in session.exec(ordered)}
    yield from found.values()


def _decisions(
    session: Session, contact: Contact, place: Place | None, limit: int, strand: Strand | None
) -> Sequence[DecisionRow]:
    mine = select(DecisionRow).where(
        col(DecisionRow.contact_id).in_(contacts.family(session, contact.id)),
        *older(DecisionRow, place),
    )
    if strand is not None:
        allowed = col(DecisionRow.verdict) == Verdict.ALLOW
        mine = mine.where(allowed if strand is Strand.MESSAGE else ~allowed)
    return session.exec(mine.order_by(col(DecisionRow.seq).desc(), col(DecisionRow.position).desc()).limit(limit)).all()


def _entry(row: Row, messages: dict[str, MessageRow], titles: dict[str, str]) -> Entry:
    record = orjson.loads(row.record)
    recorded = datetime.fromisoformat(record["recorded_at"])
    place = (row.seq, row.position)
    if isinstance(row, LedgerRow):
        at = datetime.fromisoformat(record["event_time"])
        strand = _STRANDS.get(row.kind, Strand.OTHER)
        return Entry(row.id, place, strand, row.kind, at, recorded, decision=False, record=record)
    message = messages.get(row.message_id or "")
    return Entry(
        row.id,
        place,
        Strand.MESSAGE if row.verdict == Verdict.ALLOW else Strand.REFUSAL,
        row.verdict,
        recorded,
        recorded,
        decision=True,
        record=record,
        message_id=row.message_id or "",
        message_state=message.state if message else "",
        campaign=titles.get(message.campaign_id or "", "") if message else "",
    )
