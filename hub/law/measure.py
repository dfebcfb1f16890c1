# SPDX-License-Identifier: Apache-2.0
"""How well messages are read, measured on labelled ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from hub.law.withdrawal import Wish, classify

_STOPS = frozenset({Wish.STOP, Wish.STOP_ALL})


@dataclass(frozen=True, slots=True)
class Labelled:
    """A message and what a person read in it."""

    text: str
    language: str
    label: Wish
    split: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """Counts over one group of messages. Rates are shares from 0 to 1, or None where there is nothing to count."""

    language: str
    split: str
    messages: int
    stops: int  # labelled stop or stop_all
    rests: int  # of these, read as stop or unsure: marketing ends at once
    recorded: int  # of these, read as stop: recorded without a person reading them
    harmless: int  # labelled no
    false_stops: int  # of these, read as stop
    frozen: int  # of these, read as unsure
    unsure: int  # of all, read as unsure
    hasty: int  # labelled unsure, read as stop
    missed: int  # labelled unsure, read as no

    @property
    def recall(self) -> float | None:
        return self.rests / self.stops if self.stops else None

    @property
    def recorded_rate(self) -> float | None:
        return self.recorded / self.stops if self.stops else None

    @property
    def false_stop_rate(self) -> float | None:
        return self.false_stops / self.harmless if self.harmless else None

    @property
    def unsure_rate(self) -> float | None:
        return self.unsure / self.messages if self.messages else None

    def as_json(self) -> dict[str, str | int | float | None]:
        """Counts and rates."""
        rates = ("recall", "recorded_rate", "false_stop_rate", "unsure_rate")
        return {**asdict(self), **{name: getattr(self, name) for name in rates}}


def labelled(row: dict[str, str]) -> Labelled:
    """From one line of a case file. Raises `ValueError` for a label that is none, `KeyError` without a text."""
    label = Wish.NONE if row["label"] == "no" else Wish(row["label"])
    return Labelled(row["text"], row.get("language", ""), label, row.get("split", ""), row.get("note", ""))


def measure(messages: Iterable[Labelled]) -> list[Score]:
    """One score per split and language, and one of language `all` per split."""
    read = [(one, classify(one.text).wish) for one in messages]
    scores = []
    for split in sorted({one.split for one, _ in read}):
        mine = [pair for pair in read if pair[0].split == split]
        for language in sorted({one.language for one, _ in mine}):
            scores.append(_score(language, split, [pair for pair in mine if pair[0].language == language]))
        scores.append(_score("all", split, mine))
    return scores


def _score(language: str, split: str, read: Sequence[tuple[Labelled, Wish]]) -> Score:
    stops = [wish for one, wish in read if one.label in _STOPS]
    harmless = [wish for one, wish in read if one.label is Wish.NONE]
    unsure = [wish for one, wish in read if one.label is Wish.UNSURE]
    return Score(
        language,
        split,
        messages=len(read),
        stops=len(stops),
        rests=sum(wish is not Wish.NONE for wish in stops),
        recorded=sum(wish in _STOPS for wish in stops),
        harmless=len(harmless),
        false_stops=sum(wish in _STOPS for wish in harmless),
        frozen=sum(wish is Wish.UNSURE for wish in harmless),
        unsure=sum(wish is Wish.UNSURE for _, wish in read),
        hasty=sum(wish in _STOPS for wish in unsure),
        missed=sum(wish is Wish.NONE for wish in unsure),
    )
