# SPDX-License-Identifier: Apache-2.0
"""How long the pages of the console take when there are many people and messages."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr

from hub.cli.bench import Backends, Json, bench_app, prepare, show, telling
from hub.flows import world as worlds
from hub.settings import Settings
from hub.testing.figures import Backend, Figure, percentile

if TYPE_CHECKING:
    from hub.testing.journey import Tell
    from hub.testing.lab.office import Looking

_UNIT = "ms, p95"


def register(_: typer.Typer) -> None:
    bench_app.command()(console)


def console(
    people: Annotated[int, typer.Option(min=100, help="Contacts, with their ledger.")] = 100_000,
    messages: Annotated[int, typer.Option(min=100, help="Messages, of ten campaigns.")] = 1_000_000,
    runs: Annotated[int, typer.Option(min=5, help="How often each page is opened.")] = 20,
    backend: Backends = None,
    json: Json = False,
) -> None:
    """Every page of the console on a large database, one visitor: `page_p95_ms` is the slowest page's p95.

    From the request to the last byte, over HTTP on this machine. Left out is the preview of a campaign, which asks
    the CRM and the gate about everybody: `hub bench stage` tells its time.
    """
    prepare("meta", "csv")
    slowest: list[Figure] = []
    pages: list[Figure] = []
    with ExitStack() as stack:
        tell = stack.enter_context(telling())
        version: list[str] = []
        for one in backend or list(Backend):
            with _open(one, people, messages, tell, version) as looking:
                found = _opened(looking, runs, tell, one)
            pages += [Figure(f"{path} {one}", "ms", tuple(times)) for path, times in found.items()]
            slowest.append(Figure(f"page_p95_ms_{one}", _UNIT, (max(percentile(t, 95) for t in found.values()),)))
    worst = max(slowest, key=lambda figure: figure.values[0])
    show("console", [Figure("page_p95_ms", _UNIT, worst.values), *slowest, *pages], version, json=json)


def _opened(looking: Looking, runs: int, tell: Tell, backend: Backend) -> dict[str, list[float]]:
    """Milliseconds of each page; the first time, which reads the disk, does not count."""
    found: dict[str, list[float]] = {}
    every = looking.pages()
    for index, path in enumerate(every):
        tell(f"pages on {backend}", index, len(every))
        looking.took(path)
        found[path] = [looking.took(path) for _ in range(runs)]
    return found


@contextmanager
def _open(backend: Backend, people: int, messages: int, tell: Tell, version: list[str]) -> Iterator[Looking]:
    from hub.store.vault import generate
    from hub.testing import servers
    from hub.testing.lab.office import furnish, open_house

    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-")))
        url = ""
        if backend is Backend.POSTGRESQL:
            server = stack.enter_context(servers.postgresql(durable=True))
            version.append(servers.version(server))
            url = stack.enter_context(servers.fresh_database(server))
        world = worlds.build(Settings(data_dir=home, database_url=url, keys=SecretStr(generate()), journal_dir=""))
        stack.callback(world.db.close)
        world.db.migrate()
        yield stack.enter_context(open_house(world, furnish(world, people, messages, tell)))
