# SPDX-License-Identifier: Apache-2.0
"""Providers side by side, as `hub providers compare` shows them: what can be done, what is known, what was checked."""

from __future__ import annotations

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel

from hub.flows import comparison
from hub.web.api.access import Looks


class FactOut(BaseModel):
    """What was read. `confirmed`: the vendor's own words say it; it is no check either way."""

    value: str
    source: str
    as_of: date | None
    confirmed: bool


class FileOut(BaseModel):
    """How the file on one account stands, and what it lacks."""

    account: str
    state: str
    sends: bool
    version: int
    valid_until: datetime | None
    missing: list[str]
    unchecked: list[str]
    running_out: list[str]


class ProviderOut(BaseModel):
    """One provider; without a plugin, `why_not` says why."""

    name: str
    title: str
    plugin: bool
    why_not: str
    can: dict[str, bool]
    known: dict[str, list[FactOut]]
    unconfirmed: list[str]
    to_verify: list[str]
    files: list[FileOut]


router = APIRouter()


@router.get("/providers", tags=["providers"])
def compare(caller: Looks) -> list[ProviderOut]:
    """Every installed provider, then those without a plugin."""
    with caller.reading() as (session, owner):
        found = comparison.compare(caller.world, session, owner)
    return [ProviderOut.model_validate(comparison.plain(one)) for one in found]
