# SPDX-License-Identifier: Apache-2.0
"""What a campaign would come to: who is reached, why the others are not, until when, and for how much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, select

from hub.contract import PlatformCategory
from hub.flows import pace, placing, prices
from hub.flows.forecast import Forecast, Pace, forecast
from hub.flows.prices import Charged, Cost
from hub.flows.staging import Asked, Stager
from hub.flows.states import NOT_HELD
from hub.flows.world import World
from hub.law.facts import Verdict
from hub.store.sets import among
from hub.store.tables import Campaign, ContactPoint, Controller


@dataclass(slots=True)
class Preview:
    """What a campaign would come to. `reachable` counts people, `audience` counts records of the CRM."""

    audience: int = 0
    reachable: int = 0
    same_person: int = 0  # records of somebody who is in the audience already
    blocked: Counter[str] = field(default_factory=Counter)
    held: int = 0  # of the blocked: may go later by themselves
    zones: Counter[str] = field(default_factory=Counter)  # the reachable by time zone; empty: not known
    variants: Counter[str] = field(default_factory=Counter)
    charged: Charged = field(default_factory=Charged)
    forecast: Forecast = field(default_factory=lambda: Forecast(None, None))
    pace: Pace | None = None
    cost: Cost = field(default_factory=Cost)


def preview_page(stager: Stager, records: Sequence[str], seen: set[str], preview: Preview) -> list[Asked]:
    """Count a page of members, and say what the gate answered about each. Nobody is written to, nothing is stored."""
    preview.audience += len(records)
    preview.same_person += len(records) - len(set(records))
    found, absent = stager.ask(records)
    if absent:
        preview.blocked[NOT_HELD] += len(absent)
    countries = _countries(stager.session, [item.point_id for item in found])
    for item in found:
        if item.person.id in seen:
            preview.same_person += 1
            continue
        seen.add(item.person.id)
        if item.decision.allowed:
            preview.reachable += 1
            preview.zones[item.person.zone] += 1
            preview.variants[item.variant.name] += 1
        else:
            preview.blocked[item.decision.reasons[0]] += 1
        _charge(preview, item, countries.get(item.point_id, ""))
    return found


def _charge(preview: Preview, item: Asked, country: str) -> None:
    """A utility template is free while a customer's message may be answered (Meta, pricing since July 2025)."""
    waits = item.decision.verdict in (Verdict.HOLD, Verdict.ERROR)
    preview.held += waits
    if not (item.decision.allowed or waits):
        return
    free = item.variant.approved_category == PlatformCategory.UTILITY and item.person.last_inbound_at is not None
    counted = preview.charged.maybe if waits or free else preview.charged.sure
    counted[country, item.variant.approved_category] += 1


def _countries(session: Session, point_ids: list[str]) -> dict[str, str]:
    rows = select(ContactPoint.id, ContactPoint.country).where(among(col(ContactPoint.id), point_ids))
    return dict(session.exec(rows).all())


def conclude(
    world: World,
    session: Session,
    campaign: Campaign,
    preview: Preview,
    tier: int | None = None,
    at: datetime | None = None,
) -> None:
    """Everybody was asked about: when it will be over if it starts at `at`, and what it costs. `tier` as in `pace`."""
    begin = max(at or campaign.start_at or world.now(), world.now())
    preview.pace = pace.of(world, session, campaign, tier)

    def place(zone: str, after: datetime) -> datetime:
        return placing.of(world, campaign, after, now=after).at(zone)

    preview.forecast = forecast(preview.zones, place, preview.pace, begin, pace.canary(campaign))
    controller = session.get_one(Controller, campaign.controller_id)
    preview.cost = prices.cost(preview.charged, prices.current(session, controller, begin.date()))
