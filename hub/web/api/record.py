# SPDX-License-Identifier: Apache-2.0
"""The record of processing activities (Art. 30 GDPR): versions, what changed, review."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from hub.contract import BadInput
from hub.flows.art30 import versions
from hub.flows.art30.content import Said
from hub.store.tables import Controller, ProcessingRecord
from hub.web.api.access import Audits, Looks
from hub.web.api.problems import not_found

Version = Annotated[int, Path(ge=1, le=1_000_000)]


class VersionOut(BaseModel):
    """One version, without its content."""

    version: int
    sha256: str
    made_at: datetime
    reviewed_at: datetime | None
    review_on: date | None


class DifferenceOut(BaseModel):
    """A place that differs; an empty value is not there."""

    path: str
    before: str
    after: str


class RecordOut(BaseModel):
    """The versions, and what the configuration has changed since the newest."""

    versions: list[VersionOut]
    changed: list[DifferenceOut]


class FullOut(VersionOut):
    """One version as a whole."""

    content: dict[str, Any]


class ReviewIn(BaseModel):
    review_on: date = Field(description="When somebody looks at it again.")


router = APIRouter(tags=["proof"])


@router.get("/record")
def record(caller: Looks) -> RecordOut:
    """The newest version first."""
    with caller.reading() as (session, owner):
        rows = versions.every(session, owner)
        found = versions.drift(caller.world, session, owner)
    told = [VersionOut.model_validate(row, from_attributes=True) for row in rows]
    return RecordOut(versions=told, changed=[DifferenceOut.model_validate(one, from_attributes=True) for one in found])


@router.get("/record/{version}")
def one(caller: Looks, version: Version) -> FullOut:
    with caller.reading() as (session, owner):
        return FullOut.model_validate(_find(session, owner, version), from_attributes=True)


@router.post("/record", status_code=201, response_model=VersionOut)
def keep(caller: Audits, said: Said) -> Response:
    """Write a new version from the configuration as it is now. What is left out stays as it was."""

    def do(session: Session, owner: Controller) -> VersionOut:
        given = said.model_dump(include=said.model_fields_set)
        made = versions.keep(caller.world, session, owner, caller.actor.id, given)
        return VersionOut.model_validate(made, from_attributes=True)

    return caller.act("record.keep", "", do, status=201)


@router.post("/record/{version}/review", response_model=VersionOut)
def review(caller: Audits, version: Version, wanted: ReviewIn) -> Response:
    """Somebody has looked at it, and says when to look again."""

    def do(session: Session, owner: Controller) -> VersionOut:
        _find(session, owner, version)
        row = versions.review(caller.world, session, owner, version, caller.actor.id, wanted.review_on)
        return VersionOut.model_validate(row, from_attributes=True)

    return caller.act("record.review", str(version), do)


def _find(session: Session, owner: Controller, version: int) -> ProcessingRecord:
    try:
        return versions.find(session, owner, version)
    except BadInput:
        raise not_found("version") from None
