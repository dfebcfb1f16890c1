# SPDX-License-Identifier: Apache-2.0
"""Is this still the database that the journal tells of? If it lacks a link of it, it was restored or swapped.

The other way round is no harm: what a crash kept from the journal is filled in from the database.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session, col, select

from hub.store.db import Database
from hub.store.journal import Journal, Mark, Told
from hub.store.tables import ChainHead, ChainLink

RESTORED = "the database was restored from a backup: see `hub restore status`"
UNREADABLE = "the journal of stops cannot be read"
_AGAIN = 2.0  # seconds for which a look counts
_AT_ONCE = 2000  # links compared in one look


class Watch:
    """Compares one controller's chain with the journal, as both grow."""

    def __init__(self, db: Database, journal: Journal, controller_id: str) -> None:
        self._db, self._journal, self._controller = db, journal, controller_id
        self._mark: Mark | None = None
        self._suspects: list[Told] = []
        self.tip = 0

    def behind(self) -> bool:
        """Does the database lack a link, or did another process find so? Raises `OSError`."""
        # the journal first: what it tells was committed before, so that what is read after must hold it
        lines, self._mark = self._journal.since(self._controller, self._mark)
        restored = max((i for i, line in enumerate(lines) if line.restores), default=None)
        told = lines[restored or 0 :][-_AT_ONCE:]
        suspects = told if restored is not None else [*self._suspects, *told]
        with self._db.read() as session:
            head = session.get(ChainHead, self._controller)
            there = _hashes(session, self._controller, suspects)
        lost = [place for place in suspects if there.get(place.seq) != place.hash]
        self._suspects = [*lost[:1], *([max(suspects)] if suspects else [])]
        self.tip = max(suspects).seq if suspects else 0
        return bool(lost) or bool(head and head.behind_since)


def _hashes(session: Session, controller_id: str, places: list[Told]) -> dict[int, str]:
    wanted = {place.seq for place in places}
    mine = select(ChainLink.seq, ChainLink.hash).where(ChainLink.controller_id == controller_id)
    return dict(session.exec(mine.where(col(ChainLink.seq).in_(wanted))).all()) if wanted else {}


class _Looked(NamedTuple):
    at: float  # monotonic seconds
    fault: str


class Continuity:
    """What a process knows about all its chains. Without a journal, nothing is ever found."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._watches: dict[str, Watch] = {}
        self._looked: dict[str, _Looked] = {}

    def fault(self, controller_id: str) -> str:
        """Why nothing may be decided for this controller; empty when nothing is wrong. At most `_AGAIN` seconds old."""
        if self._db.journal is None:
            return ""
        with self._lock:
            looked = self._looked.get(controller_id)
            if looked is None or time.monotonic() - looked.at >= _AGAIN:
                looked = self._looked[controller_id] = _Looked(time.monotonic(), self._look(controller_id))
            return looked.fault

    def _look(self, controller_id: str) -> str:
        journal = self._db.journal
        assert journal is not None
        watch = self._watches.setdefault(controller_id, Watch(self._db, journal, controller_id))
        try:
            return RESTORED if watch.behind() else ""
        except OSError:
            return UNREADABLE

    def meet(self, controller_id: str, seq: int) -> None:
        """A chain of `seq` links is open before us. If it was longer a moment ago, look anew before anything else."""
        watch = self._watches.get(controller_id)
        if watch is not None and seq < watch.tip:
            self.look_again()

    def look_again(self) -> None:
        """Forget what was found; what was read stays read."""
        self._looked = {}


def note(db: Database, controller_id: str, now: datetime) -> None:
    """Write down that the database is behind, so that every process on every machine knows."""
    if db.journal is None:
        return
    with db.write() as session:
        head = lock_head(session, controller_id)
        # under the lock, since a replay may have ended a moment ago
        if head.behind_since is None and Watch(db, db.journal, controller_id).behind():
            head.behind_since = now
            session.add(head)


def lock_head(session: Session, controller_id: str) -> ChainHead:
    """The end of a chain, read anew and locked until commit."""
    mine = select(ChainHead).where(ChainHead.controller_id == controller_id).with_for_update()
    return session.exec(mine.execution_options(populate_existing=True)).one()
