# SPDX-License-Identifier: Apache-2.0
"""How many webhooks the hub takes in, and how many it works off."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.bench import Backends, Json, Runs, bench_app, prepare, show, telling
from hub.testing.figures import Backend, Figure, over_backends


def register(_: typer.Typer) -> None:
    bench_app.command()(webhooks)


def webhooks(
    count: Annotated[int, typer.Option("--webhooks", min=3, help="Webhooks of one run, one status each.")] = 30_000,
    messages: Annotated[int, typer.Option(min=1, help="Messages whose three statuses are applied.")] = 2000,
    backend: Backends = None,
    runs: Runs = 3,
    json: Json = False,
) -> None:
    """Signed webhooks, one status each: kept durably and answered on one core, and statuses applied by one worker.

    `webhooks_...` counts answers of the door, each given after its commit; the door has one core for itself and the
    client another. `statuses_applied` takes webhooks that lie in the inbox, so the two rates do not disturb each other.
    The command fails when a webhook is not kept or a status not applied.
    """
    prepare("meta", "csv")
    from hub.testing.lab.door import webhooks as taken
    from hub.testing.lab.stand import Stand, Wanted

    backends = backend or list(Backend)
    with telling() as tell, Stand(Wanted(messages, redis=False), backends, tell) as stand:
        found = {one.value: taken(stand, one, count=count, runs=runs, tell=tell) for one in backends}
        versions = stand.servers()
    unit = "webhooks kept and answered per second"
    figures = [Figure(f"webhooks_{name}", unit, tuple(one.kept for one in every)) for name, every in found.items()]
    applied = {name: [one.applied for one in every] for name, every in found.items()}
    answered = {name: [one.answered_ms for one in every] for name, every in found.items()}
    figures += over_backends("statuses_applied", "statuses per second", applied, worse=min)
    figures += over_backends("webhook_answer_p99_ms", "ms", answered, worse=max)
    show("webhooks", figures, versions, json=json)
