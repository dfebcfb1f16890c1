# SPDX-License-Identifier: Apache-2.0
"""What somebody did, in the transaction that did it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from hub.flows.roles import MAY, May, Role
from hub.flows.world import World
from hub.store.tables import AuditRow, Controller


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a key or a person, for one controller."""

    id: str
    name: str
    role: Role
    controller_id: str

    def may(self, what: May) -> bool:
        return what in MAY[self.role]


def write(
    world: World, session: Session, actor: Actor, what: str, about: str = "", outcome: str = "done", **facts: Any
) -> None:
    """One row. `facts` hold ids and codes only."""
    session.add(
        AuditRow(
            controller_id=actor.controller_id,
            at=world.now(),
            who=actor.id,
            role=actor.role,
            what=what,
            about=about,
            outcome=outcome,
            facts=facts,
        )
    )


def page(session: Session, controller: Controller, before: str | None, limit: int) -> Sequence[AuditRow]:
    """The newest rows, or those older than the row `before`."""
    mine = select(AuditRow).where(AuditRow.controller_id == controller.id)
    if before:
        mine = mine.where(col(AuditRow.id) < before)
    return session.exec(mine.order_by(col(AuditRow.id).desc()).limit(limit)).all()
