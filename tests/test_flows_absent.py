# SPDX-License-Identifier: Apache-2.0
"""Records that the CRM has no longer, when no webhook said so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.contract import Page, PrivacyDeletion, Unavailable
from hub.flows import absent
from hub.store.tables import Contact, SyncRun
from hub.work.jobs import Jobs
from tests.making import ANNA, BEN, CARLA, CONTRACT, Shop, person, phone

pytest_plugins = ["tests.shops"]


@pytest.fixture
def held(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Three people, asked about two at a time."""
    monkeypatch.setattr(absent, "TURN", 2)
    people = zip(("1", "2", "3"), (ANNA, BEN, CARLA), strict=True)
    shop.paper.pages = [Page(tuple(person(record, number, CONTRACT) for record, number in people), "c")]
    return shop


def test_every_record_has_its_turn_and_then_the_first_again(held: Shop, jobs: Jobs) -> None:
    for _ in range(3):
        jobs.sync(held.crm.id)
    assert held.paper.asked_about == [("1", "2"), ("3",), ("1", "2")]


def test_person_whom_the_crm_erased_in_silence_is_erased_here(held: Shop, jobs: Jobs) -> None:
    held.paper.missing = lambda records: [PrivacyDeletion("2", held.world.now())] if "2" in records else []
    jobs.sync(held.crm.id)
    erased = [contact for contact in held.rows(Contact) if contact.erased_at]
    assert [contact.id for contact in erased] != []
    assert len(erased) == 1
    assert held.proven()


def test_crm_that_cannot_say_spoils_no_sync(held: Shop, jobs: Jobs) -> None:
    def down(_: object) -> list[object]:
        raise Unavailable("down")

    held.paper.missing = down  # type: ignore[assignment]
    jobs.sync(held.crm.id)
    assert held.only(SyncRun).error == ""
    assert held.contact_of(phone(ANNA)).erased_at is None


def test_record_that_another_took_the_place_of_is_merged_and_its_stop_stays(shop: Shop, jobs: Jobs) -> None:
    shop.paper.pages = [Page((person("1", ANNA, CONTRACT), person("2", BEN, CONTRACT)), "c")]
    jobs.sync(shop.crm.id)
    shop.stop(phone(BEN))
    gone = replace(person("2", BEN), deleted=True, merged_into="1")
    shop.paper.pages = [Page((gone,), "d")]
    jobs.sync(shop.crm.id)
    assert not shop.holds("2")
    assert shop.stops(phone(ANNA))
    assert shop.proven()
