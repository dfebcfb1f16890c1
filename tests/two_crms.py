# SPDX-License-Identifier: Apache-2.0
"""A company with HubSpot and Salesforce, both emulated, on one hub with one WhatsApp number. Both know everybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
from hub_salesforce.emulator import SalesforceEmulator, create
from sqlmodel import func, select

from hub.flows import accounts, outbox
from hub.settings import Settings
from hub.store.tables import Connection, ConsentRow, LedgerRow, ReportRow, StopRow
from hub.testing.emulator import serve
from hub.testing.journey import TEMPLATE, TOPIC, Journey, until
from hub.testing.population import Someone, Story

ACTION = "sendWhatsAppMessage"
TOKEN = "made-up-inbound-token"
SECONDS = 15.0  # within which a withdrawal is to be in a CRM; a busy machine is not what is measured


class TwoCrms:
    """A journey with a Salesforce org besides, at an hour at which advertising may be sent."""

    def __init__(self, way: Journey, org: SalesforceEmulator, url: str) -> None:
        self.way, self.org, self.url = way, org, url
        emails = {one.properties["email"]: record for record, one in way.hubspot.contacts.items()}
        self.in_hubspot = {one.index: emails[one.email] for one in way.people}
        self.campaign = org.load(way.people)
        contacts = {row["Email"]: record for record, row in org.db["Contact"].rows.items()}
        self.in_salesforce = {one.index: contacts[one.email] for one in way.people}
        settings = org.settings(url) | {"inbound_secret": TOKEN}
        with way.world.db.write() as session:
            self.salesforce = accounts.connect(way.world, session, way.controller, "salesforce", settings)
        self.door = accounts.webhook_url(way.world, self.salesforce)
        crm = accounts.open_connector(way.world, self.salesforce, way.crew.bridge.http)
        assert len(way.crew.bridge.run(crm.prepare)) == 2, "the channel and the purpose"
        self._used: set[int] = set()
        assert self.do("import", url=self.door, credential={"X-Hub-Token": TOKEN}) == [ACTION]

    # people

    def somebody(self, story: Story) -> Someone:
        """With this story, and each time somebody else. Two records of one person are nobody here."""
        one = next(o for o in self.way.people if o.story is story and o.number and o.index not in self._used)
        self._used.add(one.index)
        return one

    def says(self, one: Someone, text: str) -> None:
        self.way.meta.say(one.number, text)

    # what the CRMs hold

    def do(self, what: str, **given: Any) -> Any:
        """Somebody in Salesforce does something."""
        return httpx.post(f"{self.url}/_emulator/do/{what}", json=given, timeout=30, trust_env=False).json()

    def ask(self, one: Someone) -> dict[str, Any]:
        """A flow in Salesforce asks for the offer to be sent, each time the same; what its action answers."""
        given = {"template": f"{TEMPLATE}/de", "purpose": "MARKETING", "topic": TOPIC}
        fills = [{"name": "1", "value": one.first}]
        asked = {"requestId": f"run-{one.index}", "recordId": self.in_salesforce[one.index], "parameters": fills}
        answer: dict[str, Any] = self.do("flow", action=ACTION, inputs=given | asked)
        return answer

    def hubspot_shows(self, one: Someone, name: str = "hub_whatsapp_opt_in") -> str:
        return str(self.way.hubspot.contacts[self.in_hubspot[one.index]].properties.get(name, ""))

    def salesforce_shows(self, one: Someone) -> list[str]:
        """What the hub wrote about the person's permission, in its order."""
        individual = self.org.db["Contact"].rows[self.in_salesforce[one.index]]["IndividualId"]
        rows = self.org.db["ContactPointTypeConsent"].rows.values()
        mine = [row for row in list(rows) if row["PartyId"] == individual]
        return [row["PrivacyConsentStatus"] for row in mine if row["CaptureSource"].startswith("Consent Hub")]

    def tasks(self, one: Someone) -> list[str]:
        record = self.in_salesforce[one.index]
        return [row["Subject"] for row in list(self.org.db["Task"].rows.values()) if row["WhoId"] == record]

    def note_objection(self, one: Someone) -> None:
        """A colleague writes a consent record of their own in Salesforce."""
        individual = self.org.db["Contact"].rows[self.in_salesforce[one.index]]["IndividualId"]
        said = {"PartyId": individual, "PrivacyConsentStatus": "OptOut", "CaptureSource": "Call"}
        self.org.db["ContactPointTypeConsent"].add({**said, "CaptureDate": self.way.clock.now()})

    # what the hub holds

    def sync(self) -> None:
        """Both are read, whatever their turn."""
        for crm in (self.way.crm, self.salesforce):
            run = None
            while run is None:  # the schedule may be at it
                run = self.way.crew.jobs.sync(crm.id)
            assert run.error == ""

    def pending(self, crm: Connection) -> int:
        """Withdrawals that this CRM has not confirmed, as `hub reports` and the console show them."""
        with self.way.world.db.read() as session:
            found = outbox.waiting(session, self.way.controller)
        return sum(one.pending for one in found if one.connection_id == crm.id and one.kind == "withdrawal")

    def told(self) -> None:
        """Wait until every CRM has confirmed everything."""

        def done() -> bool:
            with self.way.world.db.read() as session:
                return not outbox.waiting(session, self.way.controller)

        until(done, "the CRMs to confirm everything")

    def counts(self) -> dict[str, int]:
        """Everything that a loop would make more of."""
        with self.way.world.db.read() as session:
            tables = (LedgerRow, StopRow, ConsentRow, ReportRow)
            counted = {one.__name__: session.exec(select(func.count()).select_from(one)).one() for one in tables}
        records = {name: len(self.org.db[name].rows) for name in ("ContactPointTypeConsent", "Task")}
        return counted | records | {"communications": len(self.way.hubspot.communications)}


@contextmanager
def two_crms(settings: Settings) -> Iterator[TwoCrms]:
    with Journey(settings, contacts=60, seed=3) as way:
        org = create(seed=3, clock=way.clock)
        with serve(org.app()) as url:
            way.connect()
            way.history()
            now = way.clock.now()
            weekday = next(day for day in range(1, 8) if (now + timedelta(days=day)).weekday() == 1)
            way.clock.advance(now.replace(hour=10, minute=0) + timedelta(days=weekday) - now)
            both = TwoCrms(way, org, url)
            both.sync()
            yield both
