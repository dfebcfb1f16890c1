# SPDX-License-Identifier: Apache-2.0
"""CM.com's Business Messaging API, for WhatsApp.

CM.com signs no webhook. Numbers in this plugin's comments name pages: `profile.toml` lists them.
"""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from hub import (
    BadConfig,
    Can,
    ClearedMessage,
    Event,
    Health,
    HubError,
    Inbound,
    Provider,
    Receipt,
    Rejected,
    Template,
    hookimpl,
    same,
)
from hub.whatsapp.answers import accepted
from hub.whatsapp.people import PAIR
from hub.whatsapp.profiles import declared
from hub.whatsapp.reading import Fields, mappings, parsed, text
from hub.whatsapp.templates import template
from hub_cm import webhooks, wire

NOTHING: Fields = {"messages": {"msg": []}}


class Config(BaseModel):
    """Settings of one CM.com account. Its WhatsApp numbers are the senders, in digits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = Field(
        "https://gw.cmtelecom.com",
        description="The gateway. The one CM.com recommends, https://gw.messaging.cm.com, puts Cloudflare, Inc. (USA) "
        "in between as a sub-processor: choose it only with that in your file.",
    )
    product_token: SecretStr = Field(min_length=1, description="Product token of the account, from CM.com's app.")
    namespace: str = Field(min_length=1, description="Namespace of your WhatsApp templates, as CM.com's app shows it.")
    webhook_secret: SecretStr = Field(
        min_length=16,
        description="A random text of letters, digits, - and _. Add ?token= and the text to the webhook address.",
    )
    webhook_header: str = Field(
        "",
        pattern=r"^[A-Za-z0-9-]*$",
        description="Name of a header that holds webhook_secret instead of the address; whether CM.com can send one is "
        "not confirmed.",
    )
    templates_file: Path | None = Field(
        None,
        description="TOML file with your approved templates, since CM.com's list of them is not documented; see the "
        "README. Without it only free messages can be sent.",
    )


class Cm(Provider[Config]):
    """Sends through CM.com, to WhatsApp alone: never by SMS instead."""

    name = "cm"
    title = "CM.com"
    Config = Config
    can = frozenset(
        {
            Can.TEXT,
            Can.TEMPLATE,
            Can.HEADER_MEDIA,  # images
            Can.MEDIA,  # without captions, no stickers
            Can.BUTTONS,
            Can.LIST,
            Can.STATUS_DELIVERED,
            Can.STATUS_READ,
            Can.INBOUND,
            Can.OPAQUE_ID,
        }
    )
    pair = PAIR
    profile, data = declared("hub_cm")

    def authenticate(self, request: Inbound) -> None:
        """CM.com signs nothing: the secret is in the address, or in a header where one is configured."""
        header = self.config.webhook_header.lower()
        given = request.headers.get(header, "") if header else request.query.get("token", "")
        same(self.config.webhook_secret.get_secret_value(), given)

    async def receive(self, request: Inbound) -> list[Event]:
        return webhooks.events(parsed(request.body), request.received_at)

    async def send(self, message: ClearedMessage) -> Receipt:
        body = wire.request(message.outgoing, self.config.namespace)
        return wire.receipt(await self._post(body, sends=True), message.outgoing.id)

    async def templates(self) -> AsyncIterator[Template]:
        """Those of the admin's file: whether CM.com can be asked is not confirmed."""
        for found in filter(None, map(template, self._filed())):
            yield found

    def _filed(self) -> list[Fields]:
        if self.config.templates_file is None:
            return []
        try:
            return mappings(tomllib.loads(self.config.templates_file.read_text("utf-8")).get("template"))
        except (OSError, ValueError) as error:
            raise BadConfig(f"templates_file cannot be read ({type(error).__name__})") from None

    async def check(self) -> Health:
        """Post a request without a message. CM.com documents nothing better; a bad token is named in the answer."""
        try:
            count = len([one async for one in self.templates()])
            answer = await self._post(NOTHING)
        except Rejected:
            return Health(True, f"the gateway answers and names no problem of the token; {count} templates on file")
        except HubError as error:
            return Health(False, str(error))
        return Health(False, f"an answer that is not documented: {text(answer.get('errorCode'))[:20] or 'no code'}")

    async def _post(self, body: Fields, *, sends: bool = False) -> Fields:
        """One call. Raises what CM.com's answer means."""
        url = f"{self.config.base_url.rstrip('/')}/v1.0/message"
        headers = {"x-cm-producttoken": self.config.product_token.get_secret_value()}
        response = await self.http.request("POST", url, json=body, headers=headers)
        return accepted("CM.com", response, wire.http_refusal, sends=sends)


@hookimpl
def hub_connectors() -> list[type[Cm]]:
    return [Cm]
