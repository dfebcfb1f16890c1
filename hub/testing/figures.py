# SPDX-License-Identifier: Apache-2.0
"""The form in which every bench tells what it measured: a name, a unit, the median and the spread of its runs."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sqlite3
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

_LIBRARIES = ("sqlalchemy", "starlette", "uvicorn", "httpx", "aiohttp", "dramatiq")


class Backend(StrEnum):
    """Which database, and with it which form of running."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured, once per run."""

    name: str
    unit: str
    values: tuple[float, ...]

    def told(self) -> dict[str, Any]:
        """As `--json` prints it."""
        found = {"median": statistics.median(self.values), "min": min(self.values), "max": max(self.values)}
        figures = {key: round(value, 3 if abs(value) < 10 else 1) for key, value in found.items()}
        return {"name": self.name, "unit": self.unit, **figures, "runs": len(self.values)}


def percentile(values: Sequence[float], percent: int) -> float:
    """Nearest rank. 0 for none."""
    ranked = sorted(values)
    return ranked[-(-percent * len(ranked) // 100) - 1] if ranked else 0.0


def measure(
    name: str, unit: str, runs: int, work: Callable[[], int], clock: Callable[[], float] | None = None
) -> Figure:
    """Do `work` several times; it returns how much it did, and the figure is how much of it a second holds."""
    rates, now = [], clock or time.perf_counter
    for _ in range(runs):
        began = now()
        done = work()
        rates.append(done / (now() - began))
    return Figure(name, unit, tuple(rates))


def over_backends(
    name: str, unit: str, found: Mapping[str, Sequence[float]], *, worse: Callable[[list[float]], float]
) -> list[Figure]:
    """A figure per database and, under the plain name, that of the database which came out worse.

    `worse` picks the worse of several medians: `min` for rates, `max` for times.
    """
    each = {backend: Figure(f"{name}_{backend}", unit, tuple(values)) for backend, values in found.items()}
    medians = {backend: statistics.median(figure.values) for backend, figure in each.items()}
    worst = worse(list(medians.values()))
    plain = next(each[backend].values for backend, median in medians.items() if median == worst)
    return [Figure(name, unit, plain), *(each.values() if len(each) > 1 else ())]


def machine(servers: Sequence[str] = ()) -> str:
    """What the figures were measured on. `servers` are names and versions of servers that took part."""
    parts = [f"{_processor()}, {os.cpu_count()} cores", f"{platform.system()} {platform.release()}"]
    parts.append(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}")
    parts += servers
    parts += [f"{name} {version}" for name in _LIBRARIES if (version := _version(name))]
    return ", ".join(parts)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
