# SPDX-License-Identifier: Apache-2.0
"""The door: `POST|GET /in/{door}`, a connection's secret token. The connection's guard, then the plugin's own
authentication on raw bytes, store, answer. No more.

Requests that arrive together are stored in one transaction (group commit); each is answered only after that commit.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import httpx
import structlog
from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hub.contract import Answer, Connector, Crm, Forbidden, Inbound, Options
from hub.flows import accounts, inbox, workflows
from hub.flows.guard import Guard, guard_of
from hub.flows.inbox import Arrived
from hub.flows.world import World
from hub.store.tables import Connection

log = structlog.get_logger("hub.door")

PREFIX = "/in/"
MAX_BODY = 4 * 1024 * 1024  # Meta sends up to 3 MB
_GROUP = 500  # requests in one transaction,
_BYTES = 32 * 1024 * 1024  # and about how much they may weigh
_GATHER = 0.008  # seconds from one to the next: under load, few large ones cost less than many small ones,
_ENOUGH = 48  # except that so many need not wait
_NUDGES = 0.02  # seconds from one nudge to the next
REMEMBER = 5.0  # seconds a connection's settings are kept, and a door that was changed still opens
_Behind = tuple[str, Guard, Connector[Any]]  # the connection's id, its guard and its plugin


class Door:
    """An ASGI app for the paths below `PREFIX`. `nudge` is told the new inbox rows, after commit."""

    def __init__(self, world: World, nudge: Callable[[Iterable[str]], None]) -> None:
        self.world, self.nudge = world, nudge
        self._fresh: asyncio.Queue[list[str]] = asyncio.Queue()
        self._waiting: asyncio.Queue[tuple[Arrived, asyncio.Future[bool]]] = asyncio.Queue()
        self._enough = asyncio.Event()
        self._known: dict[str, tuple[float, _Behind | None]] = {}
        self._http = httpx.AsyncClient(transport=httpx.MockTransport(_no_network))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._enter(scope, receive)
        await answer(scope, receive, send)

    async def _enter(self, scope: Scope, receive: Receive) -> Response:
        if scope["method"] not in ("GET", "POST"):
            return Response(status_code=405)
        behind = await self._behind(scope["path"].removeprefix(PREFIX))
        if behind is None:
            return Response(status_code=404)
        connection_id, guard, connector = behind
        body = await _body(receive)
        if body is None:
            return Response(status_code=413)
        inbound = self._inbound(scope, body)
        try:
            guard.admit(inbound.headers, scope["client"][0] if scope.get("client") else "")
            connector.authenticate(inbound)
            answer = await self._choices(connection_id, connector, inbound) or connector.acknowledge(inbound)
        except Forbidden as error:
            log.warning("webhook refused", connection=connection_id, why=str(error))
            return Response(status_code=401)
        except Exception as error:
            log.warning("webhook unreadable", connection=connection_id, error=type(error).__name__)
            return Response(status_code=400)
        if answer.keep and not await self._kept(Arrived(connection_id, inbound)):
            return Response(status_code=500)  # the vendor comes again
        return Response(answer.body, answer.status, media_type=answer.media_type)

    async def _choices(self, connection_id: str, connector: Connector[Any], inbound: Inbound) -> Answer | None:
        """What a CRM may choose from, if that is what it asks; the database is looked at only then."""
        if not isinstance(connector, Crm) or connector.choices(inbound, Options()) is None:
            return None
        return connector.choices(inbound, await anyio.to_thread.run_sync(self._options, connection_id))

    def _options(self, connection_id: str) -> Options:
        with self.world.db.read() as session:
            return workflows.options(session, session.get_one(Connection, connection_id))

    def _inbound(self, scope: Scope, body: bytes) -> Inbound:
        """`url` is the one that the vendor called; some sign it."""
        query = scope["query_string"].decode("latin-1")
        return Inbound(
            method=scope["method"],
            url=f"{self.world.settings.public_url.rstrip('/')}{scope['path']}{'?' if query else ''}{query}",
            headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
            body=body,
            query=dict(QueryParams(query)) if query else {},
            received_at=self.world.now(),
        )

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
        if connection is None:
            return None
        connector = accounts.open_connector(self.world, connection, self._http)
        return connection.id, guard_of(self.world, connection), connector

    async def _kept(self, arrived: Arrived) -> bool:
        """True once it is committed."""
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((arrived, kept))
        if self._waiting.qsize() >= _ENOUGH:
            self._enough.set()
        return await kept

    async def keep(self) -> None:
        """The one writer: takes all that wait, commits once, answers all. Runs as long as the server does."""
        loop = asyncio.get_running_loop()
        telling = loop.create_task(self._tell())
        try:
            with ThreadPoolExecutor(1, "door") as thread:
                while True:
                    group = await self._group()
                    began = loop.time()
                    ids = await loop.run_in_executor(thread, self._store, [arrived for arrived, _ in group])
                    for _, kept in group:
                        if not kept.done():  # its client may have gone
                            kept.set_result(ids is not None)
                    if ids:
                        self._fresh.put_nowait(ids)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout_at(began + _GATHER):
                            await self._enough.wait()
        finally:
            telling.cancel()

    async def _group(self) -> list[tuple[Arrived, asyncio.Future[bool]]]:
        group = [await self._waiting.get()]
        size = len(group[0][0].request.body)
        while size < _BYTES and len(group) < _GROUP and not self._waiting.empty():
            group.append(self._waiting.get_nowait())
            size += len(group[-1][0].request.body)
        if self._waiting.qsize() < _ENOUGH:
            self._enough = asyncio.Event()
        return group

    def _store(self, group: list[Arrived]) -> list[str] | None:
        """In the writer's thread. None when it could not be written."""
        try:
            with self.world.db.write() as session:
                return inbox.store(self.world, session, group)
        except Exception as error:
            log.error("inbox not written", error=type(error).__name__)
            return None

    async def _tell(self) -> None:
        """Nudge in a thread of its own: a broker that hangs delays no answer. Whatever it misses, the sweep finds."""
        while True:
            ids = await self._fresh.get()
            while not self._fresh.empty():
                ids += self._fresh.get_nowait()
            try:
                await anyio.to_thread.run_sync(self.nudge, ids)
            except Exception as error:
                log.warning("nudge failed", error=type(error).__name__)
            await asyncio.sleep(_NUDGES)


async def _body(receive: Receive) -> bytes | None:
    """The raw bytes; None when there are too many, or the client has gone."""
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY:
            return None
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def _no_network(_: httpx.Request) -> httpx.Response:
    raise RuntimeError("the web process calls no vendor")
