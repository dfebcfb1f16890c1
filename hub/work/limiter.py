# SPDX-License-Identifier: Apache-2.0
"""A sender's rate. One dispatcher per sender holds the lease, so a local window is the whole limit."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

_WINDOW = 1.02  # seconds; the margin is for sends that reach the vendor closer together than they left


class Window:
    """Never more than `rate` sends in any second, handed out in tenths so that they spread over it."""

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate, self._clock = rate, clock
        self._chunk = max(1, rate // 10)
        self._sent: deque[tuple[float, int]] = deque()
        self._open_at = clock()

    def wait(self) -> float:
        """Seconds until something may be sent."""
        now = self._clock()
        full = self._used(now) >= self.rate
        return max(0.0, self._open_at - now, self._sent[0][0] + _WINDOW - now if full else 0.0)

    def take(self, most: int) -> int:
        """How many may be sent now, up to `most`; they count as sent."""
        now = self._clock()
        count = 0 if now < self._open_at else min(most, self._chunk, self.rate - self._used(now))
        if count:
            self._sent.append((now, count))
            self._open_at = now + count / self.rate
        return count

    def give_back(self, count: int) -> None:
        """Of what was taken last, `count` were not used; the others leave now."""
        at, taken = self._sent.pop()
        if taken > count:
            self._sent.append((self._clock(), taken - count))
        if count:
            self._open_at = at

    def _used(self, now: float) -> int:
        while self._sent and self._sent[0][0] <= now - _WINDOW:
            self._sent.popleft()
        return sum(count for _, count in self._sent)
