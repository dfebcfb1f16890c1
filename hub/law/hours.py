# SPDX-License-Identifier: Apache-2.0
"""Hours by the clock on somebody's wall: when it is quiet there, when quiet ends, when it strikes a given time.

Wall clocks jump. A time that a spring night leaves out is taken where that clock would have shown it, an hour on; a
time that an autumn night shows twice is taken the first time.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub.law.policy import QuietHours

_SUNDAY = 6
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_WEEK = 8 * 24  # hours; whoever is quiet for longer is quiet for ever


def is_quiet(hours: QuietHours, local: datetime) -> bool:
    """Is it quiet time by the person's clock?"""
    over_midnight = hours.start > hours.end
    after, before = local.hour >= hours.start, local.hour < hours.end
    quiet = (after or before) if over_midnight else (after and before)
    return quiet or (hours.sundays and local.weekday() == _SUNDAY)


def loud_from(hours: QuietHours, zone: str, at: datetime) -> datetime:
    """`at`, or the end of the quiet time it lies in. Policies know full hours only. `zone` empty: the policy's."""
    return _change(hours, zone, at, quiet=False)


def quiet_from(hours: QuietHours, zone: str, at: datetime) -> datetime:
    """`at`, or the begin of the next quiet time; a week later where none comes."""
    return _change(hours, zone, at, quiet=True)


def _change(hours: QuietHours, zone: str, at: datetime, *, quiet: bool) -> datetime:
    wall = at.astimezone(ZoneInfo(zone or hours.zone))
    if is_quiet(hours, wall) is quiet:
        return at
    for _ in range(_WEEK):
        # what is added to a time of one zone moves the hands of its clock, whatever the clock does meanwhile
        wall = _shown(wall.replace(minute=0, second=0, microsecond=0, fold=0) + _HOUR)
        if is_quiet(hours, wall) is quiet:
            return wall.astimezone(UTC)
    return wall.astimezone(UTC)


def strikes(wall: time, zone: str, after: datetime) -> datetime:
    """When the clock in `zone` next shows `wall`, at `after` or later."""
    there = ZoneInfo(zone)
    today = after.astimezone(there).date()
    for day in (today, today + _DAY):
        at = datetime.combine(day, wall, there).astimezone(UTC)
        if at >= after:
            return at
    return datetime.combine(today + 2 * _DAY, wall, there).astimezone(UTC)


def _shown(wall: datetime) -> datetime:
    """The time that the clock really shows: not one that it leaves out."""
    return wall.astimezone(UTC).astimezone(wall.tzinfo)
