# SPDX-License-Identifier: Apache-2.0
"""A CRM on paper and a pigeon that carries messages: small connectors that do what a test tells them."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import anyio
from pydantic import BaseModel, ConfigDict

from hub.contract import (
    Audience,
    Can,
    Changes,
    ClearedMessage,
    ContactSnapshot,
    Crm,
    Event,
    Health,
    Inbound,
    Outcome,
    Outlook,
    Page,
    PlatformCategory,
    ProcessorProfile,
    Property,
    Provider,
    Receipt,
    Report,
    Template,
    TemplateState,
)

BODY = "Hallo {{1}}, bei Muster Handels GmbH gibt es neue Angebote. Keine Werbung mehr? Antworten Sie STOPP."
OFFER = Template("angebot", "de", PlatformCategory.MARKETING, TemplateState.APPROVED, BODY, ("1",))


class Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass
class Paper:
    """What the paper CRM shows, and what it was told. `reply`, `showing` and `turning` may raise."""

    pages: list[Page[ContactSnapshot]] = field(default_factory=list)
    lists: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    told: list[Report] = field(default_factory=list)
    shown: dict[str, Outlook] = field(default_factory=dict)  # what campaigns would come to
    showing: Callable[[Outlook], None] = lambda outlook: None  # before it is shown
    properties: list[Property] = field(default_factory=list)
    asked: tuple[str, ...] = ()  # what core asked for when it last read
    turning: Callable[[int], None] = lambda index: None  # before each page
    reply: Callable[[Report], Outcome | None] = lambda report: Outcome(report.key)
    asked_about: list[tuple[str, ...]] = field(default_factory=list)  # records that core looked for
    missing: Callable[[Sequence[str]], list[Event]] = lambda records: []
    telling: Callable[[str | None], AsyncIterator[Changes] | None] = lambda since: None


def paper_crm(paper: Paper, word: str) -> type[Crm[Plain]]:
    class PaperCrm(Crm[Plain]):
        name, title, Config = word, "Paper CRM", Plain

        def authenticate(self, request: Inbound) -> None: ...

        async def receive(self, request: Inbound) -> list[Event]:
            return []

        async def check(self) -> Health:
            return Health(True, "paper is patient")

        async def contacts(self, since: str | None) -> AsyncIterator[Page[ContactSnapshot]]:
            for index, page in enumerate(paper.pages):
                paper.turning(index)
                paper.asked = self.asked
                yield page

        def changes(self, since: str | None) -> AsyncIterator[Changes] | None:
            paper.asked = self.asked
            return paper.telling(since)

        async def gone(self, records: Sequence[str]) -> list[Event]:
            paper.asked_about.append(tuple(records))
            return paper.missing(records)

        async def properties(self) -> list[Property]:
            return paper.properties

        async def audiences(self) -> list[Audience]:
            return [Audience(name, name) for name in paper.lists]

        async def members(self, audience: str) -> AsyncIterator[Page[str]]:
            for items in paper.lists[audience]:
                yield Page(items, None)

        async def report(self, reports: Sequence[Report]) -> list[Outcome]:
            answers = [paper.reply(report) for report in reports]
            paper.told += reports
            return [answer for answer in answers if answer is not None]

        async def show(self, outlook: Outlook) -> None:
            paper.showing(outlook)
            paper.shown[outlook.key] = outlook

    return PaperCrm


@dataclass
class Loft:
    """The pigeon's home: what it carried, how a flight ends, and what letters say. `fly` and `read` may raise.

    The first flight ends only after `first` was set.
    """

    sent: list[ClearedMessage] = field(default_factory=list)
    fly: Callable[[ClearedMessage], Receipt] = lambda message: Receipt(f"pigeon.{message.outgoing.id}")
    read: Callable[[bytes], list[Event]] = lambda letter: []
    first: threading.Event | None = None

    @property
    def numbers(self) -> list[str]:
        return [message.outgoing.to.value for message in self.sent]


def pigeon(loft: Loft, word: str) -> type[Provider[Plain]]:
    class Pigeon(Provider[Plain]):
        name, title, Config = word, "Pigeon Post", Plain
        can = frozenset({Can.TEMPLATE, Can.TEXT})
        profile = ProcessorProfile("Pigeon Ltd", "DE", "none", ("DE",), (), (), (), "made up")

        def authenticate(self, request: Inbound) -> None: ...

        async def receive(self, request: Inbound) -> list[Event]:
            return loft.read(request.body)

        async def check(self) -> Health:
            return Health(True, "well fed")

        async def send(self, message: ClearedMessage) -> Receipt:
            loft.sent.append(message)
            if loft.first is not None and len(loft.sent) == 1:
                await anyio.to_thread.run_sync(loft.first.wait, 30.0)
            return loft.fly(message)

        async def templates(self) -> AsyncIterator[Template]:
            yield OFFER

    return Pigeon
