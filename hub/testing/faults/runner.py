# SPDX-License-Identifier: Apache-2.0
"""Runs faults: a deployment for each run, real servers for all of them, one line of counts per fault and backend."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import redis

from hub.testing import servers
from hub.testing.faults.fault import Fault
from hub.testing.faults.ground import Ground, ground
from hub.testing.faults.oracle import Finding, Kind, Verdict
from hub.testing.servers import Server

_COUNTED = (Kind.LOST, Kind.WITHOUT_BASIS, Kind.DOUBLED)


@dataclass(slots=True)
class Result:
    """All runs of one fault on one backend. `kept`: directories of runs that did not pass."""

    fault: str
    backend: str
    runs: int = 0
    lost: int = 0
    without_basis: int = 0
    doubled: int = 0
    unknown: int = 0
    passed: bool = True
    requests: int = 0
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)

    def add(self, verdict: Verdict, seconds: float, home: Path) -> None:
        self.runs += 1
        for kind in _COUNTED:
            setattr(self, kind, getattr(self, kind) + verdict.count(kind))
        self.unknown += verdict.unknown
        self.requests += verdict.requests
        self.passed = self.passed and verdict.passed
        self.seconds += seconds
        self.findings += verdict.findings
        if not verdict.passed:
            self.kept.append(home)

    def told(self) -> dict[str, Any]:
        """As `hub faults --json` prints it."""
        names = ("fault", "backend", "runs", "lost", "without_basis", "doubled", "unknown", "passed")
        return {name: getattr(self, name) for name in names}


class Machines:
    """The servers of a whole session, started when first needed. Use as a context manager."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Machines:
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.close()

    @cached_property
    def postgresql(self) -> Server:
        return self._stack.enter_context(servers.own_postgresql())

    @cached_property
    def redis(self) -> Server:
        return self._stack.enter_context(servers.own_redis())

    @contextmanager
    def for_one(self, backend: str) -> Iterator[dict[str, Any]]:
        """The addresses of an empty database and an empty broker."""
        if backend == "sqlite":
            yield {}
            return
        with servers.fresh_database(self.postgresql.url) as url:
            with redis.Redis.from_url(self.redis.url) as broker:
                broker.flushall()
            yield {"database_url": url, "redis_url": self.redis.url}


def run(
    fault: Fault,
    backend: str,
    machines: Machines,
    *,
    runs: int = 1,
    seed: int = 1,
    full: bool = False,
    folder: Path | None = None,
) -> Result:
    """Try a fault, several times with seeds from `seed` on. Each run has a directory of its own in `folder`."""
    result = Result(fault.name, backend)
    for turn in range(runs):
        home = Path(tempfile.mkdtemp(prefix=f"hub-{fault.name}-{backend}-", dir=folder))
        began = time.monotonic()
        verdict = _one(fault, backend, machines, home, seed + turn, full)
        result.add(verdict, time.monotonic() - began, home)
        if verdict.passed:
            shutil.rmtree(home, ignore_errors=True)
    return result


def _one(fault: Fault, backend: str, machines: Machines, home: Path, seed: int, full: bool) -> Verdict:
    wanted = {**fault.ground, **(fault.full if full else {})}
    with machines.for_one(backend) as urls, ground(backend, home, seed=seed, **urls, **wanted) as place:
        place.full = full
        if urls:
            place.database, place.redis = machines.postgresql, machines.redis
        return tried(fault, place)


def tried(fault: Fault, place: Ground) -> Verdict:
    """The fault, and what the oracle says. Waiting in vain is a finding, not the end of the session."""
    try:
        fault.act(place)
    except TimeoutError as error:
        place.broken.append(Finding(Kind.BROKEN, str(error)))
    place.end()
    return place.verdict()
