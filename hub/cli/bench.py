# SPDX-License-Identifier: Apache-2.0
"""How fast the hub is on this machine. Each figure is the median of several runs, with the slowest and the fastest."""

from __future__ import annotations

import os
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from pydantic import SecretStr
from rich.table import Table

from hub import logs
from hub.cli.session import out
from hub.flows import gate
from hub.flows import world as worlds
from hub.flows.replay import replay
from hub.flows.world import World
from hub.settings import Settings
from hub.store.vault import generate
from hub.testing import servers
from hub.testing.decisions import Lab, seed

bench_app = typer.Typer(no_args_is_help=True, help="Measure speed on this machine.")
Clock = Callable[[], float]


def register(app: typer.Typer) -> None:
    app.add_typer(bench_app, name="bench")


@bench_app.callback()
def bench() -> None:
    """Measure speed on this machine."""


@bench_app.command()
def decide(
    people: Annotated[int, typer.Option(min=1000, help="People in the database.")] = 100_000,
    decisions: Annotated[int, typer.Option(min=1000, help="Decisions of one run.")] = 20_000,
    runs: Annotated[int, typer.Option(min=3, help="Runs of each measurement.")] = 3,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Decisions per second: alone, with facts from SQLite and PostgreSQL, written to the ledger, and replayed."""
    logs.configure("error")
    results: list[dict[str, Any]] = []
    with _lab(people, postgresql=False) as lab:
        results += _alone(lab, decisions, runs)
        results.append(_gate("gate_sqlite", lab, decisions, runs))
        results += _recorded(lab, decisions, runs)
    with _lab(people, postgresql=True) as lab:
        results.append(_gate("gate_postgresql", lab, decisions, runs))
    show("decide", results, json=json)


def machine() -> str:
    """What the figures were measured on."""
    return f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def show(name: str, results: list[dict[str, Any]], *, json: bool) -> None:
    """Print a bench's results in the form that all benches share."""
    if json:
        told = {"bench": name, "machine": machine(), "results": results}
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
        return
    table = Table("name", "unit", "median", "min", "max", title=machine(), title_justify="left", box=None)
    for row in results:
        table.add_row(row["name"], row["unit"], *(f"{row[figure]:,.0f}" for figure in ("median", "min", "max")))
    out.print(table)


def measure(
    name: str, unit: str, runs: int, work: Callable[[], int], clock: Clock = time.perf_counter
) -> dict[str, Any]:
    """Do `work` several times; it returns how much it did."""
    rates = []
    for _ in range(runs):
        began = clock()
        done = work()
        rates.append(done / (clock() - began))
    return _result(name, unit, rates)


def _result(name: str, unit: str, rates: list[float]) -> dict[str, Any]:
    found = {"median": statistics.median(rates), "min": min(rates), "max": max(rates)}
    return {"name": name, "unit": unit, **{key: round(value, 1) for key, value in found.items()}, "runs": len(rates)}


@contextmanager
def _lab(people: int, *, postgresql: bool) -> Iterator[Lab]:
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-")))
        url = (
            stack.enter_context(servers.fresh_database(stack.enter_context(servers.postgresql()))) if postgresql else ""
        )
        settings = Settings(data_dir=home, database_url=url, keys=SecretStr(generate()))
        world: World = worlds.build(settings)
        stack.callback(world.db.close)
        world.db.migrate()
        yield seed(world, people)


def _alone(lab: Lab, decisions: int, runs: int) -> list[dict[str, Any]]:
    """`decide()` on cases already in memory, by the time of one core."""
    chosen = random.Random(1).sample(lab.points, min(decisions, len(lab.points)))  # noqa: S311
    with lab.world.db.read() as session:
        cases = lab.cases(session, chosen, lab.route())

    def work() -> int:
        for case in cases:
            gate.judge(case)
        return len(cases)

    return [measure("decide_pure", "decisions per second of one core", runs, work, time.process_time)]


def _gate(name: str, lab: Lab, decisions: int, runs: int) -> dict[str, Any]:
    dice = random.Random(2)  # noqa: S311

    def work() -> int:
        return lab.judge(dice.sample(lab.points, min(decisions, len(lab.points))))

    return measure(name, "decisions per second", runs, work)


def _recorded(lab: Lab, decisions: int, runs: int) -> list[dict[str, Any]]:
    """The gate with every decision written, and all of them decided again."""
    dice, workers = random.Random(3), os.cpu_count() or 1  # noqa: S311
    written = measure(
        "gate_recorded_sqlite",
        "decisions per second",
        runs,
        lambda: lab.record(dice.sample(lab.points, min(decisions, len(lab.points)))),
    )

    def again() -> int:
        tally = replay(lab.world.db, lab.controller.id, workers=workers)
        if tally.same != tally.decisions:
            raise RuntimeError("a decision came out differently")
        return tally.decisions

    return [written, measure("replay_per_s", f"decisions per second of {workers} processes", runs, again)]
