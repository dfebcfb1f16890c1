# SPDX-License-Identifier: Apache-2.0
"""Why: what was decided about a message or a person, on which law, evidence and events."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_
from sqlmodel import Session, col, select

from hub.contract import BadInput
from hub.flows import contacts
from hub.flows.points import Located, read_number
from hub.flows.world import World
from hub.law.reasons import reason
from hub.store.tables import (
    Campaign,
    Connection,
    ConsentRow,
    Contact,
    Controller,
    CrmRecord,
    DecisionRow,
    LedgerRow,
    MessageEvent,
    MessageRow,
    StopRow,
    Wording,
)
from hub.store.tables.proof import STRANGER


@dataclass(frozen=True, slots=True)
class Explained:
    """A reason code in words."""

    code: str
    meaning: str
    source: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Why:
    """Everything the hub can say about one message or person, without their number, name or words."""

    subject: str
    state: str
    decisions: list[dict[str, Any]]
    reasons: list[Explained]
    events: list[dict[str, Any]]
    wordings: list[dict[str, Any]]
    statuses: list[tuple[str, str, datetime]]


def explain(code: str, language: str = "en") -> Explained:
    found = reason(code)
    german = language == "de"
    return Explained(
        code,
        found.meaning_de if german else found.meaning_en,
        found.source,
        found.remedy_de if german else found.remedy_en,
    )


def why(world: World, session: Session, controller: Controller, subject: str, language: str = "en") -> Why:
    """Explain a message id, a contact id, a CRM record id or a phone number. Raises `BadInput`."""
    message = session.get(MessageRow, subject)
    if message is not None and message.controller_id == controller.id:
        return _of_message(session, message, language)
    contact = find_contact(world, session, controller, subject)
    if contact is None:
        raise BadInput(
            "is not known here",
            field="subject",
            remedy="Give a message id, a contact id, a CRM record id or a phone number with its country code.",
        )
    decisions = session.exec(
        select(DecisionRow)
        .where(col(DecisionRow.contact_id).in_(contacts.family(session, contact.id)))
        .order_by(col(DecisionRow.seq))
    ).all()
    return _why(session, f"contact {contact.id}", state_of(contact), decisions, contact.id, [], language)


def _of_message(session: Session, message: MessageRow, language: str) -> Why:
    decisions = session.exec(
        select(DecisionRow).where(DecisionRow.message_id == message.id).order_by(col(DecisionRow.seq))
    ).all()
    statuses = [
        (event.status, event.code, event.at)
        for event in session.exec(
            select(MessageEvent).where(MessageEvent.message_id == message.id).order_by(col(MessageEvent.at))
        )
    ]
    campaign = session.get(Campaign, message.campaign_id) if message.campaign_id else None
    title = f" of campaign {campaign.title!r}" if campaign else ""
    subject = f"message {message.id}{title} to contact {message.contact_id}"
    return _why(session, subject, message.state, decisions, message.contact_id, statuses, language)


def _why(
    session: Session,
    subject: str,
    state: str,
    decisions: Any,
    contact_id: str,
    statuses: list[tuple[str, str, datetime]],
    language: str,
) -> Why:
    records = [orjson.loads(row.record) for row in decisions]
    codes = dict.fromkeys(code for record in records for code in record["reasons"])
    events = [orjson.loads(row.record) for row in events_of(session, contact_id)]
    return Why(
        subject=subject,
        state=state,
        decisions=records,
        reasons=[explain(code, language) for code in codes],
        events=events,
        wordings=wordings_of(session, records),
        statuses=statuses,
    )


def events_of(session: Session, contact_id: str) -> list[LedgerRow]:
    """A person's events, the oldest first."""
    ways = ways_to_events(session, contact_id)
    found = {row.id: row for way in ways for row in session.exec(select(LedgerRow).where(way))}
    return sorted(found.values(), key=lambda row: (row.seq, row.position))


def ways_to_events(session: Session, contact_id: str) -> list[ColumnElement[bool]]:
    """Conditions that lead to a person's events, each by an index of its own; several may lead to one row.

    By contact, by contact point for what came before there was a contact, and by stop: one event may stop several
    points. What belongs to somebody who had the number before is not theirs to see. None names the controller: that of
    the person is known, and a database would walk the controller's whole chain.
    """
    tokens = contacts.tokens_of(session, contact_id)
    stops = select(StopRow.ledger_id).where(col(StopRow.token).in_(tokens), StopRow.left_by == "")
    return [
        col(LedgerRow.contact_id).in_(contacts.family(session, contact_id)),
        before_contact(tokens),
        col(LedgerRow.id).in_(stops),
    ]


def before_contact(tokens: Collection[str]) -> ColumnElement[bool]:
    """Events of these contact points that came before there was a contact."""
    return and_(col(LedgerRow.token).in_(tokens), STRANGER)


def wordings_of(session: Session, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The texts that the consents relied on were given to."""
    consent_ids = [r["consent"] for r in records if r.get("consent")]
    wording_ids = session.exec(select(ConsentRow.wording_id).where(col(ConsentRow.id).in_(consent_ids))).all()
    rows = session.exec(select(Wording).where(col(Wording.id).in_([w for w in wording_ids if w])))
    return [{"id": w.id, "version": w.version, "language": w.language, "text": w.text} for w in rows]


def find_contact(world: World, session: Session, controller: Controller, subject: str) -> Contact | None:
    contact = session.get(Contact, subject)
    if contact is not None and contact.controller_id == controller.id:
        return contacts.present(session, contact)
    located = read_number(subject, controller.country)
    if isinstance(located, Located):
        point = contacts.find_point(world, session, controller, located.point)
        if point is not None:
            return session.get(Contact, point.contact_id)
    mine = session.exec(select(Connection.id).where(Connection.controller_id == controller.id)).all()
    of_record = (
        select(Contact)
        .join(CrmRecord, col(CrmRecord.contact_id) == Contact.id)
        .where(col(CrmRecord.connection_id).in_(mine), CrmRecord.record == subject)
    )
    return session.exec(of_record).first()


def state_of(contact: Contact) -> str:
    """`known`, `restricted` or `erased`."""
    if contact.erased_at:
        return "erased"
    return "restricted" if contact.restricted else "known"
