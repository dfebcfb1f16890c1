# SPDX-License-Identifier: Apache-2.0
"""`hub demo`: the main job on this machine alone, with a table at the end and an exit code that means something."""

from __future__ import annotations

import contextlib
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from hub import logs
from hub.cli import proof
from hub.cli.session import err, out
from hub.contract import BadInput
from hub.plugins import emulators
from hub.settings import Settings

_FUNNEL = ("allowed", "sent", "delivered", "read", "failed", "unknown")


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    contacts: Annotated[int, typer.Option(min=50, max=100_000, help="CRM records to make up.")] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 7,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, nothing else.")] = False,
    stay: Annotated[bool, typer.Option("--stay", help="Leave everything running for a look.")] = False,
) -> None:
    """HubSpot audience, gate, WhatsApp and back, with emulated vendors and the real hub. No account, no server."""
    missing = {"hubspot", "meta"} - set(emulators())
    if missing:
        raise BadInput(
            f"no {' and '.join(sorted(missing))} plugin", field="demo", remedy="pip install 'consent-hub[demo]'"
        )
    logs.configure("error")
    from hub.testing.journey import Journey  # these need the demo's plugins
    from hub.testing.outcome import outcome as outcome_of

    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-demo-")))
        settings = Settings(data_dir=folder, database_url="", redis_url="", environment="development")
        steps = _Steps(stack, quiet=json)
        began = time.monotonic()
        way = stack.enter_context(Journey(settings, contacts=contacts, seed=seed, tell=steps.tell))
        way.connect()
        way.history()
        way.sync()
        way.draft()
        preview = way.preview()
        way.start()
        way.inject_stops(max(5, contacts // 80))
        way.finish()
        outcome = outcome_of(way, time.monotonic() - began)
        steps.done()
        good = _good(outcome)
        if json:
            print(orjson.dumps(outcome.counts).decode())
        else:
            _show(outcome, preview)
        if stay:
            _stay(way)
    if not good:
        raise typer.Exit(1)


def _good(outcome: Any) -> bool:
    counts = outcome.counts
    wrong = counts["wrongly_sent"] or counts["sends_after_stop"] or outcome.doubled
    return not wrong and bool(counts["ledger_verified"])


class _Steps:
    """One progress line per step."""

    def __init__(self, stack: contextlib.ExitStack, *, quiet: bool) -> None:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description:<28}"),
            BarColumn(24),
            TextColumn("{task.fields[seen]}"),
        )
        self._bar = Progress(*columns, TimeElapsedColumn(), console=err, disable=quiet)
        self._tasks: dict[str, Any] = {}
        stack.enter_context(self._bar)

    def tell(self, what: str, done: int, total: int) -> None:
        if what not in self._tasks:
            self.done()
            self._tasks[what] = self._bar.add_task(what, total=total or None, seen="")
        seen = f"{done:,} of {total:,}" if total else f"{done:,}"
        self._bar.update(self._tasks[what], completed=done, total=total or None, seen=seen)

    def done(self) -> None:
        for task in self._tasks.values():
            self._bar.update(task, total=1, completed=1)
            self._bar.stop_task(task)


def _show(outcome: Any, preview: Any) -> None:
    counts = outcome.counts
    table = Table(title="What happened", show_header=False, min_width=60)
    table.add_row("contacts seen in HubSpot", f"{counts['contacts_seen']:,}")
    table.add_row("admitted (a basis to store them)", f"{counts['contacts_admitted']:,}")
    for reason, count in sorted(counts["contacts_excluded"].items(), key=lambda item: -item[1]):
        table.add_row(f"  excluded: {reason}", f"{count:,}")
    table.add_section()
    table.add_row("records in the audience", f"{counts['audience']:,}")
    table.add_row("preview said reachable", f"{preview.reachable:,}")
    for reason, count in sorted(counts["refused"].items(), key=lambda item: -item[1]):
        table.add_row(f"  refused: {reason}", f"{count:,}")
    twice = counts["audience"] - counts["allowed"] - sum(counts["refused"].values())
    table.add_row("  second records of a person", f"{twice:,}")
    table.add_section()
    for name in _FUNNEL:
        table.add_row(name, f"{counts[name]:,}")
    table.add_section()
    table.add_row("stops while it ran", f"{counts['stops_injected']:,}")
    table.add_row("sends after a stop", _mark(counts["sends_after_stop"]))
    table.add_row("sent to somebody it may not", _mark(counts["wrongly_sent"]))
    table.add_row("refused to somebody it might", _mark(counts["wrongly_refused"]))
    table.add_row("doubled messages", _mark(outcome.doubled))
    table.add_row("reports accepted by HubSpot", f"{counts['crm_reports']:,}")
    chain = outcome.verification
    held = f"{chain.links:,} links, {chain.rows:,} rows, checked" if chain.ok else f"[red]{chain.problem}[/]"
    table.add_row("ledger", held)
    table.add_row("seconds", f"{counts['seconds']}")
    out.print(table)
    if outcome.explained is not None:
        out.print("\n[bold]One message, explained[/] (`hub why MESSAGE`)\n")
        proof.show(outcome.explained)


def _mark(count: int) -> str:
    return "[green]0[/]" if not count else f"[bold red]{count}[/]"


def _stay(way: Any) -> None:
    out.print(f"\nOpt-in page  {way.settings.public_url}/o/{way.page.id}", highlight=False)
    out.print(f"HubSpot      {way.hubspot_url}   token {way.hubspot.access_token}", highlight=False)
    out.print(f"Meta         {way.meta_url}   token {way.meta.access_token}", highlight=False)
    out.print(f"Look inside  HUB_DATA_DIR={way.settings.data_dir} hub campaign list", highlight=False)
    out.print("Ctrl+C ends it and removes everything.")
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(1)
