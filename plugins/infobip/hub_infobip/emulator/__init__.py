# SPDX-License-Identifier: Apache-2.0
"""An emulated Infobip with one account and one number: Infobip's dialect of the emulated WhatsApp.

Built from [1], [2] and [3] of `hub_infobip`. Not emulated: creating templates, subscriptions, pull of reports.
What WhatsApp refuses, Infobip takes all the same and reports as failed afterwards.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from starlette.routing import BaseRoute

from hub.testing.clock import Clock
from hub.testing.emulator import Action
from hub.testing.whatsapp import Sent, Stored, User, WhatsApp
from hub_infobip.emulator import shapes
from hub_infobip.emulator.api import Api

Headers = dict[str, str]


class InfobipEmulator(WhatsApp):
    """Infobip's API before the platform. Every message has an id, and none is taken twice.

    credit: messages the account can pay for; None: enough. registered: numbers a trial account may write to; None: no
    trial. forge: what becomes of the headers of a webhook on its way.
    """

    name = "infobip"
    sender = WhatsApp.number.removeprefix("+")  # Infobip names a number by its digits

    def __init__(self, *, credit: int | None = None, registered: set[str] | None = None, **options: Any) -> None:
        super().__init__(**{"late_errors": shapes.FAILURES, **options})
        self.api_key = f"{self.random.getrandbits(128):032x}-{self.random.getrandbits(96):024x}"
        self.webhook_secret = f"{self.random.getrandbits(128):032x}"
        self.credit, self.registered = credit, registered
        self.known: set[str] = set()  # message ids
        self.read: list[str] = []  # messages of people that were marked as read
        self.webhooks.signed_by = ("authorization",)
        self.forge: Callable[[Headers], Headers] = lambda headers: headers

    def routes(self) -> list[BaseRoute]:
        return Api(self).routes()

    def settings(self, base_url: str) -> dict[str, Any]:
        keys = {"api_key": self.api_key, "webhook_secret": self.webhook_secret}
        return {"base_url": base_url, "sender": self.sender, **keys}

    def new_message_id(self) -> str:
        with self.lock:
            return f"{self.random.getrandbits(128):032x}"

    # webhooks

    def tell_status(
        self, user: User, sent: Sent, status: str, at: datetime, *, category: str, code: int, after: float
    ) -> None:
        """Of a message that is on its way, Infobip says nothing."""
        if status == "read":
            self._tell({"results": [shapes.seen(self.sender, user, sent, at)]}, after=after)
        elif status != "sent":
            self._tell({"results": [shapes.report(user, sent, at, code)]}, after=after)

    def tell_message(
        self, user: User, id: str, at: datetime, kind: str, content: dict[str, Any], *, quoted: str
    ) -> None:
        result = shapes.inbound(self.sender, user, id, at, shapes.said(self.sender, kind, content, quoted))
        self._tell({"results": [result], "messageCount": 1, "pendingMessageCount": 0}, key=id)

    def tell_preference(self, user: User, value: str, at: datetime) -> None:
        self._tell(shapes.preference(self.sender, user, value, at))

    def tell_template(self, template: Stored, what: str, *, old: str, new: str) -> None:
        if what == "status":
            self._tell(shapes.template_event(template, new, self.clock.now()))

    def _tell(self, body: dict[str, Any], *, after: float = 0.0, key: str = "") -> None:
        if not self.webhook_url:
            return  # nobody subscribed
        basic = base64.b64encode(f"hub:{self.webhook_secret}".encode()).decode()
        headers = self.forge({"content-type": "application/json", "authorization": f"Basic {basic}"})

        def done(at: datetime) -> None:
            if key:
                self.acknowledged(key, at)

        posted = {"after": after, "done": done, "now": self.clock.now}
        self.webhooks.post(self.webhook_url, orjson.dumps(body), lambda _: headers, **posted)  # type: ignore[arg-type]

    def actions(self) -> dict[str, Action]:
        return {**super().actions(), "credit": lambda given: setattr(self, "credit", given["messages"])}


def create(*, seed: int = 0, clock: Clock | None = None, **options: Any) -> InfobipEmulator:
    """An emulator; `options` as in `InfobipEmulator`."""
    return InfobipEmulator(seed=seed, clock=clock, **options)
