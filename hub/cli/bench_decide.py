# SPDX-License-Identifier: Apache-2.0
"""How fast the gate decides: alone, with facts from a database, written to the ledger, and replayed."""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr

from hub.cli.bench import Json, bench_app, prepare, show
from hub.flows import gate
from hub.flows import world as worlds
from hub.flows.world import World
from hub.settings import Settings
from hub.testing.figures import Figure, measure

if TYPE_CHECKING:
    from hub.testing.decisions import Lab


def register(_: typer.Typer) -> None:
    bench_app.command()(decide)


def decide(
    people: Annotated[int, typer.Option(min=1000, help="People in the database.")] = 100_000,
    decisions: Annotated[int, typer.Option(min=1000, help="Decisions of one run.")] = 20_000,
    runs: Annotated[int, typer.Option(min=3, help="Runs of each measurement.")] = 3,
    json: Json = False,
) -> None:
    """Decisions per second: alone, with facts from SQLite and PostgreSQL, written to the ledger, and replayed."""
    from hub.testing import servers

    prepare()
    results: list[Figure] = []
    with _lab(people, postgresql=False) as lab:
        results += _alone(lab, decisions, runs)
        results.append(_gate("gate_sqlite", lab, decisions, runs))
        results += _recorded(lab, decisions, runs)
    with _lab(people, postgresql=True) as lab:
        results.append(_gate("gate_postgresql", lab, decisions, runs))
        server = servers.version(lab.world.db.url)
    show("decide", results, [server], json=json)


@contextmanager
def _lab(people: int, *, postgresql: bool) -> Iterator[Lab]:
    from hub.store.vault import generate
    from hub.testing import servers
    from hub.testing.decisions import seed

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
    from hub.flows.replay import replay

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
