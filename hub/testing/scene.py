# SPDX-License-Identifier: Apache-2.0
"""A provider's plugin before its emulator, and a door behind which it reads what comes: for a plugin's own tests.

with playing(Acme, create(seed=5), offer=OFFER) as scene:
    assert isinstance(scene.send(), Receipt)
    (delivered,) = scene.hears()
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import anyio
import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.contract import Content, Forbidden, HubError, Inbound, Outgoing, Point, PointKind, Provider, Purpose
from hub.flows.gate import clear
from hub.http import client
from hub.law.facts import Decision, Verdict
from hub.testing.clock import until
from hub.testing.emulator import serve
from hub.testing.provider_table import Notes

P = TypeVar("P", bound=Provider[Any])
ERIKA = Point(PointKind.E164, "+4915112345678")


@dataclass
class Scene(Generic[P]):
    """`offer` is what is sent where nothing else is said."""

    connector: type[P]
    emulator: Any
    offer: Content
    base: str = ""
    notes: Notes = field(default_factory=Notes)  # what the connection remembers
    seen: list[Inbound] = field(default_factory=list)
    heard: list[Any] = field(default_factory=list)
    refused: int = 0

    def plugin(self, http: httpx.AsyncClient | None = None) -> P:
        config = self.connector.Config(**self.emulator.settings(self.base))
        return self.connector(config, http or httpx.AsyncClient(), self.notes)

    def do(self, what: Callable[[P], Awaitable[Any]]) -> Any:
        """The result, or the error of ours that was raised."""

        async def run() -> Any:
            async with client(connections=4) as http:
                try:
                    return await what(self.plugin(http))
                except HubError as error:
                    return error

        return anyio.run(run)

    def send(
        self,
        content: Content | None = None,
        purpose: Purpose = Purpose.MARKETING,
        *,
        id: str = "opaque-1",
        to: Point = ERIKA,
        reply_to: str = "",
    ) -> Any:
        """A receipt or an error."""
        outgoing = Outgoing(id, self.emulator.sender, to, purpose, content or self.offer, reply_to)
        message = clear(outgoing, Decision(Verdict.ALLOW, ()), "decision-1")
        return self.do(lambda plugin: plugin.send(message))

    def templates(self) -> Any:
        """Those that are listed."""

        async def run(plugin: P) -> list[Any]:
            return [template async for template in plugin.templates()]

        return self.do(run)

    def hears(self, count: int = 1) -> list[Any]:
        """The events that came, once there are that many."""
        until(lambda: len(self.heard) >= count, f"{count} events")
        return list(self.heard)

    def events(self, count: int) -> list[Any]:
        """The events that came: so many, and no more."""
        found = self.hears(count)
        assert len(found) == count, found
        return found

    def first(self) -> Inbound:
        """The first webhook that came, whether it was refused or not."""
        until(lambda: bool(self.seen), "a webhook")
        return self.seen[0]

    async def door(self, request: Request) -> Response:
        body, query = await request.body(), dict(request.query_params)
        inbound = Inbound("POST", str(request.url), dict(request.headers), body, query)
        self.seen.append(inbound)
        plugin = self.plugin()
        try:
            plugin.authenticate(inbound)
        except Forbidden:
            self.refused += 1
            return Response(status_code=401)
        self.heard += await plugin.receive(inbound)
        return Response()


@contextmanager
def playing(connector: type[P], emulator: Any, offer: Content) -> Iterator[Scene[P]]:
    """Emulator and door are served while it lasts."""
    scene = Scene(connector, emulator, offer)
    app = Starlette(routes=[Route("/in", scene.door, methods=["POST"])])
    with serve(emulator.app()) as scene.base, serve(app) as hub:
        emulator.webhook_url = f"{hub}/in"
        yield scene
