# SPDX-License-Identifier: Apache-2.0
"""CM.com keeps the provider contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hub_cm import Cm
from hub_cm.emulator import create

from hub.contract import Content, Inbound, Media, MediaContent, MediaKind
from hub.testing.providers import ProviderSuite

SECRET = "made-up-webhook-secret"


class TestCm(ProviderSuite):
    connector = Cm
    settings = {  # noqa: RUF012
        "product_token": "made-up-product-token",
        "namespace": "made_up_namespace",
        "webhook_secret": SECRET,
    }
    create = staticmethod(create)
    fixtures = Path(__file__).parent / "fixtures"
    sender = "493023125000"
    signs_body = False
    accepted = {  # noqa: RUF012
        "details": "Created 1 message(s)",
        "errorCode": 0,
        "messages": [{"to": "0049", "status": "Accepted", "reference": "0f8c1d2e-opaque", "messageErrorCode": 0}],
    }

    def sample(self, kind: type) -> Content:
        """CM.com documents no captions."""
        picture = MediaContent(Media(MediaKind.IMAGE, link="https://example.org/a.jpg"))
        return picture if kind is MediaContent else super().sample(kind)

    def webhook(self, body: bytes) -> Inbound:
        return Inbound("POST", f"https://hub.example/in/c1?token={SECRET}", {}, body, {"token": SECRET})

    def emulated(self, emulator: Any, base_url: str) -> dict[str, Any]:
        return super().emulated(emulator, base_url) | {"templates_file": None}  # what the vendor itself lists: nothing
