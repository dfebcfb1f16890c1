# SPDX-License-Identifier: Apache-2.0
"""A poster for an opt-in page, from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub import poster as drawing
from hub.cli.session import controller, out, world
from hub.contract import BadInput
from hub.flows import optin


def poster(
    page: Annotated[str, typer.Argument(help="Page, by id, address or title.")],
    file: Annotated[Path, typer.Option("--out", help="File to write; it ends in .pdf or .svg.")],
    size: Annotated[str, typer.Option(help="a4 or a5.")] = "a4",
    language: Annotated[str, typer.Option(help="Language of the explanation, de or en. Default: the page's.")] = "",
) -> None:
    """Write a poster: heading, topics, how it works, how to withdraw, and a QR code that leads to the page."""
    if size not in drawing.SIZES:
        raise BadInput(f"{size!r} is neither", field="size", remedy="Use a4 or a5.")
    if file.suffix.lower() not in (".pdf", ".svg"):
        raise BadInput(f"{file.name} is neither", field="out", remedy="Name a file that ends in .pdf or .svg.")
    with world() as built, built.db.read() as session:
        owner = controller(built, session)
        found = optin.find(session, owner, page)
        if found.closed_at is not None:
            raise BadInput("is closed", field="page", remedy="Choose one of `hub optin list` that is open.")
        wording = optin.invitation(session, found).wording
        spoken, url = language or wording.language, optin.address(built, found)
        made = drawing.make(owner.name, found.title, wording.topics, spoken, url)
    file.write_bytes(drawing.draw(made, size, file.suffix.lower()[1:]))
    out.print(f"{file}: leads to {url}", highlight=False)
