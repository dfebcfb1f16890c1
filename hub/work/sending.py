# SPDX-License-Identifier: Apache-2.0
"""Drains one sender: tokens first, then claim, then send at once, then settle. One dispatcher per sender."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from datetime import datetime
from typing import Any

import anyio
import structlog

from hub.bridge import Bridge
from hub.contract import ClearedMessage, HubError, Provider, Uncertain
from hub.flows import accounts, dispatch
from hub.flows.dispatch import FRESH, Result, Stale
from hub.flows.world import World
from hub.store.tables import Connection, Sender, new_id
from hub.work import leases
from hub.work.limiter import Window

log = structlog.get_logger("hub.send")

BATCH = 50
LEASE = 10.0  # seconds; renewed while a batch is on the wire
SHORT = 5.0  # seconds; a longer pause is left to the sweep


class Dispatcher:
    """Sends what is due for one sender until nothing is, or somebody says stop."""

    def __init__(self, world: World, bridge: Bridge, stopping: threading.Event) -> None:
        self.world, self.bridge, self.stopping = world, bridge, stopping

    def drain(self, sender_id: str) -> int:
        """Returns how many messages were claimed. 0 when another process holds the sender."""
        owner, lease = new_id(), f"sender:{sender_id}"
        if not leases.take(self.world, lease, owner, LEASE):
            return 0
        try:
            return self._drain(sender_id, owner, lambda: leases.take(self.world, lease, owner, LEASE))
        finally:
            leases.release(self.world, lease, owner)

    def _drain(self, sender_id: str, owner: str, renew: Callable[[], bool]) -> int:
        with self.world.db.write() as session:
            sender = session.get_one(Sender, sender_id)
            connection = session.get_one(Connection, sender.connection_id)
            interrupted = dispatch.orphans(self.world, session, sender, owner)
        if interrupted:
            log.warning("interrupted sends are unknown now", sender=sender_id, count=interrupted)
        provider = accounts.open_connector(self.world, connection, self.bridge.http)
        assert isinstance(provider, Provider)
        window, claimed = Window(sender.rate), 0
        while not self.stopping.is_set() and renew():
            self.stopping.wait(window.wait())
            tokens = window.take(BATCH)
            if not tokens:
                continue
            with self.world.db.write() as session:
                sender = session.get_one(Sender, sender_id)
                pause = dispatch.pause_of(session, sender, self.world.now())
                batch = [] if pause else dispatch.claim(self.world, session, sender, owner, tokens)
            window.give_back(tokens - len(batch))
            if batch:
                claimed += len(batch)
                self._transmit(provider, sender, batch, renew)
            elif 0 < pause <= SHORT:
                self.stopping.wait(pause)
            elif pause or self._nothing_due(sender_id):
                break
        return claimed

    def _nothing_due(self, sender_id: str) -> bool:
        with self.world.db.read() as session:
            return not dispatch.due(session, sender_id, self.world.now())

    def _transmit(
        self, provider: Provider[Any], sender: Sender, batch: list[ClearedMessage], renew: Callable[[], bool]
    ) -> None:
        began = self.world.now()
        pending = self.bridge.start(_send_all, provider, batch, began, self.world.clock)
        results = _wait(pending, renew)
        with self.world.db.write() as session:
            dispatch.settle(self.world, session, session.get_one(Sender, sender.id), results)
        log.info("sent", sender=sender.id, count=len(batch), accepted=sum(_accepted(r) for r in results.values()))


def _accepted(result: Result) -> bool:
    return not isinstance(result, (HubError, Stale))


def _wait(pending: Future[dict[str, Result]], renew: Callable[[], bool]) -> dict[str, Result]:
    while True:
        try:
            return pending.result(timeout=LEASE / 3)
        except NotYet:
            renew()


async def _send_all(
    provider: Provider[Any], batch: list[ClearedMessage], began: datetime, clock: Callable[[], datetime]
) -> dict[str, Result]:
    results: dict[str, Result] = {}

    async def one(message: ClearedMessage) -> None:
        if clock() - began > FRESH:
            results[message.outgoing.id] = Stale()
            return
        try:
            results[message.outgoing.id] = await provider.send(message)
        except HubError as error:
            results[message.outgoing.id] = error
        except Exception as error:
            # a plugin broke; whether the request left is not known
            log.error("provider raised", connector=provider.name, error=type(error).__name__)
            results[message.outgoing.id] = Uncertain(type(error).__name__)

    async with anyio.create_task_group() as tasks:
        for message in batch:
            tasks.start_soon(one, message)
    return results
