# SPDX-License-Identifier: Apache-2.0
"""How fast people are read from a CRM, and how fast a campaign is staged for them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.bench import Backends, Json, Runs, bench_app, prepare, show, telling
from hub.testing.figures import Backend, Figure, over_backends

if TYPE_CHECKING:
    from hub.testing.lab.reading import Staged, Synced


def register(_: typer.Typer) -> None:
    bench_app.command()(stage)
    bench_app.command()(sync)


def stage(
    recipients: Annotated[int, typer.Option(min=1, help="People in the audience, all of them in the CRM.")] = 100_000,
    consenting: Annotated[int, typer.Option(min=0, help="How many of them can be shown to have consented.")] = 20_000,
    backend: Backends = None,
    runs: Runs = 3,
    json: Json = False,
) -> None:
    """An audience previewed, then turned into messages and documented refusals: facts, decision and rows for everybody.

    Consents are given through the real flow first, which takes longer than the run. Who has none is refused with a
    decision and a report to the CRM, which costs more than a message.
    """
    prepare("meta", "csv")
    from hub.testing.lab.reading import stage as staged
    from hub.testing.lab.stand import Stand, Wanted

    found: dict[str, list[Staged]] = {}
    backends = backend or list(Backend)
    wanted = Wanted(recipients, consenting=min(consenting, recipients), staged=False, redis=False)
    with telling() as tell, Stand(wanted, backends, tell) as stand:
        for one in backends:
            found[one.value] = []
            for run in range(runs):
                tell(f"runs on {one}", run, runs)
                came = staged(stand, one)
                if not came.previewed == came.rows == recipients:
                    raise RuntimeError(f"{came.previewed} and {came.rows} of {recipients} were previewed and staged")
                found[one.value].append(came)
        versions = stand.servers()
    size = f"{recipients // 1000}k" if recipients % 1000 == 0 else str(recipients)
    told = (("stage", "seconds"), ("stage_processor", "processor seconds of the hub"), ("preview", "seconds"))
    figures: list[Figure] = []
    for word, unit in told:
        values = {name: [getattr(one, word) for one in every] for name, every in found.items()}
        figures += over_backends(f"{word}_{size}_s", unit, values, worse=max)
    show("stage", figures, versions, json=json)


class CrmKind(StrEnum):
    CSV = "csv"
    HUBSPOT = "hubspot"
    SALESFORCE = "salesforce"


def sync(
    crm: Annotated[CrmKind, typer.Option(help="A file, or an emulated CRM without limits.")] = CrmKind.CSV,
    people: Annotated[int, typer.Option(min=1, help="People in the CRM.")] = 100_000,
    changes: Annotated[int, typer.Option(min=1, help="How many of them change before it is read again.")] = 1_000,
    backend: Backends = None,
    runs: Runs = 3,
    json: Json = False,
) -> None:
    """A CRM read for the first time, through gate and encryption into the database; and read on after some changed.

    A file is read whole each time. The others are asked for what changed.
    """
    prepare("meta", "csv", crm)
    from hub.testing.lab.crm import crm as opened
    from hub.testing.lab.reading import sync as synced
    from hub.testing.lab.stand import Stand, Wanted

    backends = backend or list(Backend)
    wanted = Wanted(1, consenting=0, synced=False, staged=False, redis=False)
    found: dict[str, list[Synced]] = {one.value: [] for one in backends}
    with telling() as tell, Stand(wanted, backends, tell) as stand, TemporaryDirectory(prefix="hub-bench-crm-") as home:
        for one in backends:
            for run in range(runs):
                tell(f"runs on {one}", run, runs)
                with opened(crm, people, Path(home)) as there:
                    found[one.value].append(synced(stand, one, there, people, min(changes, people)))
        versions = stand.servers()
    show("sync", _sync_figures("sync" if crm is CrmKind.CSV else f"sync_{crm}", people, found), versions, json=json)


def _sync_figures(name: str, people: int, found: dict[str, list[Synced]]) -> list[Figure]:
    figures = [
        Figure(f"{name}_{of}", "people per second", tuple(people / one.seconds for one in every))
        for of, every in found.items()
    ]
    for word, unit, value, by in (
        ("processor_100k_s", "processor seconds of the hub per 100,000", "processor", 100_000 / people),
        ("rss_mib", "MiB at most", "memory", 1),
        ("own_mib", "MiB at most, without the database's file", "own", 1),
        ("growth_mib", "MiB of these after the first tenth", "growth", 1),
        ("incremental_s", "seconds to read on after the changes", "again", 1),
        ("incremental_processor_s", "processor seconds of the hub meanwhile", "again_processor", 1),
        ("admitted", "percent; the others have no basis or no number", "admitted", 100 / people),
    ):
        values = {of: [by * getattr(one, value) for one in every] for of, every in found.items()}
        figures += over_backends(f"{name}_{word}", unit, values, worse=max)
    return figures
