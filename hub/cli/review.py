# SPDX-License-Identifier: Apache-2.0
"""The review queue: messages that a person must read."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from hub.cli.session import controller, out, world
from hub.flows import review
from hub.flows.review import Verdict

queue = typer.Typer(no_args_is_help=True, help="Messages that a person must read.")


def register(app: typer.Typer) -> None:
    app.add_typer(queue, name="review")


@queue.command("list")
def list_(
    words: Annotated[bool, typer.Option("--words", help="Also show what the people wrote: personal data.")] = False,
) -> None:
    """List what waits, the oldest first."""
    with world() as built, built.db.read() as session:
        table = Table("id", "kind", "said", *(["words"] if words else []))
        for row in review.waiting(session, controller(built, session)):
            said = [review.words(built, session, row)] if words else []
            table.add_row(row.id, row.kind, row.said_at.isoformat(), *said)
        out.print(table)


@queue.command()
def decide(
    review_id: Annotated[str, typer.Argument(metavar="ID", help="As `hub review list` shows it.")],
    verdict: Annotated[Verdict, typer.Argument(help="For unclear messages: stop, stop_all, no_stop. Requests: done.")],
    by: Annotated[str, typer.Option(help="Who read it.")],
) -> None:
    """Close a review. `no_stop` lifts the freeze of this one message and never another stop."""
    with world() as built, built.db.write() as session:
        done = review.close(built, session, controller(built, session), review_id, verdict, by)
        out.print(f"{done.kind}: {done.verdict}", highlight=False)
