# SPDX-License-Identifier: Apache-2.0
"""HubSpot's limiters: a rolling ten-second window and a day for everything, one second for searches."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from starlette.responses import Response

from hub.testing.emulator import answer
from hub_hubspot.emulator.answers import correlation


class Window:
    """At most `limit` calls in any `seconds`."""

    def __init__(self, limit: int, seconds: float, now: Callable[[], datetime]) -> None:
        self.limit, self._span, self._now = limit, timedelta(seconds=seconds), now
        self._calls: deque[datetime] = deque()

    def take(self) -> bool:
        now = self._now()
        while self._calls and now - self._calls[0] >= self._span:
            self._calls.popleft()
        if len(self._calls) >= self.limit:
            return False
        self._calls.append(now)
        return True

    @property
    def left(self) -> int:
        return max(self.limit - len(self._calls), 0)


class Limits:
    """The limiters of one account."""

    def __init__(self, now: Callable[[], datetime], *, limit: int, searches: int, daily: int) -> None:
        self.burst = Window(limit, 10, now)
        self.search = Window(searches, 1, now)
        self.day = Window(daily, 86_400, now)

    def refuse(self, *, searching: bool) -> Response | None:
        """The answer to a call that comes too fast. The two messages are those the official clients look for."""
        if not self.day.take():
            return _too_many("You have reached your daily limit.", "DAILY")
        if searching:
            return None if self.search.take() else _too_many("You have reached your secondly limit.", "SECONDLY")
        if not self.burst.take():
            return _too_many("You have reached your ten_secondly_rolling limit.", "TEN_SECONDLY_ROLLING")
        return None

    def headers(self, *, daily: bool) -> dict[str, str]:
        """What non-search answers carry; of the day, only where the token is not OAuth's."""
        told = {
            "x-hubspot-ratelimit-max": str(self.burst.limit),
            "x-hubspot-ratelimit-remaining": str(self.burst.left),
            "x-hubspot-ratelimit-interval-milliseconds": "10000",
        }
        if daily:
            told["x-hubspot-ratelimit-daily"] = str(self.day.limit)
            told["x-hubspot-ratelimit-daily-remaining"] = str(self.day.left)
        return told


def _too_many(message: str, policy: str) -> Response:
    body = {"status": "error", "message": message, "errorType": "RATE_LIMIT", "policyName": policy}
    return answer(429, {**body, "correlationId": correlation(), "requestId": correlation()})
