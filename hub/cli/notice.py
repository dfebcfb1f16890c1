# SPDX-License-Identifier: Apache-2.0
"""`hub notice`: what people must be told, who was told, and who is overdue."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from sqlmodel import Session

from hub.cli.session import controller, out, world
from hub.contract import BadInput, Crm
from hub.flows import accounts, declarations, notice_drafts, notices
from hub.flows.world import World
from hub.law.facts import NoticeKind, Source
from hub.store.tables import Connection, Controller

app = typer.Typer(no_args_is_help=True, help="Notices under Art. 13, 14 and 21(4) GDPR: texts, proof, deadlines.")
Kind = Annotated[NoticeKind, typer.Option(help="art_13: data from the person; art_14: from elsewhere; art_21_4: hint.")]
Crms = Annotated[str, typer.Option("--connection", help="The CRM connection.")]
By = Annotated[str, typer.Option(help="Who states it: a person's name.")]


def register(root: typer.Typer) -> None:
    root.add_typer(app, name="notice")


@app.command()
def create(
    kind: Kind = NoticeKind.ART_13,
    language: Annotated[str, typer.Option(help="de or en.")] = "de",
    contact: Annotated[str, typer.Option(help="How to reach you: address, e-mail, phone.")] = "",
    privacy_url: Annotated[str, typer.Option(help="Your full privacy notice on the web.")] = "",
    storage: Annotated[str, typer.Option(help="How long you keep the data: a sentence.")] = "",
    purpose: Annotated[list[str], typer.Option(help="A purpose with its legal basis; repeat. Has a draft.")] = [],  # noqa: B006
    recipient: Annotated[list[str], typer.Option(help="Who receives data besides what is connected; repeat.")] = [],  # noqa: B006
    transfer: Annotated[
        list[str], typer.Option(help="Third country and tool; from the processor file if left out.")
    ] = [],  # noqa: B006
    officer: Annotated[str, typer.Option(help="Your data protection officer.")] = "",
    source: Annotated[str, typer.Option(help="For art_14: where the data come from.")] = "",
    categories: Annotated[str, typer.Option(help="For art_14: which data.")] = "",
    text: Annotated[Path | None, typer.Option(help="File with your own text.", exists=True, dir_okay=False)] = None,
) -> None:
    """Make a version of a notice from a draft or your own text. New opt-in pages show the newest of their language."""
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        body = (
            _read(text)
            if text
            else notice_drafts.draft(
                built,
                session,
                owner,
                kind,
                language,
                contact=contact,
                privacy_url=privacy_url,
                storage=storage,
                purposes=purpose,
                recipients=recipient,
                transfers=transfer,
                officer=officer,
                source=source,
                categories=categories,
            )
        )
        made = notices.create(built, session, owner, kind, language, body)
        out.print(f"{made.kind}, version {made.version}, SHA-256 {made.id}", highlight=False)
        out.print(f"Page: {built.settings.public_url.rstrip('/')}{notices.path(made.id)}", highlight=False)
        if not text:
            out.print("It is a draft: let somebody who answers for it read it (`hub notice show`) before it is used.")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8", field="text", remedy="Save the file as UTF-8.") from None


@app.command("list")
def list_() -> None:
    """All versions of all notices."""
    with world() as built, built.db.read() as session:
        table = Table("kind", "version", "language", "made", "id")
        for one in notices.every(session, controller(built, session)):
            table.add_row(one.kind, str(one.version), one.language, one.created_at.date().isoformat(), one.id)
        out.print(table)


@app.command()
def show(notice: Annotated[str, typer.Argument(help="Its id, or the first 8 characters or more.")]) -> None:
    """Print a notice as people see it."""
    with world() as built, built.db.read() as session:
        found = notices.find(session, controller(built, session), notice)
        out.print(found.text, highlight=False, markup=False)
        out.print(f"\n{built.settings.public_url.rstrip('/')}{notices.path(found.id)}", highlight=False)


@app.command()
def declare(
    connection: Crms,
    notice: Annotated[str, typer.Option(help="Which text they were shown; see `hub notice list`.")],
    since: Annotated[str, typer.Option(help="Everybody the CRM brought from this date on, as YYYY-MM-DD.")],
    by: By,
    evidence: Annotated[str, typer.Option(help="Where the proof lies: a file, a form's version, a mailing.")],
    until: Annotated[str, typer.Option(help="First date on which it no longer holds. Left out: until revoked.")] = "",
) -> None:
    """State that people of a CRM were told elsewhere, as on a form or by letter. It is your word, not the hub's."""
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        made = declarations.told_elsewhere(
            built,
            session,
            owner,
            _crm(built, session, owner, connection),
            notices.find(session, owner, notice),
            since=_day("since", since),
            until=_day("until", until) if until else None,
            by=by,
            evidence=evidence,
        )
        out.print(f"Recorded as {made.id}. If it was wrong: hub notice revoke {made.id}", highlight=False)


@app.command()
def revoke(
    declaration: Annotated[str, typer.Argument(help="Its id; see `hub notice due`.")],
    by: By,
    why: Annotated[str, typer.Option(help="What was wrong.")],
) -> None:
    """Take a statement back: those it covered count as not told."""
    with world() as built, built.db.write() as session:
        declarations.revoke(built, session, controller(built, session), declaration, by=by, why=why)
        out.print("Revoked.")


@app.command()
def source(
    connection: Crms,
    came_from: Annotated[
        Source, typer.Argument(metavar="FROM", help="person, other (vendor, list, public) or unknown.")
    ],
    by: By,
) -> None:
    """State who gave the data of a CRM's people. `other` starts the time within which they must be told (Art. 14)."""
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        crm = _crm(built, session, owner, connection)
        count = declarations.came_from(built, session, owner, crm, came_from, by=by)
        out.print(f"{crm.title}: {came_from}.", highlight=False)
        if came_from is Source.OTHER:
            out.print(f"For {count} records the time of Art. 14 runs since they came. See `hub notice due`.")


@app.command()
def due(records: Annotated[int, typer.Option(min=0, help="How many overdue records to name per CRM.")] = 10) -> None:
    """Whom you must still tell where their data come from (Art. 14), by CRM; and what was stated about people."""
    with world() as built, built.db.read() as session:
        owner = controller(built, session)
        table = Table(
            "CRM", "people", "told", "waiting", "overdue", "next due", title="Data from others (Art. 14 GDPR)"
        )
        found = declarations.due(built, session, owner, records)
        for one in found:
            told, day = one.people - one.waiting, one.next_due.date().isoformat() if one.next_due else ""
            counts = (str(count) for count in (one.people, told, one.waiting, one.overdue))
            table.add_row(one.connection.title, *counts, day)
        out.print(table)
        for one in found:
            if one.records:
                out.print(f"overdue in {one.connection.title}: {', '.join(one.records)}", highlight=False)
        stated = Table("id", "CRM", "kind", "since", "until", "by", "proof", title="Stated: told elsewhere")
        for row in declarations.declared(session, owner.id):
            crm = session.get_one(Connection, row.connection_id)
            until = row.until.date().isoformat() if row.until else ""
            stated.add_row(row.id, crm.title, row.kind, row.since.date().isoformat(), until, row.by, row.evidence)
        out.print(stated)


def _crm(built: World, session: Session, owner: Controller, name: str) -> Connection:
    found = accounts.find_connection(session, owner, name)
    if not issubclass(built.registry.get(found.connector), Crm):
        raise BadInput(f"{found.title} brings no people", field="connection", remedy="Name a CRM connection.")
    return found


def _day(field: str, value: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(value), time(), UTC)
    except ValueError:
        raise BadInput(f"{value!r} is no date", field=field, remedy="Write YYYY-MM-DD.") from None
