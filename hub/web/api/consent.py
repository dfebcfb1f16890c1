# SPDX-License-Identifier: Apache-2.0
"""Consent: wordings, the pages that show them and what became of opt-ins, and messages that a person must read."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import Session, col, select

from hub.contract import Channel
from hub.flows import elsewhere, optin, optin_results, review, wordings
from hub.flows.review import Verdict
from hub.flows.world import World
from hub.law.advice import advice, spoken
from hub.store.tables import Controller, OptInPage, Review, Wording
from hub.web.api.access import Connects, Looks, Peoples
from hub.web.api.paging import Cursor, Limit, Listing, listing
from hub.web.api.problems import not_found


class WordingOut(BaseModel):
    """A version of a consent text. `id` is the SHA-256 of all it says."""

    id: str
    version: int
    language: str
    text: str
    statement: str
    topics: list[str]
    purposes: list[str]
    channels: list[str]
    withdrawal_hint: bool
    promised_per_30_days: int | None
    created_at: datetime


class WordingIn(BaseModel):
    """A text that was shown elsewhere, word for word, so that a mapping of CRM fields can name it."""

    text: str = Field(min_length=1, max_length=8000)
    language: Literal["de", "en"] = "de"
    topics: list[str] = Field(min_length=1, max_length=20)
    channels: list[Channel] = Field(default_factory=lambda: [Channel.WHATSAPP], min_length=1)
    shown_from: AwareDatetime = Field(description="When it was first shown.")


class PageOut(BaseModel):
    """An opt-in page."""

    id: str
    title: str
    address: str
    wording_id: str
    has_form: bool
    created_at: datetime
    closed_at: datetime | None


class ResultOut(BaseModel):
    """What became of opt-ins. How often the page was looked at is not counted."""

    requested: int
    confirmed: int
    waiting: int
    agreed: int
    standing: int


class PageResultOut(BaseModel):
    """A page, all wordings it has shown, and its results."""

    page: PageOut
    wordings: list[str]
    result: ResultOut


class ReviewOut(BaseModel):
    """A message to read. `words` are the person's own: empty once they were erased."""

    id: str
    kind: str
    contact_id: str
    said_at: datetime
    words: str = Field(repr=False)
    language: str
    advice: str


class FindingIn(BaseModel):
    """What a person found: `stop`, `stop_all` or `no_stop` for unclear messages, `done` for requests."""

    verdict: Verdict


class FindingOut(BaseModel):
    """A closed review."""

    id: str
    kind: str
    verdict: str
    closed_at: datetime | None


router = APIRouter(tags=["consent"])


@router.get("/wordings")
def all_wordings(caller: Looks, next: Cursor = "", limit: Limit = 50) -> Listing[WordingOut]:
    """The newest version first."""
    below = int(next) if next.isascii() and next.isdigit() and len(next) < 10 else 0
    with caller.reading() as (session, owner):
        rows = wordings.page(session, owner, below, limit + 1)
    return listing([WordingOut.model_validate(row, from_attributes=True) for row in rows], limit, key="version")


@router.get("/wordings/{wording}")
def one_wording(caller: Looks, wording: str) -> WordingOut:
    with caller.reading() as (session, owner):
        found = session.get(Wording, wording)
    if found is None or found.controller_id != owner.id:
        raise not_found("wording")
    return WordingOut.model_validate(found, from_attributes=True)


@router.post("/wordings", response_model=WordingOut)
def register_wording(caller: Connects, wanted: WordingIn) -> Response:
    """Keep a text as it was shown elsewhere; the same text again is the same wording."""

    def do(session: Session, owner: Controller) -> WordingOut:
        row = elsewhere.register(caller.world, session, owner, **wanted.model_dump())
        session.flush()
        return WordingOut.model_validate(row, from_attributes=True)

    return caller.act("claims.wording", "", do)


@router.get("/opt-in-pages")
def all_pages(caller: Looks, next: Cursor = "", limit: Limit = 50) -> Listing[PageOut]:
    with caller.reading() as (session, owner):
        mine = select(OptInPage).where(OptInPage.controller_id == owner.id, col(OptInPage.id) > next)
        rows = session.exec(mine.order_by(col(OptInPage.id)).limit(limit + 1)).all()
    return listing([page_out(caller.world, row) for row in rows], limit)


@router.get("/opt-in-pages/{page}")
def one_page(caller: Looks, page: str) -> PageResultOut:
    with caller.reading() as (session, owner):
        found = session.get(OptInPage, page)
        if found is None or found.controller_id != owner.id:
            raise not_found("opt-in page")
        result = optin_results.of_page(caller.world, session, found)
        shown = optin_results.wordings_of(session, found)
    return PageResultOut(
        page=page_out(caller.world, found),
        wordings=shown,
        result=ResultOut.model_validate(result, from_attributes=True),
    )


@router.get("/reviews")
def to_read(caller: Peoples, limit: Limit = 25, language: str = "en") -> list[ReviewOut]:
    """What waits for a person, the oldest first; what is done makes room for more."""
    spoken_here = "de" if language == "de" else "en"
    with caller.reading() as (session, owner):
        found = []
        for row in review.waiting(session, owner, limit):
            words = review.words(caller.world, session, row)
            hint = advice(row.kind, review.rule(session, row), spoken_here)
            shown = row.model_dump(include={"id", "kind", "contact_id", "said_at"})
            found.append(ReviewOut(**shown, words=words, language=spoken(words), advice=hint))
    return found


@router.post("/reviews/{waiting}", response_model=FindingOut)
def close(caller: Peoples, waiting: str, wanted: FindingIn) -> Response:
    """Close a review with what was found."""

    def do(session: Session, owner: Controller) -> FindingOut:
        found = session.get(Review, waiting)
        if found is None or found.controller_id != owner.id:
            raise not_found("review")
        done = review.close(caller.world, session, owner, waiting, wanted.verdict, caller.actor.id)
        return FindingOut.model_validate(done, from_attributes=True)

    return caller.act(f"review.{wanted.verdict}", waiting, do)


def page_out(world: World, row: OptInPage) -> PageOut:
    shown = row.model_dump(include={"id", "title", "wording_id", "created_at", "closed_at"})
    return PageOut(**shown, address=optin.address(world, row), has_form=bool(row.confirm_template))
