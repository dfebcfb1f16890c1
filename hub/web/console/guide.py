# SPDX-License-Identifier: Apache-2.0
"""The way from an empty hub to a first campaign: what is done, what is next, and where; or with played vendors."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, select
from starlette.routing import Route

from hub.flows import guide, optin
from hub.flows.roles import May
from hub.store.tables import Connection, Controller, OptInPage, Sender
from hub.web.console.rooms import Made, NotFound, Rooms, Visitor
from hub.web.hands import Playground

_HERE = "/console/guide"
# where each part is done; with the id of the connection, once there is one
_PAGES = {
    "account": ("/console/connections/new", "/console/connections/{}"),
    "number": ("", "/console/connections/{}/numbers"),
    "file": ("", "/console/providers/{}"),
    "templates": ("", "/console/connections/{}"),
    "crm": ("/console/connections/new", "/console/connections/{}"),
    "read": ("", "/console/connections/{}"),
    "notices": ("/console/notices", ""),
    "page": ("/console/pages/new", ""),
    "campaign": ("/console/campaigns/new", ""),
    "started": ("/console/campaigns", ""),
}


def routes(rooms: Rooms, playground: Playground | None) -> list[Route]:
    game = _Game(playground)
    return [
        rooms.show(_HERE, May.LOOK, "guide.html", game.show),
        rooms.act(f"{_HERE}/play/account", May.CONNECT, "playground.provider", game.provider),
        rooms.act(f"{_HERE}/play/file", May.PROVIDE, "playground.file", game.file),
        rooms.act(f"{_HERE}/play/crm", May.CONNECT, "playground.crm", game.crm),
        rooms.act(f"{_HERE}/play/agree", May.WORD, "playground.agree", game.told, ask=game.agree),
    ]


class _Game:
    """The guide; `playground` only where the hub was started with one."""

    def __init__(self, playground: Playground | None) -> None:
        self._playground = playground

    def show(self, visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
        steps = guide.steps(visitor.world, session, owner)
        where = {part.name: _where(part) for step in steps for part in step.parts}
        played = self._played(session, owner) if self._playground else []
        return {"owner": owner, "steps": steps, "where": where, "plays": self._playground is not None, "played": played}

    def _there(self) -> Playground:
        """Raises `NotFound` where there is none."""
        if self._playground is None:
            raise NotFound
        return self._playground

    def _played(self, session: Session, owner: Controller) -> list[Connection]:
        mine = select(Connection).where(Connection.controller_id == owner.id).order_by(col(Connection.created_at))
        return [one for one in session.exec(mine) if self._there().has(one)]

    def provider(self, visitor: Visitor, session: Session, owner: Controller) -> Made:
        return Made(_HERE, self._there().provider(session, owner).id)

    def crm(self, visitor: Visitor, session: Session, owner: Controller) -> Made:
        return Made(_HERE, self._there().crm(session, owner).id)

    def file(self, visitor: Visitor, session: Session, owner: Controller) -> Made:
        """Of played accounts alone: a file that says nothing was checked is no file on a real one."""
        there = self._there()
        found = next((one for one in self._played(session, owner) if one.id == visitor.said("connection")), None)
        if found is None:
            raise NotFound
        there.file(session, found, visitor.actor.name)
        return Made(_HERE, found.id)

    def agree(self, visitor: Visitor, session: Session, owner: Controller) -> str:
        """People of the playground say yes on the newest page of a played number."""
        there, played = self._there(), {one.id for one in self._played(session, owner)}
        mine = (OptInPage.controller_id == owner.id, col(OptInPage.closed_at).is_(None))
        pages = session.exec(select(OptInPage).where(*mine).order_by(col(OptInPage.created_at).desc()))
        page = next((one for one in pages if _number_of(session, one) in played), None)
        if page is None:
            raise NotFound
        there.agree(optin.invitation(session, page).statement)
        return page.id

    def told(self, visitor: Visitor, session: Session, owner: Controller) -> Made:
        return Made(f"/console/pages/{visitor.asked}", visitor.asked)


def _number_of(session: Session, page: OptInPage) -> str:
    """The connection on whose number a page is answered."""
    return session.get_one(Sender, page.sender_id).connection_id


def _where(part: guide.Part) -> str:
    """ "" where something else comes first."""
    without, within = _PAGES.get(part.name, ("", ""))
    return within.format(part.about) if part.about and within else without
