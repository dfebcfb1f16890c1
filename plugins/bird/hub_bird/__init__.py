# SPDX-License-Identifier: Apache-2.0
"""Bird (formerly MessageBird), the platform of 2026, WhatsApp channel.

Numbers in this plugin's comments name pages: `profile.toml` lists them.

The older generations, the Channels API and MessageBird's Conversations API, are not spoken here.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from hub import (
    Can,
    ClearedMessage,
    Event,
    Health,
    HubError,
    Inbound,
    KnowsSenders,
    MarksRead,
    Provider,
    Receipt,
    Rejected,
    SenderState,
    Template,
    hookimpl,
)
from hub.whatsapp.answers import accepted, every, receipt
from hub.whatsapp.people import PAIR
from hub.whatsapp.profiles import declared
from hub.whatsapp.reading import Fields, parsed, text
from hub.whatsapp.writing import present
from hub_bird import signature, webhooks, wire
from hub_bird.problems import refusal

PAGE_SIZE = 100
_REGION = re.compile(r"(?:bk|bm)_([a-z]{2}\d+)_")


class Config(BaseModel):
    """Settings of one Bird workspace. Its WhatsApp numbers are the senders, named in full: +4930..."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: SecretStr = Field(min_length=1, description="API key of the workspace; it begins with bk_eu1_ in the EU.")
    webhook_secret: SecretStr = Field(
        min_length=1, description="Secret of the webhook; begins with whsec_ and is shown once when it is created."
    )
    region: str = Field(
        "eu1",
        pattern=r"^[a-z]{2}\d+$",
        validate_default=True,
        description="Region of the workspace, chosen when it was created. A key of another region is refused here.",
    )
    base_url: str = Field("", description="Address of Bird's API; change it for tests only.")

    @field_validator("region")
    @classmethod
    def _is_that_of_the_key(cls, region: str, given: ValidationInfo) -> str:
        key: SecretStr | None = given.data.get("api_key")
        named = _REGION.search(key.get_secret_value()) if key else None
        if named and named[1] != region:
            raise ValueError(f"the API key is for the region {named[1]}")
        return region


class Bird(Provider[Config], KnowsSenders, MarksRead):
    """Sends through a workspace of the 2026 platform."""

    name = "bird"
    title = "Bird"
    Config = Config
    can = frozenset(
        {
            Can.TEXT,
            Can.TEMPLATE,
            Can.HEADER_MEDIA,
            Can.CAROUSEL,
            Can.MEDIA,
            Can.BUTTONS,
            Can.LIST,
            Can.LINK_BUTTON,
            Can.LOCATION,
            Can.CARDS,
            Can.REPLY,
            Can.BSUID,
            Can.TEMPLATES_LISTED,
            Can.STATUS_DELIVERED,
            Can.STATUS_READ,
            Can.INBOUND,
            Can.OPAQUE_ID,
            Can.IDEMPOTENT_SEND,
            Can.MARK_READ,
            Can.SENDERS_LISTED,
        }
    )
    pair = PAIR
    signature = "Standard Webhooks v1: HMAC-SHA256 of id, time and body, 300 seconds [1] [3]"
    profile, data = declared("hub_bird")

    def authenticate(self, request: Inbound) -> None:
        signature.verify(request, self.config.webhook_secret)

    async def receive(self, request: Inbound) -> list[Event]:
        return webhooks.events(parsed(request.body), request.received_at)

    async def send(self, message: ClearedMessage) -> Receipt:
        outgoing = message.outgoing
        body = wire.message(outgoing)
        # the same message sent again, whatever for, is answered with the first acceptance [1]
        answer = await self._call("POST", "messages", json=body, key=outgoing.id, sends=True)
        return receipt("Bird", answer.get("id"))

    async def templates(self) -> AsyncIterator[Template]:
        """Those of the workspace; Bird's own would leave from Bird's number."""
        async for listed in self._listed("templates", scope="workspace"):
            version, languages = wire.languages(listed)
            for tag, state in languages if version else ():
                path = f"templates/{text(listed.get('id'))}/versions/{version}/languages/{tag}"
                try:
                    found = wire.template(listed, tag, state, await self._call("GET", path))
                except Rejected:  # gone since it was listed
                    continue
                if found is not None:
                    yield found

    async def senders(self) -> list[SenderState]:
        return [wire.sender(number) async for number in self._listed("numbers")]

    async def check(self) -> Health:
        """Look at the numbers: connected, and used nowhere past the hub?"""
        try:
            numbers = [number async for number in self._listed("numbers", scope="workspace")]
        except HubError as error:
            return Health(False, str(error))
        if not numbers:
            return Health(False, "the workspace has no WhatsApp number; connect one in Bird's dashboard")
        if any(number.get("is_on_business_app") is True for number in numbers):
            return Health(False, "a number is in use on the WhatsApp Business app: messages go out past the hub")
        seen = [wire.sender(number) for number in numbers]
        told = "; ".join(f"{one.id}: {one.status}, quality {one.quality or 'unknown'}" for one in seen)
        return Health(all(one.status == "connected" for one in seen), told)

    async def mark_read(self, sender: str, message: str, *, typing: bool = False) -> None:
        await self._call("POST", f"messages/{message}/read", json={"typing_indicator": typing})

    def _listed(self, path: str, **query: str) -> AsyncIterator[Fields]:
        async def page(cursor: str) -> tuple[list[Fields], str]:
            asked = present({"limit": str(PAGE_SIZE), **query, "starting_after": cursor})
            return wire.page(await self._call("GET", path, params=asked))

        return every("Bird", page)

    async def _call(self, method: str, path: str, *, key: str = "", sends: bool = False, **options: Any) -> Fields:
        """One call. Raises what Bird's answer means."""
        host = self.config.base_url.rstrip("/") or f"https://{self.config.region}.platform.bird.com"
        token = f"Bearer {self.config.api_key.get_secret_value()}"
        headers = present({"authorization": token, "idempotency-key": key})
        response = await self.http.request(method, f"{host}/v1/whatsapp/{path}", headers=headers, **options)
        return accepted("Bird", response, refusal, sends=sends)


@hookimpl
def hub_connectors() -> list[type[Bird]]:
    return [Bird]
