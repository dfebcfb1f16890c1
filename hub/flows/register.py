# SPDX-License-Identifier: Apache-2.0
"""The register of one controller's persons, open for one transaction: whose is a contact point, what binds a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from hub.contract import Point, PointKind
from hub.flows import contacts, permission
from hub.flows.facts import REASSIGNED, TOMBSTONE
from hub.flows.world import World
from hub.store.ledger import Chain
from hub.store.tables import ClaimedOptIn, ConsentRow, Contact, ContactPoint, Controller, MessageRow, StopRow
from hub.store.vault import seal, unseal


@dataclass(frozen=True, slots=True)
class Register:
    """Points are given located, as `hub.flows.points.locate` makes them."""

    world: World
    session: Session
    chain: Chain
    controller: Controller

    def versions(self, point: Point) -> list[str]:
        """Every token under which a point may be kept, by key of the ring."""
        return self.world.vault.tokens(self.controller.id, point)

    def find(self, point: Point) -> ContactPoint | None:
        return contacts.find_point(self.world, self.session, self.controller, point)

    def owners(self, points: Sequence[Point]) -> list[Contact]:
        """Who has these points, each person once, in the order of the points."""
        ids = [row.contact_id for point in points if (row := self.find(point)) is not None]
        return [self.session.get_one(Contact, contact_id) for contact_id in dict.fromkeys(ids)]

    def points(self, contact: Contact) -> Sequence[ContactPoint]:
        """All points of a person, also those they no longer have."""
        mine = select(ContactPoint).where(ContactPoint.contact_id == contact.id)
        return self.session.exec(mine.order_by(col(ContactPoint.id))).all()

    def tokens(self, *people: Contact) -> list[str]:
        return [token for contact in people for token in contacts.tokens_of(self.session, contact.id)]

    def has_own_number(self, contact: Contact) -> bool:
        """Has the platform shown a number that this person writes from, and still has?"""
        return any(p.kind == PointKind.E164 and p.verified_at and not p.left_at for p in self.points(contact))

    def left_since(self, point: Point, at: datetime) -> bool:
        """Has somebody else had this point since `at`, or later?"""
        marks = select(StopRow.id).where(
            StopRow.controller_id == self.controller.id,
            col(StopRow.token).in_(self.versions(point)),
            StopRow.kind == REASSIGNED,
            col(StopRow.event_time) >= at,
        )
        return self.session.exec(marks).first() is not None

    def consents(self, *people: Contact) -> Sequence[ConsentRow]:
        mine = select(ConsentRow).where(ConsentRow.controller_id == self.controller.id)
        return self.session.exec(mine.where(col(ConsentRow.token).in_(self.tokens(*people)))).all()

    def stops(self, *people: Contact) -> list[StopRow]:
        """What these people said no to. A tombstone says nothing of that."""
        rows = permission.stops_of(self.session, self.controller, self.tokens(*people))
        return [row for row in rows if row.kind != TOMBSTONE]

    def unite_stops(self, *people: Contact) -> None:
        """Each stop of one of them, under whichever point, binds every point of all of them."""
        tokens = self.tokens(*people)
        permission.carry_over(self.world, self.session, self.chain, self.controller, tokens, *tokens)

    def move_point(self, row: ContactPoint, giver: Contact, taker: Contact) -> None:
        """A point goes from one person to another, sealed anew under the other's key."""
        row.value = self.reseal(row.value, giver, taker, f"point:{row.id}")
        row.contact_id = taker.id
        self.session.add(row)

    def move_message(self, row: MessageRow, giver: Contact, taker: Contact) -> None:
        for name, place in (("text", "message"), ("parameters", "parameters"), ("provider_id", "provider")):
            if (data := getattr(row, name)) is not None:
                setattr(row, name, self.reseal(data, giver, taker, f"{place}:{row.id}"))
        row.contact_id = taker.id
        self.session.add(row)

    def move_opt_in(self, row: ClaimedOptIn, giver: Contact, taker: Contact) -> None:
        """Its proof becomes evidence of the other contact, once the opt-in is released."""
        if row.evidence is not None:
            row.evidence = self.reseal(row.evidence, giver, taker, f"evidence:{giver.id}", f"evidence:{taker.id}")
        row.contact_id = taker.id
        self.session.add(row)

    def reseal(self, data: bytes, giver: Contact, taker: Contact, place: str, new_place: str = "") -> bytes:
        clear = unseal(contacts.key_of(self.world, giver), data, place)
        return seal(contacts.key_of(self.world, taker), clear, new_place or place)
