# SPDX-License-Identifier: Apache-2.0
"""What a CRM tells as it changes: applied like a page of a sync, behind a cursor of its own.

What it cannot tell any more, the next sync reads, which is then due at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from hub.contract import BadConfig, Changes, HubError, Throttled
from hub.flows import inbound, mappings, sync
from hub.flows.world import World
from hub.store.tables import Connection, Controller, SyncRun, new_id

_SOON = timedelta(seconds=10)
_MENDED = timedelta(minutes=15)  # a person has to do something first


@dataclass(slots=True)
class Listening:
    """One connection that stands open. Its `run` counts what came over it, and is there once something has."""

    connection: Connection
    controller: Controller
    mapping_id: str  # the claim mapping that it reads by; empty: none
    asked: tuple[str, ...]
    began: datetime
    run: str = ""


def begin(world: World, session: Session, connection_id: str) -> Listening:
    """What is known when the connection is opened."""
    connection = session.get_one(Connection, connection_id)
    controller = session.get_one(Controller, connection.controller_id)
    mapped = mappings.current(session, controller, connection_id)
    asked = mapped.mapping.properties if mapped else ()
    return Listening(connection, controller, mapped.id if mapped else "", asked, world.now())


def stale(session: Session, listening: Listening) -> bool:
    """Has an admin changed the account, paused it, or mapped its fields otherwise? Then it must be opened anew."""
    now = session.get_one(Connection, listening.connection.id)
    row = mappings.latest(session, now.id)
    mapping_id = row.id if row and row.text else ""
    return bool(now.paused_why) or now.config != listening.connection.config or mapping_id != listening.mapping_id


def take(world: World, session: Session, listening: Listening, changes: Changes) -> None:
    """All of it and the cursor behind it, in one transaction. Raises `Unavailable` if none can be taken."""
    connection, now = session.get_one(Connection, listening.connection.id), world.now()
    if changes.items or changes.unusable:
        run = _run(world, session, listening)
        sync.apply_page(world, session, listening.controller, connection, run, replace(changes, cursor=None))
        run.finished_at = now
    connection.change_cursor, connection.listen_error = changes.cursor, ""
    if changes.gap:
        connection.next_sync_at = now
    session.add(connection)


def identities(world: World, session: Session, listening: Listening, changes: Changes) -> None:
    """Who became one record with whom; to be applied before `take`."""
    if merged := sync.merges(changes, world.now()):
        inbound.apply(world, session, listening.connection, merged)


def _run(world: World, session: Session, listening: Listening) -> SyncRun:
    if not listening.run:
        listening.run = new_id()
        started = SyncRun(
            id=listening.run,
            connection_id=listening.connection.id,
            started_at=listening.began,
            mapping_id=listening.mapping_id,
        )
        session.add(started)
        session.flush()
    return session.get_one(SyncRun, listening.run)


def ended(world: World, session: Session, connection_id: str, error: Exception | None) -> None:
    """When to open it again. Nothing of this pauses the account: it is read by syncs all the same."""
    connection, now = session.get_one(Connection, connection_id), world.now()
    wait = _SOON
    if isinstance(error, Throttled):
        wait = timedelta(seconds=error.after)
    elif isinstance(error, BadConfig):
        wait = _MENDED
    connection.next_listen_at = now + wait
    if error is not None:
        connection.listen_error = str(error)[:300] if isinstance(error, HubError) else type(error).__name__
    session.add(connection)


def silent(session: Session, connection_id: str) -> None:
    """As it is set up, it tells nothing."""
    connection = session.get_one(Connection, connection_id)
    connection.next_listen_at, connection.listen_error, connection.change_cursor = None, "", None
    session.add(connection)
