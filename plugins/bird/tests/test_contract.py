# SPDX-License-Identifier: Apache-2.0
"""Bird keeps the provider contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hub_bird import Bird, Config, signature
from hub_bird.emulator import create
from pydantic import SecretStr

from hub.contract import Inbound
from hub.testing.emulator import Emulator
from hub.testing.provider_table import RECEIVED_AT
from hub.testing.providers import ProviderSuite

WEBHOOK_SECRET = "whsec_bWFkZS11cC13ZWJob29rLXNlY3JldA=="


class TestBird(ProviderSuite):
    connector = Bird
    settings = {"api_key": "bk_eu1_made-up-key", "webhook_secret": WEBHOOK_SECRET}  # noqa: RUF012
    fixtures = Path(__file__).parent / "fixtures"
    sender = "+493023125000"
    accepted = {"id": "wam_01krdgeqcxet5s7t44vh8rt9mg", "direction": "outbound", "status": "accepted"}  # noqa: RUF012

    def webhook(self, body: bytes) -> Inbound:
        stamp = str(int(RECEIVED_AT.timestamp()))
        headers = signature.headers(body, "ev_1", stamp, SecretStr(WEBHOOK_SECRET))
        return Inbound("POST", "https://hub.example/in/b1", headers, body, received_at=RECEIVED_AT)

    def emulator(self) -> Emulator:
        emulator = create()
        emulator.add_template("offer", body="Hallo {{1}}, alles um die Hälfte.")
        return emulator

    def emulated(self, emulator: Any, base_url: str) -> dict[str, Any]:
        settings: dict[str, Any] = emulator.settings(base_url)
        return settings

    def test_settings_are_in_the_readme(self) -> None:
        readme = (Path(__file__).parents[1] / "README.md").read_text()
        assert [name for name in Config.model_fields if f"| `{name}` |" not in readme] == []
