# SPDX-License-Identifier: Apache-2.0
"""How fast a campaign leaves, and what it costs: emulated Meta and every part of the hub in processes of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.bench import Backends, Json, Runs, Workers, bench_app, prepare, show, telling
from hub.flows import lanes
from hub.testing.figures import Backend, Figure, over_backends

if TYPE_CHECKING:
    from hub.testing.lab.sending import Sent

Found = dict[str, list["Sent"]]


def register(_: typer.Typer) -> None:
    bench_app.command()(send)


def send(
    recipients: Annotated[int, typer.Option(min=0, help="Messages of one run. 0: 10,000, or rate times seconds.")] = 0,
    rate: Annotated[int, typer.Option(min=0, max=1000, help="The sender's messages per second. 0: no limit.")] = 0,
    latency: Annotated[
        int, typer.Option(min=-1, help="Milliseconds until the vendor answers. -1: 0 without a rate, else 100.")
    ] = -1,
    seconds: Annotated[int, typer.Option(min=1, help="With a rate: how long one run holds it.")] = 60,
    backend: Backends = None,
    workers: Workers = 2,
    sender_lanes: Annotated[
        int, typer.Option("--lanes", min=1, max=lanes.MOST, help="Dispatchers of the one number, side by side.")
    ] = 1,
    connections: Annotated[int, typer.Option(min=1, max=2000, help="Connections to the vendor, per process.")] = 256,
    per_webhook: Annotated[int, typer.Option(min=1, max=1000, help="Statuses that one webhook tells at most.")] = 100,
    runs: Runs = 3,
    json: Json = False,
) -> None:
    """A campaign from the first message to the last status, on SQLite in one process and on PostgreSQL in several.

    Without a rate it runs flat out (`send_...`); with one it shows whether the rate is held and never exceeded
    (`hold_...`, `limiter_...`). Everybody's consent is given through the real flow first, which takes longer than the
    run. The command fails when a message was lost, doubled or left unknown.
    """
    prepare("meta", "csv")
    from hub.testing.lab.sending import Conditions, campaigns
    from hub.testing.lab.stand import Stand, Wanted

    answer = latency if latency >= 0 else (100 if rate else 0)
    people = recipients or (rate * seconds if rate else 10_000)
    backends = backend or list(Backend)
    with telling() as tell, Stand(Wanted(people, rate, connections=connections), backends, tell) as stand:
        under = Conditions(answer / 1000, workers, per_webhook, sender_lanes)
        found = {one.value: campaigns(stand, one, under, runs, tell) for one in backends}
        versions = stand.servers()
    figures = _held(found, rate) if rate else _flat_out(found, answer)
    show("send", [*figures, *_shared(found), *_costs(found), *_truth(found)], versions, json=json)
    if any(sent.received != people or sent.doubled or sent.unknown for every in found.values() for sent in every):
        raise typer.Exit(1)


def _flat_out(found: Found, latency: int) -> list[Figure]:
    suffix = f"_{latency}ms" if latency else ""
    unit = f"messages per second at {latency} ms"
    return [Figure(f"send_{name}{suffix}", unit, tuple(sent.rate for sent in every)) for name, every in found.items()]


def _held(found: Found, rate: int) -> list[Figure]:
    hold, limiter = f"hold_{rate}", f"limiter_{rate}"
    return [
        *_worse(min, found, f"{hold}_rate", "messages per second", lambda sent: sent.rate),
        *_worse(max, found, f"{hold}_cores", "cores that our processes used", lambda sent: sent.cores),
        *_worse(min, found, f"{limiter}_accuracy", "share of the rate", lambda sent: sent.rate / rate),
        *_worse(max, found, f"{limiter}_most", "messages in the fullest second", lambda sent: sent.most),
    ]


def _shared(found: Found) -> list[Figure]:
    statuses = "statuses_applied_while_sending"
    return [
        *_worse(max, found, "authorise_to_socket_p50_ms", "ms", lambda sent: sent.to_wire_ms(50)),
        *_worse(max, found, "authorise_to_socket_p99_ms", "ms", lambda sent: sent.to_wire_ms(99)),
        *_worse(min, found, statuses, "statuses per second", lambda sent: sent.applied),
        *_worse(max, found, "queue_lag_ms", "ms, the oldest webhook waiting", lambda sent: 1000 * sent.lag),
    ]


def _costs(found: Found) -> list[Figure]:
    """Processor time and memory, process by process."""
    unit = "processor seconds per 1,000 messages"
    figures = []
    for name, every in found.items():
        for part in every[0].processor:
            used = tuple(1000 * sent.processor[part] / sent.messages for sent in every)
            figures.append(Figure(f"cpu_{name}_{part}", unit, used))
        for part in every[0].memory:
            figures.append(Figure(f"memory_{name}_{part}", "MiB at most", tuple(sent.memory[part] for sent in every)))
    return figures


def _truth(found: Found) -> list[Figure]:
    """What must be right at any speed."""
    seen: dict[str, Callable[[Sent], int]] = {
        "received": lambda sent: sent.received,
        "doubled": lambda sent: sent.doubled,
        "unknown": lambda sent: sent.unknown,
    }
    return [
        Figure(f"{word}_{name}", "messages", tuple(map(count, every)))
        for name, every in found.items()
        for word, count in seen.items()
    ]


def _worse(
    worse: Callable[[list[float]], float], found: Found, name: str, unit: str, value: Callable[[Sent], float]
) -> list[Figure]:
    each = {backend: [value(sent) for sent in every] for backend, every in found.items()}
    return over_backends(name, unit, each, worse=worse)
