# SPDX-License-Identifier: Apache-2.0
"""A clock that can be moved: emulators and the embedded hub may share one."""

from __future__ import annotations

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
