# SPDX-License-Identifier: Apache-2.0
"""Decisions: found by verdict, reason and day, and explained with every check."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from hub.flows import decided
from hub.flows.decided import Filter
from hub.law.facts import Verdict
from hub.web.api.access import Peoples
from hub.web.api.paging import Cursor, Limit
from hub.web.api.problems import not_found


class DecisionOut(BaseModel):
    """A decision of a list."""

    id: str
    cursor: str
    at: datetime
    verdict: str
    reason: str
    purpose: str
    contact_id: str
    message_id: str


class DecisionPage(BaseModel):
    """`next` goes on, also where this page has nothing: a page looks through a bounded number of decisions."""

    items: list[DecisionOut]
    next: str = ""


class ReasonOut(BaseModel):
    """A code in words."""

    code: str
    meaning: str
    remedy: str
    source: str


class StepOut(BaseModel):
    """A check, its objections, and the id of what it looked at."""

    check: str
    asks: str
    codes: list[str]
    about: str


class WhyOut(BaseModel):
    """One decision, explained. `steps` is empty where it cannot be repeated with the same result today."""

    id: str
    at: datetime
    verdict: str
    phase: str
    contact_id: str
    message_id: str
    message_state: str
    reasons: list[ReasonOut]
    steps: list[StepOut]
    record: dict[str, Any]


router = APIRouter(tags=["proof"])


@router.get("/decisions")
def decisions(
    caller: Peoples,
    verdict: Verdict | None = None,
    reason: str = "",
    day: date | None = None,
    next: Cursor = "",
    limit: Limit = 50,
) -> DecisionPage:
    """The newest first; `day` in UTC."""
    with caller.reading() as (session, owner):
        page = decided.listing(session, owner, Filter(verdict or "", reason, day), next, limit)
    items = [DecisionOut.model_validate(row, from_attributes=True) for row in page.rows]
    return DecisionPage(items=items, next=page.more)


@router.get("/decisions/{decision}")
def why(caller: Peoples, decision: str, language: str = "en") -> WhyOut:
    """Why: every reason in words, and every check."""
    with caller.reading() as (session, owner):
        row = decided.find(session, owner, decision)
        if row is None:
            raise not_found("decision")
        found = decided.explain(session, row, "de" if language == "de" else "en")
    record = {name: value for name, value in found.record.items() if name != "facts"}
    return WhyOut(
        id=row.id,
        at=found.at,
        verdict=row.verdict,
        phase=row.phase,
        contact_id=row.contact_id or "",
        message_id=row.message_id or "",
        message_state=found.message.state if found.message else "",
        reasons=[ReasonOut.model_validate(one, from_attributes=True) for one in found.reasons],
        steps=[StepOut.model_validate(one, from_attributes=True) for one in found.steps],
        record=record,
    )
