# SPDX-License-Identifier: Apache-2.0
"""Meta keeps the provider contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hub_meta import Config, Meta, signature
from hub_meta.emulator import create
from pydantic import SecretStr

from hub.contract import Inbound
from hub.testing.emulator import Emulator
from hub.testing.providers import ProviderSuite

APP_SECRET = "made-up-app-secret"
VERIFY_TOKEN = "made-up-verify-token"
URL = "https://hub.example/in/m1"


class TestMeta(ProviderSuite):
    connector = Meta
    settings = {  # noqa: RUF012
        "waba_id": "900800700600500",
        "access_token": "made-up-access-token",
        "app_secret": APP_SECRET,
        "verify_token": VERIFY_TOKEN,
    }
    fixtures = Path(__file__).parent / "fixtures"
    sender = "100200300400500"
    accepted = {  # noqa: RUF012
        "messaging_product": "whatsapp",
        "contacts": [{"input": "+4915112345678", "wa_id": "4915112345678"}],
        "messages": [{"id": "wamid.HBgNNDkxNTExMjM0NTY3OA==", "message_status": "accepted"}],
    }

    def webhook(self, body: bytes) -> Inbound:
        return Inbound("POST", URL, {"x-hub-signature-256": signature(body, SecretStr(APP_SECRET))}, body)

    def handshake(self) -> tuple[Inbound, bytes]:
        query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY_TOKEN}
        return Inbound("GET", URL, {}, b"", query), b"1158201444"

    def emulator(self) -> Emulator:
        emulator = create()
        emulator.add_template("offer", body="Hallo {{1}}, alles um die Hälfte.")
        return emulator

    def emulated(self, emulator: Any, base_url: str) -> dict[str, Any]:
        return {
            "base_url": base_url,
            "waba_id": emulator.waba_id,
            "access_token": emulator.access_token,
            "app_secret": emulator.app_secret,
            "verify_token": emulator.verify_token,
        }

    def test_settings_are_in_the_readme(self) -> None:
        readme = (Path(__file__).parents[1] / "README.md").read_text()
        assert [name for name in Config.model_fields if f"| `{name}` |" not in readme] == []
