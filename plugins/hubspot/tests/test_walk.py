# SPDX-License-Identifier: Apache-2.0
"""Reading contacts while people keep working in HubSpot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import anyio
import pytest
from hub_hubspot import Config
from hub_hubspot.api import Api
from hub_hubspot.emulator import HubSpotEmulator, create
from hub_hubspot.walk import Position, pages

from hub import BadInput, ContactSnapshot, Page, Throttled, Unavailable
from hub.http import client
from hub.testing.emulator import Fault, serve
from hub.testing.population import population

Walk = AsyncIterator[Page[ContactSnapshot]]


@pytest.fixture
def emulator() -> HubSpotEmulator:
    emulator = create(searches=1_000, limit=10_000)
    emulator.load(population(500, 3))
    return emulator


def walking(emulator: HubSpotEmulator, work: Callable[[Callable[[str | None], Walk]], Awaitable[Any]]) -> Any:
    """Serve the account and let `work` walk through it."""

    async def main(url: str) -> Any:
        config = Config.model_validate({"access_token": emulator.access_token, "base_url": url})
        async with client(connections=8) as http:
            return await work(lambda cursor: pages(Api(config, http), config, cursor))

    with serve(emulator.app()) as url:
        return anyio.run(main, url)


async def all_of(walk: Walk) -> list[ContactSnapshot]:
    return [one async for page in walk for one in page.items]


def test_changes_during_an_incremental_walk_are_neither_skipped_nor_doubled(emulator: HubSpotEmulator) -> None:
    records = list(emulator.contacts)

    async def work(walk: Callable[[str | None], Walk]) -> list[str]:
        seen = []
        async for page in walk("changed:0:0:"):
            seen += [one.record for one in page.items]
            emulator.clock.advance(timedelta(seconds=1))
            for record in [*records[:20], *records[-20:]]:
                emulator.change(record, city="Bonn" if len(seen) % 400 else "Köln")
        return seen

    assert walking(emulator, work) == records


def test_changes_during_the_first_walk_are_seen_by_the_next(emulator: HubSpotEmulator) -> None:
    records = list(emulator.contacts)

    async def work(walk: Callable[[str | None], Walk]) -> list[ContactSnapshot]:
        cursor: str | None = None
        async for page in walk(None):
            if cursor is None:
                emulator.change(records[0], country="Austria")  # its page has passed already
            cursor = page.cursor
        return await all_of(walk(cursor))

    changed = {one.record: one.country for one in walking(emulator, work)}
    assert changed[records[0]] == "AT"


def test_walk_without_changes_is_one_empty_page_and_moves_on(emulator: HubSpotEmulator) -> None:
    now = int(emulator.clock.now().timestamp() * 1000)

    async def work(walk: Callable[[str | None], Walk]) -> list[Page[ContactSnapshot]]:
        return [page async for page in walk(f"changed:{now + 60_000}:0:")]

    (page,) = walking(emulator, work)
    assert page.items == ()
    assert now - 121_000 < Position.read(page.cursor).since < now


def test_walk_cut_by_the_limiter_continues_at_its_cursor(emulator: HubSpotEmulator) -> None:
    emulator.limits.burst.limit = 2
    waits: list[float] = []

    async def work(walk: Callable[[str | None], Walk]) -> list[str]:
        seen: list[str] = []
        cursor: str | None = None
        while len(waits) < 10:
            try:
                async for page in walk(cursor):
                    seen += [one.record for one in page.items]
                    cursor = page.cursor
                return seen
            except Throttled as throttled:
                waits.append(throttled.after)
                emulator.clock.advance(timedelta(seconds=throttled.after))
        return seen

    assert walking(emulator, work) == list(emulator.contacts)
    assert waits == [10, 10]


def test_walk_over_an_unsorted_answer_stops_loudly(emulator: HubSpotEmulator) -> None:
    unsorted = {"results": [{"id": "2", "properties": {}}, {"id": "1", "properties": {}}]}
    emulator.faults.append(Fault("status", "search", 200, unsorted))

    async def work(walk: Callable[[str | None], Walk]) -> None:
        with pytest.raises(Unavailable, match="not sorted"):
            await all_of(walk("changed:0:0:"))

    walking(emulator, work)


@pytest.mark.parametrize("cursor", ["", "x", "all:1:2", "gone:1:2:3", "all:x:2:3"])
def test_cursor_of_another_kind_is_bad_input(cursor: str) -> None:
    with pytest.raises(BadInput):
        Position.read(cursor)


def test_cursor_read_back_is_the_same() -> None:
    position = Position("changed", 1, 2, "a:b")
    assert Position.read(position.write()) == position
