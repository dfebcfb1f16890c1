# SPDX-License-Identifier: Apache-2.0
"""Providers side by side, and the file on each (Art. 28 GDPR): fill in, answer points, attach, approve, take back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Base64Bytes, BaseModel, Field
from sqlmodel import Session

from hub.contract import BadInput, Provider
from hub.flows import comparison, switching
from hub.flows.processor import form, papers, standing, versions
from hub.flows.processor.form import Check, Form, Status
from hub.flows.processor.points import POINTS
from hub.store.tables import Connection, Controller, ProcessorRecord
from hub.web.api import connections
from hub.web.api.access import Caller, Looks, Provides
from hub.web.api.problems import not_found

_LONGEST = papers.MOST * 4 // 3 + 4  # of a document, in base64


class PointOut(BaseModel):
    """One question of a file, with the statute that asks."""

    id: str
    section: str
    source: str
    en: str
    de: str
    needed: bool
    spare: bool


class PaperOut(BaseModel):
    """A document that is kept with a file."""

    kind: str
    name: str
    sha256: str
    size: int
    reviewer: str
    added_on: str
    expires_on: str


class FileOut(BaseModel):
    """A file. `state` is that of the version in force; `missing` is what keeps the newest from being approved."""

    id: str
    state: str
    sends: bool
    version: int
    newest: int
    valid_until: datetime | None
    missing: list[str]
    unchecked: list[str]
    running_out: list[str]
    file: Form
    papers: list[PaperOut]


class TickIn(BaseModel):
    """The answer to some points alike, signed with the caller's name and today."""

    points: list[str] = Field(min_length=1, max_length=100)
    status: Status
    evidence: str = Field("", max_length=1000, description="Where it can be seen: clause, page, document.")
    note: str = Field("", max_length=1000)


class PaperIn(BaseModel):
    """A document to keep; its bytes in base64, up to 20 MiB."""

    kind: str = Field(description=f"One of: {', '.join(papers.KINDS)}.")
    name: str = Field(max_length=1000)
    body: Base64Bytes = Field(repr=False, max_length=_LONGEST)
    expires_on: date | None = None


class Reason(BaseModel):
    """Why; it stands in the file."""

    why: str = Field(min_length=1, max_length=500)


class TransferIn(Reason):
    """A tool that shall carry nothing more to a country."""

    to: str = Field(pattern="^[A-Z]{2}$")
    tool: str = Field(max_length=40)


router = APIRouter(prefix="/providers", tags=["providers"])


@router.get("")
def compare(caller: Looks) -> list[dict[str, Any]]:
    """`known` was read by plugins' authors, and is no check; what is not `confirmed` has no usable source."""
    with caller.reading() as (session, owner):
        return [comparison.plain(one) for one in comparison.compare(caller.world, session, owner)]


@router.get("/points")
def points(caller: Looks) -> list[PointOut]:
    """What every file must answer."""
    return [PointOut.model_validate(one, from_attributes=True) for one in POINTS.values()]


@router.get("/{connection}")
def one_file(caller: Looks, connection: str) -> FileOut:
    with caller.reading() as (session, owner):
        return _shown(caller, session, _find(caller, session, owner, connection))


@router.put("/{connection}", response_model=FileOut)
def file(caller: Provides, connection: str, wanted: Form) -> Response:
    """The whole file as a new draft. What is in force stays so until the draft is approved."""
    return _do(
        caller, "processor.file", connection, lambda s, c, by: versions.draft(caller.world, s, c, _read(wanted), by)
    )


@router.post("/{connection}/tick", response_model=FileOut)
def tick(caller: Provides, connection: str, wanted: TickIn) -> Response:
    """As a new draft."""
    check = Check(status=wanted.status, evidence=wanted.evidence, note=wanted.note)

    def do(session: Session, found: Connection, by: str) -> ProcessorRecord:
        return versions.tick(caller.world, session, found, wanted.points, check, by)

    return _do(caller, "processor.tick", connection, do)


@router.post("/{connection}/papers", response_model=FileOut)
def attach(caller: Provides, connection: str, wanted: PaperIn) -> Response:
    """Kept sealed under its hash, as a new draft."""

    def do(session: Session, found: Connection, by: str) -> ProcessorRecord:
        owner, until = found.controller_id, wanted.expires_on
        kept = papers.keep(
            caller.world, session, owner, wanted.kind, wanted.name, wanted.body, reviewer=by, expires_on=until
        )
        said = versions.form_of(versions.newest(session, found.id))
        return versions.draft(caller.world, session, found, said, by, [kept])

    return _do(caller, "processor.attach", connection, do)


@router.get(
    "/{connection}/papers/{sha256}",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
)
def paper(caller: Provides, connection: str, sha256: str) -> Response:
    """As it was attached."""
    with caller.reading() as (session, owner):
        found = _find(caller, session, owner, connection)
        try:
            versions.paper(session, found.id, sha256)
        except BadInput:
            raise not_found("document") from None
        body = papers.read(caller.world, session, owner.id, sha256)
    headers = {"content-disposition": "attachment", "x-content-type-options": "nosniff"}
    return Response(body, 200, headers, "application/octet-stream")


@router.post("/{connection}/approve", response_model=FileOut)
def approve(caller: Provides, connection: str) -> Response:
    """Let the newest version count from now on, or hear what is missing."""
    return _do(caller, "processor.approve", connection, lambda s, c, by: versions.approve(caller.world, s, c, by))


@router.post("/{connection}/suspend", response_model=FileOut)
def suspend(caller: Provides, connection: str, wanted: Reason) -> Response:
    """Send nothing through this provider any more, from the next decision on."""
    return _leave(caller, "processor.suspend", connection, versions.suspend, wanted.why)


@router.post("/{connection}/reopen", response_model=FileOut)
def reopen(caller: Provides, connection: str, wanted: Reason) -> Response:
    """Take an approval back."""
    return _leave(caller, "processor.reopen", connection, versions.reopen, wanted.why)


@router.post("/{connection}/end", response_model=FileOut)
def end(caller: Provides, connection: str, wanted: Reason) -> Response:
    """The contract is over."""
    return _leave(caller, "processor.end", connection, versions.end, wanted.why)


@router.post("/{connection}/stop-transfer", response_model=FileOut)
def stop_transfer(caller: Provides, connection: str, wanted: TransferIn) -> Response:
    """The kill switch of one file. A fallback on file goes on."""

    def do(session: Session, found: Connection, by: str) -> ProcessorRecord:
        return versions.stop_transfer(caller.world, session, found, wanted.tool, wanted.to, by, wanted.why)

    return _do(caller, "processor.stop_transfer", connection, do)


def _read(wanted: Form) -> Form:
    """With its points held against the list. Raises `BadInput`."""
    return form.build(wanted.plain)


def _find(caller: Caller, session: Session, owner: Controller, connection: str) -> Connection:
    found = connections.find(session, owner, connection)
    cls = caller.world.registry.connectors.get(found.connector)
    if cls is None or not issubclass(cls, Provider):
        raise not_found("provider")
    return found


def _do(caller: Caller, what: str, connection: str, how: Callable[[Session, Connection, str], object]) -> Response:
    def do(session: Session, owner: Controller) -> FileOut:
        found = _find(caller, session, owner, connection)
        how(session, found, caller.actor.name)
        return _shown(caller, session, found)

    return caller.act(what, connection, do)


def _leave(caller: Caller, what: str, connection: str, how: Callable[..., object], why: str) -> Response:
    def do(session: Session, found: Connection, by: str) -> None:
        how(caller.world, session, found, by, why)
        switching.leave(caller.world, session, found)

    return _do(caller, what, connection, do)


def _shown(caller: Caller, session: Session, found: Connection) -> FileOut:
    stands, newest = standing.of(session, found.id, caller.world.now()), versions.newest(session, found.id)
    return FileOut(
        id=found.id,
        state=stands.state,
        sends=stands.sends,
        version=stands.version,
        newest=stands.newest,
        valid_until=stands.valid_until,
        missing=list(stands.missing),
        unchecked=list(stands.unchecked),
        running_out=list(stands.running_out),
        file=versions.form_of(newest),
        papers=[PaperOut(**one) for one in newest.papers] if newest else [],
    )
