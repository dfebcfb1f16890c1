# SPDX-License-Identifier: Apache-2.0
"""Infobip keeps the provider contract."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from hub_infobip import Config, Infobip
from hub_infobip.emulator import create

from hub.contract import Content, Inbound, TemplateContent
from hub.testing.emulator import Emulator
from hub.testing.providers import ProviderSuite

SECRET = "made-up-webhook-secret"
URL = "https://hub.example/in/i1"
TAKEN = {
    "to": "4915112345678",
    "messageCount": 1,
    "messageId": "0f8c1d2e-opaque",
    "status": {"groupId": 1, "groupName": "PENDING", "id": 7, "name": "PENDING_ENROUTE", "description": "x"},
}


def basic(secret: str = SECRET, user: str = "hub") -> dict[str, str]:
    return {"authorization": f"Basic {base64.b64encode(f'{user}:{secret}'.encode()).decode()}"}


class TestInfobip(ProviderSuite):
    connector = Infobip
    settings = {  # noqa: RUF012
        "api_key": "made-up-api-key",
        "sender": "493023125000",
        "webhook_secret": SECRET,
        "webhook_header": "",
    }
    fixtures = Path(__file__).parent / "fixtures"
    sender = "493023125000"
    signs_body = False
    accepted = {"messages": [TAKEN], "bulkId": "b-1"}  # noqa: RUF012

    def acceptance(self, content: Content) -> Any:
        return self.accepted if isinstance(content, TemplateContent) else TAKEN

    def webhook(self, body: bytes) -> Inbound:
        return Inbound("POST", URL, basic(), body)

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
