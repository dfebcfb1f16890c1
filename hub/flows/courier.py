# SPDX-License-Identifier: Apache-2.0
"""A stop that a person gave to staff: by phone, letter, at the counter. Staff carry it; it is the person's own."""

from __future__ import annotations

from sqlmodel import Session, select

from hub.contract import BadInput
from hub.flows import answers, contacts, permission, reports
from hub.flows.points import number_typed
from hub.flows.world import World
from hub.law.facts import StopKind
from hub.law.stops import code_of
from hub.store.ledger import Chain
from hub.store.tables import Connection, Controller, CrmRecord


def stop(
    world: World,
    session: Session,
    controller: Controller,
    *,
    number: str = "",
    record: str = "",
    by: str,
    reason: str,
    everything: bool = False,
) -> bool:
    """Bind the stop at once, to a number whether known or not, or to whoever a CRM record is about.

    All advertising on every channel, or everything. False if it was there already. Raises `BadInput`.
    """
    if not (by.strip() and reason.strip()):
        raise BadInput("is empty", field="by or reason", remedy="Say who was told, and how.")
    contact_id, tokens = whom(world, session, controller, number, record)
    kind = StopKind.STOP_ALL if everything else StopKind.OBJECTION_MARKETING
    reach = permission.EVERYTHING if everything else permission.ALL_MARKETING
    source = {"courier": by, "reason": reason}
    at = world.now()
    chain = Chain(session, controller.id, at)
    ledger_id = permission.stop(
        world, session, chain, controller, tokens, kind, at, reach, source, contact_id=contact_id
    )
    if ledger_id and contact_id:
        reports.tell_withdrawal(session, contact_id, f"stop:{ledger_id}", code_of(kind), at, at)
        answers.confirm_passed_on(world, session, controller, contact_id, kind, f"stop:{ledger_id}", at)
    chain.write()
    return bool(ledger_id)


def whom(
    world: World, session: Session, controller: Controller, number: str, record: str
) -> tuple[str | None, list[str]]:
    """Whom staff mean: the contact, if there is one, and the tokens of all their points. Raises `BadInput`."""
    if bool(number) == bool(record):
        raise BadInput("need exactly one", field="number or record", remedy="Name the person by one of them.")
    if record:
        mine = select(CrmRecord.contact_id).join(Connection).where(Connection.controller_id == controller.id)
        people = set(session.exec(mine.where(CrmRecord.record == record)))
        if len(people) != 1:
            raise BadInput("is not one person", field="record", remedy="Name the person by number.")
        contact_id = people.pop()
        return contact_id, contacts.tokens_of(session, contact_id)
    typed = number_typed(number, controller.country)
    point = contacts.find_point(world, session, controller, typed)
    if point is None:
        return None, world.vault.tokens(controller.id, typed)
    return point.contact_id, contacts.tokens_of(session, point.contact_id)
