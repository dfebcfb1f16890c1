# SPDX-License-Identifier: Apache-2.0
"""Records that HubSpot has no longer, asked about because no webhook told of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hub_hubspot.emulator.account import Account, account, records

from hub import BadConfig, ContactsMerged, Event, PrivacyDeletion, Unavailable
from hub.testing.emulator import Fault
from hub.testing.population import population


@pytest.fixture
def hubspot() -> Iterator[Account]:
    with account() as one:
        one.emulator.load(population(240, 3))
        yield one


def fates(hubspot: Account, asked: list[str]) -> list[Event]:
    return hubspot.ask(lambda crm: crm.gone(asked))


def test_gone_of_records_that_are_there_is_nothing(hubspot: Account) -> None:
    assert fates(hubspot, list(hubspot.emulator.contacts)) == []
    assert hubspot.calls("batch/read") == 3
    assert fates(hubspot, []) == []


def test_gone_tells_merged_and_erased_records_apart(hubspot: Account) -> None:
    known = list(hubspot.emulator.contacts)
    stays, merged, erased, deleted = known[0], known[120], known[130], known[140]
    hubspot.emulator.merge(stays, merged)
    hubspot.emulator.erase(erased)
    hubspot.emulator.archive(deleted)
    found = fates(hubspot, known)
    assert [type(one) for one in found] == [ContactsMerged, PrivacyDeletion]
    first, second = found
    assert isinstance(first, ContactsMerged)
    assert isinstance(second, PrivacyDeletion)
    assert (first.record, first.merged, second.record) == (stays, (merged,), erased)


def test_deleted_record_is_shown_by_the_next_sync_and_once(hubspot: Account) -> None:
    done = hubspot.read()[-1].cursor
    known = list(hubspot.emulator.contacts)
    hubspot.emulator.archive(known[7])
    pages = hubspot.read(done)
    assert [(one.record, one.deleted) for page in pages for one in page.items if one.deleted] == [(known[7], True)]
    assert pages[-1].cursor


def test_merge_of_a_merge_leads_to_the_last_survivor(hubspot: Account) -> None:
    first, second, third, *_ = hubspot.emulator.contacts
    hubspot.emulator.merge(second, first)
    hubspot.emulator.merge(third, second)
    found = fates(hubspot, [first, second, third])
    assert {(one.record, one.merged) for one in found if isinstance(one, ContactsMerged)} == {
        (third, (first,)),
        (third, (second,)),
    }


def test_gone_of_too_many_at_once_is_not_believed(hubspot: Account) -> None:
    known = list(hubspot.emulator.contacts)
    for record in known[:24]:
        hubspot.emulator.erase(record)
    assert len(fates(hubspot, known)) == 24
    hubspot.emulator.erase(known[24])
    with pytest.raises(Unavailable, match="25 of 240"):
        fates(hubspot, known)


def test_gone_in_another_account_erases_nobody(hubspot: Account) -> None:
    known = list(hubspot.emulator.contacts)
    assert fates(hubspot, known[:1]) == []
    hubspot.memory["portal"] = "7"
    with pytest.raises(BadConfig, match="account 7"):
        fates(hubspot, known)


@pytest.mark.parametrize("body", [None, {"category": "VALIDATION_ERROR"}, {"message": "no route"}])
def test_gone_by_a_404_that_is_not_about_a_record_erases_nobody(hubspot: Account, body: object) -> None:
    known = list(hubspot.emulator.contacts)
    hubspot.emulator.erase(known[0])
    hubspot.emulator.faults.append(Fault("status", r"GET .*contacts/\d+", 404, body))
    with pytest.raises(Unavailable):
        fates(hubspot, known)


def test_restored_record_is_read_again(hubspot: Account) -> None:
    done = hubspot.read()[-1].cursor
    record = list(hubspot.emulator.contacts)[7]
    hubspot.emulator.archive(record)
    done = hubspot.read(done)[-1].cursor
    hubspot.emulator.restore(record)
    pages = hubspot.read(done)
    assert record in records(pages)
    assert not any(one.deleted for page in pages for one in page.items)
