# SPDX-License-Identifier: Apache-2.0
"""Bird keeps the provider contract."""

from __future__ import annotations

from pathlib import Path

from hub_bird import Bird, signature
from hub_bird.emulator import create
from pydantic import SecretStr

from hub.contract import Inbound
from hub.testing.provider_table import RECEIVED_AT
from hub.testing.providers import ProviderSuite

WEBHOOK_SECRET = "whsec_bWFkZS11cC13ZWJob29rLXNlY3JldA=="


class TestBird(ProviderSuite):
    connector = Bird
    settings = {"api_key": "bk_eu1_made-up-key", "webhook_secret": WEBHOOK_SECRET}  # noqa: RUF012
    create = staticmethod(create)
    fixtures = Path(__file__).parent / "fixtures"
    sender = "+493023125000"
    accepted = {"id": "wam_01krdgeqcxet5s7t44vh8rt9mg", "direction": "outbound", "status": "accepted"}  # noqa: RUF012

    def webhook(self, body: bytes) -> Inbound:
        stamp = str(int(RECEIVED_AT.timestamp()))
        headers = signature.headers(body, "ev_1", stamp, SecretStr(WEBHOOK_SECRET))
        return Inbound("POST", "https://hub.example/in/b1", headers, body, received_at=RECEIVED_AT)
