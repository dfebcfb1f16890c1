# SPDX-License-Identifier: Apache-2.0
"""Erasure (Art. 17 GDPR): the person's key is destroyed, and with it everything sealed under it, backups included.

What stays are keyed hashes: the stops, which Art. 21(3) asks to remember, and a tombstone that refuses re-imports. If
the person comes back of their own accord, they are somebody new, and the stops still bind.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from hub.flows import contacts, doubts
from hub.flows.facts import TOMBSTONE
from hub.flows.states import State
from hub.flows.world import World
from hub.store.ledger import Chain
from hub.store.tables import (
    ClaimedOptIn,
    ConsentRow,
    Contact,
    ContactPoint,
    CrmRecord,
    MessageRow,
    NoticeServed,
    ReportRow,
    RightsPacket,
    RightsRequest,
    StopRow,
)


def erase(world: World, session: Session, chain: Chain, contact: Contact, source: str) -> None:
    """Erase a person here. Whatever has not left yet will not. `source` says who asked, without personal data."""
    now = world.now()
    points = session.exec(select(ContactPoint).where(ContactPoint.contact_id == contact.id))
    tokens = [point.token for point in points if point.left_at is None]  # a former number may be somebody else's
    ledger_id = chain.event("erased", now, {"source": source, "tokens": tokens}, contact_id=contact.id)
    bury(session, contact.controller_id, tokens, ledger_id, now)
    forget(session, contact, now)


def bury(session: Session, controller_id: str, tokens: Iterable[str], ledger_id: str, at: datetime) -> None:
    """Refuse re-imports of these contact points."""
    session.add_all(
        StopRow(controller_id=controller_id, token=token, kind=TOMBSTONE, event_time=at, ledger_id=ledger_id)
        for token in tokens
    )


def forget(session: Session, contact: Contact, now: datetime) -> None:
    """Destroy what is held of a person, without a word in the ledger. What waits to be sent is refused."""
    people, tokens = contacts.family(session, contact.id), contacts.tokens_of(session, contact.id)
    for point in session.exec(select(ContactPoint).where(ContactPoint.contact_id == contact.id)):
        point.token, point.value, point.country, point.zone = f"erased:{point.id}", b"", "", ""
        point.former = ""
        session.add(point)
    contact.data_key, contact.profile, contact.country = None, None, ""
    contact.former_country, contact.moved_at = "", None
    contact.residence_stated, contact.last_inbound_at, contact.erased_at = False, None, now
    session.add(contact)
    doubts.forget(session, contact, now)
    waiting = [State.QUEUED, State.HELD]
    session.execute(
        update(MessageRow)
        .where(col(MessageRow.contact_id).in_(people), col(MessageRow.state).in_(waiting))
        .values(state=State.REFUSED, reason="SUBJECT_ERASED", changed_at=now)
    )
    sealed = {"text": None, "parameters": None, "provider_id": None, "reference": ""}
    session.execute(update(MessageRow).where(col(MessageRow.contact_id).in_(people)).values(**sealed))
    session.execute(delete(NoticeServed).where(col(NoticeServed.token).in_(tokens)))
    asked = select(RightsRequest.id).where(col(RightsRequest.contact_id).in_(people))
    session.execute(delete(RightsPacket).where(col(RightsPacket.request_id).in_(asked)))
    told = {"words": None, "delay_told": None, "refusal_told": None, "lift_told": None}
    session.execute(update(RightsRequest).where(col(RightsRequest.contact_id).in_(people)).values(**told))
    for table in (CrmRecord, ReportRow, ConsentRow, ClaimedOptIn):
        session.execute(delete(table).where(col(table.contact_id) == contact.id))
