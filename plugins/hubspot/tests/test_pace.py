# SPDX-License-Identifier: Apache-2.0
"""Reading within HubSpot's limits."""

from __future__ import annotations

import time

import anyio
import pytest
from hub_hubspot.emulator import create
from hub_hubspot.emulator.account import account, said
from hub_hubspot.pace import Pace

from hub import Outcome, Throttled


def headers(left: int, most: int = 20, span: int = 1_000) -> dict[str, str]:
    return {
        "x-hubspot-ratelimit-max": str(most),
        "x-hubspot-ratelimit-remaining": str(left),
        "x-hubspot-ratelimit-interval-milliseconds": str(span),
    }


def calls(count: int, told: dict[str, str], *, searching: bool = False) -> list[float]:
    """When so many calls of one walk begin, in seconds."""

    async def walk() -> list[float]:
        pace, begun = Pace(), []
        for _ in range(count):
            await pace.wait(searching=searching)
            begun.append(time.monotonic())
            pace.note(told)
        return begun

    return anyio.run(walk)


def busiest(begun: list[float], span: float) -> int:
    """The most calls in any such span."""
    return max(sum(at <= one < at + span for one in begun) for at in begun)


def test_search_leaves_room_for_the_searches_of_others() -> None:
    assert busiest(calls(6, {}, searching=True), 1.0) < 5


def test_reading_keeps_within_its_share_of_the_window() -> None:
    assert busiest(calls(30, headers(left=10)), 1.0) <= 17


def test_reading_slows_down_when_others_are_busy() -> None:
    assert busiest(calls(12, headers(left=3)), 1.0) <= 9


@pytest.mark.parametrize("odd", [{}, {"x-hubspot-ratelimit-max": "0"}, {"x-hubspot-ratelimit-max": "many"}])
def test_answers_without_a_limit_change_nothing(odd: dict[str, str]) -> None:
    told = {"x-hubspot-ratelimit-remaining": "0", "x-hubspot-ratelimit-daily": "0"} | odd
    assert busiest(calls(50, told), 1.0) == 50


def test_reading_ends_for_the_day_before_writing_does() -> None:
    with account(create(searches=1_000, limit=1_000, daily=60, contacts=6_500)) as hubspot:
        record = next(hubspot.emulator.portal.contacts.after("")).id
        with pytest.raises(Throttled, match="of today") as raised:
            hubspot.read()
        assert raised.value.after == 3600
        assert hubspot.report(said("a", record)) == [Outcome("a")]
