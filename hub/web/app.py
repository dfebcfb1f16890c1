# SPDX-License-Identifier: Apache-2.0
"""The web process: the door, the public pages, and whether it is alive."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from typing import Any

import uvicorn
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.flows.world import World
from hub.web import console
from hub.web.door import PREFIX, Door
from hub.web.hands import Hands, Playground
from hub.web.public import Public

API = "/api/v1"
_LEAVE = 10  # seconds that open requests have to end


class Later:
    """An app that is built for whoever asks first."""

    def __init__(self, build: Callable[[], ASGIApp]) -> None:
        self._build = build
        self._app: ASGIApp | None = None
        self._lock = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._lock:
            if self._app is None:
                self._app = await run_in_threadpool(self._build)
        await self._app(scope, receive, send)


class House(Starlette):
    """Webhooks go straight to the door: what pages need on the way costs as much as storing a webhook."""

    door: Door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self.door(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _api(world: World, hands: Hands) -> ASGIApp:
    from hub.web import api  # here, since FastAPI takes a tenth of a start, and every command would pay for it

    return api.build(world, hands)


def build(
    world: World,
    nudge: Callable[[Iterable[str]], None],
    hands: Hands | None = None,
    playground: Playground | None = None,
) -> House:
    """`nudge` is told new inbox rows, after commit; `hands` ask CRMs and vendors. Without them there is
    neither console nor API. `playground`: vendors played on this machine, which the console offers."""
    door = Door(world, nudge)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        keeper = asyncio.create_task(door.keep())
        yield
        keeper.cancel()

    def reach_database() -> None:
        with world.db.read() as session:
            session.connection().execute(text("SELECT 1"))

    async def alive(_: Request) -> Response:
        return PlainTextResponse("ok")

    async def ready(_: Request) -> Response:
        try:
            await run_in_threadpool(reach_database)
        except Exception:
            return PlainTextResponse("the database does not answer", 503)
        return PlainTextResponse("ok")

    health = [Route("/livez", alive), Route("/readyz", ready)]
    rest: list[BaseRoute] = []
    if hands is not None:
        rest = [*console.routes(world, hands, playground), Mount(API, Later(partial(_api, world, hands)))]
    house = House(routes=[*Public(world).routes(), *health, *rest], lifespan=lifespan)
    house.door = door
    return house


def serve(app: ASGIApp, host: str, port: int, **more: Any) -> None:
    """Answer until the process is told to end. What uvicorn logs goes through `hub.logs`, which hides what it must."""
    quiet: dict[str, Any] = {"log_config": None, "log_level": "warning", "access_log": False}
    quiet["timeout_graceful_shutdown"] = _LEAVE  # whoever looks on at a page would stay longer
    uvicorn.run(app, host=host, port=port, ws="none", server_header=False, **quiet, **more)
