# SPDX-License-Identifier: Apache-2.0
"""360dialog: Meta's Cloud API behind another door. Host, key, list of templates and refusals are its own.

Numbers in this plugin's comments name pages: `profile.toml` lists them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from hub_meta import Meta, webhooks, wire
from pydantic import SecretStr

from hub import (
    CARRIES,
    BadConfig,
    Can,
    CarriesMedia,
    ClearedMessage,
    Event,
    File,
    Forbidden,
    Health,
    HubError,
    IdentityChanged,
    Inbound,
    MarksRead,
    MessageReceived,
    PreferenceChanged,
    Provider,
    Receipt,
    SenderChanged,
    Template,
    Unavailable,
    hookimpl,
    same,
)
from hub.whatsapp.answers import every
from hub.whatsapp.profiles import declared
from hub.whatsapp.reading import Fields, mappings, number, parsed, text
from hub.whatsapp.signatures import mac
from hub.whatsapp.templates import template
from hub_dialog360 import files
from hub_dialog360.calls import Calls
from hub_dialog360.config import Config

SIGNATURE = "x-360dialog-signature"
PAGE_SIZE = 100
_OF_A_NUMBER = (MessageReceived, PreferenceChanged, IdentityChanged)
_MISDIRECTED = "its webhook brings what people write to another number, which is not read: give that number its own"


class Dialog360(Provider[Config], CarriesMedia, MarksRead):
    """Sends through 360dialog in Germany."""

    name = "dialog360"
    title = "360dialog"
    Config = Config
    # Meta's stops by its own switch and the echo of our id are probably passed on: used where they come, not promised
    can = frozenset(CARRIES.values()) | {
        Can.HEADER_MEDIA,
        Can.CAROUSEL,
        Can.REPLY,
        Can.BSUID,
        Can.TEMPLATES_LISTED,
        Can.STATUS_DELIVERED,
        Can.STATUS_READ,
        Can.INBOUND,
        Can.MEDIA_STORED,
        Can.MARK_READ,
    }
    pair = Meta.pair
    profile, data = declared("hub_dialog360")

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._calls = Calls(self.config, self.http)

    def authenticate(self, request: Inbound) -> None:
        """The header agreed on, and with a platform secret HMAC-SHA256 of the raw bytes [3]."""
        if request.method != "POST":
            raise Forbidden("360dialog posts its webhooks and shakes no hands")
        same(self.config.header_value.get_secret_value(), request.headers.get(self.config.header_name.lower(), ""))
        if self.config.platform_secret:
            given = request.headers.get(SIGNATURE, "").removeprefix("sha256=")  # both spellings have been seen
            same(signature(request.body, self.config.platform_secret), given)

    async def receive(self, request: Inbound) -> list[Event]:
        found = webhooks.events(parsed(request.body), request.received_at)
        strangers = {event.sender for event in found if isinstance(event, _OF_A_NUMBER)} - {self.config.phone_number_id}
        if strangers - {""}:
            found.append(SenderChanged(self.config.phone_number_id, _MISDIRECTED, request.received_at))
        return found

    async def send(self, message: ClearedMessage) -> Receipt:
        """Meta's message without its phone number id, which 360dialog inserts by the key [1]."""
        outgoing = message.outgoing
        self._own(outgoing.sender)
        body = wire.message(outgoing)
        if "to" in body:
            body["to"] = body["to"].removeprefix("+")  # 360dialog writes digits only
        return wire.receipt(await self._calls.call("POST", "messages", json=body, sends=True))

    async def templates(self) -> AsyncIterator[Template]:
        async for item in every("360dialog", self._page):
            found = template(item)
            if found is not None:
                yield found

    async def _page(self, offset: str) -> tuple[list[Fields], str]:
        query = {"limit": str(PAGE_SIZE), "offset": offset or "0"}
        answer = await self._calls.call("GET", "v1/configs/templates", params=query)
        if "waba_templates" not in answer:
            raise Unavailable("360dialog's list of templates cannot be read")
        listed = mappings(answer["waba_templates"])
        following = int(query["offset"]) + len(listed)
        more = listed and following < (number(answer.get("total")) or 0)
        return listed, str(following) if more else ""

    async def check(self) -> Health:
        """Ask for the number's webhook [6]: proves the key, and that somebody listens."""
        try:
            answer = await self._calls.call("GET", "v1/configs/webhook")
        except HubError as error:
            return Health(False, str(error))
        if not text(answer.get("url")):
            return Health(False, "the key is valid, but the number has no webhook: nothing people write arrives")
        return Health(True, "the key is valid, and the number has a webhook")

    async def upload(self, sender: str, file: File) -> str:
        self._own(sender)
        return await files.upload(self._calls, file)

    async def download(self, sender: str, media: str, limit: int) -> File:
        self._own(sender)
        return await files.download(self._calls, media, limit)

    async def mark_read(self, sender: str, message: str, *, typing: bool = False) -> None:
        self._own(sender)
        await self._calls.call("POST", "messages", json=wire.read(message, typing=typing))

    def _own(self, sender: str) -> None:
        if sender != self.config.phone_number_id:
            raise BadConfig("this connection has the key of another number; give each number a connection of its own")


def signature(body: bytes, platform_secret: SecretStr) -> str:
    """The value of `x-360dialog-signature` for `body`."""
    return mac(platform_secret, body).hex()


@hookimpl
def hub_connectors() -> list[type[Dialog360]]:
    return [Dialog360]
