# SPDX-License-Identifier: Apache-2.0
"""The hub in processes of its own, started as an admin starts it, and what each of them costs. Needs Linux's /proc."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx
from pydantic import SecretStr

from hub.settings import Settings

_START = 60.0  # seconds a process gets to answer
_DRAIN = 40.0  # seconds a process gets to end
_SERVERS = {"postgres": "postgresql", "valkey-server": "redis", "redis-server": "redis"}


class Hub:
    """One deployment. `parts` are its processes by what they do: `up`, or `web`, `schedule`, `worker-1` and so on."""

    def __init__(self, settings: Settings, log: IO[bytes]) -> None:
        self.settings, self._log = settings, log
        self.parts: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, workers: int = 2, core: int | None = None) -> None:
        """All its processes; returns once the door answers. `core` keeps them on one core."""
        names = ["web", "schedule", *(f"worker-{n + 1}" for n in range(workers))] if self.settings.redis_url else ["up"]
        for name in names:
            self.begin(name, core)
        self.answers()

    def begin(self, name: str, core: int | None = None) -> None:
        """One more process, of the kind that the name begins with."""
        command = [sys.executable, "-m", "hub.cli", name.partition("-")[0]]
        pinned = None if core is None else (lambda: os.sched_setaffinity(0, {core}))
        self.parts[name] = subprocess.Popen(  # noqa: S603
            command,
            env=environment(self.settings),
            preexec_fn=pinned,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )

    def answers(self) -> None:
        """Wait until the door is open. Raises `RuntimeError` when a process has ended instead."""
        deadline = time.monotonic() + _START
        with httpx.Client(trust_env=False, timeout=2) as client:
            while time.monotonic() < deadline:
                for name, part in self.parts.items():
                    if part.poll() is not None:
                        raise RuntimeError(f"hub {name} ended with {part.returncode}: {self._said()}")
                try:
                    url = f"http://127.0.0.1:{self.settings.port}/readyz"
                    if client.get(url).status_code == 200 and self._working():
                        return
                except httpx.TransportError:
                    pass
                time.sleep(0.01)
        raise RuntimeError(f"the hub did not start: {self._said()}")

    def _working(self) -> bool:
        """Have the processes without a door said that they run?"""
        silent = sum(name not in ("up", "web") for name in self.parts)
        self._log.seek(0)
        return self._log.read().count(b"Running.") >= silent

    def kill(self, kind: str) -> None:
        """SIGKILL every process whose name begins so."""
        for name in [name for name in self.parts if name.startswith(kind)]:
            part = self.parts.pop(name)
            part.kill()
            part.wait()

    def stop(self) -> None:
        """SIGTERM to all; they drain."""
        for part in self.parts.values():
            part.terminate()
        for part in self.parts.values():
            try:
                part.wait(_DRAIN)
            except subprocess.TimeoutExpired:
                part.kill()
                part.wait()
        self.parts.clear()

    def _said(self) -> str:
        self._log.seek(0)
        return self._log.read()[-2000:].decode(errors="replace")

    def pids(self) -> dict[int, str]:
        return {part.pid: name for name, part in self.parts.items()}

    def memory(self) -> dict[str, float]:
        """Most resident memory that each process had, in MiB."""
        return {name: peak(part.pid) for name, part in self.parts.items()}


@contextmanager
def hub(settings: Settings, workers: int = 2, core: int | None = None) -> Iterator[Hub]:
    """A running hub with these settings; stopped afterwards."""
    with tempfile.TemporaryFile() as log:
        running = Hub(settings, log)
        try:
            running.start(workers, core)
            yield running
        finally:
            running.stop()


def environment(settings: Settings) -> dict[str, str]:
    """What a process reads these settings from. No other `HUB_*` variable goes along."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    env["PYTHONUNBUFFERED"] = "1"  # they say at once that they run
    for name in Settings.model_fields:
        value = getattr(settings, name)
        env[f"HUB_{name.upper()}"] = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return env


def processor_time(names: Mapping[int, str], *, servers: bool) -> dict[str, float]:
    """Seconds of processor time so far: of the named processes and, with `servers`, of those this process started."""
    ticks = os.sysconf("SC_CLK_TCK")
    parents: dict[int, int] = {}
    known: dict[int, tuple[str, float]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            head, _, tail = (entry / "stat").read_text().rpartition(")")
        except OSError:
            continue  # it ended meanwhile
        fields, pid = tail.split(), int(entry.name)
        parents[pid] = int(fields[1])
        name = names.get(pid) or (_SERVERS.get(head.partition("(")[2], "") if servers else "")
        known[pid] = (name, sum(map(int, fields[11:15])) / ticks)  # its own and that of ended children
    total: dict[str, float] = defaultdict(float)
    for pid, (name, seconds) in known.items():
        if name and (pid in names or _descends(pid, parents)):
            total[name] += seconds
    return dict(total)


def _descends(pid: int, parents: Mapping[int, int]) -> bool:
    while pid in parents and pid != os.getpid():
        pid = parents[pid]
    return pid == os.getpid()


def peak(pid: int) -> float:
    """Most resident memory that a process had so far, in MiB."""
    return _memory(pid, "VmHWM")


def own_memory() -> float:
    """Resident memory of this process, without files that it maps, in MiB."""
    return _memory(os.getpid(), "RssAnon")


def _memory(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    return 0.0
