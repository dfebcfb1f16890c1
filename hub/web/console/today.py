# SPDX-License-Identifier: Apache-2.0
"""The first page: what runs, and what waits for a person."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session
from starlette.routing import Route

from hub.flows import attention, guide
from hub.flows.roles import May
from hub.store.tables import Controller
from hub.web.console.live import Live
from hub.web.console.rooms import Rooms, Visitor

# where somebody goes who wants to see to it
_PAGES = {
    "reviews": "/console/reviews",
    "campaign_waiting": "/console/campaigns/{}",
    "campaign_paused": "/console/campaigns/{}",
    "connection_paused": "/console/connections/{}",
    "sender_paused": "/console/connections/{}",
    "record_changed": "/console/record",
    "record_review": "/console/record",
    "rights_late": "/console/rights",
    "rights_due": "/console/rights",
    "rights_systems": "/console/rights?show=all",
    "reports_failed": "/console/connections/{}",
    "events_paused": "/console/events",
    "events_failing": "/console/events",
    "events_parked": "/console/events",
    "events_lost": "/console/events",
}


def routes(rooms: Rooms, live: Live) -> list[Route]:
    return [
        rooms.show("/console", May.LOOK, "today.html", _today),
        live.part("/console/today/now", May.LOOK, "today_now.html", _now),
    ]


def _today(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    waits = [
        (one, _PAGES.get(one.what, "").format(one.about)) for one in attention.waiting(visitor.world, session, owner)
    ]
    left = [f"step_{step.name}" for step in guide.steps(visitor.world, session, owner) if not step.done]
    return {"waits": waits, "left": left, **_now(visitor, session, owner)}


def _now(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    return {"now": attention.today(visitor.world, session, owner)}
