# SPDX-License-Identifier: Apache-2.0
"""Campaigns: what there is to aim at, and making a draft."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated

import typer
from rich.table import Table
from sqlmodel import col, select

from hub.cli import campaign_steering, campaign_watching
from hub.cli.session import controller, crew, out, user, world
from hub.contract import BadInput, Crm
from hub.flows import accounts, drafts, routing
from hub.flows.drafts import Beside, Plan
from hub.flows.watch import Rules
from hub.store.tables import Campaign

app = typer.Typer(no_args_is_help=True, help="Campaigns from a CRM audience.")


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
    variant: Annotated[
        list[str], typer.Option(help="A further template to compare, as NAME/LANGUAGE or NAME/LANGUAGE=WEIGHT.")
    ] = [],  # noqa: B006
    weight: Annotated[int, typer.Option(help="Weight of the first template among variants.")] = 1,
    local_time: Annotated[str, typer.Option(help="Send at this time by the recipient's own clock, e.g. 10:00.")] = "",
    any_hour: Annotated[
        bool, typer.Option("--any-hour", help="Also in the policy's quiet hours, unless the policy enforces them.")
    ] = False,
    late: Annotated[
        int | None, typer.Option(help="Minutes by which it may start late without asking; else as the settings say.")
    ] = None,
    canary: Annotated[int, typer.Option(help="So many people, drawn by lot, go first. 0: all at once.")] = 0,
    canary_wait: Annotated[int, typer.Option(help="Minutes that the others wait after the last of these.")] = 60,
    max_errors: Annotated[float, typer.Option(help="Per cent of failed messages above which it pauses.")] = 10.0,
    max_opt_outs: Annotated[float, typer.Option(help="Per cent of people opting out above which it pauses.")] = 3.0,
    sample: Annotated[int, typer.Option(help="Messages that must have left before a rate counts.")] = 100,
    by: Annotated[str, typer.Option(help="Who makes it; without, the name you are logged in with.")] = "",
) -> None:
    """Make a draft. Nothing is sent before `start`."""
    name, language, _ = _variant(template, "template")
    plan = Plan(
        beside=tuple(Beside(*_variant(one, "variant")) for one in variant),
        weight=weight,
        local_time=_clock(local_time) if local_time else None,
        any_hour=any_hour,
        late_minutes=late,
        canary=canary,
        canary_wait=timedelta(minutes=canary_wait),
        rules=Rules(max_errors, max_opt_outs, quality=True, sample=sample),
    )
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        made = drafts.create(
            built,
            session,
            owner,
            title=title,
            crm=accounts.find_connection(session, owner, crm),
            audience=audience,
            sender=routing.choose(built, session, owner, purpose.upper(), sender),
            template=name,
            language=language,
            purpose=purpose.upper(),
            topic=topic,
            parameters=_parameters(parameter),
            notice=notice,
            plan=plan,
            by=user(by),
        )
        out.print(f"Draft {made.title!r} is {made.id}. Next: `hub campaign preview {made.id}`.", highlight=False)


def _variant(given: str, option: str) -> tuple[str, str, int]:
    named, equals, weight = given.partition("=")
    name, slash, language = named.rpartition("/")
    if not (slash and name and language):
        raise BadInput(f"{named!r} has no language", field=option, remedy="Write NAME/LANGUAGE.")
    if equals and not (option == "variant" and weight.isdecimal()):
        raise BadInput(f"{given!r} has no weight", field=option, remedy="Write NAME/LANGUAGE=2.")
    return name, language, int(weight or 1)


def _clock(given: str) -> time:
    try:
        return time.fromisoformat(given).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise BadInput(f"{given!r} is no time", field="local-time", remedy="Write it as 10:00.") from None


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


campaign_watching.register(app)
campaign_steering.register(app)
