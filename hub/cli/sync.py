# SPDX-License-Identifier: Apache-2.0
"""`hub sync`: read a CRM, or see what reading it would do."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.table import Table
from sqlmodel import col, select

from hub.cli.session import controller, crew, out, world
from hub.flows import accounts, quarantine
from hub.flows.sync import Counts
from hub.store.tables import Connection, SyncProblem, SyncRun
from hub.work.crew import Crew


def register(app: typer.Typer) -> None:
    app.command()(sync)


def sync(
    connection: Annotated[str, typer.Argument(help="The CRM connection.")],
    problems: Annotated[int, typer.Option(help="How many unusable records to list.")] = 20,
    dry_run: Annotated[bool, typer.Option(help="Show what would be stored and excluded; store nothing.")] = False,
) -> None:
    """Read contacts from a CRM. Who has no basis is counted, not stored. Ctrl+C stops after the page it is at, twice at
    once; the next sync goes on from there."""
    with world() as built, crew(built) as hands:
        with built.db.read() as session:
            found = accounts.find_connection(session, controller(built, session), connection)
        if dry_run:
            _rehearse(hands, found)
            return
        with out.status("reading ...") as status, _stoppable(hands):
            run = hands.jobs.sync(found.id, lambda r: status.update(f"{r.seen} seen, {r.admitted} admitted"))
        if run is None:
            out.print("Another process is syncing this connection; look again in a moment.")
            raise typer.Exit(1)
        _show_run(f"Sync of {found.title}", run)
        if run.error:
            out.print(f"Stopped by: {run.error}", highlight=False)
        elif run.stopped:
            out.print(f"Stopped. The next sync goes on from here: `hub sync {found.id}`.", highlight=False)
        with built.db.read() as session:
            rows = session.exec(
                select(SyncProblem).where(SyncProblem.run_id == run.id).order_by(col(SyncProblem.id)).limit(problems)
            ).all()
        for row in rows:
            out.print(f"  {row.place}, {row.field}: {row.why}", highlight=False)
        unusable = run.excluded.get("SUBJECT_UNRESOLVED", 0)
        if unusable > len(rows):
            out.print(f"  ... {unusable - len(rows)} more; see them with --problems {unusable}.")
        with built.db.read() as session:
            for batch in quarantine.batches(session, controller(built, session)):
                out.print(f"[yellow]{batch.people} opt-ins wait for a person:[/] `hub quarantine show {batch.id}`")
    if run.error:
        raise typer.Exit(1)
    if run.stopped:
        raise typer.Exit(128 + signal.SIGINT)


@contextmanager
def _stoppable(hands: Crew) -> Iterator[None]:
    """The first Ctrl+C is a wish, the second an order."""

    def ask(*_: object) -> None:
        hands.stopping.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _rehearse(hands: Crew, connection: Connection) -> None:
    with out.status("reading ...") as status:
        counts = hands.jobs.rehearse(
            connection.id, lambda c: status.update(f"{c.seen} seen, {c.admitted} would be stored")
        )
    _show_run(f"A sync of {connection.title} would be", counts)
    out.print("Nothing was stored. The meaning of every code: docs/reason-codes.md", highlight=False)


def _show_run(title: str, run: SyncRun | Counts) -> None:
    table = Table(title=title, show_header=False)
    table.add_row("seen", str(run.seen))
    table.add_row("admitted", str(run.admitted))
    table.add_row("unchanged", str(run.unchanged))
    for reason, count in sorted(run.excluded.items()):
        table.add_row(f"excluded: {reason}", str(count))
    for note, count in sorted(run.notes.items()):
        table.add_row(f"note: {note}", str(count))
    out.print(table)
