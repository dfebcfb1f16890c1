# SPDX-License-Identifier: Apache-2.0
"""A CRM with as many people as wanted: a file, or an emulated vendor in a process of its own, without its limits."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from hub.plugins import emulators
from hub.testing.emulator import serve
from hub.testing.lab.company import register

_START = 120.0  # seconds the process gets to answer
_NEVER = 1_000_000_000  # calls, until a limit is reached
LIMITS: dict[str, dict[str, int]] = {
    "hubspot": {"limit": _NEVER, "searches": _NEVER, "daily": _NEVER},
    "salesforce": {"daily": _NEVER},
}
KINDS = ("csv", *LIMITS)


@dataclass(frozen=True, slots=True)
class People:
    """A CRM to connect to. `touch` changes so many of its people, and returns how many those were."""

    kind: str
    settings: dict[str, Any]
    touch: Callable[[int], int]


@contextmanager
def crm(kind: str, people: int, home: Path) -> Iterator[People]:
    """One of `KINDS`. A file is written into `home`."""
    if kind == "csv":
        path = home / "people.csv"
        register(path, people)
        yield People(kind, {"path": str(path)}, lambda count: register(path, people, count))
        return
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    child = spawn.Process(target=_play, args=(theirs, kind, people), daemon=True)
    child.start()

    def touch(count: int) -> int:
        ours.send(count)
        return int(ours.recv())

    try:
        if not ours.poll(_START):
            raise RuntimeError("the emulator did not start")
        yield People(kind, ours.recv(), touch)
    finally:
        child.terminate()
        child.join(timeout=5)


def _play(pipe: Pipe, kind: str, people: int) -> None:
    """The child process."""
    gc.disable()  # its log only grows; the collector would walk through it again and again
    emulator: Any = emulators()[kind].load()(seed=1, contacts=people, **LIMITS[kind])
    with serve(emulator.app()) as url:
        pipe.send(emulator.settings(url))
        while True:
            pipe.send(emulator.actions()["touch"]({"count": pipe.recv()}))
