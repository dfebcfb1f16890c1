# SPDX-License-Identifier: Apache-2.0
"""The CRM of the fault lab: an audience is named "first:last", as a range of people, and its pages come slowly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from pydantic import BaseModel

from hub.contract import Crm, Event, Health, Inbound, Outcome, Page, Report


class Settings(BaseModel):
    """None."""


class Roster(Crm[Settings]):
    """Takes the place of the load lab's CRM once that was read: its audience is always everybody."""

    name, title, Config = "csv", "Roster", Settings
    page, pause = 50, 0.05  # people in a page, seconds between two

    def authenticate(self, request: Inbound) -> None: ...

    async def receive(self, request: Inbound) -> list[Event]:
        return []

    async def check(self) -> Health:
        return Health(True, "")

    async def contacts(self, since: str | None) -> Any:
        yield Page((), None)

    async def audiences(self) -> list[Any]:
        return []

    async def members(self, audience: str) -> AsyncIterator[Page[str]]:
        first, last = (int(end) for end in audience.split(":"))
        for start in range(first, last, self.page):
            await asyncio.sleep(self.pause)
            yield Page(tuple(str(index) for index in range(start, min(start + self.page, last))), None)

    async def report(self, reports: Sequence[Report]) -> list[Outcome]:
        return [Outcome(report.key) for report in reports]
