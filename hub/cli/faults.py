# SPDX-License-Identifier: Apache-2.0
"""Faults: break real deployments on this machine, and count what was lost, sent without a basis or sent twice."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.table import Column, Table

from hub import logs
from hub.cli.session import err, out
from hub.contract import BadInput
from hub.plugins import emulators

if TYPE_CHECKING:
    from hub.testing.faults.fault import Fault
    from hub.testing.faults.runner import Result


class Backend(StrEnum):
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


def register(app: typer.Typer) -> None:
    app.command()(faults)


def faults(
    names: Annotated[list[str] | None, typer.Argument(help="Faults, such as F1 or F4-emptied. None: all.")] = None,
    backend: Annotated[list[Backend] | None, typer.Option(help="Database; name it twice for both.")] = None,
    full: Annotated[bool, typer.Option("--full", help="At the stated sizes and times: hours, not minutes.")] = False,
    runs: Annotated[int, typer.Option(min=1, help="Runs of each fault, each with a seed of its own.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed makes the same choices.")] = 1,
    listed: Annotated[bool, typer.Option("--list", help="Only say what each fault does.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
) -> None:
    """Break the hub in every way on the list, and count what came of it.

    Each fault runs on a deployment of its own, with an emulated provider that logs every request. Passed means: nobody
    lost, nothing sent without a basis, nothing sent twice, every unknown explained, and what the fault itself demands.
    A run that fails leaves its directory behind. Exit code 1 when one did not pass.
    """
    if "meta" not in emulators():
        raise BadInput("no meta plugin", field="faults", remedy="pip install consent-hub-meta")
    from hub.testing.faults.catalogue import chosen  # needs the meta plugin

    picked = chosen(names or [])
    if listed:
        return _list(picked)
    logs.configure("critical")
    wanted = [one.value for one in backend or list(Backend)]
    results = _run(picked, wanted, runs, seed, full)
    if json:
        typer.echo(orjson.dumps([result.told() for result in results], option=orjson.OPT_INDENT_2))
    else:
        _show(results)
    if not all(result.passed for result in results):
        raise typer.Exit(1)


def _run(picked: list[Fault], backends: list[str], runs: int, seed: int, full: bool) -> list[Result]:
    from hub.testing.faults.runner import Machines, run

    todo = [(fault, backend) for fault in picked for backend in backends if backend in fault.backends]
    results = []
    with Machines() as machines:
        for place, (fault, backend) in enumerate(todo, 1):
            err.print(f"{place}/{len(todo)} {fault.name} on {backend} ...", highlight=False)
            results.append(result := run(fault, backend, machines, runs=runs, seed=seed, full=full))
            said = "passed" if result.passed else "[bold red]FAILED[/]"
            err.print(f"  {said} in {result.seconds:.0f} s, {result.requests:,} requests", highlight=False)
            for finding in sorted(result.findings, key=lambda one: one.kind)[:10]:  # what broke, before what it cost
                err.print(f"  {finding.kind}: {finding.what}", highlight=False, markup=False)
            for home in result.kept:
                err.print(f"  kept: {home}", highlight=False, markup=False)
    return results


def _list(picked: list[Fault]) -> None:
    table = Table(Column("fault", no_wrap=True), "what it does", "what must hold besides", box=None)
    for fault in picked:
        table.add_row(fault.name, fault.does, fault.must)
    out.print(table)


def _show(results: list[Result]) -> None:
    names = ("fault", "backend", "runs", "requests", "lost", "no basis", "doubled", "unknown", "")
    table = Table(*(Column(name, min_width=len(name), no_wrap=True) for name in names), box=None, padding=(0, 1, 0, 0))
    for one in results:
        counts = (one.runs, one.requests, one.lost, one.without_basis, one.doubled, one.unknown)
        table.add_row(one.fault, one.backend, *map(str, counts), "passed" if one.passed else "FAILED")
    out.print(table)
