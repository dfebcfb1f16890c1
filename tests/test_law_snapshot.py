# SPDX-License-Identifier: Apache-2.0
"""Any case can be written down and decided again: the same answer, to the last byte."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.contract.words import Channel
from hub.law.decide import decide
from hub.law.facts import Case, Message, Person, Phase
from hub.law.policies import load, names
from hub.law.policy import Policy
from hub.law.snapshot import Forged, Thaw, freeze
from tests.test_law_profiles import CONSENT, ROUTE, WORDING, case
from tests.test_law_properties import case_of, histories, messages, person_of

STRICT = load("eu_strict")
st.register_type_strategy(int, st.integers(-(2**63), 2**63 - 1))  # as JSON can tell them
st.register_type_strategy(Policy, st.sampled_from([load(name) for name in names()]))
thorough = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def stored(case: Case) -> tuple[dict[str, Any], dict[str, str]]:
    """Facts and parts as they come back from a database."""
    frozen = freeze(case)
    return orjson.loads(orjson.dumps(frozen.facts)), {part.sha256: part.json for part in frozen.parts}


def again(case: Case) -> Case:
    facts, parts = stored(case)
    return Thaw(parts.__getitem__).case(case.phase, facts)


@thorough
@given(case=st.from_type(Case))
def test_any_case_comes_back_equal_and_gets_the_same_answer(case: Case) -> None:
    back = again(case)
    assert back == case
    assert repr(decide(back)) == repr(decide(case))


@thorough
@given(history=histories, message=messages)
def test_random_history_is_decided_alike(history: dict[str, Any], message: Message) -> None:
    asked = case_of(person_of(history), message)
    assert repr(decide(again(asked))) == repr(decide(asked))


def test_what_cases_share_is_written_once() -> None:
    one, two = freeze(case(STRICT)), freeze(replace(case(STRICT), person=Person("q", consents=(CONSENT,))))
    assert one.parts == two.parts
    assert sorted(part.kind for part in one.parts) == ["context", "policy", "wording"]
    assert len(orjson.dumps(one.facts)) < 700


def test_another_route_is_another_part() -> None:
    other = freeze(case(STRICT, route=replace(ROUTE, dpa_signed=False)))
    assert {part.kind for part in set(other.parts) - set(freeze(case(STRICT)).parts)} == {"context"}


def test_case_without_policy_stays_undecidable() -> None:
    asked = replace(case(STRICT), policy=None)
    assert again(asked) == asked
    assert decide(again(asked)).reasons == ("POLICY_UNKNOWN",)


def test_other_policy_stands_in_for_the_recorded_one() -> None:
    facts, parts = stored(case(STRICT))
    back = Thaw(parts.__getitem__, load("uk")).case(Phase.TRANSMIT, facts)
    assert back == replace(case(STRICT), policy=load("uk"))


@pytest.mark.parametrize("kind", ["policy", "context", "wording"])
def test_changed_part_is_found(kind: str) -> None:
    frozen = freeze(case(STRICT))
    parts = {part.sha256: part.json.replace("1", "2") if part.kind == kind else part.json for part in frozen.parts}
    with pytest.raises(Forged):
        Thaw(parts.__getitem__).case(Phase.TRANSMIT, frozen.facts)


def test_missing_part_is_told() -> None:
    with pytest.raises(LookupError):
        Thaw(dict[str, str]().__getitem__).case(Phase.TRANSMIT, freeze(case(STRICT)).facts)


def test_wording_is_found_again_by_what_it_says() -> None:
    silent = replace(CONSENT, wording=replace(WORDING, channels=(Channel.EMAIL,)))
    assert "CONSENT_CHANNEL_NOT_COVERED" in decide(again(case(STRICT, consent=silent))).reasons
