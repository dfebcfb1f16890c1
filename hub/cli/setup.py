# SPDX-License-Identifier: Apache-2.0
"""Set up: controller, connections, senders, processor files, templates, plugins."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, get_origin

import typer
from pydantic import BaseModel
from rich.table import Table
from sqlmodel import Session, col, select

from hub.cli.session import controller, crew, out, settings, world
from hub.contract import BadInput, Crm, Provider
from hub.flows import accounts, quarantine
from hub.flows.world import World
from hub.plugins import load
from hub.store import vault
from hub.store.tables import Connection, SyncProblem, SyncRun


def register(app: typer.Typer) -> None:
    app.command()(init)
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})(
        connect
    )
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(change)
    app.command()(assessment)
    app.command()(sender)
    app.command()(processor)
    app.command()(templates)
    app.command()(sync)
    app.command()(plugins)


def init(
    controller_name: Annotated[str, typer.Option("--controller", help="Legal name of the company.")] = "",
    country: Annotated[str, typer.Option(help="Where it is established, ISO 3166-1 alpha-2.")] = "DE",
    print_keys: Annotated[bool, typer.Option("--print-keys", help="Only print a new key ring for HUB_KEYS.")] = False,
) -> None:
    """Make the database, the key ring and the controller (Verantwortlicher)."""
    if print_keys:
        out.print(vault.generate(), highlight=False)
        return
    with world() as built, built.db.write() as session:
        made = accounts.make_controller(built, session, controller_name, country)
        out.print(f"Controller {made.name} ({made.country}) is set up.")
    if not built.settings.keys.get_secret_value():
        out.print(f"Keys are in {built.settings.data_dir / 'keys'}: back them up apart from the database.")
    out.print("Next: `hub connect CONNECTOR --help`, with one of `hub plugins`.")


def connect(
    context: typer.Context,
    connector: Annotated[str, typer.Argument(help="Name of a plugin, see `hub plugins`.")] = "",
) -> None:
    """Connect an account. Settings follow as --name value; `hub connect CONNECTOR --help` lists them."""
    given = list(context.args)
    if connector in ("", "--help") or "--help" in given:
        _connect_help(connector if connector != "--help" else "")
        return
    values = _options(given)
    title = values.pop("title", "")
    with world() as built, crew(built) as hands:
        with built.db.write() as session:
            owner = controller(built, session)
            config = _typed(built.registry.get(connector).Config, values)
            connection = accounts.connect(built, session, owner, connector, config, title)
        with built.db.read() as session:
            live = accounts.open_connector(built, connection, hands.bridge.http)
        health = hands.bridge.run(live.check)
        out.print(f"[bold]{connection.title}[/] is connected as {connection.id}.", highlight=False)
        out.print(("[green]Works:[/] " if health.ok else "[yellow]Check:[/] ") + health.detail, highlight=False)
        if health.ok:
            for line in hands.bridge.run(live.prepare):
                out.print(f"  {line}", highlight=False)
        if isinstance(live, Provider):
            out.print(f"Webhook URL for the vendor: {accounts.webhook_url(built, connection)}", highlight=False)
            out.print("Next: `hub sender`, `hub processor`, `hub templates`.")
        elif isinstance(live, Crm):
            out.print(f"Next: `hub sync {connector}`.")


def change(
    context: typer.Context,
    connection: Annotated[str, typer.Argument(help="The connection.")],
) -> None:
    """Change settings of a connection (--name value), look whether it works, and use it again if it was paused."""
    values = _options(list(context.args))
    with world() as built, crew(built) as hands:
        with built.db.write() as session:
            found = accounts.find_connection(session, controller(built, session), connection)
            if values:
                cls = built.registry.get(found.connector)
                accounts.change(built, session, found, _typed(cls.Config, values))
        live = accounts.open_connector(built, found, hands.bridge.http)
        health = hands.bridge.run(live.check)
        out.print(("[green]Works:[/] " if health.ok else "[yellow]Does not work:[/] ") + health.detail, highlight=False)
        if not health.ok:
            raise typer.Exit(1)
        with built.db.write() as session:
            accounts.resume(session, session.get_one(Connection, found.id))
        out.print(f"{found.title} is in use.", highlight=False)


def assessment(
    reference: Annotated[str, typer.Argument(help="Your reference of the assessment, e.g. LIA-2026-03.")],
    disclosed: Annotated[
        bool, typer.Option("--disclosed", help="The interest was named when the data were collected (C-394/23).")
    ] = False,
) -> None:
    """Record the legitimate-interest assessment on which records of prospects are stored. It carries no advertising."""
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        owner.li_assessment, owner.li_disclosed = reference, disclosed
        session.add(owner)
        out.print(
            f"{owner.name} stores prospects on {reference}{'' if disclosed else ', not disclosed: not in use yet'}."
        )


def _typed(config: type[BaseModel], values: dict[str, str]) -> dict[str, Any]:
    """Lists are written with commas."""
    lists = {n for n, info in config.model_fields.items() if get_origin(info.annotation) in (tuple, list, frozenset)}
    return {name: value.split(",") if name in lists else value for name, value in values.items()}


def _options(given: list[str]) -> dict[str, str]:
    """`--name value` and `--name=value`; a value may be `env:VARIABLE` or `@file`, to keep secrets off the line."""
    values: dict[str, str] = {}
    words = iter(given)
    for word in words:
        if not word.startswith("--"):
            raise BadInput(f"{word!r} stands alone", field="settings", remedy="Write --name value.")
        name, separator, value = word[2:].partition("=")
        if not separator:
            value = next(words, "")
        values[name.replace("-", "_")] = value_of(name, value)
    return values


def value_of(name: str, value: str) -> str:
    """What was typed, or what `env:VARIABLE` or `@file` holds. Raises `BadInput`."""
    if value.startswith("env:"):
        found = os.environ.get(value[4:])
        if found is None:
            raise BadInput(f"the variable {value[4:]} is not set", field=name, remedy="Set it, or give the value.")
        return found
    if value.startswith("@"):
        try:
            return Path(value[1:]).read_text().strip()
        except OSError:
            raise BadInput(f"cannot read {value[1:]}", field=name, remedy="Give a file that exists.") from None
    return value


def _connect_help(connector: str) -> None:
    registry = load()
    if not connector:
        out.print("Usage: hub connect CONNECTOR --name value ...   Connectors: " + ", ".join(registry.connectors))
        return
    cls = registry.get(connector)
    table = Table(title=f"hub connect {connector}: settings of {cls.title}")
    for heading in ("option", "needed", "default", "what it is"):
        table.add_column(heading)
    config: type[BaseModel] = cls.Config
    for name, info in config.model_fields.items():
        default = "" if info.is_required() else str(info.get_default(call_default_factory=True))
        table.add_row(
            f"--{name.replace('_', '-')}", "yes" if info.is_required() else "", default, info.description or ""
        )
    out.print(table)
    out.print("A value may be env:VARIABLE or @file, so that secrets stay off the command line.")


def _provider(built: World, session: Session, name: str) -> Connection:
    """Raises `BadInput` for a CRM, which sends nothing."""
    found = accounts.find_connection(session, controller(built, session), name)
    if not issubclass(built.registry.get(found.connector), Provider):
        raise BadInput(f"{found.title} sends nothing", field="connection", remedy="Name a provider.")
    return found


def sender(
    connection: Annotated[str, typer.Argument(help="The provider connection.")],
    vendor_id: Annotated[str, typer.Option("--id", help="The vendor's id of the number.")],
    number: Annotated[str, typer.Option(help="The number itself, with country code.")],
    rate: Annotated[int, typer.Option(help="Messages per second the vendor allows.")] = 80,
) -> None:
    """Add a WhatsApp number to send from."""
    with world() as built, built.db.write() as session:
        found = _provider(built, session, connection)
        made = accounts.add_sender(session, found, vendor_id, number, rate=rate)
        out.print(f"Sender {made.number} added to {found.title}.", highlight=False)


def processor(
    connection: Annotated[str, typer.Argument(help="The provider connection.")],
    reviewer: Annotated[str, typer.Option(help="Who checked the documents.")],
    dpa_signed: Annotated[str, typer.Option(help="Date of the signed contract under Art. 28 GDPR, YYYY-MM-DD.")] = "",
    valid_until: Annotated[str, typer.Option(help="Next review, YYYY-MM-DD.")] = "",
    transfer: Annotated[
        list[str], typer.Option(help="Third-country transfer COUNTRY:TOOL:VALID-UNTIL, e.g. US:A45-3:2027-06-30.")
    ] = [],  # noqa: B006
    subprocessors_approved: Annotated[bool, typer.Option(help="The list of sub-processors was approved.")] = False,
    approve: Annotated[bool, typer.Option(help="Approve this version; a draft sends nothing.")] = False,
    paper: Annotated[
        list[str], typer.Option(help="A document that was checked, as KIND=FILE: dpa, toms, tia, certificate or other.")
    ] = [],  # noqa: B006
    note: Annotated[str, typer.Option(help="What was checked, and where the evidence lies.")] = "",
) -> None:
    """File what was checked about a provider (Art. 28). A provider without an approved, complete file sends nothing."""
    with world() as built, built.db.write() as session:
        found = _provider(built, session, connection)
        record = accounts.file_processor(
            built,
            session,
            found,
            reviewer=reviewer,
            dpa_signed_on=_date("dpa-signed", dpa_signed) if dpa_signed else None,
            valid_until=_end("valid-until", valid_until) if valid_until else None,
            transfers=[_transfer(one) for one in transfer],
            subprocessors_approved=subprocessors_approved,
            approve=approve,
            papers=[_paper(one) for one in paper],
            note=note,
        )
        out.print(f"File on {found.title}: version {record.version}, {record.state}.", highlight=False)


def _paper(text: str) -> dict[str, str]:
    """Only the name and hash are kept: enough to show later which document was checked."""
    kind, _, name = text.partition("=")
    if kind not in ("dpa", "toms", "tia", "certificate", "other") or not name:
        raise BadInput(f"{text!r} is incomplete", field="paper", remedy="Write KIND=FILE, as toms=toms-2026.pdf.")
    try:
        sha256 = hashlib.sha256(Path(name).read_bytes()).hexdigest()
    except OSError as error:
        raise BadInput(f"cannot be read ({type(error).__name__})", field="paper", remedy="Name a file.") from None
    return {"kind": kind, "name": Path(name).name, "sha256": sha256}


def _date(field: str, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise BadInput(f"{value!r} is no date", field=field, remedy="Write YYYY-MM-DD.") from None


def _end(field: str, value: str) -> datetime:
    return datetime.combine(_date(field, value), time.max, UTC)


def _transfer(text: str) -> dict[str, Any]:
    parts = text.split(":")
    if len(parts) not in (3, 4):
        raise BadInput(
            f"{text!r} is incomplete", field="transfer", remedy="Write COUNTRY:TOOL:VALID-UNTIL[:TIA-REVIEW-AT]."
        )
    found = {"to": parts[0].upper(), "tool": parts[1], "valid_until": _end("transfer", parts[2]).isoformat()}
    if len(parts) == 4:
        found["tia_review_at"] = _end("transfer", parts[3]).isoformat()
    return found


def templates(connection: Annotated[str, typer.Argument(help="The provider connection.")]) -> None:
    """Read the templates of a provider account."""
    with world() as built, crew(built) as hands:
        with built.db.read() as session:
            found = accounts.find_connection(session, controller(built, session), connection)
        count = hands.jobs.templates(found.id)
        out.print(f"{count} templates of {found.title} are known now.", highlight=False)


def sync(
    connection: Annotated[str, typer.Argument(help="The CRM connection.")],
    problems: Annotated[int, typer.Option(help="How many unusable records to list.")] = 20,
) -> None:
    """Read contacts from a CRM. Who has no basis is counted, not stored."""
    with world() as built, crew(built) as hands:
        with built.db.read() as session:
            found = accounts.find_connection(session, controller(built, session), connection)
        with out.status("reading ...") as status:
            run = hands.jobs.sync(found.id, lambda r: status.update(f"{r.seen} seen, {r.admitted} admitted"))
        if run is None:
            out.print("Another process is syncing this connection; look again in a moment.")
            raise typer.Exit(1)
        _show_run(found, run)
        with built.db.read() as session:
            rows = session.exec(
                select(SyncProblem).where(SyncProblem.run_id == run.id).order_by(col(SyncProblem.id)).limit(problems)
            ).all()
        for row in rows:
            out.print(f"  {row.place}, {row.field}: {row.why}", highlight=False)
        unusable = run.excluded.get("SUBJECT_UNRESOLVED", 0)
        if unusable > len(rows):
            out.print(f"  ... {unusable - len(rows)} more; see them with --problems {unusable}.")
        with built.db.read() as session:
            for batch in quarantine.batches(session, controller(built, session)):
                out.print(f"[yellow]{batch.people} opt-ins wait for a person:[/] `hub quarantine show {batch.id}`")
    if run.error:
        raise typer.Exit(1)


def _show_run(connection: Connection, run: SyncRun) -> None:
    table = Table(title=f"Sync of {connection.title}", show_header=False)
    table.add_row("seen", str(run.seen))
    table.add_row("admitted", str(run.admitted))
    table.add_row("unchanged", str(run.unchanged))
    for reason, count in sorted(run.excluded.items()):
        table.add_row(f"excluded: {reason}", str(count))
    for note, count in sorted(run.notes.items()):
        table.add_row(f"note: {note}", str(count))
    if run.error:
        table.add_row("stopped by", run.error)
    out.print(table)


def plugins() -> None:
    """List connectors and what they can do; broken ones with their error."""
    settings()
    registry = load()
    table = Table(title="Connectors")
    for heading in ("name", "title", "kind", "from", "can"):
        table.add_column(heading)
    for name, cls in sorted(registry.connectors.items()):
        provider = issubclass(cls, Provider)
        can = ", ".join(sorted(cls.can)) if issubclass(cls, Provider) else ""
        table.add_row(name, cls.title, "provider" if provider else "CRM", registry.origin[name], can)
    out.print(table)
    for broken in registry.broken:
        out.print(f"[bold red]broken[/] {broken.name}: {broken.error}", highlight=False)
    if registry.broken:
        raise typer.Exit(1)
