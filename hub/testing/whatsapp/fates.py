# SPDX-License-Identifier: Apache-2.0
"""What becomes of an accepted message on the emulated WhatsApp, and what befalls the business's number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from hub.testing.whatsapp.crowd import Crowd
from hub.testing.whatsapp.dialect import Sent
from hub.testing.whatsapp.limits import Limits
from hub.testing.whatsapp.people import EVERY_STATUS, User
from hub.testing.whatsapp.refusals import Refused
from hub.testing.whatsapp.shelf import Shelf
from hub.testing.whatsapp.templates import Stored

MAINTENANCE = timedelta(minutes=1)  # that long a number is gone when its throughput is raised
FREE = "service"  # the category of what is no template


class _Told(NamedTuple):
    """One status, as it will be told."""

    user: User
    sent: Sent
    status: str
    category: str
    code: int


class Fates(Crowd, Shelf):
    """Statuses, and everything that keeps a message from arriving. Options as in `WhatsApp`."""

    def __init__(
        self,
        *,
        throughput: int = 80,
        pair_rate: bool = True,
        tier: int | None = None,
        marketing_cap: int | None = None,
        delays: tuple[float, float, float] = (0.02, 0.1, 0.3),
        late_errors: Sequence[int] = (),
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.limits = Limits(throughput, pair_rate=pair_rate, tier=tier, marketing_cap=marketing_cap)
        self.delays = dict(zip(EVERY_STATUS, delays, strict=True))
        self.late_errors = set(late_errors)
        self.quality = "GREEN"  # of the number
        self.token_expired = False
        self.restricted_until: datetime | None = None
        self.maintenance_until: datetime | None = None
        self._held: list[tuple[User, Sent, Stored]] = []
        self._dark: set[str] = set()
        self._withheld: list[_Told] = []

    # the number

    def rate_number(self, quality: str) -> None:
        """ "GREEN", "YELLOW" or "RED"."""
        old, self.quality = self.quality, quality
        self.tell_sender("quality", old=old, new=quality)

    def set_tier(self, people: int | None) -> None:
        """The portfolio's limit of people in moving 24 hours."""
        old, self.limits.tier = self.limits.tier, people
        self.tell_sender("tier", old=str(old or -1), new=str(people or -1))

    def raise_throughput(self, per_second: int) -> None:
        """The number gets faster, and is in maintenance for a minute."""
        old, self.limits.throughput = self.limits.throughput, per_second
        self.maintenance_until = self.clock.now() + MAINTENANCE
        self.tell_sender("throughput", old=str(old), new=str(per_second))

    def restrict(self, hours: float) -> None:
        """Meta punishes: for so long, no templates leave."""
        self.restricted_until = self.clock.now() + timedelta(hours=hours)
        self.tell_sender("restricted", old="", new=self.restricted_until.isoformat())

    def standing(self, now: datetime, *, answering: bool) -> None:
        """Raises `Refused` while the number may not send; `answering` inside a window is allowed longer."""
        if self.maintenance_until is not None and now < self.maintenance_until:
            raise Refused(131057, "the number is in maintenance")
        if self.restricted_until is not None and now < self.restricted_until and not answering:
            raise Refused(368, "the account is restricted from sending templates")

    # pacing

    def hold(self, user: User, sent: Sent, template: Stored) -> None:
        with self.lock:
            self._held.append((user, sent, template))

    def judge(self, name: str, language: str, *, good: bool) -> None:
        """Feedback on the first messages of a paced template is in: the rest is released or dropped."""
        template = self.templates[name, language]
        template.pacing = None
        with self.lock:
            mine = [one for one in self._held if one[2] is template]
            self._held = [one for one in self._held if one[2] is not template]
        for user, sent, _ in mine:
            self.tell_fate(user, sent, template.category, 0 if good else 132015)

    # outages

    def outage(self, prefix: str) -> None:
        """Nobody whose number begins like this hears anything, and nothing is heard of what was sent there."""
        self._dark.add(prefix.removeprefix("+"))

    def end_outage(self, prefix: str) -> None:
        """Everything that was withheld comes now."""
        self._dark.discard(prefix.removeprefix("+"))
        with self.lock:
            due = [told for told in self._withheld if not self._is_dark(told.user)]
            self._withheld = [told for told in self._withheld if self._is_dark(told.user)]
        for told in due:
            self.tell_status(
                told.user, told.sent, told.status, self.clock.now(), category=told.category, code=told.code, after=0.0
            )

    def _is_dark(self, user: User) -> bool:
        return bool(self._dark) and user.digits.startswith(tuple(self._dark))

    # statuses

    def tell_fate(self, user: User, sent: Sent, category: str, code: int) -> None:
        """Every status of an accepted message; `code` is why it fails, 0 while nothing is known against it."""
        code = code or self._obstacle(user, sent.at, category)
        for status in ("failed",) if code else user.statuses:
            self.report(user, sent, status, category=category, code=code)

    def _obstacle(self, user: User, now: datetime, category: str) -> int:
        if not user.has_whatsapp:
            return 131026
        if category == "MARKETING" and user.stopped:
            return 131050
        if user.fails:
            return user.fails
        capped = category == "MARKETING" and not user.window_open(now) and self.limits.capped(user.digits, now)
        return 131049 if capped else 0

    def report(self, user: User, sent: Sent, status: str, *, category: str, code: int = 0) -> None:
        """Tell one status of a message, after its delay."""
        if self._is_dark(user):
            with self.lock:
                self._withheld.append(_Told(user, sent, status, category, code))
            return
        after = self.delays.get(status, self.delays["sent"])
        at = sent.at + timedelta(seconds=after)
        self.tell_status(user, sent, status, at, category=category, code=code, after=after)
