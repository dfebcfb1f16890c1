# SPDX-License-Identifier: Apache-2.0
"""Connections as they are: where each one's webhooks arrive, and a new door when an address has become known."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlmodel import col, select

from hub.cli.session import controller, crew, out, world
from hub.cli.setup import value_of
from hub.contract import BadInput
from hub.flows import accounts
from hub.flows.guard import Guard, guard_of, set_header, set_networks
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
def prepare(connection: Annotated[str, typer.Argument(help="Its id, title or connector name.")]) -> None:
    """Create in the account what the hub needs and does not find there: fields, subscriptions, a workflow action."""
    with world() as built, crew(built) as hands:
        with built.db.read() as session:
            found = accounts.find_connection(session, controller(built, session), connection)
        for line in hands.jobs.prepare(found) or ["Nothing was missing."]:
            out.print(line, highlight=False)
        health = hands.jobs.health(found)
        out.print(("[green]Works:[/] " if health.ok else "[yellow]Does not work:[/] ") + health.detail, highlight=False)
        if not health.ok:
            raise typer.Exit(1)


@app.command()
def rotate_door(connection: Annotated[str, typer.Argument(help="Its id, title or connector name.")]) -> None:
    """Give a connection a new webhook URL. The old one answers 404 within 5 seconds: tell the vendor the new one."""
    with world() as built, built.db.write() as session:
        found = accounts.find_connection(session, controller(built, session), connection)
        accounts.rotate_door(session, found)
        out.print(f"Webhook URL for the vendor: {accounts.webhook_url(built, found)}", highlight=False)
        out.print("Until the vendor knows it, nothing from the vendor arrives, stops included.", highlight=False)


@app.command()
def guard(
    connection: Annotated[str, typer.Argument(help="Its id, title or connector name.")],
    header: Annotated[str, typer.Option(help="Name of a header that each webhook must carry, as X-Hub-Secret.")] = "",
    secret: Annotated[
        str, typer.Option(help="Its value; env:VARIABLE or @file keeps it off the line. Default: a new random one.")
    ] = "",
    allow: Annotated[
        list[str] | None, typer.Option(help="An address or network (CIDR) that may call; repeat it. Replaces the list.")
    ] = None,
    without_header: Annotated[bool, typer.Option("--without-header", help="Ask for no header any more.")] = False,
    anywhere: Annotated[bool, typer.Option("--anywhere", help="Admit every address again.")] = False,
) -> None:
    """Protect a webhook URL beyond what the vendor signs: a secret header, a list of addresses. No option: show it.

    It counts within 5 seconds, before anything else is looked at; what does not fit is answered 401. Behind a reverse
    proxy the list needs HUB_TRUSTED_PROXIES. Let the vendor send the header before you ask for it here.
    """
    if (header and without_header) or (allow and anywhere) or (secret and not header):
        remedy = "--secret needs --header; --without-header and --anywhere stand alone."
        raise BadInput("contradict each other", field="options", remedy=remedy)
    changes = bool(header or without_header or allow or anywhere)
    with world() as built, built.db.write() as session:
        found = accounts.find_connection(session, controller(built, session), connection)
        if header or without_header:
            kept = set_header(built, session, found, header, value_of("secret", secret))
            if header and not secret:
                out.print(f"Secret, shown this once: {kept.secret}", highlight=False, soft_wrap=True)
        if allow or anywhere:
            set_networks(built, session, found, allow or [])
        _shown(found, guard_of(built, found))
    if changes:
        out.print("Webhooks that do not fit are refused within 5 seconds, stops included: see that the vendor's fit.")


def _shown(found: Connection, held: Guard) -> None:
    out.print(f"[bold]{found.title}[/] ({found.id})", highlight=False)
    out.print(f"  header:    {held.header or 'none'}", highlight=False)
    out.print(f"  addresses: {', '.join(map(str, held.networks)) or 'any'}", highlight=False)
