# SPDX-License-Identifier: Apache-2.0
"""How much the platform takes: from a number, and towards one person.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/throughput
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from hub.testing.whatsapp.refusals import Refused

SECOND = timedelta(seconds=1)
PAIR_PACE = timedelta(seconds=6)
PAIR_BURST = 45


class Limits:
    """Throughput of the sender, and pace towards one person: lent in bursts, repaid by waiting."""

    def __init__(self, throughput: int, *, pair_rate: bool) -> None:
        self.throughput, self.pair_rate = throughput, pair_rate
        self._recent: deque[datetime] = deque()
        self._owed: dict[str, datetime] = {}

    def take(self, now: datetime) -> None:
        """Raises `Refused` 130429 when the last second is full."""
        while self._recent and now - self._recent[0] >= SECOND:
            self._recent.popleft()
        if len(self._recent) >= self.throughput:
            raise Refused(130429, "Message failed to send because there were too many messages in a short time")
        self._recent.append(now)

    def take_pair(self, person: str, now: datetime) -> None:
        """Raises `Refused` 131056."""
        if not self.pair_rate:
            return
        free_at = max(self._owed.get(person, now), now)
        if free_at - now > PAIR_PACE * (PAIR_BURST - 1):
            raise Refused(131056, "Too many messages sent from this phone number to the same user")
        self._owed[person] = free_at + PAIR_PACE
