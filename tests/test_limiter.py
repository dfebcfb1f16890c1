# SPDX-License-Identifier: Apache-2.0
"""A sender's rate on a virtual clock: never above it in any second, and close to it under full demand."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.work.limiter import Pairs, Window


class Time:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def most_in_a_second(sent: list[tuple[float, int]]) -> int:
    """The fullest second there is begins with a send."""
    return max((sum(n for at, n in sent if start <= at < start + 1.0) for start, _ in sent), default=0)


# what a dispatcher does: it comes after some time, wants up to `most`, claims for a while, and finds only `share` of it
turns = st.lists(
    st.tuples(st.floats(0, 0.6), st.integers(1, 60), st.floats(0, 0.5), st.floats(0, 1)), min_size=1, max_size=120
)


@given(st.integers(1, 200), turns)
def test_window_random_demand_never_exceeds_the_rate(rate: int, demand: list[tuple[float, int, float, float]]) -> None:
    time = Time()
    window, sent = Window(rate, time), list[tuple[float, int]]()
    for pause, most, claiming, share in demand:
        time.now += pause
        taken = window.take(most)
        assert 0 <= taken <= most
        if taken:
            time.now += claiming
            used = round(taken * share)
            window.give_back(taken - used)
            sent.append((max(time.now, window.leaves_at), used))
    assert most_in_a_second(sent) <= rate


def run(rate: int, seconds: float, claiming: Iterable[float] = ()) -> list[tuple[float, int]]:
    """Full demand: always wants 50, and waits exactly as long as it is told. Claims may take their time."""
    time, delays = Time(), itertools.chain(claiming, itertools.repeat(0.0))
    window, sent = Window(rate, time), list[tuple[float, int]]()
    while time.now < 1000 + seconds:
        if taken := window.take(50):
            time.now += next(delays)
            window.give_back(0)
            sent.append((max(time.now, window.leaves_at), taken))
        time.now += window.wait() or 1e-6
    return sent


@pytest.mark.parametrize("rate", [1, 5, 9, 10, 80, 250, 1000])
def test_window_full_demand_reaches_the_rate(rate: int) -> None:
    sent = run(rate, 20.0)
    assert sum(n for _, n in sent) >= 0.98 * rate * 20
    assert most_in_a_second(sent) <= rate


@pytest.mark.parametrize("rate", [10, 80])
def test_window_full_demand_with_slow_claims_reaches_the_rate(rate: int) -> None:
    sent = run(rate, 20.0, claiming=itertools.repeat(0.02))
    assert sum(n for _, n in sent) >= 0.98 * rate * 20
    assert most_in_a_second(sent) <= rate


@pytest.mark.parametrize("rate", [10, 80])
def test_window_counts_from_the_sending_and_not_from_the_claim(rate: int) -> None:
    assert most_in_a_second(run(rate, 5.0, claiming=[0.0, 0.5, 0.0, 0.9])) <= rate


def test_window_spreads_a_second_over_tenths() -> None:
    sent = run(80, 3.0)
    assert max(n for _, n in sent) == 8
    assert min(b - a for (a, _), (b, _) in itertools.pairwise(sent)) >= 0.099


def test_window_gives_nothing_before_it_is_open() -> None:
    time = Time()
    window = Window(10, time)
    assert window.take(50) == 1
    assert (window.take(50), round(window.wait(), 6)) == (0, 0.08)
    time.now += 0.08
    assert (round(window.wait(), 6), window.take(50)) == (0.0, 1)
    assert round(window.leaves_at, 6) == 1000.1, "claimed a little before its turn, sent when it comes"


def test_window_given_back_may_be_taken_at_once() -> None:
    window = Window(80, Time())
    assert window.take(50) == 8
    window.give_back(8)
    assert (window.wait(), window.take(50)) == (0.0, 8)


def test_window_counts_what_comes_in() -> None:
    """The vendor counts messages in both directions."""
    time = Time()
    window = Window(10, time)
    window.heard(9)
    assert (window.take(50), window.take(50)) == (1, 0)
    time.now += 1.02
    assert window.take(50) == 1


def test_window_counts_from_when_a_batch_really_left() -> None:
    time = Time()
    window = Window(10, time)
    window.take(1)
    left = window.left()
    for _ in range(9):
        time.now += 0.1
        window.take(1)
    time.now += 0.05
    left()  # 0.95 s late
    time.now += 0.5
    assert window._used(time.now) == 6, "five of the last half second, and the one that came late"


def test_window_follows_a_rate_that_changes() -> None:
    time = Time()
    window = Window(100, time)
    window.take(10)
    window.rate = 10
    time.now += 0.5
    assert window.take(50) == 0, "ten have left in this second"
    time.now += 0.6
    assert window.take(50) == 1


@given(st.integers(1, 50), st.lists(st.floats(0, 30), max_size=200))
def test_pair_never_gets_more_than_the_vendor_lends(burst: int, pauses: list[float]) -> None:
    time, sent = Time(), list[float]()
    pairs = Pairs(6.0, burst, time)
    for pause in pauses:
        time.now += pause
        if not pairs.wait("anna"):
            pairs.take("anna")
            sent.append(time.now)
    for first, last in itertools.combinations(range(len(sent)), 2):
        assert last - first + 1 <= burst + (sent[last] - sent[first]) / 6.0 + 1e-6


def test_pair_waits_exactly_until_it_may_go_and_for_nobody_else() -> None:
    time = Time()
    pairs = Pairs(6.0, 2, time)
    pairs.take("anna")
    pairs.take("anna")
    assert (pairs.wait("anna"), pairs.wait("ben")) == (6.0, 0.0)
    time.now += 6.0
    assert pairs.wait("anna") == 0.0


def test_pairs_forget_those_who_owe_nothing() -> None:
    time = Time()
    pairs = Pairs(6.0, 2, time)
    for number in range(5000):
        time.now += 1.0
        pairs.take(str(number))
    assert len(pairs._free_at) < 2000
