# SPDX-License-Identifier: Apache-2.0
"""Who is who: doubts that a person must end, and what staff found out."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.session import controller, out, world
from hub.flows import clerk
from hub.flows.clerk import Word

who = typer.Typer(no_args_is_help=True, help="Who is who: one person or two, and numbers that changed hands.")

_One = Annotated[str, typer.Argument(metavar="ONE", help="A contact id, CRM record id or phone number.")]
_Other = Annotated[str, typer.Argument(metavar="OTHER", help="Likewise.")]
_By = Annotated[str, typer.Option(help="Who found out.")]
_Reason = Annotated[str, typer.Option(help="How, without names, numbers or words of the people concerned.")]


def register(app: typer.Typer) -> None:
    app.add_typer(who, name="identity")


@who.command("list")
def list_() -> None:
    """List pairs of contacts that may be one person, the oldest first. Nothing is sent to them meanwhile."""
    with world() as built, built.db.read() as session:
        waiting = clerk.doubtful(session, controller(built, session))
        for found in waiting:  # lines and no table: ids stay in one piece
            out.print(found.one, found.other, found.since.isoformat(), found.shown, highlight=False)
        if not waiting:
            out.print("No doubts.")


@who.command()
def join(one: _One, other: _Other, by: _By, reason: _Reason) -> None:
    """Say that two contacts are one person. Stops of either bind both; a consent counts only if both had given it."""
    with world() as built, built.db.write() as session:
        kept = clerk.join_people(built, session, controller(built, session), one, other, Word(by, reason))
        out.print(f"One person now: {kept}", highlight=False)


@who.command()
def apart(one: _One, other: _Other, by: _By, reason: _Reason) -> None:
    """Say that two contacts are two people. They are never joined by a machine again; both must consent anew."""
    with world() as built, built.db.write() as session:
        clerk.keep_apart(built, session, controller(built, session), one, other, Word(by, reason))
        out.print("Kept apart.")


@who.command()
def split(
    by: _By,
    reason: _Reason,
    number: Annotated[str, typer.Option(help="The number that is another person's.")] = "",
    record: Annotated[str, typer.Option(help="The CRM record that is about another person, if not by number.")] = "",
) -> None:
    """Say that one contact is two people, or that two share a number. Stops bind both; both must consent anew."""
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        other = clerk.part(built, session, owner, Word(by, reason), number=number, record=record)
        out.print(f"A person of its own now: {other}" if other else "Noted as a shared number.", highlight=False)


@who.command()
def recycled(
    number: Annotated[str, typer.Argument(help="Phone number, in international form.")], by: _By, reason: _Reason
) -> None:
    """Say that a number has a new holder. Consents given on it end; the former holder's stops stay with them."""
    with world() as built, built.db.write() as session:
        clerk.recycled(built, session, controller(built, session), number, Word(by, reason))
        out.print("Noted. Whoever has the number now must consent anew.")
