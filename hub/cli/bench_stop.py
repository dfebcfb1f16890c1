# SPDX-License-Identifier: Apache-2.0
"""How fast a stop takes effect while a campaign runs. Emulated Meta runs in a process of its own."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from hub.cli.bench import Backends, Json, Runs, bench_app, prepare, show
from hub.flows import world as worlds
from hub.flows.world import World
from hub.settings import Settings
from hub.store.vault import generate
from hub.testing.figures import Backend, Figure, over_backends, percentile

_WAIT = 30.0  # seconds for one stop to take effect
_RANKS = {"p50": 50, "p99": 99, "max": 100}


@dataclass
class _Seen:
    """Milliseconds of every stop, by what was measured."""

    door: list[float] = field(default_factory=list)  # webhook at the door -> commit
    empty: list[float] = field(default_factory=list)  # commit -> nothing queued, as another reader sees it
    last: list[float] = field(default_factory=list)  # commit -> last request begun, where one was; negative: before
    stops: int = 0
    begun_after: int = 0  # sends the gate allowed after the stop


def register(_: typer.Typer) -> None:
    bench_app.command()(stop)


def stop(
    people: Annotated[int, typer.Option(min=100, help="People in the campaign.")] = 5000,
    stops: Annotated[int, typer.Option(min=2, help="Stops while it runs: half by chat, half by staff.")] = 100,
    rate: Annotated[int, typer.Option(min=1, max=1000, help="Messages per second; 1,000 is full load.")] = 1000,
    backend: Backends = None,
    seed: Annotated[int, typer.Option(help="The same seed picks the same moments.")] = 7,
    runs: Runs = 1,
    json: Json = False,
) -> None:
    """Stops in the middle of a campaign: from the webhook to the commit, and what is still sent afterwards.

    `allowed_after_stop` counts sends that the gate allowed later than the stop in the ledger: it must be 0, and the
    command fails otherwise. `commit_to_last_request` is when the last request with advertising to that person began,
    counted from the commit of the stop: above zero, it had been authorised before.
    """
    prepare("meta", "csv")
    from hub.testing import servers

    found: dict[str, list[_Seen]] = {}
    versions: list[str] = []
    for one in backend or list(Backend):
        found[one.value] = []
        for run in range(runs):
            with _world(one) as world:
                found[one.value].append(_run(world, people, stops, rate, seed + run))
                if not world.db.sqlite and not versions:
                    versions.append(servers.version(world.db.url))
    show("stop", _figures(found), versions, json=json)
    if any(seen.begun_after for every in found.values() for seen in every):
        raise typer.Exit(1)


@contextmanager
def _world(backend: Backend) -> Iterator[World]:
    from hub.testing import servers

    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-")))
        url = ""
        if backend is Backend.POSTGRESQL:
            url = stack.enter_context(servers.fresh_database(stack.enter_context(servers.postgresql(durable=True))))
        settings = Settings(data_dir=home, database_url=url, redis_url="", keys=SecretStr(generate()))
        world = worlds.build(settings)
        stack.callback(world.db.close)
        world.db.migrate()
        yield world


def _run(world: World, people: int, stops: int, rate: int, seed: int) -> _Seen:
    from hub.testing.stop_lab import opened  # needs the meta plugin

    dice, seen = random.Random(seed), _Seen()  # noqa: S311
    pause = 0.8 * people / rate / stops
    chosen: list[str] = []
    watchers: list[threading.Thread] = []
    with opened(world, people, rate) as (lab, probes):

        def watch(who: str, token: str) -> None:
            deadline = time.monotonic() + _WAIT
            while token not in probes.committed or not lab.empty_for(who):
                if time.monotonic() > deadline:
                    return
                time.sleep(0.002)
            seen.empty.append(1000 * (time.monotonic() - probes.committed[token]))

        for index in range(stops):
            time.sleep(pause * 2 * dice.random())
            who = lab.somebody(dice)
            if who is None:
                break
            if who in chosen:
                continue
            chosen.append(who)
            watchers.append(threading.Thread(target=watch, args=(who, lab.token(who)), daemon=True))
            watchers[-1].start()
            (lab.by_staff if index % 2 else lab.by_chat)(who)
        for watcher in watchers:
            watcher.join()
    if not chosen:
        raise RuntimeError("the campaign was over before anybody stopped it")
    for who in chosen:
        at = probes.committed[lab.token(who)]
        seen.stops += 1
        seen.begun_after += lab.allowed_after(who)
        if who in probes.arrived:
            seen.door.append(1000 * (at - probes.arrived[who]))
        if probes.begun[who]:
            seen.last.append(1000 * (probes.begun[who][-1] - at))
    return seen


def _figures(found: dict[str, list[_Seen]]) -> list[Figure]:
    """`stop_p99_ms` counts from the commit to the last request begun: 0 where none began afterwards."""
    last = {name: [max(0.0, percentile(seen.last, 99)) for seen in every] for name, every in found.items()}
    figures = over_backends("stop_p99_ms", "ms from commit to the last request", last, worse=max)
    for name, every in found.items():
        counted = {
            "stops": [seen.stops for seen in every],
            "allowed_after_stop": [seen.begun_after for seen in every],
            "requests_begun_after_commit": [sum(late > 0 for late in seen.last) for seen in every],
        }
        figures += [Figure(f"{word}_{name}", "count", tuple(counts)) for word, counts in counted.items()]
        spread = {
            "door_to_commit": [seen.door for seen in every],
            "commit_to_empty_queue": [seen.empty for seen in every],
            "commit_to_last_request": [seen.last for seen in every],
        }
        for word, lists in spread.items():
            for rank, percent in _RANKS.items():
                at = tuple(percentile(values, percent) for values in lists)
                figures.append(Figure(f"{word}_{rank}_ms_{name}", "ms", at))
    return figures
