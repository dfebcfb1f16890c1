# SPDX-License-Identifier: Apache-2.0
"""What waits at a sender, and whose turn it is: by priority, and fairly between campaigns.

A message waits as long as it has a time to go. Answers and other single messages stand in line by priority. Campaigns
of one priority share what is left equally, so that a small one does not wait for the end of a large one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain as chained
from itertools import zip_longest
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from hub.contract import Purpose
from hub.flows.lanes import Lane
from hub.flows.states import PRIORITY, CampaignState, State
from hub.store.direct import fetch, table
from hub.store.tables import Campaign, Connection, MessageRow, Sender
from hub.store.tables.columns import UtcTime

WAITING = (State.QUEUED, State.HELD)
_SENDING = (CampaignState.STAGING, CampaignState.RUNNING)

_MESSAGE = table(MessageRow).c
Waiting = Any  # a row of `_COLUMNS`: objects would cost three times as much
_COLUMNS: Any = select(
    _MESSAGE.id,
    _MESSAGE.contact_id,
    _MESSAGE.point_id,
    _MESSAGE.campaign_id,
    _MESSAGE.purpose,
    _MESSAGE.topic,
    _MESSAGE.text,
    _MESSAGE.template,
    _MESSAGE.language,
    _MESSAGE.approved_category,
    _MESSAGE.parameters,
    _MESSAGE.evidence,
    _MESSAGE.basis,
    _MESSAGE.priority,
).where(_MESSAGE.state.in_(WAITING), _MESSAGE.next_attempt_at <= bindparam("now", type_=UtcTime))
_SINGLE = (
    _COLUMNS.where(_MESSAGE.sender_id == bindparam("sender"), _MESSAGE.campaign_id.is_(None))
    .order_by(_MESSAGE.priority, _MESSAGE.next_attempt_at, _MESSAGE.id)
    .limit(bindparam("most"))
)
_OF_CAMPAIGN = (
    _COLUMNS.where(_MESSAGE.campaign_id == bindparam("campaign"))
    .order_by(_MESSAGE.next_attempt_at, _MESSAGE.id)
    .limit(bindparam("most"))
)


@lru_cache
def _statements(index: int, of: int) -> tuple[Any, Any, Any, Any]:
    """For one lane: single messages and those of a campaign, each to look at and to lock."""
    lane = Lane("", index, of)
    plain = [lane.only(one, _MESSAGE.contact_id) for one in (_SINGLE, _OF_CAMPAIGN)]
    return (*plain, *(one.with_for_update(skip_locked=True) for one in plain))


def sending(session: Session, sender_id: str) -> list[Campaign]:
    """The campaigns of a sender that may send. One that is paused waits as it is."""
    mine = select(Campaign).where(col(Campaign.sender_id) == sender_id, col(Campaign.state).in_(_SENDING))
    return list(session.scalars(mine.order_by(col(Campaign.id))))


def pick(
    session: Session, lane: Lane, campaigns: Sequence[Campaign], now: datetime, limit: int, turn: int
) -> list[Waiting]:
    """Up to `limit` messages that are due, locked. `turn` says which campaign begins, so that none always does."""
    _, _, alone, of_campaign = _statements(lane.index, lane.of)
    single = fetch(session, alone, sender=lane.sender_id, now=now, most=limit)
    urgent = {row.priority for row in single}
    picked: list[Waiting] = []
    for priority in sorted(urgent | {_priority(campaign) for campaign in campaigns}):
        left = limit - len(picked)
        if left <= 0:
            break
        of_this = [campaign for campaign in campaigns if _priority(campaign) == priority]
        start = turn % len(of_this) if of_this else 0
        queues: list[Sequence[Waiting]] = [[row for row in single if row.priority == priority]]
        queues += [
            fetch(session, of_campaign, campaign=campaign.id, now=now, most=left)
            for campaign in of_this[start:] + of_this[:start]
        ]
        picked += list(_in_turn(queues))[:left]
    return picked


def _priority(campaign: Campaign) -> int:
    return PRIORITY[Purpose(campaign.purpose)]


def _in_turn(queues: Iterable[Sequence[Waiting]]) -> Iterator[Waiting]:
    return (row for row in chained.from_iterable(zip_longest(*queues)) if row is not None)


def due(session: Session, lane: Lane, now: datetime) -> bool:
    """Does a lane have anything to claim?"""
    alone, of_campaign, *_ = _statements(lane.index, lane.of)
    if fetch(session, alone, sender=lane.sender_id, now=now, most=1):
        return True
    campaigns = sending(session, lane.sender_id)
    return any(fetch(session, of_campaign, campaign=one.id, now=now, most=1) for one in campaigns)


def pause_of(session: Session, sender: Sender, now: datetime) -> float:
    """Seconds for which the sender or its account rests; infinite where a human must act. 0: it may send."""
    connection = session.get_one(Connection, sender.connection_id)
    if connection.paused_why or sender.paused_why:
        return math.inf
    return max(0.0, (sender.paused_until - now).total_seconds()) if sender.paused_until else 0.0
