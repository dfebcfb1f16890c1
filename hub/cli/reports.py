# SPDX-License-Identifier: Apache-2.0
"""`hub reports`: what the CRMs have not been told yet."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from hub.cli.session import controller, out, world
from hub.contract import ReportKind
from hub.flows import accounts, outbox

reports_app = typer.Typer(no_args_is_help=True, help="What the CRMs have not been told yet, and why.")


def register(app: typer.Typer) -> None:
    app.add_typer(reports_app, name="reports")


@reports_app.command()
def show() -> None:
    """List what waits for a CRM or was refused by it, withdrawals first. Exit code 1 while one is not confirmed."""
    with world() as built, built.db.read() as session:
        found = outbox.waiting(session, controller(built, session))
    table = Table(title="Not confirmed by the CRM")
    for heading in ("CRM", "about", "waiting", "failed", "since", "last error"):
        table.add_column(heading)
    for one in found:
        since = f"{one.oldest:%Y-%m-%d %H:%M} UTC"
        table.add_row(one.title, one.kind, str(one.pending), str(one.failed), since, one.error)
    if found:
        out.print(table)
        out.print("Try failed ones again: `hub reports retry CONNECTION`.")
    else:
        out.print("Every CRM has confirmed everything.")
    raise typer.Exit(int(any(one.kind is ReportKind.WITHDRAWAL for one in found)))


@reports_app.command()
def retry(connection: Annotated[str, typer.Argument(help="The CRM connection.")]) -> None:
    """Tell a CRM again what it refused, once you have mended the cause there."""
    with world() as built, built.db.write() as session:
        found = accounts.find_connection(session, controller(built, session), connection)
        count = outbox.retry(built, session, found)
        out.print(f"{count} reports to {found.title} are tried again.", highlight=False)
