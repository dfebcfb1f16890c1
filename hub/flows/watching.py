# SPDX-License-Identifier: Apache-2.0
"""Connections as people look after them: what each is, how its reading went, and reading it again soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from hub.contract import BadInput, Crm
from hub.flows.world import World
from hub.store.tables import Connection, Controller, Lease, Sender, SyncProblem, SyncRun, TemplateRow


@dataclass(frozen=True, slots=True)
class Watched:
    """One account. `reads`: it is a CRM; `broken`: its plugin is not there. `run`: how it was last read."""

    connection: Connection
    reads: bool
    broken: bool
    run: SyncRun | None
    senders: tuple[Sender, ...]


def every(world: World, session: Session, controller: Controller) -> list[Watched]:
    """All accounts, by title."""
    mine = select(Connection).where(Connection.controller_id == controller.id).order_by(col(Connection.title))
    return [one(world, session, row) for row in session.exec(mine)]


def one(world: World, session: Session, connection: Connection) -> Watched:
    cls = world.registry.connectors.get(connection.connector)
    of_it = select(Sender).where(Sender.connection_id == connection.id).order_by(col(Sender.number))
    last = next(iter(runs(session, connection, "", 1)), None)
    return Watched(
        connection, cls is not None and issubclass(cls, Crm), cls is None, last, tuple(session.exec(of_it).all())
    )


def runs(session: Session, connection: Connection, before: str, limit: int) -> Sequence[SyncRun]:
    """How a CRM was read, the newest first, or what is older than the run `before`."""
    mine = select(SyncRun).where(SyncRun.connection_id == connection.id)
    if before:
        mine = mine.where(col(SyncRun.id) < before)
    return session.exec(mine.order_by(col(SyncRun.id).desc()).limit(limit)).all()


def going(world: World, session: Session, connection: Connection) -> str:
    """The run that goes on just now; empty for none. A run that never ended though nobody reads was broken off."""
    last = next(iter(runs(session, connection, "", 1)), None)
    if last is None or last.finished_at is not None:
        return ""
    held = session.get(Lease, f"sync:{connection.id}")
    return last.id if held is not None and held.until > world.now() else ""


def problems(session: Session, run: SyncRun, after: str, limit: int) -> Sequence[SyncProblem]:
    """Records that could not be used, in the order they were met."""
    mine = select(SyncProblem).where(SyncProblem.run_id == run.id, col(SyncProblem.id) > after)
    return session.exec(mine.order_by(col(SyncProblem.id)).limit(limit)).all()


def templates(session: Session, connection: Connection, state: str = "") -> Sequence[TemplateRow]:
    """As they were last read, by name."""
    mine = select(TemplateRow).where(TemplateRow.connection_id == connection.id)
    if state:
        mine = mine.where(TemplateRow.state == state)
    return session.exec(mine.order_by(col(TemplateRow.name), col(TemplateRow.language))).all()


def stop_sync(session: Session, connection: Connection) -> None:
    """End the reading of a CRM after the page it is at. The next one goes on from there. Raises `BadInput`."""
    run = session.exec(_open(connection.id)).first()
    if run is None:
        remedy = "It may have ended just now: look at its readings."
        raise BadInput("is not being read", field="connection", remedy=remedy)
    run.stopped = True
    session.add(run)


def broken_off(world: World, session: Session, connection_id: str) -> None:
    """Whoever began to read this CRM, and said no more, is gone: nobody else reads it now."""
    for run in session.exec(_open(connection_id)):
        run.finished_at, run.error = world.now(), "broken off; the next one went on from its last page"
        session.add(run)


def _open(connection_id: str) -> SelectOfScalar[SyncRun]:
    return select(SyncRun).where(SyncRun.connection_id == connection_id, col(SyncRun.finished_at).is_(None))


def sync_soon(world: World, session: Session, connection: Connection) -> None:
    """Have a CRM read as soon as somebody works. Raises `BadInput`."""
    if not one(world, session, connection).reads:
        raise BadInput(f"{connection.title} is no CRM", field="connection", remedy="Name a CRM connection.")
    if connection.paused_why:
        raise BadInput("stands still", field="connection", remedy="Mend what paused it, then let it go on.")
    connection.next_sync_at = world.now()
    session.add(connection)
