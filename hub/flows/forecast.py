# SPDX-License-Identifier: Apache-2.0
"""When a campaign will have left, under all limits. Arithmetic only: it plays the sending second by second.

It knows the sender's rate, the platform's number of people in any 24 hours, quiet hours, what other campaigns still
have to send, and a canary. It does not know what will fail, and who will write STOP meanwhile.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hub.law.hours import loud_from, quiet_from
from hub.law.policy import QuietHours

DAY, _HOUR = 86_400.0, 3_600.0
_STEPS = 50_000  # about; what takes longer is played in coarser steps
_LEAST = 1e-9
_TICK = 1e-3  # seconds
_NEVER = float("inf")
_AHEAD = timedelta(days=400)

Place = Callable[[str, datetime], datetime]  # when somebody in a zone gets what is let go at a time


@dataclass(frozen=True, slots=True)
class Pace:
    """What a sender may do. rate: messages per second. tier: people in any 24 hours, None: no limit.

    reached: how many were reached before, by the end of the hour in which they were, since hours are what is counted.
    others: what each other campaign has to send now. hours: kept by advertising; None: none are.
    """

    rate: float
    tier: int | None = None
    reached: tuple[tuple[datetime, int], ...] = ()
    others: tuple[int, ...] = ()
    hours: QuietHours | None = None


@dataclass(frozen=True, slots=True)
class Canary:
    """So many go first; the rest waits so long after the last of them."""

    people: int
    wait: timedelta


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the first and the last message leave. None: nobody, or never within a year."""

    first: datetime | None
    finish: datetime | None


def forecast(
    people: Mapping[str, int], place: Place, pace: Pace, begin: datetime, canary: Canary | None = None
) -> Forecast:
    """`people` to be written to by time zone, let go at `begin`."""
    total = sum(people.values())
    if not total:
        return Forecast(None, None)
    line = _Line(pace, begin)
    if canary is None or canary.people >= total:
        return line.play(people, place, begin)
    share = canary.people / total
    ahead = line.play({zone: count * share for zone, count in people.items()}, place, begin)
    if ahead.finish is None:
        return ahead
    rest = {zone: count * (1 - share) for zone, count in people.items()}
    go = ahead.finish + canary.wait
    line.wait(ahead.finish, go)
    after = line.play(rest, place, go)
    return Forecast(ahead.first, after.finish)


@dataclass(slots=True)
class _Zone:
    """People who wait in one time zone. Times in seconds since 1970; `until` is when `open` changes."""

    name: str
    count: float
    due: float
    open: bool = True
    until: float = _NEVER

    def look(self, hours: QuietHours | None, now: float) -> None:
        if hours is None or now < self.until:
            return
        at = _time(now)
        awake = loud_from(hours, self.name, at)
        self.open = awake <= at
        self.until = quiet_from(hours, self.name, at).timestamp() if self.open else awake.timestamp()


@dataclass(slots=True)
class _Line:
    """The sender's line as time goes by."""

    pace: Pace
    begin: datetime
    others: list[float] = field(init=False)
    used: deque[tuple[float, float]] = field(init=False)
    spent: float = field(init=False)

    def __post_init__(self) -> None:
        self.others = [float(count) for count in self.pace.others]
        self.used = deque(sorted((at.timestamp(), float(count)) for at, count in self.pace.reached))
        self.spent = sum(count for _, count in self.used)

    def play(self, people: Mapping[str, float], place: Place, begin: datetime) -> Forecast:
        until = _NEVER if self.pace.hours is None else 0.0
        zones = [
            _Zone(zone, count, place(zone, begin).timestamp(), until=until)
            for zone, count in people.items()
            if count > _LEAST
        ]
        now, end = begin.timestamp(), (begin + _AHEAD).timestamp()
        step = max(1.0, sum(zone.count for zone in zones) / self.pace.rate / _STEPS)
        first: float | None = None
        while zones and now < end:
            for zone in zones:
                zone.look(self.pace.hours, now)
            ready = [zone for zone in zones if zone.due <= now and zone.open]
            left = self._left(now)
            if left <= _LEAST or not ready:
                later = self._next(zones, now, left)
                self._serve_others(now, min(later, end))
                now = later
                continue
            first = now if first is None else first
            length = max(_TICK, min([step, *(zone.due - now for zone in zones if zone.due > now)]))
            budget = min(self.pace.rate * length, left)
            share = self._share(budget, now)
            mine = min(sum(zone.count for zone in ready), share)
            self._spend(now, mine)
            _take(ready, mine)
            zones = [zone for zone in zones if zone.count > _LEAST]
            now += length if zones else mine / share * budget / self.pace.rate
        return Forecast(_time(first) if first is not None else None, None if zones else _time(now))

    def wait(self, now: datetime, later: datetime) -> None:
        """Nothing of ours goes out meanwhile."""
        self._serve_others(now.timestamp(), later.timestamp())

    def _left(self, now: float) -> float:
        """What the platform's limit leaves for this moment."""
        while self.used and self.used[0][0] <= now - DAY:
            self.spent -= self.used.popleft()[1]
        return _NEVER if self.pace.tier is None else max(0.0, self.pace.tier - self.spent)

    def _spend(self, now: float, count: float) -> None:
        if self.pace.tier is None or count <= 0:
            return
        end = (now // _HOUR + 1) * _HOUR  # counted by the hour, as `hub.flows.tier` does
        before = self.used.pop()[1] if self.used and self.used[-1][0] == end else 0.0
        self.used.append((end, before + count))
        self.spent += count

    def _share(self, budget: float, now: float) -> float:
        """What of a step is ours: each campaign gets the same, and what one does not need goes to the others."""
        active = sorted((index for index, left in enumerate(self.others) if left > _LEAST), key=self.others.__getitem__)
        rest = budget
        for place, index in enumerate(active):
            served = min(self.others[index], rest / (len(active) - place + 1))
            self.others[index] -= served
            rest -= served
            self._spend(now, served)
        return rest

    def _next(self, zones: Iterable[_Zone], now: float, left: float) -> float:
        """When something can change: somebody is due or awake, or the limit opens."""
        if left <= _LEAST:
            return max(self.used[0][0] + DAY, now + _TICK) if self.used else _NEVER
        times = [zone.due if zone.due > now else zone.until for zone in zones]
        return max(min(times), now + _TICK)

    def _serve_others(self, now: float, later: float) -> None:
        """They go on while nothing of ours can."""
        budget = min(self.pace.rate * max(0.0, later - now), self._left(now))
        for index, left in enumerate(self.others):
            served = min(left, budget)
            self.others[index] -= served
            budget -= served
            self._spend(now, served)


def _take(ready: list[_Zone], count: float) -> None:
    """Who is due longest goes first."""
    for zone in sorted(ready, key=lambda one: one.due):
        served = min(zone.count, count)
        zone.count -= served
        count -= served


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
