# SPDX-License-Identifier: Apache-2.0
"""A canary: a few people, drawn by lot, go first. The others wait for how these fare.

Messages of the second wave have no time, so that nobody claims them before they are let go.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import timedelta

from sqlmodel import Session, col, func, select

from hub.flows import placing, variants, watch
from hub.flows.states import State
from hub.flows.steering import Why
from hub.flows.watch import Rules
from hub.flows.world import World
from hub.store.sets import among
from hub.store.tables import Campaign, MessageRow

PAGE = 500
FIRST, REST = 0, 1
_UNDER_WAY = (State.QUEUED, State.AUTHORISED)


def open_canary(world: World, session: Session, campaign: Campaign) -> None:
    """Let the first go. Who has nobody behind them is no canary, and goes with all."""
    chosen = heapq.nsmallest(campaign.canary, _lots(session, campaign))
    ids = [message_id for _, message_id in chosen]
    places = placing.of(world, campaign)
    for start in range(0, len(ids), PAGE):
        rows = session.exec(select(MessageRow).where(among(col(MessageRow.id), ids[start : start + PAGE])))
        placing.place(session, places, rows, FIRST)
    campaign.canary_at = world.now()
    session.add(campaign)


def _lots(session: Session, campaign: Campaign) -> Iterator[tuple[float, str]]:
    """Every message that is ready, with its lot; read as a stream."""
    ready = select(MessageRow.contact_id, MessageRow.id).where(
        MessageRow.campaign_id == campaign.id, MessageRow.state == State.QUEUED
    )
    for contact_id, message_id in session.exec(ready.execution_options(yield_per=PAGE)):
        yield variants.lot(campaign.id, contact_id, "canary"), message_id


def waiting(campaign: Campaign) -> bool:
    """Has it people that wait for the first ones?"""
    return campaign.canary_at is not None and campaign.rest_at is None


def judge(world: World, session: Session, campaign: Campaign) -> tuple[Why, str] | bool:
    """How the first ones fared: True when the rest may go, False when it is too early to say, else the broken rule."""
    first = (MessageRow.campaign_id == campaign.id, MessageRow.wave == FIRST)
    under_way = select(MessageRow.id).where(*first, col(MessageRow.state).in_(_UNDER_WAY)).limit(1)
    if session.exec(under_way).first() is not None:
        return False
    last = session.exec(select(func.max(MessageRow.authorised_at)).where(*first)).one()
    if last is None:
        return Why.CANARY, f"none of the first {campaign.canary} could be written to"
    if world.now() < last + timedelta(seconds=campaign.canary_wait_s):
        return False
    rules = Rules.of(campaign)
    return watch.count(session, campaign, wave=FIRST).breach(rules, sample=1) or True


def let_go(world: World, session: Session, campaign: Campaign) -> None:
    """The rest may go; `release_page` gives it its times."""
    campaign.rest_at = world.now()
    session.add(campaign)


def release_page(world: World, session: Session, campaign: Campaign, after: str = "") -> str:
    """Give times to a page of those who waited, in the order of people's ids. Returns the last id; empty: all done."""
    rows = session.exec(
        select(MessageRow)
        .where(MessageRow.campaign_id == campaign.id, col(MessageRow.contact_id) > after)
        .where(col(MessageRow.next_attempt_at).is_(None), col(MessageRow.state).in_([State.QUEUED, State.HELD]))
        .order_by(col(MessageRow.contact_id))
        .limit(PAGE)
        .with_for_update()
    ).all()
    placing.place(session, placing.of(world, campaign, campaign.rest_at), rows, REST)
    return rows[-1].contact_id if rows else ""
