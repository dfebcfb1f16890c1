# SPDX-License-Identifier: Apache-2.0
"""What the CRM suites stand on: an account they may fill, and short ways to let a connector work in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import anyio
import httpx

from hub.contract import ContactSnapshot, Crm, Event, Inbound, Page, Report, ReportKind
from hub.http import Sharded, client

R = TypeVar("R")
AnyCrm = Crm[Any]
Handler = Callable[[httpx.Request], httpx.Response]


class World(Protocol):
    """A CRM account that the suite may fill and change: an emulator, a file."""

    def crm(self, http: httpx.AsyncClient) -> AnyCrm:
        """The connector, set up for this account."""

    def fill(self, count: int) -> list[str]:
        """Make contacts with numbers; returns their record ids."""

    def contact(self, legal_basis: str) -> str:
        """Make one contact whose legal-basis field holds this value; returns its record id."""

    def change(self, record: str) -> None:
        """Somebody edits a contact."""


def run(world: World, work: Callable[[AnyCrm], Awaitable[R]]) -> R:
    """Let a connector work in an event loop of its own."""

    async def main() -> R:
        async with client(connections=8) as http:
            return await work(world.crm(http))

    return anyio.run(main)


async def read(crm: AnyCrm, since: str | None = None) -> list[Page[ContactSnapshot]]:
    return [page async for page in crm.contacts(since)]


def resumed(world: World, cursor: str | None) -> list[Page[ContactSnapshot]]:
    return run(world, lambda crm: read(crm, cursor))


def received(world: World, request: Inbound) -> list[Event]:
    return run(world, lambda crm: crm.receive(request))


def members(world: World, audience: str) -> list[str]:
    async def found(crm: AnyCrm) -> list[str]:
        return [record async for page in crm.members(audience) for record in page.items]

    return run(world, found)


def records(pages: list[Page[ContactSnapshot]]) -> list[str]:
    return [one.record for page in pages for one in page.items]


def report(key: str, record: str) -> Report:
    return Report(key, record, ReportKind.STATUS, "accepted", datetime.now(UTC), campaign="spring")


def faulty(handler: Handler) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=Sharded([httpx.MockTransport(handler)]))
