# SPDX-License-Identifier: Apache-2.0
"""Erasure (Art. 17 GDPR): the person's key is destroyed, and with it everything sealed under it, backups included.

What stays are keyed hashes: the stops, which Art. 21(3) asks to remember, and a tombstone that refuses re-imports. If
the person comes back of their own accord, they are somebody new, and the stops still bind.
"""

from __future__ import annotations

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from hub.flows import contacts, doubts
from hub.flows.facts import TOMBSTONE
from hub.flows.states import State
from hub.flows.world import World
from hub.store.ledger import Chain
from hub.store.tables import ConsentRow, Contact, ContactPoint, CrmRecord, MessageRow, ReportRow, StopRow


def erase(world: World, session: Session, chain: Chain, contact: Contact, source: str) -> None:
    """Erase a person here. Whatever has not left yet will not. `source` says who asked, without personal data."""
    now = world.now()
    people = contacts.family(session, contact.id)
    points = session.exec(select(ContactPoint).where(ContactPoint.contact_id == contact.id)).all()
    tokens = [point.token for point in points if point.left_at is None]  # a former number may be somebody else's
    ledger_id = chain.event("erased", now, {"source": source, "tokens": tokens}, contact_id=contact.id)
    session.add_all(
        StopRow(controller_id=contact.controller_id, token=token, kind=TOMBSTONE, event_time=now, ledger_id=ledger_id)
        for token in tokens
    )
    for point in points:
        point.token, point.value, point.country = f"erased:{point.id}", b"", ""
        point.former = ""
        session.add(point)
    contact.data_key, contact.profile, contact.country = None, None, ""
    contact.residence_stated, contact.last_inbound_at, contact.erased_at = False, None, now
    session.add(contact)
    doubts.forget(session, contact, now)
    waiting = [State.QUEUED, State.HELD]
    session.execute(
        update(MessageRow)
        .where(col(MessageRow.contact_id).in_(people), col(MessageRow.state).in_(waiting))
        .values(state=State.REFUSED, reason="SUBJECT_ERASED", changed_at=now)
    )
    sealed = {"text": None, "provider_id": None, "reference": ""}
    session.execute(update(MessageRow).where(col(MessageRow.contact_id).in_(people)).values(**sealed))
    for table in (CrmRecord, ReportRow, ConsentRow):
        session.execute(delete(table).where(col(table.contact_id) == contact.id))
