# SPDX-License-Identifier: Apache-2.0
"""Proof: why something was decided, and whether the ledger still holds."""

from __future__ import annotations

from typing import Annotated

import orjson
import typer
from sqlmodel import select

from hub.cli.session import controller, err, out, world
from hub.flows import records, signing
from hub.flows.loss import restores_of
from hub.store import ledger
from hub.store.tables import Controller

ledger_app = typer.Typer(no_args_is_help=True, help="The append-only ledger.")


def register(app: typer.Typer) -> None:
    app.command()(why)
    app.add_typer(ledger_app, name="ledger")


def why(
    subject: Annotated[str, typer.Argument(help="Message id, contact id, CRM record id or phone number.")],
    language: Annotated[str, typer.Option(help="en or de.")] = "en",
) -> None:
    """Explain decisions: reasons, evidence and the events behind them."""
    with world() as built, built.db.read() as session:
        show(records.why(built, session, controller(built, session), subject, language))


def show(found: records.Why) -> None:
    """Print an explanation."""
    out.print(f"[bold]{found.subject}[/]: {found.state}", highlight=False)
    for decision in found.decisions:
        basis = f" on {decision['basis']} ({decision['basis_iri']})" if decision.get("basis") else ""
        out.print(
            f"\n{decision['recorded_at']}  {decision['phase']}: [bold]{decision['verdict']}[/]{basis}", highlight=False
        )
        out.print(f"  reasons        {', '.join(decision['reasons'])}", highlight=False)
        for name in ("consent", "evidence", "stops", "jurisdictions", "purpose", "policy", "template", "notes"):
            if value := decision.get(name):
                shown = ", ".join(value) if isinstance(value, list) else value
                out.print(f"  {name:<14} {shown}", highlight=False)
    for reason in found.reasons:
        out.print(f"\n[bold]{reason.code}[/]  {reason.meaning} ({reason.source})", highlight=False)
        if reason.remedy:
            out.print(f"  {reason.remedy}", highlight=False)
    for wording in found.wordings:
        out.print(f"\nwording version {wording['version']} ({wording['language']}) {wording['id']}", highlight=False)
        out.print(f"  {wording['text']}", highlight=False)
    if found.events:
        out.print("\n[bold]ledger[/]")
    for event in found.events:
        out.print(f"  {event['event_time']}  {event['kind']}  {event['id']}", highlight=False)
    for status, code, at in found.statuses:
        out.print(f"  {at.isoformat()}  provider says {status} {code}", highlight=False)


@ledger_app.command()
def verify() -> None:
    """Check every link, row and signed root of every controller's chain."""
    broken = False
    with world() as built, built.db.read() as session:
        for owner in session.exec(select(Controller)).all():
            found, roots = ledger.verify(session, owner.id), signing.verify_roots(session, owner.id)
            if found.ok:
                out.print(f"{owner.name}: {found.links} links, {found.rows} rows, checked. Head {found.head}")
                out.print(f"  {roots.roots} signed roots, up to link {roots.last_seq}", highlight=False)
            for restored in restores_of(session, owner.id):
                told = orjson.loads(restored.record)
                lost = f"lost {told['links']} links and {len(told['roots'])} signed days: see event {restored.id}"
                out.print(f"  [yellow]restored at {told['event_time']}, {lost}[/]", highlight=False)
            for problem in filter(None, (found.problem, roots.problem)):
                broken = True
                err.print(f"[bold red]{owner.name}: {problem}[/]", highlight=False)
    if broken:
        raise typer.Exit(1)
