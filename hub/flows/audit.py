# SPDX-License-Identifier: Apache-2.0
"""What somebody did, in the transaction that did it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from hub.flows.roles import MAY, May, Role
from hub.flows.world import World
from hub.store.tables import ApiKey, AuditRow, Controller, Staff


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a key or a person, for one controller."""

    id: str
    name: str
    role: Role
    controller_id: str

    def may(self, what: May) -> bool:
        return what in MAY[self.role]


def write(world: World, session: Session, actor: Actor, what: str, about: str = "") -> None:
    """One row: `what` was done, e.g. "campaign.start", and the id of what it was done to."""
    session.add(
        AuditRow(
            controller_id=actor.controller_id,
            at=world.now(),
            who=actor.id,
            role=actor.role,
            what=what,
            about=about,
        )
    )


def page(
    session: Session, controller: Controller, before: str | None, limit: int, *, what: str = "", who: str = ""
) -> Sequence[AuditRow]:
    """The newest rows, or those older than the row `before`; only of what begins so, or of one actor, if given."""
    mine = select(AuditRow).where(AuditRow.controller_id == controller.id)
    if before:
        mine = mine.where(col(AuditRow.id) < before)
    if what:
        mine = mine.where(col(AuditRow.what).startswith(what, autoescape=True))
    if who:
        mine = mine.where(AuditRow.who == who)
    return session.exec(mine.order_by(col(AuditRow.id).desc()).limit(limit)).all()


def names(session: Session, controller: Controller) -> dict[str, str]:
    """What the people and keys that act are called, by id."""
    keys = select(ApiKey.id, ApiKey.title).where(ApiKey.controller_id == controller.id)
    people = select(Staff.id, Staff.name).where(Staff.controller_id == controller.id)
    return dict(session.exec(keys).all()) | dict(session.exec(people).all())
