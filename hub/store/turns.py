# SPDX-License-Identifier: Apache-2.0
"""Writers of one process, first come, first served.

SQLite has no queue: who finds its write lock taken looks again after a while, and a busy writer wins most of the time.
A stop would then wait behind a campaign for seconds.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any


class Turns:
    """A lock that is handed to whoever has waited longest. Use as a context manager."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._holder: int | None = None
        self._waiting: deque[tuple[int, threading.Event]] = deque()

    def __enter__(self) -> None:
        me, turn = threading.get_ident(), threading.Event()
        with self._guard:
            if self._holder is None:
                self._holder = me
                return
            if self._holder == me:
                raise RuntimeError("a transaction inside a transaction")
            self._waiting.append((me, turn))
        try:
            turn.wait()
        except BaseException:  # a signal or a time limit
            self._leave(me, turn)
            raise

    def __exit__(self, *error: Any) -> None:
        with self._guard:
            self._next()

    def _next(self) -> None:
        self._holder = None
        if self._waiting:
            self._holder, turn = self._waiting.popleft()
            turn.set()

    def _leave(self, me: int, turn: threading.Event) -> None:
        with self._guard:
            if turn.is_set():  # it was handed over in that very moment
                self._next()
            else:
                self._waiting.remove((me, turn))
