# SPDX-License-Identifier: Apache-2.0
"""Salesforce against the suite every CRM must pass, with the emulator as the org."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from hub_salesforce import Config, Salesforce
from hub_salesforce.emulator import SalesforceEmulator, create

from hub import ClaimKind, Inbound
from hub.plugins import load
from hub.testing.crms import OnlineCrmSuite
from hub.testing.emulator import serve
from hub.testing.population import population

SECRET, TOKEN = "made-up-client-secret", "made-up-inbound-token"
URL = "https://hub.example/in/s1"


class Notes(dict[str, str]):
    """A connection's memory."""

    def set(self, key: str, value: str) -> None:
        self[key] = value


class Org:
    """The emulator as the suite's world."""

    def __init__(self, emulator: SalesforceEmulator, url: str) -> None:
        self.emulator, self.url = emulator, url

    def crm(self, http: httpx.AsyncClient) -> Salesforce:
        settings = {
            "base_url": self.url,
            "client_id": self.emulator.signin.client_id,
            "client_secret": SECRET,
            "inbound_secret": TOKEN,
        }
        return Salesforce(Config.model_validate(settings), http, Notes())

    def fill(self, count: int) -> list[str]:
        campaign = self.emulator.load(population(count, 5))
        members = self.emulator.db["CampaignMember"].rows.values()
        return [row["ContactId"] for row in members if row["CampaignId"] == campaign]

    def contact(self, legal_basis: str) -> str:
        row = self.emulator.db["Contact"].add({"LastName": "Muster", "Legal_Basis__c": legal_basis})
        return str(row["Id"])

    def change(self, record: str) -> None:
        self.emulator.change("Contact", record, MailingCountry="Austria")


def test_plugin_and_emulator_are_found_by_their_entry_points() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    points = project["entry-points"]
    registry = load([EntryPoint("salesforce", points["hub"]["salesforce"], "hub")])
    assert registry.broken == []
    assert registry.get("salesforce") is Salesforce
    emulator = EntryPoint("salesforce", points["hub.emulators"]["salesforce"], "hub.emulators").load()
    assert isinstance(emulator(contacts=3), SalesforceEmulator)


class _Suite(OnlineCrmSuite):
    fixtures = Path(__file__).parent / "fixtures"
    signs = False
    secrets = (SECRET, TOKEN)
    page_size = 2000
    unknown_record = "003M00zzzzzzzzzAAA"
    bases: ClassVar = {
        "consent": ClaimKind.CONSENT,
        "Contract": ClaimKind.CONTRACT,
        "billing": ClaimKind.CONTRACT,
        "legit": ClaimKind.UNKNOWN,
        "Consent by fax": ClaimKind.UNKNOWN,
        "": ClaimKind.UNKNOWN,
    }
    options: ClassVar[dict[str, Any]] = {}

    @pytest.fixture
    def world(self) -> Iterator[Org]:
        emulator = create(client_secret=SECRET, **self.options)
        with serve(emulator.app()) as url:
            yield Org(emulator, url)

    def signed(self, body: bytes, at: datetime) -> Inbound:
        return Inbound("POST", URL, {"x-hub-token": TOKEN}, body, received_at=at)


class TestSalesforce(_Suite):
    """With Data Protection and Privacy."""


class TestSalesforceWithoutPrivacyObjects(_Suite):
    """With it off."""

    options: ClassVar[dict[str, Any]] = {"privacy": False}


class TestSalesforceWithShortPages(_Suite):
    """Pages as they come with long fields."""

    options: ClassVar[dict[str, Any]] = {"page": 300}
