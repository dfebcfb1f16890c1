# SPDX-License-Identifier: Apache-2.0
"""How fast people are read from a CRM, and how fast a campaign is staged for them."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from sqlalchemy import func
from sqlmodel import select

from hub import logs
from hub.bridge import Bridge
from hub.flows import world as worlds
from hub.settings import Settings
from hub.store.tables import Campaign, MessageRow, SyncRun
from hub.testing.figures import Backend
from hub.testing.lab.processes import environment
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
    """What reading everybody came to, and reading everybody again when nobody had changed."""

    seconds: float
    again: float
    memory: float  # MiB at most
    seen: int
    admitted: int
    unchanged: int


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


def sync(stand: Stand, backend: Backend) -> Synced:
    """Read the CRM in a process of its own, so that its memory can be told."""
    spawn = multiprocessing.get_context("spawn")
    with stand.copy(backend) as settings:
        ours, theirs = spawn.Pipe()
        # the file belongs to the stand; every copy reads the same one
        child = spawn.Process(target=_sync, args=(theirs, environment(settings), stand.crm_id, str(stand.register)))
        child.start()
        try:
            theirs.close()  # so that a child that dies is noticed
            return Synced(*ours.recv())
        finally:
            child.join(timeout=10)
            child.terminate()


def _sync(pipe: Pipe, env: dict[str, str], crm_id: str, register: str) -> None:
    os.environ.update(env)
    logs.configure("error")
    world = worlds.build(Settings())
    with Bridge(connections=8) as bridge:
        jobs = Jobs(world, bridge)
        first, took = _timed(jobs, crm_id)
        Path(register).touch()  # the same rows, and no way to know that but to read them
        second, again = _timed(jobs, crm_id)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    world.db.close()
    pipe.send((took, again, memory, first.seen, first.admitted, second.unchanged))


def _timed(jobs: Jobs, crm_id: str) -> tuple[SyncRun, float]:
    began = time.perf_counter()
    run = jobs.sync(crm_id)
    if run is None or run.error:
        raise RuntimeError(f"the sync failed: {run.error if run else 'another one runs'}")
    return run, time.perf_counter() - began
