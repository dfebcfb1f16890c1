# SPDX-License-Identifier: Apache-2.0
"""Requests of a person (Art. 7(3), 15 to 21 GDPR): taken, identified, carried out, answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from hub import letters
from hub.contract import BadInput
from hub.flows import timeline
from hub.flows.rights import arrivals, packets, receipts, requests
from hub.flows.rights.arrivals import Came
from hub.flows.rights.requests import Way
from hub.law.rights import ARTICLES, Delay, Handed, Identified, Refusal, Right
from hub.store.tables import Controller, RightsRequest
from hub.web.api.access import Caller, Peoples
from hub.web.api.paging import Cursor, Limit, Listing, listing
from hub.web.api.problems import not_found

_LONGEST = 4000


class RightsIn(BaseModel):
    """What a person asks for."""

    right: Right
    received_on: date | None = Field(None, description="The day it came; else today. UTC.")
    words: str = Field("", max_length=_LONGEST, description="What the person wants, in short.", repr=False)


class RightsOut(BaseModel):
    """One request. What was said and told is not in it: it is personal data."""

    id: str
    person: str
    right: str
    article: str
    state: str
    way: str
    received_at: datetime
    due_on: date
    identified: str
    carried_at: datetime | None
    handed: str
    refusal: str
    packet_sha256: str
    closed_at: datetime | None

    @classmethod
    def of(cls, row: RightsRequest) -> RightsOut:
        plain = row.model_dump(include=set(cls.model_fields))
        named = {"person": row.contact_id, "right": row.kind, "article": ARTICLES[Right(row.kind)]}
        return cls(**plain, **named, packet_sha256=row.answered_with)


class ReceiptOut(BaseModel):
    """One system that has to know."""

    id: str
    system: str
    record: str
    confirmed: bool
    by_hand: bool
    error: str


class OneOut(RightsOut):
    """A request with the systems that have to know of it."""

    receipts: list[ReceiptOut]


class IdentifyIn(BaseModel):
    how: Identified


class ExtendIn(BaseModel):
    why: Delay
    told: str = Field(max_length=_LONGEST, description="What the person was told.", repr=False)


class AnswerIn(BaseModel):
    handed: Handed


class RefuseIn(BaseModel):
    why: Refusal
    told: str = Field(max_length=_LONGEST, description="What the person was told.", repr=False)


class LiftIn(BaseModel):
    told: str = Field(max_length=_LONGEST, description="What the person was told before.", repr=False)


class PacketOut(BaseModel):
    """The packet that was made: its hash, and entries by part."""

    id: str
    sha256: str
    counts: dict[str, int]
    made_at: datetime


class Form(StrEnum):
    JSON = "json"
    PDF = "pdf"


class Language(StrEnum):
    DE = "de"
    EN = "en"


class FileIn(BaseModel):
    form: Form = Form.JSON
    language: Language = Language.EN


router = APIRouter(tags=["rights"])


@router.post("/people/{person}/rights", status_code=201, response_model=RightsOut)
def take(caller: Peoples, person: str, wanted: RightsIn) -> Response:
    """Take a request. An objection or a withdrawal counts at once."""

    def do(session: Session, owner: Controller) -> RightsOut:
        contact = timeline.find(session, owner, person)
        if contact is None:
            raise not_found("person")
        now = caller.world.now()
        day = wanted.received_on
        at = now if day in (None, now.date()) else datetime.combine(day or now.date(), time.min, UTC)
        came = Came(Way.API, caller.actor.id, at, wanted.words)
        return RightsOut.of(arrivals.enter(caller.world, session, owner, contact, wanted.right, came))

    return caller.act("rights.open", "", do, status=201)


@router.get("/rights")
def pending(caller: Peoples, every: bool = False, next: Cursor = "", limit: Limit = 50) -> Listing[RightsOut]:
    """What is pending, due first; with `every` all, the newest first. Only these come in pages."""
    with caller.reading() as (session, owner):
        rows = requests.page(session, owner, limit + 1, pending=not every, before=next)
    found = [RightsOut.of(row) for row in rows]
    return listing(found, limit) if every else Listing(items=found[:limit])


@router.get("/rights/{request}")
def one(caller: Peoples, request: str) -> OneOut:
    with caller.reading() as (session, owner):
        row = _find(session, owner, request)
        told = [
            ReceiptOut(
                id=one.row.id,
                system=one.title,
                record=one.row.record,
                confirmed=one.confirmed,
                by_hand=one.by_hand,
                error=one.error,
            )
            for one in receipts.of(session, row)
        ]
    return OneOut(**RightsOut.of(row).model_dump(), receipts=told)


@router.post("/rights/{request}/ask", response_model=RightsOut)
def ask(caller: Peoples, request: str) -> Response:
    """The person was asked to show who they are."""
    return _step(caller, "ask", request, requests.ask_identity)


@router.post("/rights/{request}/identify", response_model=RightsOut)
def identify(caller: Peoples, request: str, wanted: IdentifyIn) -> Response:
    """The request is the person's own."""
    return _step(caller, "identify", request, requests.identify, wanted.how)


@router.post("/rights/{request}/extend", response_model=RightsOut)
def extend(caller: Peoples, request: str, wanted: ExtendIn) -> Response:
    """Two months more, once, after the person was told why."""
    return _step(caller, "extend", request, requests.extend, wanted.why, wanted.told)


@router.post("/rights/{request}/carry", response_model=RightsOut)
def carry(caller: Peoples, request: str) -> Response:
    """Erase, restrict, or pass on what is to be corrected."""
    return _step(caller, "carry", request, requests.carry_out)


@router.post("/rights/{request}/answer", response_model=RightsOut)
def answer(caller: Peoples, request: str, wanted: AnswerIn) -> Response:
    """The person has their answer."""
    return _step(caller, "answer", request, requests.answer, wanted.handed)


@router.post("/rights/{request}/refuse", response_model=RightsOut)
def refuse(caller: Peoples, request: str, wanted: RefuseIn) -> Response:
    """It is not carried out, and the person was told why."""
    return _step(caller, "refuse", request, requests.refuse, wanted.why, wanted.told)


@router.post("/rights/{request}/lift", response_model=RightsOut)
def lift(caller: Peoples, request: str, wanted: LiftIn) -> Response:
    """A restriction ends; the person was told before."""
    return _step(caller, "lift", request, requests.lift, wanted.told)


@router.post("/rights/{request}/receipts/{receipt}/confirm", response_model=OneOut)
def confirm(caller: Peoples, request: str, receipt: str) -> Response:
    """A system has done its part."""

    def do(session: Session, owner: Controller) -> RightsOut:
        row = _find(session, owner, request)
        if receipt not in {one.row.id for one in receipts.of(session, row)}:
            raise not_found("receipt")
        receipts.confirm(caller.world, session, owner, receipt, caller.actor.id)
        return RightsOut.of(row)

    caller.act("rights.confirm", request, do)
    return Response(one(caller, request).model_dump_json(), media_type="application/json")


@router.post("/rights/{request}/packet", response_model=PacketOut)
def packet(caller: Peoples, request: str) -> Response:
    """Make the answer to a request of access or portability, from everything that is held now."""

    def do(session: Session, owner: Controller) -> PacketOut:
        _find(session, owner, request)
        made = packets.make(caller.world, session, owner, request, caller.actor.id)
        return PacketOut(id=request, sha256=made.sha256, counts=made.counts, made_at=made.made_at)

    return caller.act("rights.packet", request, do)


_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The packet: personal data.",
        "content": {"application/json": {"schema": {"type": "object"}}, "application/pdf": {}},
    }
}


@router.post("/rights/{request}/packet/file", responses=_FILE, response_class=Response)
def file(caller: Peoples, request: str, wanted: FileIn | None = None) -> Response:
    """The packet that was made last, as JSON or as PDF."""
    form = wanted or FileIn()
    with caller.reading() as (session, owner):
        _find(session, owner, request)
        body = packets.read(caller.world, session, owner, request)
    made = letters.answer(body, form.language) if form.form is Form.PDF else body
    caller.note("rights.fetch", request)
    return Response(made, media_type="application/pdf" if form.form is Form.PDF else "application/json")


def _step(caller: Caller, what: str, request: str, step: Callable[..., RightsRequest], *said: Any) -> Response:
    def do(session: Session, owner: Controller) -> RightsOut:
        _find(session, owner, request)
        return RightsOut.of(step(caller.world, session, owner, request, *said, caller.actor.id))

    return caller.act(f"rights.{what}", request, do)


def _find(session: Session, owner: Controller, request: str) -> RightsRequest:
    try:
        return requests.find(session, owner, request)
    except BadInput:
        raise not_found("request") from None
