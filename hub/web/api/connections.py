# SPDX-License-Identifier: Apache-2.0
"""Connections: how accounts are, what was read and why others were not, numbers, templates, what can be mended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from hub.flows import accounts, guard, outbox, watching
from hub.flows.watching import Watched
from hub.store.tables import Connection, Controller, SyncRun
from hub.web.api.access import Caller, Connects, Looks
from hub.web.api.campaigns import Blocked, blocked, hands, spoken
from hub.web.api.paging import Cursor, Limit, Listing, listing
from hub.web.api.problems import not_found

MOST = 100_000  # records of one dry run
Change = Callable[[Session, Connection], object]


class NumberOut(BaseModel):
    """A number of ours. `rate` in messages per second."""

    id: str
    vendor_id: str
    number: str
    rate: int
    lanes: int
    paused_why: str
    moved_to: str


class ConnectionOut(BaseModel):
    """An account. `kind`: crm, or provider; `broken`: its plugin is not there.

    `listens`: what changes in the CRM comes at once; `listen_error`: why it does not just now.
    """

    id: str
    title: str
    connector: str
    kind: str
    broken: bool
    paused_why: str
    last_inbound_at: datetime | None
    next_sync_at: datetime | None
    listens: bool
    listen_error: str
    numbers: list[NumberOut]


class SyncOut(BaseModel):
    """How a CRM was read. `excluded`: who was not stored, by reason. `state`: running, finished,
    failed, broken_off. `stopped`: somebody asked for its end, and the next one goes on from there."""

    id: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    stopped: bool
    seen: int
    admitted: int
    unchanged: int
    excluded: list[Blocked]
    error: str


class RehearsalOut(BaseModel):
    """What the next reading would do. `ended`: all records were looked at, and not only the first."""

    seen: int
    admitted: int
    unchanged: int
    excluded: list[Blocked]
    ended: bool


class HealthOut(BaseModel):
    """What the other side said just now."""

    ok: bool
    detail: str


class AudienceOut(BaseModel):
    """A list of the CRM. `size` is its own count, where it tells."""

    id: str
    title: str
    size: int | None


class VendorNumberOut(BaseModel):
    """A number as the vendor sees it. Empty: it does not tell."""

    id: str
    number: str
    name: str
    quality: str
    status: str
    storage_region: str


class TemplateOut(BaseModel):
    """A template as it was last read. `stale`: its words changed since."""

    name: str
    language: str
    category: str
    state: str
    text: str
    parameters: list[str]
    buttons: list[str]
    stale: bool
    read_at: datetime


class DoorOut(BaseModel):
    """Where webhooks arrive. The address is a secret: give it to the vendor alone."""

    id: str
    url: str = Field(repr=False)


class GuardIn(BaseModel):
    """Protection beyond what the vendor signs. `secret` null keeps the present one."""

    header: str = Field("", max_length=64, description="Name of a header that each webhook must carry; empty: none.")
    secret: str | None = Field(None, max_length=256, repr=False)
    networks: list[str] = Field(default_factory=list, max_length=64, description="Addresses or networks; none: any.")


class GuardOut(BaseModel):
    """What is asked for; never the secret."""

    id: str
    header: str
    networks: list[str]


class RetriedOut(BaseModel):
    """How many reports are tried again."""

    id: str
    reports: int


router = APIRouter(prefix="/connections", tags=["connections"])


@router.get("")
def all_connections(caller: Looks) -> list[ConnectionOut]:
    with caller.reading() as (session, owner):
        return [_shown(one) for one in watching.every(caller.world, session, owner)]


@router.get("/{connection}")
def one_connection(caller: Looks, connection: str) -> ConnectionOut:
    with caller.reading() as (session, owner):
        return _shown(watching.one(caller.world, session, find(session, owner, connection)))


@router.get("/{connection}/health")
def health(caller: Connects, connection: str) -> HealthOut:
    """Asks the CRM or vendor."""
    found = hands(caller).health(_read(caller, connection))
    return HealthOut(ok=found.ok, detail=found.detail)


@router.get("/{connection}/audiences")
def audiences(caller: Looks, connection: str) -> list[AudienceOut]:
    """The lists of a CRM that a campaign can be aimed at. Asks the CRM."""
    found = hands(caller).audiences(_read(caller, connection))
    return [AudienceOut(id=one.id, title=one.title, size=one.size) for one in found]


@router.get("/{connection}/numbers")
def numbers(caller: Connects, connection: str) -> list[VendorNumberOut]:
    """Asks the vendor for quality and state."""
    found = hands(caller).numbers(_read(caller, connection))
    return [VendorNumberOut.model_validate(one, from_attributes=True) for one in found]


@router.get("/{connection}/templates")
def templates(caller: Looks, connection: str, state: str = "") -> list[TemplateOut]:
    """As they were last read."""
    with caller.reading() as (session, owner):
        rows = watching.templates(session, find(session, owner, connection), state)
        return [TemplateOut.model_validate(row, from_attributes=True) for row in rows]


@router.post("/{connection}/templates/read", response_model=ConnectionOut)
def read_templates(caller: Connects, connection: str) -> Response:
    """Asks the vendor; what it lists is what there is then."""
    hands(caller).templates(_read(caller, connection).id)
    return _change(caller, "connection.templates", connection, lambda session, found: None)


@router.get("/{connection}/syncs")
def syncs(
    caller: Looks, connection: str, next: Cursor = "", limit: Limit = 50, language: str = "en"
) -> Listing[SyncOut]:
    """The newest first."""
    with caller.reading() as (session, owner):
        found = find(session, owner, connection)
        rows, going = watching.runs(session, found, next, limit + 1), watching.going(caller.world, session, found)
        return listing([_run(row, going, spoken(language)) for row in rows], limit)


@router.post("/{connection}/sync", response_model=ConnectionOut)
def sync(caller: Connects, connection: str) -> Response:
    """Have a CRM read as soon as somebody works; watch it with `syncs`."""

    def do(session: Session, found: Connection) -> None:
        watching.sync_soon(caller.world, session, found)

    return _change(caller, "connection.sync", connection, do)


@router.post("/{connection}/sync/stop", response_model=ConnectionOut)
def stop_sync(caller: Connects, connection: str) -> Response:
    """End the reading after the page it is at. What was read stays, and the next reading goes on from there."""
    return _change(caller, "connection.stop_sync", connection, watching.stop_sync)


@router.get("/{connection}/rehearsal")
def rehearsal(caller: Connects, connection: str, language: str = "en") -> RehearsalOut:
    """Asks the CRM, and stores nothing. Takes minutes for many people."""
    counts = hands(caller).rehearse(_read(caller, connection).id, most=MOST)
    return RehearsalOut(
        seen=counts.seen,
        admitted=counts.admitted,
        unchanged=counts.unchanged,
        excluded=blocked(dict(counts.excluded), spoken(language)),
        ended=counts.seen < MOST,
    )


@router.post("/{connection}/resume", response_model=ConnectionOut)
def resume(caller: Connects, connection: str) -> Response:
    """What paused it is mended."""
    return _change(caller, "connection.resume", connection, accounts.resume)


@router.post("/{connection}/reports/retry", response_model=RetriedOut)
def retry(caller: Connects, connection: str) -> Response:
    """Tell a CRM again what it refused."""

    def do(session: Session, owner: Controller) -> RetriedOut:
        found = find(session, owner, connection)
        return RetriedOut(id=found.id, reports=outbox.retry(caller.world, session, found))

    return caller.act("connection.retry", connection, do)


@router.get("/{connection}/door")
def door(caller: Connects, connection: str) -> DoorOut:
    found = _read(caller, connection)
    return DoorOut(id=found.id, url=accounts.webhook_url(caller.world, found))


@router.post("/{connection}/door", response_model=DoorOut)
def rotate_door(caller: Connects, connection: str) -> Response:
    """A new address. Until the vendor knows it, nothing of the vendor arrives, stops included."""

    def do(session: Session, owner: Controller) -> DoorOut:
        found = find(session, owner, connection)
        accounts.rotate_door(session, found)
        return DoorOut(id=found.id, url=accounts.webhook_url(caller.world, found))

    return caller.act("connection.rotate_door", connection, do, remember=False)


@router.put("/{connection}/guard", response_model=GuardOut)
def set_guard(caller: Connects, connection: str, wanted: GuardIn) -> Response:
    """What does not fit is refused within 5 seconds, stops included: see first that the vendor's fits."""

    def do(session: Session, owner: Controller) -> GuardOut:
        found = find(session, owner, connection)
        held = guard.change(caller.world, session, found, wanted.header, wanted.secret or "", wanted.networks)
        return GuardOut(id=found.id, header=held.header, networks=[str(one) for one in held.networks])

    return caller.act("connection.guard", connection, do)


def find(session: Session, owner: Controller, connection_id: str) -> Connection:
    """Raises `Refused` 404, also for another company's."""
    found = session.get(Connection, connection_id)
    if found is None or found.controller_id != owner.id:
        raise not_found("connection")
    return found


def _read(caller: Caller, connection_id: str) -> Connection:
    with caller.reading() as (session, owner):
        return find(session, owner, connection_id)


def _change(caller: Caller, what: str, connection: str, how: Change) -> Response:
    def do(session: Session, owner: Controller) -> ConnectionOut:
        found = find(session, owner, connection)
        how(session, found)
        session.flush()
        return _shown(watching.one(caller.world, session, found))

    return caller.act(what, connection, do)


def _shown(one: Watched) -> ConnectionOut:
    row = one.connection
    return ConnectionOut(
        id=row.id,
        title=row.title,
        connector=row.connector,
        kind="crm" if one.reads else "provider",
        broken=one.broken,
        paused_why=row.paused_why,
        last_inbound_at=row.last_inbound_at,
        next_sync_at=row.next_sync_at,
        listens=row.next_listen_at is not None and not row.listen_error,
        listen_error=row.listen_error,
        numbers=[NumberOut.model_validate(each, from_attributes=True) for each in one.senders],
    )


def _run(run: SyncRun, going: str, language: str) -> SyncOut:
    state = "running" if run.id == going else "broken_off"
    if run.finished_at is not None:
        state = "failed" if run.error else "finished"
    shown = run.model_dump(
        include={"id", "started_at", "finished_at", "stopped", "seen", "admitted", "unchanged", "error"}
    )
    return SyncOut(**shown, state=state, excluded=blocked(run.excluded, language))
