# SPDX-License-Identifier: Apache-2.0
"""Would anybody notice? Takes away or turns round each rule of the law in turn and asks the published cases.

`python -m tests.mutants` prints the table. A mutant that no case notices is a rule that nothing proves.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from hub.cli.decide import load
from hub.law import bases, consent, decide, purposes, route, softoptin, stops, storing
from hub.law.facts import Case
from hub.law.trace import name_of

FOLDER = Path(__file__).parent / "cases" / "decisions"
TABLES = (
    (decide, "RECIPIENT"),
    (decide, "RECORD"),
    (decide, "MESSAGE"),
    (consent, "PREDICATES"),
    (route, "PREDICATES"),
    (bases, "EVIDENCE"),
    (softoptin, "AROUND"),
    (softoptin, "OF_SALE"),
)
SINGLE: tuple[tuple[Callable[..., Any], tuple[Any, ...], Any], ...] = (  # where it is called from, what it never says
    (softoptin.enabled, (softoptin,), None),
    (stops.binding, (decide, storing), ()),
    (stops.conflicts, (stops,), ()),
    (stops.ends_interest, (bases, storing), None),
    (stops.last_no, (bases,), None),
    (stops._expressions, (stops,), ()),
    (stops._binds, (stops,), None),
    (stops._meets, (stops,), True),
    (stops._opt_out_claims, (stops,), ()),
    (consent.too_young, (decide, consent), None),
    (consent.nearest_faults, (bases,), ()),
    (consent.newest_complete, (decide,), None),
    (consent.lifts_until, (decide,), None),
    (stops.reach, (stops,), "email"),
)


@dataclass(frozen=True)
class Mutant:
    """One change of the law: `set_` gives the attributes to change for a while."""

    name: str
    how: str
    changes: tuple[tuple[Any, str, Any], ...]


def mutants() -> Iterator[Mutant]:
    for room, table in TABLES:
        rules = getattr(room, table)
        for rule in rules:
            yield Mutant(name_of(rule), "removed", ((room, table, tuple(r for r in rules if r is not rule)),))
            turned = tuple(_turned(r) if r is rule else r for r in rules)
            yield Mutant(name_of(rule), "inverted", ((room, table, turned),))
    for function, rooms, nothing in SINGLE:
        silent = _always(nothing)
        yield Mutant(name_of(function), "removed", tuple((room, function.__name__, silent) for room in rooms))
    for kind, reach in stops._REACH.items():
        narrowed = [("unnamed", replace(reach, unnamed=frozenset()))]
        if len(reach.named) > 1:  # a kind that can mean one purpose alone is not narrowed by naming it
            narrowed.append(("named", replace(reach, named=frozenset())))
        for field, less in narrowed:
            changes = ((stops, "_REACH", {**stops._REACH, kind: less}),)
            yield Mutant(f"stops.{kind}", f"binds nothing {field}", changes)
    for purpose, rule in purposes.RULES.items():
        for index, ground in enumerate(rule.grounds):
            fewer = replace(rule, grounds=rule.grounds[:index] + rule.grounds[index + 1 :])
            changed = {**purposes.RULES, purpose: fewer}
            name = f"purposes.{purpose}.{ground.ok}"
            yield Mutant(name, "removed", ((bases, "RULES", changed),))


def _turned(rule: Callable[..., str | None]) -> Callable[..., str | None]:
    return lambda *asked: None if rule(*asked) else "BASIS_NONE"


def _always(answer: Any) -> Callable[..., Any]:
    return lambda *asked, **more: answer


@cache
def cases() -> tuple[tuple[str, Case, tuple[str, ...]], ...]:
    """Name, facts and expected reasons of every published case."""
    told = ((file.stem, *load(file)) for file in sorted(FOLDER.glob("*.json")))
    return tuple((name, case, file.expect.reasons) for name, file, case in told if file.expect)


@contextmanager
def changed(mutant: Mutant) -> Iterator[None]:
    before = [(room, name, getattr(room, name)) for room, name, _ in mutant.changes]
    for room, name, value in mutant.changes:
        setattr(room, name, value)
    try:
        yield
    finally:
        for room, name, value in before:
            setattr(room, name, value)


def noticed_by(mutant: Mutant) -> list[str]:
    """The cases that are decided otherwise."""
    with changed(mutant):
        return [name for name, case, reasons in cases() if decide.decide(case).reasons != reasons]


def table() -> list[tuple[Mutant, list[str]]]:
    return [(mutant, noticed_by(mutant)) for mutant in mutants()]


if __name__ == "__main__":
    rows = table()
    for mutant, noticed in rows:
        print(f"{mutant.name:<44} {mutant.how:<22} {len(noticed):>4}  {noticed[0] if noticed else 'SURVIVES'}")
    alive = [mutant for mutant, noticed in rows if not noticed]
    print(f"{len(rows)} mutants, {len(alive)} survive, {len(cases())} cases")
    sys.exit(bool(alive))
