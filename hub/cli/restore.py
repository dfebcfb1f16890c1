# SPDX-License-Identifier: Apache-2.0
"""Restore: what a database from a backup has lost, and how its stops come back before anything is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress
from sqlmodel import col, select

from hub.cli.session import controller, err, find_campaign, out, world
from hub.contract import BadInput
from hub.flows import restore, standstill
from hub.flows.loss import Loss, survey
from hub.flows.restore import Replayed
from hub.flows.world import World
from hub.store.journal import Journal
from hub.store.tables import Controller

app = typer.Typer(no_args_is_help=True, help="After the database came back from a backup.")

Journals = Annotated[
    list[Path], typer.Option("--journal", help="Also read this journal directory, copied from another machine.")
]


def register(parent: typer.Typer) -> None:
    parent.add_typer(app, name="restore")


@app.command()
def status(journal: Journals = []) -> None:  # noqa: B006
    """Say what the database has lost, as the journal knows it. Exit code 1 while a controller decides nothing."""
    behind = False
    with world() as built, _readable():
        others = _journals(journal)
        everyone = _controllers(built)
        for owner in everyone:
            with built.db.read() as session:
                loss = survey(session, owner.id, restore.sources(built, others))
                waiting = [campaign.title for campaign in standstill.paused(session, owner.id)]
            behind |= loss.behind
            _show(owner, loss)
            if waiting:
                out.print(f"  Paused until a person decides: {escape(', '.join(waiting))}.", highlight=False)
        _show_strangers(restore.sources(built, others), {owner.id for owner in everyone})
    if behind:
        out.print("\nNext: `hub restore replay`. Until then every decision is ENGINE_UNAVAILABLE.")
        raise typer.Exit(1)


@app.command()
def replay(
    journal: Journals = [],  # noqa: B006
    accept_damage: Annotated[
        bool,
        typer.Option("--accept-damage", help="Open also if the journal has gaps: somebody's stop may then be lost."),
    ] = False,
) -> None:
    """Bring stops and erasures back from the journal, pause what may have been sent, and let the hub decide again.

    Safe to repeat. Give the journals of all machines at once.
    """
    closed = False
    with world() as built, _readable():
        others = _journals(journal)
        for owner in _controllers(built):
            with Progress(console=err, transient=True) as bar:
                task = bar.add_task("replaying", total=None)
                done = restore.replay(
                    built,
                    owner,
                    others,
                    accept_damage=accept_damage,
                    progress=lambda n, total, bar=bar, task=task: bar.update(task, completed=n, total=total),  # type: ignore[misc]
                )
            _show_replayed(owner, done)
            closed |= not done.open
    if closed:
        raise typer.Exit(1)


@app.command()
def release(
    campaign: Annotated[str, typer.Argument(help="Title or id of a paused campaign.")],
    by: Annotated[str, typer.Option(help="Who knows that nothing of it left after the backup.")],
) -> None:
    """Let a paused campaign go on as the backup knew it. What left after the backup would be sent a second time.

    If anything may have left, cancel it instead, with `hub campaign cancel`.
    """
    with world() as built, built.db.write() as session:
        found = find_campaign(session, controller(built, session), campaign)
        count = standstill.release(built, session, found, by)
        out.print(f"{escape(found.title)} is {found.state} again; {count} messages wait.", highlight=False)


def _controllers(built: World) -> list[Controller]:
    with built.db.read() as session:
        return list(session.exec(select(Controller).order_by(col(Controller.name))))


def _journals(folders: Iterable[Path]) -> list[Journal]:
    for folder in folders:
        if not folder.is_dir():
            raise BadInput(f"{folder} is no directory", field="journal", remedy="Name a copied journal directory.")
    return [Journal(folder) for folder in folders]


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        remedy = "Mend what keeps the hub from reading it, and run the command again."
        raise BadInput(error.strerror or "cannot be read", field="journal", remedy=remedy) from None


def _show(owner: Controller, loss: Loss) -> None:
    if not loss.behind:
        out.print(f"[green]{escape(owner.name)}:[/] the database holds everything the journal tells of.")
    elif loss.last[0] and not loss.links:
        out.print(f"[bold red]{escape(owner.name)}: the database is older than the journal.[/]")
    elif loss.links:
        first, last = loss.links[0], loss.links[-1]
        out.print(f"[bold red]{escape(owner.name)}: the database is older than the journal.[/]")
        out.print(f"  Lost: links {first.seq} to {last.seq} of the chain, {first.at} to {last.at}.", highlight=False)
        _show_counts("To be replayed", Counter(event.kind for event in loss.events))
        _show_counts("Stays lost", loss.rest)
    else:
        out.print(f"[bold red]{escape(owner.name)}: another machine's journal knows more than this database.[/]")
        out.print("  Give that journal with --journal.")
    for gap in loss.gaps:
        out.print(f"  [red]The journal does not know links {gap[0]} to {gap[1]} either.[/]", highlight=False)
    for one in loss.unreadable:
        out.print(f"  [red]Link {one.seq} is told of only by a damaged line.[/]", highlight=False)
    for one in loss.damaged:
        out.print(f"  [yellow]Damaged: {one.file}, line {one.number}: {one.why}.[/]", highlight=False)
    for root in loss.roots:
        what = f"{root.day} was signed up to link {root.last_seq} (root {root.root}), and that chain is no longer here"
        out.print(f"  [yellow]{what}. Keep the journal: evidence of that day rests on it.[/]", highlight=False)


def _show_counts(what: str, counts: Mapping[str, int]) -> None:
    if counts:
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
        out.print(f"  {what}: {told}.", highlight=False)


def _show_replayed(owner: Controller, done: Replayed) -> None:
    _show(owner, done.loss)
    _show_counts("Replayed", done.events)
    _show_counts("Of these without effect here, to be done anew by a person", done.remembered)
    if done.messages or done.campaigns:
        out.print(
            f"  {done.messages} waiting messages are unknown now, {len(done.campaigns)} campaigns are paused:"
            " they may have left after the backup. Compare with the provider, then `hub campaign cancel` or"
            " `hub restore release`.",
            highlight=False,
        )
    if done.loss.behind and done.open:
        out.print("  [green]The hub decides again.[/] Consents and messages since the backup stay lost.")
    elif not done.open:
        out.print(
            "  [bold red]Still closed:[/] part of the loss is known to nobody, and a stop may be in it. Find the"
            " missing journal, or take the risk on yourself with --accept-damage.",
            highlight=False,
        )


def _show_strangers(journals: Iterable[Journal], known: set[str]) -> None:
    strangers = {name for one in journals for name in one.controllers()} - known
    for name in sorted(strangers):
        out.print(f"[yellow]The journal knows a controller that the database does not: {name}.[/]", highlight=False)
