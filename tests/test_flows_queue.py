# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is at a sender: priorities, campaigns side by side, the vendor's pace, the account's tier."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import col, select

from hub.contract import (
    Purpose,
    Receipt,
    RecipientUnreachable,
    Scope,
    Throttled,
    Unavailable,
    Uncertain,
)
from hub.flows import accounts, dispatch, limits, queue, steering
from hub.flows.lanes import Lane
from hub.flows.settling import Result
from hub.flows.states import CampaignState, State
from hub.store.ledger import Chain
from hub.store.tables import Campaign, Connection, MessageRow, Opening, OpeningHour, Sender
from hub.work import leases
from hub.work.jobs import Jobs
from tests.making import CONSENT, SECOND, Shop, person, phone

pytest_plugins = ["tests.shops"]
HOUR = timedelta(hours=1)


def numbers(start: int, count: int) -> list[str]:
    return [f"+49151{start + index:08d}" for index in range(count)]


def reach(shop: Shop, start: int, count: int, title: str = "Herbst") -> Campaign:
    """A campaign to people of its own, told from others by their numbers."""
    people = numbers(start, count)
    for one in people:
        shop.agree(phone(one))
    shop.sync(*(person(f"{start + index}", one, CONSENT) for index, one in enumerate(people)))
    return shop.stage(*(str(start + index) for index in range(count)), title=title)


def waits(shop: Shop, message_id: str) -> int:
    """Seconds until this message is looked at again."""
    at = shop.message(message_id).next_attempt_at
    assert at is not None
    return round((at - shop.world.now()).total_seconds())


def of(shop: Shop, *claimed: object) -> Counter[str | None]:
    ids = [one.outgoing.id for one in claimed]  # type: ignore[attr-defined]
    with shop.world.db.read() as session:
        found = session.exec(select(MessageRow.campaign_id).where(col(MessageRow.id).in_(ids)))
        return Counter(found)


def test_campaigns_share_what_can_be_sent_and_the_small_one_ends_early(shop: Shop) -> None:
    large, small = reach(shop, 1, 20), reach(shop, 50, 4, title="klein")
    assert of(shop, *shop.claim(6)) == {large.id: 3, small.id: 3}
    assert of(shop, *shop.claim(6)) == {large.id: 5, small.id: 1}


def test_no_campaign_waits_when_one_message_goes_at_a_time(shop: Shop) -> None:
    one, other = reach(shop, 1, 6), reach(shop, 50, 6, title="andere")
    claimed = [message for _ in range(6) for message in shop.claim(1)]
    assert of(shop, *claimed) == {one.id: 3, other.id: 3}


def test_answer_goes_before_every_campaign_and_campaigns_fill_the_rest(shop: Shop) -> None:
    campaign = reach(shop, 1, 5)
    answer = shop.reply(phone("+4915199999999"))
    first, *rest = shop.claim(3)
    assert first.outgoing.id == answer
    assert of(shop, *rest) == {campaign.id: 2}


def test_campaign_that_is_paused_is_left_as_it_is(shop: Shop) -> None:
    campaign = reach(shop, 1, 2)
    with shop.write() as session:
        session.get_one(Campaign, campaign.id).state = CampaignState.PAUSED
    assert not shop.claim()
    assert {(row.state, row.decision_id) for row in shop.campaign_messages()} == {(State.QUEUED, "")}
    with shop.world.db.read() as session:
        assert not queue.due(session, Lane(shop.sender.id), shop.world.now())


def test_message_that_was_claimed_waits_no_more_until_it_comes_back(shop: Shop) -> None:
    reach(shop, 1, 1)
    sent = shop.claim_one().outgoing.id
    assert shop.message(sent).next_attempt_at is None
    shop.settle({sent: Unavailable("down")})
    assert waits(shop, sent) == 2


# the vendor's pace towards one person


class Slow:
    """A vendor that has lent one person all it lends."""

    def __init__(self, person: str) -> None:
        self.person = person
        self.taken: list[str] = []

    def wait(self, person: str) -> float:
        return 12.0 if person == self.person else 0.0

    def take(self, person: str) -> None:
        self.taken.append(person)


def test_person_who_gets_too_much_at_once_delays_nobody_else(shop: Shop) -> None:
    reach(shop, 1, 3)
    first = shop.campaign_messages()[0]
    pace = Slow(first.point_id)
    with shop.write() as session:
        claimed = shop.claim_in(session, pace=pace)
    assert first.id not in {one.outgoing.id for one in claimed}
    assert len(claimed) == len(pace.taken) == 2
    waiting = shop.message(first.id)
    assert (waiting.state, waiting.decision_id) == (State.QUEUED, ""), "nothing was decided about it"
    assert waits(shop, first.id) == 12


def test_pair_throttle_waits_longer_each_time_and_ends_visibly(shop: Shop) -> None:
    reach(shop, 1, 1)
    waited = []
    for _ in range(4):
        sent = shop.claim_one().outgoing.id
        shop.settle({sent: Throttled("pair", after=6.0, scope=Scope.PAIR)})
        waited.append(waits(shop, sent))
        shop.clock.advance(HOUR)
    row = shop.message(sent)
    assert (waited, row.throttled, row.attempts) == ([6, 6, 16, 64], 4, 0)
    with shop.write() as session:
        session.get_one(MessageRow, row.id).throttled = 99
    shop.settle({shop.claim_one().outgoing.id: Throttled("pair", after=6.0, scope=Scope.PAIR)})
    assert (shop.message(row.id).state, shop.message(row.id).reason) == (State.FAILED, "Throttled")


# too fast


def sender(shop: Shop) -> Sender:
    with shop.world.db.read() as session:
        return session.get_one(Sender, shop.sender.id)


def test_too_fast_halves_the_pace_once_per_burst_and_it_recovers_within_a_minute(shop: Shop) -> None:
    reach(shop, 1, 3)
    sent = [one.outgoing.id for one in shop.claim()]
    shop.settle({one: Throttled("130429", after=1.0, scope=Scope.SENDER) for one in sent})
    now = shop.world.now()
    assert (limits.pace(sender(shop), now), shop.sender.rate) == (40, 80)
    assert limits.pace(sender(shop), now + 30 * SECOND) == 80
    assert limits.pace(sender(shop), now + 3 * SECOND) == 44
    shop.clock.advance(2 * SECOND)
    again = shop.claim()
    shop.settle({one.outgoing.id: Throttled("130429", after=1.0, scope=Scope.SENDER) for one in again})
    assert limits.pace(sender(shop), shop.world.now()) == 21, "half of what it had come back to"


def test_account_that_rests_rests_all_its_senders(shop: Shop) -> None:
    with shop.write() as session:
        other = Sender(
            controller_id=shop.controller.id, connection_id=shop.provider.id, vendor_id="2", number="4930123457"
        )
        session.add(other)
    reach(shop, 1, 1)
    sent = shop.claim_one().outgoing.id
    shop.settle({sent: Throttled("slow", after=9.0, scope=Scope.ACCOUNT)})
    with shop.world.db.read() as session:
        rests = [queue.pause_of(session, one, shop.world.now()) for one in session.exec(select(Sender))]
    assert [round(rest) for rest in rests] == [9, 9]
    assert limits.pace(sender(shop), shop.world.now()) == 80, "it was not this number that was too fast"


# a vendor that does not answer


def fail(shop: Shop, result: Result, limit: int = 50) -> None:
    shop.settle({one.outgoing.id: result for one in shop.claim(limit)})


@pytest.mark.parametrize("result", [Uncertain("reset"), Unavailable("down")])
def test_vendor_that_fails_ten_times_in_a_row_is_left_alone_and_then_tried_gently(shop: Shop, result: Result) -> None:
    reach(shop, 1, 30)
    fail(shop, result, 9)
    assert not sender(shop).paused_until
    fail(shop, result, 5)
    resting = sender(shop)
    assert resting.paused_until is not None
    assert round((resting.paused_until - shop.world.now()).total_seconds()) == 5
    shop.clock.advance(5 * SECOND)
    assert limits.pace(sender(shop), shop.world.now()) == 1
    fail(shop, result, 1)
    again = sender(shop)
    assert again.paused_until is not None
    assert round((again.paused_until - shop.world.now()).total_seconds()) == 10, "it failed again: longer"
    shop.clock.advance(10 * SECOND)
    fail(shop, Receipt("fine"), 1)
    assert (sender(shop).failing, sender(shop).rests) == (0, 0)
    assert limits.pace(sender(shop), shop.world.now() + 60 * SECOND) == 80


def test_refusals_and_throttles_are_answers_and_rest_nobody(shop: Shop) -> None:
    reach(shop, 1, 24)
    for _ in range(2):
        fail(shop, RecipientUnreachable("not on WhatsApp", code="131026"), 6)
        fail(shop, Throttled("slow", after=0.0, scope=Scope.PAIR), 6)
    assert (sender(shop).failing, sender(shop).paused_until) == (0, None)


def test_failures_with_answers_between_them_rest_nobody(shop: Shop) -> None:
    reach(shop, 1, 24)
    for _ in range(3):
        fail(shop, Uncertain("reset"), 7)
        fail(shop, Receipt("fine"), 1)
    assert (sender(shop).failing, sender(shop).paused_until) == (0, None)


# the tier


def limit(shop: Shop, people: int) -> None:
    with shop.write() as session:
        session.get_one(Connection, shop.provider.id).tier = people


def late(shop: Shop) -> None:
    """Their own message was more than a day ago: whoever writes now, writes first."""
    shop.clock.advance(timedelta(days=2))


def test_tier_is_kept_before_the_call_and_the_rest_waits(shop: Shop) -> None:
    reach(shop, 1, 5)
    late(shop)
    limit(shop, 3)
    assert [len(shop.claim(2)), len(shop.claim(2)), len(shop.claim(2))] == [2, 1, 0]
    waiting = [row for row in shop.campaign_messages() if row.state == State.QUEUED]
    assert len(waiting) == 2
    for row in waiting:
        assert row.next_attempt_at is not None
        assert timedelta(hours=24) <= row.next_attempt_at - shop.world.now() <= timedelta(hours=25)


def test_tier_is_free_again_after_a_day_and_not_before(shop: Shop) -> None:
    reach(shop, 1, 2)
    late(shop)
    limit(shop, 1)
    assert len(shop.claim()) == 1
    for _ in range(24):
        shop.clock.advance(HOUR)
        assert not shop.claim()
    shop.clock.advance(HOUR)
    assert len(shop.claim()) == 1


def test_tier_counts_a_person_once_a_day(shop: Shop) -> None:
    reach(shop, 1, 1)
    late(shop)
    limit(shop, 1)
    sent = shop.claim_one().outgoing.id
    shop.settle({sent: Unavailable("down")})
    shop.clock.advance(HOUR)
    assert shop.claim_one().outgoing.id == sent
    assert [row.people for row in shop.rows(OpeningHour)] == [1]
    assert len(shop.rows(Opening)) == 1


def test_tier_asks_nothing_of_who_wrote_within_a_day_and_nothing_without_a_limit(shop: Shop) -> None:
    reach(shop, 1, 3)
    limit(shop, 1)
    assert len(shop.claim()) == 3, "they wrote just now"
    reach(shop, 50, 2, title="ohne")
    late(shop)
    with shop.write() as session:
        session.get_one(Connection, shop.provider.id).tier = None
    assert len(shop.claim()) == 2
    assert not shop.rows(Opening)


def test_claim_that_is_rolled_back_uses_nothing_of_the_tier(shop: Shop) -> None:
    reach(shop, 1, 1)
    late(shop)
    limit(shop, 1)
    with shop.world.db.read() as session:
        assert shop.claim_in(session)
        session.rollback()
    assert len(shop.claim()) == 1


# what a cancelled campaign leaves


@pytest.mark.parametrize("result", [Unavailable("busy"), Throttled("slow", after=1.0)])
def test_message_of_a_cancelled_campaign_ends_when_it_comes_back(shop: Shop, result: Unavailable) -> None:
    campaign = reach(shop, 1, 1)
    sent = shop.claim_one().outgoing.id
    with shop.write() as session:
        steering.cancel(shop.world, session, session.get_one(Campaign, campaign.id), by="Kim")
    shop.settle({sent: result})
    row = shop.message(sent)
    assert (row.state, row.reason, row.next_attempt_at) == (State.REFUSED, "POLICY_NOT_APPROVED", None)
    assert Purpose(row.purpose) is Purpose.MARKETING
    shop.settle({sent: Receipt("late")})
    assert shop.message(sent).state == State.REFUSED


# lanes


def in_lane(shop: Shop, lane: Lane, limit: int = 50) -> set[str]:
    with shop.write() as session:
        return {one.outgoing.id for one in shop.claim_in(session, limit, f"lane {lane.index}", lane=lane)}


@pytest.mark.parametrize("of", [2, 3, 8])
def test_lanes_share_the_people_and_everybody_has_one(shop: Shop, of: int) -> None:
    reach(shop, 1, 40)
    claimed = [in_lane(shop, Lane(shop.sender.id, index, of)) for index in range(of)]
    assert sum(map(len, claimed)) == len(set().union(*claimed)) == 40
    assert sum(1 for part in claimed if part) > 1


def test_lane_keeps_its_part_of_the_rate() -> None:
    assert [Lane("x", index, 3).share(80) for index in range(3)] == [27, 27, 26]
    assert [Lane("x", index, 3).share(1) for index in range(3)] == [1, 1, 1], "never none"


def test_lane_that_is_still_held_is_not_taken_for_dead(shop: Shop) -> None:
    reach(shop, 1, 30)
    first, second = Lane(shop.sender.id, 0, 2), Lane(shop.sender.id, 1, 2)
    ours, theirs = in_lane(shop, first), in_lane(shop, second)
    assert leases.take(shop.world, first.lease, "lane 0", 30)
    with shop.write() as session:
        chain = Chain(session, shop.controller.id, shop.world.now())
        assert dispatch.orphans(shop.world, session, chain, shop.sender, "new") == len(theirs)
    assert {shop.message(one).state for one in ours} == {State.AUTHORISED}
    assert {shop.message(one).state for one in theirs} == {State.UNKNOWN}


def test_two_lanes_are_drained_side_by_side_and_nobody_gets_two(shop: Shop, jobs: Jobs) -> None:
    people = 60
    reach(shop, 1, people)
    with shop.write() as session:
        accounts.limit(session, session.get_one(Sender, shop.sender.id), rate=1000, lanes=2)
    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(jobs.dispatcher.drain, [shop.sender.id] * 2))
    assert sum(counts) == people
    assert len(shop.loft.sent) == len({one.outgoing.to for one in shop.loft.sent}) == people
    assert {row.state for row in shop.campaign_messages()} == {State.ACCEPTED}
