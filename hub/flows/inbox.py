# SPDX-License-Identifier: Apache-2.0
"""The inbox: raw webhooks, kept sealed until applied, unique by content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import delete, func, literal_column, update
from sqlmodel import Session, col, select

from hub.contract import Inbound
from hub.flows.world import World
from hub.store.direct import insert_new
from hub.store.sets import among
from hub.store.tables import Connection, Inbox, new_id

_TRIES = 5
_PENDING = col(Inbox.state) == literal_column("'pending'")  # a parameter would not find the partial index


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request that authenticated, on its way into the inbox."""

    connection_id: str
    request: Inbound


@dataclass(frozen=True, slots=True)
class Waiting:
    """A webhook in the inbox that nobody has applied yet."""

    id: str
    connection_id: str
    request: bytes


def store(world: World, session: Session, arrived: Sequence[Arrived]) -> list[str]:
    """Keep a group of requests in one transaction; returns the new rows. A redelivery is there already."""
    rows = [_row(world, known_as, one) for known_as, one in {digest(one): one for one in arrived}.items()]
    ids = [str(row["id"]) for row in rows]
    if insert_new(session, Inbox, rows) == len(rows):
        return ids
    return list(session.exec(select(Inbox.id).where(among(col(Inbox.id), ids)).order_by(Inbox.id)))


def digest(arrived: Arrived) -> bytes:
    """What makes a webhook the same webhook: its bytes and where it was sent, not its headers."""
    request = arrived.request
    return hashlib.sha256(b"|".join((arrived.connection_id.encode(), request.method.encode(), request.body))).digest()


def _row(world: World, known_as: bytes, arrived: Arrived) -> dict[str, Any]:
    row_id, request = new_id(), arrived.request
    return {
        "id": row_id,
        "connection_id": arrived.connection_id,
        "digest": known_as,
        "request": world.vault.seal(_pack(request), f"inbox:{row_id}"),
        "state": "pending",
        "attempts": 0,
        "error": "",
        "received_at": request.received_at,
    }


def _pack(request: Inbound) -> bytes:
    """One line of JSON, then the body as it came."""
    head = {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        "query": dict(request.query),
        "received_at": request.received_at,
    }
    return orjson.dumps(head) + b"\n" + request.body


def unpack(world: World, row: Inbox | Waiting) -> Inbound:
    """The request as it arrived. Raises `Sealed`."""
    head, _, body = world.vault.open(row.request, f"inbox:{row.id}").partition(b"\n")
    stored = orjson.loads(head)
    stored["received_at"] = datetime.fromisoformat(stored["received_at"])
    return Inbound(body=body, **stored)


def oldest(session: Session) -> list[str]:
    """The webhook of each connection that waits longest."""
    first = select(func.min(Inbox.id)).where(Inbox.connection_id == Connection.id, _PENDING).scalar_subquery()
    return [row_id for row_id in session.exec(select(first).select_from(Connection)) if row_id]


def connections(session: Session, ids: Sequence[str]) -> list[str]:
    """Where those of the given rows came from that still wait."""
    mine = select(Inbox.connection_id).where(among(col(Inbox.id), ids), _PENDING)
    return list(session.exec(mine.distinct().order_by(Inbox.connection_id)))


def waiting(session: Session, connection_id: str, limit: int) -> list[tuple[str, int]]:
    """What waits of a connection, the oldest first: id and size in bytes."""
    size = func.length(col(Inbox.request))
    mine = select(col(Inbox.id), size).where(Inbox.connection_id == connection_id, _PENDING)
    return [(row_id, length) for row_id, length in session.exec(mine.order_by(Inbox.id).limit(limit))]


def pending(session: Session, ids: Sequence[str]) -> list[Waiting]:
    """Those of the given rows that still wait."""
    columns = select(col(Inbox.id), col(Inbox.connection_id), col(Inbox.request))
    rows = session.exec(columns.where(among(col(Inbox.id), ids), _PENDING).order_by(Inbox.id))
    return [Waiting(*row) for row in rows]


def lock(session: Session, ids: Sequence[str]) -> list[str]:
    """The same, locked for the transaction that applies them; rows another worker holds are left out."""
    mine = select(Inbox.id).where(among(col(Inbox.id), ids), _PENDING).order_by(Inbox.id)
    return list(session.exec(mine.with_for_update(skip_locked=True)))


def done(session: Session, connection_id: str, ids: Sequence[str], now: datetime, *, sync: bool = False) -> None:
    """These have been applied. `sync`: they ask for a walk through the CRM."""
    if not (ids or sync):
        return
    applied = update(Inbox).where(among(col(Inbox.id), ids)).values(state="done")
    session.execute(applied, execution_options={"synchronize_session": False})
    connection = session.get_one(Connection, connection_id)
    connection.last_inbound_at = now if ids else connection.last_inbound_at
    if sync:
        connection.next_sync_at = now
    session.add(connection)


def failed(session: Session, row_id: str, error: Exception) -> None:
    """Count a failure; a poison event is parked after some tries and blocks nobody."""
    row = session.get(Inbox, row_id)
    if row is None or row.state != "pending":
        return
    row.attempts += 1
    row.error = type(error).__name__
    if row.attempts >= _TRIES:
        row.state = "parked"
    session.add(row)


def purge(session: Session, before: datetime) -> int:
    """Delete raw webhooks that were applied long ago; parked ones wait for a person. Returns how many."""
    old = delete(Inbox).where(col(Inbox.state) == "done", col(Inbox.received_at) < before)
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]
