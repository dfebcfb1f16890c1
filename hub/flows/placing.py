# SPDX-License-Identifier: Apache-2.0
"""When a campaign's message goes out, by the clock of whoever receives it: at a stated time, and not in quiet hours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import Session, col

from hub.contract import Purpose
from hub.flows.points import zone_of
from hub.flows.world import World
from hub.law.hours import is_quiet, loud_from, strikes
from hub.law.policy import QuietHours
from hub.store.sets import among
from hub.store.tables import Campaign, Contact, ContactPoint, MessageRow

_DAYS = 8  # whoever has no such hour within them has none


@dataclass(frozen=True, slots=True)
class Placing:
    """One campaign's wishes, for everybody who is let go at `after`. `hours` None: no policy can be read, so no hours.

    The gate holds whatever comes too late for the hours all the same.
    """

    after: datetime
    now: datetime
    hours: QuietHours | None
    keeps: bool
    wall: time | None
    _known: dict[str, datetime] = field(default_factory=dict)

    def at(self, zone: str) -> datetime:
        """When somebody in `zone` may get it; empty: the policy's zone."""
        if zone not in self._known:
            self._known[zone] = self._find(zone)
        return self._known[zone]

    def _find(self, zone: str) -> datetime:
        if self.hours is None:
            return max(self.after, self.now)
        there = zone or self.hours.zone
        at = self.after if self.wall is None else self._strike(self.wall, there)
        at = max(at, self.now)
        return loud_from(self.hours, there, at) if self.keeps else at

    def _strike(self, wall: time, zone: str) -> datetime:
        """The first such hour that is not quiet: on a quiet Sunday, that of Monday."""
        assert self.hours is not None
        first = at = strikes(wall, zone, self.after)
        for _ in range(_DAYS):
            if not self.keeps or not is_quiet(self.hours, at.astimezone(ZoneInfo(zone))):
                return at
            at = strikes(wall, zone, at + timedelta(seconds=1))
        return first


def of(world: World, campaign: Campaign, after: datetime | None = None, now: datetime | None = None) -> Placing:
    """`after`: when the messages are let go, else the campaign's start. `now`: for a plan, else by the clock."""
    policy = world.policy_for(campaign.controller_id)
    hours = policy.quiet_hours if policy else None
    keeps = campaign.purpose == Purpose.MARKETING and hours is not None and (hours.enforce or not campaign.any_hour)
    wall = time.fromisoformat(campaign.local_time) if campaign.local_time else None
    now = now or world.now()
    return Placing(after or campaign.start_at or now, now, hours, keeps, wall)


def zones(session: Session, point_ids: Iterable[str]) -> dict[str, str]:
    """Where the people behind contact points live, by point."""
    point = (col(ContactPoint.id), col(ContactPoint.country), col(ContactPoint.zone))
    rows = session.execute(
        select(*point, col(Contact.country), col(Contact.residence_stated))
        .join(Contact, col(ContactPoint.contact_id) == col(Contact.id))
        .where(among(col(ContactPoint.id), point_ids))
    )
    return {point_id: zone_of(country, stated, of_point, zone) for point_id, of_point, zone, country, stated in rows}


def place(session: Session, placing: Placing, rows: Iterable[MessageRow], wave: int) -> None:
    """Give waiting messages their time."""
    found = list(rows)
    known = zones(session, [row.point_id for row in found])
    for row in found:
        row.wave, row.next_attempt_at = wave, placing.at(known.get(row.point_id, ""))
        session.add(row)
    session.flush()
