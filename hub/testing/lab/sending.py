# SPDX-License-Identifier: Apache-2.0
"""One campaign sent by a running hub, measured from outside: by the vendor's log, the database and /proc."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func
from sqlmodel import col, select

from hub.flows import world as worlds
from hub.flows.states import State
from hub.flows.world import World
from hub.settings import Settings
from hub.store.tables import Inbox, MessageRow, Sender
from hub.testing.figures import Backend, percentile
from hub.testing.journey import Tell
from hub.testing.lab.company import WAITING
from hub.testing.lab.processes import Hub, hub, processor_time
from hub.testing.lab.stand import FLAT_OUT, Stand
from hub.testing.lab.vendor import Arrival, Vendor, emulated

STATUSES = 3  # that the vendor tells of a message: sent, delivered, read
_LOOK = 0.5  # seconds between two looks at the database
_STUCK = 60.0  # seconds without any change after which a run has failed


@dataclass(frozen=True, slots=True)
class Sent:
    """What one run came to. Times in seconds, memory in MiB, processor time in seconds by process."""

    messages: int
    received: int  # requests that the vendor accepted
    doubled: int  # of those, beyond the first to a person
    unknown: int
    rate: float  # messages a second, from the first arrival to the last
    most: int  # arrivals in the fullest second
    to_wire: tuple[float, ...]  # from the commit's `authorised_at` to the vendor
    applied: float  # statuses a second, from the first message to the last status applied
    lag: float  # the oldest webhook waiting, at the worst look
    seconds: float  # from the first message to the last status applied
    processor: dict[str, float]
    memory: dict[str, float]

    @property
    def cores(self) -> float:
        """How many processor cores our own processes kept busy."""
        return sum(self.ours.values()) / self.seconds

    def to_wire_ms(self, percent: int) -> float:
        """From the authorisation to the vendor, in milliseconds."""
        return 1000 * percentile(self.to_wire, percent)

    @property
    def ours(self) -> dict[str, float]:
        return {name: used for name, used in self.processor.items() if name in self.memory}


@dataclass(frozen=True, slots=True)
class Conditions:
    """How a campaign is sent. `latency` in seconds; `per_webhook` are the statuses that one webhook tells at most.

    lanes: dispatchers of the one sender, side by side.
    """

    latency: float
    workers: int
    per_webhook: int
    lanes: int = 1


def campaigns(stand: Stand, backend: Backend, under: Conditions, runs: int, tell: Tell) -> list[Sent]:
    """Send the staged campaign, each time on a fresh copy. Raises `RuntimeError` when nothing moves any more."""
    every = []
    for run in range(runs):
        tell(f"runs on {backend}", run, runs)
        vendor = emulated(under.latency, stand.vendor_port, under.per_webhook, throughput=FLAT_OUT, pair_rate=False)
        with stand.copy(backend) as settings, vendor as meta:
            every.append(_send(stand, settings, meta, under))
    tell(f"runs on {backend}", runs, runs)
    return every


def _send(stand: Stand, settings: Settings, vendor: Vendor, under: Conditions) -> Sent:
    vendor.tell(stand.callback)
    world = worlds.build(settings)
    try:
        with world.db.write() as session:
            session.get_one(Sender, stand.sender_id).lanes = under.lanes
        with hub(settings, under.workers) as running:
            return _watch(world, stand, running, vendor)
    finally:
        world.db.close()


def release(world: World, sender_id: str) -> None:
    """Let the sender send: the sweep finds it."""
    with world.db.write() as session:
        session.get_one(Sender, sender_id).paused_why = ""


def _watch(world: World, stand: Stand, running: Hub, vendor: Vendor) -> Sent:
    names = {**running.pids(), vendor.pid: "emulator"}
    servers = not world.db.sqlite
    before = processor_time(names, servers=servers)
    release(world, stand.sender_id)
    lag, last, moved = 0.0, None, time.monotonic()
    while (now := states(world)) and not over(now):
        if now != last:
            last, moved = now, time.monotonic()
        if time.monotonic() - moved > _STUCK:
            raise RuntimeError(f"nothing moves any more: {dict(now)}")
        lag = max(lag, _oldest(world))
        time.sleep(_LOOK)
    after = processor_time(names, servers=servers)
    arrivals = [one for one in vendor.arrivals() if one.wamid]
    took, began = _ended(world) - arrivals[0].at, authorised(world)
    return Sent(
        messages=now.total(),
        received=len(arrivals),
        doubled=len(arrivals) - len({one.to for one in arrivals}),
        unknown=now[State.UNKNOWN],
        rate=_rate(arrivals),
        most=fullest([one.at for one in arrivals]),
        to_wire=tuple(one.at - began[one.opaque] for one in arrivals),
        applied=STATUSES * now[State.READ] / took,
        lag=lag,
        seconds=took,
        processor={name: used - before.get(name, 0.0) for name, used in after.items()},
        memory=running.memory(),
    )


def states(world: World) -> Counter[str]:
    """How many messages are in which state."""
    with world.db.read() as session:
        counted = session.exec(select(MessageRow.state, func.count()).group_by(col(MessageRow.state)))
        return Counter(dict(counted.all()))


def over(now: Counter[str]) -> bool:
    """Nothing waits, and what the vendor accepted was read."""
    return not any(now[state] for state in (*WAITING, State.AUTHORISED, State.ACCEPTED, State.SENT, State.DELIVERED))


def _ended(world: World) -> float:
    """When the last message changed."""
    with world.db.read() as session:
        return session.exec(select(func.max(MessageRow.changed_at))).one().timestamp()


def _oldest(world: World) -> float:
    """Age of the oldest webhook that is not applied, in seconds."""
    with world.db.read() as session:
        first = select(Inbox.received_at).where(Inbox.state == "pending").order_by(col(Inbox.id)).limit(1)
        at = session.exec(first).first()
    return (datetime.now(UTC) - at).total_seconds() if at else 0.0


def authorised(world: World) -> dict[str, float]:
    """When each message was authorised last, in seconds since 1970."""
    with world.db.read() as session:
        rows = session.exec(select(MessageRow.id, MessageRow.authorised_at)).all()
    return {row_id: at.timestamp() for row_id, at in rows if at is not None}


def _rate(arrivals: list[Arrival]) -> float:
    """Arrivals a second; the first one only starts the clock."""
    took = arrivals[-1].at - arrivals[0].at
    return (len(arrivals) - 1) / took if took else 0.0


def fullest(times: list[float], window: float = 1.0) -> int:
    """How many of these moments lie in the fullest window that is open at one end. `times` ascend."""
    most = start = 0
    for end, at in enumerate(times):
        while at - times[start] >= window:
            start += 1
        most = max(most, end - start + 1)
    return most
