# SPDX-License-Identifier: Apache-2.0
"""Events out: who is told what happens, what they did not take, and sending that again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from hub.flows import subscriptions
from hub.flows.addresses import LONGEST
from hub.flows.happenings import Kind
from hub.flows.subscriptions import Standing
from hub.store.tables import Controller, Subscription
from hub.web.api.access import Caller, Connects, Looks
from hub.web.api.problems import not_found


class SubscriptionIn(BaseModel):
    """An address to be told what happens from now on."""

    title: str = Field("", max_length=100)
    address: str = Field(max_length=LONGEST, description="Begins with https://.", repr=False)
    kinds: list[Kind] = Field(min_length=1, max_length=len(Kind))


class SubscriptionOut(BaseModel):
    """`waiting`: events on their way. `parked`: deliveries not taken until the last try. `lost`: events too old."""

    id: str
    title: str
    host: str
    kinds: list[str]
    paused_why: str
    failures: int
    waiting: int
    parked: int
    lost: int
    made_by: str
    created_at: datetime


class SubscriptionMade(SubscriptionOut):
    """A new subscription. The secret is shown this once; it signs every delivery as Standard Webhooks says."""

    secret: str = Field(repr=False)


class ParkedOut(BaseModel):
    """A delivery that was not taken. `answer`: an HTTP status, or why there was none. `id` is its `webhook-id`."""

    id: str
    events: int
    attempts: int
    answer: str
    made_at: datetime


class AgainIn(BaseModel):
    """Without an id, everything that is parked."""

    delivery: str = Field("", max_length=32)


class AgainOut(BaseModel):
    """How many deliveries are tried once more."""

    id: str
    deliveries: int


router = APIRouter(prefix="/subscriptions", tags=["subscriptions"])


@router.get("")
def every(caller: Looks) -> list[SubscriptionOut]:
    with caller.reading() as (session, owner):
        return [_shown(one) for one in subscriptions.every(session, owner)]


@router.post("", status_code=201, response_model=SubscriptionMade)
def make(caller: Connects, wanted: SubscriptionIn) -> Response:
    """The secret is in this answer and nowhere else; a repetition makes another subscription."""

    def do(session: Session, owner: Controller) -> SubscriptionMade:
        row, secret = subscriptions.make(
            caller.world,
            session,
            owner,
            title=wanted.title,
            url=wanted.address,
            kinds=wanted.kinds,
            by=caller.actor.name,
        )
        return SubscriptionMade(**_shown(subscriptions.standing(session, row)).model_dump(), secret=secret)

    return caller.act("events.subscribe", "", do, status=201, remember=False)


@router.post("/{subscription}/pause", response_model=SubscriptionOut)
def pause(caller: Connects, subscription: str) -> Response:
    """What happens meanwhile is kept for 7 days."""

    def do(session: Session, row: Subscription) -> None:
        subscriptions.pause(session, row)

    return _change(caller, "events.pause", subscription, do)


@router.post("/{subscription}/resume", response_model=SubscriptionOut)
def resume(caller: Connects, subscription: str) -> Response:
    """Goes on where it stood."""

    def do(session: Session, row: Subscription) -> None:
        subscriptions.resume(caller.world, session, row)

    return _change(caller, "events.resume", subscription, do)


@router.delete("/{subscription}", response_model=SubscriptionOut)
def remove(caller: Connects, subscription: str) -> Response:
    """With everything that was not delivered."""

    def do(session: Session, owner: Controller) -> SubscriptionOut:
        row = find(session, owner, subscription)
        shown = _shown(subscriptions.standing(session, row))
        subscriptions.remove(caller.world, session, row)
        return shown

    return caller.act("events.remove", subscription, do)


@router.get("/{subscription}/parked")
def parked(caller: Looks, subscription: str) -> list[ParkedOut]:
    """The oldest first, 100 at most."""
    with caller.reading() as (session, owner):
        rows = subscriptions.parked(session, find(session, owner, subscription))
        return [ParkedOut.model_validate(row, from_attributes=True) for row in rows]


@router.post("/{subscription}/again", response_model=AgainOut)
def again(caller: Connects, subscription: str, wanted: AgainIn) -> Response:
    """Sends what was parked once more, with its old `webhook-id`."""

    def do(session: Session, owner: Controller) -> AgainOut:
        row = find(session, owner, subscription)
        return AgainOut(id=row.id, deliveries=subscriptions.again(caller.world, session, row, wanted.delivery))

    return caller.act("events.again", subscription, do)


def find(session: Session, owner: Controller, subscription_id: str) -> Subscription:
    """Raises `Refused` 404, also for another company's."""
    found = session.get(Subscription, subscription_id)
    if found is None or found.controller_id != owner.id:
        raise not_found("subscription")
    return found


def _change(caller: Caller, what: str, subscription: str, how: Callable[[Session, Subscription], None]) -> Response:
    def do(session: Session, owner: Controller) -> SubscriptionOut:
        row = find(session, owner, subscription)
        how(session, row)
        session.flush()
        return _shown(subscriptions.standing(session, row))

    return caller.act(what, subscription, do)


def _shown(one: Standing) -> SubscriptionOut:
    names = set(SubscriptionOut.model_fields) - {"waiting", "parked"}
    return SubscriptionOut(**{name: getattr(one.row, name) for name in names}, waiting=one.waiting, parked=one.parked)
