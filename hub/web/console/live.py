# SPDX-License-Identifier: Apache-2.0
"""Parts of pages that stay fresh while somebody looks at them: server-sent events, as browsers read them by themselves.

Asked for in any other way, the same address answers with the part as it is now; without script a reload shows it.
Whoever looks at the same part shares one look at the database, and between two looks nobody holds a thread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import cast

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from hub.flows.roles import May
from hub.store.tables import Controller
from hub.web.console.leaves import HEADERS
from hub.web.console.rooms import Facts, NotFound, Rooms, Visitor

STREAM = "text/event-stream"
EVERY = 2.0  # seconds between two looks
LIFETIME = 120.0  # seconds; the browser then comes back by itself
MOST = 200  # viewers in this process; who comes later looks now and then
_FORGOTTEN = 60.0
_HEADERS = {**HEADERS, "x-accel-buffering": "no"}  # nginx would keep it until it is whole
_END = "event: end\ndata:\n\n"  # there is nothing more to come

Enter = Callable[[Request], Visitor | None]


@dataclass
class Part:
    """What several people look at: one of them looks for all."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    at: float = float("-inf")  # monotonic seconds
    html: str = ""
    moving: bool = True


class Live:
    """The streams of one process."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._parts: dict[tuple[str, ...], Part] = {}
        self._viewers = 0

    def part(self, path: str, may: May, page: str, facts: Facts) -> Route:
        """A part of a page. `facts` says with `moving` whether it may still change; without, it always may."""
        plain = self._rooms.show(path, may, page, facts).endpoint

        async def endpoint(request: Request) -> Response:
            if STREAM not in request.headers.get("accept", ""):
                return cast(Response, await plain(request))
            return await self._answer(request, lambda asked: self._rooms.watching(asked, may), page, facts)

        return Route(path, endpoint)

    async def _answer(self, request: Request, enter: Enter, page: str, facts: Facts) -> Response:
        visitor = await run_in_threadpool(enter, request)
        try:
            part = await self._look(visitor, page, facts) if visitor is not None else None
        except NotFound:
            part = None
        if part is None:
            return Response(status_code=204, headers=HEADERS)  # the browser then asks no more
        return StreamingResponse(self._tell(request, enter, page, facts, part), headers=_HEADERS, media_type=STREAM)

    async def _tell(self, request: Request, enter: Enter, page: str, facts: Facts, part: Part) -> AsyncIterator[str]:
        crowded = self._viewers >= MOST
        self._viewers += 1
        try:
            yield f"retry: {10_000 if crowded else 1000}\n\n"
            until, shown = time.monotonic() + (0 if crowded else LIFETIME), ""
            while True:
                if part.html != shown:
                    shown = part.html
                    yield _event(shown)
                if not part.moving:
                    yield _END
                if not part.moving or time.monotonic() >= until:
                    return
                await asyncio.sleep(EVERY)
                visitor = await run_in_threadpool(enter, request)  # may have left, or may see it no more
                if visitor is None:
                    yield _END
                    return
                part = await self._look(visitor, page, facts)
        except NotFound:
            yield _END
        finally:
            self._viewers -= 1

    async def _look(self, visitor: Visitor, page: str, facts: Facts) -> Part:
        key = (page, visitor.actor.controller_id, visitor.language, *visitor.path.values())
        now = time.monotonic()
        self._parts = {one: part for one, part in self._parts.items() if now - part.at < _FORGOTTEN or one == key}
        part = self._parts.setdefault(key, Part())
        async with part.lock:
            if time.monotonic() - part.at >= EVERY * 0.9:
                part.html, part.moving = await run_in_threadpool(self._render, visitor, page, facts)
                part.at = time.monotonic()
        return part

    def _render(self, visitor: Visitor, page: str, facts: Facts) -> tuple[str, bool]:
        with visitor.world.db.read() as session:
            found = facts(visitor, session, session.get_one(Controller, visitor.actor.controller_id))
        html = bytes(self._rooms.leaves.page(page, visitor.language, **found).body).decode()
        return html, bool(found.get("moving", True))


def _event(html: str) -> str:
    return "".join(f"data: {line}\n" for line in html.splitlines()) + "\n"
