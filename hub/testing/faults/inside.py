# SPDX-License-Identifier: Apache-2.0
"""The hub in the process of the lab itself, on a clock that the lab moves: for faults that need many short rounds."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import redis
from sqlalchemy.exc import SQLAlchemyError

from hub.flows import world as worlds
from hub.flows.world import World
from hub.testing.emulator import serve
from hub.testing.faults import drafting, probes
from hub.testing.faults.ground import Ground
from hub.testing.faults.probes import Trap
from hub.web.app import build
from hub.work.crew import Crew
from hub.work.schedule import Schedule


class Inside:
    """Workers and web server as threads; the schedule runs when told to."""

    def __init__(self, ground: Ground, world: World, crew: Crew, trap: Trap) -> None:
        self.ground, self.world, self.crew, self.trap = ground, world, crew, trap
        self._next = 0  # the first of those who have not been in a campaign yet

    def advance(self, seconds: float) -> None:
        """Time passes, for the hub and for the vendor."""
        self.ground.clock.advance(timedelta(seconds=seconds))
        self.ground.vendor.do("clock", offset=self.ground.clock.offset.total_seconds())

    def sweep(self) -> None:
        """One turn of the schedule. A new one each time: it would not nudge the same twice within 2 s of real time."""
        schedule = Schedule(self.world, self.crew.nudges)
        try:
            schedule.watch()
            schedule.sweep()
            schedule.tidy()
        except (SQLAlchemyError, redis.ConnectionError):
            pass  # as the schedule's own loop does: the next turn comes

    def left(self) -> int:
        """People who have not been in a campaign yet."""
        return self.ground.lab.people - self._next

    def campaign(self, people: int) -> None:
        """Start a campaign to the next few people."""
        first, self._next = self._next, self._next + people
        made = drafting.draft(self.ground.lab, f"{first}", first, self._next)
        self.ground.lab.campaign = made
        drafting.launch(self.ground.lab, made)

    def until_over(self, seconds: float = 60.0, step: float = 3.0) -> None:
        """Sweep, and let `step` seconds of the clock pass each time, until every campaign has ended."""
        deadline = time.monotonic() + seconds
        while not self.ground.ended():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {seconds:.0f} s for a campaign to end")
            self.sweep()
            time.sleep(0.05)
            self.advance(step)

    def settle(self, seconds: float = 60.0) -> None:
        """Sweep until every webhook was applied."""
        deadline = time.monotonic() + seconds
        while not self.ground.quiet():
            if time.monotonic() > deadline:
                raise TimeoutError("waited in vain for webhooks to be applied")
            self.sweep()
            time.sleep(0.05)

    def reach_only_started(self) -> None:
        """The oracle expects a message for those who were in a campaign, and nobody else."""
        self.ground.expected = drafting.tokens(self.ground.lab, 0, self._next)


@contextmanager
def inside(ground: Ground) -> Iterator[Inside]:
    """Run the hub here. Its clock is the ground's; nothing of the vendor's times may be compared with real ones."""
    trap = Trap(at=0, do="fail")
    with ExitStack() as stack, _silence():
        # a world of its own: the lab's looks at the database are never what fails
        world = probes.watch(worlds.build(ground.settings, clock=ground.clock), trap)
        stack.callback(world.db.close)
        crew = stack.enter_context(Crew(world, schedules=False))
        probes.watch_broker(crew.broker, trap)
        stack.enter_context(serve(build(world, crew.nudges.receive), port=ground.settings.port))
        yield Inside(ground, world, crew, trap)


@contextmanager
def _silence() -> Iterator[None]:
    """Jobs and requests that raise are logged; here they shall raise."""
    loud = [logging.getLogger(name) for name in ("dramatiq", "uvicorn.error")]
    before = [one.disabled for one in loud]
    for one in loud:
        one.disabled = True
    yield
    for one, was in zip(loud, before, strict=True):
        one.disabled = was
