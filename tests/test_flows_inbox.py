# SPDX-License-Identifier: Apache-2.0
"""The inbox and the job that empties it: one row per webhook, nothing lost, and poison blocks nobody."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from hub.bridge import Bridge
from hub.contract import Event, Inbound, Purpose, Receipt, Status, StatusChanged, Unavailable
from hub.flows import inbox
from hub.flows.inbox import Arrived
from hub.flows.states import State
from hub.flows.statuses import EARLY
from hub.store.tables import Connection, Inbox, MessageRow
from hub.work import leases, receiving
from hub.work.jobs import Jobs
from tests.making import ANNA, BEN, SECOND, Shop, number, phone

pytest_plugins = ["tests.shops"]


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


def test_what_may_be_a_stop_is_applied_before_the_statuses_of_its_set(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "_SET", 2)
    delivered = StatusChanged(Status.DELIVERED, shop.world.now(), message_id="m")
    stop = shop.said("STOP", phone(ANNA))
    read: dict[str, list[Event]] = {"1": [delivered], "2": [delivered], "3": [delivered, stop], "4": [], "5": [stop]}
    assert list(receiving._batches(read)) == [["3"], ["5"], ["1", "2", "4"]]
    assert list(receiving._batches({"1": [delivered], "2": [delivered] * 3, "3": [delivered]})) == [["1"], ["2"], ["3"]]


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


def test_plugin_whose_vendor_is_away_is_asked_again_and_nothing_is_parked(shop: Shop, jobs: Jobs) -> None:
    def away(_: bytes) -> list[Event]:
        raise Unavailable("the vendor does not answer")

    shop.loft.read = away
    ids = post(shop, letter(b"stop"))
    for _ in range(7):
        jobs.receive(ids)
    assert (shop.only(Inbox).state, shop.only(Inbox).attempts) == ("pending", 0)
    says(shop, stop=shop.said("STOP", phone(ANNA)))
    jobs.receive(ids)
    assert shop.stops(phone(ANNA))


def test_status_that_was_faster_than_the_answer_to_our_send_waits_for_it(shop: Shop, jobs: Jobs) -> None:
    """The pigeon does not repeat our own id, so until its answer is kept nobody knows whose status that is."""
    shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    at = shop.world.now()
    delivered = StatusChanged(Status.DELIVERED, at, provider_message_id=f"pigeon.{sent}")
    says(shop, ours=delivered, foreign=replace(delivered, provider_message_id="somebody-elses"))
    ids = post(shop, letter(b"ours"), letter(b"foreign"))
    jobs.receive(ids)
    assert [row.state for row in shop.rows(Inbox)] == ["pending", "pending"]
    shop.settle({sent: Receipt(f"pigeon.{sent}")})
    jobs.receive(ids)
    assert [row.state for row in shop.rows(Inbox)] == ["done", "pending"]
    assert shop.message(sent).state == State.DELIVERED
    shop.clock.advance(EARLY)
    jobs.receive(ids)
    assert [row.state for row in shop.rows(Inbox)] == ["done", "done"]


def test_poison_in_a_large_set_costs_few_transactions(shop: Shop, jobs: Jobs) -> None:
    good = [shop.said("STOP", phone(number(index))) for index in range(64)]
    poison = replace(good[0], at=good[0].at.replace(tzinfo=None), points=(phone(BEN),))
    says(shop, poison=poison, **{str(index): said for index, said in enumerate(good)})
    ids = post(shop, *(letter(str(index).encode()) for index in range(64)), letter(b"poison"))
    commits: list[int] = []
    event.listen(shop.world.db.engine, "commit", lambda _: commits.append(1))
    jobs.receive(ids)
    assert sorted(row.state for row in shop.rows(Inbox)) == ["done"] * 64 + ["pending"]
    assert len(commits) < 32
    assert all(shop.stops(phone(number(index))) for index in range(64))


def test_one_nudge_applies_all_that_waits_in_sets(shop: Shop, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "_SET", 10)
    says(shop, **{str(index): shop.said("STOP", phone(number(index))) for index in range(35)})
    ids = [row_id for index in range(35) for row_id in post(shop, letter(str(index).encode()))]
    told: list[str] = []
    assert jobs.receive(ids[:1], told.append) == {shop.sender.id}
    assert told == [shop.sender.id] * 4, "after each set, since a stop's confirmation waits"
    assert {row.state for row in shop.rows(Inbox)} == {"done"}


def test_webhook_that_comes_while_another_worker_is_at_it_is_not_left_lying(shop: Shop, jobs: Jobs) -> None:
    """Its nudge finds the lease taken and goes; whoever holds the lease looks again."""

    def read(body: bytes) -> list[Event]:
        if body == b"first":
            later = post(shop, letter(b"second"))
            with ThreadPoolExecutor(1) as other:
                assert other.submit(Jobs(shop.world, jobs.bridge).receive, later).result() == set()
        return [shop.said("STOP", phone(ANNA))]

    shop.loft.read = read
    jobs.receive(post(shop, letter(b"first")))
    assert [row.state for row in shop.rows(Inbox)] == ["done", "done"]


def test_killed_workers_webhooks_wait_no_longer_than_its_lease(shop: Shop, jobs: Jobs) -> None:
    says(shop, stop=shop.said("STOP", phone(ANNA)))
    ids = post(shop, letter(b"stop"))
    assert leases.take(shop.world, f"inbox:{shop.provider.id}", "killed", receiving.LEASE)
    jobs.receive(ids)
    assert shop.only(Inbox).state == "pending"
    shop.clock.advance(timedelta(seconds=receiving.LEASE))
    jobs.receive(ids)
    assert shop.only(Inbox).state == "done"


def test_same_webhooks_applied_by_four_workers_at_once_count_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each worker believes that the lease of the others has run out."""
    monkeypatch.setattr(receiving, "LEASE", -1.0)
    monkeypatch.setattr(receiving, "_SET", 25)
    shop.reach(*(number(index) for index in range(40)))
    ids = [cleared.outgoing.id for cleared in shop.claim(limit=100)]
    at = shop.world.now().replace(microsecond=0)
    words = (Status.SENT, Status.DELIVERED, Status.READ)
    heard = {
        f"{message_id} {step}": StatusChanged(word, at + step * SECOND, message_id=message_id)
        for message_id in ids
        for step, word in enumerate(words)
    } | {f"stop {index}": shop.said("STOP", phone(number(index))) for index in range(5)}
    says(shop, **heard)
    rows = [row_id for name in heard for row_id in post(shop, letter(name.encode()))]
    start = threading.Barrier(4)

    def work() -> None:
        with Bridge(connections=1) as bridge:
            start.wait()
            Jobs(shop.world, bridge).receive(rows)

    with ThreadPoolExecutor(4) as workers:
        for done in [workers.submit(work) for _ in range(4)]:
            done.result(timeout=60)
    assert {row.state for row in shop.rows(Inbox)} == {"done"}
    assert {row.attempts for row in shop.rows(Inbox)} == {0}
    assert {row.state for row in shop.campaign_messages()} == {State.READ}
    assert len(shop.events("objection")) == 5
    assert shop.proven()
