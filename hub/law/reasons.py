# SPDX-License-Identifier: Apache-2.0
"""Every reason code of a decision, with its meaning, source and remedy in English and German, from `reasons.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files

from hub.law.facts import Verdict


class Lift(StrEnum):
    """Who can change the answer. Nobody gives a bare permission: people add evidence or repair what is wrong."""

    EVIDENCE = "evidence"
    LEGAL_APPROVAL = "legal_approval"
    ADMIN = "admin"
    PERSON = "person"  # only a new act of the person written to, or the law
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True, slots=True)
class Reason:
    """One code, stable and never reused. `rank` orders reasons: the smallest is *the* reason of a decision."""

    code: str
    rank: int
    verdict: Verdict | None  # None: a note, which decides nothing
    lift: Lift
    source: str
    meaning_en: str
    meaning_de: str
    remedy_en: str
    remedy_de: str


def reason(code: str) -> Reason:
    """Look up a code. Raises `KeyError` for one that does not exist."""
    return _REASONS[code]


def _read() -> tuple[Reason, ...]:
    """The order of the file is the rank: the order in which the law is asked (see `decide`)."""
    table = tomllib.loads(files("hub.law").joinpath("reasons.toml").read_text("utf-8"))
    return tuple(
        Reason(
            code=code,
            rank=rank,
            verdict=None if row["verdict"] == "note" else Verdict(row["verdict"]),
            lift=Lift(row["lift"]),
            source=row["source"],
            meaning_en=row["en"],
            meaning_de=row["de"],
            remedy_en=row["remedy_en"],
            remedy_de=row["remedy_de"],
        )
        for rank, (code, row) in enumerate(table.items())
    )


REASONS = _read()
RANKS = {row.code: row.rank for row in REASONS}
HOLDS = frozenset(row.code for row in REASONS if row.verdict is Verdict.HOLD)
_REASONS = {row.code: row for row in REASONS}
