# SPDX-License-Identifier: Apache-2.0
"""Campaigns as they stand: as the law sees one, how far it got, when it has ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy
from sqlmodel import Session, col, func, select

from hub.flows import asking, gate, happenings, variants
from hub.flows.happenings import Kind
from hub.flows.states import NOT_HELD, OPEN, RESTING, CampaignState, State
from hub.flows.variants import Variant
from hub.flows.world import World
from hub.law.facts import Message, Route
from hub.store.tables import Campaign, Controller, MessageRow, Sender, TemplateRow
from hub.store.tables.traffic import PROGRESS


def locked(session: Session, campaign_id: str) -> Campaign:
    """A campaign as it is now, and nobody else changes it meanwhile. Open the chain first where both are needed."""
    return session.get_one(Campaign, campaign_id, with_for_update=True, populate_existing=True)


def restored(campaign: Campaign) -> bool:
    """Does it rest since the database was restored? Then only `hub.flows.standstill` lets it go on."""
    return campaign.state == CampaignState.PAUSED and campaign.paused_from != ""


def asked(
    session: Session, controller: Controller, campaign: Campaign, variant: Variant | None = None
) -> tuple[Route, Message]:
    """One variant of a campaign as the law sees it; without one, the first."""
    variant = variant or variants.carried(campaign)
    sender = session.get_one(Sender, campaign.sender_id)
    row = session.get(TemplateRow, (sender.connection_id, variant.template, variant.language))
    message = asking.of_template(controller, campaign, campaign.purpose, campaign.topic, variant.asked, row)
    return gate.route_of(session, controller, sender), message


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a campaign stands. `states` counts messages by state, `refused` by reason."""

    campaign: Campaign
    states: dict[str, int]
    refused: dict[str, int]
    variants: dict[str, Counter[str]] = field(default_factory=dict)  # states by NAME/LANGUAGE
    waves: dict[int, Counter[str]] = field(default_factory=dict)  # states by wave


def progress(session: Session, campaign: Campaign) -> Progress:
    by: list[Any] = [getattr(MessageRow, name) for name in PROGRESS]
    counted = session.execute(
        sqlalchemy.select(*by, func.count()).where(col(MessageRow.campaign_id) == campaign.id).group_by(*by)
    )
    states: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    by_variant: dict[str, Counter[str]] = {one.name: Counter() for one in variants.of(campaign)}
    by_wave: dict[int, Counter[str]] = {0: Counter(), 1: Counter()} if campaign.canary else {0: Counter()}
    own = next(iter(by_variant))
    for state, reason, template, language, wave, count in counted:
        states[state] += count
        by_variant.setdefault(f"{template}/{language}" if template else own, Counter())[state] += count
        by_wave.setdefault(wave, Counter())[state] += count
        if state == State.REFUSED:
            refused[reason] += count
    if campaign.unresolved:
        refused[NOT_HELD] += campaign.unresolved
    return Progress(campaign, dict(states), dict(refused), by_variant, by_wave)


def finish(world: World, session: Session, campaign: Campaign) -> bool:
    """Close a running campaign when nothing of it is open."""
    still = session.exec(
        select(MessageRow.id).where(MessageRow.campaign_id == campaign.id, col(MessageRow.state).in_(OPEN)).limit(1)
    ).first()
    if still is not None:
        return False
    happenings.turn(world, session, campaign.controller_id, Kind.CAMPAIGN)
    current = locked(session, campaign.id)
    if current.state in RESTING:
        return False  # somebody paused or cancelled it meanwhile
    current.state, current.finished_at = CampaignState.DONE, world.now()
    session.add(current)
    happenings.campaign(world, session, current)
    return True
