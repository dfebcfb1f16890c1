# SPDX-License-Identifier: Apache-2.0
"""Which kinds of events somebody subscribed to, as last read: asked with every batch of messages, so kept at hand."""

from __future__ import annotations

import time

from sqlmodel import select

from hub.store.db import Database
from hub.store.tables import Subscription

_RELOAD = 2.0  # seconds until a subscription made by another process counts


class Wanted:
    """The kinds that are wanted now, by controller."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kinds: dict[str, frozenset[str]] = {}
        self._read_at = float("-inf")  # monotonic seconds

    def kinds(self, controller_id: str) -> frozenset[str]:
        if time.monotonic() - self._read_at >= _RELOAD:
            found: dict[str, frozenset[str]] = {}
            with self._db.read() as session:
                for owner, kinds in session.exec(select(Subscription.controller_id, Subscription.kinds)):
                    found[owner] = found.get(owner, frozenset()).union(kinds)
            self._kinds, self._read_at = found, time.monotonic()
        return self._kinds.get(controller_id, frozenset())

    def reload(self) -> None:
        """Read them anew at the next question."""
        self._read_at = float("-inf")
