# SPDX-License-Identifier: Apache-2.0
"""Many opt-ins at once: a person looks before they count."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from sqlmodel import Session

from hub.cli.session import controller, crew, out, world
from hub.flows import quarantine as flow
from hub.store.tables import Connection, OptInBatch

batches = typer.Typer(no_args_is_help=True, help="Opt-ins that came in bulk and wait for a person.")

Batch = Annotated[str, typer.Argument(metavar="ID", help="As `hub quarantine list` shows it.")]
By = Annotated[str, typer.Option(help="Who looked at it.")]
Reason = Annotated[str, typer.Option(help="What was found, in a sentence without names of people.")]


def register(app: typer.Typer) -> None:
    app.add_typer(batches, name="quarantine")


@batches.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also those that were decided.")] = False,
) -> None:
    """List what waits, the oldest first."""
    with world() as built, built.db.read() as session:
        table = Table("id", "CRM", "state", "people", "from no to yes", "since")
        for row in flow.batches(session, controller(built, session), everything=everything):
            title = session.get_one(Connection, row.connection_id).title
            table.add_row(row.id, title, row.state, str(row.people), str(row.flipped), row.opened_at.isoformat())
        out.print(table)


@batches.command()
def show(
    batch: Batch,
    limit: Annotated[int, typer.Option(min=0, help="How many opt-ins to show.")] = 20,
) -> None:
    """Show a batch: where it came from, what became of it, and some of its opt-ins by their id in the CRM."""
    with world() as built, built.db.read() as session:
        found = flow.find(session, controller(built, session), batch)
        _facts(session, found)
        table = Table("CRM record", "said at", "wording", "verification")
        for row in flow.people(session, found, limit):
            table.add_row(row.record, row.event_time.isoformat(), row.wording_id[:16], row.verification)
        out.print(table)


def _facts(session: Session, found: OptInBatch) -> None:
    out.print(f"{session.get_one(Connection, found.connection_id).title}: {found.state}", highlight=False)
    out.print(f"  {found.people} people, {found.flipped} records from no to yes", highlight=False)
    if found.closed_by:
        out.print(f"  decided by {found.closed_by}: {found.reason}", highlight=False)
    for code, number in sorted(found.outcomes.items()):
        out.print(f"  {code}: {number}", highlight=False)


@batches.command()
def approve(batch: Batch, by: By, reason: Reason) -> None:
    """Let the batch be judged now, one by one: a stop given meanwhile wins. Not by whoever approved the mapping."""
    with world() as built, crew(built) as hands:
        with built.db.write() as session:
            owner = controller(built, session)
            found = flow.conclude(built, session, owner, batch, approve=True, by=by, reason=reason)
        with out.status("Judging ...") as status:
            hands.jobs.release(owner, found.connection_id, lambda done: status.update(f"{done} of {found.people}"))
        with built.db.read() as session:
            _facts(session, flow.find(session, owner, batch))


@batches.command()
def reject(batch: Batch, by: By, reason: Reason) -> None:
    """Take over none of it. The same opt-ins, with the same time, are not taken over later either."""
    with world() as built, built.db.write() as session:
        found = flow.conclude(built, session, controller(built, session), batch, approve=False, by=by, reason=reason)
        _facts(session, found)
