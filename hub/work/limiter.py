# SPDX-License-Identifier: Apache-2.0
"""What a dispatcher may send now. It alone holds the sender's lease, so that what it remembers is the whole limit."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_WINDOW = 1.02  # seconds; the margin is for sends that reach the vendor closer together than they left
_AHEAD = 0.02  # seconds for which a batch may be claimed before its turn


@dataclass(slots=True)
class _Burst:
    at: float
    count: int


class Window:
    """Never more than `rate` sends in any second, handed out in tenths so that they spread over it.

    `leaves_at` is when what was taken last may leave: a little later than it was taken, so that claiming costs no time.
    `left` is for whoever sends it, from any thread: it left only now.
    """

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate, self._clock = rate, clock
        self._sent: deque[_Burst] = deque()
        self._open_at = self.leaves_at = clock()

    def wait(self) -> float:
        """Seconds until something may be taken."""
        now = self._clock()
        return max(0.0, self._next(now) - _AHEAD - now)

    def take(self, most: int) -> int:
        """How many may be sent, up to `most`, at `leaves_at`; they count as sent."""
        now = self._clock()
        at = max(now, self._next(now))
        count = min(most, max(1, self.rate // 10), self.rate - self._used(at)) if at <= now + _AHEAD else 0
        if count > 0:
            self._sent.append(_Burst(at, count))
            self.leaves_at = at
            # a turn that came late does not make the next ones late
            self._open_at = max(self._open_at, at - 0.1) + count / self.rate
        return max(count, 0)

    def give_back(self, count: int) -> None:
        """Of what was taken last, `count` were not used; the others leave now, or when their turn comes."""
        last = self._sent.pop()
        if last.count > count:
            self.leaves_at = max(last.at, self._clock())
            self._sent.append(_Burst(self.leaves_at, last.count - count))
        if count:
            self._open_at = min(self._open_at, last.at)

    def left(self) -> Callable[[], None]:
        """To be called when what was taken last really leaves: from then on it counts."""
        last, clock = self._sent[-1], self._clock

        def now() -> None:
            last.at = max(last.at, clock())

        return now

    def heard(self, count: int) -> None:
        """`count` messages came in, which the vendor counts as well."""
        if count:
            self._sent.append(_Burst(max(self._clock(), self._sent[-1].at if self._sent else 0.0), count))

    def _next(self, now: float) -> float:
        """When there is room."""
        at = max(now, self._open_at)
        left = self._used(at) - self.rate
        for burst in self._sent:
            if left < 0:
                break
            at, left = max(at, burst.at + _WINDOW), left - burst.count
        return at

    def _used(self, at: float) -> int:
        """Sends in the second before `at`."""
        while self._sent and self._sent[0].at <= min(at, self._clock()) - _WINDOW:
            self._sent.popleft()
        return sum(burst.count for burst in self._sent if burst.at > at - _WINDOW)


class Pairs:
    """A pace towards each person: one message in `seconds`, of which `burst` may be sent ahead and are waited for
    afterwards (generic cell rate algorithm). What it forgets when the process ends, the vendor still knows."""

    def __init__(self, seconds: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._lent, self._clock = seconds, seconds * (burst - 1), clock
        self._free_at: dict[str, float] = {}
        self._tidy_at = 1000

    def wait(self, person: str) -> float:
        """Seconds until this person may be sent one more; 0: now."""
        return max(0.0, self._free_at.get(person, 0.0) - self._lent - self._clock())

    def take(self, person: str) -> None:
        """One message leaves for this person."""
        now = self._clock()
        self._free_at[person] = max(self._free_at.get(person, now), now) + self._seconds
        if len(self._free_at) > self._tidy_at:
            self._free_at = {one: at for one, at in self._free_at.items() if at > now}
            self._tidy_at = 1000 + 2 * len(self._free_at)
