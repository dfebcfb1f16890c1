# SPDX-License-Identifier: Apache-2.0
"""How requests come in: taken by staff or a program, written in the chat, sent from a preference page, or a CRM."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from hub.contract import BadInput, PrivacyDeletion
from hub.flows import contacts, review
from hub.flows.desk import Desk
from hub.flows.rights import carrying, receipts, requests
from hub.flows.rights.requests import PENDING, State, Way
from hub.flows.world import World
from hub.law import rights
from hub.law.rights import AT_ONCE, Handed, Identified, Right
from hub.law.withdrawal import Ask
from hub.store.ledger import Chain
from hub.store.tables import Contact, Controller, Review, RightsRequest

_HEARD: dict[str, Right] = {Ask.ACCESS: Right.ACCESS, Ask.ERASURE: Right.ERASURE}


@dataclass(frozen=True, slots=True)
class Came:
    """How, through whom (an id), when, and what the person wants in their own words."""

    way: Way
    by: str
    at: datetime
    words: str = field(default="", repr=False)


def enter(
    world: World, session: Session, controller: Controller, contact: Contact, right: Right, came: Came
) -> RightsRequest:
    """Put a request into the register. A no to advertising counts from this moment on. Raises `BadInput`."""
    chain = Chain(session, controller.id, world.now())
    row = record(world, session, chain, contact, right, came)
    if right in AT_ONCE:
        carrying.carry_out(world, session, chain, controller, row)
    session.flush()
    chain.write()
    return row


def record(world: World, session: Session, chain: Chain, contact: Contact, right: Right, came: Came) -> RightsRequest:
    """The row and its event alone, for what happens in a transaction that is under way."""
    if came.at > world.now():
        raise BadInput("lies in the future", field="received", remedy="Say when the request came.")
    row = RightsRequest(
        controller_id=contact.controller_id,
        contact_id=contact.id,
        kind=right,
        state=State.OPEN,
        way=came.way,
        opened_by=came.by,
        received_at=came.at,
        due_on=rights.due(came.at.date(), requests.clocks(world, contact.controller_id).request_months),
        opened_at=world.now(),
    )
    row.words = requests.sealed(world, session, row, "words", came.words)
    session.add(row)
    session.flush()
    facts = {"request": row.id, "right": right, "way": came.way, "due": row.due_on.isoformat(), "by": came.by}
    chain.event("right_requested", came.at, facts, contact_id=contact.id)
    return row


def from_message(world: World, session: Session, controller: Controller, review_id: str, by: str) -> RightsRequest:
    """What somebody wrote in the chat is a request from that day on, and its review is over. Raises `BadInput`."""
    found = session.get(Review, review_id)
    right = _HEARD.get(found.kind) if found and found.controller_id == controller.id else None
    if found is None or right is None:
        raise BadInput("is about no such right", field="review", remedy="See `hub review list`.")
    said = review.words(world, session, found)
    contact = contacts.present(session, session.get_one(Contact, found.contact_id))
    review.close(world, session, controller, found.id, review.Verdict.DONE, by)
    return enter(world, session, controller, contact, right, Came(Way.MESSAGE, by, found.said_at, said))


def by_person(
    world: World, session: Session, controller: Controller, contact: Contact, right: Right, text: str
) -> bool:
    """The person asks behind their own link. What they have asked for and waits is not taken twice."""
    waiting = {row.kind for row in requests.of_person(session, contact) if row.state in PENDING}
    if right in AT_ONCE or right in waiting:
        return False
    enter(world, session, controller, contact, right, Came(Way.PAGE, "", world.now(), text))
    return True


def erased_by_crm(desk: Desk, contact: Contact, event: PrivacyDeletion) -> RightsRequest:
    """The CRM erased somebody: so do we, at once, and the other systems have to. It is the CRM that answers them."""
    world, session, chain, now = desk.world, desk.session, desk.chain, desk.world.now()
    came = Came(Way.CRM, desk.connection.id, min(event.at, now))
    row = record(world, session, chain, contact, Right.ERASURE, came)
    row.identified, row.identified_by, row.identified_at = Identified.CRM, desk.connection.id, now
    carrying.carry_out(world, session, chain, desk.controller, row)
    receipts.heard(world, session, desk.connection, event.record)
    row.handed = Handed.CRM
    requests.close(world, row, State.ANSWERED, desk.connection.id)
    session.add(row)
    session.flush()
    return row
