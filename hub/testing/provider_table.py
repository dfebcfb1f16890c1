# SPDX-License-Identifier: Apache-2.0
"""The table a plugin's author fills in for `ProviderSuite`, and how the suite calls the plugin with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import anyio
import httpx
from pydantic import SecretStr

from hub.contract import (
    ButtonsContent,
    Card,
    CardsContent,
    Choice,
    ClearedMessage,
    Content,
    Event,
    FlowContent,
    HubError,
    Inbound,
    LinkContent,
    ListContent,
    LocationContent,
    Media,
    MediaContent,
    MediaKind,
    Outgoing,
    Point,
    PointKind,
    Provider,
    Purpose,
    ReactionContent,
    Receipt,
    Section,
    Template,
    TemplateContent,
    TextContent,
)
from hub.flows.gate import clear
from hub.http import Sharded, client
from hub.law.facts import Decision, Verdict
from hub.testing.emulator import Emulator, serve
from hub.testing.whatsapp import WhatsApp

T = TypeVar("T")
Handler = Callable[[httpx.Request], httpx.Response]
OPAQUE = "0f8c1d2e-opaque"
RECEIVED_AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


_PICTURE = Media(MediaKind.IMAGE, link="https://example.org/a.jpg")
_YES = Choice("yes", "Ja")
# one of each kind that a message can be
CONTENTS: dict[type, Content] = {
    type(content): content
    for content in (
        TextContent("Hallo"),
        TemplateContent("offer", "de", (("1", "Erika Muster"),)),
        MediaContent(_PICTURE, "Bild"),
        ButtonsContent("Kommen Sie?", (_YES, Choice("no", "Nein")), footer="Demo GmbH"),
        ListContent("Wann?", "Termine", (Section("Montag", (_YES,)),)),
        LinkContent("Mehr dazu", "Lesen", "https://example.org/"),
        FlowContent("Bitte ausfüllen", "Beginnen", "4711", "token-1", "FIRST"),
        LocationContent(52.52, 13.4, "Laden", "Weg 1"),
        CardsContent((Card("Demo GmbH", ("+493023125000",), ("info@example.org",), "Demo GmbH"),)),
        ReactionContent("wamid.1", "👍"),
    )
}


class Notes(dict[str, str]):
    """A connector's memory that lasts as long as the test."""

    def set(self, key: str, value: str) -> None:
        self[key] = value


class ProviderTable:
    """What a plugin's author fills in, and how the suite calls the plugin with it."""

    connector: ClassVar[type[Provider[Any]]]
    settings: ClassVar[dict[str, Any]]  # a full configuration with made-up secrets
    fixtures: ClassVar[Path]  # folder of webhook bodies; names begin with "unknown" where the plugin may not know
    accepted: ClassVar[Any]  # the JSON with which the vendor accepts a message
    sender: ClassVar[str]
    create: ClassVar[Callable[..., Emulator]]  # makes the emulator; written as `staticmethod(create)`
    to: ClassVar[Point] = Point(PointKind.E164, "+4915112345678")
    template: ClassVar[TemplateContent] = TemplateContent("offer", "de", (("1", "Erika Muster"),))
    signs_body: ClassVar[bool] = True  # False: the vendor proves itself without the body (basic auth, fixed token)

    memory: ClassVar[dict[str, str]] = {}  # what the connection remembers from before, e.g. an access token

    def webhook(self, body: bytes) -> Inbound:
        """An authentic webhook with this body, for `settings`."""
        raise NotImplementedError

    def handshake(self) -> tuple[Inbound, bytes] | None:
        """The vendor's first call to a new webhook and the answer it expects; None where there is none."""
        return None

    def emulator(self) -> Emulator:
        """An emulator that knows `template`: made by `create`, and told of it where it plays WhatsApp."""
        made = self.create()
        if isinstance(made, WhatsApp):
            made.add_template(self.template.name, self.template.language, body="Hallo {{1}}, alles um die Hälfte.")
        return made

    def emulated(self, emulator: Any, base_url: str) -> dict[str, Any]:
        """Settings for the emulator at `base_url`."""
        settings: dict[str, Any] = emulator.settings(base_url)
        return settings

    # what the suite builds from the table

    def build(self, http: httpx.AsyncClient | None = None, settings: dict[str, Any] | None = None) -> Provider[Any]:
        config = self.connector.Config(**{**self.settings, **(settings or {})})
        return self.connector(config, http or httpx.AsyncClient(), Notes(self.memory))

    def stranger(self) -> Provider[Any]:
        """The same account with other secrets."""
        return self.build(settings={name: f"another-{secret}" for name, secret in self.secrets().items()})

    def secrets(self) -> dict[str, str]:
        config = self.connector.Config(**self.settings)
        held = ((name, getattr(config, name)) for name in type(config).model_fields)
        return {name: value.get_secret_value() for name, value in held if isinstance(value, SecretStr)}

    def acceptance(self, content: Content) -> Any:
        """What the vendor answers to an accepted `content`, for vendors with more than one shape."""
        return self.accepted

    def sample(self, kind: type) -> Content:
        """The message of this kind to try; another one where the vendor carries the kind in part only."""
        return CONTENTS[kind]

    def cleared(self, content: Content | None = None) -> ClearedMessage:
        outgoing = Outgoing(OPAQUE, self.sender, self.to, Purpose.MARKETING, content or self.template)
        return clear(outgoing, Decision(Verdict.ALLOW, ()), "decision-1")

    def call(self, handler: Handler, what: Callable[[Provider[Any]], Awaitable[T]]) -> tuple[T | HubError, int]:
        """Do `what` against a vendor that answers with `handler`: the result or error, and the number of calls."""
        calls = 0

        def counted(request: httpx.Request) -> httpx.Response:
            nonlocal calls
            calls += 1
            return handler(request)

        async def run() -> T | HubError:
            async with httpx.AsyncClient(transport=Sharded([httpx.MockTransport(counted)])) as http:
                try:
                    return await what(self.build(http))
                except HubError as error:
                    return error

        return anyio.run(run), calls

    def send(self, handler: Handler, content: Content | None = None) -> tuple[Receipt | HubError, int]:
        return self.call(handler, lambda provider: provider.send(self.cleared(content)))

    def received(self, *bodies: bytes) -> list[list[Event]]:
        async def run() -> list[list[Event]]:
            provider = self.build()
            requests = (dataclasses.replace(self.webhook(body), received_at=RECEIVED_AT) for body in bodies)
            return [await provider.receive(request) for request in requests]

        return anyio.run(run)

    def against(
        self, emulator: Emulator, what: Callable[[Provider[Any]], Awaitable[T]], wrong: dict[str, str] | None = None
    ) -> T | HubError:
        """Do `what` against the emulator, with some settings replaced by wrong ones."""

        async def run(base_url: str) -> T | HubError:
            async with client(connections=2) as http:
                try:
                    return await what(self.build(http, {**self.emulated(emulator, base_url), **(wrong or {})}))
                except HubError as error:
                    return error

        with serve(emulator.app()) as base_url:
            return anyio.run(run, base_url)

    @staticmethod
    async def listed(provider: Provider[Any]) -> list[Template]:
        return [template async for template in provider.templates()]

    def tells_nothing(self, error: object) -> None:
        told = f"{error} {error!r} {getattr(error, '__cause__', '')}"
        parameters = [value for _, value in self.template.parameters]
        for secret in (*self.secrets().values(), self.to.value, self.to.value.removeprefix("+"), *parameters):
            assert secret not in told
