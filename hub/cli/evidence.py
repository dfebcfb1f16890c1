# SPDX-License-Identifier: Apache-2.0
"""Evidence that leaves the house: capsules, their check, signed days and the public key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hub import paper
from hub.cli import folders
from hub.cli.proof import ledger_app
from hub.cli.session import controller, out, world
from hub.contract import BadInput
from hub.flows import capsules, exports, signing
from hub.proof import printing
from hub.proof.checking import check
from hub.proof.signature import from_pem, to_pem

app = typer.Typer(no_args_is_help=True, help="Write a capsule: one file that proves what was decided, and on what.")
Out = Annotated[Path, typer.Option("--out", help="The file to write.")]
Print = Annotated[Path | None, typer.Option("--print", help="Also a page to read and print, HTML.")]
Pdf = Annotated[Path | None, typer.Option("--pdf", help="Also the same as PDF/A, with the capsule inside.")]
Language = Annotated[str, typer.Option(help="Language of page and PDF: en or de.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="With the number and the person's own words, opened.")]


def register(root: typer.Typer) -> None:
    root.add_typer(app, name="evidence")
    root.command()(verify)
    ledger_app.command()(sign)
    ledger_app.command()(key)


@app.command()
def message(
    subject: Annotated[str, typer.Argument(help="Message id, sent or refused.")],
    target: Out,
    printed: Print = None,
    pdf: Pdf = None,
    language: Language = "en",
    reveal: Reveal = False,
) -> None:
    """Everything about one message: texts, basis, policy, decisions, provider, what came later."""
    _write(capsules.MESSAGE, subject, target, reveal, _Prints(printed, pdf, language))


@app.command()
def contact(
    subject: Annotated[str, typer.Argument(help="Contact id, CRM record id or phone number.")],
    target: Annotated[Path, typer.Option("--out", help="The file to write; with --from and --to, a new folder.")],
    printed: Print = None,
    pdf: Pdf = None,
    language: Language = "en",
    reveal: Reveal = False,
    first: Annotated[str, typer.Option("--from", help="First day of a period, as 2026-01-01 (UTC).")] = "",
    last: Annotated[str, typer.Option("--to", help="Last day of the period, included.")] = "",
    no_pdf: Annotated[bool, typer.Option("--no-pdf", help="With --from and --to: without the PDF.")] = False,
) -> None:
    """Everything about one person: consents, stops, and all that was decided.

    With --from and --to, a folder of all messages in that time, one capsule each, with an index as JSON, HTML and PDF.
    """
    if first or last:
        if printed or pdf:
            raise BadInput("the folder has its own", field="print", remedy="Leave --print and --pdf out.")
        folders.write(subject, target, exports.days(first, last), known(language), reveal=reveal, with_pdf=not no_pdf)
        return
    _write(capsules.CONTACT, subject, target, reveal, _Prints(printed, pdf, language))


@app.command()
def consent(
    subject: Annotated[str, typer.Argument(help="Ledger id of the consent, see `hub why`.")],
    target: Out,
    printed: Print = None,
    pdf: Pdf = None,
    language: Language = "en",
    reveal: Reveal = False,
    receipt: Annotated[Path | None, typer.Option(help="Also a receipt for the person, in plain words, HTML.")] = None,
) -> None:
    """One consent: the text as shown, how it was given, what rested on it, what came later."""
    made = _write(capsules.CONSENT, subject, target, reveal, _Prints(printed, pdf, language))
    if receipt:
        receipt.write_text(printing.receipt(made, language), "utf-8")


@dataclass(frozen=True, slots=True)
class _Prints:
    """What is wanted for people to read."""

    page: Path | None
    pdf: Path | None
    language: str


def _write(kind: str, subject: str, target: Path, reveal: bool, prints: _Prints) -> bytes:
    language = known(prints.language)
    with world() as built:
        with built.db.read() as session:
            owner = controller(built, session)
        made = capsules.make(built, owner, kind, subject, reveal=reveal)
        printed = b""
        if prints.pdf:  # first, since it may be refused
            source, files = printing.sheet(made, language)
            printed = paper.pdf(source, files=files)
        target.write_bytes(made)
        if prints.page:
            prints.page.write_text(printing.page(made, language), "utf-8")
        if prints.pdf:
            prints.pdf.write_bytes(printed)
        out.print(f"{target}: {len(made)} bytes. Anybody can check it with `hub verify {target}`.", highlight=False)
        if reveal:
            out.print("It holds personal data: treat it so.")
    return made


def known(language: str) -> str:
    """Raises `BadInput` for a language that prints are not made in."""
    if language not in printing.LANGUAGES:
        raise BadInput(f"{language!r} is not offered", field="language", remedy="Use en or de.")
    return language


def verify(
    capsule: Annotated[Path, typer.Argument(help="The capsule, or a folder of them.")],
    published: Annotated[
        Path | None, typer.Option("--key", help="The controller's published public keys, PEM.")
    ] = None,
) -> None:
    """Check a capsule or a folder offline. Whatever was changed is named; then the exit code is 1."""
    try:
        keys = from_pem(published.read_text()) if published else None
        if capsule.is_dir():
            folders.verify(capsule, keys)
            return
        raw = capsule.read_bytes()
    except (OSError, ValueError) as error:
        raise BadInput(
            str(error), field="file", remedy="Give a capsule, and a PEM file from `hub ledger key`."
        ) from None
    found = check(raw, keys)
    folders.show(found.problems)
    if not found.ok or found.capsule is None:
        raise typer.Exit(1)
    held = found.capsule
    out.print(
        f"Whole: {held.subject.kind} {held.subject.id} of {held.controller.name}, {len(held.decisions)} decisions, "
        f"{len(held.events)} events, {len(held.roots)} signed roots.",
        highlight=False,
    )
    folders.show_keys(held.keys, trusted=found.trusted)


def sign() -> None:
    """Sign the chain up to now. The schedule does it after each day (UTC)."""
    with world() as built:
        with built.db.read() as session:
            owner = controller(built, session)
        roots = signing.sign_days(built, owner.id, today=True)
        for root in roots:
            out.print(f"{root.day}  links {root.first_seq} to {root.last_seq}  root {root.root}", highlight=False)
        if not roots:
            out.print("Everything is signed already.")


def key(new: Annotated[bool, typer.Option("--new", help="Make a new key, which signs from now on.")] = False) -> None:
    """Print the public keys, newest first, to be published. They verify roots and capsules."""
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        if new:
            signing.replace_key(built, session, owner.id)
        for row in signing.keys(session, owner.id):
            out.print(f"{row.id}  since {row.created_at.date()}", highlight=False)
            out.print(to_pem(row.public), highlight=False, end="")
