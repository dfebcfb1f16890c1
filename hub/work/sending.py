# SPDX-License-Identifier: Apache-2.0
"""Drains one sender: tokens first, then claim, then send at once, then settle. One dispatcher per sender.

One transaction settles what came back and claims what may go next; meanwhile earlier batches are on the wire. A claim
is made only for what may be sent at that moment, so that a stop never waits behind a queue of claimed messages.
"""

from __future__ import annotations

import math
import threading
import time
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any

import structlog
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from hub.bridge import Bridge
from hub.contract import ClearedMessage, Provider
from hub.flows import accounts, dispatch, lanes, limits, queue, settling
from hub.flows.lanes import Lane
from hub.flows.settling import Result
from hub.flows.world import World
from hub.store.ledger import Chain
from hub.store.tables import Connection, Sender
from hub.work.departures import Arrivals, depart
from hub.work.leases import Held
from hub.work.limiter import Pairs, Window

log = structlog.get_logger("hub.send")

BATCH = 50
LEASE = 5.0  # seconds; renewed while there is something to do, and the time until another takes over from the dead
OUTAGE = 60.0  # seconds without a database after which a job gives up; the next one begins anew
SHORT = 5.0  # seconds; a longer pause is left to the sweep
_FEW = BATCH // 2  # messages that are worth a transaction
_SOON = 0.05  # seconds for which results may wait for more of them
_GLANCE = 0.25  # seconds after which a waiting dispatcher looks whether it should stop


class Dispatcher:
    """Sends what is due for one sender until nothing is, or somebody says stop."""

    def __init__(self, world: World, bridge: Bridge, stopping: threading.Event) -> None:
        self.world, self.bridge, self.stopping = world, bridge, stopping

    def drain(self, sender_id: str) -> int:
        """Drain a lane that nobody else drains. Returns how many messages were claimed; 0 when there is none."""
        with self.world.db.read() as session:
            free = lanes.every(session.get_one(Sender, sender_id))
        for lane in free:
            lease = Held(self.world, lane.lease, LEASE)
            if not lease.take():
                continue
            try:
                return self._open(lane, lease).run()
            finally:
                lease.release()
        return 0

    def _open(self, lane: Lane, lease: Held) -> Draining:
        with self.world.db.write() as session:
            sender = session.get_one(Sender, lane.sender_id)
            connection = session.get_one(Connection, sender.connection_id)
            chain = Chain(session, sender.controller_id, self.world.now())
            interrupted = dispatch.orphans(self.world, session, chain, sender, lease.owner)
        if interrupted:
            log.warning("interrupted sends are unknown now", sender=sender.id, count=interrupted)
        provider = accounts.open_connector(self.world, connection, self.bridge.http)
        assert isinstance(provider, Provider)
        return Draining(self.world, self.bridge, self.stopping, provider, sender, lane, lease)


class Draining:
    """One lane of a sender being drained.

    `run` belongs to one thread; sends run on the bridge's loop, and their results arrive in a queue.
    """

    def __init__(
        self,
        world: World,
        bridge: Bridge,
        stopping: threading.Event,
        provider: Provider[Any],
        sender: Sender,
        lane: Lane,
        lease: Held,
    ) -> None:
        self.world, self.bridge, self.stopping = world, bridge, stopping
        self.provider, self.sender_id, self.lane, self.lease = provider, sender.id, lane, lease
        self.window = Window(lane.share(limits.pace(sender, world.now())))
        self.pairs = Pairs(provider.pair.seconds, provider.pair.burst) if provider.pair else None
        self.most = world.settings.connections
        self.arrivals: Arrivals = SimpleQueue()
        self.results: dict[str, Result] = {}  # arrived and not settled yet,
        self._since = 0.0  # the first of them then
        self._heard = (sender.heard_second, sender.heard)
        self._regrouped = False  # the sender has another number of lanes by now: whoever comes next sees to it
        self.on_the_wire = 0
        self.claimed = 0

    def run(self) -> int:
        """Until nothing is due and nothing is on the wire. Returns how many messages were claimed."""
        patience, broken_since = 0.0, 0.0
        while True:
            self._listen(patience)
            try:
                going = not (self.stopping.is_set() or self._regrouped) and self.lease.take()
                patience = self._turn(going)
            except OperationalError as error:
                # what is on the wire comes back meanwhile, and is settled when the database answers again
                broken_since = broken_since or time.monotonic()
                log.warning("the database does not answer", sender=self.sender_id, error=type(error.orig).__name__)
                if time.monotonic() - broken_since > OUTAGE:
                    raise
                patience = _GLANCE
                continue
            broken_since = 0.0
            if not (self.on_the_wire or self.results) and (patience > SHORT or not going):
                return self.claimed

    def _turn(self, going: bool) -> float:
        """Settle and claim. Returns for how many seconds nothing can be claimed; infinite when nothing is due."""
        tokens = self.window.take(self._room()) if going else 0
        if not (tokens or self._worth_settling()):
            return min(self._until_tokens() if going else _GLANCE, _SOON if self.results else _GLANCE)
        batch: list[ClearedMessage] = []
        began = self.world.now()
        try:
            with self.world.db.write() as session:
                sender = session.get_one(Sender, self.sender_id)
                chain = Chain(session, sender.controller_id, self.world.now())
                settling.settle(self.world, session, chain, sender, self.results)
                pause = queue.pause_of(session, sender, self.world.now())
                if tokens and not pause:
                    batch = self._claim(session, chain, sender, tokens)
                due = bool(batch) or queue.due(session, self.lane, self.world.now())
                chain.write()
            self._adjust(sender)
        except BaseException:
            batch = []  # nothing was claimed, so nothing may leave
            raise
        finally:
            if tokens:
                self.window.give_back(tokens - len(batch))
        self.results = {}
        if batch:
            self._start(batch, began)
        return (pause or self._until_tokens()) if due else math.inf

    def _room(self) -> int:
        """How many may go on the wire. A few at a time would cost a transaction for each few."""
        room = min(BATCH, self.most - self.on_the_wire)
        return room if room >= min(_FEW, self.most) or not self.on_the_wire else 0

    def _worth_settling(self) -> bool:
        """Enough came back, or nothing more will for now, or the first of it has waited long enough."""
        if not self.results:
            return False
        waited = time.monotonic() - self._since
        return len(self.results) >= _FEW or not self.on_the_wire or waited >= _SOON

    def _adjust(self, sender: Sender) -> None:
        """The vendor's last word on our speed, and what came in meanwhile."""
        self._regrouped = sender.lanes != self.lane.of
        self.window.rate = self.lane.share(limits.pace(sender, self.world.now()))
        second, count = self._heard
        if sender.heard_second == second:
            self.window.heard(-(-(sender.heard - count) // self.lane.of))
        elif time.time() - sender.heard_second < 1:
            self.window.heard(-(-sender.heard // self.lane.of))
        self._heard = (sender.heard_second, sender.heard)

    def _claim(self, session: Session, chain: Chain, sender: Sender, tokens: int) -> list[ClearedMessage]:
        return dispatch.claim(self.world, session, chain, sender, self.lease.owner, tokens, self.pairs, self.lane)

    def _until_tokens(self) -> float:
        """Nothing can be claimed while every connection is busy: then only an arrival helps."""
        return self.window.wait() if self._room() else _GLANCE

    def _listen(self, patience: float) -> None:
        """Take what came back; waits up to `patience` seconds for the first."""
        before = len(self.results)
        try:
            if patience > 0 and self.on_the_wire:
                self._take(self.arrivals.get(timeout=min(patience, _GLANCE)))
            elif patience > 0:
                self.stopping.wait(min(patience, _GLANCE))
            while True:
                self._take(self.arrivals.get_nowait())
        except Empty:
            self.on_the_wire -= len(self.results) - before

    def _take(self, arrival: tuple[str, Result]) -> None:
        if not self.results:
            self._since = time.monotonic()
        message_id, result = arrival
        self.results[message_id] = result

    def _start(self, batch: list[ClearedMessage], began: datetime) -> None:
        self.claimed += len(batch)
        self.on_the_wire += len(batch)
        delay = max(0.0, self.window.leaves_at - time.monotonic())
        left = self.window.left()
        self.bridge.begin(depart, self.provider, batch, began, self.world.now, delay, left, self.arrivals)
        log.info("sending", sender=self.sender_id, count=len(batch))
