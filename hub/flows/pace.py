# SPDX-License-Identifier: Apache-2.0
"""What a sender may do from now on, as far as rows tell: the input of a forecast."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from hub.contract import Purpose
from hub.flows.forecast import Canary, Pace
from hub.flows.states import MAY_HAVE_ARRIVED, State
from hub.flows.steering import MOVING
from hub.flows.world import World
from hub.store.tables import Campaign, Connection, MessageRow, Sender

_DAY = timedelta(days=1)
_PAGE = 5000
_KEPT = 0.98  # of the rate: the limiter keeps a margin, so that no second at the provider holds more


def of(world: World, session: Session, campaign: Campaign, tier: int | None = None) -> Pace:
    """`tier`: people that the platform lets the account begin with in any 24 hours; None: what is set for it."""
    sender = session.get_one(Sender, campaign.sender_id)
    tier = tier if tier is not None else session.get_one(Connection, sender.connection_id).tier
    policy = world.policy_for(campaign.controller_id)
    keeps = policy is not None and (policy.quiet_hours.enforce or not campaign.any_hour)
    return Pace(
        rate=sender.rate * _KEPT,
        tier=tier,
        reached=_reached(session, sender, world.now()) if tier is not None else (),
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


def _reached(session: Session, sender: Sender, now: datetime) -> tuple[tuple[datetime, int], ...]:
    """Messages of the account in the last 24 hours, by minute; each counts as a person of its own."""
    senders = select(Sender.id).where(Sender.connection_id == sender.connection_id)
    times = session.exec(
        select(MessageRow.authorised_at)
        .where(col(MessageRow.sender_id).in_(senders), col(MessageRow.state).in_(MAY_HAVE_ARRIVED))
        .where(col(MessageRow.authorised_at) > now - _DAY)
        .execution_options(yield_per=_PAGE)
    )
    counted = Counter(at.replace(second=0, microsecond=0) for at in times if at is not None)
    return tuple(sorted(counted.items()))
