# SPDX-License-Identifier: Apache-2.0
"""Infobip's dedicated WhatsApp API.

Numbers in this plugin's comments name pages: `profile.toml` lists them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from typing import Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from hub import (
    Can,
    ClearedMessage,
    Event,
    Health,
    HubError,
    Inbound,
    MarksRead,
    Provider,
    Receipt,
    Template,
    Unavailable,
    hookimpl,
    same,
)
from hub.whatsapp.answers import accepted
from hub.whatsapp.people import PAIR
from hub.whatsapp.profiles import declared
from hub.whatsapp.reading import Fields, mappings, parsed
from hub.whatsapp.signatures import basic, mac, same_as_one
from hub_infobip import codes, webhooks, wire

USER = "hub"  # the user name of BASIC authentication
_ALGORITHM = re.compile(r"^sha\d+=", re.IGNORECASE)


class Config(BaseModel):
    """Settings of one Infobip account with one WhatsApp Business account."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = Field(
        "https://api.infobip.com",
        description="Your personal base URL, as the portal shows it: https://ID.api.infobip.com.",
    )
    api_key: SecretStr = Field(
        min_length=1, description="API key with the scopes whatsapp:message:send and whatsapp:manage."
    )
    sender: str = Field(
        pattern=r"^\d{5,15}$",
        description="One registered WhatsApp number, digits only; the templates of its account are the ones you use.",
    )
    webhook_secret: SecretStr = Field(
        min_length=16,
        description="A random text that you choose. Enter it in Infobip's notification profile as password of BASIC "
        "security with the user name hub.",
    )
    webhook_header: str = Field(
        "",
        pattern=r"^[A-Za-z0-9-]*$",
        description="Name of a static header of the notification profile that holds webhook_secret, instead of BASIC.",
    )
    hmac_secret: SecretStr | None = Field(
        None, description="Secret of HMAC security, checked besides webhook_secret; then webhook_header is needed."
    )
    hmac_header: str = Field(
        "",
        pattern=r"^[A-Za-z0-9-]*$",
        description="Header with the HMAC of the body, hex or base64. Infobip does not document it: look at a webhook.",
    )
    hmac_algorithm: Literal["sha256", "sha384", "sha512"] = Field(
        "sha256", description="Algorithm of HMAC security: HMAC_SHA_256, HMAC_SHA_384 or HMAC_SHA_512."
    )

    @model_validator(mode="after")
    def _whole(self) -> Config:
        if bool(self.hmac_secret) != bool(self.hmac_header) or (self.hmac_secret and not self.webhook_header):
            raise ValueError("HMAC security needs hmac_secret, hmac_header and webhook_header")
        return self


class Infobip(Provider[Config], MarksRead):
    """Sends through Infobip. Every message leaves with our own id, and a second one with that id is refused."""

    name = "infobip"
    title = "Infobip"
    Config = Config
    can = frozenset(
        {
            Can.TEXT,
            Can.TEMPLATE,
            Can.HEADER_MEDIA,
            Can.MEDIA,
            Can.BUTTONS,
            Can.LIST,
            Can.LOCATION,
            Can.CARDS,
            Can.REPLY,
            Can.BSUID,
            Can.TEMPLATES_LISTED,
            Can.STATUS_DELIVERED,
            Can.STATUS_READ,
            Can.INBOUND,
            Can.NATIVE_OPT_OUT,
            Can.OPAQUE_ID,
            # a repeat is refused and becomes `Uncertain`, since it does not say what became of the first; for how long
            # Infobip remembers an id is not stated
            Can.IDEMPOTENT_SEND,
            Can.MARK_READ,
        }
    )
    pair = PAIR
    profile, data = declared("hub_infobip")

    def authenticate(self, request: Inbound) -> None:
        """The secret of the notification profile, and the HMAC of the raw bytes where one is configured [4]."""
        secret = self.config.webhook_secret
        if self.config.webhook_header:
            same(secret.get_secret_value(), request.headers.get(self.config.webhook_header.lower(), ""))
        else:
            same(basic(USER, secret), request.headers.get("authorization", ""))
        if self.config.hmac_secret:
            digest = mac(self.config.hmac_secret, request.body, self.config.hmac_algorithm)
            _signed(digest, request.headers.get(self.config.hmac_header.lower(), ""))

    async def receive(self, request: Inbound) -> list[Event]:
        return webhooks.events(parsed(request.body), request.received_at)

    async def send(self, message: ClearedMessage) -> Receipt:
        path, body = wire.message(message.outgoing)
        return wire.receipt(await self._call("POST", f"/whatsapp/1/message/{path}", json=body, sends=True))

    async def templates(self) -> AsyncIterator[Template]:
        answer = await self._call("GET", f"/whatsapp/2/senders/{self.config.sender}/templates")
        if not isinstance(answer.get("templates"), list):
            raise Unavailable("Infobip's answer is no list of templates")
        for found in filter(None, map(wire.template, mappings(answer["templates"]))):
            yield found

    async def mark_read(self, sender: str, message: str, *, typing: bool = False) -> None:
        """Infobip documents no sign of typing: `typing` changes nothing."""
        await self._call("POST", f"/whatsapp/1/senders/{sender}/message/{quote(message, safe='')}/read")

    async def check(self) -> Health:
        """List the templates of the number, which needs a good key and its scope."""
        try:
            count = len([template async for template in self.templates()])
        except HubError as error:
            return Health(False, str(error))
        return Health(True, f"{count} templates of {self.config.sender}")

    async def _call(self, method: str, path: str, *, sends: bool = False, **options: Any) -> Fields:
        """One call. Raises what Infobip's answer means."""
        headers = {"authorization": f"App {self.config.api_key.get_secret_value()}"}
        url = self.config.base_url.rstrip("/") + path
        response = await self.http.request(method, url, headers=headers, **options)
        return accepted("Infobip", response, codes.refusal, sends=sends)


def _signed(digest: bytes, given: str) -> None:
    """Hex or base64, with or without the algorithm before it: which of them is not documented. Raises `Forbidden`."""
    hexed, coded = digest.hex(), base64.b64encode(digest).decode().rstrip("=")
    same_as_one((hexed, hexed.upper(), coded), _ALGORITHM.sub("", given).rstrip("="))


@hookimpl
def hub_connectors() -> list[type[Infobip]]:
    return [Infobip]
