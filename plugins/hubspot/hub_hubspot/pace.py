# SPDX-License-Identifier: Apache-2.0
"""How fast a sync reads ("Usage guidelines"): within HubSpot's limits, and never at the cost of what must be written.

A walk takes its share of the ten-second window evenly, and stops for the day while little is left of the day: opt-outs
that the hub reports come through. Searches have a limiter of their own and say nothing of it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import anyio

from hub import Scope, Throttled
from hub_hubspot.trouble import HOUR

SEARCH = 0.25  # seconds from one search to the next: four of the five a second that HubSpot allows
RESERVE = 0.2  # of the window, left to others
DAY_RESERVE = 0.05  # of the day, left to others
_LONGEST = 0.5  # seconds


class Pace:
    """The pace of one walk."""

    def __init__(self) -> None:
        self._next_search = self._next = 0.0
        self._each = 0.0  # seconds per call
        self._day = 1.0  # what is left of it, as a share

    async def wait(self, *, searching: bool) -> None:
        """Raises `Throttled` when the rest of the day is not for reading."""
        if self._day < DAY_RESERVE:
            raise Throttled("HubSpot's calls of today are nearly used up", after=HOUR, scope=Scope.ACCOUNT)
        await anyio.sleep(max(0.0, (self._next_search if searching else self._next) - time.monotonic()))
        if searching:
            self._next_search = time.monotonic() + SEARCH
        else:
            self._next = time.monotonic() + self._each

    def note(self, headers: Mapping[str, str]) -> None:
        """What an answer says of the limits."""
        most, left = _number(headers, "x-hubspot-ratelimit-max"), _number(headers, "x-hubspot-ratelimit-remaining")
        span = _number(headers, "x-hubspot-ratelimit-interval-milliseconds")
        if most and left is not None:
            each = (span or 10_000) / 1000 / (most * (1 - RESERVE))
            self._each = min(each if left >= most * RESERVE else 2 * each, _LONGEST)  # others are busy too
        day = _number(headers, "x-hubspot-ratelimit-daily")
        day_left = _number(headers, "x-hubspot-ratelimit-daily-remaining")
        if day and day_left is not None:
            self._day = day_left / day


def _number(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "")
    return int(value) if value.isascii() and value.isdigit() else None
