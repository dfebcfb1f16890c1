# SPDX-License-Identifier: Apache-2.0
"""How fast people are read from a CRM, and how fast a campaign is staged for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.bench import Backends, Json, Runs, bench_app, prepare, show, telling
from hub.testing.figures import Backend, Figure, over_backends

if TYPE_CHECKING:
    from hub.testing.lab.reading import Staged


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


def sync(
    people: Annotated[int, typer.Option(min=1, help="Rows of the CSV file.")] = 100_000,
    backend: Backends = None,
    runs: Runs = 3,
    json: Json = False,
) -> None:
    """A CSV file read for the first time, and read again when nobody in it has changed."""
    prepare("meta", "csv")
    from hub.testing.lab.reading import sync as synced
    from hub.testing.lab.stand import Stand, Wanted

    backends = backend or list(Backend)
    wanted = Wanted(people, consenting=0, synced=False, staged=False, redis=False)
    with telling() as tell, Stand(wanted, backends, tell) as stand:
        found = {one.value: [synced(stand, one) for _ in range(runs)] for one in backends}
        versions = stand.servers()
    for every in found.values():
        for one in every:
            if not one.seen == one.admitted == one.unchanged == people:
                raise RuntimeError(f"{one.seen} seen, {one.admitted} admitted, {one.unchanged} unchanged of {people}")
    rate = "rows per second"
    figures = [
        Figure(f"sync_{name}", rate, tuple(people / one.seconds for one in every)) for name, every in found.items()
    ]
    memory = {name: [one.memory for one in every] for name, every in found.items()}
    again = {name: [one.again for one in every] for name, every in found.items()}
    figures += over_backends("sync_rss_mib", "MiB at most", memory, worse=max)
    figures += over_backends("sync_incremental_s", "seconds to read everybody unchanged", again, worse=max)
    show("sync", figures, versions, json=json)
