# SPDX-License-Identifier: Apache-2.0
"""`hub keys`: programs that may use the API."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from hub.cli.session import controller, out, user, world
from hub.flows import keys
from hub.flows.roles import MAY, Role

keys_app = typer.Typer(no_args_is_help=True, help="Keys for programs that use the API under /api/v1.")
_ROLES = "; ".join(f"{role}: {', '.join(sorted(MAY[role]))}" for role in Role)


def register(app: typer.Typer) -> None:
    app.add_typer(keys_app, name="keys")


@keys_app.command()
def make(
    title: Annotated[str, typer.Argument(help="Which program uses it.")],
    role: Annotated[str, typer.Option(help=f"What it may do. {_ROLES}.")] = Role.READER,
    days: Annotated[int, typer.Option(help="How long it opens, 1 to 730 days.")] = 365,
    by: Annotated[str, typer.Option(help="Who makes it; without, the name you are logged in with.")] = "",
) -> None:
    """Make a key. Its secret is shown once and kept nowhere."""
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        made, secret = keys.make(built, session, owner, title=title, role=role, days=days, by=user(by))
        until = f"{made.expires_at:%Y-%m-%d}"
    out.print(f"Key {made.id} for {title!r}, role {role}, until {until}. Its secret, shown this once:", highlight=False)
    out.print(secret, highlight=False, markup=False)


@keys_app.command("list")
def list_() -> None:
    """All keys, the newest first."""
    with world() as built, built.db.read() as session:
        found = keys.every(session, controller(built, session))
        now = built.now()
    table = Table(title="API keys")
    for heading in ("id", "title", "role", "until", "last used", "state"):
        table.add_column(heading)
    for one in found:
        state = "revoked" if one.revoked_at else "expired" if one.expires_at <= now else "open"
        used = f"{one.used_at:%Y-%m-%d}" if one.used_at else "never"
        table.add_row(one.id, one.title, one.role, f"{one.expires_at:%Y-%m-%d}", used, state)
    out.print(table)


@keys_app.command()
def revoke(key: Annotated[str, typer.Argument(help="Id of the key.")]) -> None:
    """From now on it opens nothing."""
    with world() as built, built.db.write() as session:
        revoked = keys.revoke(built, session, controller(built, session), key)
        out.print(f"Key for {revoked.title!r} opens nothing any more.", highlight=False)
