# SPDX-License-Identifier: Apache-2.0
"""Bird (formerly MessageBird), the platform of 2026, WhatsApp channel.

Numbers in this plugin's comments name what was read:

[1] Bird SDK for Python 0.106.0 (distribution messagebird-sdk): models, exceptions, signature check, read me
[2] the same at 0.30: names of refused calls       [3] bird.com/docs/webhooks, standardwebhooks.com
[4] bird.com/legal/dpa (21 November 2024)           [5] docs.bird.com: approved sub-processors
[6] Bird's trust page                               [7] developers.facebook.com/.../whatsapp/throughput

The older generations, the Channels API and MessageBird's Conversations API, are not spoken here.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from hub import (
    Can,
    ClearedMessage,
    DataItem,
    Event,
    Health,
    HubError,
    Inbound,
    KnowsSenders,
    MarksRead,
    Pace,
    ProcessorProfile,
    Provider,
    Receipt,
    Rejected,
    SenderState,
    Template,
    Unavailable,
    Uncertain,
    hookimpl,
)
from hub.whatsapp.reading import Fields, mapping, parsed, text
from hub_bird import signature, webhooks, wire
from hub_bird.facts import FACTS
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
    pair = Pace(seconds=6.0, burst=45)  # the platform's own, whoever stands between [7]
    signature = "Standard Webhooks v1: HMAC-SHA256 of id, time and body, 300 seconds [1] [3]"
    data = (
        DataItem("phone number, BSUID", "contact data", "address a message", "not stated"),
        DataItem("message text and template parameters", "content", "deliver a message", "not stated"),
        DataItem("files that people send", "content", "hand them over", "30 days [1]"),
        DataItem("profile name, username", "contact data", "sent along by Bird; not read", "not stated"),
        DataItem("status and time of a message", "metadata", "prove delivery", "not stated"),
        DataItem("suppression list", "metadata", "Bird's own stops", "until somebody lifts them"),
    )
    profile = ProcessorProfile(
        legal_entity="Bird B.V. (formerly MessageBird B.V.), or the affiliate named in the terms [4]",
        seat="NL",
        parent="",
        regions=("EU: Amazon Web Services in Ireland, if chosen when the workspace was created [5]",),
        subprocessors=(
            "Amazon Web Services EMEA SARL: Ireland, India or USA, as the customer selects [5]",
            "Bird affiliates in the Netherlands, the United Kingdom and the USA: support [5]",
            "Anthropic (USA): optional, AI in support [5]",
            "WhatsApp Ireland Limited and its sub-processors, for the channel",
        ),
        transfers=(
            "Meta: content passes WhatsApp whatever the region of the workspace",
            "support by affiliates in the United Kingdom and the USA [5]",
        ),
        to_verify=(
            "Which company signs, with its address; data processing agreement of 21 November 2024 or newer [4].",
            "Region EU of the workspace, in the dashboard: it was chosen once and cannot be moved.",
            "Sub-processor list; AI in support switched off.",
            "ISO 27001, SOC 2 and HIPAA are listed [6]: certificates and their dates.",
            "Keyword rules of the workspace: Bird's own answer STOP and may reply beside the hub's confirmation.",
            "Meta Business Agent is off: while it holds a conversation, what people write is not handed over [1].",
            "No number is in use on the WhatsApp Business app.",
            "Templates do not fall back to another language (`on_missing_language` is `fail`).",
            "For how long a failed webhook is repeated, and an idempotency key is kept: UNCONFIRMED.",
            "Retention of messages at Bird: UNCONFIRMED. Local storage region of each number at Meta.",
        ),
        source="[1] [4] [5] [6], read in March to November 2026; unverified until checked for this account",
        facts=FACTS,
    )

    def authenticate(self, request: Inbound) -> None:
        signature.verify(request, self.config.webhook_secret)

    async def receive(self, request: Inbound) -> list[Event]:
        return webhooks.events(parsed(request.body), request.received_at)

    async def send(self, message: ClearedMessage) -> Receipt:
        outgoing = message.outgoing
        body = wire.message(outgoing)
        # the same message sent again, whatever for, is answered with the first acceptance [1]
        answer = await self._call("POST", "messages", json=body, key=outgoing.id, sends=True)
        return wire.receipt(answer)

    async def templates(self) -> AsyncIterator[Template]:
        """Those of the workspace; Bird's own would leave from Bird's number."""
        async for listed in self._listed("templates", {"scope": "workspace"}):
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
            numbers = [number async for number in self._listed("numbers", {"scope": "workspace"})]
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

    async def _listed(self, path: str, query: dict[str, str] | None = None) -> AsyncIterator[Fields]:
        query = {"limit": str(PAGE_SIZE), **(query or {})}
        while True:
            items, following = wire.page(await self._call("GET", path, query))
            for item in items:
                yield item
            if not following:
                return
            if following == query.get("starting_after"):
                raise Unavailable(f"Bird's list of {path} does not end")
            query["starting_after"] = following

    async def _call(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        *,
        json: Fields | None = None,
        key: str = "",
        sends: bool = False,
    ) -> Fields:
        """One call. Raises what Bird's answer means."""
        host = self.config.base_url.rstrip("/") or f"https://{self.config.region}.platform.bird.com"
        headers = {"authorization": f"Bearer {self.config.api_key.get_secret_value()}"}
        if key:
            headers["idempotency-key"] = key
        url = f"{host}/v1/whatsapp/{path}"
        response = await self.http.request(method, url, params=query or {}, json=json, headers=headers)
        answer = parsed(response.content)
        if response.status_code >= 400 or mapping(answer.get("error")):
            after = response.headers.get("retry-after")
            raise refusal(answer, response.status_code, retry_after=after, sends=sends)
        if not answer:
            raise Uncertain("Bird's answer cannot be read") if sends else Unavailable("Bird's answer cannot be read")
        return answer


@hookimpl
def hub_connectors() -> list[type[Bird]]:
    return [Bird]
