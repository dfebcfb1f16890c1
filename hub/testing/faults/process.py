# SPDX-License-Identifier: Apache-2.0
"""Hub processes: the real commands, each in a process of its own with a trap in it, or with none.

`python -m hub.testing.faults.process TRAP COMMAND` is such a process. SIGUSR1 moves its clock an hour on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from hub.flows.world import World
from hub.settings import Settings
from hub.testing.clock import Clock
from hub.testing.faults import probes
from hub.testing.faults.probes import Point, Trap

HOUR = timedelta(hours=1)


class Process:
    """One running `hub COMMAND`."""

    def __init__(self, settings: Settings, command: str, trap: Trap | None = None, offset: float = 0.0) -> None:
        """offset: seconds by which its clock is wrong."""
        self.settings, self.command = settings, command
        self.log = settings.data_dir / f"{command}-{time.monotonic_ns()}.log"
        told = orjson.dumps({**asdict(trap or Trap()), "offset": offset}).decode()
        with self.log.open("wb") as log:
            self._running = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "hub.testing.faults.process", told, command],
                env=environment(settings),
                stdout=log,
                stderr=log,
            )

    @property
    def pid(self) -> int:
        return self._running.pid

    @property
    def alive(self) -> bool:
        return self._running.poll() is None

    @property
    def asleep(self) -> bool:
        """Was it stopped by SIGSTOP? (`proc(5)`: the state follows the name in brackets.)"""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    @property
    def code(self) -> int | None:
        return self._running.poll()

    def signal(self, number: signal.Signals) -> None:
        if self.alive:
            self._running.send_signal(number)

    def pause(self) -> None:
        """SIGSTOP: it lies still, and nobody knows."""
        self.signal(signal.SIGSTOP)

    def wake(self) -> None:
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self._running.wait()

    def end(self, seconds: float = 35.0) -> float:
        """SIGTERM. Returns after how many seconds it was gone; it is killed when that takes too long."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        began = time.monotonic()
        try:
            self._running.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        return time.monotonic() - began


def environment(settings: Settings) -> dict[str, str]:
    """What a hub process reads its settings from."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    own = {
        "HUB_DATA_DIR": str(settings.data_dir),
        "HUB_DATABASE_URL": settings.database_url,
        "HUB_REDIS_URL": settings.redis_url,
        "HUB_KEYS": settings.keys.get_secret_value(),
        "HUB_PUBLIC_URL": settings.public_url,
        "HUB_PORT": str(settings.port),
        "HUB_LOG_LEVEL": settings.log_level,
        "HUB_WEBHOOK_DAYS": str(settings.webhook_days),
    }
    return {**clean, **own, "PYTHONPATH": os.pathsep.join(path for path in sys.path if Path(path).is_dir())}


def main(told: str, command: str) -> None:
    """The child: set the trap, then run the command as a shell would."""
    from hub.cli import app  # a command, like any other user of it
    from hub.flows import world as worlds
    from hub.work import crew

    given: dict[str, Any] = orjson.loads(told)
    clock = Clock(timedelta(seconds=given.pop("offset")))
    point = given.pop("point")
    trap = Trap(Point(point) if point else None, **given)
    signal.signal(signal.SIGUSR1, lambda *_: clock.advance(HOUR))
    signal.signal(signal.SIGUSR2, lambda *_: clock.advance(-HOUR))
    build = partial(worlds.build, clock=clock)

    def watched(settings: Settings) -> World:
        return probes.watch(build(settings), trap)

    worlds.build = watched  # type: ignore[assignment]
    choose = crew.choose  # type: ignore[attr-defined]
    crew.choose = lambda settings: probes.watch_broker(choose(settings), trap)  # type: ignore[attr-defined]
    app([command])


if __name__ == "__main__":
    main(*sys.argv[1:])
