# SPDX-License-Identifier: Apache-2.0
"""The one bridge between synchronous code and the coroutines of plugins: an event loop in a thread."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

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

    def __enter__(self) -> Bridge:
        self._portal = self._context.__enter__()
        self._http = self.run(self._client)
        return self

    def __exit__(self, *error: Any) -> None:
        if self._http is not None:
            self.run(self._http.aclose)
        self._context.__exit__(*error)
        self._portal = self._http = None

    async def _client(self) -> httpx.AsyncClient:
        return http.client(connections=self._connections)

    @property
    def http(self) -> httpx.AsyncClient:
        if self._http is None:
            raise RuntimeError("the bridge is not open")
        return self._http

    def run(self, function: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> T:
        """Call a coroutine function from a thread and wait for its result."""
        return self.start(function, *arguments).result()

    def start(self, function: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> Future[T]:
        """Call a coroutine function; the result comes in the future."""
        if self._portal is None:
            raise RuntimeError("the bridge is not open")
        return self._portal.start_task_soon(function, *arguments)

    def iterate(self, items: AsyncIterator[T]) -> Iterator[T]:
        """Walk an async iterator from a thread, item by item."""
        done = object()

        async def following() -> Any:
            return await anext(items, done)

        async def close() -> None:
            if isinstance(items, AsyncGenerator):
                await items.aclose()

        try:
            while (item := self.run(following)) is not done:
                yield item
        finally:
            self.run(close)
