# SPDX-License-Identifier: Apache-2.0
"""Change Data Capture over the emulated Pub/Sub API: what is told, from where it goes on, and what goes wrong."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import grpc
import hub_salesforce
import pytest
from hub_salesforce import Config, Salesforce, changes, eventbus
from pydantic import ValidationError

from hub import BadConfig, Changes, Throttled, Unavailable
from plugins.salesforce.tests.sites import Site, site

EVERYTHING = "/data/ChangeEvents"


@pytest.fixture
def org(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(changes, "BUNDLE", 0.2)
    with site() as one:
        given = {"organization": one.emulator.organization, "pubsub_url": one.emulator.pubsub_url}
        one.settings |= {**given, "change_events": EVERYTHING}
        yield one


def listen(one: Site, do: Callable[[], Any], since: str | None = None, enough: int = 1) -> list[Changes]:
    """Listen; `do` something once the connection stands, and return what is told until so many records came."""

    async def main(crm: Salesforce) -> list[Changes]:
        told = crm.changes(since)
        assert told is not None
        pages: list[Changes] = []
        async with asyncio.timeout(20), aclosing(told) as stream:  # type: ignore[type-var]
            async for page in stream:
                pages.append(page)
                if len(pages) == 1:
                    await asyncio.to_thread(do)
                if sum(len(page.items) for page in pages) >= enough or any(page.gap for page in pages[1:]):
                    break
        return pages

    return one.ask(main)


def later(one: Site, do: Callable[[], Any]) -> Callable[[], None]:
    """Once somebody else than now listens."""
    begun = len(one.emulator.pubsub.subscribed)

    def work() -> None:
        until = time.monotonic() + 10
        while len(one.emulator.pubsub.subscribed) == begun:
            assert time.monotonic() < until
            time.sleep(0.01)
        do()

    return work


def records(pages: list[Changes]) -> set[str]:
    return {item.record for page in pages for item in page.items}


def test_nothing_is_told_unless_a_channel_is_set() -> None:
    with site() as one:

        async def asked(crm: Salesforce) -> object:
            return crm.changes(None)

        assert one.ask(asked) is None


def test_changed_contact_and_lead_are_told_as_they_are_now(org: Site) -> None:
    contact, lead = org.contact(), org.lead()

    def edit() -> None:
        org.emulator.change("Contact", contact, MobilePhone="0151 7654321")
        org.emulator.change("Lead", lead, DoNotCall=True)

    first, *rest = listen(org, later(org, edit), enough=2)
    assert (first.items, first.gap) == ((), True), "before the first cursor nothing is known"
    found = {item.record: item for page in rest for item in page.items}
    assert found[contact].phone == "0151 7654321"
    assert "opt_out" in [claim.kind for claim in found[lead].claims]
    assert not any(page.gap for page in rest)
    assert rest[-1].cursor


def test_new_consent_record_tells_its_people(org: Site) -> None:
    individual = org.individual()
    contact, lead = org.contact(IndividualId=individual), org.lead(IndividualId=individual)
    pages = listen(org, later(org, lambda: org.consent(individual, "OptOut")), enough=2)
    assert records(pages) == {contact, lead}
    assert [claim.kind for claim in pages[-1].items[0].claims] == ["opt_out"]


def test_what_the_hub_wrote_itself_comes_back_as_nothing_new(org: Site) -> None:
    individual = org.individual()
    org.contact(IndividualId=individual)

    def write_back() -> None:
        org.memory.set("mark", "Consent Hub 12345678")  # made with the first withdrawal, long after the stream stood
        org.consent(individual, "OptOut", CaptureSource="Consent Hub 12345678: WhatsApp STOP")

    pages = listen(org, later(org, write_back))
    assert [claim.kind for claim in pages[-1].items[0].claims] == ["unknown"]


def test_individual_and_account_tell_their_people(org: Site) -> None:
    individual = org.individual()
    contact = org.contact(IndividualId=individual)
    account, person = org.emulator.person_account("Muster", MobilePhone="0151 1234567")

    def edit() -> None:
        org.emulator.change("Individual", individual, HasOptedOutSolicit=True)
        org.emulator.change("Account", account, Name="Muster, Anna")

    assert records(listen(org, later(org, edit), enough=2)) == {contact, person}


def test_deleted_and_merged_records_are_gone(org: Site) -> None:
    stays, merged, purged = org.contact(), org.contact(), org.contact()

    def clean() -> None:
        org.emulator.merge("Contact", stays, merged)
        org.emulator.delete("Contact", purged, for_good=True)

    found = {item.record: item for page in listen(org, later(org, clean), enough=2) for item in page.items}
    assert (found[merged].deleted, found[merged].merged_into) == (True, stays)
    assert found[purged].deleted


def test_cursor_goes_on_behind_what_was_told(org: Site) -> None:
    first, second = org.contact(), org.contact()
    pages = listen(org, later(org, lambda: org.emulator.change("Contact", first, Phone="030 1")))
    cursor = pages[-1].cursor
    org.emulator.change("Contact", second, Phone="030 2")  # while nobody listens
    again = listen(org, lambda: None, cursor)
    assert records(again) == {second}
    assert not any(page.gap for page in again)


def test_many_changes_are_asked_for_by_the_hundred_and_lose_none(org: Site) -> None:
    made = {org.contact() for _ in range(250)}

    def edit() -> None:
        for record in made:
            org.emulator.change("Contact", record, Phone="030 1")

    pages = listen(org, later(org, edit), enough=250)
    assert records(pages) == made
    assert org.emulator.pubsub.asked <= 100 * len(pages)


def test_expired_replay_id_is_a_gap_and_goes_on_from_now(org: Site) -> None:
    record = org.contact()
    pages = listen(org, later(org, lambda: org.emulator.change("Contact", record, Phone="030 1")))
    org.emulator.change("Contact", record, Phone="030 2")
    org.emulator.clock.advance(timedelta(hours=73))
    org.memory.clear()  # the session has gone, too
    again = listen(org, lambda: None, pages[-1].cursor)
    assert [page.gap for page in again] == [False, True]
    assert org.emulator.pubsub.subscribed[-1] == b""


def test_overflow_and_mass_change_are_gaps_and_a_gap_event_is_read(org: Site) -> None:
    record = org.contact()
    events = org.emulator.events
    assert records(listen(org, later(org, lambda: events.gap("Contact", [record])))) == {record}
    for named, kind in ((["003*"], "UPDATE"), (["003*"], "GAP_OVERFLOW"), ([record], "GAP_OVERFLOW")):
        pages = listen(org, later(org, lambda named=named, kind=kind: events.gap("Contact", named, kind)))
        assert (pages[-1].gap, pages[-1].items) == (True, ()), kind


def test_event_that_does_not_fit_its_schema_is_a_gap(org: Site) -> None:
    record = org.contact()
    org.emulator.events.damaged = True
    assert listen(org, later(org, lambda: org.emulator.change("Contact", record, Phone="1")))[-1].gap


def test_other_objects_and_other_channels_say_nothing(org: Site) -> None:
    org.emulator.events.channels["/data/Consents__chn"] = ["ContactPointTypeConsent"]
    org.settings["change_events"] = "/data/Consents__chn"
    individual = org.individual()
    contact, other = org.contact(IndividualId=individual), org.contact()

    def edit() -> None:
        org.emulator.change("Contact", other, Phone="030 1")
        org.named("Campaign", "Spring")
        org.consent(individual, "OptOut")

    assert records(listen(org, later(org, edit))) == {contact}


def test_cursor_of_another_channel_begins_anew(org: Site) -> None:
    pages = listen(org, later(org, lambda: org.contact()))
    org.settings["change_events"] = "/data/ContactChangeEvent"
    assert listen(org, later(org, lambda: org.contact()), pages[-1].cursor)[0].gap


def test_ended_session_is_replaced_once(org: Site) -> None:
    listen(org, later(org, lambda: org.contact()))
    org.emulator.signin.sessions.clear()
    record = org.contact()
    edit = later(org, lambda: org.emulator.change("Contact", record, Phone="030 1"))
    assert records(listen(org, edit)) == {record}
    assert org.calls("/token") == 2


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (grpc.StatusCode.UNAVAILABLE, Unavailable),
        (grpc.StatusCode.INTERNAL, Unavailable),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, Throttled),
        (grpc.StatusCode.PERMISSION_DENIED, BadConfig),
    ],
)
def test_status_means(org: Site, status: grpc.StatusCode, expected: type[Exception]) -> None:
    with pytest.raises(expected) as raised:
        listen(org, later(org, lambda: org.emulator.pubsub.cut(status)))
    assert type(raised.value) is expected
    assert "cut" not in str(raised.value), "Salesforce's own sentences may hold anything"


def test_user_who_may_not_listen_and_unknown_channel_ask_somebody(org: Site) -> None:
    org.settings["change_events"] = "/data/Nothing__chn"
    with pytest.raises(BadConfig, match="NOT_FOUND"):
        listen(org, lambda: None)
    org.settings["change_events"], org.emulator.pubsub.allowed = EVERYTHING, False
    health = org.ask(lambda crm: crm.check())
    assert not health.ok
    assert "may not subscribe" in health.detail


def test_wrong_organization_is_refused(org: Site) -> None:
    org.settings["organization"] = "00D000000000009"
    with pytest.raises(BadConfig, match="organization"):
        listen(org, lambda: None)


def test_server_that_is_not_there_means_wait(org: Site) -> None:
    org.settings["pubsub_url"] = "http://127.0.0.1:1"
    with pytest.raises(Unavailable):
        listen(org, lambda: None)


def test_silence_beyond_what_salesforce_keeps_means_wait(org: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "SILENCE", 0.3)
    with pytest.raises(Unavailable, match="silent"):
        listen(org, lambda: None)


def test_word_that_nothing_happened_moves_the_cursor(org: Site) -> None:
    org.emulator.pubsub.quiet = 0.1

    async def second(crm: Salesforce) -> Changes:
        told = crm.changes(None)
        assert told is not None
        async with asyncio.timeout(20), aclosing(told) as stream:  # type: ignore[type-var]
            assert (await anext(stream)).cursor is None
            return await anext(stream)

    page = org.ask(second)
    assert (page.items, page.gap) == ((), False)
    assert page.cursor


def test_without_the_extra_it_says_what_to_install(org: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(hub_salesforce, "pubsub", raising=False)
    monkeypatch.setitem(sys.modules, "hub_salesforce.pubsub", None)  # as if what it needs were not there
    with pytest.raises(BadConfig, match=r"consent-hub-salesforce\[cdc\]"):
        listen(org, lambda: None)
    assert "pip install" in org.ask(lambda crm: crm.check()).detail
    assert org.people() == {}, "reading goes on as before"


def test_channel_needs_the_organization() -> None:
    given = {"base_url": "https://x.my.salesforce.com", "client_id": "c", "client_secret": "s"}
    with pytest.raises(ValidationError, match="organization"):
        Config.model_validate({**given, "change_events": EVERYTHING})
    with pytest.raises(ValidationError):
        Config.model_validate({**given, "organization": "00D000000000001", "change_events": "ChangeEvents"})


def test_messages_have_the_numbers_that_salesforce_documents() -> None:
    request = eventbus.FetchRequest(
        topic_name="t", replay_preset=eventbus.CUSTOM, replay_id=b"r", num_requested=7, auth_refresh="a"
    )
    assert request.SerializeToString() == b"\x0a\x01t\x10\x02\x1a\x01r\x20\x07\x2a\x01a"
    event = eventbus.ProducerEvent(id="i", schema_id="s", payload=b"p")
    answer = eventbus.FetchResponse(
        events=[eventbus.ConsumerEvent(event=event, replay_id=b"r")], latest_replay_id=b"l", pending_num_requested=3
    )
    inside = b"\x0a\x01i\x12\x01s\x1a\x01p"
    consumer = b"\x0a\x09" + inside + b"\x12\x01r"
    assert answer.SerializeToString() == b"\x0a\x0e" + consumer + b"\x12\x01l\x20\x03"
    topic = eventbus.TopicInfo(topic_name="t", tenant_guid="g", can_publish=True, can_subscribe=True, schema_id="s")
    assert topic.SerializeToString() == b"\x0a\x01t\x12\x01g\x18\x01\x20\x01\x2a\x01s"
    assert eventbus.SchemaInfo(schema_json="j", schema_id="s").SerializeToString() == b"\x0a\x01j\x12\x01s"
