# SPDX-License-Identifier: Apache-2.0
"""How fast the hub is on this machine. Each figure is the median of several runs, with the slowest and the fastest."""

from __future__ import annotations

import importlib.util
import os
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import orjson
import typer
from pydantic import SecretStr
from rich.progress import Progress, TaskID
from rich.table import Table

from hub import logs
from hub.cli.session import err, out
from hub.contract import BadInput
from hub.flows import gate
from hub.flows import world as worlds
from hub.flows.replay import replay
from hub.flows.world import World
from hub.settings import Settings
from hub.store.vault import generate
from hub.testing import servers
from hub.testing.decisions import Lab, seed
from hub.testing.figures import Figure, machine, measure
from hub.testing.journey import Tell

bench_app = typer.Typer(no_args_is_help=True, help="Measure speed on this machine.")


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
    results: list[Figure] = []
    with _lab(people, postgresql=False) as lab:
        results += _alone(lab, decisions, runs)
        results.append(_gate("gate_sqlite", lab, decisions, runs))
        results += _recorded(lab, decisions, runs)
    with _lab(people, postgresql=True) as lab:
        results.append(_gate("gate_postgresql", lab, decisions, runs))
        server = servers.version(lab.world.db.url)
    show("decide", results, [server], json=json)


def show(name: str, figures: Sequence[Figure], servers: Sequence[str] = (), *, json: bool) -> None:
    """Print a bench's results in the form that all benches share."""
    where, results = machine(servers), [figure.told() for figure in figures]
    if json:
        told = {"bench": name, "machine": where, "results": results}
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
        return
    table = Table(title=where, title_justify="left", box=None)
    for column in ("name", "median", "min", "max", "runs"):
        table.add_column(column, no_wrap=True, justify="left" if column == "name" else "right")
    table.add_column("unit")
    for row in results:
        table.add_row(
            row["name"], *(_shown(row[key]) for key in ("median", "min", "max")), str(row["runs"]), row["unit"]
        )
    out.print(table)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"


@contextmanager
def telling() -> Iterator[Tell]:
    """Progress on stderr, where a person looks on."""
    with Progress(console=err, transient=True) as shown:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what)
            shown.update(tasks[what], completed=done, total=of)

        yield tell


def needs(*connectors: str) -> None:
    """Raises `BadInput` when a plugin that a bench plays with is not installed."""
    for name in connectors:
        if importlib.util.find_spec(f"hub_{name}") is None:
            raise BadInput(f"no {name} plugin", field="bench", remedy=f"pip install consent-hub-{name}")


@contextmanager
def _lab(people: int, *, postgresql: bool) -> Iterator[Lab]:
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-")))
        url = (
            stack.enter_context(servers.fresh_database(stack.enter_context(servers.postgresql(durable=True))))
            if postgresql
            else ""
        )
        settings = Settings(data_dir=home, database_url=url, keys=SecretStr(generate()))
        world: World = worlds.build(settings)
        stack.callback(world.db.close)
        world.db.migrate()
        yield seed(world, people)


def _alone(lab: Lab, decisions: int, runs: int) -> list[Figure]:
    """`decide()` on cases already in memory, by the time of one core."""
    chosen = random.Random(1).sample(lab.points, min(decisions, len(lab.points)))  # noqa: S311
    with lab.world.db.read() as session:
        cases = lab.cases(session, chosen, lab.route())

    def work() -> int:
        for case in cases:
            gate.judge(case)
        return len(cases)

    return [measure("decide_pure", "decisions per second of one core", runs, work, time.process_time)]


def _gate(name: str, lab: Lab, decisions: int, runs: int) -> Figure:
    dice = random.Random(2)  # noqa: S311

    def work() -> int:
        return lab.judge(dice.sample(lab.points, min(decisions, len(lab.points))))

    return measure(name, "decisions per second", runs, work)


def _recorded(lab: Lab, decisions: int, runs: int) -> list[Figure]:
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
