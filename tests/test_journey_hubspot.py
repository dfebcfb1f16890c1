# SPDX-License-Identifier: Apache-2.0
"""A workflow in HubSpot sends, and a permission goes there and never comes back: HubSpot, hub and Meta together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import select

from hub.flows import accounts
from hub.settings import Settings
from hub.store.tables import Connection, LedgerRow, StopRow
from hub.testing.clock import until
from hub.testing.journey import TEMPLATE, TOPIC, Journey
from hub.testing.population import Story


class Company:
    """A journey whose HubSpot account has the workflow action, at an hour at which advertising may be sent."""

    def __init__(self, way: Journey) -> None:
        self.way, self.runs = way, way.hubspot.workflows
        self.records = {one.properties["email"]: record for record, one in way.hubspot.contacts.items()}
        settings = {
            "app_id": "2633736",
            "webhook_url": accounts.webhook_url(way.world, way.crm),
            "developer_key": way.hubspot.access.developer_key,
        }
        with way.world.db.write() as session:
            connection = session.get_one(Connection, way.crm.id)
            accounts.change(way.world, session, connection, settings)
        crm = accounts.open_connector(way.world, connection, way.crew.bridge.http)
        assert way.crew.bridge.run(crm.prepare) == ["registered the workflow action"]

    def record(self, story: Story) -> str:
        return self.records[next(one.email for one in self.way.people if one.story is story and one.number)]

    def do(self, what: str, **given: Any) -> Any:
        return httpx.post(f"{self.way.hubspot_url}/_emulator/do/{what}", json=given, timeout=30).json()

    def outcome(self, record: str) -> dict[str, str]:
        """Enrol the contact, and wait until the workflow goes on."""
        inputs = {"template": f"{TEMPLATE}/de", "purpose": "MARKETING", "topic": TOPIC, "parameter_1": "Ada"}
        run = self.do("enrol", record_id=record, inputs=inputs)
        assert run["state"] in ("blocked", "done")
        one = self.runs.enrolments[run["callback"]]
        until(lambda: one.state == "done", "the workflow to go on")
        outputs: dict[str, str] = one.outputs
        return outputs

    def shown(self, record: str, name: str) -> str:
        return str(self.way.hubspot.contacts[record].properties.get(name, ""))


@pytest.fixture
def company(backend: Settings) -> Iterator[Company]:
    with Journey(backend, contacts=60, seed=3) as way:
        way.connect()
        way.history()
        now = way.clock.now()
        weekday = next(day for day in range(1, 8) if (now + timedelta(days=day)).weekday() == 1)
        way.clock.advance(now.replace(hour=10, minute=0) + timedelta(days=weekday) - now)
        way.sync()
        yield Company(way)


def test_workflow_sends_to_whom_it_may_and_learns_why_not_to_others(company: Company) -> None:
    templates = company.do("options", field="template")
    assert [one["value"] for one in templates] == [f"{TEMPLATE}/de"]
    assert TOPIC in [one["value"] for one in company.do("options", field="topic")]
    willing, flagged = company.record(Story.OPTED_IN), company.record(Story.FLAG_ONLY)
    yes, no = company.outcome(willing), company.outcome(flagged)
    assert yes == {"status": "accepted", "reason": "", "hs_execution_state": "SUCCESS"}
    assert (no["status"], no["hs_execution_state"]) == ("refused", "FAIL_CONTINUE")
    assert no["reason"] == company.shown(flagged, "hub_whatsapp_reason") != ""
    assert len(company.way.campaign_sends()) == 1


def test_permission_goes_to_hubspot_and_never_comes_back(company: Company) -> None:
    way = company.way
    person = next(one for one in way.people if one.story is Story.FLAG_ONLY and one.number)
    record = company.records[person.email]
    way.meta.say(person.number, way.statement)
    until(lambda: company.shown(record, "hub_whatsapp_opt_in") == "opted_in", "the consent to reach HubSpot")
    assert company.outcome(record)["status"] == "accepted"
    shown = [company.shown(record, f"hub_whatsapp_{name}") for name in ("opt_in", "basis", "reason")]
    assert shown == ["opted_in", "CONSENT", ""]
    assert company.shown(record, "hub_whatsapp_status") in ("accepted", "sent", "delivered", "read")
    given = [row.id for row in _given(way)]
    assert company.shown(record, "hub_whatsapp_evidence") in given, "the proof is an event of the ledger"
    way.meta.say(person.number, "STOP")
    until(lambda: company.shown(record, "hub_whatsapp_opt_in") == "stopped", "the stop to reach HubSpot")
    way.settle("the stop")
    before = stops(company)
    way.sync()
    assert stops(company) == before, "what the hub wrote is no new objection"
    way.hubspot.change(record, hub_whatsapp_opt_out="true")
    way.sync()
    assert stops(company) > before, "what a colleague writes is one"
    assert company.outcome(record)["status"] == "refused"


def _given(way: Journey) -> list[LedgerRow]:
    with way.world.db.read() as session:
        return list(session.exec(select(LedgerRow).where(LedgerRow.kind == "consent_given")))


def stops(company: Company) -> int:
    with company.way.world.db.read() as session:
        return len(session.exec(select(StopRow.id)).all())
