# SPDX-License-Identifier: Apache-2.0
"""After a restore nobody knows what has left since the backup. So nothing of before goes out again by itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CursorResult, update
from sqlmodel import Session, col, select

from hub.contract import BadInput
from hub.flows.campaigns import restored
from hub.flows.states import CampaignState, State
from hub.flows.world import World
from hub.store.ledger import Chain
from hub.store.tables import Campaign, MessageRow

REASON = "restored"
_OVER = (CampaignState.CANCELLED, CampaignState.DONE)


def freeze(world: World, session: Session, controller_id: str) -> tuple[int, list[str]]:
    """Waiting messages become unknown and campaigns paused. Returns how many, and the ids of the campaigns.

    The CRM is told nothing: it may know better how the messages ended.
    """
    unclear = 0
    for states, reason in (((State.AUTHORISED,), "interrupted"), ((State.QUEUED, State.HELD), REASON)):
        waiting = (col(MessageRow.controller_id) == controller_id, col(MessageRow.state).in_(states))
        values = {"state": State.UNKNOWN, "reason": reason, "owner": "", "changed_at": world.now()}
        done: CursorResult[Any] = session.execute(update(MessageRow).where(*waiting).values(**values))  # type: ignore[assignment]
        unclear += done.rowcount
    mine = (Campaign.controller_id == controller_id, Campaign.paused_from == "")
    paused = session.exec(select(Campaign).where(*mine, col(Campaign.state).not_in(_OVER))).all()
    for campaign in paused:
        campaign.paused_from, campaign.state = campaign.state, CampaignState.PAUSED
        session.add(campaign)
    return unclear, [campaign.id for campaign in paused]


def paused(session: Session, controller_id: str) -> list[Campaign]:
    """Campaigns that wait for a person since a restore."""
    mine = select(Campaign).where(Campaign.controller_id == controller_id, Campaign.state == CampaignState.PAUSED)
    return [one for one in session.exec(mine.order_by(col(Campaign.created_at))) if restored(one)]


def release(world: World, session: Session, campaign: Campaign, by: str) -> int:
    """Let a campaign go on where the backup knew it; returns how many messages wait again. What somebody had paused
    before is paused still.

    For somebody who knows that nothing of it left after the backup: what did leave would be sent twice. Raises
    `BadInput`.
    """
    if not restored(campaign):
        remedy = "Only what rests since a restore can be released; see `hub campaign resume`."
        raise BadInput(f"is {campaign.state}", field="campaign", remedy=remedy)
    if not by.strip():
        raise BadInput("is empty", field="by", remedy="Say who answers for it.")
    now = world.now()
    chain = Chain(session, campaign.controller_id, now)
    unclear = (col(MessageRow.campaign_id) == campaign.id, col(MessageRow.state) == State.UNKNOWN)
    values = {"state": State.QUEUED, "reason": "", "changed_at": now}
    again: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        update(MessageRow).where(*unclear, col(MessageRow.reason) == REASON).values(**values)
    )
    campaign.state, campaign.paused_from = campaign.paused_from, ""
    campaign.released_by = by.strip()
    session.add(campaign)
    chain.event("campaign_released", now, {"campaign": campaign.id, "messages": again.rowcount})
    chain.write()
    return again.rowcount
