# SPDX-License-Identifier: Apache-2.0
"""What waits at a sender, and whose turn it is: by priority, and fairly between campaigns.

A message waits as long as it has a time to go. Answers and other single messages stand in line by priority. Campaigns
of one priority share what is left equally, so that a small one does not wait for the end of a large one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain as chained
from itertools import zip_longest
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from hub.contract import Purpose
from hub.flows.states import PRIORITY, CampaignState, State
from hub.store.tables import Campaign, Connection, MessageRow, Sender

WAITING = (State.QUEUED, State.HELD)
_SENDING = (CampaignState.STAGING, CampaignState.RUNNING)

Waiting = Any  # a row of `_COLUMNS`: objects would cost three times as much
_COLUMNS: Any = select(
    col(MessageRow.id),
    col(MessageRow.contact_id),
    col(MessageRow.point_id),
    col(MessageRow.campaign_id),
    col(MessageRow.purpose),
    col(MessageRow.topic),
    col(MessageRow.text),
    col(MessageRow.template),
    col(MessageRow.language),
    col(MessageRow.approved_category),
    col(MessageRow.parameters),
    col(MessageRow.evidence),
    col(MessageRow.basis),
    col(MessageRow.priority),
).where(col(MessageRow.state).in_(WAITING))


def sending(session: Session, sender_id: str) -> list[Campaign]:
    """The campaigns of a sender that may send. One that is paused waits as it is."""
    mine = select(Campaign).where(col(Campaign.sender_id) == sender_id, col(Campaign.state).in_(_SENDING))
    return list(session.scalars(mine.order_by(col(Campaign.id))))


def pick(
    session: Session, sender_id: str, campaigns: Sequence[Campaign], now: datetime, limit: int, turn: int
) -> list[Waiting]:
    """Up to `limit` messages that are due, locked. `turn` says which campaign begins, so that none always does."""
    single = list(session.execute(_locked(_single(sender_id, now).order_by(*_IN_LINE), limit)))
    urgent = {row.priority for row in single}
    picked: list[Waiting] = []
    for priority in sorted(urgent | {_priority(campaign) for campaign in campaigns}):
        left = limit - len(picked)
        if left <= 0:
            break
        of_this = [campaign for campaign in campaigns if _priority(campaign) == priority]
        start = turn % len(of_this) if of_this else 0
        queues = [[row for row in single if row.priority == priority]]
        queues += [_of(session, campaign.id, now, left) for campaign in of_this[start:] + of_this[:start]]
        picked += list(_in_turn(queues))[:left]
    return picked


def _priority(campaign: Campaign) -> int:
    return PRIORITY[Purpose(campaign.purpose)]


_IN_LINE = (col(MessageRow.priority), col(MessageRow.next_attempt_at), col(MessageRow.id))


def _single(sender_id: str, now: datetime) -> Any:
    mine = (col(MessageRow.sender_id) == sender_id, col(MessageRow.campaign_id).is_(None))
    return _COLUMNS.where(*mine, col(MessageRow.next_attempt_at) <= now)


def _campaigns(campaign_id: str, now: datetime) -> Any:
    return _COLUMNS.where(col(MessageRow.campaign_id) == campaign_id, col(MessageRow.next_attempt_at) <= now)


def _of(session: Session, campaign_id: str, now: datetime, limit: int) -> list[Waiting]:
    oldest = _campaigns(campaign_id, now).order_by(col(MessageRow.next_attempt_at), col(MessageRow.id))
    return list(session.execute(_locked(oldest, limit)))


def _locked(statement: Any, limit: int) -> Any:
    return statement.limit(limit).with_for_update(skip_locked=True)


def _in_turn(queues: Iterable[Sequence[Waiting]]) -> Iterator[Waiting]:
    return (row for row in chained.from_iterable(zip_longest(*queues)) if row is not None)


def due(session: Session, sender_id: str, now: datetime) -> bool:
    """Does a sender have anything to claim?"""
    if session.execute(_single(sender_id, now).limit(1)).first() is not None:
        return True
    campaigns = sending(session, sender_id)
    return any(session.execute(_campaigns(one.id, now).limit(1)).first() is not None for one in campaigns)


def pause_of(session: Session, sender: Sender, now: datetime) -> float:
    """Seconds for which the sender or its account rests; infinite where a human must act. 0: it may send."""
    connection = session.get_one(Connection, sender.connection_id)
    if connection.paused_why or sender.paused_why:
        return math.inf
    return max(0.0, (sender.paused_until - now).total_seconds()) if sender.paused_until else 0.0
