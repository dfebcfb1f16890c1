# SPDX-License-Identifier: Apache-2.0
"""Stops: how messages are read, how well, and stops that staff were told of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.session import controller, out, world
from hub.contract import BadInput
from hub.flows import courier
from hub.law.measure import Labelled, Score, labelled
from hub.law.measure import measure as measured
from hub.law.withdrawal import Reading, Wish, classify

stops = typer.Typer(no_args_is_help=True, help="How messages are read as stops, and stops that staff were told of.")

_CASES = Path("tests/cases/stops.jsonl")
_WORDS = {Wish.NONE: "no", Wish.UNSURE: "unsure", Wish.STOP: "stop", Wish.STOP_ALL: "stop"}


def register(app: typer.Typer) -> None:
    app.add_typer(stops, name="stops")


@stops.command("classify")
def read(
    file: Annotated[Path, typer.Argument(help="One message per line; after a tab, if you like, its language.")],
) -> None:
    """Print how each message is read: stop, unsure or no, its scope, the rule that matched, what else is asked."""
    for line in _text(file).splitlines():
        text, _, language = line.rpartition("\t")
        typer.echo(_line(classify(text if _is_language(language) else line)))


def _is_language(word: str) -> bool:
    """The language is only for the eye: all lists are matched always."""
    return word.isalpha() and word.isascii() and len(word) in (2, 3)


def _line(reading: Reading) -> str:
    return "\t".join(
        (_WORDS[reading.wish], reading.scope or "-", reading.rule or "-", ",".join(sorted(reading.asks)) or "-")
    )


@stops.command()
def measure(
    file: Annotated[Path, typer.Argument(help="Labelled messages, one JSON object per line.")] = _CASES,
    as_json: Annotated[bool, typer.Option("--json", help="Print counts and rates as JSON.")] = False,
) -> None:
    """Measure how well labelled messages are read, by language and split.

    recall: of the stops, those after which marketing rests at once. recorded: of the stops, those recorded without a
    person reading them. false stops: of the harmless messages, those read as a stop. unsure: of all messages, those a
    person must read. hasty, missed: messages labelled unsure that were read as a stop, or as nothing.
    """
    scores = measured(_cases(file))
    if as_json:
        typer.echo(json.dumps([score.as_json() for score in scores], indent=1))
        return
    names = ("split", "language", "messages", "recall", "recorded", "false stops", "unsure", "hasty", "missed")
    for row in (names, *map(_row, scores)):
        typer.echo("".join(f"{cell:<10}" for cell in row[:2]) + "".join(f"{cell:>12}" for cell in row[2:]))


def _row(score: Score) -> tuple[str, ...]:
    rates = (score.recall, score.recorded_rate, score.false_stop_rate, score.unsure_rate)
    shown = ("-" if rate is None else f"{rate * 100:.1f} %" for rate in rates)
    return (score.split or "-", score.language or "-", str(score.messages), *shown, str(score.hasty), str(score.missed))


def _cases(file: Path) -> list[Labelled]:
    found = []
    for number, line in enumerate(_text(file).splitlines(), 1):
        try:
            found.append(labelled(json.loads(line)))
        except (ValueError, KeyError, TypeError):
            remedy = 'Write {"text", "language", "label": "stop|stop_all|unsure|no", "split", "note"} on each line.'
            raise BadInput(f"line {number} is not a labelled message", field="file", remedy=remedy) from None
    return found


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadInput("cannot be read", field="file", remedy="Name a text file in UTF-8.") from None


@stops.command()
def add(
    by: Annotated[str, typer.Option(help="Who was told.")],
    reason: Annotated[str, typer.Option(help="How the person said it, without their words or data.")],
    number: Annotated[str, typer.Option(help="Phone number, in international form.")] = "",
    record: Annotated[str, typer.Option(help="CRM record id, if not by number.")] = "",
    everything: Annotated[
        bool, typer.Option("--everything", help="Nothing at all any more, not marketing alone.")
    ] = False,
) -> None:
    """Record that a person told staff to stop. It binds at once and is the person's own; staff only carry it."""
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        fresh = courier.stop(
            built, session, owner, number=number, record=record, by=by, reason=reason, everything=everything
        )
        out.print("Stopped." if fresh else "It was stopped in this very second already.")
