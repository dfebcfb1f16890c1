# SPDX-License-Identifier: Apache-2.0
"""The record of processing activities (Art. 30 GDPR): as it stands, what changed, versions, review."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hub import letters
from hub.cli.session import controller, out, user, world
from hub.contract import BadInput
from hub.flows.art30 import versions
from hub.flows.art30.versions import Difference
from hub.store.tables import ProcessingRecord

app = typer.Typer(no_args_is_help=True, help="The record of processing activities (Art. 30 GDPR).")
By = Annotated[str, typer.Option("--by", help="Who answers for this; else the name of the login.")]
Version = Annotated[int, typer.Option("--version", help="Which one; else the newest.")]


class Form(StrEnum):
    MD = "md"
    PDF = "pdf"
    JSON = "json"


@app.command("list")
def list_() -> None:
    """List the versions, the newest first."""
    with world() as built, built.db.read() as session:
        table = Table("version", "made", "reviewed", "next review", "sha256")
        for row in versions.every(session, controller(built, session)):
            reviewed = f"{row.reviewed_at:%Y-%m-%d}" if row.reviewed_at else "-"
            table.add_row(str(row.version), f"{row.made_at:%Y-%m-%d}", reviewed, str(row.review_on or "-"), row.sha256)
        out.print(table)


@app.command()
def keep(
    by: By = "",
    contact: Annotated[str, typer.Option(help="Address and contact of the controller.")] = "",
    representative: Annotated[str, typer.Option(help="Representative in the EU (Art. 27).")] = "",
    joint: Annotated[str, typer.Option(help="Joint controllers (Art. 26).")] = "",
    dpo: Annotated[str, typer.Option(help="Data protection officer.")] = "",
    dpia: Annotated[str, typer.Option(help="Impact assessment (Art. 35): its id, or why there is none.")] = "",
    measures: Annotated[str, typer.Option(help="Further measures (Art. 32): hosting, staff, backups.")] = "",
) -> None:
    """Write a new version from the configuration as it is now. What you leave out stays as it was."""
    said = {"contact": contact, "representative": representative, "joint": joint}
    said |= {"dpo": dpo, "dpia": dpia, "measures": measures}
    given = {name: text for name, text in said.items() if text}
    with world() as built, built.db.write() as session:
        row = versions.keep(built, session, controller(built, session), user(by), given)
        out.print(f"version {row.version}  {row.sha256}", highlight=False)


@app.command()
def diff(
    before: Annotated[int, typer.Argument(help="A version; else the newest.")] = 0,
    after: Annotated[int, typer.Argument(help="A later one; else the configuration as it is now.")] = 0,
) -> None:
    """What changed between two versions, or since the newest. Exit code 1 if anything has."""
    with world() as built, built.db.read() as session:
        owner = controller(built, session)
        if after:
            pair = [versions.find(session, owner, one).content for one in (before, after)]
            found = versions.differences(*pair)
        else:
            found = versions.drift(built, session, owner)
        show(found)
        if found:
            raise typer.Exit(1)


def show(found: list[Difference]) -> None:
    for one in found:
        out.print(f"{one.path}: {one.before or '-'} -> {one.after or '-'}", highlight=False, markup=False)
    if not found:
        out.print("Nothing has changed.")


@app.command()
def review(
    again: Annotated[str, typer.Option("--again", help="When somebody looks at it again, as 2027-12-01.")],
    version: Version = 0,
    by: By = "",
) -> None:
    """Say that you have looked at a version, and when to look again."""
    try:
        on = date.fromisoformat(again)
    except ValueError:
        raise BadInput(f"{again!r} is no date", field="again", remedy="Write it as 2027-12-01.") from None
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        chosen = version or _newest(versions.newest(session, owner))
        row = versions.review(built, session, owner, chosen, user(by), on)
        out.print(f"version {row.version}: next review on {row.review_on}", highlight=False)


@app.command("file")
def file_(
    target: Annotated[Path, typer.Option("--out", help="The file to write.")],
    form: Annotated[Form, typer.Option("--as", help="Markdown, PDF or JSON.")] = Form.MD,
    language: Annotated[str, typer.Option(help="en or de; JSON has no language.")] = "en",
    version: Version = 0,
) -> None:
    """Write a version as a file to read or hand over."""
    with world() as built, built.db.read() as session:
        owner = controller(built, session)
        chosen = version or _newest(versions.newest(session, owner))
        held = versions.told_of(versions.find(session, owner, chosen))
    match form:
        case Form.JSON:
            target.write_bytes(held)
        case Form.PDF:
            target.write_bytes(letters.record(held, language))
        case Form.MD:
            target.write_text(letters.markdown(held, language), "utf-8")
    out.print(f"{target}: version {chosen}", highlight=False)


def _newest(row: ProcessingRecord | None) -> int:
    if row is None:
        raise BadInput("is not there yet", field="version", remedy="Write one with `hub record keep`.")
    return row.version
