# SPDX-License-Identifier: Apache-2.0
"""The ledger and its check, and the policies with what differs between them."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from hub.flows import checked, policies
from hub.law.differences import differences
from hub.web.api.access import Audits, Looks
from hub.web.api.problems import Refused, not_found


class RestoredOut(BaseModel):
    """The database was restored from a backup; so many links are lost."""

    at: datetime
    links: int
    event: str


class CheckedOut(BaseModel):
    """What a check of the whole chain found. `problems` is empty when everything holds."""

    at: datetime
    links: int
    rows: int
    head: str
    roots: int
    signed_to: int
    problems: list[str]
    restored: list[RestoredOut]


class ChainOut(BaseModel):
    """How long the chain is, and up to where it is signed."""

    links: int
    head: str
    signed_to: int
    signed_at: datetime | None


class PoliciesOut(BaseModel):
    """Every policy that can be named, and the one that decides; empty: none does, and everything is refused."""

    names: list[str]
    deciding: str


class DifferenceOut(BaseModel):
    """A setting that two policies hold differently."""

    path: str
    before: str
    after: str
    meaning: str


router = APIRouter(tags=["proof"])


@router.get("/ledger")
def standing(caller: Looks) -> ChainOut:
    with caller.reading() as (session, owner):
        return ChainOut.model_validate(checked.standing(session, owner), from_attributes=True)


@router.post("/ledger/verify")
def verify(caller: Audits) -> CheckedOut:
    """Check every link, row and signed root. Takes seconds."""
    with caller.reading() as (session, owner):
        if checked.rows(session, owner) > checked.MOST:
            remedy = "Run `hub ledger verify` on the server."
            raise Refused(422, "too_long", "the chain is too long to wait for its check", remedy=remedy)
        found = checked.check(caller.world, session, owner)
    caller.note("ledger.verify", "")
    return CheckedOut.model_validate(found, from_attributes=True)


@router.get("/policies")
def all_policies(caller: Looks) -> PoliciesOut:
    with caller.reading() as (session, owner):
        row = policies.active(session, owner.id, caller.world.now())
        names = policies.names(session, owner)
    otherwise = caller.world.policy.id if caller.world.policy else ""
    return PoliciesOut(names=names, deciding=f"{row.name}@{row.version}" if row else otherwise)


@router.get("/policies/compare")
def compare(caller: Looks, before: str, after: str) -> list[DifferenceOut]:
    """Every setting that differs, with its meaning."""
    with caller.reading() as (session, owner):
        names = policies.names(session, owner)
        if before not in names or after not in names:
            raise not_found("policy")
        pair = [policies.find(session, owner, name)[0] for name in (before, after)]
    return [DifferenceOut.model_validate(one, from_attributes=True) for one in differences(*pair)]
