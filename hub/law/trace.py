# SPDX-License-Identifier: Apache-2.0
"""What every check said about a case, by name and in order. For explaining; `decide` never comes here.

The checks are the very functions that `decide` runs, taken from the same tables.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from hub.contract.words import Purpose
from hub.law import bases, consent, decide, route, softoptin, stops, storing
from hub.law.bases import Carried
from hub.law.facts import Case, Phase
from hub.law.purposes import RULES
from hub.law.question import Question, prepare

Check = Callable[..., object]
# every check that a trace may name, in the order of `_sending`; `storing` and `buried` belong to SYNC_IN
CHECKS: tuple[Check, ...] = (
    *decide.RECIPIENT,
    decide.buried,
    stops.binding,
    stops.conflicts,
    *route.PREDICATES,
    *decide.MESSAGE,
    *consent.PREDICATES,
    *bases.EVIDENCE,
    softoptin.enabled,
    *softoptin.AROUND,
    *softoptin.OF_SALE,
    bases.find,
    storing.find,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One check. `codes` are its objections, empty where it had none; `about` is the id of what it looked at."""

    check: str
    codes: tuple[str, ...] = ()
    about: str = ""


def trace(case: Case) -> tuple[Step, ...]:
    """All checks of this case in their order. Pure; never raises, like `decide`."""
    try:
        if case.fault:
            return (Step("engine", ("ENGINE_UNAVAILABLE",)),)
        if case.policy is None:
            return (Step("policy", ("POLICY_UNKNOWN",)),)
        q = prepare(case, case.policy)
        return tuple(_storing(q) if case.phase is Phase.SYNC_IN else _sending(q))
    except Exception:
        return (Step("engine", ("ENGINE_UNAVAILABLE",)),)


def _sending(q: Question) -> Iterator[Step]:
    complete = consent.newest_complete(q)
    bound = stops.binding(q.person, q.ask, consent.lifts_until(q, complete))
    for check in decide.RECIPIENT:
        yield _step(check, check(q))
    binds = {held.id: held.code for held in bound}
    for stop in q.person.stops:
        yield Step("stops.binding", _one(binds.pop(stop.id, None)), stop.id)
    for about, code in binds.items():  # withdrawn consents, and a CRM's own flags
        yield Step("stops.binding", (code,), about)
    yield Step("stops.conflicts", stops.conflicts(q.person, bound))
    if q.case.route is None:
        yield Step("route.faults", route.faults(q))
    else:
        for fits in route.PREDICATES:
            yield _step(fits, fits(q, q.case.route), q.case.route.sender_id)
    for check in decide.MESSAGE:
        yield _step(check, check(q))
    yield from _basis(q)
    yield _found("bases.find", bases.find(q, complete, bound))


def _basis(q: Question) -> Iterator[Step]:
    for given in q.person.consents:
        for predicate in consent.PREDICATES:
            yield _step(predicate, predicate(q, given), given.id)
    for ground in RULES[q.ask.purpose].grounds if q.ask.purpose else ():
        for evidence in q.person.evidence:
            if evidence.kind in ground.evidence:
                for fits in bases.EVIDENCE:
                    yield _step(fits, fits(q, ground, evidence), evidence.id)
    if q.ask.purpose is Purpose.MARKETING:
        yield _step(softoptin.enabled, softoptin.enabled(q))
    if q.ask.purpose is Purpose.MARKETING and not softoptin.enabled(q):
        for check in softoptin.AROUND:
            yield _step(check, check(q))
        for sale in q.person.sales:
            for condition in softoptin.OF_SALE:
                yield _step(condition, condition(q, sale), sale.id)


def _storing(q: Question) -> Iterator[Step]:
    for check in decide.RECORD:
        yield _step(check, check(q))
    yield _found("storing.find", storing.find(q))


def _found(name: str, basis: Carried | tuple[str, ...]) -> Step:
    return Step(name, () if isinstance(basis, Carried) else basis)


def _step(check: Callable[..., str | None], code: str | None, about: str = "") -> Step:
    return Step(name_of(check), _one(code), about)


def _one(code: str | None) -> tuple[str, ...]:
    return (code,) if code else ()


def meaning(name: str, language: str = "en") -> str:
    """What a check asks, in a sentence: in English its own docstring, in German `checks.toml`; else its name."""
    return _meanings(language).get(name, name)


@cache
def _meanings(language: str) -> dict[str, str]:
    if language == "de":
        told: dict[str, str] = tomllib.loads(files("hub.law").joinpath("checks.toml").read_text("utf-8"))["checks"]
        return told
    return {name_of(check): (check.__doc__ or "").split("\n")[0] for check in CHECKS}


def name_of(check: Callable[..., object]) -> str:
    """As a reader finds it: the room in `hub.law` and the function."""
    return f"{check.__module__.rpartition('.')[2]}.{check.__name__}"
