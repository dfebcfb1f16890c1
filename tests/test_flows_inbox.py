# SPDX-License-Identifier: Apache-2.0
"""The inbox and the job that empties it: one row per webhook, nothing lost, and poison blocks nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from hub.bridge import Bridge
from hub.contract import Event, Inbound, Purpose
from hub.flows import inbox
from hub.flows.inbox import Arrived
from hub.store.tables import Connection, Inbox, MessageRow
from hub.work.jobs import Jobs
from tests.making import ANNA, BEN, SECOND, Shop, phone

pytest_plugins = ["tests.shops"]


@pytest.fixture
def jobs(shop: Shop) -> Iterator[Jobs]:
    with Bridge(connections=1) as bridge:
        yield Jobs(shop.world, bridge)


def letter(body: bytes, **more: str) -> Inbound:
    return Inbound("POST", "https://hub.example/in/x", {"x-signature": "s", **more}, body, {"a": "b"})


def post(shop: Shop, *letters: Inbound) -> list[str]:
    with shop.write() as session:
        return inbox.store(shop.world, session, [Arrived(shop.provider.id, one) for one in letters])


def says(shop: Shop, **meaning: Event) -> None:
    """What the letters with these bodies mean; any other one cannot be read."""

    def read(body: bytes) -> list[Event]:
        return [meaning[body.decode()]]

    shop.loft.read = read


def test_same_bytes_are_one_row_whatever_the_headers(shop: Shop) -> None:
    first = post(shop, letter(b"1"), letter(b"1", **{"x-attempt": "2"}), letter(b"2"))
    assert len(first) == 2
    assert post(shop, letter(b"1"), letter(b"3")) == [shop.rows(Inbox)[-1].id]
    assert len(shop.rows(Inbox)) == 3


def test_same_bytes_for_another_connection_are_another_row(shop: Shop) -> None:
    post(shop, letter(b"1"))
    with shop.write() as session:
        assert len(inbox.store(shop.world, session, [Arrived(shop.crm.id, letter(b"1"))])) == 1


def test_request_comes_back_as_it_arrived_and_lies_sealed(shop: Shop) -> None:
    arrived = letter(b"Frau Blaubart schreibt")
    post(shop, arrived)
    row = shop.only(Inbox)
    assert inbox.unpack(shop.world, row) == arrived
    assert b"Blaubart" not in row.request


def test_webhook_is_applied_once_however_often_it_is_nudged(shop: Shop, jobs: Jobs) -> None:
    says(shop, stop=shop.said("STOP", phone(ANNA)))
    ids = post(shop, letter(b"stop"))
    assert jobs.receive(ids) == {shop.sender.id}
    for _ in range(4):
        post(shop, letter(b"stop"))
        assert jobs.receive([*ids, "no-such-row"]) == set()
    assert shop.only(Inbox).state == "done"
    assert [row.purpose for row in shop.rows(MessageRow)] == [Purpose.OPT_OUT_CONFIRMATION]
    with shop.world.db.read() as session:
        assert session.get_one(Connection, shop.provider.id).last_inbound_at is not None


def test_webhook_that_cannot_be_read_is_parked_and_the_others_go_on(shop: Shop, jobs: Jobs) -> None:
    says(shop, anna=shop.said("STOP", phone(ANNA)), ben=shop.said("STOP", phone(BEN)))
    ids = post(shop, letter(b"anna"), letter(b"poison"), letter(b"ben"))
    for _ in range(7):
        jobs.receive(ids)
    assert [(row.state, row.attempts, row.error) for row in shop.rows(Inbox)] == [
        ("done", 0, ""),
        ("parked", 5, "KeyError"),
        ("done", 0, ""),
    ]
    assert shop.stops(phone(ANNA))
    assert shop.stops(phone(BEN))


def test_event_that_cannot_be_applied_does_not_take_the_others_along(shop: Shop, jobs: Jobs) -> None:
    good = shop.said("STOP", phone(ANNA))
    poison = replace(good, at=good.at.replace(tzinfo=None), points=(phone(BEN),))
    says(shop, anna=good, poison=poison)
    ids = post(shop, letter(b"poison"), letter(b"anna"))
    jobs.receive(ids)
    assert [row.state for row in shop.rows(Inbox)] == ["pending", "done"]
    assert shop.stops(phone(ANNA))
    assert not shop.stops(phone(BEN))


def test_only_poison_alone_is_counted_and_parked_too(shop: Shop, jobs: Jobs) -> None:
    good = shop.said("STOP", phone(ANNA))
    says(shop, poison=replace(good, at=good.at.replace(tzinfo=None)))
    ids = post(shop, letter(b"poison"))
    for _ in range(6):
        jobs.receive(ids)
    assert (shop.only(Inbox).state, shop.only(Inbox).attempts) == ("parked", 5)


def test_rows_wait_in_the_order_in_which_they_came(shop: Shop) -> None:
    ids = post(shop, letter(b"1")) + post(shop, letter(b"2")) + post(shop, letter(b"3"))
    with shop.world.db.read() as session:
        assert [row_id for row_id, _ in inbox.waiting(session, shop.provider.id, 2)] == ids[:2]
        assert [row.id for row in inbox.pending(session, [ids[2], ids[0]])] == [ids[0], ids[2]]


def test_crm_change_asks_for_a_sync_now(shop: Shop, jobs: Jobs) -> None:
    from hub.contract import ContactChanged

    says(shop, changed=ContactChanged("17", shop.world.now()))
    shop.clock.advance(SECOND)
    jobs.receive(post(shop, letter(b"changed")))
    with shop.world.db.read() as session:
        assert session.get_one(Connection, shop.provider.id).next_sync_at is not None
