# SPDX-License-Identifier: Apache-2.0
"""tyntec keeps the provider contract."""

from __future__ import annotations

from pathlib import Path

from hub_tyntec import Tyntec
from hub_tyntec.emulator import create
from hub_tyntec.signature import signature
from pydantic import SecretStr

from hub.contract import Inbound
from hub.testing.provider_table import RECEIVED_AT
from hub.testing.providers import ProviderSuite

SECRET, VALUE = "made-up-signature-secret", "made-up-header-value"


class TestTyntec(ProviderSuite):
    connector = Tyntec
    settings = {  # noqa: RUF012
        "account": "0b1e7f9a-1111-4222-8333-444455556666",
        "api_key": "made-up-api-key",
        "signature_secret": SECRET,
        "header_value": VALUE,
    }
    create = staticmethod(create)
    fixtures = Path(__file__).parent / "fixtures"
    sender = "493023125000"
    accepted = {  # noqa: RUF012
        "messageId": "7c0b7a6e-0f52-4f6e-8f0f-000000000001",
        "acceptedAt": "2026-11-21T12:00:00Z",
    }

    def webhook(self, body: bytes) -> Inbound:
        stamp = str(int(RECEIVED_AT.timestamp()))
        headers = {
            "x-signature": signature(body, stamp, SecretStr(SECRET)),
            "x-request-timestamp": stamp,
            "x-signature-version": "V1.0",
            "x-hub-token": VALUE,
        }
        return Inbound("POST", "https://hub.example/in/t1", headers, body, received_at=RECEIVED_AT)
