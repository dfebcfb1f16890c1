# SPDX-License-Identifier: Apache-2.0
"""When people get a campaign: by their own clock, outside quiet hours, whatever the clocks do meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from hub.contract import BadInput, Scope, Throttled
from hub.flows import staging, steering
from hub.flows.drafts import Plan
from hub.flows.states import State
from hub.store.tables import Campaign
from tests.making import CONSENT, Shop, person, phone

pytest_plugins = ["tests.shops"]

BERLIN, YORK, ANYWHERE = "+4915112345671", "+12124567890", "+34612345678"  # Spain keeps two times
NIGHT = datetime(2027, 1, 13, 22, 40, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)


def staged(shop: Shop, plan: Plan, now: datetime, at: datetime | None = None, **changes: Any) -> dict[str, Any]:
    """Three people in three places; their messages' rows by number."""
    numbers = [BERLIN, YORK, ANYWHERE]
    for typed in numbers:
        shop.agree(phone(typed))
    shop.sync(*(person(typed, typed, CONSENT) for typed in numbers))
    shop.clock.advance(now - shop.world.now())
    campaign = shop.draft(plan=plan, **changes)
    with shop.write() as session:
        row = session.get_one(Campaign, campaign.id)
        steering.start(shop.world, session, row, at)
        staging.stage_page(shop.world, session, row, numbers)
    return rows(shop)


def rows(shop: Shop) -> dict[str, Any]:
    by_contact = {shop.contact_of(phone(typed)).id: typed for typed in (BERLIN, YORK, ANYWHERE)}
    return {by_contact[row.contact_id]: row for row in shop.campaign_messages()}


def times(found: dict[str, Any]) -> list[datetime]:
    return [found[typed].next_attempt_at for typed in (BERLIN, YORK, ANYWHERE)]


def moment(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2027, 1, day, hour, minute, tzinfo=UTC)


def near(found: list[datetime], wanted: list[datetime]) -> bool:
    return all(abs(one - other) < timedelta(seconds=60) for one, other in zip(found, wanted, strict=True))


def test_who_sleeps_gets_it_in_the_morning_and_the_others_now(shop: Shop) -> None:
    found = staged(shop, Plan(), NIGHT)
    assert near(times(found), [moment(14, 7), NIGHT, moment(14, 7)]), "it is twenty to six in New York"
    assert [m.outgoing.to.value for m in shop.claim()] == [YORK]
    assert {row.state for row in rows(shop).values()} == {State.QUEUED, State.AUTHORISED}


def test_each_gets_it_when_their_own_clock_strikes(shop: Shop) -> None:
    found = staged(shop, Plan(local_time=time(10)), moment(13, 8), at=moment(13, 9))
    assert times(found) == [moment(13, 9), moment(13, 15), moment(13, 9)]


def test_hour_that_is_over_already_is_the_one_of_tomorrow(shop: Shop) -> None:
    found = staged(shop, Plan(local_time=time(10)), moment(13, 8), at=moment(13, 10))
    assert times(found) == [moment(14, 9), moment(13, 15), moment(14, 9)]


def test_hour_on_a_quiet_sunday_is_that_of_monday(shop: Shop) -> None:
    found = staged(shop, Plan(local_time=time(10)), moment(16, 20), at=moment(16, 21))
    assert times(found) == [moment(18, 9), moment(18, 15), moment(18, 9)]


def test_night_in_which_the_clock_jumps_ends_at_eight(shop: Shop) -> None:
    begin = datetime(2027, 3, 27, 20, tzinfo=UTC)  # the night to the Sunday of summer time
    found = staged(shop, Plan(), begin)
    assert near(times(found)[:1], [datetime(2027, 3, 29, 6, tzinfo=UTC)])


def test_message_that_comes_too_late_is_held_until_the_morning(shop: Shop) -> None:
    """A long queue runs into the evening: the gate holds what the plan could not foresee."""
    staged(shop, Plan(), moment(13, 12))
    shop.clock.advance(moment(13, 19, 30) - shop.world.now())  # half past eight in Berlin, half past two in New York
    assert [m.outgoing.to.value for m in shop.claim()] == [YORK]
    late = rows(shop)[BERLIN]
    assert (late.state, late.reason) == (State.HELD, "POLICY_QUIET_HOURS")
    assert near([late.next_attempt_at], [moment(14, 7)])
    shop.clock.advance(moment(14, 7, 1) - shop.world.now())
    sent = [m.outgoing.to.value for m in shop.claim()]
    assert sorted(sent) == sorted([BERLIN, ANYWHERE])


def test_any_hour_is_any_hour(shop: Shop) -> None:
    staged(shop, Plan(any_hour=True), NIGHT)
    assert len(shop.claim()) == 3


def test_enforced_hours_bind_also_who_wanted_any_hour(shop: Shop) -> None:
    policy = shop.world.policy
    assert policy is not None
    hours = policy.quiet_hours.model_copy(update={"enforce": True})
    shop.world.policy = policy.model_copy(update={"quiet_hours": hours})
    found = staged(shop, Plan(any_hour=True), NIGHT)
    assert near(times(found), [moment(14, 7), NIGHT, moment(14, 7)])
    assert {row.state for row in found.values()} == {State.QUEUED}, "it is asked for the morning, not for the night"
    assert [m.outgoing.to.value for m in shop.claim()] == [YORK]


def test_message_that_comes_back_keeps_the_hours_too(shop: Shop) -> None:
    staged(shop, Plan(), moment(13, 18, 59))  # a minute before eight in the evening
    sent = shop.claim()
    assert len(sent) == 3
    shop.settle({message.outgoing.id: Throttled("busy", after=120.0, scope=Scope.PAIR) for message in sent})
    shop.clock.advance(timedelta(minutes=5))
    assert [m.outgoing.to.value for m in shop.claim()] == [YORK]
    held = [row for row in rows(shop).values() if row.state == State.HELD]
    assert near([row.next_attempt_at for row in held], [moment(14, 7)] * 2)


@pytest.mark.parametrize("wall", [time(20), time(23, 59), time(0), time(7, 59)])
def test_hour_in_the_night_is_refused(shop: Shop, wall: time) -> None:
    with pytest.raises(BadInput, match="quiet hours"):
        shop.draft(plan=Plan(local_time=wall))
    shop.draft(plan=Plan(local_time=wall, any_hour=True))
