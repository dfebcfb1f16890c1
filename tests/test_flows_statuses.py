# SPDX-License-Identifier: Apache-2.0
"""Statuses in sets: whatever the order, the repeats and the sets they come in, the end is the same."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

import pytest

from hub.contract import (
    Event,
    HubError,
    Purpose,
    Receipt,
    RecipientCapped,
    RecipientOptedOut,
    RecipientUnreachable,
    Status,
    StatusChanged,
)
from hub.flows.states import State
from hub.law.facts import StopKind
from hub.store.tables import MessageEvent, NoticeServed, Sender
from tests.making import ANNA, BEN, CARLA, CONSENT, SECOND, Shop, number, person, phone

pytest_plugins = ["tests.shops"]

GONE = RecipientUnreachable("gone", code="131026")
ON_THE_WAY: list[tuple[Status, HubError | None]] = [(Status.SENT, None), (Status.DELIVERED, None), (Status.READ, None)]
STORIES: dict[State, list[tuple[Status, HubError | None]]] = {
    State.READ: ON_THE_WAY,
    State.DELIVERED: ON_THE_WAY[:2],
    State.SENT: ON_THE_WAY[:1],
    State.FAILED: [(Status.SENT, None), (Status.FAILED, GONE)],
}


def told(shop: Shop, message_id: str, story: Sequence[tuple[Status, HubError | None]]) -> list[Event]:
    """What a vendor says of one message; every other time under its own id alone."""
    at = shop.world.now().replace(microsecond=0)
    return [
        StatusChanged(
            status,
            at + step * SECOND,
            provider_message_id=f"pigeon.{message_id}",
            message_id=message_id if step % 2 == 0 else "",
            error=error,
        )
        for step, (status, error) in enumerate(story)
    ]


@pytest.mark.parametrize("answer", ["before", "between", "after"])
@pytest.mark.parametrize("seed", range(4))
def test_storm_ends_as_the_calm_does(shop: Shop, seed: int, answer: str) -> None:
    """Each status ten times, reversed and shuffled, in sets of any size, days late, around our own send answer."""
    dice = random.Random(seed)
    shop.reach(*(number(index) for index in range(8)))
    ids = [cleared.outgoing.id for cleared in shop.claim()]
    ends = {message_id: list(STORIES)[index % len(STORIES)] for index, message_id in enumerate(ids)}
    storm = [event for message_id in ids for event in reversed(told(shop, message_id, STORIES[ends[message_id]]))] * 10
    dice.shuffle(storm)
    receipts = {message_id: Receipt(f"pigeon.{message_id}") for message_id in ids}
    settle_at = {"before": 0, "between": len(storm) // 2, "after": len(storm)}[answer]
    if answer == "before":
        shop.settle(receipts)
    shop.clock.advance(timedelta(days=7))
    heard = 0
    while heard < len(storm):
        size = dice.choice((1, 3, 40, 500))
        shop.hear(*storm[heard : heard + size])
        if answer == "between" and heard <= settle_at < heard + size:
            shop.settle(receipts)
        heard += size
    if answer == "after":
        shop.settle(receipts)
    if answer != "before":
        shop.hear(*storm)  # what named only the provider's id was not to be found before the answer
    assert {row.id: row.state for row in shop.campaign_messages()} == ends
    assert len(shop.rows(MessageEvent)) == sum(len(STORIES[end]) for end in ends.values())
    reports = [(record, status) for record, kind, status, _ in shop.reports() if kind == "status"]
    assert len(reports) == len(set(reports))
    assert reports.count(("1", "read")) == 1
    assert shop.proven()


def test_set_that_holds_a_whole_way_tells_every_step_once(shop: Shop) -> None:
    shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    shop.hear(*told(shop, sent, ON_THE_WAY), *told(shop, sent, ON_THE_WAY))
    assert [status for _, _, status, _ in shop.reports()] == ["accepted", "sent", "delivered", "read"]
    assert [event.status for event in sorted(shop.rows(MessageEvent), key=lambda e: e.at)] == [s for s, _ in ON_THE_WAY]


def test_status_by_reference_finds_the_message_that_another_named_by_id(shop: Shop) -> None:
    shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    shop.settle({sent: Receipt(f"pigeon.{sent}")})
    first, second, third = told(shop, sent, ON_THE_WAY)
    shop.hear(third, second, first)
    assert shop.message(sent).state == State.READ
    assert len(shop.rows(MessageEvent)) == 3


def test_failures_of_every_kind_in_one_set_do_each_what_they_do_alone(shop: Shop) -> None:
    shop.reach(ANNA, BEN, CARLA)
    of = {cleared.outgoing.to.value: cleared.outgoing.id for cleared in shop.claim()}
    shop.settle({message_id: Receipt(f"pigeon.{message_id}") for message_id in of.values()})
    stopped = RecipientOptedOut("stopped", code="131050")
    full = RecipientCapped("enough", code="131049", after=3600)
    shop.hear(
        *told(shop, of[ANNA], [(Status.FAILED, stopped)]),
        *told(shop, of[BEN], [(Status.FAILED, full)]),
        *told(shop, of[CARLA], ON_THE_WAY),
    )
    assert [stop.kind for stop in shop.stops(phone(ANNA))] == [StopKind.PLATFORM_PREFERENCE]
    assert shop.contact_of(phone(ANNA)).marketing_capped_until is None
    assert shop.contact_of(phone(BEN)).marketing_capped_until is not None
    assert {shop.message(of[who]).state for who in (ANNA, BEN)} == {State.FAILED}
    assert {shop.message(of[who]).reason for who in (ANNA, BEN)} == {"131050", "131049"}
    assert shop.message(of[CARLA]).state == State.READ
    assert shop.proven()


@pytest.mark.parametrize("together", [True, False])
def test_notice_that_was_sent_and_then_failed_was_not_served(shop: Shop, together: bool) -> None:
    shop.sync(person("1", ANNA, CONSENT))
    shop.hear(shop.said("Hallo", phone(ANNA)))
    (notice,) = [m.outgoing for m in shop.claim() if m.outgoing.purpose is Purpose.PRIVACY_NOTICE]
    sent, failed = told(shop, notice.id, STORIES[State.FAILED])
    for events in [[failed, sent]] if together else [[sent], [failed]]:
        shop.hear(*events)
    assert not shop.rows(NoticeServed)
    assert [len(shop.events(kind)) for kind in ("notice_served", "notice_not_delivered")] == [1, 1]


def test_messages_heard_are_counted_in_their_newest_second(shop: Shop) -> None:
    at = shop.world.now().replace(microsecond=0)

    def heard() -> tuple[int, int]:
        sender = shop.only(Sender)
        return sender.heard_second - int(at.timestamp()), sender.heard

    says = [shop.said("Hallo", phone(number(index)), at=at + (index // 2 - 2) * SECOND) for index in range(5)]
    shop.hear(*says)
    assert heard() == (0, 1)
    shop.hear(shop.said("Hallo", phone(ANNA), at=at), shop.said("Hallo", phone(BEN), at=at))
    assert heard() == (0, 3)
    shop.hear(shop.said("Hallo", phone(CARLA), at=at - SECOND))
    assert heard() == (0, 3)
    shop.clock.advance(2 * SECOND)
    shop.hear(shop.said("Hallo", phone(ANNA), at=at + timedelta(days=1)))
    assert heard()[0] <= 3, "a clock that is ahead of ours does not stop the count"
    assert heard()[1] == 1
