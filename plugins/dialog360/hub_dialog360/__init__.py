# SPDX-License-Identifier: Apache-2.0
"""360dialog: Meta's Cloud API behind another door. Host, key, list of templates and refusals are its own.

Numbers in this plugin's comments name pages below docs.360dialog.com:

[1] partner/integration/waba-integration                        [2] partner/messaging/receiving-messages-via-webhook
[3] partner/onboarding/webhook-events-and-setup/signature-validation       [4] docs/support/api-error-message-list
[5] partner/messaging-and-calling/template-messages             [6] docs/hub/webhook-url, messaging-api/webhooks
[7] partner/messaging/media-messages                            [8] docs/hub/local-storage
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator

from hub_meta import Meta, webhooks, wire
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from hub import (
    Can,
    ClearedMessage,
    DataItem,
    Event,
    Forbidden,
    Health,
    HubError,
    IdentityChanged,
    Inbound,
    MessageReceived,
    PreferenceChanged,
    ProcessorProfile,
    Provider,
    Receipt,
    Rejected,
    SenderChanged,
    Template,
    Unavailable,
    hookimpl,
    same,
)
from hub.whatsapp.reading import Fields, mappings, number, parsed, text
from hub.whatsapp.templates import template
from hub_dialog360.problems import accepted

SIGNATURE = "x-360dialog-signature"
PAGE_SIZE = 100
# Meta's, and probably passed through: both are used where they come, and neither is promised
UNCONFIRMED = frozenset({Can.NATIVE_OPT_OUT, Can.OPAQUE_ID})
_OF_A_NUMBER = (MessageReceived, PreferenceChanged, IdentityChanged)
_MISDIRECTED = "its webhook brings what people write to another number, which is not read: give that number its own"


class Config(BaseModel):
    """Settings of one number at 360dialog: its API keys belong to one number each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    phone_number_id: str = Field(
        pattern=r"^\d+$", description="Meta's phone number id of the number; the one sender of this connection."
    )
    api_key: SecretStr = Field(
        min_length=1, description="API key of the number, from the 360dialog Hub (D360-API-KEY)."
    )
    header_name: str = Field(
        "x-hub-token", pattern=r"^[A-Za-z0-9-]+$", description="Name of the header that 360dialog sends to the webhook."
    )
    header_value: SecretStr = Field(
        min_length=16,
        description="A random text that you choose; enter it as the value of that header in the webhook settings.",
    )
    platform_secret: SecretStr | None = Field(
        None, description="Platform secret of a 360dialog partner. Where it is given, unsigned webhooks are refused."
    )
    base_url: str = Field(
        "https://waba-v2.360dialog.io", description="Address of the messaging API; change it for the sandbox or tests."
    )


class Dialog360(Provider[Config]):
    """Sends through 360dialog in Germany."""

    name = "dialog360"
    title = "360dialog"
    Config = Config
    can = Meta.can - UNCONFIRMED
    pair = Meta.pair
    data = (
        DataItem("phone number, BSUID", "contact data", "address a message", "not stated"),
        DataItem("message text and template parameters", "content", "deliver a message", "not stated"),
        DataItem("files", "content", "deliver a message", "30 days [7]"),
        DataItem("profile name, username", "contact data", "sent along by Meta; not read", "not stated"),
        DataItem("status and time of a message", "metadata", "prove delivery", "not stated"),
    )
    profile = ProcessorProfile(
        legal_entity="360dialog GmbH",
        seat="DE",
        parent="",
        regions=(
            "360dialog's own hosting: UNCONFIRMED",
            "at Meta: as for the Meta Cloud API, Local Storage on request [8]",
        ),
        subprocessors=("Meta: content passes 360dialog and Meta",),
        transfers=("to Meta: as for the Meta Cloud API; others UNCONFIRMED",),
        to_verify=(
            "Seat: two addresses circulate (Berlin, Grünwald), both from third parties; read the Impressum.",
            "Data processing agreement (Art. 28 GDPR): customers have one, its text was not seen.",
            "Hosting of the proxy waba-v2, its cloud host and the list of sub-processors: UNCONFIRMED.",
            "Certificates (ISO 27001, C5): UNCONFIRMED.",
            "Whether offices outside the EU have support access: UNCONFIRMED.",
            "Role and terms of Meta beside 360dialog.",
            "Local Storage region of the number (there is no EU value); not for numbers in coexistence [8].",
        ),
        source="[1] [8]; unverified until checked for this account",
    )

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
        if outgoing.sender != self.config.phone_number_id:
            raise Rejected("this connection's key sends from another number")
        body = wire.message(outgoing)
        if "to" in body:
            body["to"] = body["to"].removeprefix("+")  # 360dialog writes digits only
        return wire.receipt(await self._call("POST", "messages", json=body, sends=True))

    async def templates(self) -> AsyncIterator[Template]:
        offset = 0
        while True:
            query = {"limit": str(PAGE_SIZE), "offset": str(offset)}
            answer = await self._call("GET", "v1/configs/templates", query)
            if "waba_templates" not in answer:
                raise Unavailable("360dialog's list of templates cannot be read")
            listed = mappings(answer["waba_templates"])
            for item in listed:
                found = template(item)
                if found is not None:
                    yield found
            offset, total = offset + len(listed), number(answer.get("total"))
            if not listed or total is None or offset >= total:
                return

    async def check(self) -> Health:
        """Ask for the number's webhook [6]: proves the key, and that somebody listens."""
        try:
            answer = await self._call("GET", "v1/configs/webhook")
        except HubError as error:
            return Health(False, str(error))
        if not text(answer.get("url")):
            return Health(False, "the key is valid, but the number has no webhook: nothing people write arrives")
        return Health(True, "the key is valid, and the number has a webhook")

    async def _call(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        *,
        json: Fields | None = None,
        sends: bool = False,
    ) -> Fields:
        """One call. Raises what the answer means."""
        response = await self.http.request(
            method,
            f"{self.config.base_url.rstrip('/')}/{path}",
            params=query,
            json=json,
            headers={"d360-api-key": self.config.api_key.get_secret_value()},
        )
        return accepted(response, sends=sends)


def signature(body: bytes, platform_secret: SecretStr) -> str:
    """The value of `x-360dialog-signature` for `body`."""
    return hmac.digest(platform_secret.get_secret_value().encode(), body, "sha256").hex()


@hookimpl
def hub_connectors() -> list[type[Dialog360]]:
    return [Dialog360]
