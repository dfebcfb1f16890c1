# SPDX-License-Identifier: Apache-2.0
"""Reading contacts while people keep working in HubSpot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import anyio
import pytest
from hub_hubspot import Config
from hub_hubspot.api import Api
from hub_hubspot.emulator import HubSpotEmulator, create
from hub_hubspot.walk import Position, _Step, pages

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


# --- crashes, short pages, deletions, limits


async def resumed(walk: Callable[[str | None], Walk], cursor: str | None, at: int) -> tuple[list[str], str | None]:
    """Read up to page `at` (0: none), crash, and go on with the cursor that was stored last."""
    seen: list[str] = []
    index, there = 0, walk(cursor)
    while index < at:
        page = await anext(there, None)
        if page is None:  # the pages were fewer this time
            return seen, cursor
        seen += [one.record for one in page.items]
        cursor, index = page.cursor, index + 1
    await there.aclose()  # type: ignore[attr-defined]
    async for page in walk(cursor):
        seen += [one.record for one in page.items]
        cursor = page.cursor
    return seen, cursor


@pytest.mark.parametrize("short", [0.0, 0.7])
@pytest.mark.parametrize("start", [None, "changed:0:0:"])
def test_crash_at_every_page_loses_nobody_and_reads_nobody_twice(
    emulator: HubSpotEmulator, start: str | None, short: float
) -> None:
    emulator.portal.short_pages = short
    gone = list(emulator.contacts)[:150:3]
    for record in gone:
        emulator.archive(record)

    async def work(walk: Callable[[str | None], Walk]) -> None:
        expected = sorted(set(emulator.contacts) - set(gone))
        pages = [page async for page in walk(start)]
        for at in range(len(pages)):
            seen, cursor = await resumed(walk, start, at)
            assert sorted(one for one in seen if one not in gone) == expected, f"crash at page {at}"
            assert sorted(one for one in seen if one in gone) == ([] if start is None else sorted(gone))
            assert Position.read(cursor).mode == "changed"

    walking(emulator, work)


def test_archived_contacts_are_looked_through_the_rarer_the_more_there_are() -> None:
    hour = 3_600_000
    done = Position("archived", 0, hour, swept=1, pages=9).following(_step())
    assert (done.mode, done.swept, done.pages, done.since) == ("changed", hour, 10, hour - 120_000)
    soon = Position("changed", 0, hour + 299_000, swept=done.swept, pages=done.pages).following(_step())
    late = Position("changed", 0, hour + 300_000, swept=done.swept, pages=done.pages).following(_step())
    assert (soon.mode, late.mode, late.pages) == ("changed", "archived", 0)
    assert soon.swept == done.swept
    assert Position.read(late.write()) == late


def _step() -> _Step:
    return _Step([], "", last=True)


def test_deletion_that_was_shown_is_not_shown_again(emulator: HubSpotEmulator) -> None:
    record = next(iter(emulator.contacts))

    async def work(walk: Callable[[str | None], Walk]) -> list[list[str]]:
        cursor = [page.cursor async for page in walk(None)][-1]
        emulator.clock.advance(timedelta(minutes=-10))
        emulator.archive(record)
        found = []
        for _ in range(2):
            pages = [page async for page in walk(cursor)]
            found.append([one.record for page in pages for one in page.items if one.deleted])
            cursor = replace(Position.read(pages[-1].cursor), pages=0).write()  # due again at once
        return found

    assert walking(emulator, work) == [[record], []]


def test_walk_with_more_to_come_and_nothing_to_go_on_from_stops_loudly(emulator: HubSpotEmulator) -> None:
    empty = {"results": [], "paging": {"next": {"after": "200"}}}
    emulator.faults.append(Fault("status", "search", 200, empty))

    async def work(walk: Callable[[str | None], Walk]) -> None:
        with pytest.raises(Unavailable, match="more are said to follow"):
            await all_of(walk("changed:0:0:"))

    walking(emulator, work)


def test_walk_through_more_than_a_search_shows_is_complete() -> None:
    emulator = create(searches=1_000, limit=10_000, contacts=1_450)
    emulator.portal.search_cap = 1_000

    async def work(walk: Callable[[str | None], Walk]) -> list[str]:
        return [one.record for one in await all_of(walk("changed:0:0:"))]

    assert walking(emulator, work) == [one.id for one in emulator.portal.contacts.after("")]


def test_change_that_the_index_shows_late_is_read_by_the_next_walk() -> None:
    emulator = create(searches=1_000, limit=10_000, contacts=300, index_delay=5)
    record = next(emulator.portal.contacts.after("")).id

    async def work(walk: Callable[[str | None], Walk]) -> list[str]:
        cursor = [page.cursor async for page in walk(None)][-1]
        emulator.change(record, hub_whatsapp_opt_out="true")
        found = await all_of(walk(cursor))
        assert found == []
        cursor = [page.cursor async for page in walk(cursor)][-1]
        emulator.clock.advance(timedelta(seconds=6))
        return [one.record for one in await all_of(walk(cursor))]

    assert walking(emulator, work) == [record]
