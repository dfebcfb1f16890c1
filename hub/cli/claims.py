# SPDX-License-Identifier: Apache-2.0
"""What a CRM's own fields mean: approved mappings, tried before they count, and the texts that were shown elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from sqlmodel import Session

from hub.cli import mapping_wizard, shown_texts, trials
from hub.cli.session import controller, crew, out, world
from hub.contract import BadInput, Channel, Crm
from hub.flows import accounts, mappings
from hub.flows.world import World
from hub.store.tables import Connection

claims = typer.Typer(no_args_is_help=True, help="What a CRM's own fields say about consent: claims, until proved.")

EXAMPLE = """\
# Which fields of the CRM say what. Leave out a part that your CRM does not have: its consents then stay claims.
# A value that is not listed here means nothing.

[consent]
property = "whatsapp_opt_in"
expression = "express_statement"   # how people say yes: express_statement, affirmative_act, implied, opt_out_not_used
yes = ["true"]
no = []                            # only values by which a person says no; an empty tick is not one

[time]                             # when the person acted
property = "whatsapp_opt_in_at"
zone = "Europe/Berlin"             # of times that name no zone

[wording]                          # which text was shown; register texts with `hub claims wording`
property = "whatsapp_opt_in_text"
versions = { "form 2026-03" = "1" }  # value in the CRM = version of the wording here, or its SHA-256

[channel]                          # for which channel, where the CRM keeps it apart
property = "opt_in_channel"
values = { "WhatsApp" = "whatsapp", "E-Mail" = "email" }

[point]                            # for which number it was given; it must be the number of the record
property = "whatsapp_opt_in_number"

[verification]                     # how it was shown that the holder of that number said yes
property = "whatsapp_confirmed_at"
kind = "confirmed_at"              # confirmed_at, inbound_message (its id), email_confirmed_at

[basis]                            # legal bases by the names your CRM gives them; all others are UNKNOWN
property = "legal_basis"
names = { "Vertrag" = "CONTRACT", "Einwilligung" = "CONSENT", "Interessent" = "LEGITIMATE_INTEREST" }
"""

Name = Annotated[str, typer.Argument(metavar="CONNECTION", help="The CRM: its connector, title or id.")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A mapping, see `hub claims example`.")]


Language = Annotated[str, typer.Option(help="Of what is missing: de or en.")]


def register(app: typer.Typer) -> None:
    app.add_typer(claims, name="claims")


@claims.command()
def example() -> None:
    """Print a mapping with every part explained, to be changed and saved."""
    typer.echo(EXAMPLE, nl=False)


@claims.command("map")
def map_(
    connection: Name,
    file: File,
    by: Annotated[str, typer.Option(help="Who approves that the fields mean this.")],
) -> None:
    """Approve a mapping as a new version. The CRM is then read anew from its start.

    A consent counts only with all of its proof; everything else stays a claim, and `hub why` says what it lacks.
    """
    with world() as built, crew(built) as hands:
        found, text = _crm(built, connection), shown_texts.read(file)
        known = hands.jobs.properties(found)
        with built.db.write() as session:
            here = session.get_one(Connection, found.id)
            row = mappings.approve(built, session, controller(built, session), here, text, by, known)
        out.print(f"{found.title}: mapping version {row.version}, SHA-256 {row.sha256}", highlight=False)
        if not known:
            out.print("[yellow]This CRM cannot list its fields: check their names with `hub claims preview`.[/]")
        out.print(f"Next: `hub sync {found.connector}`.")


@claims.command("wizard")
def wizard_(
    connection: Name,
    by: Annotated[str, typer.Option(help="Who approves that the fields mean this; asked for otherwise.")] = "",
    file: Annotated[
        Path | None,
        typer.Option("--out", dir_okay=False, help="Write the answers to this file, for `hub claims map`."),
    ] = None,
    language: Language = "en",
) -> None:
    """Map the CRM's consent fields in a dialogue, see on a sample of 100 records what that means, and save it or not.

    Fields are proposed by their kind and name. Leaving at any point, also with Ctrl-C, saves no mapping; a text that
    was registered on the way stays.
    """
    with world() as built, crew(built) as hands:
        mapping_wizard.run(built, hands, _crm(built, connection), by, file, language)


@claims.command()
def preview(connection: Name, file: File, language: Language = "en") -> None:
    """Show on a sample of up to 100 records of the CRM what a mapping would mean. Nothing is stored."""
    with world() as built, crew(built) as hands:
        found, text = _crm(built, connection), shown_texts.read(file)
        known = hands.jobs.properties(found)
        with built.db.read() as session:
            mapped = mappings.check(session, controller(built, session), mappings.read(text), known)
        trial = hands.jobs.try_mapping(found, mapped)
    trials.show(found.title, trial, language)


@claims.command("list")
def list_() -> None:
    """List every version of every mapping; `*` marks those that count."""
    with world() as built, built.db.read() as session:
        rows = mappings.versions(session, controller(built, session))
        newest = {row.connection_id: row.id for row in rows}
        table = Table("", "connection", "version", "approved by", "at", "SHA-256")
        for row in rows:
            title = session.get_one(Connection, row.connection_id).title
            mark = "*" if newest[row.connection_id] == row.id and row.text else ""
            hash_ = row.sha256 if row.text else "removed"
            table.add_row(mark, title, str(row.version), row.approved_by, row.approved_at.isoformat(), hash_)
    out.print(table)


@claims.command()
def show(
    connection: Name,
    version: Annotated[int, typer.Option(min=0, help="An earlier version; 0: the one that counts.")] = 0,
) -> None:
    """Print a mapping as it was approved."""
    with world() as built, built.db.read() as session:
        owner = controller(built, session)
        found = accounts.find_connection(session, owner, connection)
        mine = [row for row in mappings.versions(session, owner) if row.connection_id == found.id]
        chosen = [row for row in mine if row.version == version] if version else mine[-1:]
        if not chosen:
            raise BadInput("there is no such mapping", field="version", remedy="See `hub claims list`.")
        typer.echo(chosen[0].text, nl=False)


@claims.command()
def remove(
    connection: Name,
    by: Annotated[str, typer.Option(help="Who answers for it.")],
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Also revoke every consent that mappings of this CRM have written.")
    ] = False,
) -> None:
    """Map nothing of this CRM any more. Consents that were written stay, unless they are revoked too."""
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        found = accounts.find_connection(session, owner, connection)
        row = mappings.remove(built, session, owner, found, by)
        count = mappings.revoke(built, session, owner, found, by) if revoke else 0
        out.print(f"{found.title}: version {row.version} maps nothing.", highlight=False)
        if revoke:
            out.print(f"{count} consents are revoked.")


@claims.command()
def wording(
    text: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The text, word for word, in UTF-8.")],
    topic: Annotated[list[str], typer.Option(help="What it names as the subject of messages; repeat for several.")],
    shown_from: Annotated[str, typer.Option(help="First day on which it was shown, YYYY-MM-DD.")],
    channel: Annotated[list[Channel], typer.Option(help="Channel that the text names; repeat for several.")] = [  # noqa: B006
        Channel.WHATSAPP
    ],
    language: Annotated[str, typer.Option(help="Of the text, as an ISO 639 code.")] = "de",
) -> None:
    """Register a consent text that was shown elsewhere, so that a mapping can name it."""
    with world() as built, built.db.write() as session:
        shown_texts.register(built, session, text, topic, shown_from, channel, language)


def _crm(built: World, name: str) -> Connection:
    """Raises `BadInput` for a provider."""
    with built.db.read() as session:
        found = _named(built, session, name)
    if not issubclass(built.registry.get(found.connector), Crm):
        raise BadInput(f"{found.title} is no CRM", field="connection", remedy="Name a CRM connection.")
    return found


def _named(built: World, session: Session, name: str) -> Connection:
    return accounts.find_connection(session, controller(built, session), name)
