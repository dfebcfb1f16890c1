# SPDX-License-Identifier: Apache-2.0
"""Meta keeps the provider contract."""

from __future__ import annotations

from pathlib import Path

from hub_meta import Meta, signature
from hub_meta.emulator import create
from pydantic import SecretStr

from hub.contract import Inbound
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
    create = staticmethod(create)
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
