# SPDX-License-Identifier: Apache-2.0
"""One person: found by a body and never by an address, what happened to them, why, and the evidence of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from hub.flows import capsules, decided, timeline
from hub.flows.decided import Filter
from hub.flows.timeline import Strand
from hub.law.facts import Verdict
from hub.store.tables import Contact, Controller
from hub.web.api.access import Caller, Peoples
from hub.web.api.paging import Cursor, Limit, Listing, listing
from hub.web.api.problems import not_found


class SearchIn(BaseModel):
    """Whom to look for. In a body, so that no number stands in an address or a log."""

    subject: str = Field(max_length=200, description="Phone number, CRM record id or contact id.", repr=False)


class FoundOut(BaseModel):
    """The person's opaque id."""

    id: str


class PointOut(BaseModel):
    """A number or WhatsApp id, without its value."""

    kind: str
    country: str
    verified_at: datetime | None
    left_at: datetime | None


class RecordOut(BaseModel):
    """A CRM record that speaks of the person."""

    connection_id: str
    crm: str
    record: str


class ConsentOut(BaseModel):
    """What the person last agreed to. `state` as DPV names it."""

    id: str
    state: str
    channel: str
    purpose: str
    topic: str
    wording_id: str | None
    event_time: datetime
    ledger_id: str


class StopOut(BaseModel):
    """What blocks."""

    id: str
    kind: str
    channel: str
    purpose: str
    topic: str
    event_time: datetime
    ledger_id: str


class PersonOut(BaseModel):
    """Where somebody stands now."""

    id: str
    state: str
    country: str
    points: list[PointOut]
    records: list[RecordOut]
    consents: list[ConsentOut]
    stops: list[StopOut]
    open_reviews: list[str]


class EntryOut(BaseModel):
    """Something that happened: an event of the ledger, or a decision (then `reason` says why)."""

    id: str
    cursor: str
    strand: Strand
    what: str
    at: datetime
    recorded_at: datetime
    decision: bool
    reason: str
    message_id: str
    message_state: str
    campaign: str


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


router = APIRouter(tags=["people"])


@router.post("/people/search")
def search(caller: Peoples, wanted: SearchIn) -> FoundOut:
    """Who that is. The search is in the audit log, what was searched for is nowhere."""
    with caller.reading() as (session, owner):
        found = timeline.search(caller.world, session, owner, wanted.subject)
    caller.note("people.search", found.id if found else "")
    if found is None:
        raise not_found("person")
    return FoundOut(id=found.id)


@router.get("/people/{person}")
def one_person(caller: Peoples, person: str) -> PersonOut:
    with caller.reading() as (session, owner):
        found = timeline.person(session, _find(session, owner, person))
    return PersonOut(
        id=found.contact.id,
        state=found.state,
        country=found.contact.country,
        points=[PointOut.model_validate(one, from_attributes=True) for one in found.points],
        records=[RecordOut(connection_id=one.connection_id, crm=crm, record=one.record) for one, crm in found.records],
        consents=[ConsentOut.model_validate(one, from_attributes=True) for one in found.consents],
        stops=[StopOut.model_validate(one, from_attributes=True) for one in found.stops],
        open_reviews=[one.id for one in found.reviews],
    )


@router.get("/people/{person}/timeline")
def history(
    caller: Peoples, person: str, strand: Strand | None = None, next: Cursor = "", limit: Limit = 50
) -> Listing[EntryOut]:
    """The newest first."""
    with caller.reading() as (session, owner):
        rows = timeline.page(session, _find(session, owner, person), next, limit + 1, strand)
    return listing([EntryOut.model_validate(row, from_attributes=True) for row in rows], limit, key="cursor")


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


class EvidenceIn(BaseModel):
    """How the capsule is wanted."""

    reveal: bool = Field(False, description="With the number and the person's own words, opened: personal data.")


_CAPSULE: dict[int | str, dict[str, Any]] = {
    200: {"description": "An evidence capsule.", "content": {"application/json": {"schema": {"type": "object"}}}}
}


@router.post("/people/{person}/evidence", responses=_CAPSULE, response_class=Response)
def evidence_of_person(caller: Peoples, person: str, wanted: EvidenceIn | None = None) -> Response:
    """Everything about one person, as a file that anybody can check offline."""
    with caller.reading() as (session, owner):
        subject = _find(session, owner, person).id
    return _capsule(caller, capsules.CONTACT, subject, wanted)


@router.post("/messages/{message}/evidence", responses=_CAPSULE, response_class=Response)
def evidence_of_message(caller: Peoples, message: str, wanted: EvidenceIn | None = None) -> Response:
    """Everything about one message, sent or refused."""
    return _capsule(caller, capsules.MESSAGE, message, wanted)


@router.post("/consents/{consent}/evidence", responses=_CAPSULE, response_class=Response)
def evidence_of_consent(caller: Peoples, consent: str, wanted: EvidenceIn | None = None) -> Response:
    """One consent, by the id of its event in the ledger."""
    return _capsule(caller, capsules.CONSENT, consent, wanted)


def _capsule(caller: Caller, kind: str, subject: str, wanted: EvidenceIn | None) -> Response:
    with caller.reading() as (_, owner):
        pass
    made = capsules.make(caller.world, owner, kind, subject, reveal=bool(wanted and wanted.reveal))
    caller.note(f"evidence.{kind}", subject)
    return Response(made, media_type="application/json")


def _find(session: Session, owner: Controller, person: str) -> Contact:
    found = timeline.find(session, owner, person)
    if found is None:
        raise not_found("person")
    return found
