# SPDX-License-Identifier: Apache-2.0
"""Who is who, as webhooks tell it: points that belong together, a new number or BSUID, a wrong number, merged records.

Stops follow the person; a consent holds for the point it was given on. What is not certain is left to a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import combinations
from typing import Any

from sqlmodel import col, select

from hub.contract import ContactsMerged, IdentityChanged, Point, PointKind
from hub.flows import contacts, doubts, permission, review
from hub.flows.desk import Desk
from hub.flows.joining import join
from hub.flows.parting import follow, forget_profile, leave
from hub.flows.points import locate
from hub.flows.register import Register
from hub.store.tables import Contact, ContactPoint, CrmRecord


def register_of(desk: Desk) -> Register:
    return Register(desk.world, desk.session, desk.chain, desk.controller)


def meet(desk: Desk, points: Sequence[Point], at: datetime) -> tuple[Contact, ContactPoint]:
    """The contact who wrote from these points (best first), made if unknown.

    One webhook that brings a number and BSUIDs together shows that they are one person's. A BSUID that is new for
    somebody who had another one means that they, or their number, changed: consents need to be given anew.
    """
    register, located = register_of(desk), _located(points)
    source = {"connection": desk.connection.id, "shown": "webhook"}
    owners = register.owners(located)
    if len(owners) > 1:
        _together(register, owners, at, source, located)
        _follow(register, located, at, source)
    contact, first = contacts.meet(desk.world, desk.session, desk.controller, points)
    for point in located:
        row = register.find(point)
        if row is None or row.verified_at is not None or row.contact_id != contact.id:
            continue  # known, or a person must say whose it is
        _unite_versions(register, point, row)
        if _another_bsuid(register, contact, row, desk.connection.id):
            _consent_anew(register, contact, at, source)
        row.verified_at, row.connection_id = at, desk.connection.id
        desk.session.add(row)
        desk.session.flush()
    return contact, first


def _together(
    register: Register,
    people: Sequence[Contact],
    at: datetime,
    source: Mapping[str, Any],
    points: Sequence[Point] = (),
) -> Contact | None:
    """Join all whom nothing speaks against joining. Returns the first of them, as they are kept then.

    `points` are those that the platform itself shows to be one person's; none where it does not.
    """
    shown_with = [row.id for point in points if (row := register.find(point)) is not None]
    first = people[0] if people else None
    for other in people[1:]:
        assert first is not None
        if doubts.kept_apart(register.session, first, other):
            continue
        if register.has_own_number(first) and register.has_own_number(other):
            doubts.raise_for(register, first, other, at, source, shown_with)
        else:
            first = join(register, first, other, at, source, shown=bool(points))
    return first


def _follow(register: Register, points: Sequence[Point], at: datetime, source: Mapping[str, Any]) -> None:
    """Two people stay two, as a person said; which of them a BSUID belongs to, the platform knows better."""
    rows = [row for point in points if (row := register.find(point)) is not None]
    people = {row.contact_id: register.session.get_one(Contact, row.contact_id) for row in rows}
    owners = list(people.values())
    if any(doubts.kept_apart(register.session, one, other) for one, other in combinations(owners, 2)):
        follow(register, rows, at, source)


def _unite_versions(register: Register, point: Point, row: ContactPoint) -> None:
    """A stop may be kept under any key of the ring; it must be found with the point."""
    versions = register.versions(point)
    if len(versions) > 1:
        permission.carry_over(
            register.world, register.session, register.chain, register.controller, versions, row.token
        )


def _another_bsuid(register: Register, contact: Contact, row: ContactPoint, connection_id: str) -> bool:
    """Does this connection know the person by another id of the same kind? One of another account says nothing."""
    return row.kind != PointKind.E164 and any(
        known.kind == row.kind and known.id != row.id and known.connection_id == connection_id and not known.left_at
        for known in register.points(contact)
    )


def _consent_anew(register: Register, contact: Contact, at: datetime, source: Mapping[str, Any]) -> None:
    tokens = [point.token for point in register.points(contact) if not point.left_at]
    unverified = permission.unverify(register.session, register.controller, tokens, at)
    facts = {"tokens": tokens, "consents_unverified": unverified, "source": dict(source)}
    register.chain.event("identity_changed", at, facts, contact_id=contact.id)


def changed(desk: Desk, event: IdentityChanged) -> None:
    """A new number or BSUID (legal reference 4.5): the same person, whose stops bind the new points too.

    The old points may have a new holder, and consents need to be given anew. Told again, it changes nothing.
    """
    register = register_of(desk)
    new = [point for point in _located(event.new) if not register.left_since(point, event.at)]
    old = [p for p in _located(event.old) if p not in _located(event.new) and not register.left_since(p, event.at)]
    if not old:
        return
    source = {"connection": desk.connection.id, "shown": "identity_changed"}
    contact = _together(register, register.owners(old), event.at, source, old)
    stopped = [*(register.tokens(contact) if contact else []), *(t for p in old for t in register.versions(p))]
    if contact is not None:
        holders = [one for one in register.owners(new) if one.id != contact.id]
        contact = _together(register, [contact, *holders], event.at, source, new)
        assert contact is not None
        for point in new:
            row = register.find(point) or _add(register, contact, point)
            row.verified_at = row.verified_at or event.at
            row.connection_id = row.connection_id or desk.connection.id
            desk.session.add(row)
    bound = [token for point in new for token in _kept(register, point)]
    permission.carry_over(desk.world, desk.session, desk.chain, desk.controller, stopped, *bound)
    for point in old:
        leave(register, point, event.at, source)
    people = [*([contact] if contact else []), *register.owners(new)]
    for one in {person.id: person for person in people}.values():
        _consent_anew(register, one, event.at, source)


def _located(points: Sequence[Point]) -> list[Point]:
    return [locate(point).point for point in points]


def _add(register: Register, contact: Contact, point: Point) -> ContactPoint:
    key = contacts.key_of(register.world, contact)
    return contacts.add_point(register.world, register.session, register.controller, contact, key, point)


def _kept(register: Register, point: Point) -> list[str]:
    """Where a point is found: under its own token, or, while nobody is known to have it, under any key of the ring."""
    row = register.find(point)
    return [row.token] if row is not None else register.versions(point)


def wrong_person(desk: Desk, contact: Contact, at: datetime, heard: str) -> None:
    """Whoever writes says that they are not who we think. What was consented to so far counts no more.

    Stops stay as they are until a person has read it: `hub identity recycled`, if the number has a new holder.
    """
    contact.reassigned_at = at
    forget_profile(register_of(desk), contact)
    review.open_for(desk.session, desk.controller, contact, doubts.WRONG_NUMBER, heard, at)


def merged(desk: Desk, event: ContactsMerged) -> None:
    """Records were merged in the CRM, which may err: consents count only if both had them."""
    register = register_of(desk)
    names = dict.fromkeys((event.record, *event.merged))
    mine = select(CrmRecord).where(CrmRecord.connection_id == desk.connection.id, col(CrmRecord.record).in_(names))
    rows = {row.record: row for row in desk.session.exec(mine)}
    ordered = [rows[name] for name in names if name in rows]
    people = [desk.session.get_one(Contact, row.contact_id) for row in ordered]
    distinct = list({contact.id: contact for contact in people}.values())
    source = {"connection": desk.connection.id, "shown": "crm_merge"}
    _together(register, distinct, event.at, source)
    register.unite_stops(*(contacts.present(desk.session, contact) for contact in distinct))
    for row in ordered:
        if row.record in event.merged:
            desk.session.delete(row)
    desk.session.flush()
    desk.sync = True
