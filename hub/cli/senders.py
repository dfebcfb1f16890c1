# SPDX-License-Identifier: Apache-2.0
"""Sending numbers as their vendor sees them: quality, storage, and people who may not write to them."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from sqlmodel import select

from hub.cli.ability import able
from hub.cli.session import controller, crew, out, sender, world
from hub.contract import BadInput, Blocks, KnowsSenders, Point, PointKind, StoresLocally
from hub.flows.points import read_number
from hub.flows.world import World
from hub.store.tables import Connection, Sender
from hub.work.crew import Crew

app = typer.Typer(no_args_is_help=True, help="Sending numbers at their vendor: quality, storage, blocked people.")
Name = Annotated[str, typer.Argument(help="The number, or the vendor's id of it, as `hub senders list` shows.")]
People = Annotated[list[str], typer.Argument(help="Numbers with country code, or WhatsApp user ids such as DE.123.")]


def register(root: typer.Typer) -> None:
    root.add_typer(app, name="senders")


@app.command("list")
def list_(
    connection: Annotated[str, typer.Argument(help="The provider connection: its id, title or connector name.")],
) -> None:
    """List the numbers of an account: quality, state, where content rests, what the hub does with them."""
    with world() as built, crew(built) as hands:
        found, live = able(built, hands, connection, KnowsSenders)
        states = hands.bridge.run(live.senders)
        with built.db.read() as session:
            mine = session.exec(select(Sender).where(Sender.connection_id == found.id)).all()
        used = {one.vendor_id: one.paused_why or "sends" for one in mine}
        table = Table()
        for heading in ("number", "id", "name", "quality", "state", "storage", "here"):
            table.add_column(heading)
        for one in states:
            shown = (one.number, one.id, one.name, one.quality, one.status, one.storage_region)
            table.add_row(*shown, used.get(one.id, "not used"))
        out.print(table)


@app.command()
def localise(
    number: Name,
    region: Annotated[str, typer.Option(help="Country in which content shall rest, ISO 3166-1 alpha-2, such as DE.")],
    pin: Annotated[
        str, typer.Option(prompt="PIN of the two-step verification", hide_input=True, help="Asked for when left out.")
    ],
    sure: Annotated[bool, typer.Option("--sure", help="Do not ask.")] = False,
) -> None:
    """Have Meta keep a number's content at rest in one country (Local Storage). The number is off for a moment.

    It covers content at rest only: what is in use may be elsewhere for up to 60 minutes, so the assessment of the
    transfer stays needed.
    """
    if not sure:
        typer.confirm("The number is deregistered for a moment and sends nothing meanwhile. Go on?", abort=True)
    with world() as built, crew(built) as hands:
        of, live = _sender(built, hands, number, StoresLocally)
        with out.status("switching ..."):
            hands.bridge.run(live.localise, of, region.upper(), pin)
        out.print(f"Content of this number rests in {region.upper()}.", highlight=False)
        out.print("Note it in the processor file: `hub processor`.")


@app.command()
def block(number: Name, people: People) -> None:
    """Keep people from writing to a number. It is no record of a stop: see `hub stops` for that."""
    with world() as built, crew(built) as hands:
        of, live = _sender(built, hands, number, Blocks)
        hands.bridge.run(live.block, of, _points(built, people))
        out.print(f"{len(people)} blocked.")


@app.command()
def unblock(number: Name, people: People) -> None:
    """Let blocked people write to a number again."""
    with world() as built, crew(built) as hands:
        of, live = _sender(built, hands, number, Blocks)
        hands.bridge.run(live.unblock, of, _points(built, people))
        out.print(f"{len(people)} unblocked.")


@app.command()
def blocked(number: Name) -> None:
    """List the people who may not write to a number. The list holds numbers: it is personal data."""
    with world() as built, crew(built) as hands:
        of, live = _sender(built, hands, number, Blocks)
        count = 0
        for point in hands.bridge.iterate(live.blocked(of)):
            out.print(point.value, highlight=False)
            count += 1
        out.print(f"{count} blocked.")


def _sender(built: World, hands: Crew, number: str, ability: type) -> tuple[str, Any]:
    """The vendor's id of a number of ours, and its plugin. Raises `BadInput`."""
    with built.db.read() as session:
        found = sender(session, controller(built, session), number)
        connection = session.get_one(Connection, found.connection_id)
    return found.vendor_id, able(built, hands, connection.id, ability)[1]


def _points(built: World, people: list[str]) -> list[Point]:
    """Raises `BadInput` for what is neither number nor user id."""
    with built.db.read() as session:
        country = controller(built, session).country
    return [_point(one, country) for one in people]


def _point(typed: str, country: str) -> Point:
    if typed[2:3] == "." and typed[:2].isalpha():
        return Point(PointKind.BSUID, typed)
    read = read_number(typed, country)
    if isinstance(read, str):
        raise BadInput(read, field="people", remedy="Write it with country code, as +49 151 ...")
    return read.point
