# SPDX-License-Identifier: Apache-2.0
"""Find and make contacts by their points."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlmodel import Session, col, select

from hub.contract import Point, PointKind
from hub.flows.points import locate
from hub.flows.world import World
from hub.store.tables import Contact, ContactPoint, Controller, StopRow, new_id
from hub.store.vault import seal, unseal


def key_of(world: World, contact: Contact) -> AESGCM:
    """The person's own key. Raises `Sealed` after erasure."""
    return world.vault.key_of(contact.id, contact.data_key)


def past_key(world: World, session: Session, contact: Contact) -> AESGCM:
    """The key under which the ledger keeps what this contact said, also after they were joined to another.

    Raises `Sealed` after erasure.
    """
    if contact.merged_into is None:
        return key_of(world, contact)
    over = past_key(world, session, session.get_one(Contact, contact.merged_into))
    wrapped = unseal(over, contact.kept_key or b"", f"key:{contact.id}")
    return world.vault.key_of(contact.id, wrapped)


def present(session: Session, contact: Contact) -> Contact:
    """The contact under which this person is kept now."""
    while contact.merged_into is not None:
        contact = session.get_one(Contact, contact.merged_into)
    return contact


def family(session: Session, contact_id: str) -> list[str]:
    """This contact and all that were joined to it: under any of them the ledger may speak of the person."""
    found, fresh = [contact_id], [contact_id]
    while fresh:
        fresh = list(session.exec(select(Contact.id).where(col(Contact.merged_into).in_(fresh))))
        found += fresh
    return found


def value_of(world: World, contact: Contact, row: ContactPoint) -> Point:
    """The number or BSUID in clear, for a send that was cleared."""
    return Point(PointKind(row.kind), unseal(key_of(world, contact), row.value, f"point:{row.id}").decode())


def find_point(world: World, session: Session, controller: Controller, point: Point) -> ContactPoint | None:
    tokens = world.vault.tokens(controller.id, point)
    return session.exec(
        select(ContactPoint).where(ContactPoint.controller_id == controller.id, col(ContactPoint.token).in_(tokens))
    ).first()


def tokens_of(session: Session, contact_id: str) -> list[str]:
    return list(session.exec(select(ContactPoint.token).where(ContactPoint.contact_id == contact_id)))


def meet(
    world: World, session: Session, controller: Controller, points: Sequence[Point]
) -> tuple[Contact, ContactPoint]:
    """The contact who wrote to us from these points (best first), made if unknown. New points are added to it."""
    found = [find_point(world, session, controller, locate(point).point) for point in points]
    known = next((row for row in found if row is not None), None)
    contact = session.get_one(Contact, known.contact_id) if known else new(world, session, controller)
    key = key_of(world, contact)
    rows = [
        row or add_point(world, session, controller, contact, key, point)
        for row, point in zip(found, points, strict=True)
    ]
    return contact, rows[0]


def new(world: World, session: Session, controller: Controller) -> Contact:
    """A contact without any points yet."""
    contact_id = new_id()
    _, wrapped = world.vault.new_key(contact_id)
    contact = Contact(id=contact_id, controller_id=controller.id, data_key=wrapped, created_at=world.now())
    session.add(contact)
    session.flush()
    return contact


def reside(contact: Contact, country: str, stated: bool, now: datetime) -> None:
    """A CRM names a person's country. The one before counts on for the policy's months (legal reference 4.3)."""
    if not country:
        return
    if contact.country and contact.country != country:
        contact.former_country, contact.moved_at = contact.country, now
        contact.residence_stated = stated
    contact.country, contact.residence_stated = country, stated or contact.residence_stated


def add_point(
    world: World, session: Session, controller: Controller, contact: Contact, key: AESGCM, point: Point
) -> ContactPoint:
    located, point_id = locate(point), new_id()
    tokens = world.vault.tokens(controller.id, located.point)
    # a stop may be kept under an older key than the newest: the point must be found together with it
    stopped = session.exec(
        select(StopRow.token).where(StopRow.controller_id == controller.id, col(StopRow.token).in_(tokens))
    ).first()
    row = ContactPoint(
        id=point_id,
        controller_id=controller.id,
        contact_id=contact.id,
        kind=located.point.kind,
        token=stopped or tokens[0],
        value=seal(key, located.point.value.encode(), f"point:{point_id}"),
        country=located.country,
        zone=located.zone,
    )
    session.add(row)
    session.flush()
    return row
