# SPDX-License-Identifier: Apache-2.0
"""Opt-in pages: a wording, a public page, a QR code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import segno
import typer

from hub.cli.session import controller, out, world
from hub.cli.session import sender as find_sender
from hub.contract import BadInput
from hub.flows import optin

app = typer.Typer(no_args_is_help=True, help="Consent by the person's own message.")


@app.command()
def create(
    topic: Annotated[list[str], typer.Option(help="What you will write about; repeat for several.")],
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "",
    language: Annotated[str, typer.Option(help="Language of the wording: de or en.")] = "de",
    text: Annotated[Path | None, typer.Option(help="File with your own wording.", exists=True, dir_okay=False)] = None,
    per_month: Annotated[
        int | None,
        typer.Option(min=1, help="Messages in 30 days at most; the wording promises it and the gate keeps it."),
    ] = None,
    sender: Annotated[str, typer.Option(help="Number the person writes to; not needed if there is one.")] = "",
    qr: Annotated[Path | None, typer.Option(help="Also write a QR code of the page, as SVG or PNG.")] = None,
) -> None:
    """Make a wording version and a page that shows it. The person's own message from there is the express consent."""
    if qr and qr.suffix.lower() not in (".svg", ".png"):
        raise BadInput(f"{qr.name} is neither", field="qr", remedy="Name a file that ends in .svg or .png.")
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        page = optin.create(
            built,
            session,
            owner,
            find_sender(session, owner, sender),
            title=title,
            language=language,
            topics=topic,
            text=_read(text) if text else "",
            per_month=per_month,
        )
        invited = optin.invitation(session, page)
        public = f"{built.settings.public_url.rstrip('/')}/o/{page.id}"
        out.print(f"Page:      {public}", highlight=False)
        out.print(f"Chat link: {invited.link}", highlight=False)
        out.print(f"Sentence:  {invited.statement}", highlight=False)
        out.print(f"Wording:   version {invited.wording.version}, SHA-256 {invited.wording.id}", highlight=False)
        if not invited.wording.withdrawal_hint:
            out.print("[yellow]The wording does not say how to withdraw (Art. 7(3)); consent to it will not count.[/]")
        if not (invited.notice and invited.hint):
            out.print(
                "[yellow]The page shows no privacy notice (Art. 13) or no right to object (Art. 21(4)); messages to "
                "who consents there will wait. Make both with `hub notice create`, then a new page.[/]"
            )
        if qr:
            # to the page, not the chat: who scans a poster has not seen the wording yet
            segno.make(public, error="m").save(str(qr), scale=8, border=4)
            out.print(f"QR code:   {qr} (leads to the page)", highlight=False)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8", field="text", remedy="Save the file as UTF-8.") from None
