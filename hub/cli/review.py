# SPDX-License-Identifier: Apache-2.0
"""The review queue: messages that a person must read."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from hub.cli.session import controller, out, world
from hub.flows import review
from hub.flows.review import Verdict
from hub.law.advice import advice, spoken

queue = typer.Typer(no_args_is_help=True, help="Messages that a person must read.")


def register(app: typer.Typer) -> None:
    app.add_typer(queue, name="review")


class Language(StrEnum):
    DE = "de"
    EN = "en"


@queue.command("list")
def list_(
    words: Annotated[bool, typer.Option("--words", help="Also show what the people wrote: personal data.")] = False,
    language: Annotated[Language, typer.Option(help="Language of the suggestions.")] = Language.EN,
) -> None:
    """List what waits, the oldest first: its age, the language it is probably in, and what to look at."""
    with world() as built, built.db.read() as session:
        table = Table("id", "kind", "age", "language", "suggestion", *(["words"] if words else []))
        now = built.now()
        for row in review.waiting(session, controller(built, session)):
            said = review.words(built, session, row)
            hint = advice(row.kind, review.rule(session, row), language)
            shown = [said] if words else []
            table.add_row(row.id, row.kind, _age(now - row.said_at), spoken(said) or "-", hint, *map(escape, shown))
        out.print(table)


def _age(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours // 24} d" if hours >= 48 else f"{hours} h" if hours else "< 1 h"


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
