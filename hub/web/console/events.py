# SPDX-License-Identifier: Apache-2.0
"""Events out: which programs are told what happens, and what they did not take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlmodel import Session
from starlette.routing import Route

from hub.flows import subscriptions
from hub.flows.happenings import Kind
from hub.flows.roles import May
from hub.store.tables import Controller, Subscription
from hub.web.console.rooms import NotFound, Once, Rooms, Visitor

_WHERE = "/console/events"


def routes(rooms: Rooms) -> list[Route]:
    may = May.CONNECT
    return [
        rooms.show(_WHERE, May.LOOK, "events.html", _show),
        rooms.act(_WHERE, may, "events.subscribe", _make, again=("events.html", _show)),
        rooms.act(f"{_WHERE}/{{id}}/pause", may, "events.pause", _deed(_pause)),
        rooms.act(f"{_WHERE}/{{id}}/resume", may, "events.resume", _deed(_resume)),
        rooms.act(f"{_WHERE}/{{id}}/again", may, "events.again", _deed(_again)),
        rooms.act(f"{_WHERE}/{{id}}/remove", may, "events.remove", _deed(_remove)),
    ]


def _show(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    rows = subscriptions.every(session, owner)
    return {
        "rows": [(one, subscriptions.parked(session, one.row)) for one in rows],
        "kinds": list(Kind),
        "chosen": visitor.form.get("kinds", []),
        "typed": visitor.typed,
        "secret": "",
    }


def _make(visitor: Visitor, session: Session, owner: Controller) -> Once:
    made, secret = subscriptions.make(
        visitor.world,
        session,
        owner,
        title=visitor.said("title"),
        url=visitor.said("address"),
        kinds=visitor.form.get("kinds", []),
        by=visitor.actor.name,
    )
    return Once("events.html", {**_show(visitor, session, owner), "secret": secret}, made.id)


def _deed(do: Callable[[Visitor, Session, Subscription], object]) -> Callable[[Visitor, Session, Controller], str]:
    def deed(visitor: Visitor, session: Session, owner: Controller) -> str:
        found = session.get(Subscription, visitor.path["id"])
        if found is None or found.controller_id != owner.id:
            raise NotFound
        do(visitor, session, found)
        return _WHERE

    return deed


def _pause(visitor: Visitor, session: Session, row: Subscription) -> None:
    subscriptions.pause(session, row)


def _resume(visitor: Visitor, session: Session, row: Subscription) -> None:
    subscriptions.resume(visitor.world, session, row)


def _again(visitor: Visitor, session: Session, row: Subscription) -> None:
    subscriptions.again(visitor.world, session, row, visitor.said("delivery"))


def _remove(visitor: Visitor, session: Session, row: Subscription) -> None:
    subscriptions.remove(visitor.world, session, row)
