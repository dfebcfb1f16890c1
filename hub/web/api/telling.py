# SPDX-License-Identifier: Apache-2.0
"""What people are told and asked: notices in versions, and the opt-in pages made, reworded and closed."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from hub.flows import choices, notice_drafts, notices, optin
from hub.law.facts import NoticeKind
from hub.store.tables import Controller, OptInPage
from hub.web.api.access import Looks, Words
from hub.web.api.consent import PageOut, page_out
from hub.web.api.problems import not_found

Language = Literal["de", "en"]
Said = Field("", max_length=500)


class NoticeOut(BaseModel):
    """A version of a notice. `id` is the SHA-256 of all it says; `path` is where people read it."""

    id: str
    kind: str
    version: int
    language: str
    text: str
    path: str
    created_at: datetime


class ParticularsIn(BaseModel):
    """What a draft is made of, besides what is connected and filed. `source` and `categories` are for art_14."""

    kind: NoticeKind
    language: Language = "de"
    contact: str = Said
    privacy_url: str = Said
    storage: str = Said
    officer: str = Said
    source: str = Said
    categories: str = Said
    transfers: list[str] = Field(default_factory=list, max_length=20)


class DraftOut(BaseModel):
    """A proposal. It is no legal advice, and counts for nothing until somebody keeps it."""

    text: str


class NoticeIn(BaseModel):
    """A text that somebody who answers for it has read."""

    kind: NoticeKind
    language: Language = "de"
    text: str = Field(min_length=1, max_length=20_000)


class PageIn(BaseModel):
    """A page that asks for consent. Without a text, the wording is made of company and topics."""

    sender: str = Field(max_length=32, description="Id of the number that people write to.")
    title: str = Field("", max_length=200)
    language: Language = "de"
    topics: list[str] = Field(min_length=1, max_length=20)
    text: str = Field("", max_length=8000)
    per_month: int | None = Field(None, ge=1, description="Promised: so many messages in 30 days at most.")
    confirm_template: str = Field("", max_length=200)
    receipts: bool = False


class RewordIn(BaseModel):
    """Another wording for a page. Consents to earlier ones stay what they say."""

    topics: list[str] = Field(default_factory=list, max_length=20)
    text: str = Field("", max_length=8000)


router = APIRouter(tags=["notices"])


@router.get("/notices")
def every(caller: Looks) -> list[NoticeOut]:
    """All versions, the oldest first."""
    with caller.reading() as (session, owner):
        found = notices.every(session, owner)
    return [NoticeOut(**one.model_dump(exclude={"controller_id"}), path=notices.path(one.id)) for one in found]


@router.post("/notices/draft")
def draft(caller: Words, told: ParticularsIn) -> DraftOut:
    """Nothing is kept."""
    given = told.model_dump(exclude={"kind", "language"})
    with caller.reading() as (session, owner):
        return DraftOut(text=notice_drafts.draft(caller.world, session, owner, told.kind, told.language, **given))


@router.post("/notices", status_code=201, response_model=NoticeOut)
def keep(caller: Words, wanted: NoticeIn) -> Response:
    """A new version; the same text again is the same version."""

    def do(session: Session, owner: Controller) -> NoticeOut:
        made = notices.create(caller.world, session, owner, wanted.kind, wanted.language, wanted.text)
        return NoticeOut(**made.model_dump(exclude={"controller_id"}), path=notices.path(made.id))

    return caller.act("notice.make", "", do, status=201)


@router.post("/opt-in-pages", status_code=201, response_model=PageOut)
def make(caller: Words, wanted: PageIn) -> Response:
    """The page shows the newest notices of its language."""

    def do(session: Session, owner: Controller) -> PageOut:
        number, given = choices.sender(session, owner, wanted.sender), wanted.model_dump(exclude={"sender"})
        page = optin.create(caller.world, session, owner, number, **given)
        return page_out(caller.world, page)

    return caller.act("optin.make", "", do, status=201)


@router.post("/opt-in-pages/{page}/reword", response_model=PageOut)
def reword(caller: Words, page: str, wanted: RewordIn) -> Response:
    """From now on. Nobody is asked again by message."""

    def do(session: Session, owner: Controller) -> PageOut:
        found = _find(session, owner, page)
        optin.reword(caller.world, session, owner, found, wanted.topics, wanted.text)
        return page_out(caller.world, found)

    return caller.act("optin.reword", page, do)


@router.post("/opt-in-pages/{page}/close", response_model=PageOut)
def close_page(caller: Words, page: str) -> Response:
    """Takes no more consents. Those given stay."""

    def do(session: Session, owner: Controller) -> PageOut:
        found = _find(session, owner, page)
        found.closed_at = found.closed_at or caller.world.now()
        session.add(found)
        return page_out(caller.world, found)

    return caller.act("optin.close", page, do)


def _find(session: Session, owner: Controller, page_id: str) -> OptInPage:
    found = session.get(OptInPage, page_id)
    if found is None or found.controller_id != owner.id:
        raise not_found("opt-in page")
    return found
