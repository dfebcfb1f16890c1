# SPDX-License-Identifier: Apache-2.0
"""`hub staff`: people who work with the console."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from hub.cli.session import controller, out, user, world
from hub.flows import staff
from hub.flows.roles import MAY, Role

staff_app = typer.Typer(no_args_is_help=True, help="People who work with the console.")
_ROLES = "; ".join(f"{role}: {', '.join(sorted(MAY[role]))}" for role in Role)
Login = Annotated[str, typer.Argument(help="E-mail address of the person.")]
Password = Annotated[
    str,
    typer.Option(
        envvar="HUB_STAFF_PASSWORD",
        prompt=True,
        hide_input=True,
        confirmation_prompt=True,
        help="At least 12 characters.",
    ),
]


def register(app: typer.Typer) -> None:
    app.add_typer(staff_app, name="staff")


@staff_app.command()
def add(
    login: Login,
    name: Annotated[str, typer.Option(help="What the person is called.")],
    password: Password,
    role: Annotated[str, typer.Option(help=f"What they may do. {_ROLES}.")] = Role.READER,
    by: Annotated[str, typer.Option(help="Who adds them; without, the name you are logged in with.")] = "",
) -> None:
    """Let somebody into the console, under /console."""
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        made = staff.add(built, session, owner, login=login, name=name, role=role, password=password, by=user(by))
        out.print(f"{made.name} may come in as {made.role}: {built.settings.public_url}/console", highlight=False)


@staff_app.command("list")
def list_() -> None:
    """Everybody who was let in."""
    with world() as built, built.db.read() as session:
        found = staff.every(session, controller(built, session))
    table = Table(title="Staff")
    for heading in ("login", "name", "role", "second factor", "state"):
        table.add_column(heading)
    for one in found:
        factor = "yes" if one.totp else "no"
        table.add_row(one.login, one.name, one.role, factor, "disabled" if one.disabled_at else "open")
    out.print(table)


@staff_app.command()
def password(login: Login, password: Password) -> None:
    """Set a new password. Whoever is in is out, and the second factor is to be set up again."""
    with world() as built, built.db.write() as session:
        changed = staff.set_password(session, controller(built, session), login, password)
        out.print(f"{changed.name} has a new password.", highlight=False)


@staff_app.command()
def disable(login: Login) -> None:
    """Let somebody in no more. What they did stays on record."""
    with world() as built, built.db.write() as session:
        gone = staff.disable(built, session, controller(built, session), login)
        out.print(f"{gone.name} cannot come in any more.", highlight=False)
