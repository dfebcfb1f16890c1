# SPDX-License-Identifier: Apache-2.0
"""The page that a CRM links to: why one of its records is not reached, and what would help."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session
from starlette.routing import Route

from hub.flows import unblocking
from hub.flows.roles import May
from hub.store.tables import Controller
from hub.web.console.onward import WHY, known
from hub.web.console.rooms import NotFound, Rooms, Visitor


def routes(rooms: Rooms) -> list[Route]:
    return [rooms.show(f"{WHY}{{id}}", May.WHY, "why.html", _why)]


def _why(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    about = visitor.path["id"]
    found = unblocking.find(visitor.world, session, owner, about, visitor.language) if known(about) else None
    if found is None:
        raise NotFound
    return {"one": found}
