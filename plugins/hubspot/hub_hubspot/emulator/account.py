# SPDX-License-Identifier: Apache-2.0
"""For tests: a running emulator, and the connector set up for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from hub import ContactSnapshot, Outcome, Page, Report, ReportKind
from hub.testing.crm_world import run
from hub.testing.emulator import serve
from hub_hubspot import Config, HubSpot
from hub_hubspot.emulator import HubSpotEmulator, create

R = TypeVar("R")
AT = datetime(2026, 11, 21, 10, tzinfo=UTC)


class Notes(dict[str, str]):
    """A connection's memory."""

    def set(self, key: str, value: str) -> None:
        self[key] = value


class Account:
    """`ask` lets a new connector work, as every process of the hub has its own."""

    def __init__(self, emulator: HubSpotEmulator, url: str, settings: dict[str, Any]) -> None:
        self.emulator, self.url, self.settings, self.memory = emulator, url, settings, Notes()
        if not settings.get("client_id"):
            self.settings = {"access_token": emulator.access_token, **settings}

    def config(self) -> Config:
        return Config.model_validate({"base_url": self.url, **self.settings})

    def ask(self, work: Callable[[HubSpot], Awaitable[R]]) -> R:
        world: Any = self
        asked: Any = work
        result: R = run(world, asked)
        return result

    def crm(self, http: httpx.AsyncClient) -> HubSpot:
        return HubSpot(self.config(), http, self.memory)

    def read(self, since: str | None = None) -> list[Page[ContactSnapshot]]:
        async def pages(crm: HubSpot) -> list[Page[ContactSnapshot]]:
            return [page async for page in crm.contacts(since)]

        return self.ask(pages)

    def report(self, *reports: Report) -> list[Outcome]:
        return self.ask(lambda crm: crm.report(reports))

    def shown(self, record: str) -> dict[str, str]:
        """What the contact shows in HubSpot."""
        return self.emulator.contacts[record].properties

    def calls(self, ending: str) -> int:
        return sum(call.path.endswith(ending) for call in self.emulator.log)


@contextmanager
def account(emulator: HubSpotEmulator | None = None, **settings: Any) -> Iterator[Account]:
    emulator = emulator or create(searches=1_000, limit=10_000)
    with serve(emulator.app()) as url:
        yield Account(emulator, url, settings)


@contextmanager
def installed(emulator: HubSpotEmulator | None = None, **settings: Any) -> Iterator[Account]:
    """An account that the connector reaches by OAuth."""
    emulator = emulator or create(searches=1_000, limit=10_000)
    oauth = {"client_id": emulator.access.client_id, "client_secret": emulator.client_secret}
    if "authorization_code" not in settings:
        oauth["refresh_token"] = emulator.access.grant()
    with account(emulator, **oauth, **settings) as one:
        yield one


def records(pages: Sequence[Page[ContactSnapshot]]) -> list[str]:
    return [one.record for page in pages for one in page.items]


def said(key: str, record: str, status: str = "accepted", kind: ReportKind = ReportKind.STATUS, **more: Any) -> Report:
    return Report(key, record, kind, status, more.pop("at", AT), **more)
