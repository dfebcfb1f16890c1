# SPDX-License-Identifier: Apache-2.0
"""How many webhooks the door keeps in a second, and how many statuses are applied in one."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from sqlalchemy import func
from sqlmodel import select

from hub import logs
from hub.contract import Inbound
from hub.flows import inbox
from hub.flows import world as worlds
from hub.flows.inbox import Arrived
from hub.flows.states import State
from hub.flows.world import World
from hub.settings import Settings
from hub.store.tables import Connection, Inbox
from hub.testing.clock import until
from hub.testing.figures import Backend, percentile
from hub.testing.journey import Tell
from hub.testing.lab.flood import STATUSES, Fired, fire, made_up, statuses, two_cores
from hub.testing.lab.processes import environment
from hub.testing.lab.sending import release, states
from hub.testing.lab.stand import FLAT_OUT, Stand
from hub.testing.lab.vendor import Vendor, emulated
from hub.web.app import build, serve
from hub.work.actors import RECEIVE_BATCH
from hub.work.crew import Crew, settle_in

_GROUP = 200
_SEND = 600.0  # seconds the messages get to be sent


@dataclass(frozen=True, slots=True)
class Taken:
    """What one run came to: webhooks kept a second, the p99 of their answers in ms, statuses applied a second."""

    kept: float
    answered_ms: float
    applied: float


def webhooks(stand: Stand, backend: Backend, *, count: int, runs: int, tell: Tell) -> list[Taken]:
    """Both measurements, each time on fresh copies."""
    every = []
    for run in range(runs):
        tell(f"runs on {backend}", run, runs)
        with emulated(0, stand.vendor_port, throughput=FLAT_OUT, pair_rate=False) as vendor:
            fired = accepted(stand, backend, vendor.settings, count)
            rate = fired.accepted / fired.seconds
            every.append(Taken(rate, 1000 * percentile(fired.waits, 99), applied(stand, backend, vendor)))
    tell(f"runs on {backend}", runs, runs)
    return every


def accepted(stand: Stand, backend: Backend, meta: dict[str, str], webhooks: int) -> Fired:
    """Webhooks into a door that does nothing else, on a core of its own. Raises `RuntimeError` when one is missing."""
    server, client = two_cores()
    with stand.copy(backend) as settings, _serving(settings, server):
        fired = fire(stand.callback, statuses(meta, made_up(webhooks // len(STATUSES))), client)
        world = worlds.build(settings)
        try:
            with world.db.read() as session:
                kept = session.exec(select(func.count()).select_from(Inbox)).one()
        finally:
            world.db.close()
    if not fired.accepted == kept == len(fired.waits):
        raise RuntimeError(f"{len(fired.waits)} webhooks, {fired.accepted} accepted, {kept} kept")
    return fired


@contextmanager
def _serving(settings: Settings, core: int | None) -> Iterator[None]:
    child = multiprocessing.get_context("spawn").Process(target=_serve, args=(environment(settings), core), daemon=True)
    child.start()
    try:
        until(lambda: _ready(settings.port), "the door to open")
        yield
    finally:
        child.terminate()
        child.join(timeout=10)


def _serve(env: dict[str, str], core: int | None) -> None:
    """The web process, as `hub web` runs it, but with nobody to nudge."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    os.environ.update(env)
    logs.configure("error")
    world = worlds.build(Settings())
    with Crew(world, works=False, schedules=False):
        settle_in()
        serve(build(world, lambda _: None), world.settings.host, world.settings.port)


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def applied(stand: Stand, backend: Backend, vendor: Vendor) -> float:
    """Statuses a second, applied by one worker: three of every message. Raises `RuntimeError` when one is missing."""
    with stand.opened(backend) as world, Crew(world, schedules=False) as crew:
        release(world, stand.sender_id)
        crew.nudges.dispatch.send(stand.sender_id)
        until(lambda: states(world)[State.ACCEPTED] == stand.wanted.people, "the messages to be sent", _SEND)
        ids = _keep(world, stand, vendor)
        began = time.perf_counter()
        for start in range(0, len(ids), RECEIVE_BATCH):
            crew.jobs.receive(ids[start : start + RECEIVE_BATCH])
        took = time.perf_counter() - began
        if (now := states(world)) != {State.READ: stand.wanted.people}:
            raise RuntimeError(f"not every status was applied: {dict(now)}")
    return len(ids) / took


def _keep(world: World, stand: Stand, vendor: Vendor) -> list[str]:
    """The statuses, in the inbox as the door puts them there."""
    arrivals = [one for one in vendor.arrivals() if one.wamid]
    with world.db.read() as session:
        connection = session.exec(select(Connection).where(Connection.door == stand.door)).one()
    every = [
        Arrived(connection.id, _inbound(world, stand.callback, *one)) for one in statuses(vendor.settings, arrivals)
    ]
    return [row for start in range(0, len(every), _GROUP) for row in _store(world, every[start : start + _GROUP])]


def _store(world: World, group: Sequence[Arrived]) -> list[str]:
    with world.db.write() as session:
        return inbox.store(world, session, group)


def _inbound(world: World, url: str, body: bytes, headers: dict[str, str]) -> Inbound:
    return Inbound(method="POST", url=url, headers=headers, body=body, query={}, received_at=world.now())
