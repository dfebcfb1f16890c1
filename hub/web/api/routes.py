# SPDX-License-Identifier: Apache-2.0
"""Routes: which provider carries what, and from one to another without a pause."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from hub.contract import Purpose
from hub.flows import parity, routing, switch_plan, switching
from hub.flows.routing import Wanted
from hub.flows.switch_plan import Plan
from hub.store.tables import Controller, RoutePolicy, RouteSwitch
from hub.web.api.access import Caller, Looks, Provides


class RuleIn(BaseModel):
    """The rule of a purpose, as a whole. Countries by ISO 3166-1 alpha-2, or EEA; none: any."""

    seats: list[str] = Field(default_factory=list, max_length=50)
    parents: list[str] = Field(default_factory=list, max_length=50)
    hosting: list[str] = Field(default_factory=list, max_length=50)
    prefer: list[str] = Field(default_factory=list, max_length=20, description="Numbers, or ids of them, best first.")
    fallback: bool = Field(False, description="What waits at a number that cannot send may go to the next.")


class RuleOut(BaseModel):
    """A rule as it counts. `prefer`: ids of numbers."""

    purpose: str
    seats: list[str]
    parents: list[str]
    hosting: list[str]
    prefer: list[str]
    fallback: bool
    set_by: str
    set_at: datetime


class OfferOut(BaseModel):
    """A number for a purpose. `faults` say why not, `paused` why not just now."""

    purpose: str
    sender: str
    number: str
    connection: str
    fits: bool
    faults: list[str]
    paused: str


class SwitchIn(BaseModel):
    """Which number hands over to which: by id, vendor's id, number, or account."""

    source: str = Field(max_length=200)
    target: str = Field(max_length=200)
    templates: list[str] = Field(
        default_factory=list, max_length=100, description="Those with another name there: NAME/LANG=NAME/LANG."
    )
    accept_text: bool = Field(False, description="Texts that differ were compared, and are to be used.")
    dry_run: bool = Field(True, description="Only say what would happen.")


class ReturnIn(BaseModel):
    """Which number takes its work back."""

    number: str = Field(max_length=200)
    accept_text: bool = False
    dry_run: bool = True


class PlanOut(BaseModel):
    """What a switch moves. `problems` keep it from being done, `stays` remains with the old number."""

    source: str
    target: str
    same_number: bool
    campaigns: list[str]
    messages: int
    singles: int
    pages: int
    problems: list[str]
    stays: list[str]
    done: bool


class SwitchOut(BaseModel):
    """One number each."""

    plans: list[PlanOut]


Doing = Callable[[Session, Controller], SwitchOut]
router = APIRouter(prefix="/routes", tags=["providers"])


@router.get("")
def rules(caller: Looks) -> list[RuleOut]:
    with caller.reading() as (session, owner):
        return [_rule(row) for row in routing.policies(session, owner.id).values()]


@router.put("/{purpose}", response_model=RuleOut)
def set_rule(caller: Provides, purpose: str, wanted: RuleIn) -> Response:
    """It binds from the next decision on, also what is queued. `*`: all purposes without a rule of their own."""

    def do(session: Session, owner: Controller) -> RuleOut:
        prefer = tuple(one.id for given in wanted.prefer for one in switching.named(session, owner, given))
        countries = (tuple(wanted.seats), tuple(wanted.parents), tuple(wanted.hosting))
        by, now = caller.actor.name, caller.world.now()
        whose = caller.world.vault.reference(owner.id, by)
        rule = Wanted(*countries, prefer, wanted.fallback)
        return _rule(routing.set_policy(session, owner, purpose, rule, by, now, whose))

    return caller.act("route.set", purpose, do)


@router.get("/check")
def check(caller: Looks, purpose: Purpose | None = None) -> list[OfferOut]:
    """Which number would carry each purpose, and why the others do not."""
    with caller.reading() as (session, owner):
        return [
            OfferOut(
                purpose=one,
                sender=offer.sender.id,
                number=offer.sender.number,
                connection=offer.connection.id,
                fits=offer.fits,
                faults=list(offer.faults),
                paused=offer.paused,
            )
            for one in ([purpose] if purpose else list(Purpose))
            for offer in routing.offers(caller.world, session, owner, one)
        ]


@router.post("/switch", response_model=SwitchOut)
def switch(caller: Provides, wanted: SwitchIn) -> Response:
    """Without `dry_run: false` nothing is changed. What is on its way is not touched."""
    names = parity.mapping(wanted.templates)
    accept, by = wanted.accept_text, caller.actor.name

    def do(session: Session, owner: Controller) -> SwitchOut:
        plans = []
        for here, there in switching.pairs(session, owner, wanted.source, wanted.target):
            made = switch_plan.plan(caller.world, session, here, there, names, accept=accept)
            if not wanted.dry_run:
                switching.switch(caller.world, session, here, there, by, names, accept=accept)
            plans.append(_plan(made, done=not wanted.dry_run))
        return SwitchOut(plans=plans)

    return _told(caller, "route.switch", wanted.dry_run, do)


@router.post("/return", response_model=SwitchOut)
def give_back(caller: Provides, wanted: ReturnIn) -> Response:
    """Undo the last switch of a number, for what has not left meanwhile."""

    def do(session: Session, owner: Controller) -> SwitchOut:
        row: RouteSwitch = switching.last(session, owner, switching.named(session, owner, wanted.number)[0])
        made = switching.way_back(caller.world, session, row, accept=wanted.accept_text)
        if not wanted.dry_run:
            switching.give_back(caller.world, session, row, caller.actor.name, accept=wanted.accept_text)
        return SwitchOut(plans=[_plan(made, done=not wanted.dry_run)])

    return _told(caller, "route.return", wanted.dry_run, do)


def _told(caller: Caller, what: str, dry: bool, do: Doing) -> Response:
    """Looking is no deed: it is not written down, and not remembered."""
    if not dry:
        return caller.act(what, "", do)
    with caller.reading() as (session, owner):
        return Response(do(session, owner).model_dump_json(), media_type="application/json")


def _rule(row: RoutePolicy) -> RuleOut:
    return RuleOut.model_validate(row, from_attributes=True)


def _plan(made: Plan, *, done: bool) -> PlanOut:
    return PlanOut(
        source=made.sender.id,
        target=made.to.id,
        same_number=made.same_number,
        campaigns=[one.id for one in made.campaigns],
        messages=made.messages,
        singles=made.singles,
        pages=len(made.pages),
        problems=list(made.problems),
        stays=list(made.stays),
        done=done,
    )
