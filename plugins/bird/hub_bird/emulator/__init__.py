# SPDX-License-Identifier: Apache-2.0
"""An emulated Bird workspace with one WhatsApp number: Bird's dialect of the emulated WhatsApp.

Built from what Bird publishes; the numbers in comments are those of `hub_bird`. The service window is not looked at
when a message comes in: what the platform refuses comes as a failed message [1]. Not emulated: groups, conversations,
keyword rules and their replies, creating templates, files, Bird's rate limits (it publishes none), other channels.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import orjson
from pydantic import SecretStr
from starlette.routing import BaseRoute

from hub.testing.clock import Clock
from hub.testing.whatsapp import Refused, Sent, TemplateSend, User, WhatsApp
from hub_bird import signature
from hub_bird.emulator import shapes
from hub_bird.emulator.api import Api

TOO_FAST = 130429  # Meta
PAUSE = 0.1  # seconds until the queue tries again
_BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"


class BirdEmulator(WhatsApp):
    """Bird before the platform. options: as in `WhatsApp`.

    queues: what is too fast for the number waits; else it fails as `rate_limited`. Bird publishes only that this can
    happen. forge: what becomes of the signatures before they are sent.
    """

    name = "bird"
    sender = "+493023125000"  # Bird names a number by itself
    keeps_files = timedelta(days=30)  # [1]

    def __init__(self, *, queues: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.queues = queues
        self.workspace = self.new_bird_id("ws")
        self.api_key = f"bk_eu1_{self.random.getrandbits(160):040x}"
        self.secrets = [self.new_secret()]  # two while one is rotated
        self.subscribed: set[str] = set()  # events to tell; empty: all
        self.suppressed: set[str] = set()  # addresses
        self.answered: dict[str, tuple[bytes, dict[str, Any]]] = {}  # by idempotency key: body and answer
        self.messages: dict[str, dict[str, Any]] = {}  # as they were accepted
        self.progress: dict[str, list[tuple[datetime, dict[str, Any]]]] = {}  # what became of each, and when
        self.read: list[str] = []  # ids of people's messages that were marked read
        self.on_business_app = False
        self.webhooks.signed_by = ("webhook-signature",)
        self.forge: Callable[[str], str] = lambda signed: signed

    def routes(self) -> list[BaseRoute]:
        return Api(self).routes()

    def settings(self, base_url: str) -> dict[str, Any]:
        return {"base_url": base_url, "api_key": self.api_key, "webhook_secret": self.secrets[-1]}

    def new_id(self, user: User) -> str:
        return self.new_bird_id("wam")

    def new_bird_id(self, kind: str) -> str:
        return f"{kind}_" + "".join(self.random.choices(_BASE32, k=26))

    def new_secret(self) -> str:
        return "whsec_" + base64.b64encode(self.random.randbytes(24)).decode()

    # messages

    def take(self, body: dict[str, Any], to: str, kind: str, template: TemplateSend | None) -> dict[str, Any]:
        """Accept a well-formed message; what becomes of it comes later. Returns it as Bird shows it.

        Raises `Refused` for a template that is filled wrongly: that, Bird tells at once.
        """
        if template is not None and (stored := self.templates.get((template.name, template.language))):
            stored.check(template.components)
        now, id_ = self.clock.now(), self.new_bird_id("wam")
        opaque = " ".join(map(str, (body.get("metadata") or {}).values()))
        message = self.messages[id_] = shapes.accepted(id_, body, now)
        self._tell("whatsapp.accepted", shapes.outbound(self.workspace, message), now)
        if {str(body["to"])} & self.suppressed:
            self._fail(message, "rejected", shapes.error("recipient_suppressed", now))
            return message
        self._hand_on(message, partial(self.accept, to, kind, template=template, opaque=opaque, id=id_))
        return message

    def _hand_on(self, message: dict[str, Any], accept: Callable[[], Sent]) -> None:
        try:
            accept()
        except Refused as refused:
            if refused.code == TOO_FAST and self.queues:
                asyncio.get_running_loop().call_later(PAUSE, self._hand_on, message, accept)
            else:
                self._fail(message, "failed", shapes.refused(refused.code, self.clock.now()))

    def _fail(self, message: dict[str, Any], word: str, error: dict[str, Any]) -> None:
        now = self.clock.now()
        self._moved(message["id"], now, {"status": word, "last_error": error})
        self._tell(f"whatsapp.{word}", {**shapes.outbound(self.workspace, message), "error": error}, now)

    def _moved(self, id_: str, at: datetime, change: dict[str, Any]) -> None:
        with self.lock:
            self.progress.setdefault(id_, []).append((at, change))

    def shown(self, id_: str) -> dict[str, Any] | None:
        """A message as it stands now."""
        found, now = self.messages.get(id_), self.clock.now()
        if found is None:
            return None
        changes = [change for at, change in list(self.progress.get(id_, ())) if at <= now]
        return {key: value for part in (found, *changes) for key, value in part.items()}

    def suppress(self, address: str) -> None:
        """Somebody puts an address on the workspace's suppression list."""
        self.suppressed.add(address)
        told = {"suppression_id": self.new_bird_id("was"), "address": address, "waba": None, "reason": "manual"}
        self._tell("whatsapp_suppression.created", {**told, "workspace_id": self.workspace}, self.clock.now())

    def echo(self, number: str) -> None:
        """Somebody of the company writes to a person from the WhatsApp Business app."""
        message = shapes.accepted(self.new_bird_id("wam"), {"to": number, "from": self.number}, self.clock.now())
        data = {**shapes.outbound(self.workspace, message), "origin": "business_app_echo"}
        self._tell("whatsapp.sent", data, self.clock.now())

    # webhooks

    def tell_status(
        self, user: User, sent: Sent, status: str, at: datetime, *, category: str, code: int, after: float
    ) -> None:
        data = shapes.outbound(self.workspace, self.messages[sent.id])
        if code:
            data["error"] = shapes.refused(code, at)
            self._moved(sent.id, at, {"status": "failed", "last_error": data["error"]})
        else:
            self._moved(sent.id, at, shapes.moved(status, at))
        self._tell(f"whatsapp.{status}", data, at, after=after)

    def tell_message(
        self, user: User, id: str, at: datetime, kind: str, content: dict[str, Any], *, quoted: str
    ) -> None:
        if kind == "reaction":
            self._tell("whatsapp.reacted", shapes.reacted(self.workspace, user, self.number, content), at)
            return
        data = shapes.inbound(self.workspace, user, id, self.number, kind, content, quoted=quoted)
        self._tell("whatsapp.received", data, at, done=lambda when: self.acknowledged(id, when))

    def _tell(
        self,
        kind: str,
        data: dict[str, Any],
        at: datetime,
        *,
        after: float = 0.0,
        done: Callable[[datetime], None] | None = None,
    ) -> None:
        if not self.webhook_url or (self.subscribed and kind not in self.subscribed):
            return
        body, id_ = orjson.dumps(shapes.event(kind, data, at)), self.new_bird_id("ev")
        now = self.clock.now
        self.webhooks.post(self.webhook_url, body, lambda _: self._headers(body, id_), after=after, done=done, now=now)

    def _headers(self, body: bytes, id_: str) -> dict[str, str]:
        """The id stays, the time is that of the attempt [3]."""
        stamp = str(int(self.clock.now().timestamp()))
        signed = dict(signature.headers(body, id_, stamp, *map(SecretStr, self.secrets)))
        signed["webhook-signature"] = self.forge(signed["webhook-signature"])
        return {"content-type": "application/json", **signed}

    def actions(self) -> dict[str, Any]:
        more = {"suppress": lambda given: self.suppress(**given), "echo": lambda given: self.echo(**given)}
        return {**super().actions(), **more}

    def state(self) -> dict[str, Any]:
        return {"workspace": self.workspace, "sender": self.sender, "read": len(self.read), **super().state()}


def create(*, seed: int = 0, clock: Clock | None = None, **options: Any) -> BirdEmulator:
    """An emulator; `options` as in `BirdEmulator`."""
    return BirdEmulator(seed=seed, clock=clock, **options)
