# SPDX-License-Identifier: Apache-2.0
"""Every rule of the law is proven by a published case: without it, some case is decided otherwise."""

from __future__ import annotations

from types import ModuleType

import pytest

from hub.law import bases, consent, decide, limits, message, notice, route, softoptin
from tests.mutants import SINGLE, TABLES, Mutant, cases, changed, mutants, noticed_by

ALL = tuple(mutants())


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: f"{mutant.name} {mutant.how}".replace(" ", "_"))
def test_rule_that_is_missing_is_noticed(mutant: Mutant) -> None:
    assert noticed_by(mutant)


def test_law_as_it_stands_is_noticed_by_nobody() -> None:
    assert noticed_by(Mutant("none", "unchanged", ())) == []
    assert len(ALL) > 150
    assert len(cases()) > 150


def test_mutant_is_gone_afterwards() -> None:
    before = decide.MESSAGE
    with changed(ALL[0]), changed(Mutant("none", "emptied", ((decide, "MESSAGE", ()),))):
        assert decide.MESSAGE == ()
    assert decide.MESSAGE is before


@pytest.mark.parametrize("room", [bases, consent, decide, limits, message, notice, route, softoptin])
def test_every_predicate_is_among_the_mutants(room: ModuleType) -> None:
    tried = {rule for place, name in TABLES for rule in getattr(place, name)} | {function for function, _, _ in SINGLE}
    own = {
        thing
        for name, thing in vars(room).items()
        if getattr(thing, "__module__", "") == room.__name__
        and not name.startswith("_")
        and getattr(thing, "__annotations__", {}).get("return") == "str | None"
    }
    assert own
    assert own <= tried
