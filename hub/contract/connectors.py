# SPDX-License-Identifier: Apache-2.0
"""The classes a plugin writes: a `Provider` sends WhatsApp messages, a `Crm` knows people.

A connector translates. It sees its own settings, an HTTP client and a small memory; never a database, a queue,
a retry or another plugin. It may be created often and must keep nothing outside `memory`.
"""

from __future__ import annotations

import hmac
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar, Generic, Protocol, TypeVar

import httpx
from pydantic import BaseModel

from hub.contract.errors import Forbidden
from hub.contract.events import Event
from hub.contract.messages import ClearedMessage, Outcome, Outlook, Receipt, Report
from hub.contract.processors import Fact
from hub.contract.snapshots import Audience, Changes, ContactSnapshot, Page, Property, Template
from hub.contract.words import Can

C = TypeVar("C", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Inbound:
    """A raw request as it reached the door. `url` is the public one, as the vendor called it."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)  # keys in lower case
    body: bytes = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Answer:
    """What the vendor expects back. `keep=False` for handshakes: nothing to apply later."""

    status: int = 200
    body: bytes = b""
    media_type: str = "text/plain"
    keep: bool = True


@dataclass(frozen=True, slots=True)
class Health:
    """Is the account alive? `detail` says what was looked at, or what to do."""

    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class DataItem:
    """Personal data a connector touches; feeds the Art. 30 record."""

    name: str  # "phone number", "message text"
    category: str  # "contact data", "content", "metadata"
    purpose: str
    kept: str  # how long, at the vendor


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a vendor takes messages to one person: one in `seconds`, of which `burst` may be sent ahead."""

    seconds: float
    burst: int


@dataclass(frozen=True, slots=True)
class ProcessorProfile:
    """What is publicly known of a provider. Everything here is unverified until the admin has checked it."""

    legal_entity: str
    seat: str  # ISO 3166-1 alpha-2
    parent: str
    regions: tuple[str, ...]
    subprocessors: tuple[str, ...]
    transfers: tuple[str, ...]
    to_verify: tuple[str, ...]  # what the admin must see with own eyes
    source: str  # where this was read
    facts: tuple[Fact, ...] = ()  # the same and more, each with its own source and date


class Memory(Protocol):
    """A small persisted, encrypted mapping of one connection, e.g. for OAuth tokens."""

    def get(self, key: str) -> str | None: ...
    def set(self, key: str, value: str) -> None: ...


class Connector(ABC, Generic[C]):
    """What every plugin class shares."""

    name: ClassVar[str]  # one word: folder, entry point, database and docs use it
    title: ClassVar[str]  # as the vendor spells it
    Config: ClassVar[type[BaseModel]]  # the only description of its settings; secrets are SecretStr
    data: ClassVar[tuple[DataItem, ...]] = ()

    def __init__(self, config: C, http: httpx.AsyncClient, memory: Memory) -> None:
        self.config, self.http, self.memory = config, http, memory

    @abstractmethod
    def authenticate(self, request: Inbound) -> None:
        """Prove that the vendor sent this, over the raw bytes. Pure. Raises `Forbidden`."""

    def acknowledge(self, request: Inbound) -> Answer:
        """The answer the vendor expects at once, e.g. a handshake echo. Pure."""
        return Answer()

    @abstractmethod
    async def receive(self, request: Inbound) -> list[Event]:
        """Vendor JSON to our words. May fetch what a thin webhook leaves out."""

    @abstractmethod
    async def check(self) -> Health:
        """Look whether the account works."""

    async def prepare(self) -> list[str]:
        """Make the account ready (fields, subscriptions), idempotent; says what it did."""
        return []


class Provider(Connector[C]):
    """Sends WhatsApp messages through one vendor account."""

    can: ClassVar[frozenset[Can]]
    profile: ClassVar[ProcessorProfile]
    pair: ClassVar[Pace | None] = None  # towards one person; None: the vendor states none
    signature: ClassVar[str] = ""  # how the vendor signs its webhooks; empty: it does not

    @abstractmethod
    async def send(self, message: ClearedMessage) -> Receipt:
        """One attempt. Raises a `SendError`, `Unavailable` or `BadConfig`; never retries."""

    @abstractmethod
    def templates(self) -> AsyncIterator[Template]:
        """Every template of the account."""


class Crm(Connector[C]):
    """Knows people, what they are said to have agreed to, and lists of them.

    `asked` are properties that core sets before it reads: those in which the admin says evidence is found. Every
    snapshot hands them over in `evidence`, as they stand; what they mean is core's business.
    """

    asked: tuple[str, ...] = ()

    @abstractmethod
    def contacts(self, since: str | None) -> AsyncIterator[Page[ContactSnapshot]]:
        """Pages of records from the cursor `since` on (None: all). The last page's cursor starts the next sync."""

    async def properties(self) -> list[Property]:
        """Every property a record may have, so that what an admin names can be checked. Empty: the CRM cannot tell."""
        return []

    @abstractmethod
    async def audiences(self) -> list[Audience]:
        """The lists a campaign can be aimed at."""

    @abstractmethod
    def members(self, audience: str) -> AsyncIterator[Page[str]]:
        """Record ids of an audience."""

    @abstractmethod
    async def report(self, reports: Sequence[Report]) -> list[Outcome]:
        """Write results back, in batches; one outcome per report.

        Reports come in the order in which they happened (`at` may be coarse); for one record the last one counts.
        """

    def changes(self, since: str | None) -> AsyncIterator[Changes] | None:
        """What changes, as the CRM tells it over a connection that stays open; None: it does not, as it is set up.

        Goes on behind the cursor `since`, that of the last page that core has applied; None: from now on, which is a
        gap. The first page, mostly empty, says that the connection stands. After it the iterator may be silent for as
        long as it likes, and may end: core opens it again, and goes on with `contacts` all the same. Raises
        `Unavailable`, `Throttled`, `BadConfig`; none of them pauses the account.
        """
        return None

    async def show(self, outlook: Outlook) -> None:
        """Show what a campaign would come to, where people of the CRM look; the same `key` replaces.

        A CRM that has no place for it shows nothing.
        """
        return

    async def gone(self, records: Sequence[str]) -> list[Event]:
        """What became of those records that the CRM has no longer: `ContactsMerged`, `PrivacyDeletion`.

        Core asks after each walk about some of the records it holds, for a CRM whose webhooks do not arrive. A deletion
        that `contacts` shows is not repeated. Empty: all are there, or the CRM cannot tell. Raises `Unavailable` when
        too many are missing to be believed.
        """
        return []

    def choices(self, request: Inbound, options: Options) -> Answer | None:
        """The answer to a CRM that asks what a workflow may choose from, with `keep=False`; None: it asks nothing.

        Called after `authenticate`, first without any options. Pure.
        """
        return None


@dataclass(frozen=True, slots=True)
class Option:
    """One entry of a list from which somebody in the CRM chooses."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Options:
    """What a workflow may choose from."""

    templates: tuple[Option, ...] = ()  # NAME/LANGUAGE
    purposes: tuple[Option, ...] = ()
    topics: tuple[Option, ...] = ()


def same(expected: str | bytes, given: str | bytes) -> None:
    """Compare in constant time. Raises `Forbidden` when they differ."""
    left = expected.encode() if isinstance(expected, str) else expected
    right = given.encode() if isinstance(given, str) else given
    if not hmac.compare_digest(left, right):
        raise Forbidden("signature does not match")
