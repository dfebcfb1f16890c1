# SPDX-License-Identifier: Apache-2.0
"""A clock that can be moved: emulators and the embedded hub may share one. And waiting, in real time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """Real time plus an offset."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.offset = offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def __call__(self) -> datetime:
        return self.now()

    def advance(self, by: timedelta) -> None:
        self.offset += by


def until(done: Callable[[], object], what: str = "what was expected", seconds: float = 60.0) -> None:
    """Wait for something. Raises `TimeoutError` naming it."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.01)
