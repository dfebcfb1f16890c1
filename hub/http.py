# SPDX-License-Identifier: Apache-2.0
"""The one HTTP client. No plugin builds its own.

Connections are spread over many small pools, because one large httpx pool costs more the more connections it holds.
Only failed connects are retried here, within seconds. Whatever may have reached the vendor is never repeated:
a lost answer is `Uncertain` for calls that change something and `Unavailable` for reads.
"""

from __future__ import annotations

import importlib.util
import ssl
import time
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Any

import anyio
import httpx
import orjson
import structlog
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from hub.contract import HubError, Unavailable, Uncertain

log = structlog.get_logger("hub.http")

PER_POOL = 8  # connections; beyond some 10 a pool of httpx 0.28 slows down
TIMEOUT = httpx.Timeout(30.0, connect=5.0, pool=10.0)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_NO_CONNECTION = (httpx.ConnectError, httpx.ConnectTimeout)
_NOT_SENT = (*_NO_CONNECTION, httpx.PoolTimeout)


def client(*, connections: int = 64, timeout: httpx.Timeout = TIMEOUT) -> httpx.AsyncClient:
    """A client with up to `connections` connections. Close it with `aclose`."""
    headers = {"user-agent": "consent-hub"}
    transport = Sharded(pools(connections))
    return Client(transport=transport, timeout=timeout, headers=headers, trust_env=False)


def passing() -> httpx.AsyncClient:
    """A client for one call to an address that somebody typed. No connection outlives it: one that was opened for a
    name is never used for another name at the same address."""
    return httpx.AsyncClient(verify=_tls(), timeout=TIMEOUT, headers={"user-agent": "consent-hub"}, trust_env=False)


@lru_cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


class Client(httpx.AsyncClient):
    """Puts plain requests together itself and sends them straight on: what httpx does around a request, with the same
    URL and headers each time, takes longer than all the rest of it.

    Redirects are not followed, and no cookie of one account is kept to go along with a call for another.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._always = dict(self.headers)

    def build_request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Request:
        given = {name: value for name, value in options.items() if value and name not in _PLAIN}
        if given != _BY_DEFAULT:
            return super().build_request(method, url, **options)
        content, headers = options.get("content"), self._always | dict(options.get("headers") or ())
        if (body := options.get("json")) is not None:
            content, headers = orjson.dumps(body), headers | {"content-type": "application/json"}
        extensions = {"timeout": self.timeout.as_dict()}
        return httpx.Request(method, _read(str(url)), headers=headers, content=content, extensions=extensions)

    async def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        if any(value is not None and value is not httpx.USE_CLIENT_DEFAULT for value in options.values()):
            return await super().send(request, stream=stream, **options)
        response = await self._transport.handle_async_request(request)
        response.request = request
        if not stream:
            try:
                await response.aread()
            except BaseException:
                await response.aclose()
                raise
        return response


_PLAIN = frozenset({"headers", "content", "json"})
_BY_DEFAULT = {"timeout": httpx.USE_CLIENT_DEFAULT}
_read = lru_cache(1024)(httpx.URL)


def pools(connections: int) -> list[httpx.AsyncBaseTransport]:
    """One pool of aiohttp where the extra `fast` is installed, else many small ones of httpx."""
    if importlib.util.find_spec("aiohttp") is None:
        return [_pool() for _ in range(max(1, -(-connections // PER_POOL)))]
    from hub.fast import Fast

    return [Fast(connections)]


def _pool() -> httpx.AsyncBaseTransport:
    limits = httpx.Limits(max_connections=PER_POOL, max_keepalive_connections=PER_POOL)
    return httpx.AsyncHTTPTransport(limits=limits, trust_env=False)


class Sharded(httpx.AsyncBaseTransport):
    """Sends each request through the least busy of several transports, and speaks our errors."""

    def __init__(self, shards: list[httpx.AsyncBaseTransport]) -> None:
        self._shards = shards
        self._busy = [0] * len(shards)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        shard = self._busy.index(min(self._busy))
        self._busy[shard] += 1
        started = time.perf_counter()
        try:
            response = await self._send(self._shards[shard], request)
        except httpx.TransportError as error:
            self._busy[shard] -= 1
            log.info("http", method=request.method, host=request.url.host, error=type(error).__name__)
            raise meaning(error, request.method) from None
        except BaseException:
            self._busy[shard] -= 1
            raise
        # neither path nor query: vendors put ids and numbers there
        took = round((time.perf_counter() - started) * 1000)
        log.debug("http", method=request.method, host=request.url.host, status=response.status_code, ms=took)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Body(response.stream, request.method, lambda: self._free(shard))
        return response

    @staticmethod
    async def _send(shard: httpx.AsyncBaseTransport, request: httpx.Request) -> httpx.Response:
        try:
            return await shard.handle_async_request(request)
        except _NO_CONNECTION:
            attempts = AsyncRetrying(
                retry=retry_if_exception_type(_NO_CONNECTION),
                stop=stop_after_attempt(2),  # after the first one
                wait=wait_random_exponential(multiplier=0.1, max=2),
                reraise=True,
            )
            await anyio.sleep(0.1)
            return await attempts(shard.handle_async_request, request)

    def _free(self, shard: int) -> None:
        self._busy[shard] -= 1

    async def aclose(self) -> None:
        for shard in self._shards:
            await shard.aclose()


class _Body(httpx.AsyncByteStream):
    """A response body that frees its shard when done and speaks our errors."""

    def __init__(self, stream: httpx.AsyncByteStream, method: str, free: object) -> None:
        self._stream, self._method, self._free = stream, method, free

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                yield chunk
        except httpx.TransportError as error:
            raise meaning(error, self._method) from None

    async def aclose(self) -> None:
        free, self._free = self._free, None
        if callable(free):
            free()
        await self._stream.aclose()


def meaning(error: httpx.TransportError, method: str) -> HubError:
    """What a broken exchange means. The text names the kind of failure only: URLs may hold personal data."""
    kind = type(error).__name__
    if isinstance(error, _NOT_SENT):
        return Unavailable(f"could not connect ({kind})")
    if method.upper() in SAFE:
        return Unavailable(f"no answer ({kind})")
    return Uncertain(f"no answer ({kind})")
