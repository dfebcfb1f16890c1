# SPDX-License-Identifier: Apache-2.0
"""Doing what a person asked for, here; what other systems have to do about it is in `receipts`."""

from __future__ import annotations

from sqlmodel import Session

from hub.flows import contacts, erasure, permission, reports
from hub.flows.rights import receipts
from hub.flows.world import World
from hub.law.facts import StopKind
from hub.law.rights import Right
from hub.law.stops import code_of
from hub.store.ledger import Chain
from hub.store.tables import Contact, Controller, RightsRequest

_STOPS = {Right.OBJECTION: StopKind.OBJECTION_MARKETING, Right.WITHDRAWAL: StopKind.CONSENT_WITHDRAWN}


def carry_out(world: World, session: Session, chain: Chain, controller: Controller, row: RightsRequest) -> None:
    """Whatever has not left yet will not."""
    contact = contacts.present(session, session.get_one(Contact, row.contact_id))
    concerned = receipts.systems(session, contact, Right(row.kind))
    match Right(row.kind):
        case Right.OBJECTION | Right.WITHDRAWAL as right:
            _stop(world, session, chain, controller, row, contact, _STOPS[right])
        case Right.RESTRICTION:
            _restrict(world, session, chain, row, contact)
        case Right.ERASURE if contact.erased_at is None:
            erasure.erase(world, session, chain, contact, source_of(row))
        case _:
            pass  # what is wrong is corrected where it came from, and synced again
    row.carried_at = world.now()
    receipts.ask(world, session, row, concerned)


def source_of(row: RightsRequest) -> str:
    """What the ledger says of where an erasure came from."""
    return f"crm:{row.opened_by}" if row.way == "crm" else f"right:{row.id}"


def _stop(
    world: World,
    session: Session,
    chain: Chain,
    controller: Controller,
    row: RightsRequest,
    contact: Contact,
    kind: StopKind,
) -> None:
    """All advertising on every channel: a request to the company names no chat (legal reference 2.7)."""
    tokens = contacts.tokens_of(session, contact.id)
    source = {"request": row.id, "way": row.way}
    reach = permission.ALL_MARKETING
    if permission.stop(
        world, session, chain, controller, tokens, kind, row.received_at, reach, source, contact_id=contact.id
    ):
        key, now = receipts.report_of(row), world.now()
        reports.tell_withdrawal(session, contact.id, key, code_of(kind), row.received_at, now)


def _restrict(world: World, session: Session, chain: Chain, row: RightsRequest, contact: Contact) -> None:
    """From now on the person's data are only stored, and the gate says no (PROCESSING_RESTRICTED)."""
    contact.restricted = True
    session.add(contact)
    session.flush()
    chain.event("restricted", world.now(), {"request": row.id}, contact_id=contact.id)
