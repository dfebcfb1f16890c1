# SPDX-License-Identifier: Apache-2.0
"""Who did what, what every code means, what the CRMs have not been told yet, and the keys of the API itself."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from hub.flows import audit, keys, outbox
from hub.flows.roles import May
from hub.law.reasons import REASONS
from hub.store.tables import ApiKey, Controller
from hub.web.api.access import Audits, Looks, Staffs
from hub.web.api.paging import Cursor, Limit, Listing, listing


class Me(BaseModel):
    """Who asks."""

    id: str
    name: str
    role: str
    may: list[str]


class ReasonOut(BaseModel):
    """A code of a decision: what it rests on, and what would change it."""

    code: str
    verdict: str | None  # null: a note, which decides nothing
    source: str
    meaning_en: str
    meaning_de: str
    remedy_en: str
    remedy_de: str


class AuditOut(BaseModel):
    """One act."""

    id: str
    at: datetime
    who: str
    role: str
    what: str
    about: str


class WaitingOut(BaseModel):
    """What one CRM has not confirmed."""

    connection_id: str
    title: str
    kind: str
    pending: int
    failed: int
    oldest: datetime
    error: str


class KeyIn(BaseModel):
    """A key to make."""

    title: str = Field(max_length=100)
    role: str
    days: int = Field(365, ge=1, le=730)


class KeyOut(BaseModel):
    """A key, without its secret."""

    id: str
    title: str
    role: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class KeyMade(KeyOut):
    """A new key. The secret is shown this once."""

    secret: str = Field(repr=False)


router = APIRouter()


@router.get("/me", tags=["access"])
def me(caller: Looks) -> Me:
    who = caller.actor
    return Me(id=who.id, name=who.name, role=who.role, may=sorted(may for may in May if who.may(may)))


@router.get("/reasons", tags=["proof"])
def reasons(caller: Looks) -> list[ReasonOut]:
    """Every code that a decision can have, in the order in which they win."""
    return [ReasonOut.model_validate(one, from_attributes=True) for one in REASONS]


@router.get("/audit", tags=["proof"])
def audited(caller: Audits, next: Cursor = "", limit: Limit = 50) -> Listing[AuditOut]:
    """The newest first."""
    with caller.reading() as (session, owner):
        rows = audit.page(session, owner, next or None, limit + 1)
        return listing([AuditOut.model_validate(row, from_attributes=True) for row in rows], limit)


@router.get("/reports/waiting", tags=["crm"])
def waiting(caller: Looks) -> list[WaitingOut]:
    """Withdrawals first: a stop that a CRM does not know yet matters most."""
    with caller.reading() as (session, owner):
        found = outbox.waiting(session, owner)
    return [WaitingOut.model_validate(one, from_attributes=True) for one in found]


@router.get("/keys", tags=["access"])
def all_keys(caller: Staffs) -> list[KeyOut]:
    with caller.reading() as (session, owner):
        return [_shown(one) for one in keys.every(session, owner)]


@router.post("/keys", status_code=201, response_model=KeyMade, tags=["access"])
def make_key(caller: Staffs, wanted: KeyIn) -> Response:
    """The secret is in this answer and nowhere else; a repetition makes another key."""

    def do(session: Session, owner: Controller) -> KeyMade:
        made, secret = keys.make(
            caller.world,
            session,
            owner,
            title=wanted.title,
            role=wanted.role,
            days=wanted.days,
            by=caller.actor.name,
        )
        return KeyMade(**_shown(made).model_dump(), secret=secret)

    return caller.act("key.make", "", do, status=201, remember=False)


@router.delete("/keys/{key}", response_model=KeyOut, tags=["access"])
def revoke_key(caller: Staffs, key: str) -> Response:
    def do(session: Session, owner: Controller) -> KeyOut:
        return _shown(keys.revoke(caller.world, session, owner, key))

    return caller.act("key.revoke", key, do)


def _shown(key: ApiKey) -> KeyOut:
    return KeyOut.model_validate(key, from_attributes=True)
