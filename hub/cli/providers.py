# SPDX-License-Identifier: Apache-2.0
"""Providers side by side: a table for the console, Markdown for a decision paper, JSON for a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import orjson
import typer
from rich.table import Table
from sqlmodel import select

from hub.cli.session import controller, out, world
from hub.contract import BadInput, Can, Topic
from hub.flows import comparison
from hub.flows.comparison import Entry
from hub.flows.processor import known
from hub.store.tables import Controller

app = typer.Typer(no_args_is_help=True, help="Providers side by side.")
Row = tuple[str, list[str]]


@app.command()
def compare(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare what plugins can do, what is publicly known of their vendors, and what you have checked.

    "Known" was read by the plugin's author; UNCONFIRMED means that no usable source was found. Neither is a check.
    """
    if markdown and json:
        raise BadInput("are two formats", field="markdown, json", remedy="Choose one.")
    with world() as built, built.db.read() as session:
        owner = controller(built, session) if session.exec(select(Controller)).first() else None
        entries = comparison.compare(built, session, owner)
    if json:
        typer.echo(orjson.dumps([comparison.plain(one) for one in entries], option=orjson.OPT_INDENT_2))
        return
    rows = list(_rows(entries))
    if markdown:
        typer.echo("\n".join(_markdown(entries, rows)))
        return
    table = Table("", *(one.title for one in entries), show_lines=True)
    for name, cells in rows:
        table.add_row(name, *cells)
    out.print(table)


def _rows(entries: Sequence[Entry]) -> Iterator[Row]:
    yield "plugin", [f"none: {one.why_not}" if one.why_not else "yes" for one in entries]
    for can in Can:
        yield f"can: {can}", ["" if one.why_not else "yes" if can in one.can else "no" for one in entries]
    for topic in Topic:
        if any(topic in one.facts for one in entries):
            yield f"known: {topic}", [_told(one, topic) for one in entries]
    yield "see with your own eyes", ["; ".join(one.to_verify) for one in entries]
    yield "your file", ["; ".join(_filed(one)) or ("" if one.why_not else "no account") for one in entries]


def _told(entry: Entry, topic: Topic) -> str:
    return "; ".join(known.line(fact) for fact in entry.facts.get(topic, ())) or "UNCONFIRMED: nothing is known"


def _filed(entry: Entry) -> Iterator[str]:
    for one in entry.files:
        stands = one.standing
        until = f" until {stands.valid_until:%Y-%m-%d}" if stands.valid_until and stands.sends else ""
        lacks = f", {len(stands.missing)} missing" if stands.missing else ""
        unseen = f", {len(stands.unchecked)} points open" if stands.unchecked else ""
        yield f"{one.account}: {stands.state}{until}{lacks}{unseen}"


def _markdown(entries: Sequence[Entry], rows: Sequence[Row]) -> Iterator[str]:
    yield f"| | {' | '.join(one.title for one in entries)} |"
    yield f"|---|{'---|' * len(entries)}"
    for name, cells in rows:
        safe = [cell.replace("|", "\\|") for cell in cells]
        yield f"| {name} | {' | '.join(safe)} |"
