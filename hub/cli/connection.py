# SPDX-License-Identifier: Apache-2.0
"""Connections as they are: where each one's webhooks arrive, and a new door when an address has become known."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlmodel import col, select

from hub.cli.session import controller, out, world
from hub.flows import accounts
from hub.store.tables import Connection

app = typer.Typer(no_args_is_help=True, help="The connected accounts and their webhook addresses.")


def register(root: typer.Typer) -> None:
    root.add_typer(app, name="connection")


@app.command("list")
def list_() -> None:
    """List connections with their webhook URL. That URL is a secret: give it to the vendor alone."""
    with world() as built, built.db.read() as session:
        owner = controller(built, session)
        mine = select(Connection).where(Connection.controller_id == owner.id).order_by(col(Connection.created_at))
        for row in session.exec(mine):
            out.print(f"[bold]{row.title}[/] ({row.connector}, {row.id}) {row.paused_why}", highlight=False)
            out.print(f"  {accounts.webhook_url(built, row)}", highlight=False)


@app.command()
def rotate_door(connection: Annotated[str, typer.Argument(help="Its id, title or connector name.")]) -> None:
    """Give a connection a new webhook URL. The old one answers 404 within 5 seconds: tell the vendor the new one."""
    with world() as built, built.db.write() as session:
        found = accounts.find_connection(session, controller(built, session), connection)
        accounts.rotate_door(session, found)
        out.print(f"Webhook URL for the vendor: {accounts.webhook_url(built, found)}", highlight=False)
        out.print("Until the vendor knows it, nothing from the vendor arrives, stops included.", highlight=False)
