# SPDX-License-Identifier: Apache-2.0
"""What waits for a person: opt-ins that came in bulk, and webhooks that could not be applied."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from hub.flows import parked, quarantine
from hub.store.tables import Controller
from hub.web.api.access import Approves, Connects, Looks
from hub.web.api.problems import not_found


class BatchOut(BaseModel):
    """Opt-ins of one walk through a CRM. `flipped`: records that said no before and say yes now."""

    id: str
    connection_id: str
    state: str
    people: int
    flipped: int
    outcomes: dict[str, int]
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str
    reason: str


class BatchIn(BaseModel):
    """What was found. Whoever approved the mapping cannot approve a batch of it."""

    approve: bool
    reason: str = Field(min_length=1, max_length=500, description="A sentence without names of people.")


class ParkedOut(BaseModel):
    """A webhook as far as it can be told without reading it. `size` in bytes."""

    id: str
    connection_id: str
    received_at: datetime
    attempts: int
    error: str
    size: int


class RetryIn(BaseModel):
    """Which webhooks; without ids, all that are parked."""

    ids: list[str] = Field(default_factory=list, max_length=1000)


class RetryOut(BaseModel):
    """How many wait again."""

    webhooks: int


router = APIRouter(tags=["waiting"])


@router.get("/quarantine")
def batches(caller: Looks, everything: bool = False) -> list[BatchOut]:
    """The oldest first; `everything`: also those that were decided."""
    with caller.reading() as (session, owner):
        rows = quarantine.batches(session, owner, everything=everything)
        return [BatchOut.model_validate(row, from_attributes=True) for row in rows]


@router.post("/quarantine/{batch}", response_model=BatchOut)
def conclude(caller: Approves, batch: str, wanted: BatchIn) -> Response:
    """Approved opt-ins are judged one by one, each at its turn: a stop given meanwhile wins."""

    def do(session: Session, owner: Controller) -> BatchOut:
        if batch not in {row.id for row in quarantine.batches(session, owner, everything=True)}:
            raise not_found("batch")
        found = quarantine.conclude(
            caller.world,
            session,
            owner,
            batch,
            approve=wanted.approve,
            by=caller.actor.name,
            reason=wanted.reason,
        )
        return BatchOut.model_validate(found, from_attributes=True)

    return caller.act("quarantine.approve" if wanted.approve else "quarantine.reject", batch, do)


@router.get("/webhooks/parked")
def stuck(caller: Connects) -> list[ParkedOut]:
    """The oldest first. They may hold stops, so none is thrown away."""
    with caller.reading() as (session, owner):
        return [ParkedOut.model_validate(one, from_attributes=True) for one in parked.every(session, owner)]


@router.post("/webhooks/retry", response_model=RetryOut)
def retry(caller: Connects, wanted: RetryIn) -> Response:
    """Try again, once the plugin or account that they failed on was mended."""

    def do(session: Session, owner: Controller) -> RetryOut:
        some = parked.find(session, owner, wanted.ids) if wanted.ids else parked.every(session, owner)
        parked.retry(session, some)
        return RetryOut(webhooks=len(some))

    return caller.act("webhooks.retry", "", do)
