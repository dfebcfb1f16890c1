# SPDX-License-Identifier: Apache-2.0
"""How fast people are read from a CRM, and how fast a campaign is staged for them."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from typing import Any

from sqlalchemy import func
from sqlmodel import select

from hub import logs
from hub.bridge import Bridge
from hub.flows import accounts
from hub.flows import world as worlds
from hub.flows.world import World
from hub.settings import Settings
from hub.store.tables import Campaign, Controller, MessageRow, SyncRun
from hub.testing.figures import Backend
from hub.testing.lab.crm import People
from hub.testing.lab.processes import environment, own_memory, peak
from hub.testing.lab.stand import Stand
from hub.work.crew import settle_in
from hub.work.jobs import Jobs


@dataclass(frozen=True, slots=True)
class Staged:
    """Seconds that a preview took and staging took, processor seconds of the latter, and people in both."""

    preview: float
    stage: float
    stage_processor: float
    previewed: int
    rows: int


@dataclass(frozen=True, slots=True)
class Synced:
    """What reading everybody for the first time came to, and reading on after some had changed.

    Seconds and processor seconds of the hub's process; MiB at most of its memory, of its own (without what it maps of
    the database's file, which the kernel takes back when it wants), and of that how much came after the first tenth.
    """

    seconds: float
    processor: float
    again: float
    again_processor: float
    memory: float
    own: float
    growth: float
    admitted: int


def stage(stand: Stand, backend: Backend) -> Staged:
    """The campaign previewed, then staged, as a process that runs for long does both."""
    with stand.opened(backend) as world, Bridge(connections=8) as bridge:
        jobs = Jobs(world, bridge)
        with world.db.read() as session:
            campaign = session.get_one(Campaign, stand.campaign_id)
        settle_in()
        began = time.perf_counter()
        seen = jobs.preview(campaign).audience
        previewed, worked = time.perf_counter(), time.process_time()
        jobs.stage(stand.campaign_id)
        staged, processor = time.perf_counter() - previewed, time.process_time() - worked
        with world.db.read() as session:
            rows = session.exec(select(func.count()).select_from(MessageRow)).one()
    return Staged(previewed - began, staged, processor, seen, rows)


def sync(stand: Stand, backend: Backend, crm: People, people: int, changes: int) -> Synced:
    """Read a CRM in a process of its own, so that its memory can be told; then let `changes` of its people change.

    Raises `RuntimeError` for people who were lost, or counted twice.
    """
    spawn = multiprocessing.get_context("spawn")
    with stand.copy(backend) as settings:
        ours, theirs = spawn.Pipe()
        child = spawn.Process(target=_sync, args=(theirs, environment(settings), crm.kind, crm.settings, people))
        child.start()
        try:
            theirs.close()  # so that a child that dies is noticed
            ours.recv()
            touched = crm.touch(changes)
            ours.send(touched)
            return Synced(*ours.recv())
        finally:
            child.join(timeout=10)
            child.terminate()


def _sync(pipe: Pipe, env: dict[str, str], kind: str, account: dict[str, Any], people: int) -> None:
    os.environ.update(env)
    logs.configure("error")
    world = worlds.build(Settings())
    crm_id = _connected(world, kind, account)
    owned: list[tuple[int, float]] = []

    def progress(run: SyncRun) -> None:
        owned.append((run.seen, own_memory()))

    with Bridge(connections=8) as bridge:
        jobs = Jobs(world, bridge)
        settle_in()
        first, *took = _timed(jobs, crm_id, progress)
        _counted(first, people)
        pipe.send("read")
        touched = pipe.recv()
        again, *took_again = _timed(jobs, crm_id)
        _counted(again, again.seen)
        # who was edited and is the same as before is seen, too
        if touched not in (again.seen, again.seen - again.unchanged):
            raise RuntimeError(f"{touched} changed, {again.seen} seen of whom {again.unchanged} had not changed")
    most, own = peak(os.getpid()), max(size for _, size in owned)
    tenth = next(size for seen, size in owned if 10 * seen >= people)
    world.db.close()
    pipe.send((*took, *took_again, most, own, own - tenth, first.admitted))


def _connected(world: World, kind: str, account: dict[str, Any]) -> str:
    """The CRM's connection. Its prospects may be stored: that they may was assessed, and they can read so."""
    with world.db.write() as session:
        owner = session.exec(select(Controller)).one()
        owner.li_assessment, owner.li_disclosed = "LIA-bench", True
        session.add(owner)
        return accounts.connect(world, session, owner, kind, account).id


def _counted(run: SyncRun, people: int) -> None:
    """Everybody was seen once, and stored, left as they were, or left out for a reason."""
    told = run.admitted + run.unchanged + sum(run.excluded.values())
    if not run.seen == told == people:
        raise RuntimeError(f"{people} people, {run.seen} seen, {told} stored or left out")


def _timed(jobs: Jobs, crm_id: str, progress: Callable[[SyncRun], None] | None = None) -> tuple[SyncRun, float, float]:
    began, worked = time.perf_counter(), time.process_time()
    run = jobs.sync(crm_id, progress)
    if run is None or run.error:
        raise RuntimeError(f"the sync failed: {run.error if run else 'another one runs'}")
    return run, time.perf_counter() - began, time.process_time() - worked
