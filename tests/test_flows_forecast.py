# SPDX-License-Identifier: Apache-2.0
"""The forecast, against sums that can be done by hand, and against a sending that is played message by message."""

from __future__ import annotations

import random
from collections import deque
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.flows.forecast import Canary, Forecast, Pace, forecast
from hub.law.hours import is_quiet, loud_from
from hub.law.policy import QuietHours

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)  # ten in Berlin
BERLIN, YORK, TOKYO = "Europe/Berlin", "America/New_York", "Asia/Tokyo"
HOURS = QuietHours(enforce=True, start=20, end=8, sundays=True, zone=BERLIN)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def at_once(zone: str, after: datetime) -> datetime:
    return after


def in_loud_hours(zone: str, after: datetime) -> datetime:
    return loud_from(HOURS, zone, after)


def seconds(found: Forecast, begin: datetime = MONDAY) -> float:
    assert found.finish is not None
    return (found.finish - begin).total_seconds()


def test_nobody_to_write_to_has_no_end() -> None:
    assert forecast({}, at_once, Pace(80), MONDAY) == Forecast(None, None)


def test_rate_alone_decides_where_nothing_else_does() -> None:
    found = forecast({BERLIN: 60_000, YORK: 40_000}, at_once, Pace(80), MONDAY)
    assert found.first == MONDAY
    assert seconds(found) == pytest.approx(1250, abs=1)
    assert seconds(forecast({BERLIN: 7}, at_once, Pace(80), MONDAY)) == pytest.approx(7 / 80, abs=0.01)


def test_other_campaigns_of_the_sender_take_their_share() -> None:
    assert seconds(forecast({BERLIN: 800}, at_once, Pace(80, others=(800,)), MONDAY)) == pytest.approx(20, abs=1)
    assert seconds(forecast({BERLIN: 800}, at_once, Pace(80, others=(80_000,)), MONDAY)) == pytest.approx(20, abs=1)
    assert seconds(forecast({BERLIN: 8000}, at_once, Pace(80, others=(80, 80)), MONDAY)) == pytest.approx(102, abs=1)


def test_limit_of_people_in_a_day_spreads_a_campaign_over_days() -> None:
    found = forecast({BERLIN: 25_000}, at_once, Pace(100, tier=10_000), MONDAY)
    assert seconds(found) == pytest.approx(2 * 25 * 3600 + 50, abs=5), "an hour counts until all of it is a day ago"


def test_people_reached_before_count_until_their_day_is_over() -> None:
    reached = ((MONDAY - timedelta(hours=20), 9_000),)
    found = forecast({BERLIN: 2_000}, at_once, Pace(100, tier=10_000, reached=reached), MONDAY)
    assert seconds(found) == pytest.approx(4 * 3600 + 10, abs=2)


def test_who_sleeps_waits_for_the_morning() -> None:
    begin = MONDAY.replace(hour=18, minute=59)  # a minute before eight in Berlin
    found = forecast({BERLIN: 2 * 4800}, in_loud_hours, Pace(80, hours=HOURS), begin)
    assert found.first == begin
    assert found.finish == pytest.approx(datetime(2026, 3, 3, 7, 1, tzinfo=UTC), abs=2 * SECOND)


def test_canary_goes_first_and_the_rest_after_its_wait() -> None:
    found = forecast({BERLIN: 10_000}, at_once, Pace(100), MONDAY, Canary(1_000, HOUR))
    assert seconds(found) == pytest.approx(10 + 3600 + 90, abs=2)
    assert seconds(forecast({BERLIN: 500}, at_once, Pace(100), MONDAY, Canary(1_000, HOUR))) == pytest.approx(5, abs=1)


def test_account_that_may_reach_nobody_has_no_end() -> None:
    assert forecast({BERLIN: 1}, at_once, Pace(80, tier=0), MONDAY) == Forecast(None, None)


def played(people: dict[str, int], pace: Pace, begin: datetime) -> datetime:
    """Each message by itself: its person is awake, its second has room, its day has room."""
    now = begin
    queues = {zone: count for zone, count in people.items() if count}
    sent: deque[datetime] = deque()
    last = begin
    while queues:
        while sent and sent[0] <= now - DAY:
            sent.popleft()
        room = int(pace.rate)
        for zone in list(queues):
            if pace.hours and is_quiet(pace.hours, now.astimezone(ZoneInfo(zone))):
                continue
            left = room if pace.tier is None else min(room, pace.tier - len(sent))
            going = min(queues[zone], left)
            sent.extend([now.replace(minute=0, second=0) + HOUR] * going)
            room -= going
            last = now if going else last
            queues[zone] -= going
            if not queues[zone]:
                del queues[zone]
        now += SECOND
    return last + SECOND


@pytest.mark.parametrize("seed", range(12))
def test_forecast_is_within_five_per_cent_of_what_is_played(seed: int) -> None:
    rng = random.Random(seed)
    people = {zone: rng.randrange(0, 4_000) for zone in (BERLIN, YORK, TOKYO)}
    begin = MONDAY + rng.randrange(0, 7 * 24) * HOUR
    pace = Pace(rng.choice((5, 20)), tier=rng.choice((None, 5_000)), hours=rng.choice((None, HOURS)))
    place = in_loud_hours if pace.hours else at_once
    found = seconds(forecast(people, place, pace, begin), begin)
    truth = (played(people, pace, begin) - begin).total_seconds()
    assert found == pytest.approx(truth, rel=0.05)
