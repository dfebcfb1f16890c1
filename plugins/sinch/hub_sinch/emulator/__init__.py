# SPDX-License-Identifier: Apache-2.0
"""An emulated Sinch project with one app and its number: Sinch's dialect of the emulated WhatsApp.

Built from what Sinch publishes; the numbers in comments are those of `hub_sinch`. What the platform refuses comes
as a failed delivery: Sinch answers 200 to every well-formed message and queues what the number cannot take yet. Not
emulated: the queue's own pace (20 messages per second by default), batches, contacts and conversations, other channels,
transcoding, creating templates.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
from pydantic import SecretStr
from starlette.routing import BaseRoute

from hub.testing.clock import Clock
from hub.testing.whatsapp import Refused, Sent, TemplateSend, User, WhatsApp
from hub_sinch import signature
from hub_sinch.emulator import shapes
from hub_sinch.emulator.api import Api
from hub_sinch.emulator.sending import Asked

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
TOO_FAST = 130429  # Meta
PAUSE = 0.1  # seconds until the queue tries again
_ULID = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class SinchEmulator(WhatsApp):
    """Sinch before the platform. options: as in `WhatsApp`.

    calls: per second and project [1]. forge: what becomes of a signature before it is sent.
    """

    name = "sinch"
    sender = "01HXAPP0000000000000000001"

    def __init__(self, *, calls: int = 800, page_size: int = 2, **options: Any) -> None:
        super().__init__(**options)
        self.project = "0b6f7c1e-7a55-4a5b-9b0f-1d5a2a3c4d5e"
        self.key_id, self.key_secret = "b7f0a1c2-key", f"{self.random.getrandbits(128):032x}"
        self.webhook_secret = f"{self.random.getrandbits(128):032x}"
        self.triggers: set[str] = set()  # what to tell; empty: all
        self.app_settings: dict[str, Any] = {"processing_mode": "CONVERSATION"}  # as a new app may be
        self.tokens: dict[str, datetime] = {}  # until when each is good
        self.opted_out: dict[str, set[str]] = {}  # Sinch's consent lists [8]: numbers in digits
        self.payloads: dict[str, dict[str, str]] = {}  # message: label of a quick reply to its payload
        self.calls, self.page_size = calls, page_size
        self.webhooks.signed_by = ("x-sinch-webhook-signature",)
        self.forge: Callable[[str], str] = lambda signed: signed
        self._recent: deque[datetime] = deque()

    def routes(self) -> list[BaseRoute]:
        return Api(self).routes()

    def settings(self, base_url: str) -> dict[str, Any]:
        self.media.base_url = base_url
        return {
            "base_url": base_url,
            "project_id": self.project,
            "app_id": self.sender,
            "key_id": self.key_id,
            "key_secret": self.key_secret,
            "webhook_secret": self.webhook_secret,
        }

    def new_id(self, user: User) -> str:
        return self.new_ulid()

    def new_ulid(self) -> str:
        return "01" + "".join(self.random.choices(_ULID, k=24))

    # access

    def grant(self, token: str = "", *, lasts: timedelta = HOUR) -> str:
        """An access token from now on."""
        made = token or f"sinch-{self.random.getrandbits(128):032x}"
        self.tokens[made] = self.clock.now() + lasts
        return made

    def too_fast(self) -> bool:
        """Counts a call; true when the second is full."""
        now = self.clock.now()
        while self._recent and now - self._recent[0] >= SECOND:
            self._recent.popleft()
        self._recent.append(now)
        return len(self._recent) > self.calls

    # messages

    def opt_out(self, number: str, list_type: str = "OPT_OUT_MARKETING") -> None:
        """Put somebody on one of the app's consent lists."""
        self.opted_out.setdefault(list_type, set()).add(number.removeprefix("+"))

    def take(self, asked: Asked) -> str:
        """Accept a well-formed message; what becomes of it comes later. Returns its id."""
        now, template = self.clock.now(), asked.template
        sent = Sent(now, f"+{asked.to}", asked.kind, template.name if template else "", asked.opaque, self.new_ulid())
        if self._listed(asked.to, asked.content_type):
            self._tell_report(self.user(asked.to), sent, "failed", now, {"code": "RECIPIENT_NOT_OPTED_IN"})
        else:
            self._hand_on(asked, sent)
        return sent.id

    def _hand_on(self, asked: Asked, sent: Sent) -> None:
        """What is too fast for the number waits in Sinch's queue [1], as long as it may."""
        now = self.clock.now()
        if now - sent.at > timedelta(seconds=asked.ttl):
            self._tell_report(self.user(asked.to), sent, "failed", now, {"code": "DELIVERY_TIMED_OUT"})
            return
        try:
            self.payloads[sent.id] = self._replies(asked.template) if asked.template else {}
            self.accept(asked.to, asked.kind, template=asked.template, opaque=asked.opaque, id=sent.id)
        except Refused as refused:
            if refused.code == TOO_FAST:
                asyncio.get_running_loop().call_later(PAUSE, self._hand_on, asked, sent)
            else:
                self.report(self.user(asked.to), sent, "failed", category="service", code=refused.code)

    def _listed(self, to: str, content_type: str) -> bool:
        """Sinch looks at its lists when the message says what it is [8]."""
        asked = {"CONTENT_MARKETING": "OPT_OUT_MARKETING", "CONTENT_NOTIFICATION": "OPT_OUT_NOTIFICATION"}
        lists = ("OPT_OUT_ALL", asked[content_type]) if content_type in asked else ()
        return any(to in self.opted_out.get(one, ()) for one in lists)

    def _replies(self, asked: TemplateSend) -> dict[str, str]:
        """Payloads by label. Raises `Refused` when one is not there: it must be, if empty [3]."""
        stored = self.templates.get((asked.name, asked.language))
        if stored is None:
            return {}
        given = {part.get("index"): part for part in asked.components if part.get("sub_type") == "quick_reply"}
        found = {}
        for index, button in enumerate(stored.buttons):
            if button["type"] == "QUICK_REPLY":
                if str(index) not in given:
                    raise Refused(132000, "a quick reply has no payload")
                found[str(button["text"])] = str(given[str(index)]["parameters"][0]["payload"])
        return found

    # webhooks

    def tell_status(
        self, user: User, sent: Sent, status: str, at: datetime, *, category: str, code: int, after: float
    ) -> None:
        self._tell_report(user, sent, status, at, shapes.reason(code) if code else None, after=after)

    def _tell_report(
        self, user: User, sent: Sent, status: str, at: datetime, reason: Any = None, *, after: float = 0.0
    ) -> None:
        report = shapes.report(self.sender, user, sent, status, reason)
        self._tell("MESSAGE_DELIVERY", report, at, opaque=sent.opaque, after=after)

    def tell_message(
        self, user: User, id: str, at: datetime, kind: str, content: dict[str, Any], *, quoted: str
    ) -> None:
        said = shapes.said(kind, self.media.link(content), quoted=quoted, payloads=self.payloads.get(quoted, {}))
        message = shapes.message(self.sender, user, id, at, said, self.number)
        self._tell("MESSAGE_INBOUND", message, at, done=lambda when: self.acknowledged(id, when))

    def tell_sender(self, what: str, *, old: str, new: str) -> None:
        if what == "quality":
            self._tell("CHANNEL_EVENT", shapes.quality(old, new), self.clock.now())

    def _tell(
        self,
        trigger: str,
        kind: dict[str, Any],
        at: datetime,
        *,
        opaque: str = "",
        after: float = 0.0,
        done: Callable[[datetime], None] | None = None,
    ) -> None:
        if not self.webhook_url or (self.triggers and trigger not in self.triggers):
            return
        envelope = shapes.envelope(self.sender, self.project, at, opaque)
        body = orjson.dumps({**envelope, **kind})
        now = self.clock.now
        self.webhooks.post(self.webhook_url, body, lambda _: self._headers(body), after=after, done=done, now=now)

    def _headers(self, body: bytes) -> dict[str, str]:
        """Signed anew for each attempt."""
        stamp = str(int(self.clock.now().timestamp()))
        signed = dict(signature.headers(body, self.new_ulid(), stamp, SecretStr(self.webhook_secret)))
        signed["x-sinch-webhook-signature"] = self.forge(signed["x-sinch-webhook-signature"])
        return {"content-type": "application/json", **signed}

    def actions(self) -> dict[str, Any]:
        return {**super().actions(), "opt_out": lambda given: self.opt_out(**given)}

    def state(self) -> dict[str, Any]:
        return {"project": self.project, "sender": self.sender, "app": self.app_settings, **super().state()}


def create(*, seed: int = 0, clock: Clock | None = None, **options: Any) -> SinchEmulator:
    """An emulator; `options` as in `SinchEmulator`."""
    return SinchEmulator(seed=seed, clock=clock, **options)
