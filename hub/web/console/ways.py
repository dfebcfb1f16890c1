# SPDX-License-Identifier: Apache-2.0
"""Routes: which provider carries what, and from one to another without a pause, looked at before it is done."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, select
from starlette.routing import Route

from hub.contract import BadInput, Purpose
from hub.flows import choices, parity, routing, switch_plan, switching
from hub.flows.processor.form import ALL
from hub.flows.roles import May
from hub.flows.routing import Wanted
from hub.store.tables import Controller, RouteSwitch, Sender
from hub.web.console.rooms import Made, Rooms, Visitor

_PAGE = 50


def routes(rooms: Rooms) -> list[Route]:
    again = ("routes.html", _show)
    return [
        rooms.show("/console/routes", May.LOOK, "routes.html", _show),
        rooms.show("/console/routes/plan", May.PROVIDE, "route_plan.html", _plan),
        rooms.act("/console/routes", May.PROVIDE, "route.set", _set, again=again),
        rooms.act("/console/routes/switch", May.PROVIDE, "route.switch", _switch, again=("route_plan.html", _plan)),
        rooms.act("/console/routes/return", May.PROVIDE, "route.return", _return, again=("route_plan.html", _plan)),
    ]


def _show(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    asked = visitor.query.get("purpose", "")
    purposes = [one for one in Purpose if asked in ("", one)]
    mine = select(RouteSwitch).where(RouteSwitch.controller_id == owner.id)
    every = select(Sender).where(Sender.controller_id == owner.id)
    return {
        "rules": list(routing.policies(session, owner.id).values()),
        "offers": [(one, routing.offers(visitor.world, session, owner, one)) for one in purposes],
        "asked": asked,
        "purposes": list(Purpose),
        "all": ALL,
        "senders": choices.senders(session, owner),
        "numbers": {one.id: one.number for one in session.exec(every)},
        "switches": session.exec(mine.order_by(col(RouteSwitch.made_at).desc()).limit(_PAGE)).all(),
        "typed": visitor.typed,
    }


def _set(visitor: Visitor, session: Session, owner: Controller) -> str:
    """The rule of a purpose, as a whole."""
    seats, parents, hosting = (
        tuple(visitor.said(name).replace(",", " ").upper().split()) for name in ("seats", "parents", "hosting")
    )
    mine = {one.id for one, _ in choices.senders(session, owner)}
    prefer = tuple(dict.fromkeys(one for place in range(1, 5) if (one := visitor.said(f"prefer{place}"))))
    if not mine.issuperset(prefer):
        raise BadInput("is no number", field="prefer", remedy="Choose one of the list.")
    wanted = Wanted(seats, parents, hosting, prefer, bool(visitor.said("fallback")))
    whose = visitor.world.vault.reference(owner.id, visitor.actor.name)
    now = visitor.world.now()
    routing.set_policy(session, owner, visitor.said("purpose"), wanted, visitor.actor.name, now, whose)
    return "/console/routes"


def _sender(visitor: Visitor, session: Session, owner: Controller, name: str) -> Sender:
    """The number that a field names. Raises `BadInput`."""
    found = session.get(Sender, visitor.typed(name))
    if found is None or found.controller_id != owner.id:
        raise BadInput("is no number", field=name, remedy="Choose one of the list.")
    return found


def _plan(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    """What a switch, or the return of one, would do; without any number, the choice of them."""
    accept, back = bool(visitor.typed("accept")), visitor.typed("back")
    facts = {"accept": accept, "map": visitor.typed("map"), "back": back, "senders": choices.senders(session, owner)}
    if back:
        row = switching.last(session, owner, _sender(visitor, session, owner, "back"))
        return {**facts, "plan": switching.way_back(visitor.world, session, row, accept=accept)}
    if not visitor.typed("from") and not visitor.typed("to"):
        return {**facts, "plan": None}
    here, there = (_sender(visitor, session, owner, name) for name in ("from", "to"))
    try:
        names = parity.mapping(visitor.typed("map").split())
    except BadInput:
        names = {}  # it is told above the form
    return {**facts, "plan": switch_plan.plan(visitor.world, session, here, there, names, accept=accept)}


def _switch(visitor: Visitor, session: Session, owner: Controller) -> Made:
    here, there = (_sender(visitor, session, owner, name) for name in ("from", "to"))
    names = parity.mapping(visitor.said("map").split())
    accept = bool(visitor.said("accept"))
    done = switching.switch(visitor.world, session, here, there, visitor.actor.name, names, accept=accept)
    return Made("/console/routes#switches", done.id)


def _return(visitor: Visitor, session: Session, owner: Controller) -> Made:
    """The last switch of a number."""
    row = switching.last(session, owner, _sender(visitor, session, owner, "back"))
    accept = bool(visitor.said("accept"))
    done = switching.give_back(visitor.world, session, row, visitor.actor.name, accept=accept)
    return Made("/console/routes#switches", done.id)
