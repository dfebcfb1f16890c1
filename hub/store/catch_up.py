# SPDX-License-Identifier: Apache-2.0
"""Fills the journal from the database: links that a crash, a full disk or another machine kept out of it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from hub.store.db import Database
from hub.store.journal import LEFT_OUT, Journal, Line, Mark, Told
from hub.store.ledger import leaf, links_of
from hub.store.tables import ChainLink, DecisionRow, LedgerRow

SETTLED = timedelta(seconds=5)  # a younger link may still be on its way into the journal


class CatchUp:
    """One controller's. The first round reads the journal from its start, the others only what is new in both."""

    def __init__(self, db: Database, journal: Journal, controller_id: str) -> None:
        self._db, self._journal, self._controller = db, journal, controller_id
        self._forget()

    def _forget(self) -> None:
        self._mark: Mark = {}
        self._seq = 0  # all links up to here are in the journal
        self._told: dict[int, str] = {}  # what stands in it after that

    def run(self, until: datetime | None = None) -> int:
        """Append the links that are missing; returns how many. Only for a database that is not behind.

        `until`: younger links are left to whoever makes them. Raises `OSError`.
        """
        if any(line.restores for line in self._read()):  # the chain counts anew
            self._forget()
            self._read()
        count = 0
        with self._db.read() as session:
            for link in links_of(session, self._controller, self._seq):
                if until is not None and link.at > until:
                    break
                if self._told.get(link.seq) != link.hash:
                    self._journal.append([read_line(session, link)])
                    count += 1
                self._seq = link.seq
        self._told = {seq: digest for seq, digest in self._told.items() if seq > self._seq}
        return count

    def _read(self) -> list[Told]:
        lines, self._mark = self._journal.since(self._controller, self._mark)
        self._told |= {line.seq: line.hash for line in lines if line.whole}
        return lines


def read_line(session: Session, link: ChainLink) -> Line:
    """A link's line, made from its rows."""
    leaves: dict[int, str] = {}
    events: dict[int, str] = {}
    rest: Counter[str] = Counter()
    for event in _rows(session, LedgerRow, link):
        leaves[event.position] = leaf("ledger", event.record)
        if event.kind in LEFT_OUT:
            rest[event.kind] += 1
        else:
            events[event.position] = event.record
    for decision in _rows(session, DecisionRow, link):
        leaves[decision.position] = leaf("decision", decision.record)
        rest[f"{decision.phase} {decision.verdict}"] += 1
    return Line.of(link, [leaves[place] for place in sorted(leaves)], events, rest)


def _rows(session: Session, table: Any, link: ChainLink) -> Any:
    return session.exec(select(table).where(table.controller_id == link.controller_id, table.seq == link.seq))
