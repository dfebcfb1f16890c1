# SPDX-License-Identifier: Apache-2.0
"""An emulated Meta Cloud API with one account and one number: Meta's dialect of the emulated WhatsApp.

Built from Meta's published behaviour. Not emulated: groups, calls. The numbers in comments are those of `hub_meta`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
from starlette.routing import BaseRoute

from hub.testing.clock import Clock
from hub.testing.whatsapp import Sent, Stored, User, WhatsApp
from hub_meta.emulator import shapes
from hub_meta.emulator.api import Api
from hub_meta.emulator.outbox import Entry, Outbox


class MetaEmulator(WhatsApp):
    """The Graph API before the platform.

    appsecret_proof: refuse calls without it. options: as in `WhatsApp`.
    """

    name = "meta"

    def __init__(self, *, appsecret_proof: bool = False, page_size: int = 25, **options: Any) -> None:
        super().__init__(**options)
        self.waba_id, self.phone_number_id = "900800700600500", self.sender
        self.app_id, self.display_number = "555000111222333", self.number.removeprefix("+")
        self.access_token = f"EAA{self.random.getrandbits(160):040x}"
        self.app_secret = f"{self.random.getrandbits(128):032x}"
        self.verify_token = f"verify-{self.random.getrandbits(80):020x}"
        self.appsecret_proof, self.page_size = appsecret_proof, page_size
        self.registered, self.pin, self.registrations = True, "482913", list[datetime]()
        self.storage: dict[str, Any] = {"status": "IN_COUNTRY_STORAGE_DISABLED"}
        self.marketing_on_cloud_api = True
        self.miscategorised: dict[str, str] = {}  # template names that Meta puts into another category at once
        self.blocked: list[dict[str, str]] = []
        self.heard: set[str] = set()  # ids of what people wrote
        self.marked_read: list[dict[str, Any]] = []
        self.outbox = Outbox(self.random, self._target, self.clock.now, self.acknowledged)
        self.webhooks = self.outbox

    def _target(self) -> tuple[str, str]:
        return self.webhook_url, self.app_secret

    def routes(self) -> list[BaseRoute]:
        return Api(self).routes()

    def settings(self, base_url: str) -> dict[str, Any]:
        secrets = {name: getattr(self, name) for name in ("access_token", "app_secret", "verify_token")}
        return {"base_url": base_url, "waba_id": self.waba_id, **secrets}

    # webhooks

    def subscribe(self, url: str, verify_token: str = "") -> None:
        """Set the webhook after Meta's handshake. Raises `ValueError` when the challenge does not come back."""
        challenge = str(self.random.randrange(10**9, 10**10))
        query = {"hub.mode": "subscribe", "hub.challenge": challenge}
        query["hub.verify_token"] = verify_token or self.verify_token
        response = httpx.get(url, params=query, trust_env=False)
        if response.status_code != 200 or response.text != challenge:
            raise ValueError(f"the callback did not return the challenge (HTTP {response.status_code})")
        self.webhook_url = url

    def tell_status(
        self, user: User, sent: Sent, status: str, at: datetime, *, category: str, code: int, after: float
    ) -> None:
        value = shapes.status(self._metadata(), user, sent, status, at, category=category, code=code)
        self._tell("messages", value, after=after)

    def tell_message(
        self, user: User, id: str, at: datetime, kind: str, content: dict[str, Any], *, quoted: str
    ) -> None:
        self.heard.add(id)
        context = {"context": {"from": self.display_number, "id": quoted}} if quoted else {}
        value = shapes.inbound(self._metadata(), user, id, at, {"type": kind, kind: content, **context})
        self._tell("messages", value, key=id)

    def tell_preference(self, user: User, value: str, at: datetime) -> None:
        self._tell("user_preferences", shapes.preference(self._metadata(), user, value, at))

    def tell_number_changed(self, old: User, new: User, id: str, at: datetime) -> None:
        self._tell("messages", shapes.number_changed(self._metadata(), old, new, id, at))

    def tell_template(self, template: Stored, what: str, *, old: str, new: str) -> None:
        field, value = shapes.template_event(template, what, old, new, self.clock.now())
        self._tell(field, value, timed=True)

    def tell_sender(self, what: str, *, old: str, new: str) -> None:
        told = shapes.sender_event(self.display_number, what, new)
        if told is not None:
            self._tell(*told, timed=True)

    def _metadata(self) -> dict[str, str]:
        return {"display_phone_number": self.display_number, "phone_number_id": self.phone_number_id}

    def _tell(
        self, field: str, value: dict[str, Any], *, after: float = 0.0, key: str = "", timed: bool = False
    ) -> None:
        entry: Entry = {"id": self.waba_id, "changes": [{"field": field, "value": value}]}
        if timed:
            entry["time"] = int(self.clock.now().timestamp())
        self.outbox.put(entry, after=after, key=key)

    def state(self) -> dict[str, Any]:
        return {"phone_number_id": self.phone_number_id, "waba_id": self.waba_id, **super().state()}


def create(*, seed: int = 0, clock: Clock | None = None, **options: Any) -> MetaEmulator:
    """An emulator; `options` as in `MetaEmulator`."""
    return MetaEmulator(seed=seed, clock=clock, **options)
