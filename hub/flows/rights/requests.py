# SPDX-License-Identifier: Apache-2.0
"""The register of requests: what came how and when, who checked whose it is, by when it is due, how it ended.

Each step is an event of the ledger in the same transaction: open -> identity -> work -> answered, or refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session, col, func, select

from hub.contract import BadInput
from hub.flows import contacts
from hub.flows.rights import carrying
from hub.flows.world import World
from hub.law import rights
from hub.law.policy import Clocks
from hub.law.rights import ANSWERED_BY_DATA, AT_ONCE, Delay, Handed, Identified, Refusal, Right
from hub.store.ledger import Chain
from hub.store.tables import Contact, Controller, RightsPacket, RightsRequest
from hub.store.vault import Sealed, seal, unseal

WORDS = ("words", "delay_told", "refusal_told", "lift_told")  # columns under the person's key
_LONGEST = 4000  # characters
_SEE = "See `hub rights list`."


class State(StrEnum):
    """How far a request is."""

    OPEN = "open"
    IDENTITY = "identity"  # the person was asked to show who they are (Art. 12(6) GDPR)
    WORK = "work"
    ANSWERED = "answered"
    REFUSED = "refused"


PENDING = (State.OPEN, State.IDENTITY, State.WORK)


class Way(StrEnum):
    """How a request came in."""

    STAFF = "staff"  # somebody took it: a letter, an e-mail, a call
    API = "api"
    MESSAGE = "message"  # in the chat
    PAGE = "page"  # on the person's own preference page
    CRM = "crm"  # the CRM erased the person


def ask_identity(world: World, session: Session, controller: Controller, request_id: str, by: str) -> RightsRequest:
    """The person was asked to show who they are. Raises `BadInput`."""
    with _step(world, session, controller, request_id, State.OPEN) as (chain, row):
        row.state = State.IDENTITY
        _note(chain, row, "right_identity_asked", world.now(), {"by": _named(by)})
    return row


def identify(
    world: World, session: Session, controller: Controller, request_id: str, how: Identified, by: str
) -> RightsRequest:
    """Somebody has seen that the request is the person's own. Raises `BadInput`."""
    with _step(world, session, controller, request_id, State.OPEN, State.IDENTITY) as (chain, row):
        row.state = State.WORK
        row.identified, row.identified_by, row.identified_at = how, _named(by), world.now()
        _note(chain, row, "right_identified", world.now(), {"how": how, "by": by})
    return row


def extend(
    world: World, session: Session, controller: Controller, request_id: str, why: Delay, told: str, by: str
) -> RightsRequest:
    """The answer takes longer, and the person was told so with these words. Once, and in time. Raises `BadInput`."""
    with _step(world, session, controller, request_id, *PENDING) as (chain, row):
        if row.delayed_at is not None:
            raise BadInput("was extended already", field="request", remedy="Art. 12(3) GDPR allows it once.")
        if world.now().date() > row.due_on:
            remedy = "Art. 12(3) GDPR: the person must be told within the first month. Answer now."
            raise BadInput("is overdue", field="request", remedy=remedy)
        counted = clocks(world, controller.id)
        months = counted.request_months + counted.request_extension_months
        row.due_on = rights.due(row.received_at.date(), months)
        row.delay, row.delayed_at = why, world.now()
        row.delay_told = sealed(world, session, row, "delay_told", _said(told))
        _note(chain, row, "right_extended", world.now(), {"why": why, "due": row.due_on.isoformat(), "by": _named(by)})
    return row


def carry_out(world: World, session: Session, controller: Controller, request_id: str, by: str) -> RightsRequest:
    """Do what was asked for: erase, restrict, or pass on what is to be corrected. Raises `BadInput`."""
    with _step(world, session, controller, request_id, State.WORK) as (chain, row):
        if Right(row.kind) in ANSWERED_BY_DATA or row.carried_at is not None:
            raise BadInput("has nothing to carry out", field="request", remedy="Make the packet, or answer.")
        carrying.carry_out(world, session, chain, controller, row)
        _note(chain, row, "right_carried_out", world.now(), {"by": _named(by)})
    return row


def answer(
    world: World, session: Session, controller: Controller, request_id: str, handed: Handed, by: str
) -> RightsRequest:
    """The person has got their answer. Raises `BadInput` while what was asked for is not done."""
    with _step(world, session, controller, request_id, *PENDING) as (chain, row):
        right = Right(row.kind)
        if row.state != State.WORK and right not in AT_ONCE:
            raise BadInput("is not identified", field="request", remedy="Say first how you know who asks.")
        if right in ANSWERED_BY_DATA:
            packet = session.get(RightsPacket, row.id)
            if packet is None:
                raise BadInput("has no packet", field="request", remedy="Make it first, and look at it.")
            row.answered_with = packet.sha256
        elif row.carried_at is None:
            raise BadInput("is not carried out", field="request", remedy="Carry it out first, or refuse it.")
        row.handed = handed
        close(world, row, State.ANSWERED, by)
        _note(chain, row, "right_answered", world.now(), {"handed": handed, "packet": row.answered_with, "by": by})
    return row


def refuse(
    world: World, session: Session, controller: Controller, request_id: str, why: Refusal, told: str, by: str
) -> RightsRequest:
    """It is not carried out, and the person was told why with these words. Raises `BadInput`."""
    with _step(world, session, controller, request_id, *PENDING) as (chain, row):
        if row.carried_at is not None:
            raise BadInput("was carried out", field="request", remedy="Answer it.")
        row.refusal = why
        row.refusal_told = sealed(world, session, row, "refusal_told", _said(told))
        close(world, row, State.REFUSED, by)
        _note(chain, row, "right_refused", world.now(), {"why": why, "by": by})
    return row


def lift(world: World, session: Session, controller: Controller, request_id: str, told: str, by: str) -> RightsRequest:
    """A restriction ends; the person was told so before, with these words (Art. 18(3) GDPR). Raises `BadInput`."""
    with _step(world, session, controller, request_id, State.ANSWERED, State.WORK) as (chain, row):
        contact = whose(session, row)
        if row.kind != Right.RESTRICTION or row.carried_at is None or not contact.restricted:
            raise BadInput("restricts nothing", field="request", remedy=_SEE)
        row.lifted_at, row.lift_told = world.now(), sealed(world, session, row, "lift_told", _said(told))
        contact.restricted = False
        session.add(contact)
        _note(chain, row, "restriction_lifted", world.now(), {"by": _named(by)})
    return row


def find(session: Session, controller: Controller, request_id: str) -> RightsRequest:
    """Raises `BadInput`."""
    row = session.get(RightsRequest, request_id)
    if row is None or row.controller_id != controller.id:
        raise BadInput("is not known here", field="request", remedy=_SEE)
    return row


def page(
    session: Session, controller: Controller, limit: int, *, pending: bool = True, before: str = ""
) -> Sequence[RightsRequest]:
    """What is pending, the most urgent first; else all, the newest first, those older than `before`."""
    mine = select(RightsRequest).where(RightsRequest.controller_id == controller.id)
    if pending:
        mine = mine.where(col(RightsRequest.state).in_(PENDING))
        mine = mine.order_by(col(RightsRequest.due_on), col(RightsRequest.id))
    else:
        mine = mine.order_by(col(RightsRequest.id).desc())
        mine = mine.where(col(RightsRequest.id) < before) if before else mine
    return session.exec(mine.limit(limit)).all()


def pressing(world: World, session: Session, controller: Controller, soon: timedelta) -> tuple[int, int]:
    """How many requests are overdue, and how many more are due within `soon`."""
    today = world.now().date()
    mine = select(func.count()).where(
        RightsRequest.controller_id == controller.id, col(RightsRequest.state).in_(PENDING)
    )
    late = session.exec(mine.where(col(RightsRequest.due_on) < today)).one()
    due = session.exec(mine.where(col(RightsRequest.due_on) <= today + soon)).one()
    return late, due - late


def of_person(session: Session, contact: Contact) -> Sequence[RightsRequest]:
    """Everything this person has asked for, the newest first."""
    theirs = col(RightsRequest.contact_id).in_(contacts.family(session, contact.id))
    return session.exec(select(RightsRequest).where(theirs).order_by(col(RightsRequest.id).desc())).all()


def whose(session: Session, row: RightsRequest) -> Contact:
    """The person as they are kept now."""
    return contacts.present(session, session.get_one(Contact, row.contact_id))


def words(world: World, session: Session, row: RightsRequest, name: str = "words") -> str:
    """What was said, or told (by the name of the column); empty once the person was erased."""
    body: bytes | None = getattr(row, name)
    if body is None:
        return ""
    key = contacts.past_key(world, session, session.get_one(Contact, row.contact_id))
    return unseal(key, body, f"right:{row.id}:{name}").decode()


def sealed(world: World, session: Session, row: RightsRequest, name: str, text: str) -> bytes | None:
    """Words for the register, under the person's key; nothing can be kept of somebody who was erased."""
    said = text.strip()[:_LONGEST]
    if not said:
        return None
    try:
        key = contacts.past_key(world, session, session.get_one(Contact, row.contact_id))
    except Sealed:
        return None
    return seal(key, said.encode(), f"right:{row.id}:{name}")


def close(world: World, row: RightsRequest, state: State, by: str) -> None:
    row.state, row.closed_at, row.closed_by = state, world.now(), _named(by)


def _note(chain: Chain, row: RightsRequest, kind: str, at: datetime, facts: dict[str, str]) -> None:
    chain.event(kind, at, {"request": row.id, "right": row.kind, **facts}, contact_id=row.contact_id)


def _named(by: str) -> str:
    if not by.strip():
        raise BadInput("is empty", field="by", remedy="Say who does it.")
    return by.strip()


def _said(told: str) -> str:
    if not told.strip():
        raise BadInput("is empty", field="told", remedy="Write what the person was told.")
    return told


def clocks(world: World, controller_id: str) -> Clocks:
    policy = world.policy_for(controller_id)
    if policy is None:
        raise BadInput("cannot be read", field="policy", remedy="Name an existing policy in the settings.")
    return policy.clock


@contextmanager
def _step(
    world: World, session: Session, controller: Controller, request_id: str, *states: State
) -> Iterator[tuple[Chain, RightsRequest]]:
    """One step of one request, of which only one can be taken at a time."""
    chain = Chain(session, controller.id, world.now())  # its lock
    row = session.get(RightsRequest, request_id, populate_existing=True)
    if row is None or row.controller_id != controller.id:
        raise BadInput("is not known here", field="request", remedy=_SEE)
    if row.state not in states:
        raise BadInput(f"is {row.state}", field="request", remedy=f"This fits one that is {' or '.join(states)}.")
    yield chain, row
    session.add(row)
    session.flush()
    chain.write()
