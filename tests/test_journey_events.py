# SPDX-License-Identifier: Apache-2.0
"""Events on their way out, to a real server: all of them, in order, signed, once it works again, and nobody's data."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from hub.contract import Page, Receipt, Rejected, Status, StatusChanged
from hub.flows import deliveries, happenings, subscriptions
from hub.flows.attention import waiting
from hub.flows.deliveries import KEPT, PAUSED_AFTER, WAITS
from hub.flows.happenings import Kind
from hub.flows.subscriptions import Why
from hub.store.tables import Delivery, Happening, Subscription
from hub.work.jobs import Jobs
from tests.making import ANNA, BEN, CARLA, CONSENT, Shop, everything_stored, person, phone
from tests.receivers import Receiver, receiving, row

pytest_plugins = ["tests.shops"]


@pytest.fixture
def receiver(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving(shop, monkeypatch) as made:
        yield made


class Cut(BaseException):
    """The worker is no more."""


def happen(shop: Shop, count: int = 1, kind: Kind = Kind.SYNC) -> None:
    with shop.write() as session:
        for index in range(count):
            happenings.note(shop.world, session, shop.controller.id, kind, shop.world.now(), {"run": f"r{index}"})


def due(shop: Shop) -> list[str]:
    with shop.world.db.read() as session:
        return deliveries.due(shop.world, session)


def told_today(shop: Shop) -> dict[str, int]:
    with shop.world.db.read() as session:
        return {one.what: one.count for one in waiting(shop.world, session, shop.controller)}


def test_campaign_is_told_from_start_to_stop(shop: Shop, jobs: Jobs, receiver: Receiver) -> None:
    mine = receiver.subscribe(shop)
    campaign = shop.reach(ANNA, BEN)
    shop.sync(person("3", CARLA, CONSENT))
    first, second = shop.claim()
    shop.settle({first.outgoing.id: Receipt("pigeon.1"), second.outgoing.id: Rejected("no", code="131026")})
    shop.hear(StatusChanged(Status.DELIVERED, shop.world.now(), message_id=first.outgoing.id))
    shop.stop(phone(ANNA))
    shop.paper.pages = [Page((person("1", ANNA, CONSENT),), "a")]
    jobs.sync(shop.crm.id)
    assert due(shop) == [mine.id]
    assert jobs.deliverer.deliver(mine.id) == 1
    assert receiver.wrong == []
    events = receiver.taken
    assert [one["seq"] for one in events] == sorted(one["seq"] for one in events)
    seen = [(one["type"], one.get("status") or one.get("state") or one.get("stop") or "") for one in events]
    assert [each for each in seen if each[0].startswith("message")] == [
        ("message.status", "accepted"),
        ("message.status", "failed"),
        ("message.status", "delivered"),
    ]
    assert seen.count(("reply.received", "")) == 3
    assert seen.count(("consent.given", "")) == 2
    assert ("stop.recorded", "objection_marketing") in seen
    assert ("campaign.changed", "staging") in seen
    assert seen[-1] == ("sync.finished", "")
    assert {one["campaign"] for one in events if one["type"] == "message.status"} == {campaign.id}
    (failed,) = (one for one in events if one.get("status") == "failed")
    assert failed["reason"] == "131026"
    bare = b"".join(receiver.bodies).decode()
    for personal in (ANNA[1:], BEN[1:], shop.statement, "STOP", "pigeon.1"):
        assert personal not in bare
    stored = everything_stored(shop.world)
    assert receiver.secret not in stored
    assert "s3cret" not in stored
    assert due(shop) == []


def test_refusal_is_told_with_its_reason(shop: Shop, jobs: Jobs, receiver: Receiver) -> None:
    mine = receiver.subscribe(shop, Kind.MESSAGE_REFUSED)
    shop.sync(person("1", ANNA, CONSENT))
    shop.stage("1")
    jobs.deliverer.deliver(mine.id)
    (event,) = receiver.taken
    assert (event["type"], event["reason"]) == ("message.refused", "CONSENT_UNPROVEN")


def test_nothing_is_written_where_nobody_subscribed(shop: Shop, jobs: Jobs, receiver: Receiver) -> None:
    shop.reach(ANNA)
    assert shop.rows(Happening) == []
    receiver.subscribe(shop, Kind.STOP)
    shop.stop(phone(ANNA))
    assert [one.kind for one in shop.rows(Happening)] == ["stop.recorded"]


def test_ill_receiver_gets_the_same_delivery_until_it_works(shop: Shop, jobs: Jobs, receiver: Receiver) -> None:
    mine = receiver.subscribe(shop)
    happen(shop)
    receiver.answers = [500, 301, 429]
    receiver.headers = {"retry-after": "600", "location": receiver.url}
    for _ in range(3):
        assert jobs.deliverer.deliver(mine.id) == 0
        happen(shop)  # waits behind
        shop.clock.advance(timedelta(seconds=590))  # it asked for more time than we would have given it
        assert due(shop) == []
        shop.clock.advance(timedelta(seconds=20))
        assert due(shop) == [mine.id]
    assert jobs.deliverer.deliver(mine.id) == 2
    ids = [one for one, _ in receiver.came]
    assert len(set(ids[:4])) == 1
    assert len(set(receiver.bodies[:4])) == 1
    assert len(ids) == 5
    assert [one["seq"] for one in receiver.taken] == [one.seq for one in shop.rows(Happening)]
    assert row(shop).failures == 0


def test_cut_between_answer_and_commit_repeats_the_same_id(
    shop: Shop, jobs: Jobs, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = receiver.subscribe(shop)
    happen(shop, 150)

    def cut(*_: object) -> bool:
        raise Cut

    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "settle", cut)
        with pytest.raises(Cut):
            jobs.deliverer.deliver(mine.id)
    with shop.write() as session:  # and cut before it left
        letter = deliveries.following(shop.world, session, mine.id)
    assert letter is not None
    assert jobs.deliverer.deliver(mine.id) == 2
    ids = [one for one, _ in receiver.came]
    assert ids[0] == ids[1] == letter.id != ids[2]
    by_id = dict(receiver.came)
    seqs = [event["seq"] for told in by_id.values() for event in told["data"]["events"]]
    assert seqs == [one.seq for one in shop.rows(Happening)]


def test_event_that_commits_late_is_not_passed_over(shop: Shop, jobs: Jobs, receiver: Receiver) -> None:
    mine = receiver.subscribe(shop)
    open_, written = threading.Event(), threading.Event()

    def late() -> None:
        with shop.write() as session:
            happenings.note(shop.world, session, shop.controller.id, Kind.SYNC, shop.world.now(), {"run": "late"})
            open_.set()
            written.wait(2)  # whoever comes after must wait for this commit

    slow = threading.Thread(target=late)
    slow.start()
    open_.wait()
    happen(shop)
    jobs.deliverer.deliver(mine.id)
    written.set()
    slow.join()
    jobs.deliverer.deliver(mine.id)
    assert [one["run"] for one in receiver.taken] == ["late", "r0"]


def test_what_is_not_taken_is_parked_and_may_be_sent_again(shop: Shop, jobs: Jobs, receiver: Receiver) -> None:
    mine = receiver.subscribe(shop)
    happen(shop)
    receiver.answers = [503] * (len(WAITS) + 1)
    for _ in range(len(WAITS) + 1):
        jobs.deliverer.deliver(mine.id)
        shop.clock.advance(timedelta(seconds=WAITS[-1]))
    parked = shop.only(Delivery)
    assert (parked.state, parked.attempts, parked.answer) == ("parked", len(WAITS) + 1, "503")
    assert told_today(shop) == {"events_failing": 0, "events_parked": 1}
    happen(shop)
    assert jobs.deliverer.deliver(mine.id) == 1  # the next ones go their way
    receiver.answers = [500]
    for tried in (0, 1):  # once more each time, whatever came of it
        with shop.write() as session:
            assert subscriptions.again(shop.world, session, row(shop)) == 1
        assert jobs.deliverer.deliver(mine.id) == tried
    assert {one.state for one in shop.rows(Delivery)} == {"done"}
    assert receiver.came[-1][0] == parked.id
    assert told_today(shop) == {}


def test_subscriber_that_is_gone_or_never_answers_is_told_nothing_more(
    shop: Shop, jobs: Jobs, receiver: Receiver
) -> None:
    mine = receiver.subscribe(shop)
    happen(shop)
    receiver.answers = [410]
    jobs.deliverer.deliver(mine.id)
    assert row(shop).paused_why == Why.GONE
    shop.clock.advance(timedelta(days=2))
    assert due(shop) == []
    receiver.answers = [500] * PAUSED_AFTER
    with shop.write() as session:
        subscriptions.resume(shop.world, session, session.get_one(Subscription, mine.id))
    happen(shop)
    for _ in range(PAUSED_AFTER):
        jobs.deliverer.deliver(mine.id)
        shop.clock.advance(timedelta(seconds=WAITS[-1]))
    assert row(shop).paused_why == Why.FAILURES
    assert told_today(shop)["events_paused"] == 1
    tried = len(receiver.came)
    assert jobs.deliverer.deliver(mine.id) == 0
    assert len(receiver.came) == tried
    with shop.write() as session:
        current = session.get_one(Subscription, mine.id)
        subscriptions.resume(shop.world, session, current)
        subscriptions.again(shop.world, session, current)
    assert jobs.deliverer.deliver(mine.id) == 2
    assert [one["seq"] for one in receiver.taken] == [one.seq for one in shop.rows(Happening)]


def test_events_that_grew_too_old_are_counted_as_lost(shop: Shop, jobs: Jobs, receiver: Receiver) -> None:
    receiver.subscribe(shop, Kind.SYNC)
    happen(shop, 3)
    shop.clock.advance(KEPT + timedelta(hours=1))
    happen(shop)
    with shop.write() as session:
        deliveries.forget(shop.world, session)
    assert row(shop).lost == 3
    assert told_today(shop) == {"events_lost": 3}
    assert jobs.deliverer.deliver(row(shop).id) == 1
    assert len(receiver.taken) == 1


def test_one_company_is_not_told_what_happens_in_another(shop: Shop, jobs: Jobs, receiver: Receiver) -> None:
    mine = receiver.subscribe(shop)
    other = Shop(shop.world, "Andere GmbH", ("card", "dove"))
    happen(other)
    assert jobs.deliverer.deliver(mine.id) == 0
    assert receiver.came == []
