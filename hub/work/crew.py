# SPDX-License-Identifier: Apache-2.0
"""A process that works: broker, worker threads, bridge and, if asked, the schedule."""

from __future__ import annotations

import gc
import threading
from typing import Any

from dramatiq import Worker

from hub.bridge import Bridge
from hub.flows.world import World
from hub.work.actors import Nudges
from hub.work.broker import choose
from hub.work.jobs import Jobs
from hub.work.schedule import Schedule

_DRAIN = 30.0  # seconds a stopping process gives its batches


def settle_in() -> None:
    """What is loaded by now stays: the garbage collector need not walk through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # a batch makes thousands of objects that all die with it


class Crew:
    """Use as a context manager. `works=False` for a process that only nudges, such as the web server."""

    def __init__(self, world: World, *, works: bool = True, schedules: bool = True) -> None:
        self.world, self._works, self._schedules = world, works, schedules
        self.stopping = threading.Event()
        self.broker = choose(world.settings)
        self.bridge = Bridge(connections=world.settings.connections)
        self.nudges = Nudges(self.broker, self._get_jobs)
        self._jobs: Jobs | None = None
        self._worker: Worker | None = None
        self._thread: threading.Thread | None = None

    def _get_jobs(self) -> Jobs:
        if self._jobs is None:
            raise RuntimeError("this process runs no workers")
        return self._jobs

    @property
    def jobs(self) -> Jobs:
        return self._get_jobs()

    def __enter__(self) -> Crew:
        self.bridge.__enter__()
        self._jobs = Jobs(self.world, self.bridge, self.stopping)
        if self._works:
            self._worker = Worker(self.broker, worker_threads=self.world.settings.workers, worker_timeout=100)
            self._worker.start()
        if self._schedules:
            schedule = Schedule(self.world, self.nudges)
            self._thread = threading.Thread(target=schedule.run, args=(self.stopping,), name="schedule", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self.stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        if self._worker is not None:
            self._worker.stop(timeout=int(_DRAIN * 1000))
        if self._jobs is not None:
            self._jobs.listener.close()
        self.bridge.__exit__(*error)
        self.broker.close()
