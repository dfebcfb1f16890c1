# SPDX-License-Identifier: Apache-2.0
"""HubSpot against the suite every CRM must pass, with the emulator as the account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
from hub_hubspot import Config, HubSpot
from hub_hubspot.emulator import HubSpotEmulator, create
from hub_hubspot.signature import v3

from hub import ClaimKind, Inbound
from hub.testing.crms import OnlineCrmSuite
from hub.testing.emulator import serve
from hub.testing.population import population

TOKEN, SECRET = "pat-eu1-made-up", "made-up-client-secret"
URL = "https://hub.example/in/h1?src=hs%3Aapp%2Fv3"


class Notes(dict[str, str]):
    """A connection's memory."""

    def set(self, key: str, value: str) -> None:
        self[key] = value


class Account:
    """The emulator as the suite's world."""

    def __init__(self, emulator: HubSpotEmulator, url: str) -> None:
        self.emulator, self.url = emulator, url

    def crm(self, http: httpx.AsyncClient) -> HubSpot:
        settings = {"access_token": TOKEN, "client_secret": SECRET, "base_url": self.url, "portal": "143553137"}
        return HubSpot(Config.model_validate(settings), http, Notes())

    def fill(self, count: int) -> list[str]:
        made = self.emulator.load(population(count, 5))
        return list(self.emulator.portal.lists[made].members)

    def contact(self, legal_basis: str) -> str:
        schema = self.emulator.portal.contacts.schema.properties["hs_legal_basis"]
        if legal_basis and legal_basis not in {one["value"] for one in schema["options"]}:
            schema["options"].append({"value": legal_basis})  # an option an admin added
        return self.emulator.portal.contacts.create({"hs_legal_basis": legal_basis}).id

    def change(self, record: str) -> None:
        self.emulator.change(record, country="Austria")


class TestHubSpot(OnlineCrmSuite):
    fixtures = Path(__file__).parent / "fixtures"
    secrets = (TOKEN, SECRET)
    unknown_record = "42"
    bases: ClassVar = {
        "Legitimate interest – prospect/lead": ClaimKind.LEGITIMATE_INTEREST,
        "Legitimate interest – existing customer": ClaimKind.LEGITIMATE_INTEREST,
        "Legitimate interest - other": ClaimKind.LEGITIMATE_INTEREST,
        "Legitimate interest — other": ClaimKind.LEGITIMATE_INTEREST,
        "Performance of a contract": ClaimKind.CONTRACT,
        "Freely given consent from contact": ClaimKind.CONSENT,
        "Not applicable": ClaimKind.UNKNOWN,
        "Consent by fax": ClaimKind.UNKNOWN,
        "": ClaimKind.UNKNOWN,
    }

    @pytest.fixture
    def world(self) -> Iterator[Account]:
        emulator = create(access_token=TOKEN, client_secret=SECRET, searches=1_000, limit=10_000)
        with serve(emulator.app()) as url:
            yield Account(emulator, url)

    def signed(self, body: bytes, at: datetime) -> Inbound:
        timestamp = str(int(at.timestamp() * 1000))
        signature = v3(SECRET, "POST", URL, body, timestamp)
        headers = {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": timestamp}
        return Inbound("POST", URL, headers, body, received_at=at)
