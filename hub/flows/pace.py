# SPDX-License-Identifier: Apache-2.0
"""What a sender may do from now on, as far as rows tell: the input of a forecast."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, func, select

from hub.contract import Purpose
from hub.flows.forecast import Canary, Pace
from hub.flows.states import State
from hub.flows.steering import MOVING
from hub.flows.world import World
from hub.store.tables import Campaign, Connection, MessageRow, OpeningHour, Sender

_KEPT = 0.98  # of the rate: the limiter keeps a margin, so that no second at the provider holds more


def of(world: World, session: Session, campaign: Campaign, tier: int | None = None) -> Pace:
    """`tier`: people that the platform lets the account begin with in any 24 hours; None: as its connection says."""
    sender = session.get_one(Sender, campaign.sender_id)
    most = session.get_one(Connection, sender.connection_id).tier if tier is None else tier
    policy = world.policy_for(campaign.controller_id)
    keeps = policy is not None and (policy.quiet_hours.enforce or not campaign.any_hour)
    return Pace(
        rate=sender.rate * _KEPT,
        tier=most,
        reached=_reached(session, sender.connection_id, world.now()) if most is not None else (),
        others=_others(session, campaign, world.now()),
        hours=policy.quiet_hours if policy and keeps and campaign.purpose == Purpose.MARKETING else None,
    )


def canary(campaign: Campaign) -> Canary | None:
    return Canary(campaign.canary, timedelta(seconds=campaign.canary_wait_s)) if campaign.canary else None


def _others(session: Session, campaign: Campaign, now: datetime) -> tuple[int, ...]:
    """What each other campaign of the sender has to send now."""
    queued = (MessageRow.sender_id == campaign.sender_id, MessageRow.state == State.QUEUED)
    due = (col(MessageRow.next_attempt_at) <= now, MessageRow.campaign_id != campaign.id)
    rows = session.exec(
        select(MessageRow.campaign_id, func.count())
        .join(Campaign, col(Campaign.id) == col(MessageRow.campaign_id))
        .where(*queued, *due, col(Campaign.state).in_(MOVING))
        .group_by(col(MessageRow.campaign_id))
    ).all()
    return tuple(count for _, count in rows)


def _reached(session: Session, connection_id: str, now: datetime) -> tuple[tuple[datetime, int], ...]:
    """People whom the account began to write to, at the end of each hour: until then all of it counts."""
    since = now - timedelta(hours=25)
    mine = select(OpeningHour).where(OpeningHour.connection_id == connection_id, OpeningHour.hour >= _hour(since))
    rows = session.exec(mine.order_by(col(OpeningHour.hour)))
    return tuple((datetime.fromtimestamp((row.hour + 1) * 3600, UTC), row.people) for row in rows)


def _hour(at: datetime) -> int:
    return int(at.timestamp()) // 3600
