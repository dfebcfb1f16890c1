# SPDX-License-Identifier: Apache-2.0
"""An emulated tyntec with one WhatsApp account and one number: tyntec's dialect of the emulated WhatsApp.

Built from tyntec's published specification; the numbers in comments are those of `hub_tyntec`. What the platform
refuses comes as a failed status: tyntec answers 202 to every well-formed message. Not emulated: bulks, status queries,
creating templates, uploads, calls, tyntec's rate limits (it publishes none).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from pydantic import SecretStr
from starlette.routing import BaseRoute

from hub.testing.clock import Clock
from hub.testing.whatsapp import Refused, Sent, Stored, TemplateSend, User, WhatsApp
from hub_tyntec.emulator import shapes
from hub_tyntec.emulator.api import Api
from hub_tyntec.signature import SIGNATURE, TIMESTAMP, signature

STATUS_ATTEMPTS = 3  # [1] statuses and news are told twice more; what people write, for up to 14 days


class TyntecEmulator(WhatsApp):
    """tyntec before the platform. options: as in `WhatsApp`."""

    name = "tyntec"
    sender = "493023125000"  # tyntec names a number by itself

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.account, self.waba_id = self.new_uuid(), "900800700600500"
        self.api_key = f"{self.random.getrandbits(160):040x}"
        self.signature_secret, self.signature_method = f"{self.random.getrandbits(128):032x}", "HS256"
        self.header: tuple[str, str] = ("x-hub-token", f"{self.random.getrandbits(80):020x}")
        self.filter: set[str] = set()  # events to tell; empty: all
        self.read: list[str] = []  # ids of people's messages that were marked read
        self.webhooks.signed_by = (SIGNATURE,)

    def routes(self) -> list[BaseRoute]:
        return Api(self).routes()

    def settings(self, base_url: str) -> dict[str, Any]:
        return {
            "base_url": f"{base_url}/conversations/v3",
            "account": self.account,
            "api_key": self.api_key,
            "signature_secret": self.signature_secret,
            "signature_method": self.signature_method,
            "header_name": self.header[0],
            "header_value": self.header[1],
        }

    def new_id(self, user: User) -> str:
        return self.new_uuid()

    def new_uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def take(self, to: str, kind: str, template: TemplateSend | None, opaque: str) -> str:
        """Accept a well-formed message; what the platform says to it comes later. Returns its id."""
        try:
            return self.accept(to, kind, template=template, opaque=opaque).id
        except Refused as refused:
            user, now = self.user(to), self.clock.now()
            sent = Sent(now, f"+{to}", kind, template.name if template else "", opaque, self.new_uuid())
            self.report(user, sent, "failed", category="service", code=refused.code)
            return sent.id

    # webhooks

    def tell_status(
        self, user: User, sent: Sent, status: str, at: datetime, *, category: str, code: int, after: float
    ) -> None:
        event = shapes.status(user, sent, status, at, category=category, code=code)
        if event is not None:
            self._tell(event, after=after)

    def tell_message(
        self, user: User, id: str, at: datetime, kind: str, content: dict[str, Any], *, quoted: str
    ) -> None:
        event = shapes.message(user, id, at, kind, content, sender=self.sender, quoted=quoted)
        self._tell(event, attempts=self.webhooks.attempts, done=lambda when: self.acknowledged(id, when))

    def tell_template(self, template: Stored, what: str, *, old: str, new: str) -> None:
        if what != "category_pending":
            self._tell(shapes.news(template, what, old, new, event_id=self.new_uuid(), waba=self.waba_id))

    def _tell(
        self,
        event: dict[str, Any],
        *,
        after: float = 0.0,
        attempts: int = STATUS_ATTEMPTS,
        done: Callable[[datetime], None] | None = None,
    ) -> None:
        if not self.webhook_url or (self.filter and event.get("event") not in self.filter):
            return
        body = orjson.dumps(event)
        post, now = self.webhooks.post, self.clock.now
        post(self.webhook_url, body, lambda _: self._headers(body), after=after, done=done, now=now, attempts=attempts)

    def _headers(self, body: bytes) -> dict[str, str]:
        """Signed anew for each attempt, with the time of today."""
        stamp = str(int(self.clock.now().timestamp()))
        signed = signature(body, stamp, SecretStr(self.signature_secret), self.signature_method)
        padded = signed + "=" * (-len(signed) % 4)
        name, value = self.header
        proof = {SIGNATURE: padded, TIMESTAMP: stamp, "x-signature-version": "V1.0"}
        return {"content-type": "application/json", **proof, **({name: value} if name else {})}

    def state(self) -> dict[str, Any]:
        return {"account": self.account, "sender": self.sender, "read": len(self.read), **super().state()}


def create(*, seed: int = 0, clock: Clock | None = None, **options: Any) -> TyntecEmulator:
    """An emulator; `options` as in `TyntecEmulator`."""
    return TyntecEmulator(seed=seed, clock=clock, **options)
