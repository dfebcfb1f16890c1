# SPDX-License-Identifier: Apache-2.0
"""Campaigns: draft, look ahead, start, approve, pause, resume, cancel, watch."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import Session, col, select

from hub.flows import accounts, campaigns, drafts, reach, results, routing, steering
from hub.flows.drafts import Beside, Plan
from hub.flows.records import explain
from hub.flows.watch import Rules
from hub.store.tables import Campaign, Controller
from hub.web.api.access import Approves, Caller, Campaigns, Looks
from hub.web.api.paging import Cursor, Limit, Listing, listing
from hub.web.api.problems import not_found
from hub.web.hands import Hands


class Variant(BaseModel):
    """A further template, which shares the people with the first by weight."""

    template: str
    language: str
    weight: int = Field(1, ge=1, le=1000)


class CampaignIn(BaseModel):
    """A campaign as somebody wants it. Nothing is sent before `start`."""

    title: str = Field("", max_length=200)
    crm: str = Field(description="Id, title or connector of the CRM connection.")
    audience: str = Field(description="Id of a list in the CRM.")
    sender: str = Field("", description="Id or number to send from; without, the preferred one.")
    template: str
    language: str
    purpose: str = Field(description="Legal purpose, e.g. MARKETING.")
    topic: str = Field("", description="Topic as the consent wording names it.")
    parameters: dict[str, str] = Field(
        default_factory=dict, description="Template parameter to `property` or `property|fallback`."
    )
    notice: str = ""
    variants: list[Variant] = Field(default_factory=list, max_length=9)
    weight: int = Field(1, ge=1, le=1000)
    local_time: time | None = Field(None, description="By the recipient's own clock.")
    any_hour: bool = False
    late_minutes: int | None = Field(None, ge=0, le=100_000)
    canary: int = Field(0, ge=0, le=1_000_000)
    canary_wait_minutes: int = Field(60, ge=0, le=100_000)
    max_errors: float = Field(10.0, ge=0, le=100, description="Per cent of failed messages above which it pauses.")
    max_opt_outs: float = Field(3.0, ge=0, le=100, description="Per cent of people opting out, likewise.")
    sample: int = Field(100, ge=1, le=1_000_000)
    start_at: AwareDatetime | None = Field(None, description="When it starts, unless `start` says otherwise.")


class Start(BaseModel):
    """When it starts; now, if nothing is said."""

    at: AwareDatetime | None = None


class CampaignOut(BaseModel):
    """Where a campaign stands."""

    id: str
    title: str
    state: str
    purpose: str
    topic: str
    template: str
    language: str
    audience: str
    created_by: str
    approved_by: str
    created_at: datetime
    start_at: datetime | None
    finished_at: datetime | None
    paused_why: str


class ProgressOut(BaseModel):
    """Messages by state, and those that nobody may send by reason."""

    id: str
    campaign: CampaignOut
    states: dict[str, int]
    refused: list[Blocked]


class Blocked(BaseModel):
    """So many people, and why, in plain words with what would unblock them."""

    code: str
    people: int
    meaning: str
    remedy: str


class ResultOut(BaseModel):
    """Counts of one template, or one wave. Each step is counted in those before it."""

    name: str
    messages: int
    sent: int
    delivered: int
    read: int
    failed: int
    unknown: int
    refused: int
    weight: int | None
    opted_out: int | None


class ResultsOut(BaseModel):
    """What became of a campaign; `waves` is empty where all went at once."""

    variants: list[ResultOut]
    waves: list[ResultOut]


class CostOut(BaseModel):
    """By the prices that were loaded; `low`: what is sure."""

    currency: str
    low: Decimal
    high: Decimal


class PreviewOut(BaseModel):
    """Who would be reached, and why others not. The gate's own answer; nobody is written to."""

    audience: int
    reachable: int
    same_person: int
    blocked: list[Blocked]
    variants: dict[str, int]
    first: datetime | None = Field(description="When the first message leaves; null: nobody is reached.")
    finish: datetime | None = Field(description="When the last one leaves; null: not within a year.")
    cost: list[CostOut]
    without_price: dict[str, int] = Field(description="Messages by country for which no price was loaded.")


def shown(one: Campaign) -> CampaignOut:
    return CampaignOut.model_validate(one, from_attributes=True)


def blocked(counts: dict[str, int], language: str) -> list[Blocked]:
    """The most frequent first."""
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    words = ((code, people, explain(code, language)) for code, people in ordered)
    return [Blocked(code=code, people=people, meaning=w.meaning, remedy=w.remedy) for code, people, w in words]


router = APIRouter(prefix="/campaigns", tags=["campaigns"])


@router.get("")
def all_campaigns(caller: Looks, next: Cursor = "", limit: Limit = 50) -> Listing[CampaignOut]:
    """The newest first."""
    with caller.reading() as (session, owner):
        mine = select(Campaign).where(Campaign.controller_id == owner.id)
        if next:
            mine = mine.where(col(Campaign.id) < next)
        rows = session.exec(mine.order_by(col(Campaign.id).desc()).limit(limit + 1)).all()
        return listing([shown(row) for row in rows], limit)


@router.post("", status_code=201, response_model=CampaignOut)
def draft(caller: Campaigns, wanted: CampaignIn) -> Response:
    def do(session: Session, owner: Controller) -> CampaignOut:
        return shown(_draft(caller, session, owner, wanted))

    return caller.act("campaign.draft", "", do, status=201)


@router.get("/{campaign}")
def one_campaign(caller: Looks, campaign: str, language: str = "en") -> ProgressOut:
    with caller.reading() as (session, owner):
        found = campaigns.progress(session, _find(session, owner, campaign))
    refused = blocked(found.refused, spoken(language))
    return ProgressOut(id=campaign, campaign=shown(found.campaign), states=found.states, refused=refused)


@router.get("/{campaign}/preview")
def preview(caller: Looks, campaign: str, language: str = "en") -> PreviewOut:
    """Asks the CRM who is meant, and the gate about each. Takes seconds for many people."""
    with caller.reading() as (session, owner):
        found = _find(session, owner, campaign)
    seen = hands(caller).preview(found)
    return PreviewOut(
        audience=seen.audience,
        reachable=seen.reachable,
        same_person=seen.same_person,
        blocked=blocked(dict(seen.blocked), spoken(language)),
        variants=dict(seen.variants),
        first=seen.forecast.first,
        finish=seen.forecast.finish,
        cost=[CostOut(currency=one, low=seen.cost.low[one], high=high) for one, high in seen.cost.high.items()],
        without_price=dict(seen.cost.unknown),
    )


@router.post("/{campaign}/reach", response_model=CampaignOut)
def show_in_crm(caller: Campaigns, campaign: str) -> Response:
    """Show in the CRM who would be reached, on each member, anew and within seconds; without asking, now and then."""

    def do(session: Session, owner: Controller) -> CampaignOut:
        mine = _find(session, owner, campaign)
        reach.ask(caller.world, session, mine)
        return _again(session, mine)

    return caller.act("campaign.reach", campaign, do)


@router.get("/{campaign}/results")
def results_of(caller: Looks, campaign: str) -> ResultsOut:
    """By template and by wave."""
    with caller.reading() as (session, owner):
        found = campaigns.progress(session, _find(session, owner, campaign))
        variants, waves = results.by_variant(session, found), results.by_wave(found)
    return ResultsOut(
        variants=[ResultOut(**one.plain()) for one in variants], waves=[ResultOut(**one.plain()) for one in waves]
    )


@router.post("/{campaign}/start", response_model=CampaignOut)
def start(caller: Campaigns, campaign: str, wanted: Start | None = None) -> Response:
    with caller.reading() as (session, owner):
        found = _find(session, owner, campaign)
    size = hands(caller).size(found) if caller.world.settings.approval_above else None
    at, by = wanted.at if wanted else None, caller.actor.name

    def do(session: Session, owner: Controller) -> CampaignOut:
        mine = _find(session, owner, campaign)
        steering.start(caller.world, session, mine, at, by=by, size=size)
        return _again(session, mine)

    return caller.act("campaign.start", campaign, do)


@router.post("/{campaign}/approve", response_model=CampaignOut)
def approve(caller: Approves, campaign: str) -> Response:
    """By somebody else than who made it."""
    return _steer(caller, "approve", campaign, steering.approve)


@router.post("/{campaign}/pause", response_model=CampaignOut)
def pause(caller: Campaigns, campaign: str) -> Response:
    return _steer(caller, "pause", campaign, steering.pause)


@router.post("/{campaign}/resume", response_model=CampaignOut)
def resume(caller: Campaigns, campaign: str) -> Response:
    return _steer(caller, "resume", campaign, steering.resume)


@router.post("/{campaign}/cancel", response_model=CampaignOut)
def cancel(caller: Campaigns, campaign: str) -> Response:
    """For good."""
    return _steer(caller, "cancel", campaign, steering.cancel)


def hands(caller: Caller) -> Hands:
    hands: Hands = caller.request.app.state.hands
    return hands


def _steer(caller: Caller, word: str, campaign: str, how: Any) -> Response:
    def do(session: Session, owner: Controller) -> CampaignOut:
        mine = _find(session, owner, campaign)
        how(caller.world, session, mine, caller.actor.name)
        return _again(session, mine)

    return caller.act(f"campaign.{word}", campaign, do)


def _again(session: Session, campaign: Campaign) -> CampaignOut:
    session.flush()
    session.refresh(campaign)
    return shown(campaign)


def _find(session: Session, owner: Controller, campaign_id: str) -> Campaign:
    found = session.get(Campaign, campaign_id)
    if found is None or found.controller_id != owner.id:  # another company's is none
        raise not_found("campaign")
    return found


def spoken(language: str) -> str:
    return language if language in ("en", "de") else "en"


def _draft(caller: Caller, session: Session, owner: Controller, wanted: CampaignIn) -> Campaign:
    plan = Plan(
        beside=tuple(Beside(one.template, one.language, one.weight) for one in wanted.variants),
        weight=wanted.weight,
        local_time=wanted.local_time,
        any_hour=wanted.any_hour,
        late_minutes=wanted.late_minutes,
        canary=wanted.canary,
        canary_wait=timedelta(minutes=wanted.canary_wait_minutes),
        rules=Rules(wanted.max_errors, wanted.max_opt_outs, quality=True, sample=wanted.sample),
        start_at=wanted.start_at,
    )
    return drafts.create(
        caller.world,
        session,
        owner,
        title=wanted.title,
        crm=accounts.find_connection(session, owner, wanted.crm),
        audience=wanted.audience,
        sender=routing.choose(caller.world, session, owner, wanted.purpose.upper(), wanted.sender),
        template=wanted.template,
        language=wanted.language,
        purpose=wanted.purpose.upper(),
        topic=wanted.topic,
        parameters=wanted.parameters,
        notice=wanted.notice,
        plan=plan,
        by=caller.actor.name,
    )
