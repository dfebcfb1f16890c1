# SPDX-License-Identifier: Apache-2.0
"""aiohttp under httpx's interface, where the extra `fast` is installed: several times the requests on one core.

Every failure says whether the request may have left. What aiohttp does not name as a failed connect may have: such a
failure must never look like one that can be repeated.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import lru_cache

import httpx
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    SocketTimeoutError,
    TCPConnector,
)

_KEEP = 15.0  # seconds an idle connection is kept; vendors close theirs later


class Fast(httpx.AsyncBaseTransport):
    """Up to `connections` connections, kept alive. Redirects, cookies and proxies are not followed."""

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._session: ClientSession | None = None  # made in the loop that uses it

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with _httpx_errors():
            response = await self._open().request(
                request.method,
                str(request.url),
                headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw],
                data=await request.aread() or None,
                allow_redirects=False,
                timeout=_timeout(request),
            )
        return httpx.Response(response.status, headers=response.raw_headers, stream=_Body(response), request=request)

    def _open(self) -> ClientSession:
        if self._session is None:
            connector = TCPConnector(limit=self._connections, keepalive_timeout=_KEEP)
            self._session = ClientSession(connector=connector, auto_decompress=False, trust_env=False)
        return self._session

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _httpx_errors():
            async for chunk in self._response.content.iter_any():
                yield chunk

    async def aclose(self) -> None:
        self._response.release()


def _timeout(request: httpx.Request) -> ClientTimeout:
    asked = request.extensions.get("timeout", {})
    return _waits(*(asked.get(name) for name in ("pool", "connect", "read")))


@lru_cache
def _waits(pool: float | None, connect: float | None, read: float | None) -> ClientTimeout:
    # aiohttp's `connect` covers waiting for a free connection and making one
    return ClientTimeout(connect=(pool or 0) + (connect or 0) or None, sock_connect=connect, sock_read=read)


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """The text of an error may hold a URL, and so a number: only the kind goes on."""
    try:
        yield
    except ConnectionTimeoutError:
        raise httpx.ConnectTimeout("no connection in time") from None
    except ClientConnectorError:
        raise httpx.ConnectError("no connection") from None
    except SocketTimeoutError:
        raise httpx.ReadTimeout("no answer in time") from None
    except (ClientError, OSError) as error:
        raise httpx.ReadError(type(error).__name__) from None
