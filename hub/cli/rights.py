# SPDX-License-Identifier: Apache-2.0
"""Requests of a person (Art. 7(3), 15 to 21 GDPR): take one, check whose it is, do it, answer."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hub import letters
from hub.cli.session import controller, out, user, world
from hub.contract import BadInput
from hub.flows.records import find_contact
from hub.flows.rights import arrivals, packets, receipts, requests
from hub.flows.rights.arrivals import Came
from hub.flows.rights.requests import Way
from hub.law.rights import ARTICLES, Delay, Handed, Identified, Refusal, Right

app = typer.Typer(no_args_is_help=True, help="Requests of a person (Art. 7(3) and 15 to 21 GDPR).")
Id = Annotated[str, typer.Argument(metavar="REQUEST", help="As `hub rights list` shows it.")]
By = Annotated[str, typer.Option("--by", help="Who does it; else the name of the login.")]
Told = Annotated[str, typer.Option("--told", help="What the person was told, in your words.")]


@app.command("list")
def list_(every: Annotated[bool, typer.Option("--all", help="Also what is over.")] = False) -> None:
    """List requests: what is pending and due first, or all, the newest first."""
    with world() as built, built.db.read() as session:
        table = Table("id", "right", "state", "due", "received", "way")
        for row in requests.page(session, controller(built, session), 500, pending=not every):
            article = ARTICLES[Right(row.kind)]
            received = f"{row.received_at:%Y-%m-%d}"
            table.add_row(row.id, f"{row.kind} (Art. {article})", row.state, str(row.due_on), received, row.way)
        out.print(table)


@app.command("open")
def open_(
    subject: Annotated[str, typer.Argument(help="Contact id, CRM record id or phone number.")],
    right: Annotated[Right, typer.Argument(help="What the person asks for.")],
    received: Annotated[str, typer.Option(help="The day it came, as 2026-12-01; else now.")] = "",
    words: Annotated[str, typer.Option(help="What the person wants, in short.")] = "",
    by: By = "",
) -> None:
    """Take a request. An objection or a withdrawal counts at once."""
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        contact = find_contact(built, session, owner, subject)
        if contact is None:
            remedy = "Give a contact id, a CRM record id or a phone number."
            raise BadInput("is not known here", field="subject", remedy=remedy)
        at = datetime.combine(_day(received), time.min, UTC) if received else built.now()
        row = arrivals.enter(built, session, owner, contact, right, Came(Way.STAFF, user(by), at, words))
        out.print(f"{row.id}  {row.kind}  due on {row.due_on}", highlight=False)


@app.command()
def heard(
    review: Annotated[str, typer.Argument(help="As `hub review list` shows it; of kind access or erasure.")],
    by: By = "",
) -> None:
    """Take what somebody wrote in the chat as a request, from the day they wrote it."""
    with world() as built, built.db.write() as session:
        row = arrivals.from_message(built, session, controller(built, session), review, user(by))
        out.print(f"{row.id}  {row.kind}  due on {row.due_on}", highlight=False)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is no date", field="received", remedy="Write it as 2026-12-01.") from None


@app.command()
def show(request: Id) -> None:
    """Show one request and the systems that have to know of it."""
    with world() as built, built.db.read() as session:
        row = requests.find(session, controller(built, session), request)
        out.print(f"{row.kind} of contact {row.contact_id}: {row.state}, due on {row.due_on}", highlight=False)
        table = Table("receipt", "system", "record", "state", "error")
        for one in receipts.of(session, row):
            state = "confirmed" if one.confirmed else "by hand" if one.by_hand else "being told"
            table.add_row(one.row.id, one.title, one.row.record, state, one.error)
        out.print(table)


@app.command()
def identify(request: Id, how: Annotated[Identified, typer.Argument(help="How it was seen.")], by: By = "") -> None:
    """Record that the request is the person's own (Art. 12(6) GDPR)."""
    with world() as built, built.db.write() as session:
        row = requests.identify(built, session, controller(built, session), request, how, user(by))
        out.print(f"{row.id}: {row.state}", highlight=False)


@app.command()
def ask(request: Id, by: By = "") -> None:
    """The person was asked to show who they are."""
    with world() as built, built.db.write() as session:
        row = requests.ask_identity(built, session, controller(built, session), request, user(by))
        out.print(f"{row.id}: {row.state}", highlight=False)


@app.command()
def extend(request: Id, why: Delay, told: Told, by: By = "") -> None:
    """Take two months more, once, and after the person was told why (Art. 12(3) GDPR)."""
    with world() as built, built.db.write() as session:
        row = requests.extend(built, session, controller(built, session), request, why, told, user(by))
        out.print(f"{row.id}: due on {row.due_on}", highlight=False)


@app.command()
def packet(
    request: Id,
    target: Annotated[Path, typer.Option("--out", help="The JSON file to write.")],
    pdf: Annotated[Path | None, typer.Option(help="Also as PDF, with the JSON inside.")] = None,
    language: Annotated[str, typer.Option(help="Language of the PDF: en or de.")] = "en",
    again: Annotated[bool, typer.Option("--as-made", help="The one that was made last, not a new one.")] = False,
    by: By = "",
) -> None:
    """Make the answer to a request of access or portability: everything that is held. It is personal data."""
    letters.words(language)
    with world() as built:
        if not again:
            with built.db.write() as session:
                packets.make(built, session, controller(built, session), request, user(by))
        with built.db.read() as session:
            body = packets.read(built, session, controller(built, session), request)
        target.write_bytes(body)
        if pdf:
            pdf.write_bytes(letters.answer(body, language))
        out.print(f"{target}: {len(body)} bytes of personal data. Treat it so, and keep it out of the chat.")


@app.command()
def carry(request: Id, by: By = "") -> None:
    """Do what was asked for: erase, restrict, or pass on what is to be corrected."""
    with world() as built, built.db.write() as session:
        row = requests.carry_out(built, session, controller(built, session), request, user(by))
        waiting = sum(not one.confirmed for one in receipts.of(session, row))
        out.print(f"{row.id}: carried out; {waiting} systems have to confirm", highlight=False)


@app.command()
def confirm(
    receipt: Annotated[str, typer.Argument(help="As `hub rights show` lists it.")],
    by: By = "",
) -> None:
    """Say that a system has done its part."""
    with world() as built, built.db.write() as session:
        receipts.confirm(built, session, controller(built, session), receipt, user(by))
        out.print("confirmed")


@app.command()
def answer(request: Id, handed: Annotated[Handed, typer.Argument(help="How they got it.")], by: By = "") -> None:
    """The person has their answer."""
    with world() as built, built.db.write() as session:
        row = requests.answer(built, session, controller(built, session), request, handed, user(by))
        out.print(f"{row.id}: {row.state}", highlight=False)


@app.command()
def refuse(request: Id, why: Refusal, told: Told, by: By = "") -> None:
    """It is not carried out, and the person was told why (Art. 12(4) GDPR)."""
    with world() as built, built.db.write() as session:
        row = requests.refuse(built, session, controller(built, session), request, why, told, user(by))
        out.print(f"{row.id}: {row.state}", highlight=False)


@app.command()
def lift(request: Id, told: Told, by: By = "") -> None:
    """End a restriction, after the person was told (Art. 18(3) GDPR)."""
    with world() as built, built.db.write() as session:
        requests.lift(built, session, controller(built, session), request, told, user(by))
        out.print("lifted")
