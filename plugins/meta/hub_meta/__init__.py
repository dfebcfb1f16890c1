# SPDX-License-Identifier: Apache-2.0
"""Meta's WhatsApp Business Platform (Cloud API).

Numbers in this plugin's comments name pages below developers.facebook.com/documentation/business-messaging/whatsapp:

[1] support/error-codes              [2] messages/send-messages          [3] templates/components
[4] business-scoped-user-ids         [5] webhooks/overview               [6] webhooks/reference
[7] local-storage                    [8] data-privacy-and-security       [9] templates/template-management
[10] developers.facebook.com/docs/graph-api/guides/secure-requests
[11] support/health-status           [12] whatsapp.com/legal/business-data-transfer-addendum (16 February 2024)
[13] throughput
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from hub import (
    Answer,
    Can,
    ClearedMessage,
    DataItem,
    Event,
    Forbidden,
    Health,
    HubError,
    Inbound,
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
from hub.whatsapp.codes import classify
from hub.whatsapp.reading import Fields, mapping, parsed, text
from hub.whatsapp.templates import template
from hub_meta import webhooks, wire

SIGNATURE = "x-hub-signature-256"
PAGE_SIZE = 100


class Config(BaseModel):
    """Settings of one WhatsApp Business account. Its numbers are the senders."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    waba_id: str = Field(
        pattern=r"^\d+$",
        description="Id of the WhatsApp Business account (WABA, now also called Messaging account); "
        "WhatsApp Manager shows it under account settings.",
    )
    access_token: SecretStr = Field(
        min_length=1,
        description="Token of a system user to whom the account is assigned, with the permissions "
        "whatsapp_business_messaging and whatsapp_business_management.",
    )
    app_secret: SecretStr = Field(min_length=1, description="App secret of the Meta app; Meta signs webhooks with it.")
    previous_app_secret: SecretStr | None = Field(
        None, description="The app secret before this one. Enter it while you rotate, empty it afterwards."
    )
    verify_token: SecretStr = Field(
        min_length=16, description="A random text that you choose; enter the same one in Meta's webhook settings."
    )
    appsecret_proof: bool = Field(
        False, description="Prove knowledge of the app secret with every call; needed when the app requires it."
    )
    version: str = Field("v25.0", pattern=r"^v\d+\.0$", description="Version of the Graph API.")
    base_url: str = Field(
        "https://graph.facebook.com", description="Address of the Graph API; change it for tests only."
    )


class Meta(Provider[Config]):
    """Sends through Meta itself, without a provider in between."""

    name = "meta"
    title = "Meta Cloud API"
    Config = Config
    can = frozenset(
        {
            Can.TEXT,
            Can.TEMPLATE,
            Can.TEMPLATES_LISTED,
            Can.STATUS_DELIVERED,
            Can.STATUS_READ,
            Can.INBOUND,
            Can.NATIVE_OPT_OUT,
            Can.OPAQUE_ID,
            Can.BSUID,
        }
    )
    pair = Pace(seconds=6.0, burst=45)  # [13], lent in advance and waited for afterwards
    data = (
        DataItem("phone number, BSUID", "contact data", "address a message", "30 days after the last status [8]"),
        DataItem("message text and template parameters", "content", "deliver a message", "up to 30 days [8]"),
        DataItem("profile name, username", "contact data", "sent along by Meta; not read", "not stated"),
        DataItem("status and time of a message", "metadata", "prove delivery", "not stated"),
        DataItem("marketing preference", "metadata", "respect a stop made in WhatsApp", "not stated"),
    )
    profile = ProcessorProfile(
        legal_entity="WhatsApp Ireland Limited",
        seat="IE",
        parent="Meta Platforms, Inc. (US)",
        regions=("Meta data centres, US and others", "DE with Local Storage: content at rest only"),
        subprocessors=("WhatsApp LLC (US)", "Meta Platforms, Inc. (US)"),
        transfers=(
            "US: EU-US Data Privacy Framework, standard contractual clauses reserved [12]",
            "with Local Storage, content in use may be in data centres worldwide for up to 60 minutes [7]",
        ),
        to_verify=(
            "Processor for transporting messages, own controller for its users' account data: record both roles.",
            "Data processing terms and transfer addendum in their current version.",
            "Entry of the recipients in the Data Privacy Framework list, with the date you looked.",
            "Local Storage setting of each number; it ends neither the transfer nor its assessment.",
            "Contact book: a map of numbers and BSUIDs at Meta, outside Local Storage; it can be switched off.",
        ),
        source="[7] [8] [12]; unverified until checked for this account",
    )

    def authenticate(self, request: Inbound) -> None:
        """POST: HMAC-SHA256 of the raw bytes with the app secret. GET: the handshake, which Meta does not sign [5]."""
        if request.method == "GET":
            if request.query.get("hub.mode") != "subscribe":
                raise Forbidden("not a handshake")
            return same(self.config.verify_token.get_secret_value(), request.query.get("hub.verify_token", ""))
        given = request.headers.get(SIGNATURE, "")
        previous = self.config.previous_app_secret
        if previous:  # an empty one must never verify anything
            try:
                return same(signature(request.body, previous), given)
            except Forbidden:
                pass
        return same(signature(request.body, self.config.app_secret), given)

    def acknowledge(self, request: Inbound) -> Answer:
        if request.method == "GET":
            return Answer(body=request.query.get("hub.challenge", "").encode(), keep=False)
        return Answer()

    async def receive(self, request: Inbound) -> list[Event]:
        return webhooks.events(parsed(request.body), request.received_at, account=self.config.waba_id)

    async def send(self, message: ClearedMessage) -> Receipt:
        outgoing = message.outgoing
        body = wire.message(outgoing)
        return wire.receipt(await self._call("POST", f"{outgoing.sender}/messages", json=body, sends=True))

    async def templates(self) -> AsyncIterator[Template]:
        query = {"fields": "name,language,status,category,components", "limit": str(PAGE_SIZE)}
        while True:
            answer = await self._call("GET", f"{self.config.waba_id}/message_templates", query)
            listed, after = wire.page(answer)
            for item in listed:
                found = template(item)
                if found is not None:
                    yield found
            if not after:
                return
            if after == query.get("after"):
                raise Unavailable("Meta's list of templates does not end")
            query["after"] = after  # the cursor, not `next`: the token goes nowhere but to our address

    async def check(self) -> Health:
        """Look at the account and its numbers as Meta sees them [11]."""
        try:
            answer = await self._call(
                "GET", f"{self.config.waba_id}/phone_numbers", {"fields": "id,quality_rating,status,health_status"}
            )
        except HubError as error:
            return Health(False, str(error))
        numbers, _ = wire.page(answer)
        if not numbers:
            return Health(False, "the account has no numbers; add one in WhatsApp Manager")
        healths = [text(mapping(item.get("health_status")).get("can_send_message")) for item in numbers]
        seen = [_seen(item, health) for item, health in zip(numbers, healths, strict=True)]
        return Health("BLOCKED" not in healths, "; ".join(seen))

    async def prepare(self) -> list[str]:
        await self._call("POST", f"{self.config.waba_id}/subscribed_apps")
        return ["subscribed the app to the webhooks of the account"]

    async def _call(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        *,
        json: Fields | None = None,
        sends: bool = False,
    ) -> Fields:
        """One call. Raises what Meta's answer means."""
        token = self.config.access_token.get_secret_value()
        query = dict(query or {})
        if self.config.appsecret_proof:
            query["appsecret_proof"] = _hmac(self.config.app_secret, token.encode())  # [10]
        response = await self.http.request(
            method,
            f"{self.config.base_url.rstrip('/')}/{self.config.version}/{path}",
            params=query,
            json=json,
            headers={"authorization": f"Bearer {token}"},
        )
        answer = parsed(response.content)
        if response.status_code >= 400 or "error" in answer:
            after = response.headers.get("retry-after")
            raise classify(answer.get("error"), status=response.status_code, retry_after=after, sends=sends)
        if not answer:
            raise Uncertain("Meta's answer cannot be read") if sends else Unavailable("Meta's answer cannot be read")
        return answer


def _seen(number: Fields, health: str) -> str:
    quality = text(number.get("quality_rating")) or "unknown"
    return f"{text(number.get('id'))}: {health or 'health unknown'}, quality {quality}"


def signature(body: bytes, app_secret: SecretStr) -> str:
    """The value of `X-Hub-Signature-256` for `body`."""
    return f"sha256={_hmac(app_secret, body)}"


def _hmac(key: SecretStr, body: bytes) -> str:
    return hmac.digest(key.get_secret_value().encode(), body, "sha256").hex()


@hookimpl
def hub_connectors() -> list[type[Meta]]:
    return [Meta]
