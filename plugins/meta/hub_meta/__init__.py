# SPDX-License-Identifier: Apache-2.0
"""Meta's WhatsApp Business Platform (Cloud API).

Numbers in this plugin's comments name pages: `profile.toml` lists them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from hub import (
    Answer,
    Blocks,
    Can,
    CarriesMedia,
    ClearedMessage,
    Event,
    File,
    Forbidden,
    Health,
    Inbound,
    KnowsSenders,
    ManagesTemplates,
    MarksRead,
    Outgoing,
    Point,
    Provider,
    Purpose,
    Receipt,
    SenderState,
    StoresLocally,
    Template,
    TemplateContent,
    TemplateDraft,
    TemplateState,
    hookimpl,
    same,
)
from hub.whatsapp.people import PAIR
from hub.whatsapp.profiles import declared
from hub.whatsapp.reading import parsed
from hub.whatsapp.signatures import same_as_one, valid
from hub.whatsapp.templates import template
from hub_meta import files, library, numbers, webhooks, wire
from hub_meta.config import Config
from hub_meta.graph import PAGE_SIZE, Graph, signature

SIGNATURE = "x-hub-signature-256"
__all__ = ["Config", "Meta", "signature"]


class Meta(Provider[Config], CarriesMedia, ManagesTemplates, MarksRead, Blocks, KnowsSenders, StoresLocally):
    """Sends through Meta itself, without a provider in between."""

    name = "meta"
    title = "Meta Cloud API"
    Config = Config
    can = frozenset(
        {
            *(Can.TEXT, Can.TEMPLATE, Can.HEADER_MEDIA, Can.CAROUSEL, Can.MEDIA, Can.BUTTONS, Can.LIST),
            *(Can.LINK_BUTTON, Can.FLOW, Can.LOCATION, Can.CARDS, Can.REACTION, Can.REPLY, Can.BSUID),
            *(Can.TEMPLATES_LISTED, Can.STATUS_DELIVERED, Can.STATUS_READ, Can.INBOUND, Can.NATIVE_OPT_OUT),
            *(Can.OPAQUE_ID, Can.MEDIA_STORED, Can.TEMPLATES_MANAGED, Can.MARK_READ, Can.BLOCK),
            *(Can.SENDERS_LISTED, Can.LOCAL_STORAGE),
        }
    )
    signature = "HMAC-SHA256 of the body with the app secret"
    pair = PAIR
    profile, data = declared("hub_meta")

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._graph = Graph(self.config, self.http)

    def authenticate(self, request: Inbound) -> None:
        """POST: HMAC-SHA256 of the raw bytes with the app secret. GET: the handshake, which Meta does not sign [5]."""
        if request.method == "GET":
            if request.query.get("hub.mode") != "subscribe":
                raise Forbidden("not a handshake")
            return same(self.config.verify_token.get_secret_value(), request.query.get("hub.verify_token", ""))
        secrets = valid(self.config.app_secret, self.config.previous_app_secret)
        signed = (signature(request.body, secret) for secret in secrets)
        return same_as_one(signed, request.headers.get(SIGNATURE, ""))

    def acknowledge(self, request: Inbound) -> Answer:
        if request.method == "GET":
            return Answer(body=request.query.get("hub.challenge", "").encode(), keep=False)
        return Answer()

    async def receive(self, request: Inbound) -> list[Event]:
        return webhooks.events(parsed(request.body), request.received_at, account=self.config.waba_id)

    async def send(self, message: ClearedMessage) -> Receipt:
        outgoing = message.outgoing
        body = wire.message(outgoing)
        if self._advertises(outgoing):
            path, body = f"{outgoing.sender}/marketing_messages", wire.advertising(body, self.config)
        else:
            path = f"{outgoing.sender}/messages"
        return wire.receipt(await self._graph.call("POST", path, json=body, sends=True))

    def _advertises(self, outgoing: Outgoing) -> bool:
        """The gate lets no marketing template go out for another purpose."""
        marketing = outgoing.purpose is Purpose.MARKETING and isinstance(outgoing.content, TemplateContent)
        return marketing and self.config.marketing_api

    async def templates(self) -> AsyncIterator[Template]:
        query = {"fields": "name,language,status,category,components", "limit": str(PAGE_SIZE)}
        async for item in self._graph.pages(f"{self.config.waba_id}/message_templates", query):
            found = template(item)
            if found is not None:
                yield found

    async def check(self) -> Health:
        return await numbers.check(self._graph)

    async def prepare(self) -> list[str]:
        await self._graph.call("POST", f"{self.config.waba_id}/subscribed_apps")
        return ["subscribed the app to the webhooks of the account"]

    # what it manages

    async def upload(self, sender: str, file: File) -> str:
        return await files.upload(self._graph, sender, file)

    async def download(self, sender: str, media: str, limit: int) -> File:
        return await files.download(self._graph, sender, media, limit)

    async def create_template(self, draft: TemplateDraft) -> TemplateState:
        return await library.create(self._graph, draft)

    async def edit_template(self, draft: TemplateDraft) -> TemplateState:
        return await library.edit(self._graph, draft)

    async def delete_template(self, name: str) -> None:
        await library.delete(self._graph, name)

    async def mark_read(self, sender: str, message: str, *, typing: bool = False) -> None:
        await self._graph.call("POST", f"{sender}/messages", json=wire.read(message, typing=typing))

    async def block(self, sender: str, people: Sequence[Point]) -> None:
        await numbers.set_blocked(self._graph, sender, people, blocked=True)

    async def unblock(self, sender: str, people: Sequence[Point]) -> None:
        await numbers.set_blocked(self._graph, sender, people, blocked=False)

    def blocked(self, sender: str) -> AsyncIterator[Point]:
        return numbers.blocked(self._graph, sender)

    async def senders(self) -> list[SenderState]:
        return await numbers.states(self._graph)

    async def localise(self, sender: str, region: str, pin: str) -> None:
        await numbers.localise(self._graph, sender, region, pin)


@hookimpl
def hub_connectors() -> list[type[Meta]]:
    return [Meta]
