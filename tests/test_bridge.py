# SPDX-License-Identifier: Apache-2.0
"""The bridge: coroutines of plugins, called from threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from queue import SimpleQueue

import pytest

from hub.bridge import Bridge


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    with Bridge(connections=1) as opened:
        yield opened


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return number * 2


async def fail() -> None:
    await asyncio.sleep(0)
    raise KeyError("as it was")


class Numbers:
    """An async generator that remembers whether it was closed."""

    def __init__(self, fail_at: int = -1) -> None:
        self.fail_at, self.closed = fail_at, False

    async def walk(self) -> AsyncIterator[int]:
        try:
            for number in range(5):
                await asyncio.sleep(0)
                if number == self.fail_at:
                    raise KeyError(number)
                yield number
        finally:
            self.closed = True


def test_run_gives_the_result(bridge: Bridge) -> None:
    assert bridge.run(double, 21) == 42


def test_run_raises_what_the_coroutine_raised(bridge: Bridge) -> None:
    with pytest.raises(KeyError, match="as it was"):
        bridge.run(fail)
    assert bridge.run(double, 1) == 2, "the loop lives on"


def test_run_is_in_one_other_thread(bridge: Bridge) -> None:
    async def where() -> int:
        return threading.get_ident()

    assert bridge.run(where) == bridge.run(where) != threading.get_ident()


def test_begin_starts_many_at_once_and_waits_for_none(bridge: Bridge) -> None:
    met: SimpleQueue[int] = SimpleQueue()

    async def meet(barrier: asyncio.Barrier) -> None:
        await barrier.wait()
        met.put(1)

    async def barrier() -> asyncio.Barrier:
        return asyncio.Barrier(20)

    shared = bridge.run(barrier)
    for _ in range(20):
        bridge.begin(meet, shared)
    assert sum(met.get(timeout=10) for _ in range(20)) == 20


def test_iterate_walks_to_the_end(bridge: Bridge) -> None:
    numbers = Numbers()
    assert list(bridge.iterate(numbers.walk())) == [0, 1, 2, 3, 4]
    assert numbers.closed


def test_iterate_left_early_closes_the_generator(bridge: Bridge) -> None:
    numbers = Numbers()
    walk = bridge.iterate(numbers.walk())
    assert next(walk) == 0
    assert not numbers.closed
    walk.close()  # type: ignore[attr-defined]
    assert numbers.closed


def test_iterate_raises_what_the_generator_raised(bridge: Bridge) -> None:
    numbers = Numbers(fail_at=2)
    seen = list[int]()
    with pytest.raises(KeyError):
        seen.extend(bridge.iterate(numbers.walk()))
    assert numbers.closed


def test_ahead_fetches_while_one_is_worked_on_and_gives_all_that_came(bridge: Bridge) -> None:
    came: SimpleQueue[int] = SimpleQueue()

    async def walk() -> AsyncIterator[int]:
        for number in range(9):
            yield number
            came.put(number)

    batches = bridge.ahead(walk(), 3)
    first = next(batches)
    for _ in range(len(first) + 3):
        came.get(timeout=10)
    second = next(batches)
    assert len(second) in (3, 4), "what waits is bounded: three, and the one that does not fit"
    assert [*first, *second, *(number for batch in batches for number in batch)] == list(range(9))


def test_ahead_gives_what_came_before_it_raises(bridge: Bridge) -> None:
    numbers = Numbers(fail_at=3)
    seen = list[int]()
    with pytest.raises(KeyError):
        seen.extend(number for batch in bridge.ahead(numbers.walk(), 10) for number in batch)
    assert (seen, numbers.closed) == ([0, 1, 2], True)


@pytest.mark.timeout(20)
def test_ahead_left_early_ends_what_is_being_fetched(bridge: Bridge) -> None:
    numbers, waiting = Numbers(), threading.Event()

    async def walk() -> AsyncIterator[int]:
        async for number in numbers.walk():
            yield number
            waiting.set()
            await asyncio.sleep(3600)

    batches = bridge.ahead(walk(), 10)
    assert next(batches) == [0]
    assert waiting.wait(10)
    batches.close()  # type: ignore[attr-defined]
    assert bridge.run(double, 1) == 2


def test_bridge_not_open_says_so() -> None:
    bridge = Bridge()
    with pytest.raises(RuntimeError, match="not open"):
        bridge.run(double, 1)
    with pytest.raises(RuntimeError, match="not open"):
        bridge.begin(fail)
    with pytest.raises(RuntimeError, match="not open"):
        next(bridge.ahead(Numbers().walk(), 1))
    with pytest.raises(RuntimeError, match="not open"):
        _ = bridge.http


def test_bridge_closed_closes_its_client_and_says_so() -> None:
    with Bridge(connections=1) as bridge:
        client = bridge.http
    assert client.is_closed
    with pytest.raises(RuntimeError, match="not open"):
        bridge.run(double, 1)
    with pytest.raises(RuntimeError, match="not open"):
        _ = bridge.http


def test_listen_tells_of_silence_and_loses_nothing(bridge: Bridge) -> None:
    async def slow() -> AsyncIterator[int]:
        for number in range(2):
            await asyncio.sleep(0.25)
            yield number

    heard = list(bridge.listen(slow(), 0.1))
    assert [one for one in heard if one is not None] == [0, 1]
    assert heard[:2] == [None, None]


def test_listen_left_in_silence_closes_the_generator(bridge: Bridge) -> None:
    closed = threading.Event()

    async def silent() -> AsyncIterator[int]:
        try:
            await asyncio.sleep(60)
            yield 1
        finally:
            closed.set()

    walk = bridge.listen(silent(), 0.05)
    assert next(walk) is None
    walk.close()  # type: ignore[attr-defined]
    assert closed.is_set()


def test_listen_raises_what_the_generator_raised(bridge: Bridge) -> None:
    numbers = Numbers(fail_at=2)
    with pytest.raises(KeyError):
        list(bridge.listen(numbers.walk(), 5))
    assert numbers.closed
