# SPDX-License-Identifier: Apache-2.0
"""How fast the hub is there: after a start, and after a SIGKILL in a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.bench import Backends, Json, Runs, Workers, bench_app, prepare, show, telling
from hub.testing.figures import Backend, Figure, over_backends

if TYPE_CHECKING:
    from hub.testing.lab.restarting import Recovered


def register(_: typer.Typer) -> None:
    bench_app.command()(start)
    bench_app.command()(recovery)


def start(
    runs: Runs = 5,
    json: Json = False,
) -> None:
    """`hub up`, from the start of the process until it says that it is ready."""
    prepare("meta", "csv")
    from hub.testing.lab import restarting
    from hub.testing.lab.stand import Stand, Wanted

    again: list[float] = []
    with Stand(Wanted(10), [Backend.SQLITE]) as stand:
        for _ in range(runs):
            with stand.copy(Backend.SQLITE) as settings:
                again.append(restarting.start(settings))
    first = tuple(restarting.first_start() for _ in range(runs))
    figures = [Figure("start_s", "seconds", tuple(again)), Figure("start_first_s", "seconds, empty directory", first)]
    show("start", figures, json=json)


def recovery(
    recipients: Annotated[int, typer.Option(min=30, help="Messages of one run.")] = 3000,
    rate: Annotated[int, typer.Option(min=1, max=1000, help="The sender's messages per second.")] = 200,
    latency: Annotated[int, typer.Option(min=0, help="Milliseconds until the vendor answers.")] = 100,
    workers: Workers = 2,
    backend: Backends = None,
    runs: Runs = 3,
    json: Json = False,
) -> None:
    """SIGKILL to every sending process in a campaign, all started anew at once: how long until the next message leaves.

    Counted to the first message that was authorised after the kill. The command fails when a message is lost or
    doubled. `unknown` are those whose request was on the way and of which no status tells.
    """
    prepare("meta", "csv")
    from hub.testing.lab import emulated, restarting
    from hub.testing.lab.stand import FLAT_OUT, Stand, Wanted

    backends = backend or list(Backend)
    found: dict[str, list[Recovered]] = {}
    with telling() as tell, Stand(Wanted(recipients, rate), backends, tell) as stand:
        for one in backends:
            found[one.value] = []
            for run in range(runs):
                tell(f"runs on {one}", run, runs)
                with emulated(latency / 1000, stand.vendor_port, throughput=FLAT_OUT, pair_rate=False) as vendor:
                    found[one.value].append(restarting.recovery(stand, one, vendor, workers))
        versions = stand.servers()
    seconds = {name: [one.seconds for one in every] for name, every in found.items()}
    figures = over_backends("recovery_s", "seconds from SIGKILL to the next message", seconds, worse=max)
    for name, every in found.items():
        for word in ("lost", "doubled", "unknown"):
            counts = tuple(float(getattr(one, word)) for one in every)
            figures.append(Figure(f"{word}_{name}", "messages", counts))
    show("recovery", figures, versions, json=json)
    if any(one.lost or one.doubled for every in found.values() for one in every):
        raise typer.Exit(1)
