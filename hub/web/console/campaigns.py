# SPDX-License-Identifier: Apache-2.0
"""Campaigns: the list, one of them with its preview and progress, and what may be done to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select
from starlette.routing import Route

from hub.flows import campaigns, reach, results, steering
from hub.flows.records import explain
from hub.flows.roles import May
from hub.flows.states import CampaignState, State
from hub.store.tables import Campaign, Controller
from hub.web.console.live import Live
from hub.web.console.reading import table
from hub.web.console.rooms import Leaflet, NotFound, Rooms, Visitor

_PAGE = 50
# the way of a message, as a funnel: who got so far also passed what stands before
FUNNEL = (State.ACCEPTED, State.SENT, State.DELIVERED, State.READ)
DEEDS: dict[CampaignState, tuple[str, ...]] = {
    CampaignState.DRAFT: ("start", "approve", "cancel", "reach"),
    CampaignState.WAITING: ("approve", "cancel", "reach"),
    CampaignState.STAGING: ("pause", "cancel"),
    CampaignState.RUNNING: ("pause", "cancel"),
    CampaignState.PAUSED: ("resume", "cancel"),
}


def routes(rooms: Rooms, live: Live) -> list[Route]:
    return [
        rooms.show("/console/campaigns", May.LOOK, "campaigns.html", _list),
        rooms.show("/console/campaigns/{id}", May.LOOK, "campaign.html", _whole),
        live.part("/console/campaigns/{id}/progress", May.LOOK, "campaign_progress.html", _one),
        rooms.show("/console/campaigns/{id}/preview", May.LOOK, "campaign_preview.html", _preview),
        rooms.hand("/console/campaigns/{id}/results.csv", May.LOOK, _export),
        rooms.act("/console/campaigns/{id}/reach", May.CAMPAIGN, "campaign.reach", _reach),
        rooms.act("/console/campaigns/{id}/start", May.CAMPAIGN, "campaign.start", _start, ask=_size),
        rooms.act("/console/campaigns/{id}/approve", May.APPROVE, "campaign.approve", _steered(steering.approve)),
        rooms.act("/console/campaigns/{id}/pause", May.CAMPAIGN, "campaign.pause", _steered(steering.pause)),
        rooms.act("/console/campaigns/{id}/resume", May.CAMPAIGN, "campaign.resume", _steered(steering.resume)),
        rooms.act("/console/campaigns/{id}/cancel", May.CAMPAIGN, "campaign.cancel", _steered(steering.cancel)),
    ]


def _list(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    mine = select(Campaign).where(Campaign.controller_id == owner.id)
    if state := visitor.query.get("state", ""):
        mine = mine.where(Campaign.state == state)
    if before := visitor.query.get("before", ""):
        mine = mine.where(col(Campaign.id) < before)
    rows = session.exec(mine.order_by(col(Campaign.id).desc()).limit(_PAGE + 1)).all()
    more = rows[_PAGE - 1].id if len(rows) > _PAGE else ""
    return {"rows": rows[:_PAGE], "more": more, "state": state, "states": list(CampaignState)}


def _one(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    found = _find(visitor, session, owner)
    progress = campaigns.progress(session, found)
    states, total = progress.states, sum(progress.states.values())
    passed = {step: sum(states.get(later, 0) for later in FUNNEL[FUNNEL.index(step) :]) for step in FUNNEL}
    words = {code: explain(code, visitor.language) for code in progress.refused}
    return {
        "one": found,
        "states": states,
        "total": total,
        "funnel": [(str(step), passed[step], 100 * passed[step] / total if total else 0.0) for step in FUNNEL],
        "refused": sorted(progress.refused.items(), key=lambda pair: -pair[1]),
        "words": words,
        "moving": found.state in steering.MOVING,
        "deeds": DEEDS.get(CampaignState(found.state), ()),
    }


def _whole(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    found = _one(visitor, session, owner)
    progress = campaigns.progress(session, found["one"])
    outlook = found["one"].outlook
    told = datetime.fromisoformat(outlook["at"]) if outlook else None
    found |= {"ahead": reach.ahead(found["one"]), "outlook": outlook, "told": told}
    return {**found, "variants": results.by_variant(session, progress), "waves": results.by_wave(progress)}


def _export(visitor: Visitor, session: Session, owner: Controller) -> Leaflet:
    """All counts in one table: by template, by wave, and by reason where nothing was sent."""
    found = _find(visitor, session, owner)
    progress = campaigns.progress(session, found)
    kinds = (("template", results.by_variant(session, progress)), ("wave", results.by_wave(progress)))
    plain = [{"kind": kind, **one.plain()} for kind, listed in kinds for one in listed]
    plain += [{"kind": "refused", "name": code, "messages": count} for code, count in sorted(progress.refused.items())]
    headings = list(plain[0])
    rows = [["" if (cell := one.get(name)) is None else cell for name in headings] for one in plain]
    return table(f"campaign-{found.id}", headings, rows)


def _preview(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    found = _find(visitor, session, owner)
    seen = visitor.hands.preview(found)
    blocked = [(code, count, explain(code, visitor.language)) for code, count in seen.blocked.most_common()]
    cost = [(currency, seen.cost.low[currency], high) for currency, high in sorted(seen.cost.high.items())]
    return {"one": found, "seen": seen, "blocked": blocked, "cost": cost, "zone": _zone(visitor, owner)}


def _zone(visitor: Visitor, owner: Controller) -> str:
    policy = visitor.world.policy_for(owner.id)
    return policy.quiet_hours.zone if policy else "UTC"


def _size(visitor: Visitor, session: Session, owner: Controller) -> int | None:
    found = _find(visitor, session, owner)
    return visitor.hands.size(found) if visitor.world.settings.approval_above else None


def _start(visitor: Visitor, session: Session, owner: Controller) -> str:
    found = _find(visitor, session, owner)
    steering.start(visitor.world, session, found, by=visitor.actor.name, size=visitor.asked)
    return f"/console/campaigns/{found.id}"


def _reach(visitor: Visitor, session: Session, owner: Controller) -> str:
    found = _find(visitor, session, owner)
    reach.ask(visitor.world, session, found)
    return f"/console/campaigns/{found.id}"


def _steered(how: Callable[..., object]) -> Callable[[Visitor, Session, Controller], str]:
    def deed(visitor: Visitor, session: Session, owner: Controller) -> str:
        found = _find(visitor, session, owner)
        how(visitor.world, session, found, visitor.actor.name)
        return f"/console/campaigns/{found.id}"

    return deed


def _find(visitor: Visitor, session: Session, owner: Controller) -> Campaign:
    found = session.get(Campaign, visitor.path["id"])
    if found is None or found.controller_id != owner.id:
        raise NotFound
    return found
