# SPDX-License-Identifier: Apache-2.0
"""How fast the hub is on this machine. Each figure is the median of several runs, with the slowest and the fastest.

Benches bring servers, emulators and worker processes; each imports them only when it runs, since every command pays
for what is imported here.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.progress import Progress, TaskID
from rich.table import Table

from hub import logs
from hub.cli.session import err, out
from hub.contract import BadInput
from hub.testing.figures import Backend, Figure, machine

if TYPE_CHECKING:
    from hub.testing.journey import Tell

bench_app = typer.Typer(no_args_is_help=True, help="Measure speed on this machine.")

Backends = Annotated[list[Backend] | None, typer.Option(help="Database; name it twice for both.")]
Runs = Annotated[int, typer.Option(min=1, help="Runs of each measurement.")]
Workers = Annotated[int, typer.Option(min=1, help="Worker processes on PostgreSQL.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def register(app: typer.Typer) -> None:
    app.add_typer(bench_app, name="bench")


@bench_app.callback()
def bench() -> None:
    """Measure speed on this machine."""


def prepare(*connectors: str) -> None:
    """What every bench does first. Raises `BadInput` when a plugin that it plays with is not installed."""
    for name in connectors:
        if importlib.util.find_spec(f"hub_{name}") is None:
            raise BadInput(f"no {name} plugin", field="bench", remedy=f"pip install consent-hub-{name}")
    logs.configure("error")


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
