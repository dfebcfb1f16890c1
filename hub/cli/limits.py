# SPDX-License-Identifier: Apache-2.0
"""What a vendor allows: messages per second of a number, people per day of an account."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from sqlmodel import select

from hub.cli.session import controller, out, world
from hub.cli.session import sender as find_sender
from hub.flows import accounts, limits
from hub.store.tables import Connection, Sender

limits_app = typer.Typer(no_args_is_help=True, help="How much a number and its account may send.")
_NONE = "none"


def register(app: typer.Typer) -> None:
    app.add_typer(limits_app, name="limits")


@limits_app.command()
def show() -> None:
    """The limits of every number, and how fast it may go just now."""
    with world() as built, built.db.read() as session:
        owner = controller(built, session)
        table = Table(title="Limits")
        for heading in ("number", "account", "messages per second", "just now", "people in 24 hours", "lanes"):
            table.add_column(heading)
        for one in session.exec(select(Sender).where(Sender.controller_id == owner.id)):
            account = session.get_one(Connection, one.connection_id)
            tier = _NONE if account.tier is None else f"{account.tier:,}"
            now = str(limits.pace(one, built.now()))
            table.add_row(one.number, account.title, str(one.rate), now, tier, str(one.lanes))
        out.print(table)


@limits_app.command("set")
def set_(
    sender: Annotated[str, typer.Option(help="The number; not needed if there is one.")] = "",
    rate: Annotated[int | None, typer.Option(help="Messages per second that the vendor allows this number.")] = None,
    people: Annotated[
        str, typer.Option(help="Unique people whom the account may write to first in 24 hours, or `none`.")
    ] = "",
    lanes: Annotated[
        int | None, typer.Option(help="Workers that may send for this number side by side; 1 unless it is too fast.")
    ] = None,
) -> None:
    """Tell the hub what the vendor allows. It is kept before the call, over all campaigns and workers."""
    with world() as built, built.db.write() as session:
        found = find_sender(session, controller(built, session), sender)
        accounts.limit(session, found, rate=rate, people=people, lanes=lanes)
        out.print(f"Limits of {found.number} are set; see `hub limits show`.", highlight=False)
