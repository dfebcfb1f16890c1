# SPDX-License-Identifier: Apache-2.0
"""Webhooks that could not be applied: what is known of them, and another try."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Column, Table

from hub.cli.session import controller, out, world
from hub.contract import BadInput
from hub.flows import parked as flow

webhooks = typer.Typer(no_args_is_help=True, help="Webhooks that could not be applied.")

Id = Annotated[str, typer.Argument(metavar="ID", help="As `hub webhooks parked` shows it.")]


def register(app: typer.Typer) -> None:
    app.add_typer(webhooks, name="webhooks")


@webhooks.command()
def parked() -> None:
    """List webhooks that were given up after several tries, the oldest first. They block nobody, and are kept."""
    with world() as built, built.db.read() as session:
        table = Table(Column("id", min_width=32), "connection", "received", "tries", "error")
        for one in flow.every(session, controller(built, session)):
            table.add_row(one.id, one.connection, one.received_at.isoformat(), str(one.attempts), one.error)
        out.print(table)


@webhooks.command()
def show(webhook: Id) -> None:
    """Show what is known of one. What it says stays sealed: it may hold a number, a name or a text."""
    with world() as built, built.db.read() as session:
        (one,) = flow.find(session, controller(built, session), [webhook])
        plugin = built.registry.origin.get(one.connector, "not installed")
        out.print(f"{one.connection} ({one.connection_id}), received {one.received_at.isoformat()}", highlight=False)
        out.print(f"  {one.size} bytes sealed, tried {one.attempts} times, last error {one.error}", highlight=False)
        out.print(f"  read by {one.connector}: {plugin}", highlight=False)
        out.print(f"It may be a stop. Once the plugin is mended: hub webhooks retry {one.id}", highlight=False)


@webhooks.command()
def retry(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Which ones.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that are parked.")] = False,
) -> None:
    """Try again, after the plugin or the account that they failed on was mended. What was applied changes nothing."""
    if bool(ids) == everything:
        raise BadInput("either ids or --all", field="webhook", remedy="See `hub webhooks parked`.")
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        some = flow.find(session, owner, ids) if ids else flow.every(session, owner)
        flow.retry(session, some)
    out.print(f"{len(some)} wait again. What still fails is parked again: see `hub webhooks parked`.")
