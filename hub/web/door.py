# SPDX-License-Identifier: Apache-2.0
"""The door: `POST|GET /in/{door}`, a connection's secret token. Authenticate on raw bytes, store, answer. No more.

Requests that arrive together are stored in one transaction (group commit); each is answered only after that commit.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any

import anyio
import httpx
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.contract import Connector, Forbidden, Inbound
from hub.flows import accounts, inbox
from hub.flows.inbox import Arrived
from hub.flows.world import World

log = structlog.get_logger("hub.door")

MAX_BODY = 4 * 1024 * 1024  # Meta sends up to 3 MB
_GROUP = 200
REMEMBER = 5.0  # seconds a connection's settings are kept, and a door that was changed still opens
_Behind = tuple[str, Connector[Any]]  # the connection's id, and its plugin


class Door:
    """`nudge` is told the new inbox rows, after commit."""

    def __init__(self, world: World, nudge: Callable[[Iterable[str]], None]) -> None:
        self.world, self.nudge = world, nudge
        self._waiting: asyncio.Queue[tuple[Arrived, asyncio.Future[None]]] = asyncio.Queue()
        self._known: dict[str, tuple[float, _Behind | None]] = {}
        self._http = httpx.AsyncClient(transport=httpx.MockTransport(_no_network))

    def routes(self) -> list[Route]:
        return [Route("/in/{door}", self.enter, methods=["GET", "POST"])]

    async def enter(self, request: Request) -> Response:
        behind = await self._behind(request.path_params["door"])
        if behind is None:
            return Response(status_code=404)
        connection_id, connector = behind
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        inbound = Inbound(
            method=request.method,
            url=self._public_url(request),
            headers={key.lower(): value for key, value in request.headers.items()},
            body=body,
            query=dict(request.query_params),
            received_at=self.world.now(),
        )
        try:
            connector.authenticate(inbound)
            answer = connector.acknowledge(inbound)
        except Forbidden as error:
            log.warning("webhook refused", connection=connection_id, why=str(error))
            return Response(status_code=401)
        except Exception as error:
            log.warning("webhook unreadable", connection=connection_id, error=type(error).__name__)
            return Response(status_code=400)
        if answer.keep:
            kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            await self._waiting.put((Arrived(connection_id, inbound), kept))
            await kept
        return Response(answer.body, answer.status, media_type=answer.media_type)

    def _public_url(self, request: Request) -> str:
        """The URL as the vendor called it; some sign it."""
        query = f"?{request.url.query}" if request.url.query else ""
        return f"{self.world.settings.public_url.rstrip('/')}{request.url.path}{query}"

    async def _behind(self, door: str) -> _Behind | None:
        known = self._known.get(door)
        if known is None or time.monotonic() - known[0] > REMEMBER:
            found = await anyio.to_thread.run_sync(self._open, door)
            known = self._known[door] = (time.monotonic(), found)
            if found is None:  # guesses must not fill memory
                del self._known[door]
        return known[1]

    def _open(self, door: str) -> _Behind | None:
        with self.world.db.read() as session:
            connection = accounts.behind(session, door)
        return (connection.id, accounts.open_connector(self.world, connection, self._http)) if connection else None

    async def keep(self) -> None:
        """The one writer: takes all that wait, commits once, answers all. Runs as long as the server does."""
        while True:
            group = [await self._waiting.get()]
            while len(group) < _GROUP and not self._waiting.empty():
                group.append(self._waiting.get_nowait())
            try:
                ids = await anyio.to_thread.run_sync(self._store, [arrived for arrived, _ in group])
            except Exception as error:
                log.error("inbox not written", error=type(error).__name__)
                for _, kept in group:
                    if not kept.done():
                        kept.set_exception(RuntimeError("not stored"))  # answered 500: the vendor comes again
                continue
            for _, kept in group:
                if not kept.done():
                    kept.set_result(None)
            try:
                self.nudge(ids)
            except Exception as error:  # the sweep finds the rows
                log.warning("nudge failed", error=type(error).__name__)

    def _store(self, group: list[Arrived]) -> list[str]:
        with self.world.db.write() as session:
            return inbox.store(self.world, session, group)


async def _body(request: Request) -> bytes | None:
    """The raw bytes; None when there are too many."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _no_network(_: httpx.Request) -> httpx.Response:
    raise RuntimeError("the web process calls no vendor")
