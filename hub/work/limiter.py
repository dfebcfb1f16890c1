# SPDX-License-Identifier: Apache-2.0
"""A sender's rate. One dispatcher per sender holds the lease, so a local token bucket is the whole limit."""

from __future__ import annotations

import time
from collections.abc import Callable


class Bucket:
    """`rate` tokens per second, at most `burst` saved up. Starts empty: a restart gives no second burst."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate, self.burst, self._clock = rate, burst, clock
        self._tokens, self._at = 0.0, clock()

    def take(self, most: int) -> int:
        """Up to `most` whole tokens, as many as there are."""
        self._fill()
        taken = min(int(self._tokens), most)
        self._tokens -= taken
        return taken

    def give_back(self, tokens: int) -> None:
        self._tokens = min(self.burst, self._tokens + tokens)

    def wait_for(self, tokens: int) -> float:
        """Seconds until that many tokens are there."""
        self._fill()
        return max(0.0, (min(tokens, self.burst) - self._tokens) / self.rate)

    def _fill(self) -> None:
        now = self._clock()
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
