# SPDX-License-Identifier: Apache-2.0
"""Campaigns: what one would come to, and where it stands."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from sqlmodel import Session

from hub.cli.session import controller, crew, find_campaign, out, world
from hub.contract import BadInput
from hub.flows import campaigns, drift, results, variants, watch
from hub.flows import reach as flow
from hub.flows.preview import Preview
from hub.flows.records import explain
from hub.flows.states import CampaignState, State
from hub.flows.watch import Rules
from hub.flows.world import World
from hub.store.tables import Campaign, Sender

Name = Annotated[str, typer.Argument(help="Title or id of the campaign.")]
Language = Annotated[str, typer.Option("--language", help="en or de.")]

_WHY = {
    "en": {
        "person": "paused by {by}",
        "late": "its start was missed; start it now with `hub campaign resume`",
        "errors": "a stop rule was broken: {note}",
        "opt_outs": "a stop rule was broken: {note}",
        "quality": "the platform said: {note}",
        "canary": "the canary told nothing: {note}",
        "restored": "the database was restored; see `hub restore release`",
        "waiting": "waits for a second person: `hub campaign approve`",
        "held_back": "{count} wait for the first {canary}",
    },
    "de": {
        "person": "angehalten von {by}",
        "late": "der Start wurde verpasst; jetzt starten mit `hub campaign resume`",
        "errors": "eine Stoppregel wurde verletzt: {note}",
        "opt_outs": "eine Stoppregel wurde verletzt: {note}",
        "quality": "die Plattform meldet: {note}",
        "canary": "die Vorhut sagt nichts aus: {note}",
        "restored": "die Datenbank wurde zurückgespielt; siehe `hub restore release`",
        "waiting": "wartet auf eine zweite Person: `hub campaign approve`",
        "held_back": "{count} warten auf die ersten {canary}",
    },
}


def register(app: typer.Typer) -> None:
    app.command()(preview)
    app.command()(reach)
    app.command()(status)


def preview(
    campaign: Name,
    language: Language = "en",
    tier: Annotated[
        int | None,
        typer.Option(help="People the account may begin with in 24 hours; else as the connection says."),
    ] = None,
) -> None:
    """Who would be reached, why others not, until when and for how much. The same gate as sending; nobody is written
    to."""
    with world() as built, crew(built) as hands:
        with built.db.read() as session:
            found = find_campaign(session, controller(built, session), campaign)
        with out.status("asking the gate ..."):
            result = hands.jobs.preview(found, tier)
        table = Table(title=f"Preview of {escape(found.title)}", show_header=False)
        table.add_row("records in the audience", str(result.audience), "")
        table.add_row("[green]reachable[/]", str(result.reachable), "")
        if result.same_person:
            table.add_row("second record of a person", str(result.same_person), "")
        for code, count in result.blocked.most_common():
            words = explain(code, language)
            table.add_row(f"[red]{code}[/]", str(count), f"{words.meaning} {words.remedy}")
        if found.variants:
            for name, count in sorted(result.variants.items()):
                table.add_row(f"gets {escape(name)}", str(count), "")
        time_rows(table, result, built.now())
        cost_rows(table, result)
        out.print(table)


def reach(campaign: Name) -> None:
    """Show in the CRM, on each member and for the whole, who would be reached. Nobody is written to."""
    with world() as built, crew(built) as hands:
        with built.db.write() as session:
            found = find_campaign(session, controller(built, session), campaign)
            flow.ask(built, session, found)
        with out.status("telling the CRM ..."):
            hands.jobs.reach(found.id)
            told = hands.jobs.report(found.connection_id)
        with built.db.read() as session:
            seen = session.get_one(Campaign, found.id).outlook
        if not seen:
            raise BadInput("cannot be told now", field="campaign", remedy="See the log; it is tried again by itself.")
        lines = [f"{found.title!r}: {seen['eligible']} of {seen['records']} records can be reached."]
        lines += [f"The CRM took {told} reports."]
        lines += [f"It does not show the summary: {seen['problem']}"] if seen.get("problem") else []
        out.print("\n".join(lines), highlight=False, markup=False)


def time_rows(table: Table, result: Preview, now: datetime) -> None:
    forecast, pace = result.forecast, result.pace
    if forecast.first is None or pace is None:
        return
    limits = [f"{pace.rate:g} messages per second"]
    limits += [f"{pace.tier} people in 24 hours"] if pace.tier is not None else []
    limits += [f"quiet from {pace.hours.start}:00 to {pace.hours.end}:00"] if pace.hours else []
    limits += [f"{sum(pace.others)} messages of other campaigns"] if pace.others else []
    table.add_row("first message", f"{forecast.first:%Y-%m-%d %H:%M} UTC", "if it is started now")
    if forecast.finish is None:
        table.add_row("last message", "not within a year", "; ".join(limits))
        return
    length = timedelta(seconds=round((forecast.finish - now).total_seconds()))
    table.add_row("last message", f"{forecast.finish:%Y-%m-%d %H:%M} UTC", f"after {length}; {'; '.join(limits)}")


def cost_rows(table: Table, result: Preview) -> None:
    for currency, high in sorted(result.cost.high.items()):
        low = result.cost.low[currency]
        between = f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}"
        table.add_row("cost", f"{between} {currency}", "by the prices that were loaded")
    for country, count in sorted(result.cost.unknown.items()):
        table.add_row("cost", f"no price for {country}", f"{count} messages; see `hub prices load`")


def status(campaign: Name, language: Language = "en") -> None:
    """Where a campaign stands, and why it rests if it does."""
    with world() as built, built.db.read() as session:
        found = find_campaign(session, controller(built, session), campaign)
        progress = campaigns.progress(session, found)
        out.print(f"{escape(found.title)}: [bold]{found.state}[/]", highlight=False)
        for line in _reasons(found, progress.waves, language):
            out.print(line, highlight=False, markup=False)
        table = Table(show_header=False)
        for state, count in sorted(progress.states.items()):
            table.add_row(state, str(count))
        for reason, count in sorted(progress.refused.items()):
            table.add_row(f"refused: {reason}", str(count))
        if table.rows:
            out.print(table)
        for line in _moved(session, found):
            out.print(line, highlight=False, markup=False)
        if found.variants:
            out.print(_variants(session, progress))
        _print_rules(built, session, found)
        for act in found.acts:
            told = f"{act['at'][:16].replace('T', ' ')}  {act['what']}  {act['by'] or 'by itself'}"
            out.print(f"{told}  {act.get('note') or act.get('why', '')}".rstrip(), highlight=False, markup=False)


def _reasons(found: Campaign, waves: dict[int, Counter[str]], language: str) -> list[str]:
    words = _WHY.get(language, _WHY["en"])
    said = []
    if campaigns.restored(found):
        said.append(words["restored"])
    elif found.state == CampaignState.PAUSED:
        by = found.acts[-1]["by"] if found.acts else ""
        said.append(words[found.paused_why].format(by=by, note=found.paused_note))
    elif found.state == CampaignState.WAITING:
        said.append(words["waiting"])
    if found.canary and found.rest_at is None:
        count = sum(waves[1][state] for state in (State.QUEUED, State.HELD))
        said.append(words["held_back"].format(count=count, canary=found.canary))
    return said


def _moved(session: Session, found: Campaign) -> list[str]:
    """What the platform did to its templates, which the gate refuses then."""
    sender = session.get_one(Sender, found.sender_id)
    names = {one.name for one in variants.of(found)}
    return [f"template {line}" for line in drift.news(session, sender.connection_id, names)]


def _variants(session: Session, progress: campaigns.Progress) -> Table:
    table = Table(title="Variants")
    for heading in ("template", "weight", "messages", "sent", "delivered", "read", "failed", "opted out"):
        table.add_column(heading)
    for one in results.by_variant(session, progress):
        numbers = (one.weight, one.messages, one.sent, one.delivered, one.read, one.failed, one.opted_out)
        table.add_row(escape(one.name), *map(str, numbers))
    return table


def _print_rules(built: World, session: Session, found: Campaign) -> None:
    rules = Rules.of(found)
    if not rules.any:
        return
    counts = watch.count(session, found, found.watched_from)
    for name, count, most in (("failed", counts.failed, rules.errors), ("opted out", counts.stopped, rules.opt_outs)):
        if most is not None:
            rate = f"{count * 100 / counts.left:.1f} %" if counts.left else "none left yet"
            out.print(f"rule: {name} {count} of {counts.left} ({rate}), pauses above {most:g} %", highlight=False)
