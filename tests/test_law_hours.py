# SPDX-License-Identifier: Apache-2.0
"""Quiet hours and wall clocks: over midnight, over Sundays, and on the two days on which a clock jumps."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.law.hours import is_quiet, loud_from, quiet_from, strikes
from hub.law.policy import QuietHours

BERLIN, YORK, LORD_HOWE, KATHMANDU = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"
NIGHT = QuietHours(enforce=True, start=20, end=8, sundays=True, zone=BERLIN)
WEEKDAYS = NIGHT.model_copy(update={"sundays": False})
TO_THREE = WEEKDAYS.model_copy(update={"start": 1, "end": 3})


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "zone", "when", "loud"),
    [
        (WEEKDAYS, "", at(2, 12), at(2, 12)),
        (WEEKDAYS, "", at(2, 19), at(3, 7)),  # eight in the evening in Berlin
        (WEEKDAYS, "", at(3, 2, 30), at(3, 7)),  # after midnight
        (WEEKDAYS, YORK, at(3, 2, 30), at(3, 13)),
        (WEEKDAYS, KATHMANDU, at(2, 20), at(3, 2, 15)),  # five hours and three quarters ahead
        (NIGHT, "", at(7, 19, 30), at(9, 7)),  # Saturday evening to Monday morning
        (NIGHT, "", at(28, 20), at(30, 6)),  # over the Sunday on which summer time begins
        (TO_THREE, BERLIN, at(29, 0, 30), at(29, 1)),  # two o'clock is left out: at its time it is three
        (TO_THREE, BERLIN, at(25, 0, 30, 10), at(25, 2, 0, 10)),  # two o'clock comes twice, and is quiet both times
    ],
)
def test_quiet_time_ends_by_the_clock_on_the_wall(hours: QuietHours, zone: str, when: datetime, loud: datetime) -> None:
    assert loud_from(hours, zone, when) == loud


def test_quiet_time_begins_by_the_clock_on_the_wall() -> None:
    assert quiet_from(WEEKDAYS, "", at(2, 12)) == at(2, 19)
    assert quiet_from(WEEKDAYS, "", at(2, 22)) == at(2, 22), "it is quiet already"
    never = WEEKDAYS.model_copy(update={"start": 8, "end": 8})
    assert quiet_from(never, "", at(2, 12)) >= at(2, 12) + timedelta(days=7)


@pytest.mark.parametrize(
    ("wall", "zone", "after", "found"),
    [
        (time(10), BERLIN, at(2, 8), at(2, 9)),
        (time(10), BERLIN, at(2, 9), at(2, 9)),
        (time(10), BERLIN, at(2, 9, 1), at(3, 9)),
        (time(10), YORK, at(2, 9), at(2, 15)),
        (time(10), "Asia/Tokyo", at(2, 9), at(3, 1)),
        (time(2, 30), BERLIN, at(28, 12), at(29, 1, 30)),  # left out: it is half past three
        (time(2, 30), BERLIN, at(24, 12, 0, 10), at(25, 0, 30, 10)),  # twice: the first time
        (time(2, 15), LORD_HOWE, at(3, 0, 0, 4), at(3, 15, 15, 4)),  # a clock that jumps by half an hour
    ],
)
def test_clock_strikes_where_the_person_is(wall: time, zone: str, after: datetime, found: datetime) -> None:
    assert strikes(wall, zone, after) == found


@settings(max_examples=300)
@given(
    when=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    zone=st.sampled_from((BERLIN, YORK, LORD_HOWE, KATHMANDU, "Pacific/Apia")),
    start=st.integers(0, 23),
    end=st.integers(0, 23),
    sundays=st.booleans(),
)
def test_end_of_quiet_time_is_loud_and_no_loud_minute_is_lost(
    when: datetime, zone: str, start: int, end: int, sundays: bool
) -> None:
    hours = QuietHours(enforce=True, start=start, end=end, sundays=sundays, zone=BERLIN)
    loud = loud_from(hours, zone, when)
    there = ZoneInfo(zone)
    assert loud >= when
    assert not is_quiet(hours, loud.astimezone(there))
    between = int((loud - when).total_seconds() // 900)
    assert all(is_quiet(hours, (when + timedelta(minutes=15 * n)).astimezone(there)) for n in range(between))
