# SPDX-License-Identifier: Apache-2.0
"""An org on this machine, and short ways to let the plugin work in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import anyio
from hub_salesforce import Config, Salesforce
from hub_salesforce.emulator import SalesforceEmulator, create

from hub import ContactSnapshot, Outcome, Page, Report, ReportKind
from hub.http import client
from hub.testing.emulator import serve

R = TypeVar("R")
AT = datetime(2026, 11, 21, 10, tzinfo=UTC)


class Notes(dict[str, str]):
    """A connection's memory."""

    def set(self, key: str, value: str) -> None:
        self[key] = value


class Site:
    """A running org, and the connection's memory."""

    def __init__(self, emulator: SalesforceEmulator, url: str, **settings: Any) -> None:
        self.emulator, self.url, self.db = emulator, url, emulator.db
        self.memory = Notes()
        signin = emulator.signin
        given = {"base_url": url, "client_id": signin.client_id, "client_secret": signin.client_secret}
        self.settings = {**given, **settings}

    def ask(self, work: Callable[[Salesforce], Awaitable[R]]) -> R:
        async def main() -> R:
            async with client(connections=8) as http:
                return await work(Salesforce(Config.model_validate(self.settings), http, self.memory))

        return anyio.run(main)

    def pages(self, since: str | None = None, asked: tuple[str, ...] = ()) -> list[Page[ContactSnapshot]]:
        async def read(crm: Salesforce) -> list[Page[ContactSnapshot]]:
            crm.asked = asked
            return [page async for page in crm.contacts(since)]

        return self.ask(read)

    def people(self, since: str | None = None, asked: tuple[str, ...] = ()) -> dict[str, ContactSnapshot]:
        return {one.record: one for page in self.pages(since, asked) for one in page.items}

    def synced(self) -> str:
        """The cursor after a whole sync."""
        cursor = self.pages()[-1].cursor
        assert cursor is not None
        return cursor

    def report(self, *reports: Report) -> list[Outcome]:
        return self.ask(lambda crm: crm.report(reports))

    def contact(self, **fields: Any) -> str:
        return str(self.db["Contact"].add({"LastName": "Muster", "MobilePhone": "0151 1234567", **fields})["Id"])

    def lead(self, **fields: Any) -> str:
        return str(self.db["Lead"].add({"LastName": "Muster", "Company": "Muster GmbH", **fields})["Id"])

    def individual(self, **flags: bool) -> str:
        return str(self.db["Individual"].add({"LastName": "Muster", **flags})["Id"])

    def consent(self, individual: str, status: str, kind: str = "ContactPointTypeConsent", **fields: Any) -> str:
        """A consent record of somebody else's."""
        given = {"PartyId": individual, "PrivacyConsentStatus": status, "CaptureSource": "Web form"}
        return str(self.db[kind].add({**given, **fields})["Id"])

    def named(self, kind: str, name: str, **fields: Any) -> str:
        return str(self.db[kind].add({"Name": name, **fields})["Id"])

    def calls(self, path: str) -> int:
        return sum(path in call.path for call in self.emulator.log)


@contextmanager
def site(settings: dict[str, Any] | None = None, **options: Any) -> Iterator[Site]:
    """`options` are those of the emulator."""
    emulator = create(**options)
    with serve(emulator.app()) as url:
        yield Site(emulator, url, **(settings or {}))


def said(key: str, record: str, status: str = "accepted", kind: ReportKind = ReportKind.STATUS, **more: Any) -> Report:
    return Report(key, record, kind, status, more.pop("at", AT), **more)
