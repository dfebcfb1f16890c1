# SPDX-License-Identifier: Apache-2.0
"""Opt-in pages: a wording, a public page, a QR code, a poster; and links for the person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import segno
import typer
from sqlmodel import Session, col, select

from hub.cli import posters
from hub.cli.session import controller, out, world
from hub.contract import BadInput, Purpose
from hub.flows import courier, links, optin, routing
from hub.flows.world import World
from hub.store.tables import Contact, ContactPoint, Controller, OptInPage, Wording

app = typer.Typer(no_args_is_help=True, help="Consent by the person's own message.")
app.command("poster")(posters.poster)

Topics = Annotated[list[str], typer.Option("--topic", help="What you will write about; repeat for several.")]
Text = Annotated[Path | None, typer.Option(help="File with your own wording.", exists=True, dir_okay=False)]


@app.command()
def create(
    topic: Topics,
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "",
    language: Annotated[str, typer.Option(help="Language of the wording: de or en.")] = "de",
    text: Text = None,
    per_month: Annotated[
        int | None,
        typer.Option(min=1, help="Messages in 30 days at most; the wording promises it and the gate keeps it."),
    ] = None,
    sender: Annotated[str, typer.Option(help="Number the person writes to; not needed if there is one.")] = "",
    qr: Annotated[Path | None, typer.Option(help="Also write a QR code of the page, as SVG or PNG.")] = None,
    confirm_template: Annotated[
        str, typer.Option(help="Offer a web form, too; this template then asks the number whether it was them.")
    ] = "",
    receipt: Annotated[
        bool, typer.Option("--receipt", help="Answer each consent with a link to its receipt; one message more.")
    ] = False,
) -> None:
    """Make a wording version and a page that shows it. The person's own message from there is the express consent.

    The template of --confirm-template is approved as utility, names you, asks for JA {{1}} or YES {{1}}, where {{1}} is
    a code, and does not advertise. A quick reply labelled as the page's statement agrees, too.
    """
    if qr and qr.suffix.lower() not in (".svg", ".png"):
        raise BadInput(f"{qr.name} is neither", field="qr", remedy="Name a file that ends in .svg or .png.")
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        page = optin.create(
            built,
            session,
            owner,
            routing.choose(built, session, owner, Purpose.OPT_IN_CONFIRMATION, sender),
            title=title,
            language=language,
            topics=topic,
            text=_read(text) if text else "",
            per_month=per_month,
            confirm_template=confirm_template,
            receipts=receipt,
        )
        public = _show(built, session, page)
        if qr:
            # to the page, not the chat: who scans a poster has not seen the wording yet
            segno.make(public, error="m").save(str(qr), scale=8, border=4)
            out.print(f"QR code:   {qr} (leads to the page)", highlight=False)


def _show(built: World, session: Session, page: OptInPage) -> str:
    """Print a page. Returns its address."""
    invited = optin.invitation(session, page)
    public = optin.address(built, page)
    out.print(f"Page:      {public}", highlight=False)
    out.print(f"Chat link: {invited.link}", highlight=False)
    out.print(f"Sentence:  {invited.statement}", highlight=False)
    out.print(f"Wording:   version {invited.wording.version}, SHA-256 {invited.wording.id}", highlight=False)
    if not invited.wording.withdrawal_hint:
        out.print("[yellow]The wording does not say how to withdraw (Art. 7(3)); consent to it will not count.[/]")
    if not (invited.notice and invited.hint):
        out.print(
            "[yellow]The page shows no privacy notice (Art. 13) or no right to object (Art. 21(4)); messages to who "
            "consents there will wait. Make both with `hub notice create`, then a new page.[/]"
        )
    return public


@app.command("list")
def pages() -> None:
    """List the pages with their wording versions and topics."""
    with world() as built, built.db.read() as session:
        owner = controller(built, session)
        mine = select(OptInPage, Wording).join(Wording).where(OptInPage.controller_id == owner.id)
        for page, wording in session.exec(mine.order_by(col(OptInPage.created_at))).all():
            form = ", web form" if page.confirm_template else ""
            state = "closed" if page.closed_at else "open"
            out.print(f"{page.id}  {page.title}: {', '.join(wording.topics)}", highlight=False, markup=False)
            out.print(f"    {wording.language}, version {wording.version}, {state}{form}", highlight=False)


@app.command()
def reword(
    page: Annotated[str, typer.Argument(help="Page, by id, address or title.")],
    topic: Annotated[
        list[str] | None, typer.Option(help="What you will write about; repeat for several. Default: as now.")
    ] = None,
    text: Text = None,
) -> None:
    """Show another wording on a page from now on. Consents under earlier wordings stay what they say, and no more.

    Nobody is asked again by message: that would be advertising itself. Who agreed before sees the new text on the page,
    in their preferences, or as the answer when they write START.
    """
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        found = optin.find(session, owner, page)
        made = optin.reword(built, session, owner, found, topic or (), _read(text) if text else "")
        _show(built, session, made.page)
        out.print(f"{made.people} agreed to earlier wordings of this page; that stays as it is.", highlight=False)
        if made.new_topics:
            out.print(f"No earlier wording covers: {', '.join(made.new_topics)}", highlight=False, markup=False)
        out.print("Posters stay valid: they lead to the page.")


@app.command()
def close(page: Annotated[str, typer.Argument(help="Page, by id, address or title.")]) -> None:
    """Take no more consents on a page. Those given stay valid."""
    with world() as built, built.db.write() as session:
        found = optin.find(session, controller(built, session), page)
        found.closed_at = found.closed_at or built.now()
        session.add(found)
    out.print("Closed.")


@app.command()
def link(
    number: Annotated[str, typer.Option(help="Phone number, in international form.")] = "",
    record: Annotated[str, typer.Option(help="CRM record id, if not by number.")] = "",
) -> None:
    """Print a person's link to their preferences, to be sent to them and nobody else.

    Who has it can see and withdraw. It agrees to nothing, and expires (HUB_LINK_DAYS).
    """
    with world() as built, built.db.read() as session:
        owner = controller(built, session)
        for point in _points(built, session, owner, number, record):
            out.print(links.make(built, links.PREFERENCES, point), highlight=False)


def _points(built: World, session: Session, owner: Controller, number: str, record: str) -> list[ContactPoint]:
    contact_id, tokens = courier.whom(built, session, owner, number, record)
    contact = session.get(Contact, contact_id) if contact_id else None
    if contact is None or contact.erased_at is not None:
        raise BadInput("is not known here", field="number or record", remedy="There is nothing to show or change.")
    mine = select(ContactPoint).where(ContactPoint.contact_id == contact.id, col(ContactPoint.token).in_(tokens))
    return list(session.exec(mine))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8", field="text", remedy="Save the file as UTF-8.") from None
