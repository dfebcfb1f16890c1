# SPDX-License-Identifier: Apache-2.0
"""How many webhooks the hub takes in, and how many it works off."""

from __future__ import annotations

from typing import Annotated

import typer

from hub import logs
from hub.cli.bench import bench_app, needs, show, telling
from hub.testing.figures import Figure, over_backends, percentile
from hub.testing.journey import Tell
from hub.testing.lab.stand import FLAT_OUT, Backend, Stand, Wanted
from hub.testing.lab.vendor import emulated


def register(_: typer.Typer) -> None:
    bench_app.command()(webhooks)


def webhooks(
    count: Annotated[int, typer.Option("--webhooks", min=3, help="Webhooks of one run, one status each.")] = 30_000,
    messages: Annotated[int, typer.Option(min=1, help="Messages whose three statuses are applied.")] = 2000,
    backend: Annotated[list[Backend] | None, typer.Option(help="Database; name it twice for both.")] = None,
    runs: Annotated[int, typer.Option(min=1, help="Runs on each database.")] = 3,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Signed webhooks, one status each: kept durably and answered on one core, and statuses applied by one worker.

    `webhooks_...` counts answers of the door, each given after its commit; the door has one core for itself and the
    client another. `statuses_applied` takes webhooks that lie in the inbox, so the two rates do not disturb each other.
    The command fails when a webhook is not kept or a status not applied.
    """
    needs("meta", "csv")
    logs.configure("error")
    backends = backend or list(Backend)
    figures: list[Figure] = []
    rates: dict[str, list[float]] = {}
    waits: dict[str, list[float]] = {}
    with telling() as tell, Stand(Wanted(messages, redis=False), backends, tell) as stand:
        for one in backends:
            kept, waited, rates[one.value] = _measure(stand, one, count, runs, tell)
            waits[one.value] = waited
            figures.append(Figure(f"webhooks_{one}", "webhooks kept and answered per second", tuple(kept)))
        versions = stand.servers()
    figures += over_backends("statuses_applied", "statuses per second", rates, worse=min)
    figures += over_backends("webhook_answer_p99_ms", "ms", waits, worse=max)
    show("webhooks", figures, versions, json=json)


def _measure(
    stand: Stand, backend: Backend, count: int, runs: int, tell: Tell
) -> tuple[list[float], list[float], list[float]]:
    """Per run: webhooks kept a second, the p99 of their answers in ms, statuses applied a second."""
    from hub.testing.lab.door import accepted, applied  # needs the meta plugin

    kept, waited, rates = [], [], []
    for run in range(runs):
        tell(f"runs on {backend}", run, runs)
        with emulated(0, stand.vendor_port, throughput=FLAT_OUT, pair_rate=False) as vendor:
            fired = accepted(stand, backend, vendor.settings, count)
            kept.append(fired.accepted / fired.seconds)
            waited.append(1000 * percentile(fired.waits, 99))
            rates.append(applied(stand, backend, vendor))
    tell(f"runs on {backend}", runs, runs)
    return kept, waited, rates
