# SPDX-License-Identifier: Apache-2.0
"""An emulated CM.com with one account and one number: CM.com's dialect of the emulated WhatsApp.

Built from [1] to [4] of `hub_cm`; the codes of status reports are unconfirmed [5]. CM.com takes what its form allows,
and reports afterwards what WhatsApp made of it. A repeated reference is another message.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import orjson
from starlette.routing import BaseRoute

from hub.testing.clock import Clock
from hub.testing.emulator import Action
from hub.testing.whatsapp import Sent, User, WhatsApp
from hub.testing.whatsapp.templates import Stored
from hub_cm.emulator import shapes
from hub_cm.emulator.api import Api


class CmEmulator(WhatsApp):
    """The gateway before the platform.

    credit: messages the account can pay for; None: enough. forge: what becomes of the address of a webhook on its way.
    """

    name = "cm"
    sender = WhatsApp.number.removeprefix("+")  # CM.com names a number by its digits

    def __init__(self, *, credit: int | None = None, **options: Any) -> None:
        super().__init__(**{"late_errors": shapes.LATE, "throughput": 50, **options})  # messages per second [2]
        self.product_token = f"{self.random.getrandbits(128):032x}"
        self.webhook_secret = f"{self.random.getrandbits(128):032x}"
        self.namespace = f"{self.random.getrandbits(128):032x}"
        self.credit = credit
        self.forge: Callable[[str], str] = lambda url: url

    def routes(self) -> list[BaseRoute]:
        return Api(self).routes()

    def settings(self, base_url: str) -> dict[str, Any]:
        self.media.base_url = base_url
        keys = {name: getattr(self, name) for name in ("product_token", "webhook_secret", "namespace")}
        return {"base_url": base_url, "templates_file": str(self._filed()), **keys}

    def _filed(self) -> Path:
        """The templates of now as an admin writes them down: CM.com lists none."""
        with NamedTemporaryFile("w", encoding="utf-8", suffix=".toml", delete=False) as file:
            file.writelines(map(_entry, self.templates.values()))
        return Path(file.name)

    # webhooks

    def tell_status(
        self, user: User, sent: Sent, status: str, at: datetime, *, category: str, code: int, after: float
    ) -> None:
        self._tell(shapes.report(user, sent, status, code), after=after)

    def tell_message(
        self, user: User, id: str, at: datetime, kind: str, content: dict[str, Any], *, quoted: str
    ) -> None:
        self._tell(shapes.inbound(self.number, user, at, shapes.said(kind, self.media.link(content)), quoted), key=id)

    def _tell(self, body: dict[str, Any], *, after: float = 0.0, key: str = "") -> None:
        if not self.webhook_url:
            return  # none is set
        # as the admin entered it in CM.com's app
        url = self.forge(f"{self.webhook_url}?token={self.webhook_secret}")

        def done(at: datetime) -> None:
            if key:
                self.acknowledged(key, at)

        headers = {"content-type": "application/json; charset=utf-8"}
        self.webhooks.post(url, orjson.dumps(body), lambda _: headers, after=after, done=done, now=self.clock.now)

    def actions(self) -> dict[str, Action]:
        return {**super().actions(), "credit": lambda given: setattr(self, "credit", given["messages"])}


def create(*, seed: int = 0, clock: Clock | None = None, **options: Any) -> CmEmulator:
    """An emulator; `options` as in `CmEmulator`."""
    return CmEmulator(seed=seed, clock=clock, **options)


def _entry(template: Stored) -> str:
    told = {name: getattr(template, name) for name in ("name", "language", "category", "status")}
    lines = [f"{name} = {_toml(value)}" for name, value in {**told, "components": template.components()}.items()]
    return "\n".join(("[[template]]", *lines, "", ""))


def _toml(value: Any) -> str:
    """Texts, lists and tables in one line; a JSON text is a TOML text."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
