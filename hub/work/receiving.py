# SPDX-License-Identifier: Apache-2.0
"""Applies what waits in the inbox: one worker per connection at a time, in sets, the oldest first.

A nudge only says where something waits. The first webhook after a pause is applied at once; under load, few large sets
cost much less than many small ones.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import structlog
from sqlalchemy.exc import OperationalError

from hub.bridge import Bridge
from hub.contract import Connector, Event, Inbound, StatusChanged, Unavailable
from hub.flows import accounts, inbound, inbox
from hub.flows.inbound import Applied
from hub.flows.inbox import Waiting
from hub.flows.world import World
from hub.store.tables import Connection, new_id
from hub.work import leases

log = structlog.get_logger("hub.work")
LEASE = 5.0  # seconds; a killed worker's webhooks wait no longer
_SET = 500  # requests read at once, and events applied in one transaction,
_BYTES = 16 * 1024 * 1024  # unless they weigh more than this
_PACE = 0.1  # seconds from one set to the next, as long as sets are not full
_READERS = 8
_READ = 30.0  # seconds a plugin gets to read one request
_Read = dict[str, list[Event]]  # what the plugin made of each request, by inbox id


class Receiver:
    """The receiving side of one process. `stopping` ends it after the set at hand."""

    def __init__(self, world: World, bridge: Bridge, stopping: threading.Event) -> None:
        self.world, self.bridge, self.stopping = world, bridge, stopping
        self._busy: dict[str, bool] = {}  # connections that a thread of this process is at; True: nudged meanwhile
        self._lock = threading.Lock()

    def receive(self, ids: Sequence[str], ready: Callable[[str], object]) -> set[str]:
        """Apply all that waits where these webhooks came from. `ready` is told the senders that have something to
        send, set by set; they are returned, too."""
        with self.world.db.read() as session:
            connections = inbox.connections(session, ids)
        senders: set[str] = set()
        for connection_id in connections:
            for sender in self._alone(connection_id):
                ready(sender)
                senders.add(sender)
        return senders

    def _alone(self, connection_id: str) -> Iterator[str]:
        """One thread of this process is enough; the others only tell it to look again."""
        with self._lock:
            if connection_id in self._busy:
                self._busy[connection_id] = True
                return
            self._busy[connection_id] = True
        try:
            while self._nudged(connection_id):
                yield from self._drain(connection_id)
        except BaseException:  # also when whoever asked wants no more
            del self._busy[connection_id]
            raise

    def _nudged(self, connection_id: str) -> bool:
        """If not, this thread is no longer at it."""
        with self._lock:
            nudged = self._busy[connection_id]
            if nudged:
                self._busy[connection_id] = False
            else:
                del self._busy[connection_id]
            return nudged

    def _drain(self, connection_id: str) -> Iterator[str]:
        owner, lease = new_id(), f"inbox:{connection_id}"
        left: set[str] = set()  # tried here and still waiting: their next try is another job's
        while self._next(connection_id, left) and leases.take(self.world, lease, owner, LEASE):
            try:  # without the lease its holder works, and looks again once it has let go
                yield from self._sets(connection_id, left, owner)
            finally:
                leases.release(self.world, lease, owner)

    def _sets(self, connection_id: str, left: set[str], owner: str) -> Iterator[str]:
        held = time.monotonic()
        while ids := self._next(connection_id, left):
            began = time.monotonic()
            if began - held > LEASE / 3:
                if not leases.take(self.world, f"inbox:{connection_id}", owner, LEASE):
                    return
                held = began
            senders, applied = self._set(connection_id, ids)
            left |= set(ids) - applied
            yield from senders
            if len(ids) < _SET:
                self.stopping.wait(max(0.0, began + _PACE - time.monotonic()))

    def _next(self, connection_id: str, left: set[str]) -> list[str]:
        if self.stopping.is_set():
            return []
        ids: list[str] = []
        weight = 0
        with self.world.db.read() as session:
            waiting = inbox.waiting(session, connection_id, _SET + len(left))
        for row_id, size in waiting:
            if row_id in left:
                continue
            ids.append(row_id)
            weight += size
            if len(ids) == _SET or weight >= _BYTES:
                break
        return ids

    def _set(self, connection_id: str, ids: Sequence[str]) -> tuple[set[str], set[str]]:
        """Returns the senders to nudge and the webhooks that are done."""
        with self.world.db.read() as session:
            connection = session.get_one(Connection, connection_id)
            rows = inbox.pending(session, ids)
        events = self._read(connection, rows)
        senders: set[str] = set()
        applied: set[str] = set()
        for batch in _batches(events):
            self._apply(connection, batch, events, senders, applied)
        return senders, applied

    def _read(self, connection: Connection, rows: Sequence[Waiting]) -> _Read:
        """Each request in our words, all in one crossing of the bridge."""
        connector = accounts.open_connector(self.world, connection, self.bridge.http)
        letters: dict[str, Inbound] = {}
        for row in rows:
            try:
                letters[row.id] = inbox.unpack(self.world, row)
            except Exception as error:
                self._failed(row.id, error)
        events: _Read = {}
        for row_id, read in zip(letters, self.bridge.run(_read_all, connector, list(letters.values())), strict=True):
            if isinstance(read, Exception):
                self._failed(row_id, read)
            else:
                events[row_id] = read
        return events

    def _apply(
        self, connection: Connection, ids: Sequence[str], events: _Read, senders: set[str], applied: set[str]
    ) -> None:
        """In one transaction. If that fails, each half by itself, down to the one that is poison: it is counted."""
        try:
            with self.world.db.write() as session:
                locked = inbox.lock(session, ids)
                news = inbound.apply(self.world, session, connection, [e for row_id in locked for e in events[row_id]])
                done = _heard(locked, events, news)
                inbox.done(session, connection.id, done, self.world.now(), sync=news.sync)
        except OperationalError:
            raise  # the database's fault: the sweep comes again
        except Exception as error:
            if len(ids) == 1:
                self._failed(ids[0], error)
                return
            middle = len(ids) // 2
            for half in (ids[:middle], ids[middle:]):
                self._apply(connection, half, events, senders, applied)
        else:
            senders |= news.senders
            applied |= set(done)

    def _failed(self, row_id: str, error: Exception) -> None:
        if isinstance(error, Unavailable):
            log.warning("webhook waits for its vendor", inbox=row_id)
            return
        log.error("webhook not applied", inbox=row_id, error=type(error).__name__)
        with self.world.db.write() as session:
            inbox.failed(session, row_id, error)


async def _read_all(connector: Connector[Any], letters: Sequence[Inbound]) -> list[list[Event] | Exception]:
    """In their order. A plugin may have to fetch something, so a few are read side by side."""
    found: dict[int, list[Event] | Exception] = {}
    waiting = iter(enumerate(letters))

    async def read() -> None:
        for index, letter in waiting:
            try:
                async with asyncio.timeout(_READ):
                    found[index] = await connector.receive(letter)
            except Exception as error:
                found[index] = error

    await asyncio.gather(*(read() for _ in range(_READERS)))
    return [found[index] for index in range(len(letters))]


def _heard(ids: Sequence[str], events: _Read, news: Applied) -> list[str]:
    """All but those that hold something which came too early: they wait for the sweep, and change nothing twice."""
    early = {id(event) for event in news.early}
    return [row_id for row_id in ids if not early or early.isdisjoint(map(id, events[row_id]))]


def _batches(events: _Read) -> Iterator[list[str]]:
    """What is more than statuses first, in transactions of its own: it may be a stop."""
    calm = {row_id for row_id, brought in events.items() if all(isinstance(one, StatusChanged) for one in brought)}
    yield from _packed(events, [row_id for row_id in events if row_id not in calm])
    yield from _packed(events, [row_id for row_id in events if row_id in calm])


def _packed(events: _Read, ids: Sequence[str]) -> Iterator[list[str]]:
    """Requests that together bring no more than `_SET` events, or a single one that brings more."""
    batch: list[str] = []
    count = 0
    for row_id in ids:
        if batch and count + len(events[row_id]) > _SET:
            yield batch
            batch, count = [], 0
        batch.append(row_id)
        count += len(events[row_id])
    if batch:
        yield batch
