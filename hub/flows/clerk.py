# SPDX-License-Identifier: Apache-2.0
"""What staff say about who is who: one person, two people, a number with a new holder. Their word makes no consent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlmodel import Session, col, select

from hub.contract import BadInput
from hub.flows import doubts, permission
from hub.flows.doubts import JOINED
from hub.flows.joining import join
from hub.flows.parting import follow, forget_profile, leave, split
from hub.flows.points import number_typed
from hub.flows.records import find_contact
from hub.flows.register import Register
from hub.flows.world import World
from hub.store.ledger import Chain
from hub.store.tables import Contact, ContactPoint, Controller, CrmRecord, LedgerRow


@dataclass(frozen=True, slots=True)
class Word:
    """Who says so, and why, without any personal data of those concerned."""

    by: str
    reason: str

    def source(self) -> dict[str, str]:
        """Raises `BadInput`."""
        if not (self.by.strip() and self.reason.strip()):
            raise BadInput("is empty", field="by or reason", remedy="Say who found out, and how.")
        return {"by": self.by, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two contacts that may be one person, since when, and what raised it."""

    one: str
    other: str
    since: datetime
    shown: str


def doubtful(session: Session, controller: Controller) -> Sequence[Doubt]:
    """Open doubts, the oldest first."""
    found = []
    for row in doubts.waiting(session, controller):
        source = orjson.loads(session.get_one(LedgerRow, row.ledger_id).record)["source"]
        found.append(Doubt(row.contact_id, row.other_id or "", row.said_at, source.get("shown", "")))
    return found


def join_people(world: World, session: Session, controller: Controller, one: str, other: str, word: Word) -> str:
    """These are one person. Each by contact id, CRM record id or number. Returns the id under which they are kept.

    Raises `BadInput`.
    """
    with _open(world, session, controller) as register:
        first, second = _two(register, one, other)
        doubts.close(register, first, second, JOINED, word.by)
        return join(register, first, second, world.now(), word.source()).id


def keep_apart(world: World, session: Session, controller: Controller, one: str, other: str, word: Word) -> None:
    """These are two people, whatever a CRM or a webhook says. Consents of both need to be given anew."""
    with _open(world, session, controller) as register:
        first, second = _two(register, one, other)
        tokens = register.tokens(first, second)
        facts = {
            "other": second.id,
            "tokens": tokens,
            "consents_unverified": permission.unverify(session, controller, tokens),
            "source": word.source(),
        }
        ledger_id = register.chain.event("contacts_kept_apart", world.now(), facts, contact_id=first.id)
        doubted = doubts.pending(session, first, second)
        doubts.keep_apart(register, first, second, word.by, ledger_id)
        if doubted is not None:
            _as_shown(register, doubted.ledger_id, word)


def _as_shown(register: Register, ledger_id: str, word: Word) -> None:
    """What the platform showed together when the doubt arose stays together."""
    told = orjson.loads(register.session.get_one(LedgerRow, ledger_id).record)
    wanted = col(ContactPoint.id).in_(told["shown_with"])
    rows = register.session.exec(select(ContactPoint).where(wanted, col(ContactPoint.left_at).is_(None))).all()
    follow(register, rows, register.world.now(), word.source())


def part(
    world: World, session: Session, controller: Controller, word: Word, *, number: str = "", record: str = ""
) -> str:
    """The number, or that of the CRM record, is another person's than the rest of its contact.

    Returns the new contact's id; empty where it is the contact's only point, and two people share it. Either way the
    stops bind both and consents need to be given anew. Raises `BadInput`.
    """
    if bool(number) == bool(record):
        raise BadInput("need exactly one", field="number or record", remedy="Name the contact point by one of them.")
    with _open(world, session, controller) as register:
        row = _point_of_record(register, record) if record else _known(register, number)
        contact = session.get_one(Contact, row.contact_id)
        source = word.source()
        rest = [p for p in register.points(contact) if p.id != row.id and not p.left_at]
        if not rest:
            _shared(register, contact, source)
            return ""
        other = split(register, contact, [row], world.now(), source)
        facts = {"other": other.id, "source": source}
        ledger_id = register.chain.event("contacts_kept_apart", world.now(), facts, contact_id=contact.id)
        doubts.keep_apart(register, contact, other, word.by, ledger_id)
        return other.id


def recycled(world: World, session: Session, controller: Controller, number: str, word: Word) -> None:
    """The number has a new holder. Consents on it end; stops stay with the former holder. Raises `BadInput`."""
    with _open(world, session, controller) as register:
        point = number_typed(number, controller.country)
        if register.find(point) is None:
            raise BadInput("is not known here", field="number", remedy="Nothing needs to be done.")
        leave(register, point, world.now(), word.source())


def _shared(register: Register, contact: Contact, source: dict[str, str]) -> None:
    tokens = register.tokens(contact)
    unverified = permission.unverify(register.session, register.controller, tokens)
    facts = {"tokens": tokens, "consents_unverified": unverified, "source": source}
    register.chain.event("point_shared", register.world.now(), facts, contact_id=contact.id)
    forget_profile(register, contact)


@contextmanager
def _open(world: World, session: Session, controller: Controller) -> Iterator[Register]:
    chain = Chain(session, controller.id, world.now())
    yield Register(world, session, chain, controller)
    session.flush()
    chain.write()


def _two(register: Register, one: str, other: str) -> tuple[Contact, Contact]:
    first, second = _contact(register, one, "one"), _contact(register, other, "other")
    if first.id == second.id:
        raise BadInput("are one contact already", field="one and other", remedy="See `hub why`, or split it.")
    return first, second


def _contact(register: Register, subject: str, field: str) -> Contact:
    found = find_contact(register.world, register.session, register.controller, subject)
    if found is None or found.erased_at is not None:
        raise BadInput("is not known here", field=field, remedy="Give a contact id, a CRM record id or a number.")
    return found


def _known(register: Register, number: str) -> ContactPoint:
    row = register.find(number_typed(number, register.controller.country))
    if row is None:
        raise BadInput("is not known here", field="number", remedy="See `hub why NUMBER`.")
    return row


def _point_of_record(register: Register, record: str) -> ContactPoint:
    mine = select(ContactPoint).join(CrmRecord, CrmRecord.point_id == ContactPoint.id)  # type: ignore[arg-type]
    rows = register.session.exec(
        mine.where(CrmRecord.record == record, ContactPoint.controller_id == register.controller.id)
    ).all()
    if len(rows) != 1:
        raise BadInput("is not one record", field="record", remedy="Name the contact point by its number.")
    return rows[0]
