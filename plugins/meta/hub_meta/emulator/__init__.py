# SPDX-License-Identifier: Apache-2.0
"""An emulated Meta Cloud API with one account and one number, built from Meta's published behaviour.

Not emulated: media, creating templates, groups, calls, several numbers. Inbound messages do not count against the
throughput. The numbers in comments are those of `hub_meta`.
"""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from starlette.routing import BaseRoute

from hub.testing.clock import Clock
from hub.testing.emulator import Action, Emulator
from hub_meta.emulator import shapes
from hub_meta.emulator.api import Api
from hub_meta.emulator.outbox import Entry, Outbox
from hub_meta.emulator.people import EVERY_STATUS, User, new_bsuid, new_wamid
from hub_meta.emulator.sending import Limits, Sent
from hub_meta.emulator.templates import Stored, button


class MetaEmulator(Emulator):
    """The platform. Every public method may be called from any thread while the app runs.

    webhook_url: where webhooks go; empty: nobody subscribed.
    throughput: messages per second the number may send. pair_rate: keep one message per 6 s and person.
    strangers_have_whatsapp: what is true of numbers nobody added.
    delays: seconds from acceptance to sent, delivered, read.
    late_errors: codes that come as a failed status instead of an answer.
    appsecret_proof: refuse calls without it.
    """

    name = "meta"

    def __init__(
        self,
        *,
        seed: int = 0,
        clock: Clock | None = None,
        webhook_url: str = "",
        throughput: int = 80,
        pair_rate: bool = True,
        strangers_have_whatsapp: bool = True,
        delays: tuple[float, float, float] = (0.02, 0.1, 0.3),
        late_errors: Sequence[int] = (),
        appsecret_proof: bool = False,
        page_size: int = 25,
    ) -> None:
        super().__init__(seed=seed, clock=clock)
        self.webhook_url = webhook_url
        self.waba_id, self.phone_number_id = "900800700600500", "100200300400500"
        self.app_id, self.display_number = "555000111222333", "493023125000"
        self.access_token = f"EAA{self.random.getrandbits(160):040x}"
        self.app_secret = f"{self.random.getrandbits(128):032x}"
        self.verify_token = f"verify-{self.random.getrandbits(80):020x}"
        self.limits = Limits(throughput, pair_rate=pair_rate)
        self.strangers_have_whatsapp = strangers_have_whatsapp
        self.delays = dict(zip(EVERY_STATUS, delays, strict=True))
        self.late_errors = set(late_errors)
        self.appsecret_proof, self.page_size = appsecret_proof, page_size
        self.users: dict[str, User] = {}  # by digits
        self.templates: dict[tuple[str, str], Stored] = {}
        self.received: list[Sent] = []
        self.acks: dict[str, datetime] = {}  # wamid of a user's message: when the hub answered 2xx
        self.lock = threading.RLock()
        self.outbox = Outbox(self.random, self._target, self.clock.now, self._acknowledged)
        self.webhooks = self.outbox

    def _target(self) -> tuple[str, str]:
        return self.webhook_url, self.app_secret

    def _acknowledged(self, wamid: str, at: datetime) -> None:
        self.acks.setdefault(wamid, at)

    def routes(self) -> list[BaseRoute]:
        return Api(self).routes()

    # people

    def add_user(
        self,
        number: str,
        *,
        name: str = "",
        bsuid: str | None = None,
        parent_bsuid: str = "",
        has_whatsapp: bool = True,
        reads: bool = True,
        hides_number: bool = False,
        statuses: Sequence[str] = EVERY_STATUS,
        fails: int = 0,
    ) -> User:
        """A person. `bsuid` None makes one, "" means the platform tells none; `fails` fails every message later."""
        seen = tuple(status for status in statuses if reads or status != "read")
        with self.lock:
            made = new_bsuid(number, self.random) if bsuid is None else bsuid
            user = User(number, name, made, parent_bsuid, has_whatsapp, hides_number, seen, fails)
            self.users[user.digits] = user
        return user

    def user(self, number: str) -> User:
        """The person at `number`; unknown ones come into being."""
        found = self.users.get(number.removeprefix("+"))
        return found or self.add_user(f"+{number.removeprefix('+')}", has_whatsapp=self.strangers_have_whatsapp)

    def user_by_bsuid(self, bsuid: str) -> User | None:
        return next((user for user in list(self.users.values()) if bsuid in (user.bsuid, user.parent_bsuid)), None)

    def say(self, number: str, text: str, *, at: datetime | None = None) -> str:
        """A person writes to the business. `at` is the time in the webhook. Returns the wamid, the key in `acks`."""
        return self._wrote(number, "text", {"body": text}, at=at)

    def press(self, number: str, payload: str, text: str) -> str:
        """A person presses a quick reply of the newest template they got."""
        return self._wrote(number, "button", {"payload": payload, "text": text})

    def prefer(self, number: str, value: str) -> None:
        """A person uses the app's own marketing switch: "stop" or "resume"."""
        user = self.user(number)
        user.stopped = value == "stop"
        now = self.clock.now()
        self._tell("user_preferences", shapes.preference(self._metadata(), user, value, now))

    def change_number(self, old: str, new: str) -> None:
        """A person keeps the account and moves to another number; the BSUID is made anew."""
        user, now = self.user(old), self.clock.now()
        before = dataclasses.replace(user)
        with self.lock:
            self.users.pop(before.digits)
            user.number = new
            user.bsuid = new_bsuid(new, self.random)
            self.users[user.digits] = user
            wamid = new_wamid(user, self.random)
        self._tell("messages", shapes.number_changed(self._metadata(), before, user, wamid, now))

    def _wrote(self, number: str, kind: str, content: dict[str, Any], *, at: datetime | None = None) -> str:
        user, when = self.user(number), at or self.clock.now()
        with self.lock:
            user.wrote_at = max(user.wrote_at or when, when)
            wamid = new_wamid(user, self.random)
        quoted = user.last_template if kind == "button" else ""
        context = {"context": {"from": self.display_number, "id": quoted}} if quoted else {}
        value = shapes.inbound(self._metadata(), user, wamid, when, {"type": kind, kind: content, **context})
        self._tell("messages", value, key=wamid)
        return wamid

    # templates

    def add_template(
        self,
        name: str,
        language: str = "de",
        *,
        category: str = "MARKETING",
        body: str,
        status: str = "APPROVED",
        header: str = "",
        footer: str = "",
        buttons: Sequence[str | dict[str, Any]] = (),
    ) -> Stored:
        """A template. A button may be a quick reply's label or the object as Meta lists it."""
        with self.lock:
            made = Stored(
                id=str(self.random.randrange(10**14, 10**15)),
                name=name,
                language=language,
                category=category,
                body=body,
                status=status,
                header=header,
                footer=footer,
                buttons=tuple(map(button, buttons)),
            )
            self.templates[name, language] = made
        return made

    def set_template_status(self, name: str, language: str, status: str) -> None:
        """Meta's review or quality check moves a template."""
        template = self.templates[name, language]
        template.status = status
        event = {"event": status, **template.named_in_webhooks(), "message_template_category": template.category}
        self._tell("message_template_status_update", {**event, "reason": "NONE"}, timed=True)

    def recategorise(self, name: str, language: str, category: str, *, pending: bool = False) -> None:
        """Meta moves a template to another category, or first announces it."""
        template, now = self.templates[name, language], self.clock.now()
        value = template.named_in_webhooks()
        if pending:
            value |= {"new_category": template.category, "correct_category": category}
            value |= {"category_update_timestamp": int(now.timestamp()) + 86_400}
        else:
            value |= {"previous_category": template.category, "new_category": category}
            template.category = category
        self._tell("template_category_update", value, timed=True)

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

    def report(self, user: User, sent: Sent, status: str, *, category: str, code: int = 0) -> None:
        """Tell one status of a message, after its delay."""
        after = self.delays.get(status, self.delays["sent"])
        at = sent.at + timedelta(seconds=after)
        value = shapes.status(self._metadata(), user, sent, status, at, category=category, code=code)
        self._tell("messages", value, after=after)

    def _metadata(self) -> dict[str, str]:
        return {"display_phone_number": self.display_number, "phone_number_id": self.phone_number_id}

    def _tell(
        self, field: str, value: dict[str, Any], *, after: float = 0.0, key: str = "", timed: bool = False
    ) -> None:
        entry: Entry = {"id": self.waba_id, "changes": [{"field": field, "value": value}]}
        if timed:
            entry["time"] = int(self.clock.now().timestamp())
        self.outbox.put(entry, after=after, key=key)

    # control plane

    def actions(self) -> dict[str, Action]:
        return {
            "add_user": lambda given: self.add_user(**given).bsuid,
            "say": self._say,
            "press": lambda given: self.press(**given),
            "prefer": lambda given: self.prefer(**given),
            "change_number": lambda given: self.change_number(**given),
            "add_template": lambda given: self.add_template(**given).id,
            "set_template_status": lambda given: self.set_template_status(**given),
            "recategorise": lambda given: self.recategorise(**given),
            "webhook": lambda given: setattr(self, "webhook_url", given["url"]),
            "acks": lambda given: {key: at.isoformat() for key, at in list(self.acks.items())},
        }

    def _say(self, given: dict[str, Any]) -> str:
        at = given.get("at")
        when = datetime.fromisoformat(at).astimezone(UTC) if at else None
        return self.say(given["number"], given["text"], at=when)

    def state(self) -> dict[str, Any]:
        received = list(self.received)
        return {
            "phone_number_id": self.phone_number_id,
            "waba_id": self.waba_id,
            "users": len(self.users),
            "templates": len(self.templates),
            "sent": len(received),
            "by_type": Counter(sent.type for sent in received),
            "acks": len(self.acks),
            "webhooks_delivered": self.webhooks.delivered,
            "webhooks_failed": self.webhooks.failed,
            "received": [{"opaque": sent.opaque, "to": sent.to, "template": sent.template} for sent in received],
        }


def create(*, seed: int = 0, clock: Clock | None = None, **options: Any) -> MetaEmulator:
    """An emulator; `options` as in `MetaEmulator`."""
    return MetaEmulator(seed=seed, clock=clock, **options)
