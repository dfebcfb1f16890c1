# SPDX-License-Identifier: Apache-2.0
"""The one bridge between synchronous code and the coroutines of plugins: an event loop in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import wait
from contextlib import suppress
from typing import Any, TypeVar

import anyio
import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from hub import http

T = TypeVar("T")


class Bridge:
    """A running loop and the HTTP client that lives in it. Use as a context manager."""

    def __init__(self, *, connections: int = 64) -> None:
        self._connections = connections
        self._portal: BlockingPortal | None = None
        self._context = start_blocking_portal("asyncio")
        self._http: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Future[None]] = set()

    def __enter__(self) -> Bridge:
        self._portal = self._context.__enter__()
        self._http = self.run(self._client)
        return self

    def __exit__(self, *error: Any) -> None:
        if self._http is not None:
            self.run(self._http.aclose)
        self._context.__exit__(*error)
        self._portal = self._http = self._loop = None

    async def _client(self) -> httpx.AsyncClient:
        self._loop = asyncio.get_running_loop()
        return http.client(connections=self._connections)

    @property
    def http(self) -> httpx.AsyncClient:
        if self._http is None:
            raise RuntimeError("the bridge is not open")
        return self._http

    def run(self, function: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> T:
        """Call a coroutine function from a thread and wait for its result."""
        if self._portal is None:
            raise RuntimeError("the bridge is not open")
        result: T = self._portal.start_task_soon(function, *arguments).result()
        return result

    def begin(self, function: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> None:
        """Call a coroutine function and go on at once: nobody waits for it, not even for its start."""
        if self._loop is None:
            raise RuntimeError("the bridge is not open")
        self._loop.call_soon_threadsafe(self._spawn, function, arguments)

    def _spawn(self, function: Callable[..., Coroutine[Any, Any, None]], arguments: tuple[Any, ...]) -> None:
        task = asyncio.ensure_future(function(*arguments))
        self._tasks.add(task)  # a loop alone keeps no task alive
        task.add_done_callback(self._tasks.discard)

    def listen(self, items: AsyncIterator[T], beat: float) -> Iterator[T | None]:
        """Walk an async iterator that may be silent for long: None whenever nothing came for `beat` seconds."""
        done = object()
        task: asyncio.Future[Any] | None = None

        async def following() -> Any:
            nonlocal task
            task = task or asyncio.ensure_future(_next(items, done))
            await asyncio.wait({task}, timeout=beat)
            if not task.done():
                return None
            finished, task = task, None
            return finished.result()

        async def close() -> None:
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await _closed(items)

        try:
            while (item := self.run(following)) is not done:
                yield item
        finally:
            self.run(close)

    def iterate(self, items: AsyncIterator[T]) -> Iterator[T]:
        """Walk an async iterator from a thread, item by item."""
        done = object()

        async def following() -> Any:
            return await anext(items, done)

        try:
            while (item := self.run(following)) is not done:
                yield item
        finally:
            self.run(_closed, items)

    def ahead(self, items: AsyncIterator[T], most: int) -> Iterator[list[T]]:
        """The same, all that are there by now: while some are worked on, up to `most` others are fetched."""
        if self._portal is None:
            raise RuntimeError("the bridge is not open")
        sending, receiving = anyio.create_memory_object_stream[T](most)

        async def fetch() -> None:
            async with sending:
                async for item in items:
                    await sending.send(item)

        async def there() -> list[T]:
            found: list[T] = []
            with suppress(anyio.EndOfStream, anyio.WouldBlock):
                found.append(await receiving.receive())
                while True:
                    found.append(receiving.receive_nowait())
            return found

        async def close() -> None:
            receiving.close()
            await _closed(items)

        fetching = self._portal.start_task_soon(fetch)
        try:
            while found := self.run(there):
                yield found
            fetching.result()  # raises what ended it
        finally:
            fetching.cancel()
            wait([fetching])  # what runs cannot be closed
            self.run(close)


async def _closed(items: AsyncIterator[Any]) -> None:
    if isinstance(items, AsyncGenerator):
        await items.aclose()


async def _next(items: AsyncIterator[Any], done: object) -> Any:
    return await anext(items, done)
