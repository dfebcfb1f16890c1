# SPDX-License-Identifier: Apache-2.0
"""The inbox: raw webhooks, kept sealed until applied, unique by content."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from hub.contract import Inbound
from hub.flows.world import World
from hub.store.tables import Connection, Inbox, new_id

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request that authenticated, on its way into the inbox."""

    connection_id: str
    request: Inbound


def store(world: World, session: Session, arrived: Sequence[Arrived]) -> list[str]:
    """Keep a group of requests in one transaction; returns the new rows. A redelivery is there already."""
    rows = {}
    for one in arrived:
        row_id, content = new_id(), digest(one.request)
        rows[one.connection_id, content] = {
            "id": row_id,
            "connection_id": one.connection_id,
            "digest": content,
            "request": world.vault.seal(_pack(one.request), f"inbox:{row_id}"),
            "state": "pending",
            "attempts": 0,
            "error": "",
            "received_at": one.request.received_at,
        }
    insert = sqlite.insert if world.db.sqlite else postgresql.insert
    statement = insert(Inbox).values(list(rows.values())).on_conflict_do_nothing().returning(col(Inbox.id))
    return list(session.execute(statement).scalars())


def digest(request: Inbound) -> str:
    """What makes a webhook the same webhook: its bytes and where it was sent, not its headers."""
    return hashlib.sha256(request.method.encode() + b"|" + request.body).hexdigest()


def _pack(request: Inbound) -> bytes:
    return orjson.dumps(
        {
            "method": request.method,
            "url": request.url,
            "headers": dict(request.headers),
            "query": dict(request.query),
            "body": base64.b64encode(request.body).decode(),
            "received_at": request.received_at,
        }
    )


def unpack(world: World, row: Inbox) -> Inbound:
    stored = orjson.loads(world.vault.open(row.request, f"inbox:{row.id}"))
    stored["body"] = base64.b64decode(stored["body"])
    stored["received_at"] = datetime.fromisoformat(stored["received_at"])
    return Inbound(**stored)


def pending(session: Session, ids: Sequence[str]) -> list[Inbox]:
    """Those of the given rows that still wait."""
    return list(session.exec(select(Inbox).where(col(Inbox.id).in_(ids), Inbox.state == "pending").order_by("id")))


def waiting(session: Session, limit: int) -> list[str]:
    rows = session.exec(select(Inbox.id).where(Inbox.state == "pending").order_by(col(Inbox.id)).limit(limit))
    return list(rows)


def lock(session: Session, ids: Sequence[str]) -> list[Inbox]:
    """The same, locked for the transaction that applies them; rows another worker holds are left out."""
    return list(
        session.exec(
            select(Inbox)
            .where(col(Inbox.id).in_(ids), Inbox.state == "pending")
            .order_by(col(Inbox.id))
            .with_for_update(skip_locked=True)
        )
    )


def done(session: Session, rows: Sequence[Inbox], now: datetime) -> None:
    for row in rows:
        row.state = "done"
        session.add(row)
    if rows:
        connection = session.get_one(Connection, rows[0].connection_id)
        connection.last_inbound_at = now
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
