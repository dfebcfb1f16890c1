# SPDX-License-Identifier: Apache-2.0
"""Reading people: pages, changes, deletions, and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hub_salesforce import Config, bulk
from hub_salesforce.api import Api
from hub_salesforce.position import Position
from hub_salesforce.rows import moment

from hub import BadConfig, BadInput, Throttled, Unavailable
from hub.testing.emulator import Fault
from hub.testing.population import population
from plugins.salesforce.tests.sites import Site, site


@pytest.fixture
def org() -> Iterator[Site]:
    with site() as one:
        yield one


def later(one: Site) -> None:
    """So long that what was there is not read again for being new."""
    one.emulator.clock.advance(timedelta(minutes=30))


def settled(one: Site) -> str:
    """A cursor behind which nothing lies: the emulator's time has moved on, so the hub's has too."""
    later(one)
    now = one.emulator.clock.now()
    return Position(since=now.isoformat(timespec="milliseconds").replace("+00:00", "Z")).write()


def test_contacts_and_leads_are_read_and_converted_leads_are_not(org: Site) -> None:
    contact, lead, converted = org.contact(), org.lead(MobilePhone="0151 7654321", Country="Germany"), org.lead()
    org.emulator.convert(converted)
    found = org.people()
    assert {contact, lead} < set(found)
    assert converted not in found
    assert (found[lead].phone, found[lead].country) == ("0151 7654321", "DE")


def test_lead_converted_since_is_gone(org: Site) -> None:
    lead = org.lead()
    cursor = settled(org)
    contact = org.emulator.convert(lead)
    found = org.people(cursor)
    assert found[lead].deleted
    assert not found[contact].deleted


def test_person_account_is_read_as_its_contact(org: Site) -> None:
    _, contact = org.emulator.person_account("Muster", MobilePhone="0151 1234567", MailingCountry="Austria")
    assert org.people()[contact].country == "AT"


def test_unchanged_people_are_not_read_again(org: Site) -> None:
    org.emulator.load(population(50, 1))
    cursor = settled(org)
    assert org.people(cursor) == {}


def test_deleted_contact_is_seen_in_the_recycle_bin_and_beyond(org: Site) -> None:
    kept, binned, purged = org.contact(), org.contact(), org.contact()
    cursor = settled(org)
    org.emulator.delete("Contact", binned)
    org.emulator.delete("Contact", purged, for_good=True)
    found = org.people(cursor)
    assert {record for record, one in found.items() if one.deleted} == {binned, purged}
    assert kept not in found


def test_deletions_of_many_days_are_asked_for_day_by_day(org: Site) -> None:
    gone = org.contact()
    cursor = settled(org)
    org.emulator.delete("Contact", gone, for_good=True)
    since = Position.read(cursor).since
    began = moment(since)
    assert began is not None
    walked = Position(since).begun(began + timedelta(days=3))
    assert org.people(walked.write())[gone].deleted
    assert org.calls("Contact/deleted") == 3


def test_merged_contact_says_which_one_stays(org: Site) -> None:
    stays, gone = org.contact(), org.contact()
    cursor = settled(org)
    org.emulator.merge("Contact", stays, gone)
    found = org.people(cursor)[gone]
    assert (found.deleted, found.merged_into) == (True, stays)


def test_new_consent_record_brings_its_person_though_the_contact_is_unchanged(org: Site) -> None:
    individual = org.individual()
    contact = org.contact(IndividualId=individual)
    lead = org.lead(IndividualId=individual)
    org.contact(IndividualId=org.individual())
    cursor = settled(org)
    org.consent(individual, "OptOut")
    found = org.people(cursor)
    assert set(found) == {contact, lead}
    assert [claim.kind for claim in found[contact].claims] == ["opt_out"]


def test_individual_that_opts_out_brings_its_person(org: Site) -> None:
    individual = org.individual()
    contact = org.contact(IndividualId=individual)
    cursor = settled(org)
    org.emulator.change("Individual", individual, HasOptedOutSolicit=True)
    assert [claim.kind for claim in org.people(cursor)[contact].claims] == ["unknown", "opt_out"]


def test_walk_of_changes_resumed_at_each_page_loses_nothing(org: Site) -> None:
    org.emulator.rest.page = 10
    people = [org.contact(IndividualId=org.individual()) for _ in range(40)]
    cursor = settled(org)
    for one in people[:15]:
        org.emulator.change("Contact", one, MailingCountry="Austria")
    for one in people[15:28]:
        org.consent(str(org.db["Contact"].rows[one]["IndividualId"]), "OptOut")
    for one in people[28:35]:
        org.emulator.delete("Contact", one)
    pages = org.pages(cursor)
    assert {one.record for page in pages for one in page.items} == set(people[:35])
    for index, page in enumerate(pages[:-1]):
        rest = [one.record for follows in pages[index + 1 :] for one in follows.items]
        assert [one.record for again in org.pages(page.cursor) for one in again.items] == rest


def test_session_that_ends_in_mid_sync_is_replaced_once(org: Site) -> None:
    org.emulator.load(population(450, 1))
    org.emulator.rest.page = 200
    session = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    org.emulator.faults.append(Fault("status", "/query/", 401, session, times=1))
    assert len(org.people()) == 450
    assert org.calls("oauth2/token") == 2


def test_session_that_never_holds_needs_a_human(org: Site) -> None:
    session = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    org.emulator.faults.append(Fault("status", "/services/data", 401, session))
    with pytest.raises(BadConfig):
        org.people()
    assert org.calls("oauth2/token") == 2


def test_locator_that_expired_goes_on_from_the_last_record(org: Site) -> None:
    org.emulator.load(population(450, 1))
    org.emulator.rest.page = 200
    first = org.pages()[0]
    org.emulator.clock.advance(timedelta(days=3))
    rest = org.people(first.cursor)
    assert {one.record for one in first.items} | set(rest) == set(org.db["Contact"].rows)


def test_budget_of_the_day_is_left_to_others(org: Site) -> None:
    org.emulator.load(population(450, 1))
    org.emulator.rest.page = 200
    org.emulator.daily, org.settings["daily_share"] = 20, 0.5
    with pytest.raises(Throttled) as raised:
        org.people()
    assert raised.value.after == 900
    assert len(org.emulator.log) == 11  # the login, and half of 20


def test_budget_that_is_used_up_means_wait(org: Site) -> None:
    org.emulator.daily = 0
    with pytest.raises(Throttled):
        org.people()


def test_large_object_is_read_by_a_bulk_job(org: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 5000)
    monkeypatch.setattr(bulk, "WAITS", (0.0,))
    org.emulator.seed_contacts(12_000)
    org.emulator.jobs.looks = 3
    org.settings["bulk_above"] = 10_000
    pages = org.pages()
    records = [one.record for page in pages for one in page.items]
    assert (len(records), len(set(records))) == (12_000, 12_000)
    assert max(len(page.items) for page in pages) == 2000
    assert org.calls("/results") == 3
    for index in (0, 2, 6, 8):  # the job begun, waiting, in mid-chunk, at a chunk's end
        rest = [one.record for page in pages[index + 1 :] for one in page.items]
        assert [one.record for page in org.pages(pages[index].cursor) for one in page.items] == rest


def test_bulk_job_says_the_same_as_pages(org: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "WAITS", (0.0,))
    org.emulator.load(population(300, 4))
    paged = org.people()
    org.settings["bulk_above"] = 100
    assert org.people() == paged
    assert org.calls("/jobs/query") > 0


def test_bulk_job_that_fails_is_begun_anew_by_the_next_sync(org: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "WAITS", (0.0,))
    org.emulator.load(population(300, 4))
    org.settings["bulk_above"] = 100
    begun = org.pages()[0].cursor
    (job,) = org.emulator.jobs.jobs.values()
    job.state = "Failed"
    with pytest.raises(Unavailable, match="bulk job"):
        org.pages(begun)
    org.emulator.jobs.jobs.clear()  # Salesforce keeps results for some days only
    with pytest.raises(Unavailable, match="bulk job"):
        org.pages(begun)


@pytest.mark.parametrize("hidden", ["DoNotCall", "HasOptedOutOfEmail"])
def test_hidden_opt_out_field_stops_the_sync(org: Site, hidden: str) -> None:
    del org.db["Contact"].fields[hidden]
    with pytest.raises(BadConfig, match=f"Contact.{hidden}"):
        org.people()


def test_hidden_consent_object_stops_the_sync(org: Site) -> None:
    del org.db.tables["ContactPointTypeConsent"]
    with pytest.raises(BadConfig, match="ContactPointTypeConsent"):
        org.people()


def test_org_without_leads_is_read(org: Site) -> None:
    contact = org.contact()
    del org.db.tables["Lead"]
    assert set(org.people()) == {contact}
    assert org.people(settled(org)) == {}


@pytest.mark.parametrize("cursor", ["", "x", "7", "[]", '{"since":"soon"}', '{"what":"?"}', '{"skip":"many"}'])
def test_strange_cursor_is_refused(org: Site, cursor: str) -> None:
    with pytest.raises(BadInput):
        org.people(cursor)


@pytest.mark.parametrize(("told", "hours"), [("date", 2), ("none", 0), ("ahead", 0)])
def test_next_sync_starts_by_the_earlier_of_both_clocks(org: Site, told: str, hours: int) -> None:
    """A hub whose clock is fast must not skip what happened meanwhile."""
    api = Api(Config.model_validate(org.settings), httpx.AsyncClient(), org.memory)
    at = datetime.now(UTC) + timedelta(hours=2 if told == "ahead" else -2)
    api._note(httpx.Headers({"date": format_datetime(at)} if told != "none" else {}))
    assert abs(datetime.now(UTC) - timedelta(hours=hours) - api.now()) < timedelta(minutes=1)


def test_position_survives_being_written() -> None:
    position = Position("2026-11-21T10:00:00.000Z", "2026-11-21T11:00:00.000Z", "Lead", "", "/x", "750", 7)
    assert Position.read(position.write()) == position
