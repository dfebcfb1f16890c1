# SPDX-License-Identifier: Apache-2.0
"""Commits that survive a power cut, several with one write to the disk.

SQLite's own `synchronous=FULL` waits for the disk while it holds the write lock, so everybody waits for every commit.
Here a commit is written under the lock and synced after it, together with whatever others committed meanwhile.
A log of frames is read back up to the last whole commit, so what is synced never rests on something that is not.
Source: sqlite.org/wal.html, sqlite.org/pragma.html#pragma_synchronous
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

from sqlalchemy.exc import OperationalError


class Log:
    """The write-ahead log of a SQLite database, shared by the threads of a process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None
        self._counting, self._syncing = threading.Lock(), threading.Lock()
        self._asked = self._synced = 0
        self._lost: OSError | None = None

    def sync(self) -> None:
        """Return once everything committed before this call is on the disk.

        Raises `OperationalError` when the disk refuses, and from then on: what it took before may be gone, too.
        """
        with self._counting:
            self._asked += 1
            mine = self._asked
        with self._syncing:
            if self._lost is None and self._synced < mine:
                reached = self._asked
                try:
                    self._to_disk()
                except OSError as error:
                    self._lost = error
                else:
                    self._synced = reached
        if self._lost is not None:
            raise OperationalError("sync of the write-ahead log; look at the disk, then start anew", None, self._lost)

    def _to_disk(self) -> None:
        try:
            there = self._path.stat().st_ino
        except FileNotFoundError:
            return  # the last connection closed: everything is in the database, and synced
        if self._handle is None or os.fstat(self._handle).st_ino != there:
            self.close()
            self._handle = os.open(self._path, os.O_RDWR)
        os.fdatasync(self._handle)

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            with suppress(OSError):
                os.close(handle)
