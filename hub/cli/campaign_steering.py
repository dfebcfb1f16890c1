# SPDX-License-Identifier: Apache-2.0
"""Campaigns: start, approve, pause, resume, cancel. Each stands in the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from hub.cli.session import controller, crew, find_campaign, out, user, world
from hub.contract import BadInput
from hub.flows import steering
from hub.flows.states import CampaignState

Name = Annotated[str, typer.Argument(help="Title or id of the campaign.")]
By = Annotated[str, typer.Option(help="Who decides it; without, the name you are logged in with.")]


def register(app: typer.Typer) -> None:
    for command in (start, approve, pause, resume, cancel):
        app.command()(command)


def start(
    campaign: Name,
    at: Annotated[str, typer.Option(help="When, as 2026-12-01T09:00+01:00; without, now.")] = "",
    by: By = "",
) -> None:
    """Let a draft run, now or later. It sends while `hub up` (or a worker and the schedule) runs."""
    when = _time(at) if at else None
    with world() as built:
        with built.db.read() as session:
            found = find_campaign(session, controller(built, session), campaign)
        size = None
        if built.settings.approval_above and found.state == CampaignState.DRAFT:
            with crew(built) as hands:
                size = hands.jobs.size(found)
        with built.db.write() as session:
            steering.start(built, session, found, when, by=user(by), size=size)
            found = find_campaign(session, controller(built, session), found.id)
    if found.state == CampaignState.WAITING:
        said = f"waits for a second person: `hub campaign approve {found.id} --by NAME`"
    else:
        said = f"starts {f'at {when.isoformat()}' if when else 'now'}. Watch it with `hub campaign status {found.id}`"
    out.print(f"{found.title!r} {said}.", highlight=False, markup=False)


def _time(text: str) -> datetime:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise BadInput(f"{text!r} is no time with a zone", field="at", remedy="Write 2026-12-01T09:00+01:00.")
    return read


def approve(
    campaign: Name, by: Annotated[str, typer.Option(help="Who approves it: not the person who made it.")]
) -> None:
    """The second person's yes to a large campaign (see HUB_APPROVAL_ABOVE)."""
    with world() as built, built.db.write() as session:
        found = find_campaign(session, controller(built, session), campaign)
        steering.approve(built, session, found, by)
        said = "is approved, and starts when it is started" if found.state == CampaignState.DRAFT else "starts"
        out.print(f"{found.title!r} {said}.", highlight=False, markup=False)


def pause(campaign: Name, by: By = "") -> None:
    """Let nothing more of it leave until `resume`. What is on its way cannot be called back."""
    with world() as built, built.db.write() as session:
        found = find_campaign(session, controller(built, session), campaign)
        steering.pause(built, session, found, user(by))
        out.print(f"{found.title!r} is paused. Go on with `hub campaign resume {found.id}`.", highlight=False)


def resume(campaign: Name, by: By = "") -> None:
    """Go on with a campaign that a person or a rule paused, or whose start was missed."""
    with world() as built, built.db.write() as session:
        found = find_campaign(session, controller(built, session), campaign)
        steering.resume(built, session, found, user(by))
        out.print(f"{found.title!r} is {found.state} again.", highlight=False)


def cancel(campaign: Name, by: By = "") -> None:
    """Stop what has not left yet, for good."""
    with world() as built, built.db.write() as session:
        found = find_campaign(session, controller(built, session), campaign)
        count = steering.cancel(built, session, found, user(by))
        out.print(f"{found.title!r} is cancelled; {count} messages will not be sent.", highlight=False)
