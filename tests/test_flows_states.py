# SPDX-License-Identifier: Apache-2.0
"""The life of a message: whatever order a provider's words arrive in, it only moves forward."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract import Purpose, Status
from hub.flows.states import OPEN, PRIORITY, State, after

LEFT = [State.AUTHORISED, State.UNKNOWN, State.ACCEPTED]
GOOD = [Status.SENT, Status.DELIVERED, Status.READ]
FORWARD = [State.UNKNOWN, State.AUTHORISED, State.ACCEPTED, State.SENT, State.DELIVERED, State.READ]


def walk(start: State, words: list[Status]) -> list[State]:
    states = [start]
    for word in words:
        states.append(after(states[-1], word))
    return states


@given(st.sampled_from(LEFT), st.lists(st.sampled_from(GOOD), min_size=1, max_size=8))
def test_state_is_the_furthest_word_in_every_order_and_number(start: State, words: list[Status]) -> None:
    states = walk(start, words)
    assert states[-1] == State(max(words, key=GOOD.index))
    assert all(FORWARD.index(a) <= FORWARD.index(b) for a, b in pairwise(states))


@given(st.sampled_from(LEFT), st.lists(st.sampled_from(list(Status)), max_size=8))
def test_failed_counts_until_delivery_and_is_final(start: State, words: list[Status]) -> None:
    expected = start
    for word in words:  # the rule in words: a failure after delivery changes nothing, and nothing follows a failure
        if expected is State.FAILED:
            break
        if word is Status.FAILED:
            expected = expected if expected in (State.DELIVERED, State.READ) else State.FAILED
        elif FORWARD.index(State(word)) > FORWARD.index(expected):
            expected = State(word)
    assert walk(start, words)[-1] is expected


@pytest.mark.parametrize("word", list(Status))
def test_refused_message_is_never_revived(word: Status) -> None:
    assert after(State.REFUSED, word) is State.REFUSED


@pytest.mark.parametrize("word", list(Status))
def test_status_of_a_queued_message_proves_that_it_left(word: Status) -> None:
    assert after(State.QUEUED, word) is State(word)


def test_unknown_is_not_open_so_it_is_never_claimed_again() -> None:
    assert State.UNKNOWN not in OPEN


def test_every_purpose_has_its_place_and_marketing_comes_last() -> None:
    assert PRIORITY.keys() == set(Purpose)
    assert min(PRIORITY, key=lambda purpose: PRIORITY[purpose]) is Purpose.AUTHENTICATION
    assert [p for p in Purpose if PRIORITY[p] == max(PRIORITY.values())] == [Purpose.MARKETING]
