# SPDX-License-Identifier: Apache-2.0
"""What the platform says about a person on the way: it takes no advertising for them, or they stopped us there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from sqlmodel import Session

from hub.contract import RecipientCapped
from hub.flows import contacts, permission, reports
from hub.flows.world import World
from hub.law.facts import StopKind
from hub.store.ledger import Chain
from hub.store.tables import Contact, Controller


class Sent(Protocol):
    """The message about which it is said; an object or a row of columns."""

    id: str
    contact_id: str


def capped(session: Session, row: Sent, at: datetime, error: RecipientCapped) -> None:
    """The platform takes no advertising for this person for now; until then none is tried."""
    contact = session.get_one(Contact, row.contact_id)
    until = at + timedelta(seconds=error.after)
    contact.marketing_capped_until = max(until, contact.marketing_capped_until or until)
    session.add(contact)


def opted_out(
    world: World, session: Session, chain: Chain, controller_id: str, row: Sent, at: datetime, code: str
) -> None:
    """The platform says that the person stopped us: an objection, and news for the CRM."""
    controller = session.get_one(Controller, controller_id)
    tokens = contacts.tokens_of(session, row.contact_id)
    source = {"message": row.id, "code": code}
    kind = StopKind.PLATFORM_PREFERENCE
    reach = permission.MARKETING_ON_WHATSAPP
    if permission.stop(world, session, chain, controller, tokens, kind, at, reach, source, contact_id=row.contact_id):
        reason = "SUPPRESSED_PLATFORM_PREFERENCE"
        reports.tell_withdrawal(session, row.contact_id, f"stop:{row.id}", reason, at, world.now())
