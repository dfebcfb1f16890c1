# SPDX-License-Identifier: Apache-2.0
"""Infobip keeps the provider contract."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from hub_infobip import Infobip
from hub_infobip.emulator import create

from hub.contract import Content, Inbound, TemplateContent
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
    create = staticmethod(create)
    fixtures = Path(__file__).parent / "fixtures"
    sender = "493023125000"
    signs_body = False
    accepted = {"messages": [TAKEN], "bulkId": "b-1"}  # noqa: RUF012

    def acceptance(self, content: Content) -> Any:
        return self.accepted if isinstance(content, TemplateContent) else TAKEN

    def webhook(self, body: bytes) -> Inbound:
        return Inbound("POST", URL, basic(), body)
