# SPDX-License-Identifier: Apache-2.0
"""The file on a provider (Art. 28 GDPR): fill in, attach, approve, suspend. Without a valid one nothing is sent."""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table
from sqlmodel import Session

from hub.cli.session import controller, out, user, world
from hub.contract import BadInput, ProcessorProfile, Provider
from hub.flows import accounts, switching
from hub.flows.processor import form, known, papers, standing, versions, writing
from hub.flows.processor.form import Check, Status
from hub.flows.processor.points import POINTS
from hub.flows.world import World
from hub.store.tables import Connection, ProcessorRecord, RouteSwitch

app = typer.Typer(
    no_args_is_help=True, help="Files on providers (Art. 28 GDPR): without an approved, complete one nothing is sent."
)
Name = Annotated[str, typer.Argument(help="The provider connection.")]
By = Annotated[str, typer.Option("--by", help="Who answers for this; else the name of the login.")]
Why = Annotated[str, typer.Option("--why", help="The reason; it stands in the file.")]


def provider(built: World, session: Session, name: str) -> Connection:
    """Raises `BadInput` for a CRM, which sends nothing."""
    found = accounts.find_connection(session, controller(built, session), name)
    if not issubclass(built.registry.get(found.connector), Provider):
        raise BadInput(f"{found.title} sends nothing", field="connection", remedy="Name a provider.")
    return found


def _profile(built: World, connection: Connection) -> ProcessorProfile:
    cls = built.registry.get(connection.connector)
    assert issubclass(cls, Provider)
    return cls.profile


@app.command("form")
def form_(connection: Name) -> None:
    """Print the file as TOML to fill in, with what is publicly known beside it. Save it: `... > provider.toml`."""
    with world() as built, built.db.read() as session:
        found = provider(built, session, connection)
        said = versions.form_of(versions.newest(session, found.id))
        typer.echo(writing.toml(said, _profile(built, found), found.title, connection), nl=False)


@app.command("file")
def file_(
    connection: Name,
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The form, filled in.")],
    by: By = "",
) -> None:
    """File a form as a new draft. What is in force stays so until the draft is approved."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8", field="file", remedy="Save the file as UTF-8.") from None
    said = form.parse(text)
    with world() as built, built.db.write() as session:
        found = provider(built, session, connection)
        _told(built, session, found, versions.draft(built, session, found, said, user(by)))


@app.command()
def tick(
    connection: Name,
    points: Annotated[list[str], typer.Argument(help="Ids of points, as dpa-a; patterns such as 'dpa-*' fit several.")],
    evidence: Annotated[str, typer.Option(help="Where it can be seen: clause, page, document.")] = "",
    status: Annotated[Status, typer.Option(help="What was found.")] = Status.OK,
    note: Annotated[str, typer.Option(help="Anything else.")] = "",
    by: By = "",
) -> None:
    """Answer points, as a new draft: signed with your name and today."""
    chosen = [name for name in POINTS if any(fnmatchcase(name, pattern) for pattern in points)]
    strange = [one for one in points if not any(fnmatchcase(name, one) for name in POINTS)]
    if strange:
        raise BadInput(f"{strange[0]!r} is none", field="point", remedy=f"There are: {', '.join(POINTS)}.")
    with world() as built, built.db.write() as session:
        found = provider(built, session, connection)
        check = Check(status=status, evidence=evidence, note=note)
        _told(built, session, found, versions.tick(built, session, found, chosen, check, user(by)))


@app.command()
def attach(
    connection: Name,
    documents: Annotated[list[str], typer.Argument(help=f"KIND=FILE, with one of: {', '.join(papers.KINDS)}.")],
    expires: Annotated[str, typer.Option(help="Until when they hold, YYYY-MM-DD.")] = "",
    by: By = "",
) -> None:
    """Keep documents with the file, sealed and by their hash, as a new draft."""
    read = [_document(one) for one in documents]
    until = _date("expires", expires) if expires else None
    with world() as built, built.db.write() as session:
        found, name = provider(built, session, connection), user(by)
        owner = found.controller_id
        kept = [
            papers.keep(built, session, owner, kind, path.name, body, reviewer=name, expires_on=until)
            for kind, path, body in read
        ]
        said = versions.form_of(versions.newest(session, found.id))
        _told(built, session, found, versions.draft(built, session, found, said, name, kept))
    for one in kept:
        out.print(f"  {one['kind']}: {one['name']}, SHA-256 {one['sha256']}", highlight=False, markup=False)


def _document(text: str) -> tuple[str, Path, bytes]:
    kind, _, name = text.partition("=")
    if kind not in papers.KINDS or not name:
        raise BadInput(f"{text!r} is incomplete", field="paper", remedy="Write KIND=FILE, as dpa=contract.pdf.")
    try:
        return kind, Path(name), Path(name).read_bytes()
    except OSError as error:
        raise BadInput(f"cannot be read ({type(error).__name__})", field="paper", remedy="Name a file.") from None


def _date(field: str, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise BadInput(f"{value!r} is no date", field=field, remedy="Write YYYY-MM-DD.") from None


@app.command()
def paper(
    connection: Name,
    sha256: Annotated[str, typer.Argument(help="The document's hash, or its first 8 characters or more.")],
    to: Annotated[Path, typer.Option("--out", dir_okay=False, help="Where to write it; nothing is written over.")],
) -> None:
    """Write a kept document out again, as it was attached."""
    with world() as built, built.db.read() as session:
        found = provider(built, session, connection)
        kept = {one["sha256"] for row in versions.every(session, found.id) for one in row.papers}
        fitting = [one for one in kept if len(sha256) >= 8 and one.startswith(sha256)]
        body = papers.read(built, session, found.controller_id, fitting[0] if len(fitting) == 1 else sha256)
    try:
        with to.open("xb") as file:
            file.write(body)
    except OSError as error:
        raise BadInput(f"cannot be written ({type(error).__name__})", field="out", remedy="Name a new file.") from None
    out.print(f"{to}: {len(body)} bytes", highlight=False)


@app.command()
def approve(connection: Name, by: By = "") -> None:
    """Let the newest version count from now on, or say exactly what is missing."""
    with world() as built, built.db.write() as session:
        found = provider(built, session, connection)
        _told(built, session, found, versions.approve(built, session, found, user(by)))


@app.command()
def suspend(connection: Name, why: Why, by: By = "") -> None:
    """Send nothing through this provider any more, from the next decision on."""
    with world() as built, built.db.write() as session:
        found = provider(built, session, connection)
        _told(built, session, found, versions.suspend(built, session, found, user(by), why))
        _left(switching.leave(built, session, found))


@app.command()
def reopen(connection: Name, why: Why, by: By = "") -> None:
    """Take an approval back: nothing is sent until the file is approved again."""
    with world() as built, built.db.write() as session:
        found = provider(built, session, connection)
        _told(built, session, found, versions.reopen(built, session, found, user(by), why))
        _left(switching.leave(built, session, found))


@app.command()
def end(connection: Name, why: Why, by: By = "") -> None:
    """The contract is over: the provider is not used any more."""
    with world() as built, built.db.write() as session:
        found = provider(built, session, connection)
        _told(built, session, found, versions.end(built, session, found, user(by), why))
        _left(switching.leave(built, session, found))


@app.command("stop-transfer")
def stop_transfer(
    connection: Name,
    transfer: Annotated[str, typer.Argument(help="COUNTRY:TOOL, such as US:A45-3.")],
    why: Why,
    by: By = "",
) -> None:
    """The kill switch of one file: a tool carries nothing more; a fallback on file does. For all files: the policy."""
    to, _, tool = transfer.partition(":")
    with world() as built, built.db.write() as session:
        found = provider(built, session, connection)
        _told(built, session, found, versions.stop_transfer(built, session, found, tool, to.upper(), user(by), why))


def _told(built: World, session: Session, connection: Connection, record: ProcessorRecord) -> None:
    out.print(f"File on {connection.title}: version {record.version}, {record.state}.", highlight=False)
    now = standing.of(session, connection.id, built.now())
    if now.missing and record.state == "draft":
        out.print(f"{len(now.missing)} things are missing before it can be approved: `hub processor show`.")
    if now.version != record.version:
        out.print(f"In force: version {now.version}, {now.state}.", highlight=False)


def _left(fallen: list[RouteSwitch]) -> None:
    for one in fallen:
        out.print(f"Fallen back to another number: {len(one.campaigns)} campaigns. See `hub route show`.")


@app.command()
def show(
    connection: Name,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show how a file stands: what counts, what was checked by whom, what is missing, what is only known."""
    with world() as built, built.db.read() as session:
        found = provider(built, session, connection)
        now, record = standing.of(session, found.id, built.now()), versions.newest(session, found.id)
        if json:
            typer.echo(orjson.dumps(_plain(now, record), option=orjson.OPT_INDENT_2))
        else:
            _print(found, now, record, _profile(built, found))


def _plain(now: standing.Standing, record: ProcessorRecord | None) -> dict[str, Any]:
    plain = {name: getattr(now, name) for name in standing.Standing.__slots__}
    return {**plain, "file": record.file if record else {}, "papers": record.papers if record else []}


def _print(
    connection: Connection, now: standing.Standing, record: ProcessorRecord | None, profile: ProcessorProfile
) -> None:
    until = f", until {now.valid_until:%Y-%m-%d}" if now.valid_until else ""
    out.print(f"[bold]{connection.title}[/]: version {now.version or '-'} {now.state}{until}", highlight=False)
    if now.newest != now.version:
        out.print(f"Newest: version {now.newest}, draft.", highlight=False)
    said = versions.form_of(record)
    table = Table("point", "status", "evidence", "who, when")
    for name in POINTS:
        check = said.check(name)
        table.add_row(name, check.status, check.evidence, f"{check.reviewer} {check.checked_on or ''}".strip())
    out.print(table)
    for one in record.papers if record else ():
        expires = f", until {one['expires_on']}" if one["expires_on"] else ""
        who = f"{one['reviewer']}, {one['added_on']}"
        out.print(f"{one['kind']}: {one['name']} {one['sha256'][:16]} ({who}{expires})", highlight=False, markup=False)
    for line in now.running_out:
        out.print(f"[yellow]{line}[/]", highlight=False)
    for line in now.missing:
        out.print(f"missing: {line}", highlight=False, markup=False)
    topics = dict.fromkeys(point.topic for point in POINTS.values())
    facts = [f"{topic}: {known.line(fact)}" for topic in topics for fact in known.facts(profile, topic)]
    if facts:
        out.print("Known, and checked by nobody here:")
    for line in facts:
        out.print(f"  {line}", highlight=False, markup=False)
