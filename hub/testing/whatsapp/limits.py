# SPDX-License-Identifier: Apache-2.0
"""How much the platform takes: from a number, from its portfolio, and towards one person.

Source: developers.facebook.com/documentation/business-messaging/whatsapp: throughput, messaging-limits,
templates/marketing-templates/per-user-limits
"""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

from hub.testing.whatsapp.refusals import Refused

SECOND, DAY = timedelta(seconds=1), timedelta(hours=24)
PAIR_PACE = timedelta(seconds=6)
PAIR_BURST = 45


class Limits:
    """Throughput of the sender, and pace towards one person: lent in bursts, repaid by waiting.

    tier: people outside a service window in moving 24 hours, None without limit. Meta publishes no code for the excess;
    `tier_code` is what the emulator answers. marketing_cap: advertising that one person gets in moving 24 hours, None
    where Meta does not cap (EEA, UK, Japan, South Korea); Meta publishes neither number nor period.
    """

    def __init__(self, throughput: int, *, pair_rate: bool, tier: int | None, marketing_cap: int | None) -> None:
        self.throughput, self.pair_rate = throughput, pair_rate
        self.tier, self.tier_code, self.marketing_cap = tier, 131048, marketing_cap
        self._recent: deque[datetime] = deque()
        self._owed: dict[str, datetime] = {}
        self._reached: OrderedDict[str, datetime] = OrderedDict()  # person: last time; oldest first
        self._advertised: dict[str, deque[datetime]] = {}

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

    def take_tier(self, person: str, now: datetime) -> None:
        """One more person outside a window. Raises `Refused` when the portfolio's day is full."""
        if self.tier is None:
            return
        while self._reached and now - next(iter(self._reached.values())) >= DAY:
            self._reached.popitem(last=False)
        if person not in self._reached and len(self._reached) >= self.tier:
            raise Refused(self.tier_code, "the messaging limit of the business portfolio is reached")
        self._reached[person] = now
        self._reached.move_to_end(person)

    def capped(self, person: str, now: datetime) -> bool:
        """Whether one more advertisement would be too many for this person; if not, it counts."""
        if self.marketing_cap is None:
            return False
        seen = self._advertised.setdefault(person, deque())
        while seen and now - seen[0] >= DAY:
            seen.popleft()
        if len(seen) >= self.marketing_cap:
            return True
        seen.append(now)
        return False
