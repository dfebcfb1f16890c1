# SPDX-License-Identifier: Apache-2.0
"""What a CRM's own fields say about consent: which there are, what a mapping of them would mean, and saving one."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel
from sqlmodel import Session

from hub.contract import BadInput, Crm
from hub.flows import mappings, wizard
from hub.flows.candidates import PARTS, propose
from hub.flows.trial import Means
from hub.law.mapping import Mapping
from hub.store.tables import ClaimMapping, Connection, Controller
from hub.web.api.access import Caller, Connects, Looks
from hub.web.api.campaigns import Blocked, blocked, hands, spoken
from hub.web.api.connections import find
from hub.web.api.problems import not_found


class PropertyOut(BaseModel):
    """A field of the CRM. `likely`: parts of a mapping that it may be, by its kind and name."""

    name: str
    label: str
    kind: str
    options: list[str]
    likely: list[str]


class MappingOut(BaseModel):
    """A version of a mapping; the newest counts."""

    id: str
    version: int
    sha256: str
    approved_by: str
    approved_at: datetime
    mapping: Mapping


class TriedOut(BaseModel):
    """One record of the sample, by the CRM's own id. `codes`: why a yes stays a claim; `why`: what ails its number."""

    record: str
    means: Means
    codes: list[str]
    why: str


class TrialOut(BaseModel):
    """What a sample would mean; of `read` records. Nothing was stored."""

    read: int
    means: dict[Means, int]
    lacks: list[Blocked]
    bases: dict[str, int]
    records: list[TriedOut]


router = APIRouter(prefix="/connections", tags=["connections"])


@router.get("/{connection}/properties")
def properties(caller: Connects, connection: str) -> list[PropertyOut]:
    """Asks the CRM. Empty where it cannot list its fields."""
    known = hands(caller).properties(_crm(caller, connection))
    likely = {part: propose(part, known) for part in PARTS}
    return [
        PropertyOut(
            name=one.name,
            label=one.label,
            kind=one.kind,
            options=list(one.options),
            likely=[part for part in PARTS if one in likely[part]],
        )
        for one in known
    ]


@router.get("/{connection}/mapping")
def mapping(caller: Looks, connection: str) -> MappingOut:
    """The version that counts; 404 where nothing is mapped."""
    with caller.reading() as (session, owner):
        row = mappings.latest(session, find(session, owner, connection).id)
        if row is None or not row.text:
            raise not_found("mapping")
        return _shown(row)


@router.post("/{connection}/mapping/preview")
def preview(caller: Connects, connection: str, wanted: Mapping, language: str = "en") -> TrialOut:
    """Asks the CRM for a sample of up to 100 contacts, and stores nothing of it."""
    found = _crm(caller, connection)
    known = hands(caller).properties(found)
    with caller.reading() as (session, owner):
        mapped = mappings.check(session, owner, wanted, known)
    trial = hands(caller).try_mapping(found, mapped)
    caller.note("claims.preview", found.id)
    return TrialOut(
        read=trial.read,
        means=trial.means,
        lacks=blocked(dict(trial.lacks), spoken(language)),
        bases=dict(trial.bases),
        records=[
            TriedOut(record=one.record, means=one.means, codes=list(one.codes), why=one.why) for one in trial.records
        ],
    )


@router.put("/{connection}/mapping", response_model=MappingOut)
def save(caller: Connects, connection: str, wanted: Mapping) -> Response:
    """A new version, which counts from now on: the CRM is read anew by it. Look at the preview first."""
    known = hands(caller).properties(_crm(caller, connection))

    def do(session: Session, owner: Controller) -> MappingOut:
        found = find(session, owner, connection)
        text = wizard.compose(wanted.model_dump(mode="json", exclude_none=True))
        return _shown(mappings.approve(caller.world, session, owner, found, text, caller.actor.name, known))

    return caller.act("claims.map", connection, do)


def _crm(caller: Caller, connection: str) -> Connection:
    """Raises `Refused` 404, and `BadInput` for a provider."""
    with caller.reading() as (session, owner):
        found = find(session, owner, connection)
    cls = caller.world.registry.connectors.get(found.connector)
    if cls is None or not issubclass(cls, Crm):
        raise BadInput("is no CRM", field="connection", remedy="Name a CRM connection.")
    return found


def _shown(row: ClaimMapping) -> MappingOut:
    return MappingOut(
        id=row.id,
        version=row.version,
        sha256=row.sha256,
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        mapping=mappings.read(row.text),
    )
