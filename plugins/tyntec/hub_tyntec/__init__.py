# SPDX-License-Identifier: Apache-2.0
"""tyntec's Conversations API v3, WhatsApp.

Numbers in this plugin's comments name pages: `profile.toml` lists them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from hub import (
    Can,
    ClearedMessage,
    Event,
    Forbidden,
    Health,
    HubError,
    Inbound,
    MarksRead,
    Provider,
    Receipt,
    Template,
    hookimpl,
    same,
)
from hub.whatsapp.answers import receipt
from hub.whatsapp.profiles import declared
from hub.whatsapp.reading import Fields, parsed
from hub.whatsapp.signatures import valid
from hub_tyntec import webhooks, wire
from hub_tyntec.problems import problem
from hub_tyntec.signature import verify


class Config(BaseModel):
    """Settings of one WhatsApp account at tyntec. Its numbers are the senders."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: str = Field(
        pattern=r"^[\w-]+$", description="Id (UUID) of the WhatsApp account at tyntec; its templates are read."
    )
    api_key: SecretStr = Field(
        min_length=1, description="API key with the scopes to send messages and to read templates."
    )
    signature_secret: SecretStr = Field(
        min_length=8,
        max_length=125,
        description="A random text that you choose; enter it as the secret of the callback signature at tyntec.",
    )
    previous_signature_secret: SecretStr | None = Field(
        None, description="The secret before this one. Enter it while you change it, empty it afterwards."
    )
    signature_method: Literal["HS256", "HS512"] = Field("HS256", description="Method of the callback signature.")
    header_name: str = Field(
        "x-hub-token", pattern=r"^[A-Za-z0-9-]+$", description="Name of the static header tyntec sends along."
    )
    header_value: SecretStr | None = Field(
        None, description="Value of that header. Where it is given, a webhook without it is refused."
    )
    base_url: str = Field(
        "https://api.tyntec.com/conversations/v3", description="Address of the API; change it for tests only."
    )


class Tyntec(Provider[Config], MarksRead):
    """Sends through tyntec in Dortmund."""

    name = "tyntec"
    title = "tyntec"
    Config = Config
    signature = "HMAC (HS256 or HS512) over time stamp and raw body, five minutes' window"
    can = frozenset(
        {
            Can.TEXT,
            Can.TEMPLATE,
            Can.HEADER_MEDIA,
            Can.MEDIA,
            Can.BUTTONS,
            Can.LIST,
            Can.REPLY,
            Can.TEMPLATES_LISTED,
            Can.STATUS_DELIVERED,
            Can.STATUS_READ,
            Can.INBOUND,
            Can.OPAQUE_ID,
            Can.MARK_READ,
        }
    )
    profile, data = declared("hub_tyntec")

    def authenticate(self, request: Inbound) -> None:
        """The static header where one is agreed, and the signature, with the secret of today or the one before."""
        if request.method != "POST":
            raise Forbidden("tyntec posts its webhooks")
        if self.config.header_value:
            given = request.headers.get(self.config.header_name.lower(), "")
            same(self.config.header_value.get_secret_value(), given)
        secrets = valid(self.config.signature_secret, self.config.previous_signature_secret)
        verify(request, secrets, self.config.signature_method)

    async def receive(self, request: Inbound) -> list[Event]:
        return webhooks.events(parsed(request.body), request.received_at)

    async def send(self, message: ClearedMessage) -> Receipt:
        answer = await self._call("POST", "messages", json=wire.message(message.outgoing), sends=True)
        return receipt("tyntec", parsed(answer).get("messageId"))

    async def templates(self) -> AsyncIterator[Template]:
        answer = await self._call("GET", f"channels/whatsapp/accounts/{self.config.account}/templates")
        for template in wire.templates(answer):
            yield template

    async def mark_read(self, sender: str, message: str, *, typing: bool = False) -> None:
        shown = {"status": "read", **({"isTyping": True} if typing else {})}
        path = f"channels/whatsapp/messages/{quote(message, safe='')}"
        await self._call("PUT", path, json=shown, names_message=True)

    async def check(self) -> Health:
        """Read the account's templates: proves key, account and scope."""
        try:
            count = len([template async for template in self.templates()])
        except HubError as error:
            return Health(False, str(error))
        return Health(True, f"{count} translations of templates")

    async def _call(
        self, method: str, path: str, *, json: Fields | None = None, sends: bool = False, names_message: bool = False
    ) -> bytes:
        """One call. Raises what tyntec's answer means."""
        url = f"{self.config.base_url.rstrip('/')}/{path}"
        headers = {"apikey": self.config.api_key.get_secret_value()}
        response = await self.http.request(method, url, json=json, headers=headers)
        if error := problem(response, sends=sends, names_message=names_message):
            raise error
        return response.content


@hookimpl
def hub_connectors() -> list[type[Tyntec]]:
    return [Tyntec]
