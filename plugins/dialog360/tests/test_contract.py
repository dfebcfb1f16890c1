# SPDX-License-Identifier: Apache-2.0
"""360dialog keeps the provider contract."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import httpx
from hub_dialog360 import Dialog360, signature
from hub_dialog360.emulator import create
from pydantic import SecretStr

from hub.contract import Can, Inbound
from hub.testing.provider_table import OPAQUE
from hub.testing.providers import ProviderSuite

SECRET, VALUE = "made-up-platform-secret", "made-up-header-value"


class TestDialog360(ProviderSuite):
    connector = Dialog360
    settings = {  # noqa: RUF012
        "phone_number_id": "100200300400500",
        "api_key": "made-up-api-key",
        "header_value": VALUE,
        "platform_secret": SECRET,
    }
    create = partial(create, webhook_url="http://127.0.0.1:9/nobody")
    fixtures = Path(__file__).parent / "fixtures"
    sender = "100200300400500"
    accepted = {  # noqa: RUF012
        "messaging_product": "whatsapp",
        "contacts": [{"input": "4915112345678", "wa_id": "4915112345678", "user_id": "DE.8842019375521660417"}],
        "messages": [{"id": "wamid.HBgNNDkxNTExMjM0NTY3OA=="}],
    }

    def webhook(self, body: bytes) -> Inbound:
        signed = signature(body, SecretStr(SECRET))
        return Inbound(
            "POST", "https://hub.example/in/d1", {"x-hub-token": VALUE, "x-360dialog-signature": signed}, body
        )

    def test_send_carries_the_opaque_id_where_promised(self) -> None:
        """Sent, since Meta echoes it; not promised, since nobody confirms that 360dialog passes it on."""
        seen: list[bytes] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request.content)
            return httpx.Response(200, json=self.accepted)

        self.send(answer)
        assert OPAQUE.encode() in seen[0]
        assert Can.OPAQUE_ID not in self.connector.can
