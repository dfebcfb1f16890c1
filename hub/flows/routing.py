# SPDX-License-Identifier: Apache-2.0
"""Which sender carries what: a policy per controller and purpose, read together with the admin's files on providers.

Where a provider sits and where its systems stand is what the admin's file says, never what a plugin says. The gate
asks `carries`, so that a policy also binds what was chosen before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from hub.contract import BadInput, Purpose
from hub.flows.processor import standing
from hub.flows.processor.form import ALL, Form
from hub.flows.processor.versions import form_of, in_force
from hub.flows.world import World
from hub.store.ledger import Chain
from hub.store.tables import Connection, Controller, ProcessorRecord, RoutePolicy, Sender

EEA = "EEA"  # the European Union, Iceland, Liechtenstein and Norway
_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_EEA = frozenset(f"{_EU} IS LI NO".split())


@dataclass(frozen=True, slots=True)
class Offer:
    """A sender for a purpose. `faults` say why not, `paused` why it cannot just now; both empty: it can."""

    sender: Sender
    connection: Connection
    faults: tuple[str, ...]
    paused: str = ""

    @property
    def fits(self) -> bool:
        return not self.faults and not self.paused


def policies(session: Session, controller_id: str) -> dict[str, RoutePolicy]:
    """A controller's rules, by purpose."""
    mine = select(RoutePolicy).where(RoutePolicy.controller_id == controller_id)
    return {row.purpose: row for row in session.exec(mine)}


def rule(rules: Mapping[str, RoutePolicy], purpose: str) -> RoutePolicy | None:
    """The rule of a purpose: its own, else the one for all."""
    return rules.get(purpose) or rules.get(ALL)


def carries(rules: Mapping[str, RoutePolicy], record: ProcessorRecord | None) -> tuple[str, ...]:
    """The purposes that the file and the policy let go through a provider, as the gate reads them."""
    if record is None or not rules:
        return tuple(record.purposes) if record else (ALL,)
    form = form_of(record)
    return tuple(one for one in Purpose if not _barred(rule(rules, one), form, one))


def _barred(policy: RoutePolicy | None, form: Form, purpose: str) -> list[str]:
    found = []
    if ALL not in form.purposes and purpose not in form.purposes:
        found.append(f"the file does not let {purpose} go through it")
    if policy is None:
        return found
    identity, hosting = form.identity, form.hosting
    parent = identity.parent_country or ("" if identity.parent else identity.seat)
    asked: tuple[tuple[str, Sequence[str], Sequence[str]], ...] = (
        ("seat", policy.seats, [identity.seat]),
        ("parent", policy.parents, [parent]),
        ("hosting", policy.hosting, [*hosting.regions, *hosting.backup] or [""]),
    )
    for what, wanted, is_in in asked:
        strange = [one or "not entered" for one in is_in if wanted and one not in _spelled(wanted)]
        if strange:
            found.append(f"{what} {', '.join(strange)} is not in {', '.join(wanted)}")
    return found


def _spelled(countries: Iterable[str]) -> set[str]:
    return {one for name in countries for one in (_EEA if name == EEA else (name,))}


def offers(world: World, session: Session, controller: Controller, purpose: str) -> list[Offer]:
    """Every sender for a purpose, in the order of preference."""
    policy = rule(policies(session, controller.id), purpose)
    rank = {sender_id: place for place, sender_id in enumerate(policy.prefer if policy else ())}
    mine = select(Sender, Connection).join(Connection).where(Sender.controller_id == controller.id)
    rows = session.exec(mine.where(Sender.moved_to == "").order_by(col(Sender.id))).all()
    ranked = sorted(rows, key=lambda row: rank.get(row[0].id, len(rank)))
    return [_offer(world, session, policy, sender, connection, purpose) for sender, connection in ranked]


def offer(world: World, session: Session, controller: Controller, sender: Sender, purpose: str) -> Offer:
    """One sender for a purpose."""
    policy = rule(policies(session, controller.id), purpose)
    return _offer(world, session, policy, sender, session.get_one(Connection, sender.connection_id), purpose)


def _offer(
    world: World, session: Session, policy: RoutePolicy | None, sender: Sender, connection: Connection, purpose: str
) -> Offer:
    stands = standing.of(session, connection.id, world.now())
    faults = [] if stands.sends else [f"the file is {stands.state}"]
    faults += _barred(policy, form_of(in_force(session, connection.id)), purpose)
    return Offer(sender, connection, tuple(faults), connection.paused_why or sender.paused_why)


def choose(world: World, session: Session, controller: Controller, purpose: str, named: str = "") -> Sender:
    """The sender for a purpose: the one named (id, vendor's id or number), else the first preferred one that can.

    Without a policy that prefers any, the only one. Raises `BadInput`.
    """
    found = offers(world, session, controller, purpose)
    policy = rule(policies(session, controller.id), purpose)
    if named or policy is None or not policy.prefer:
        fitting = [one for one in found if not named or _is(one.sender, named)]
        if len(fitting) != 1:
            known = ", ".join(f"{one.sender.number} ({one.sender.vendor_id})" for one in found)
            remedy = f"There are: {known or 'none; see `hub sender --help`'}."
            raise BadInput(named or "not named", field="sender", remedy=remedy)
        return fitting[0].sender
    can = [one for one in found if one.fits and one.sender.id in policy.prefer]
    if not can:
        remedy = f"See `hub route check --purpose {purpose}`."
        raise BadInput(f"no preferred sender can carry {purpose}", field="sender", remedy=remedy)
    return can[0].sender


def _is(sender: Sender, named: str) -> bool:
    digits = "".join(c for c in named if c.isdigit())
    return named in (sender.id, sender.vendor_id) or (digits != "" and digits == sender.number)


def check(session: Session, controller: Controller, sender: Sender, purpose: str) -> None:
    """Raises `BadInput` where the file, or the policy, keeps this purpose from this provider."""
    if sender.moved_to:
        raise BadInput("was moved to another provider", field="sender", remedy="See `hub route show`.")
    record = in_force(session, sender.connection_id)
    if record is None:
        return  # nothing leaves without one, and a draft may be made before it is there
    barred = _barred(rule(policies(session, controller.id), purpose), form_of(record), purpose)
    if barred:
        raise BadInput("; ".join(barred), field="sender", remedy=f"See `hub route check --purpose {purpose}`.")


def successor(session: Session, sender: Sender) -> Sender:
    """What a number has become at another provider; itself where it was not moved."""
    seen: set[str] = set()
    while sender.moved_to and sender.id not in seen:
        seen.add(sender.id)
        sender = session.get_one(Sender, sender.moved_to)
    return sender


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rule to set. Countries by ISO 3166-1 alpha-2, or EEA."""

    seats: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    hosting: tuple[str, ...] = ()
    prefer: tuple[str, ...] = ()  # ids of senders
    fallback: bool = False


def set_policy(
    session: Session, controller: Controller, purpose: str, wanted: Wanted, by: str, now: datetime, reference: str
) -> RoutePolicy:
    """Rule for one purpose, or "*" for all that have none of their own, from the next decision on. Raises `BadInput`.

    `reference`: the keyed hash of who sets it, for the ledger.
    """
    if purpose != ALL and purpose not in set(Purpose):
        raise BadInput(f"{purpose!r} is no purpose", field="purpose", remedy=f"Use * or one of: {', '.join(Purpose)}.")
    for country in (*wanted.seats, *wanted.parents, *wanted.hosting):
        if country != EEA and not (len(country) == 2 and country.isascii() and country.isupper()):
            raise BadInput(f"{country!r} is no country", field="country", remedy="Use two letters, such as DE, or EEA.")
    if wanted.fallback and len(wanted.prefer) < 2:
        raise BadInput("has nowhere to go", field="fallback", remedy="Prefer at least two senders.")
    chain = Chain(session, controller.id, now)
    row = session.get(RoutePolicy, (controller.id, purpose)) or RoutePolicy(
        controller_id=controller.id, purpose=purpose, set_by=by, set_at=now
    )
    row.seats, row.parents, row.hosting = list(wanted.seats), list(wanted.parents), list(wanted.hosting)
    row.prefer, row.fallback, row.set_by, row.set_at = list(wanted.prefer), wanted.fallback, by, now
    session.add(row)
    session.flush()
    facts = row.model_dump(exclude={"controller_id", "set_by", "set_at"})
    chain.event("route_policy_set", now, {**facts, "by": reference})
    chain.write()
    return row
