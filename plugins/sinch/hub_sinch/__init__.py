# SPDX-License-Identifier: Apache-2.0
"""Sinch Conversation API, WhatsApp channel.

Numbers in this plugin's comments name pages: `profile.toml` lists them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from hub import (
    BadConfig,
    Can,
    ClearedMessage,
    Event,
    Health,
    HubError,
    Inbound,
    KnowsSenders,
    Provider,
    Receipt,
    SenderState,
    Template,
    TemplateContent,
    Unavailable,
    hookimpl,
)
from hub.whatsapp.access import Access, Credentials
from hub.whatsapp.answers import accepted, every, receipt
from hub.whatsapp.people import PAIR
from hub.whatsapp.profiles import declared
from hub.whatsapp.reading import Fields, mappings, parsed, text
from hub.whatsapp.signatures import valid
from hub.whatsapp.writing import present
from hub_sinch import signature, webhooks, wire
from hub_sinch.labels import Labels, key
from hub_sinch.reasons import refusal

PAGE_SIZE = 100
# what an app must not do with what people write
PRIVATE: Fields = {
    "processing_mode": "DISPATCH",
    "dispatch_retention_policy": {"retention_type": "MESSAGE_EXPIRE_POLICY", "ttl_days": 0},
    "smart_conversation": {"enabled": False},
}


class Config(BaseModel):
    """Settings of one app of a Sinch project. An app has one WhatsApp number, so the app is the sender."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    project_id: str = Field(pattern=r"^[\w-]+$", description="Id of the project, from the Sinch dashboard.")
    app_id: str = Field(pattern=r"^\w+$", description="Id of the Conversation API app; it is also the sender's id.")
    key_id: str = Field(min_length=1, description="Id of an access key of the project.")
    key_secret: SecretStr = Field(min_length=1, description="Secret of the access key; shown once when it is created.")
    webhook_secret: SecretStr = Field(
        min_length=16, description="A random text that you choose; enter the same one at the app's webhook."
    )
    previous_webhook_secret: SecretStr | None = Field(
        None, description="The secret before this one. Enter it while you rotate, empty it afterwards."
    )
    region: str = Field(
        "eu", pattern=r"^(eu|us|br)$", description="Where the app was created; its data stay there. It cannot be moved."
    )
    ttl: int = Field(
        600,
        ge=30,
        le=86_400,
        description="Seconds that Sinch may take to hand a message on. What waits longer is given up, so that no "
        "message leaves Sinch's queue long after a person has said stop.",
    )
    replay_window: int = Field(
        86_400,  # nobody confirmed that a repeated webhook is signed anew, and no stop may be refused for its age
        ge=60,
        le=604_800,
        description="Seconds by which the time signed in a webhook may differ from ours. "
        "A repeated one changes nothing.",
    )
    base_url: str = Field("", description="One address for all of Sinch's services; change it for tests only.")


class Sinch(Provider[Config], KnowsSenders):
    """Sends through an app of the Conversation API, in dispatch mode."""

    name = "sinch"
    title = "Sinch Conversation API"
    Config = Config
    can = frozenset(
        {
            Can.TEXT,
            Can.TEMPLATE,
            Can.HEADER_MEDIA,
            Can.MEDIA,
            Can.BUTTONS,
            Can.LIST,
            Can.LINK_BUTTON,
            Can.LOCATION,
            Can.CARDS,
            Can.TEMPLATES_LISTED,
            Can.STATUS_DELIVERED,
            Can.STATUS_READ,
            Can.INBOUND,
            Can.OPAQUE_ID,
            Can.SENDERS_LISTED,
        }
    )
    pair = PAIR
    signature = "HMAC-SHA256 of body, nonce and time, base64 [4]"
    profile, data = declared("hub_sinch")

    @cached_property
    def _access(self) -> Access:
        # the EU has a token service of its own [1]
        auth = self._host("https://eu.auth.sinch.com" if self.config.region == "eu" else "https://auth.sinch.com")
        key = Credentials("Sinch", f"{auth}/oauth2/token", self.config.key_id, self.config.key_secret, refusal)
        return Access(key, self.http, self.memory)

    @cached_property
    def _labels(self) -> Labels:
        return Labels(self.memory)

    def authenticate(self, request: Inbound) -> None:
        secrets = valid(self.config.webhook_secret, self.config.previous_webhook_secret)
        signature.verify(request, secrets, timedelta(seconds=self.config.replay_window))

    async def receive(self, request: Inbound) -> list[Event]:
        return webhooks.events(parsed(request.body), request.received_at, app=self.config.app_id)

    async def send(self, message: ClearedMessage) -> Receipt:
        if message.outgoing.sender != self.config.app_id:
            raise BadConfig("the sender's id is not the app of this connection")
        content = message.outgoing.content
        labels = self._labels.of(content) if isinstance(content, TemplateContent) else {}
        body = wire.message(message.outgoing, self.config.ttl, labels)
        answer = await self._call("POST", self._conversation("messages:send"), json=body, sends=True)
        return receipt("Sinch", answer.get("message_id"))

    async def templates(self) -> AsyncIterator[Template]:
        labels: dict[str, dict[str, str]] = {}
        async for item in every("Sinch", self._page):
            found = wire.template(item)
            if found is not None:
                labels[key(found.name, found.language)] = wire.quick_replies(item)
                yield found
        self._labels.keep(labels)

    async def _page(self, cursor: str) -> tuple[list[Fields], str]:
        project = f"{self._host('https://provisioning.api.sinch.com')}/v1/projects/{self.config.project_id}"
        query = present({"pageSize": str(PAGE_SIZE), "pageToken": cursor})
        answer = await self._call("GET", f"{project}/whatsapp/templates", params=query)
        return mappings(answer.get("templates")), text(answer.get("nextPageToken"))

    async def senders(self) -> list[SenderState]:
        apps = mappings((await self._call("GET", self._conversation("apps"))).get("apps"))
        return [found for app in apps if (found := wire.sender(app)) is not None]

    async def check(self) -> Health:
        """Look at the app: is its number connected, and does it keep nothing?"""
        try:
            app = await self._call("GET", self._conversation(f"apps/{self.config.app_id}"))
        except HubError as error:
            return Health(False, str(error))
        number = wire.sender(app)
        if number is None:
            return Health(False, "the app has no WhatsApp channel; set it up in the Sinch dashboard")
        if text(app.get("processing_mode")) != "DISPATCH":
            return Health(False, "the app stores contacts and conversations; prepare the connection to switch that off")
        return Health(number.status == "ACTIVE", f"WhatsApp channel {number.status or 'unknown'}, dispatch mode")

    async def prepare(self) -> list[str]:
        query = {"update_mask": ",".join(PRIVATE)}
        await self._call("PATCH", self._conversation(f"apps/{self.config.app_id}"), params=query, json=PRIVATE)
        return ["switched the app to dispatch mode: no contacts, conversations or analysis, messages kept 0 days"]

    def _host(self, usual: str) -> str:
        return self.config.base_url.rstrip("/") or usual

    def _conversation(self, path: str) -> str:
        host = self._host(f"https://{self.config.region}.conversation.api.sinch.com")
        return f"{host}/v1/projects/{self.config.project_id}/{path}"

    async def _call(self, method: str, url: str, *, sends: bool = False, **options: Any) -> Fields:
        """One call. Raises what Sinch's answer means."""
        headers = {"authorization": f"Bearer {await self._access.token()}"}
        response = await self.http.request(method, url, headers=headers, **options)
        if response.status_code == 401:
            self._access.forget()
            if "expired" in response.headers.get("www-authenticate", ""):  # as [2] tells it apart
                raise Unavailable("the access token ended early; the next call asks for another")
        return accepted("Sinch", response, refusal, sends=sends)


@hookimpl
def hub_connectors() -> list[type[Sinch]]:
    return [Sinch]
