# SPDX-License-Identifier: Apache-2.0
"""Vendors played on this machine, one or all, and what a connection to each needs."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hub import logs
from hub.cli.session import err, out
from hub.contract import BadInput
from hub.plugins import emulators
from hub.testing.emulator import serve_at

ALL = "all"
_WIDE = 300  # secrets are copied: they must stay in one piece, however narrow the window


def register(app: typer.Typer) -> None:
    app.command()(emulate)


def emulate(
    name: Annotated[str, typer.Argument(help="Connector whose vendor to play, e.g. hubspot or meta; or all.")],
    port: Annotated[int, typer.Option(help="Port to listen on; with all, the first of them.", min=1, max=65535)] = 9000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same ids and outcomes.")] = 0,
    webhook_url: Annotated[str, typer.Option(help="Where its webhooks go; not with all.")] = "",
) -> None:
    """Play a vendor on this machine, or all of them, for trying things out without an account."""
    found = emulators()
    if name != ALL and name not in found:
        raise BadInput(
            f"no emulator {name!r}", field="name", remedy=f"There are: {', '.join([*sorted(found), ALL]) or 'none'}."
        )
    if name == ALL and webhook_url:
        raise BadInput(
            "each connection has an address of its own",
            field="webhook-url",
            remedy="Leave it out, and tell each vendor its own by POST to /_emulator/do/webhook.",
        )
    logs.configure("warning")
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    with contextlib.ExitStack() as running:
        table = Table("vendor", "address", "setting", "value", box=None, pad_edge=False)
        for at, emulator in enumerate(_made(sorted(found) if name == ALL else [name], seed), start=port):
            if webhook_url:
                emulator.webhook_url = webhook_url
            url = running.enter_context(serve_at(emulator.app(), at))
            for first, (setting, value) in enumerate(_settings(emulator, url)):
                table.add_row(*(("", "") if first else (emulator.name, url)), setting, value)
        Console(width=_WIDE, highlight=False).print(table)
        out.print("Steer them over /_emulator/log, /_emulator/state, /_emulator/faults and /_emulator/do/ACTION.")
        out.print("Stop with Ctrl+C.")
        ending.wait()


def _made(names: list[str], seed: int) -> Iterator[Any]:
    """One that cannot be loaded is named, and takes no other along."""
    for name in names:
        try:
            yield emulators()[name].load()(seed=seed)
        except ImportError as error:
            err.print(f"{name} cannot be played: {error}", highlight=False, markup=False)


def _settings(emulator: Any, url: str) -> Iterator[tuple[str, str]]:
    """What `hub connect` needs, then what `hub sender` needs."""
    yield from ((name, str(value)) for name, value in emulator.settings(url).items() if value)
    if hasattr(emulator, "sender"):
        yield "sender: --id", emulator.sender
        yield "sender: --number", emulator.number
