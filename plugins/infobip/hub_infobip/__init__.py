# SPDX-License-Identifier: Apache-2.0
"""Infobip's dedicated WhatsApp API.

Numbers in this plugin's comments name what was read:

[1] Infobip's published OpenAPI file of the WhatsApp API, version 3.210
[2] infobip-api-python-sdk 5.0.1 on PyPI: bodies of the same API, 2023
[3] Infobip's published list of status and error codes
[4] Infobip's published OpenAPI file of the Subscriptions API
[5] infobip.com/policies/privacy-notice   [6] infobip.com/policies/processors (2023-02)   [7] infobip.com/certificates
[8] developers.facebook.com/documentation/business-messaging/whatsapp/throughput: the platform's own limit
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import AsyncIterator
from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from hub import (
    Can,
    ClearedMessage,
    DataItem,
    Event,
    Forbidden,
    Health,
    HubError,
    Inbound,
    MarksRead,
    Pace,
    ProcessorProfile,
    Provider,
    Receipt,
    Template,
    Unavailable,
    Uncertain,
    hookimpl,
    same,
)
from hub.whatsapp.reading import Fields, mappings, parsed
from hub_infobip import codes, webhooks, wire
from hub_infobip.facts import FACTS

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
    pair = Pace(seconds=6.0, burst=45)  # [8]
    data = (
        DataItem("phone number, BSUID", "contact data", "address a message", "not stated"),
        DataItem("message text and template parameters", "content", "deliver a message", "not stated"),
        DataItem("name, username", "contact data", "sent along with what people write; not read", "not stated"),
        DataItem(
            "status, time and price of a message", "metadata", "prove delivery; the price is not read", "not stated"
        ),
        DataItem("marketing preference", "metadata", "respect a stop made in WhatsApp", "not stated"),
    )
    profile = ProcessorProfile(
        legal_entity="Infobip Ltd and its subsidiaries [5]; which of them is your party, the contract says",
        seat="GB",
        parent="Infobip Ltd, London (UK); operations in Croatia (Infobip d.o.o., Vodnjan)",
        regions=("data centres in the EU, unless agreed otherwise [6]",),
        subprocessors=("list at infobip.com/policies/processors [6]", "WhatsApp Ireland Limited"),
        transfers=(
            "GB: if Infobip Ltd is your party; adequacy decision, its validity to be checked",
            "support around the clock may look at data in the EU from affiliates outside it [6]",
            "US and others: Meta behind WhatsApp",
        ),
        to_verify=(
            "Which company signs: one in the EU, or Infobip Ltd in the UK.",
            "Storage in EU data centres, confirmed in writing; the page that says so is of February 2023.",
            "Access of support from outside the EU: exclude or limit it.",
            "Contract under Art. 28 GDPR and the list of sub-processors, in their current version.",
            "Certificates and their dates: ISO 27001, 27017, 27018, 22301, 9001, SOC 2 Type 2, PCI DSS, CSA STAR L1 "
            "and ENS basic are listed [7], BSI C5 is not.",
            "Meta's Local Storage of each number; it is set apart from the provider.",
            "UNCONFIRMED: how long Infobip keeps message logs and media.",
            "UNCONFIRMED: header and encoding of the webhook HMAC, and when failed webhooks come again.",
            "UNCONFIRMED: for how long a message id is remembered to refuse a second message.",
        ),
        source="[1] [5] [6] [7]; unverified until checked for this account",
        facts=FACTS,
    )

    def authenticate(self, request: Inbound) -> None:
        """The secret of the notification profile, and the HMAC of the raw bytes where one is configured [4]."""
        secret = self.config.webhook_secret.get_secret_value()
        if self.config.webhook_header:
            same(secret, request.headers.get(self.config.webhook_header.lower(), ""))
        else:
            basic = base64.b64encode(f"{USER}:{secret}".encode()).decode()
            same(f"Basic {basic}", request.headers.get("authorization", ""))
        if self.config.hmac_secret:
            key = self.config.hmac_secret.get_secret_value().encode()
            digest = hmac.digest(key, request.body, self.config.hmac_algorithm)
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
        for item in mappings(answer["templates"]):
            found = wire.template(item)
            if found is not None:
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

    async def _call(self, method: str, path: str, *, json: Fields | None = None, sends: bool = False) -> Fields:
        """One call. Raises what Infobip's answer means."""
        key = self.config.api_key.get_secret_value()
        url = self.config.base_url.rstrip("/") + path
        response = await self.http.request(method, url, json=json, headers={"authorization": f"App {key}"})
        answer = parsed(response.content)
        after = response.headers.get("retry-after")
        if refused := codes.refusal(answer, response.status_code, after, sends=sends):
            raise refused
        if not answer and response.status_code != 204:
            raise (
                Uncertain("Infobip's answer cannot be read")
                if sends
                else Unavailable("Infobip's answer cannot be read")
            )
        return answer


def _signed(digest: bytes, given: str) -> None:
    """Hex or base64, with or without the algorithm before it: which of them is not documented. Raises `Forbidden`."""
    given = _ALGORITHM.sub("", given)
    try:
        same(digest.hex(), given.lower())
    except Forbidden:
        same(base64.b64encode(digest).decode().rstrip("="), given.rstrip("="))


@hookimpl
def hub_connectors() -> list[type[Infobip]]:
    return [Infobip]
