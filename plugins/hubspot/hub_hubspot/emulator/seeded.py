# SPDX-License-Identifier: Apache-2.0
"""Contacts that an account has from the start, made only when somebody looks at them: a million cost no memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache

STEP = 7  # from one record id to the next
_EMAIL = re.compile(r"person(\d+)@example\.org")


class Seeded:
    """`make(index)` gives a contact's properties, the same each time. `at` is when all of them were last changed."""

    def __init__(self, first: int, count: int, at: datetime, make: Callable[[int], dict[str, str]]) -> None:
        self.first, self.count, self.at = first, count, at
        self.make = lru_cache(20_000)(make)

    @property
    def last(self) -> int:
        """The greatest id."""
        return self.first + (self.count - 1) * STEP

    def index(self, number: int) -> int | None:
        """Which contact has this id."""
        place, rest = divmod(number - self.first, STEP)
        return place if rest == 0 and 0 <= place < self.count else None

    def ids(self, after: int) -> Iterator[int]:
        """Ids greater than `after`, in order."""
        start = max(0, (after - self.first) // STEP + 1)
        return iter(range(self.first + start * STEP, self.last + 1, STEP))

    def with_email(self, email: str) -> int | None:
        """The id of the contact that was made with this address."""
        found = _EMAIL.fullmatch(email)
        place = int(found[1]) if found else self.count
        return self.first + place * STEP if place < self.count else None
