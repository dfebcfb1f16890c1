# SPDX-License-Identifier: Apache-2.0
"""Templates: read from a provider account, looked through, handed in, changed, deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table
from sqlmodel import col, select

from hub.cli.ability import able
from hub.cli.session import controller, crew, out, world
from hub.contract import BadInput, ManagesTemplates, PlatformCategory, TemplateDraft
from hub.flows import accounts, drift
from hub.flows.world import World
from hub.store.tables import Connection, TemplateRow
from hub.whatsapp import lint as linter
from hub.work.crew import Crew

app = typer.Typer(
    no_args_is_help=True,
    help="WhatsApp templates. Keys of their parameters: 1, 2, ... or name (body); header.1 or header.name; "
    "header.image, header.video, header.document, header.location; button.0 (link, one-time code); payload.0 (quick "
    "reply); copy.0 (coupon); card.0.KEY (carousel).",
)
Account = Annotated[str, typer.Argument(help="The provider connection: its id, title or connector name.")]
Draft = Annotated[
    Path, typer.Argument(help="A JSON file with name, language, category and components, as Meta documents them.")
]


def register(root: typer.Typer) -> None:
    root.add_typer(app, name="templates")


@app.command()
def read(connection: Account) -> None:
    """Read the templates of a provider account, and say what became different."""
    with world() as built, crew(built) as hands:
        with built.db.read() as session:
            found = accounts.find_connection(session, controller(built, session), connection)
        _read(built, hands, found)


@app.command("list")
def list_(connection: Account) -> None:
    """List the templates as they were last read or heard of, and what the platform moved since."""
    with world() as built, built.db.read() as session:
        found = accounts.find_connection(session, controller(built, session), connection)
        table = Table()
        for heading in ("template", "category", "state", "read", "parameters"):
            table.add_column(heading)
        mine = select(TemplateRow).where(TemplateRow.connection_id == found.id)
        for row in session.exec(mine.order_by(col(TemplateRow.name), col(TemplateRow.language))):
            state = "words changed: read again" if row.stale else row.state
            when = f"{row.read_at:%Y-%m-%d %H:%M}"
            table.add_row(f"{row.name}/{row.language}", row.category, state, when, ", ".join(row.parameters))
        out.print(table)
        for line in drift.news(session, found.id):
            out.print(line, highlight=False, markup=False)


@app.command()
def lint(file: Draft) -> None:
    """Look through a template without handing it in: what the platform is known to refuse."""
    problems = linter.problems(_draft(file))
    for problem in problems:
        out.print(str(problem), highlight=False, markup=False)
    if problems:
        raise typer.Exit(1)
    out.print("Nothing is known against it. The platform reviews it all the same.")


@app.command()
def create(connection: Account, file: Draft) -> None:
    """Hand a template in for review."""
    with world() as built, crew(built) as hands:
        found, live = able(built, hands, connection, ManagesTemplates)
        state = hands.bridge.run(live.create_template, _draft(file))
        _after(built, hands, found, f"Handed in; it is {state}.")


@app.command()
def edit(connection: Account, file: Draft) -> None:
    """Change the template of this name and language: all of its components are replaced, and reviewed again."""
    with world() as built, crew(built) as hands:
        found, live = able(built, hands, connection, ManagesTemplates)
        state = hands.bridge.run(live.edit_template, _draft(file))
        _after(built, hands, found, f"Changed; it is {state}.")


@app.command()
def delete(
    connection: Account,
    name: Annotated[str, typer.Argument(help="Name of the template; all its languages go.")],
    sure: Annotated[bool, typer.Option("--sure", help="Do not ask.")] = False,
) -> None:
    """Delete a template in all its languages. The platform may keep the name from use for a month."""
    if not sure:
        typer.confirm(f"Delete {name} in all languages?", abort=True)
    with world() as built, crew(built) as hands:
        found, live = able(built, hands, connection, ManagesTemplates)
        hands.bridge.run(live.delete_template, name)
        _after(built, hands, found, f"{name} is deleted.")


def _after(built: World, hands: Crew, found: Connection, done: str) -> None:
    out.print(done, highlight=False)
    _read(built, hands, found)


def _read(built: World, hands: Crew, found: Connection) -> None:
    with built.db.read() as session:
        before, told = drift.Seen.now(session, found.id), drift.news(session, found.id)
    count = hands.jobs.templates(found.id)
    with built.db.read() as session:
        after = drift.Seen.now(session, found.id)
    out.print(f"{count} templates of {found.title} are known now.", highlight=False)
    for line in (*told, *(before.until(after) if before.rows else ())):
        out.print(f"  {line}", highlight=False, markup=False)


def _draft(file: Path) -> TemplateDraft:
    """Raises `BadInput` for a file that is no template."""
    remedy = "Write a JSON object with name, language, category and components."
    try:
        given: Any = orjson.loads(file.read_bytes())
    except OSError as error:
        raise BadInput(f"cannot be read ({type(error).__name__})", field=str(file), remedy="Name a file.") from None
    except orjson.JSONDecodeError:
        raise BadInput("is no JSON", field=str(file), remedy=remedy) from None
    parts = given.get("components") if isinstance(given, dict) else None
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise BadInput("holds no components", field=str(file), remedy=remedy)
    category = str(given.get("category", "")).upper()
    if category not in PlatformCategory.__members__:
        known = ", ".join(PlatformCategory.__members__)
        raise BadInput(f"{category or 'nothing'} is no category", field="category", remedy=f"Choose of {known}.")
    return TemplateDraft(str(given.get("name", "")), str(given.get("language", "")), PlatformCategory(category), parts)
