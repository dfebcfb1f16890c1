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
from hub.web.console.rooms import NotFound, Rooms, Visitor

_PAGE = 50


def routes(rooms: Rooms) -> list[Route]:
    again = ("routes.html", _show)
    return [
        rooms.show("/console/routes", May.LOOK, "routes.html", _show),
        rooms.show("/console/routes/plan", May.PROVIDE, "route_plan.html", _plan),
        rooms.show("/console/routes/{id}/return", May.PROVIDE, "route_plan.html", _way_back),
        rooms.act("/console/routes", May.PROVIDE, "route.set", _set, again=again),
        rooms.act("/console/routes/switch", May.PROVIDE, "route.switch", _switch, again=("route_plan.html", _plan)),
        rooms.act(
            "/console/routes/{id}/return", May.PROVIDE, "route.return", _return, again=("route_plan.html", _way_back)
        ),
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


def _sides(visitor: Visitor, session: Session, owner: Controller) -> tuple[Sender, Sender]:
    mine = {one.id: one for one in session.exec(select(Sender).where(Sender.controller_id == owner.id))}
    chosen = [mine.get(visitor.typed(name)) for name in ("from", "to")]
    if chosen[0] is None or chosen[1] is None:
        raise NotFound
    return chosen[0], chosen[1]


def _plan(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    here, there = _sides(visitor, session, owner)
    accept = bool(visitor.typed("accept"))
    try:
        names = parity.mapping(visitor.typed("map").split())
    except BadInput:
        names = {}  # it is told above the form
    plan = switch_plan.plan(visitor.world, session, here, there, names, accept=accept)
    return {"plan": plan, "accept": accept, "map": visitor.typed("map"), "back": ""}


def _switch(visitor: Visitor, session: Session, owner: Controller) -> str:
    here, there = _sides(visitor, session, owner)
    names = parity.mapping(visitor.said("map").split())
    accept = bool(visitor.said("accept"))
    switching.switch(visitor.world, session, here, there, visitor.actor.name, names, accept=accept)
    return "/console/routes#switches"


def _way_back(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    row, accept = _row(visitor, session, owner), bool(visitor.typed("accept"))
    plan = switching.way_back(visitor.world, session, row, accept=accept)
    return {"plan": plan, "accept": accept, "map": "", "back": row.id}


def _return(visitor: Visitor, session: Session, owner: Controller) -> str:
    row = _row(visitor, session, owner)
    if row.returned_at is not None:
        raise BadInput("is back already", field="sender", remedy="Look at the list of switches.")
    accept = bool(visitor.said("accept"))
    switching.give_back(visitor.world, session, row, visitor.actor.name, accept=accept)
    return "/console/routes#switches"


def _row(visitor: Visitor, session: Session, owner: Controller) -> RouteSwitch:
    """The switch of the address, if it is the last one of its number."""
    row = session.get(RouteSwitch, visitor.path["id"])
    if row is None or row.controller_id != owner.id:
        raise NotFound
    last = switching.last(session, owner, session.get_one(Sender, row.from_sender_id))
    if last.id != row.id:
        raise BadInput("is not the last switch", field="sender", remedy="Return the later one first.")
    return row
