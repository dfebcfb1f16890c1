# SPDX-License-Identifier: Apache-2.0
"""Sinch keeps the provider contract."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub_sinch import Sinch, signature
from hub_sinch.emulator import create
from pydantic import SecretStr

from hub.contract import Content, Inbound, MediaContent
from hub.testing.provider_table import CONTENTS, RECEIVED_AT
from hub.testing.providers import ProviderSuite
from hub.whatsapp.access import KEY, Token, fingerprint, remembered

KEY_ID, KEY_SECRET, WEBHOOK_SECRET = "made-up-key-id", "made-up-key-secret", "made-up-webhook-secret"
TOKEN = "made-up-access-token"
APP = "01HXAPP0000000000000000001"
PROJECT = "0b6f7c1e-7a55-4a5b-9b0f-1d5a2a3c4d5e"


class TestSinch(ProviderSuite):
    connector = Sinch
    settings = {  # noqa: RUF012
        "project_id": PROJECT,
        "app_id": APP,
        "key_id": KEY_ID,
        "key_secret": KEY_SECRET,
        "webhook_secret": WEBHOOK_SECRET,
    }
    create = staticmethod(create)
    fixtures = Path(__file__).parent / "fixtures"
    sender = APP
    accepted = {"message_id": "01HXMSG0000000000000000002", "accepted_time": "2026-11-21T12:00:00Z"}  # noqa: RUF012
    memory = {  # noqa: RUF012
        KEY: remembered(Token(TOKEN, datetime(2999, 1, 1, tzinfo=UTC), fingerprint(KEY_ID, SecretStr(KEY_SECRET))))
    }

    def sample(self, kind: type) -> Content:
        # Sinch's media message has no caption
        return MediaContent(CONTENTS[kind].media) if kind is MediaContent else CONTENTS[kind]  # type: ignore[union-attr]

    def webhook(self, body: bytes) -> Inbound:
        stamp = str(int(RECEIVED_AT.timestamp()))
        headers = signature.headers(body, "nonce-1", stamp, SecretStr(WEBHOOK_SECRET))
        return Inbound("POST", "https://hub.example/in/s1", headers, body, received_at=RECEIVED_AT)

    def emulator(self) -> Any:
        emulator: Any = super().emulator()
        emulator.key_id, emulator.key_secret, emulator.webhook_secret = KEY_ID, KEY_SECRET, WEBHOOK_SECRET
        emulator.app_settings["processing_mode"] = "DISPATCH"
        emulator.grant(TOKEN)
        return emulator
