# SPDX-License-Identifier: Apache-2.0
"""Campaigns: create, preview, start, watch, cancel."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from sqlmodel import col, select

from hub.cli.session import controller, crew, find_campaign, out, world
from hub.cli.session import sender as find_sender
from hub.contract import BadInput, Crm
from hub.flows import accounts, campaigns
from hub.flows.records import explain
from hub.store.tables import Campaign

app = typer.Typer(no_args_is_help=True, help="Campaigns from a CRM audience.")

Name = Annotated[str, typer.Argument(help="Title or id of the campaign.")]
Language = Annotated[str, typer.Option("--language", help="en or de.")]


@app.command()
def create(
    crm: Annotated[str, typer.Option(help="The CRM connection.")],
    audience: Annotated[str, typer.Option(help="Id of a list in the CRM, see `hub campaign audiences`.")],
    template: Annotated[str, typer.Option(help="Template as NAME/LANGUAGE, e.g. autumn_offer/de.")],
    purpose: Annotated[str, typer.Option(help="Legal purpose, e.g. MARKETING.")],
    title: Annotated[str, typer.Option(help="How you call it.")] = "",
    notice: Annotated[str, typer.Option(help="For PRIVACY_NOTICE: the notice that the template links to.")] = "",
    topic: Annotated[str, typer.Option(help="Topic as the consent wording names it.")] = "",
    sender: Annotated[str, typer.Option(help="Number to send from; not needed if there is one.")] = "",
    parameter: Annotated[
        list[str], typer.Option(help="Template parameter: NAME=property or NAME=property|fallback.")
    ] = [],  # noqa: B006
) -> None:
    """Make a draft. Nothing is sent before `start`."""
    name, slash, language = template.rpartition("/")
    if not slash:
        raise BadInput(f"{template!r} has no language", field="template", remedy="Write NAME/LANGUAGE.")
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        made = campaigns.create(
            built,
            session,
            owner,
            title=title,
            crm=accounts.find_connection(session, owner, crm),
            audience=audience,
            sender=find_sender(session, owner, sender),
            template=name,
            language=language,
            purpose=purpose.upper(),
            topic=topic,
            parameters=_parameters(parameter),
            notice=notice,
        )
        out.print(f"Draft {made.title!r} is {made.id}. Next: `hub campaign preview {made.id}`.", highlight=False)


def _parameters(given: list[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    for name, equals, source in pairs:
        if not (name and equals and source):
            raise BadInput(f"{name!r} is incomplete", field="parameter", remedy="Write NAME=property.")
    return {name: source for name, _, source in pairs}


@app.command()
def audiences(crm: Annotated[str, typer.Argument(help="The CRM connection.")]) -> None:
    """The lists of a CRM that a campaign can be aimed at."""
    with world() as built, crew(built) as hands:
        with built.db.read() as session:
            found = accounts.find_connection(session, controller(built, session), crm)
        connector = accounts.open_connector(built, found, hands.bridge.http)
        if not isinstance(connector, Crm):
            raise BadInput(f"{found.title} is no CRM", field="crm", remedy="Name a CRM connection.")
        table = Table(title=f"Audiences of {found.title}")
        for heading in ("id", "title", "records"):
            table.add_column(heading)
        for one in hands.bridge.run(connector.audiences):
            table.add_row(one.id, one.title, "" if one.size is None else str(one.size))
        out.print(table)


@app.command()
def preview(campaign: Name, language: Language = "en") -> None:
    """Who would be reached and why others would not. The same gate as sending; nobody is written to."""
    with world() as built, crew(built) as hands:
        with built.db.read() as session:
            found = find_campaign(session, controller(built, session), campaign)
        with out.status("asking the gate ..."):
            result = hands.jobs.preview(found)
        table = Table(title=f"Preview of {found.title}", show_header=False)
        table.add_row("records in the audience", str(result.audience), "")
        table.add_row("[green]reachable[/]", str(result.reachable), "")
        if result.same_person:
            table.add_row("second record of a person", str(result.same_person), "")
        for code, count in result.blocked.most_common():
            words = explain(code, language)
            table.add_row(f"[red]{code}[/]", str(count), f"{words.meaning} {words.remedy}")
        out.print(table)


@app.command()
def start(
    campaign: Name,
    at: Annotated[str, typer.Option(help="When, as 2026-12-01T09:00+01:00; without, now.")] = "",
) -> None:
    """Let a draft run, now or later. It sends while `hub up` (or a worker and the schedule) runs."""
    with world() as built, built.db.write() as session:
        found = find_campaign(session, controller(built, session), campaign)
        campaigns.start(built, session, found, _time(at) if at else None)
        when = f"at {found.start_at.isoformat()}" if at and found.start_at else "now"
        out.print(f"{found.title!r} starts {when}. Watch it with `hub campaign status {found.id}`.", highlight=False)


def _time(text: str) -> datetime:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise BadInput(f"{text!r} is no time with a zone", field="at", remedy="Write 2026-12-01T09:00+01:00.")
    return read


@app.command()
def cancel(campaign: Name) -> None:
    """Stop what has not left yet."""
    with world() as built, built.db.write() as session:
        found = find_campaign(session, controller(built, session), campaign)
        count = campaigns.cancel(session, found, built.now())
        out.print(f"{found.title!r} is cancelled; {count} messages will not be sent.", highlight=False)


@app.command()
def status(campaign: Name) -> None:
    """Where a campaign stands."""
    with world() as built, built.db.read() as session:
        found = find_campaign(session, controller(built, session), campaign)
        progress = campaigns.progress(session, found)
        out.print(f"{escape(found.title)}: [bold]{found.state}[/]", highlight=False)
        table = Table(show_header=False)
        for state, count in sorted(progress.states.items()):
            table.add_row(state, str(count))
        for reason, count in sorted(progress.refused.items()):
            table.add_row(f"refused: {reason}", str(count))
        if table.rows:
            out.print(table)


@app.command("list")
def list_() -> None:
    """All campaigns."""
    with world() as built, built.db.read() as session:
        owner = controller(built, session)
        table = Table(title="Campaigns")
        for heading in ("id", "title", "purpose", "state"):
            table.add_column(heading)
        mine = select(Campaign).where(Campaign.controller_id == owner.id).order_by(col(Campaign.created_at))
        for one in session.exec(mine):
            table.add_row(one.id, one.title, one.purpose, one.state)
        out.print(table)
