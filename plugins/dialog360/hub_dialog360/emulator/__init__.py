# SPDX-License-Identifier: Apache-2.0
"""An emulated 360dialog with one number: Meta's emulator behind 360dialog's door.

The numbers in comments are those of `hub_dialog360`. News about templates go to a partner's webhook at 360dialog, which
is not emulated, nor are the Hub's API, the sandbox, several webhooks, and creating templates.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub_meta.emulator import MetaEmulator
from hub_meta.emulator.outbox import Outbox
from pydantic import SecretStr
from starlette.routing import BaseRoute

from hub.testing.clock import Clock
from hub.testing.whatsapp import Stored, User
from hub_dialog360 import SIGNATURE, signature
from hub_dialog360.emulator.gateway import Gateway


class Relay(Outbox):
    """Passes Meta's webhooks on, with the headers that were agreed on and, for partners, a signature."""

    def __init__(self, platform: Dialog360Emulator) -> None:
        super().__init__(platform.random, platform.target, platform.clock.now, platform.acknowledged)
        self.platform = platform
        self.signed_by = (SIGNATURE, *platform.webhook_headers)

    def proof(self, body: bytes, secret: str) -> dict[str, str]:
        signed = f"{self.platform.spelling}{signature(body, SecretStr(secret))}"
        return {**self.platform.webhook_headers, **({SIGNATURE: signed} if secret else {})}


class Dialog360Emulator(MetaEmulator):
    """360dialog before Meta. options: as in `MetaEmulator`.

    partner: sign webhooks with a platform secret; spelling: what stands before the signature ("" or "sha256=").
    tells_preferences: pass on stops made inside WhatsApp; whether 360dialog does is not confirmed.
    calls_per_second: 360dialog's own limit, which is not published; None: no limit.
    """

    name = "dialog360"

    def __init__(
        self,
        *,
        partner: bool = True,
        spelling: str = "",
        tells_preferences: bool = False,
        calls_per_second: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.api_key = f"{self.random.getrandbits(160):040x}"
        self.platform_secret = f"{self.random.getrandbits(128):032x}" if partner else ""
        self.webhook_headers = {"x-hub-token": f"{self.random.getrandbits(96):024x}"}
        self.spelling, self.tells_preferences = spelling, tells_preferences
        self.calls_per_second = calls_per_second
        self.refuses = ""  # what 360dialog's layer answers to everything: "disabled" or "unpaid"
        self.outbox = Relay(self)
        self.webhooks = self.outbox

    def routes(self) -> list[BaseRoute]:
        return Gateway(self).routes()

    def target(self) -> tuple[str, str]:
        return self.webhook_url, self.platform_secret

    def settings(self, base_url: str) -> dict[str, Any]:
        name, value = next(iter(self.webhook_headers.items()))
        settings = {
            "base_url": base_url,
            "phone_number_id": self.phone_number_id,
            "api_key": self.api_key,
            "header_name": name,
            "header_value": value,
        }
        return {**settings, "platform_secret": self.platform_secret} if self.platform_secret else settings

    def tell_preference(self, user: User, value: str, at: datetime) -> None:
        if self.tells_preferences:
            super().tell_preference(user, value, at)

    def tell_template(self, template: Stored, what: str, *, old: str, new: str) -> None:
        """Told to a partner's webhook only."""


def create(*, seed: int = 0, clock: Clock | None = None, **options: Any) -> Dialog360Emulator:
    """An emulator; `options` as in `Dialog360Emulator`."""
    return Dialog360Emulator(seed=seed, clock=clock, **options)
