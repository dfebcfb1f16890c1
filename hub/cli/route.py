# SPDX-License-Identifier: Apache-2.0
"""Routes: which provider carries what, and from one to another without a pause."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from sqlmodel import col, select

from hub.cli.session import controller, out, user, world
from hub.contract import Purpose
from hub.flows import parity, routing, switching
from hub.flows.processor.form import ALL
from hub.flows.routing import Wanted
from hub.flows.switch_plan import Plan, plan
from hub.store.tables import RouteSwitch, Sender

app = typer.Typer(no_args_is_help=True, help="Which provider carries what, and switching without a pause.")
Purposes = Annotated[str, typer.Option(help="A legal purpose, e.g. MARKETING; * for all without a rule of their own.")]
From = Annotated[str, typer.Option("--from", help="Number, or account, that hands over.")]
To = Annotated[str, typer.Option("--to", help="Number, or account, that takes over.")]
Accept = Annotated[bool, typer.Option("--accept-text", help="Texts that differ were compared, and are to be used.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]
By = Annotated[str, typer.Option("--by", help="Who decides this; else the name of the login.")]


@app.command("set")
def set_(
    purpose: Purposes = ALL,
    seat: Annotated[list[str], typer.Option(help="Countries where the provider may sit, or EEA.")] = [],  # noqa: B006
    parent: Annotated[list[str], typer.Option(help="The same for its parent company.")] = [],  # noqa: B006
    hosting: Annotated[list[str], typer.Option(help="The same for its systems, backups included.")] = [],  # noqa: B006
    prefer: Annotated[list[str], typer.Option(help="Numbers in the order of preference; repeat the option.")] = [],  # noqa: B006
    fallback: Annotated[
        bool, typer.Option("--fallback", help="What waits at a number that cannot send may go to the next.")
    ] = False,
    by: By = "",
) -> None:
    """Set the rule of a purpose, as a whole. It binds from the next decision on, also what is queued."""
    with world() as built, built.db.write() as session:
        owner, name = controller(built, session), user(by)
        chosen = tuple(one.id for given in prefer for one in switching.named(session, owner, given))
        seats, parents, hosted = (tuple(one.upper() for one in given) for given in (seat, parent, hosting))
        wanted = Wanted(seats, parents, hosted, chosen, fallback)
        whose = built.vault.reference(owner.id, name)
        row = routing.set_policy(session, owner, purpose.upper(), wanted, name, built.now(), whose)
        out.print(f"The rule for {row.purpose} counts from now on. See `hub route check`.", highlight=False)


@app.command()
def show() -> None:
    """Show the rules and the switches that were made."""
    with world() as built, built.db.read() as session:
        owner = controller(built, session)
        numbers = {one.id: one.number for one in session.exec(select(Sender))}
        table = Table("purpose", "seat", "parent", "hosting", "prefer", "fallback", "set")
        for row in routing.policies(session, owner.id).values():
            lists = (", ".join(one) or "any" for one in (row.seats, row.parents, row.hosting))
            prefer = ", ".join(numbers[one] for one in row.prefer)
            table.add_row(row.purpose, *lists, prefer, "yes" if row.fallback else "", f"{row.set_by} {row.set_at:%F}")
        out.print(table)
        mine = select(RouteSwitch).where(RouteSwitch.controller_id == owner.id)
        for one in session.exec(mine.order_by(col(RouteSwitch.made_at))):
            ends = f"{numbers[one.from_sender_id]} -> {numbers[one.to_sender_id]}"
            back = f", returned {one.returned_at:%F %H:%M}" if one.returned_at and one.why != "return" else ""
            what = f"{one.made_at:%F %H:%M}  {ends}  {one.why}, {one.made_by}, {len(one.campaigns)} campaigns{back}"
            out.print(what, highlight=False, markup=False)


@app.command()
def check(purpose: Annotated[str, typer.Option(help="Only this purpose.")] = "") -> None:
    """Show which number would carry each purpose, and why the others do not."""
    with world() as built, built.db.read() as session:
        owner = controller(built, session)
        table = Table("purpose", "number", "account", "")
        for one in [purpose.upper()] if purpose else list(Purpose):
            for offer in routing.offers(built, session, owner, one):
                why = "; ".join([*offer.faults, *([f"paused: {offer.paused}"] if offer.paused else [])]) or "can"
                table.add_row(one, offer.sender.number, offer.connection.title, why)
        out.print(table)


@app.command()
def switch(
    here: From,
    there: To,
    mapping: Annotated[
        list[str], typer.Option("--map", help="A template with another name there: NAME/LANG=NAME/LANG.")
    ] = [],  # noqa: B006
    accept: Accept = False,
    dry_run: Dry = False,
    by: By = "",
) -> None:
    """Hand a number's work to another: campaigns go on there at once. What is on its way is not touched."""
    names = parity.mapping(mapping)
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        for sender, to in switching.pairs(session, owner, here, there):
            made = plan(built, session, sender, to, names, accept=accept)
            _print(made)
            if not dry_run:
                switching.switch(built, session, sender, to, user(by), names, accept=accept)
                out.print("Switched. Back with `hub route return`.")
    if dry_run and made.problems:
        raise typer.Exit(1)


@app.command("return")
def return_(
    number: Annotated[str, typer.Argument(help="The number, or account, that was switched.")],
    accept: Accept = False,
    dry_run: Dry = False,
    by: By = "",
) -> None:
    """Undo the last switch of a number, for what has not left meanwhile."""
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        row = switching.last(session, owner, switching.named(session, owner, number)[0])
        made = switching.way_back(built, session, row, accept=accept)
        _print(made)
        if not dry_run:
            switching.give_back(built, session, row, user(by), accept=accept)
            out.print("It is back.")
    if dry_run and made.problems:
        raise typer.Exit(1)


def _print(made: Plan) -> None:
    same = " (the same number)" if made.same_number else ""
    out.print(f"[bold]{made.sender.number} -> {made.to.number}[/]{same}", highlight=False)
    moves = f"{len(made.campaigns)} campaigns with {made.messages} messages that wait"
    out.print(f"  moves: {moves}, {made.singles} single messages, {len(made.pages)} opt-in pages", highlight=False)
    for pair in made.pairs:
        state = pair.problem or pair.differs or "the same"
        out.print(f"  template {'/'.join(pair.here)} -> {'/'.join(pair.there)}: {state}", highlight=False, markup=False)
    for line in made.stays:
        out.print(f"  stays: {line}", highlight=False, markup=False)
    for line in made.problems:
        out.print(f"  in the way: {line}", highlight=False, markup=False)
