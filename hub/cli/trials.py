# SPDX-License-Identifier: Apache-2.0
"""What a mapping would mean, as a table, with what is missing in plain words."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

from hub.cli.session import out
from hub.flows.records import explain
from hub.flows.trial import Means, Trial

_WORDS = {
    Means.CONSENT: "would become consent: all of its proof is there",
    Means.CLAIM: "says yes and stays a claim",
    Means.OPT_OUT: "says no and would stop advertising",
    Means.NOTHING: "says nothing",
    Means.UNUSABLE: "no usable number",
}


def show(title: str, trial: Trial, language: str = "en") -> None:
    """Nothing of a person is shown."""
    table = Table(title=f"{len(trial.records)} records of {title}, from {trial.read} read", show_header=False)
    for means, words in _WORDS.items():
        table.add_row(words, str(trial.of(means)))
    _count(table, "basis ", trial.bases)
    _count(table, "lacks ", trial.lacks)
    out.print(table)
    for code, count in trial.lacks.most_common():
        found = explain(code, language)
        out.print(f"[bold]{count} × {code}[/]  {found.meaning}", highlight=False)
        out.print(f"    {found.remedy}", highlight=False, markup=False)


def _count(table: Table, words: str, counts: Mapping[str, int]) -> None:
    for name, number in sorted(counts.items()):
        table.add_row(f"{words}{name}", str(number))
