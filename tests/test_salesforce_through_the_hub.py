# SPDX-License-Identifier: Apache-2.0
"""A Salesforce org and the hub, both ways: what is said in one reaches the other, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hub_salesforce import Salesforce
from hub_salesforce.emulator import SalesforceEmulator, create

from hub.flows import accounts, mappings, wizard
from hub.flows.candidates import propose
from hub.flows.trial import Means
from hub.store.tables import Connection, CrmRecord, LedgerRow, ReportRow, StopRow, SyncRun
from hub.testing.emulator import serve
from hub.work.jobs import Jobs
from tests.making import ANNA, BEN, CARLA, Shop, phone

pytest_plugins = ["tests.shops"]


class Link:
    """The org, connected to the shop."""

    def __init__(self, emulator: SalesforceEmulator, url: str, shop: Shop, jobs: Jobs) -> None:
        self.emulator, self.db, self.shop, self.jobs = emulator, emulator.db, shop, jobs
        shop.world.registry.connectors["salesforce"] = Salesforce
        shop.world.registry.origin["salesforce"] = "tests"
        signin = emulator.signin
        settings = {"base_url": url, "client_id": signin.client_id, "client_secret": signin.client_secret}
        with shop.write() as session:
            self.connection = accounts.connect(shop.world, session, shop.controller, "salesforce", settings)
        jobs.bridge.run(accounts.open_connector(shop.world, self.connection, jobs.bridge.http).prepare)

    def contact(self, number: str, **fields: object) -> str:
        """A contact with an Individual; the legal basis lets it be stored."""
        individual = self.db["Individual"].add({"LastName": "Muster"})["Id"]
        given = {"LastName": "Muster", "MobilePhone": number, "Legal_Basis__c": "contract", "IndividualId": individual}
        return str(self.db["Contact"].add({**given, **fields})["Id"])

    def sync(self) -> SyncRun:
        run = self.jobs.sync(self.connection.id)
        assert run is not None
        return run

    def counts(self) -> tuple[int, int, int]:
        shop = self.shop
        return len(shop.rows(LedgerRow)), len(shop.rows(StopRow)), len(shop.rows(ReportRow))


@pytest.fixture
def link(shop: Shop, jobs: Jobs) -> Iterator[Link]:
    emulator = create(clock=shop.clock)
    with serve(emulator.app()) as url:
        yield Link(emulator, url, shop, jobs)


def test_people_with_a_basis_are_stored_and_objections_stop_at_once(link: Link) -> None:
    anna, ben = link.contact(ANNA), link.contact(BEN, DoNotCall=True)
    run = link.sync()
    assert (run.seen, run.error) == (2, "")
    assert {row.record for row in link.shop.rows(CrmRecord)} == {anna, ben}
    assert (len(link.shop.stops(phone(ANNA))), len(link.shop.stops(phone(BEN)))) == (0, 1)


def test_withdrawal_in_the_hub_is_a_consent_record_and_never_comes_back(link: Link) -> None:
    record = link.contact(ANNA)
    link.sync()
    link.shop.stop(phone(ANNA))
    assert link.jobs.report(link.connection.id) == 1
    (written,) = link.db["ContactPointTypeConsent"].rows.values()
    assert (written["PrivacyConsentStatus"], written["PartyId"]) == (
        "OptOut",
        link.db["Contact"].rows[record]["IndividualId"],
    )
    before = link.counts()
    for _ in range(2):
        link.shop.clock.advance(timedelta(minutes=30))
        assert link.sync().error == ""
        link.jobs.report(link.connection.id)
    assert link.counts()[1:] == before[1:]
    assert len(link.db["ContactPointTypeConsent"].rows) == 1


def test_objection_noted_by_a_colleague_stops_though_the_contact_is_unchanged(link: Link) -> None:
    record = link.contact(ANNA)
    link.sync()
    link.shop.clock.advance(timedelta(minutes=30))
    link.sync()
    individual = link.db["Contact"].rows[record]["IndividualId"]
    link.db["ContactPointTypeConsent"].add(
        {"PartyId": individual, "PrivacyConsentStatus": "OptOut", "CaptureSource": "Call", "CaptureDate": None}
    )
    link.sync()
    assert len(link.shop.stops(phone(ANNA))) == 1


def test_second_objection_after_a_new_consent_stops_again(link: Link) -> None:
    record = link.contact(ANNA)
    individual = link.db["Contact"].rows[record]["IndividualId"]
    noted = {"PartyId": individual, "PrivacyConsentStatus": "OptOut", "CaptureSource": "Call"}
    link.db["ContactPointTypeConsent"].add({**noted, "CaptureDate": link.shop.clock.now() - timedelta(days=9)})
    link.sync()
    link.shop.agree(phone(ANNA))
    link.shop.clock.advance(timedelta(minutes=30))
    link.db["ContactPointTypeConsent"].add({**noted, "CaptureDate": link.shop.clock.now()})
    link.sync()
    stops = link.shop.stops(phone(ANNA))
    assert len({stop.event_time for stop in stops}) == 2
    assert link.shop.proven()


def test_deleted_contact_is_no_record_any_more_and_its_stop_stays(link: Link) -> None:
    record = link.contact(ANNA, DoNotCall=True)
    link.sync()
    link.emulator.delete("Contact", record, for_good=True)
    link.sync()
    assert link.shop.rows(CrmRecord) == []
    assert len(link.shop.stops(phone(ANNA))) == 1


def test_crm_that_is_down_loses_no_withdrawal(link: Link) -> None:
    link.contact(ANNA)
    link.sync()
    link.shop.stop(phone(ANNA))
    link.emulator.daily = 0
    assert link.jobs.report(link.connection.id) == 0
    link.emulator.daily = 15_000
    link.shop.clock.advance(timedelta(hours=1))
    assert link.jobs.report(link.connection.id) == 1


def test_hidden_opt_out_field_pauses_the_connection_for_a_human(link: Link) -> None:
    del link.db["Contact"].fields["DoNotCall"]
    run = link.sync()
    assert "Contact.DoNotCall" in run.error
    with link.shop.world.db.read() as session:
        assert session.get_one(Connection, link.connection.id).paused_why


def test_consent_records_of_the_org_are_proposed_and_tried(link: Link) -> None:
    status, taken = (f"ContactPointTypeConsent.{name}" for name in ("PrivacyConsentStatus", "CaptureDate"))
    for number, said in ((ANNA, "OptIn"), (BEN, "OptIn"), (CARLA, "OptOut")):
        individual = link.db["Contact"].rows[link.contact(number)]["IndividualId"]
        given = {"PartyId": individual, "PrivacyConsentStatus": said, "CaptureDate": link.shop.clock.now()}
        link.db["ContactPointTypeConsent"].add({**given, "CaptureSource": "Web form"})
    known = link.jobs.properties(link.connection)
    assert status in [one.name for one in propose("consent", known)[:3]]
    assert taken in [one.name for one in propose("time", known)]
    assert link.jobs.vocabulary(link.connection, [status]) == {status: ["OptIn"]}
    flag = {"property": status, "expression": "express_statement", "yes": ["OptIn"], "no": ["OptOut"]}
    text = wizard.compose({"consent": flag, "time": {"property": taken, "zone": "UTC"}})
    with link.shop.world.db.read() as session:
        mapped = mappings.check(session, link.shop.controller, mappings.read(text), known)
    trial = link.jobs.try_mapping(link.connection, mapped)
    assert (trial.of(Means.CLAIM), trial.of(Means.OPT_OUT), trial.read) == (2, 1, 3)
    assert link.shop.rows(CrmRecord) == []
