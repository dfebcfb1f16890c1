# SPDX-License-Identifier: Apache-2.0
"""Policies: their versions, what differs between them, and what another one would have decided."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from hub.cli.session import controller, out, world
from hub.contract import BadInput
from hub.flows import policies
from hub.flows.replay import Tally
from hub.flows.replay import replay as decide_again
from hub.law import policies as packaged
from hub.law.differences import differences

policy_app = typer.Typer(no_args_is_help=True, help="The rules: versions, differences, and replay of past decisions.")
Name = Annotated[str, typer.Argument(help="NAME or NAME@VERSION that was loaded, a packaged name, or a .toml file.")]


def register(app: typer.Typer) -> None:
    app.add_typer(policy_app, name="policy")


@policy_app.command("list")
def list_() -> None:
    """List packaged profiles and loaded versions; the active one is marked."""
    with world() as built, built.db.read() as session:
        owner = controller(built, session)
        deciding = policies.active(session, owner.id, built.now())
        for row in policies.versions(session, owner):
            mark = "*" if deciding is not None and row.id == deciding.id else " "
            since = f", active from {row.active_from:%Y-%m-%d %H:%M}" if row.active_from else ""
            loaded = f"loaded by {row.loaded_by}, {row.loaded_at:%Y-%m-%d}{since}"
            out.print(f"{mark} {row.name}@{row.version}  {row.sha256[:16]}  {loaded}", highlight=False, markup=False)
        for name in packaged.names():
            policy = packaged.load(name)
            mark = "*" if deciding is None and built.policy == policy else " "
            out.print(f"{mark} {name}@{policy.version}  {policy.sha256[:16]}  packaged", highlight=False)


@policy_app.command()
def show(name: Name) -> None:
    """Print a policy as it stands in its file."""
    with world() as built, built.db.read() as session:
        _, text = policies.find(session, controller(built, session), name)
    typer.echo(text, nl=False)


@policy_app.command()
def load(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A TOML file.")],
    by: Annotated[str, typer.Option(help="Who answers for it.")],
) -> None:
    """Check a policy and keep it as a version. It decides nothing before `hub policy activate`."""
    with world() as built, built.db.write() as session:
        row = policies.load(session, controller(built, session), file.read_bytes(), by, built.now())
    out.print(f"{row.name}@{row.version}  {row.sha256}", highlight=False)


@policy_app.command()
def activate(name: Annotated[str, typer.Argument(help="NAME or NAME@VERSION that was loaded.")]) -> None:
    """Let a loaded version decide from now on. Running workers follow within seconds."""
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        row = policies.find_version(session, owner, name)
        policies.activate(session, owner, row, built.now())
    out.print(f"{row.name}@{row.version} decides from now on.", highlight=False)


@policy_app.command()
def compare(before: Name, after: Name) -> None:
    """Print every setting that differs, with its meaning."""
    with world() as built, built.db.read() as session:
        owner = controller(built, session)
        found = differences(*(policies.find(session, owner, name)[0] for name in (before, after)))
    for item in found:
        out.print(f"[bold]{item.path}[/]  {item.before} -> {item.after}\n  {item.meaning}", highlight=False)
    if not found:
        out.print("No setting differs.")


@policy_app.command()
def replay(
    policy: Annotated[str, typer.Option(help="Another policy than each decision was made under.")] = "",
    since: Annotated[str, typer.Option(help="Only decisions since this date, as 2026-11-01.")] = "",
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = os.cpu_count() or 1,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Decide past sends and refusals again. Exit code 1 if the same policy gives another answer than recorded."""
    with world() as built:
        with built.db.read() as session:
            owner = controller(built, session)
            other = policies.find(session, owner, policy)[0] if policy else None
        tally = decide_again(built.db, owner.id, policy=other, since=_date(since), workers=workers)
    if json:
        typer.echo(orjson.dumps(as_json(tally, other.id if other else ""), option=orjson.OPT_INDENT_2))
    else:
        _print(tally)
    if other is None and tally.same != tally.decisions:
        raise typer.Exit(1)


def as_json(tally: Tally, policy: str) -> dict[str, Any]:
    """A tally as the command prints it."""
    return {
        "policy": policy or "as recorded",
        "decisions": tally.decisions,
        "same": tally.same,
        "flips": tally.flips,
        "unreadable": dict(tally.unreadable),
        "changes": [
            {**turn._asdict(), "flips": turn.flips, "count": count, "examples": tally.examples[turn]}
            for turn, count in tally.turns.most_common()
        ],
    }


def _print(tally: Tally) -> None:
    out.print(f"{tally.decisions} decisions made again: {tally.same} the same, {tally.flips} flipped.", highlight=False)
    for why, count in tally.unreadable.items():
        out.print(f"{count} cannot be decided again: {why}", highlight=False)
    for turn, count in tally.turns.most_common():
        out.print(f"\n[bold]{count}[/]  {turn.was} {turn.was_reason} -> {turn.now} {turn.now_reason}", highlight=False)
        for example in tally.examples[turn]:
            reasons = f"{', '.join(example.was)} -> {', '.join(example.now)}"
            out.print(f"  {example.decision}  {reasons}", highlight=False)


def _date(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is no date", field="since", remedy="Write it as 2026-11-01.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
