# SPDX-License-Identifier: Apache-2.0
"""What people and rules do to a campaign: start, approve, pause, resume, cancel. Each stands in the ledger.

A message leaves only while its campaign is staging or running, so that each of these is the change of one row.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CursorResult, update
from sqlmodel import Session, col

from hub.contract import BadInput
from hub.flows import happenings
from hub.flows.campaigns import locked, restored
from hub.flows.states import CANCELLED, CampaignState, State
from hub.flows.world import World
from hub.store.ledger import Chain
from hub.store.tables import Campaign, MessageRow

MOVING = (CampaignState.STAGING, CampaignState.RUNNING)


class Act(StrEnum):
    """What was done, as the ledger calls it."""

    STARTED = "campaign_started"
    APPROVED = "campaign_approved"
    PAUSED = "campaign_paused"
    RESUMED = "campaign_resumed"
    CANCELLED = "campaign_cancelled"


class Why(StrEnum):
    """Why a campaign is paused."""

    PERSON = "person"
    LATE = "late"
    ERRORS = "errors"
    OPT_OUTS = "opt_outs"
    QUALITY = "quality"
    CANARY = "canary"


_SEEN = (Why.ERRORS, Why.OPT_OUTS, Why.CANARY)  # whoever goes on then has seen how the first ones fared


def start(
    world: World,
    session: Session,
    campaign: Campaign,
    at: datetime | None = None,
    *,
    by: str = "",
    size: int | None = None,
) -> None:
    """Let a draft run, or wait for a second person. Raises `BadInput` when it runs already or has ended.

    `at`: else when the draft was planned for, or now. `size`: how many records the audience holds, where that is known.
    """
    chain, current = _take(world, session, campaign)
    if current.state != CampaignState.DRAFT:
        raise BadInput(_is(current), field="campaign", remedy=_remedy(current))
    current.start_at = at or max(current.start_at or world.now(), world.now())
    waits = needs_second(world, current, size or 0)
    current.state = CampaignState.WAITING if waits else CampaignState.STAGING
    _write(world, session, chain, current, Act.STARTED, by, start_at=current.start_at.isoformat())


def _is(campaign: Campaign) -> str:
    return f"is {campaign.state}{' since the database was restored' if restored(campaign) else ''}"


def _remedy(campaign: Campaign) -> str:
    if restored(campaign):
        return "See `hub restore release --help`, or cancel it."
    if campaign.state == CampaignState.PAUSED:
        return "See `hub campaign resume --help`, or cancel it."
    if campaign.state == CampaignState.WAITING:
        return "A second person approves it with `hub campaign approve`."
    return "Only a draft can be started; make a new one."


def needs_second(world: World, campaign: Campaign, people: int) -> bool:
    """Is it too large for one person to decide?"""
    most = world.settings.approval_above
    return bool(most) and people > most and not campaign.approved_by


def approve(world: World, session: Session, campaign: Campaign, by: str) -> None:
    """The second person's yes; a campaign that waits for it goes on. Raises `BadInput`."""
    chain, current = _take(world, session, campaign)
    name = _named(by)
    if current.state not in (CampaignState.DRAFT, CampaignState.WAITING):
        raise BadInput(f"is {current.state}", field="campaign", remedy="Only what has not begun can be approved.")
    if not current.created_by:
        raise BadInput("was made by nobody known", field="campaign", remedy="Make it anew with --by.")
    if name.casefold() == current.created_by.casefold():
        raise BadInput("made the campaign", field="by", remedy="Let a second person approve it.")
    current.approved_by = name
    if current.state == CampaignState.WAITING:
        current.state = CampaignState.STAGING
        current.start_at = max(current.start_at or world.now(), world.now())  # who approves decides that it is not late
    _write(world, session, chain, current, Act.APPROVED, name)


def pause(world: World, session: Session, campaign: Campaign, by: str) -> None:
    """Nothing of it leaves from the commit on, besides what is on its way. Raises `BadInput`."""
    chain, current = _take(world, session, campaign)
    name = _named(by)
    if current.state not in MOVING:
        raise BadInput(f"is {current.state}", field="campaign", remedy="Only what is staging or running can be paused.")
    _rest(current, Why.PERSON)
    _write(world, session, chain, current, Act.PAUSED, name, why=Why.PERSON)


def hold(world: World, session: Session, chain: Chain, campaign: Campaign, why: Why, note: str = "") -> bool:
    """A rule pauses it, and a person decides. False when it does not move anyway. The caller writes the chain."""
    current = locked(session, campaign.id)
    if current.state not in MOVING:
        return False
    _rest(current, why, note)
    _append(world, session, chain, current, Act.PAUSED, "", why=why, note=note)
    return True


def _rest(campaign: Campaign, why: Why, note: str = "") -> None:
    campaign.resumes_to, campaign.state = campaign.state, CampaignState.PAUSED
    campaign.paused_why, campaign.paused_note = why, note


def resume(world: World, session: Session, campaign: Campaign, by: str) -> None:
    """Go on where it was paused. What a rule had counted does not count again. Raises `BadInput`."""
    chain, current = _take(world, session, campaign)
    name, now = _named(by), world.now()
    if restored(current) or current.state != CampaignState.PAUSED:
        raise BadInput(_is(current), field="campaign", remedy=_remedy(current))
    why = current.paused_why
    current.state, current.resumes_to, current.paused_why, current.paused_note = current.resumes_to, "", "", ""
    current.watched_from = now
    if why == Why.LATE:
        current.start_at = now
    if current.canary_at and why in _SEEN:
        current.rest_at = current.rest_at or now
    _write(world, session, chain, current, Act.RESUMED, name, why=why)


def cancel(world: World, session: Session, campaign: Campaign, by: str) -> int:
    """Stop what has not left yet, for good. Returns how many messages that were. Raises `BadInput`.

    What comes back later the gate refuses.
    """
    chain, current = _take(world, session, campaign)
    name, now = _named(by), world.now()
    if current.state in (CampaignState.CANCELLED, CampaignState.DONE):
        raise BadInput(f"is {current.state}", field="campaign", remedy="There is nothing left to cancel.")
    current.state, current.finished_at = CampaignState.CANCELLED, now
    if current.outlook or current.begun_at or current.next_reach_at:
        current.next_reach_at = now  # the CRM shall know
    waiting = (col(MessageRow.campaign_id) == current.id, col(MessageRow.state).in_([State.QUEUED, State.HELD]))
    values = {"state": State.REFUSED, "reason": CANCELLED, "next_attempt_at": None, "changed_at": now}
    # what a dispatcher is claiming now is not ours any more: the update waits for it, and then leaves it out
    stopped: CursorResult[Any] = session.execute(update(MessageRow).where(*waiting).values(**values))  # type: ignore[assignment]
    _write(world, session, chain, current, Act.CANCELLED, name, messages=stopped.rowcount)
    return stopped.rowcount


def late(world: World, campaign: Campaign) -> bool:
    """Was the start missed by more than may be made up without asking? What has begun goes on."""
    most = world.settings.start_late_minutes if campaign.late_minutes is None else campaign.late_minutes
    due = campaign.start_at
    return campaign.begun_at is None and due is not None and (world.now() - due).total_seconds() > most * 60


def _take(world: World, session: Session, campaign: Campaign) -> tuple[Chain, Campaign]:
    """The chain first, then the campaign: everybody locks in this order."""
    chain = Chain(session, campaign.controller_id, world.now())
    return chain, locked(session, campaign.id)


def _named(by: str) -> str:
    if not by.strip():
        raise BadInput("is empty", field="by", remedy="Say who decides this.")
    return by.strip()


def _write(
    world: World, session: Session, chain: Chain, campaign: Campaign, act: Act, by: str, **facts: object
) -> None:
    _append(world, session, chain, campaign, act, by, **facts)
    session.flush()
    chain.write()


def _append(
    world: World, session: Session, chain: Chain, campaign: Campaign, act: Act, by: str, **facts: object
) -> None:
    """The name stands in the campaign, and in the ledger as a keyed hash."""
    now = world.now()
    whose = world.vault.reference(campaign.controller_id, by) if by else ""
    ledger_id = chain.event(act.value, now, {"campaign": campaign.id, "by": whose, **facts})
    told = {"what": act.removeprefix("campaign_"), "by": by, "at": now.isoformat(), "ledger": ledger_id}
    told |= {name: str(facts[name]) for name in ("why", "note") if facts.get(name)}
    campaign.acts = [*campaign.acts, told]
    session.add(campaign)
    happenings.campaign(world, session, campaign, str(facts.get("why", "")))
