# SPDX-License-Identifier: Apache-2.0
"""Named points of a running hub, and what happens there. Put in from outside: production code knows nothing of it.

A transaction is known by what it writes: one that appends an ALLOW of the gate claims, one that writes the provider's
ids settles. Both may be one.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import dramatiq
import redis
import sqlalchemy.exc
from sqlalchemy import event

from hub.contract import ClearedMessage, Provider, Receipt, Unavailable, Uncertain
from hub.flows.world import World
from hub.store.db import Database
from hub.testing.faults.commits import Commits
from hub.testing.faults.roster import Roster


class Point(StrEnum):
    """Where something may happen."""

    BEFORE_CLAIM = "before-claim-commit"
    AFTER_CLAIM = "after-claim-commit"
    BEFORE_WRITE = "before-socket-write"
    WRITTEN = "after-socket-write"
    ANSWERED = "answered"
    BEFORE_SETTLE = "before-settle-commit"
    AFTER_SETTLE = "after-settle-commit"
    BEFORE_ACK = "before-ack"
    AFTER_ACK = "after-ack"
    STAGED = "staged-page"
    STATEMENT = "statement"
    COMMIT = "commit"
    BROKER = "broker"


@dataclass
class Trap:
    """At the `at`-th passing of `point`, `do` it: "kill" or "pause" the process, "fail", "exhaust" connections."""

    point: Point | None = None
    at: int = 1
    do: str = "kill"
    slow: float = 0.0  # seconds: a provider's answer takes them, and a kill after the write comes half-way; or it lasts

    def __post_init__(self) -> None:
        self.passed: Counter[str] = Counter()
        self.exhaust: Callable[[], object] = lambda: None  # known once there is a database
        self._lock = threading.Lock()

    def passing(self, point: Point) -> None:
        """Raises `Sprung` where a call shall fail."""
        with self._lock:
            self.passed[point] += 1
            sprung = point == self.point and self.passed[point] == self.at
        if sprung and self.do == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if sprung and self.do == "pause":
            os.kill(os.getpid(), signal.SIGSTOP)
            time.sleep(0.1)  # the signal stops every thread, but not within this very call
        elif sprung and self.do == "exhaust":
            threading.Thread(target=self.exhaust, daemon=True).start()
        elif sprung:
            raise Sprung

    def __reduce__(self) -> Any:
        return Trap, (self.point, self.at, self.do, self.slow)


class Sprung(Exception):
    """The trap asks for a failure here; whoever set the point raises the one that fits."""


def watch_database(database: Database, trap: Trap, commits: Commits) -> None:
    """Points around every statement and commit of one database."""
    writes: dict[int, set[str]] = {}
    dialect = database.engine.dialect
    commit = dialect.do_commit

    @event.listens_for(database.engine, "before_cursor_execute")
    def executed(connection: Any, _c: Any, statement: str, parameters: Any, *_: Any) -> None:
        raw = id(connection.connection.dbapi_connection)
        if kind := _kind(statement, parameters):
            writes.setdefault(raw, set()).add(kind)
        commits.seen(raw, statement, parameters)
        try:
            trap.passing(Point.STATEMENT)
        except Sprung:
            raise _lost_database() from None

    def committing(raw: Any) -> None:
        line = id(getattr(raw, "dbapi_connection", raw))
        kinds = writes.pop(line, set())
        for kind, before, _ in _COMMITS:
            if kind in kinds:
                trap.passing(before)
        try:
            trap.passing(Point.COMMIT)
        except Sprung:
            raise _lost_database() from None
        commit(raw)
        commits.made(line)
        for kind, _, after in _COMMITS:
            if kind in kinds:
                trap.passing(after)

    trap.exhaust = lambda: _hold_all(database, trap.slow)
    dialect.do_commit = committing  # type: ignore[method-assign,assignment]


_COMMITS = (
    ("settle", Point.BEFORE_SETTLE, Point.AFTER_SETTLE),
    ("claim", Point.BEFORE_CLAIM, Point.AFTER_CLAIM),
    ("stage", Point.STAGED, Point.STAGED),
)


def _hold_all(database: Database, seconds: float) -> None:
    """Take every connection there is, as others give them back, and keep them."""
    taken = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            taken.append(database.engine.connect())
        except sqlalchemy.exc.TimeoutError:
            break
    time.sleep(max(0.0, until - time.monotonic()))
    for connection in taken:
        connection.close()


def _kind(statement: str, parameters: Any) -> str:
    words = statement.lstrip()[:24].upper()
    if words.startswith("INSERT INTO DECISION"):
        return "claim" if "'ALLOW'" in repr(parameters) else ""
    if words.startswith("INSERT INTO MESSAGE "):
        return "stage"
    if words.startswith("UPDATE MESSAGE "):
        return "settle" if "provider_id=" in statement else ""  # a status may have been faster with the state
    return ""


def _lost_database() -> sqlalchemy.exc.OperationalError:
    return sqlalchemy.exc.OperationalError("injected", None, ConnectionError("injected"))


def watched_provider(cls: type[Provider[Any]], trap: Trap) -> type[Provider[Any]]:
    """The same provider, with points around its request."""

    class Watched(cls):  # type: ignore[valid-type,misc]
        async def send(self, message: ClearedMessage) -> Receipt:
            try:
                trap.passing(Point.BEFORE_WRITE)
            except Sprung:
                await _misbehave(trap.do)
            if trap.point is Point.WRITTEN:
                asyncio.get_running_loop().call_later(trap.slow / 2, trap.passing, Point.WRITTEN)
            sent: Receipt = await super().send(message)
            try:
                trap.passing(Point.ANSWERED)
            except Sprung:
                raise Uncertain("injected") from None
            return sent

    return Watched


async def _misbehave(how: str) -> None:
    """As a broken plugin would: "raise" any exception, "exit" with one that is no `Exception`, "hang" for ever."""
    if how == "raise":
        raise ValueError("injected")
    if how == "exit":
        raise SystemExit("injected")
    if how == "hang":
        await asyncio.Event().wait()
    raise Unavailable("injected")


class Acks(dramatiq.Middleware):
    """Points around the acknowledgement of a dispatch job to the broker."""

    def __init__(self, trap: Trap) -> None:
        self.trap = trap

    def before_ack(self, broker: Any, message: Any) -> None:
        if message.actor_name == "dispatch":
            self.trap.passing(Point.BEFORE_ACK)

    def after_ack(self, broker: Any, message: Any) -> None:
        if message.actor_name == "dispatch":
            self.trap.passing(Point.AFTER_ACK)


def watch(world: World, trap: Trap) -> World:
    """Put every point into a world, before it works."""
    watch_database(world.db, trap, Commits(world.settings.data_dir))
    connectors = world.registry.connectors
    connectors["meta"] = watched_provider(connectors["meta"], trap)  # type: ignore[arg-type]
    connectors[Roster.name] = Roster
    return world


def watch_broker(broker: Any, trap: Trap) -> Any:
    """The same broker, with points around acknowledgements and every enqueueing."""
    broker.add_middleware(Acks(trap))
    enqueue = broker.enqueue

    def put(*arguments: Any, **more: Any) -> Any:
        try:
            trap.passing(Point.BROKER)
        except Sprung:
            raise redis.ConnectionError("injected") from None
        return enqueue(*arguments, **more)

    broker.enqueue = put
    return broker
