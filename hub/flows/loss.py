# SPDX-License-Identifier: Apache-2.0
"""What the journal knows and the database does not: the loss that a backup brings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

import orjson
from sqlmodel import Session, col, select

from hub.flows.replayed import Lost
from hub.proof.chain import GENESIS
from hub.proof.roots import Statement
from hub.store.journal import RESTORED, Damaged, Entry, Journal, Line, Signed
from hub.store.tables import ChainHead, ChainLink, LedgerRow

_PAGE = 500


@dataclass(slots=True)
class Loss:
    """The loss of one controller. `behind`: nothing is decided until its stops were replayed."""

    controller_id: str
    behind: bool = False
    links: list[Line] = field(default_factory=list)  # the lost end of the chain
    events: list[Lost] = field(default_factory=list)  # not in the ledger, in the order they were recorded
    gaps: list[tuple[int, int]] = field(default_factory=list)  # links that the journal does not know either
    damaged: list[Damaged] = field(default_factory=list)
    unreadable: list[Damaged] = field(default_factory=list)  # of these, links that only such a line tells of
    roots: list[Statement] = field(default_factory=list)  # signed, and no longer in the chain
    told: bool = False  # a replay has accounted for this loss

    @property
    def incomplete(self) -> bool:
        """Something was lost that the journals at hand cannot tell."""
        return bool(self.gaps or self.unreadable) or (self.behind and not self.links)

    @property
    def last(self) -> tuple[int, str]:
        """Place and hash of the newest lost link that is known of; 0 and nothing if none is."""
        known: list[Line | Damaged] = [*self.links, *self.unreadable]
        return max(((one.seq, one.hash) for one in known), default=(0, ""))

    @property
    def rest(self) -> Counter[str]:
        """Lost records that do not come back, by kind."""
        return sum((Counter(line.rest or {}) for line in self.links), Counter())


def survey(session: Session, controller_id: str, sources: Sequence[Journal]) -> Loss:
    """Compare the journals with the database, from their start. Raises `OSError`."""
    loss = Loss(controller_id)
    readings = [_read(session, controller_id, source) for source in sources]
    lost = {line.hash: line for reading in readings for line in reading.lost}
    over = {digest for reading in readings for digest in reading.over}
    loss.links = sorted((line for line in lost.values() if line.hash not in over), key=lambda line: line.seq)
    loss.events = _events(session, lost.values())
    loss.gaps = _gaps(session, controller_id, loss.links)
    loss.damaged = [one for reading in readings for one in reading.damaged]
    loss.unreadable = [
        one for reading in readings for one in reading.unreadable if one.hash not in over and one.hash not in lost
    ]
    signed = _statements(one for reading in readings for one in reading.signed)
    loss.roots = [one for one in signed if _hash(session, controller_id, one.last_seq) != one.head]
    head = session.get(ChainHead, controller_id)
    loss.behind = bool(loss.links or loss.unreadable) or bool(head and head.behind_since)
    loss.told = bool(loss.last[0]) and loss.last[1] in _accounted(session, controller_id)
    return loss


@dataclass(slots=True)
class _Reading:
    """One journal. Its own order counts, since clocks may differ."""

    lost: list[Line] = field(default_factory=list)
    unreadable: list[Damaged] = field(default_factory=list)
    over: set[str] = field(default_factory=set)  # lost, and accounted for by a later restore
    signed: list[Signed] = field(default_factory=list)
    damaged: list[Damaged] = field(default_factory=list)

    def take(self, entry: Entry, here: set[tuple[int, str]]) -> None:
        if isinstance(entry, Signed):
            self.signed.append(entry)
            return
        known = (entry.seq, entry.hash) in here
        if isinstance(entry, Damaged):
            self.damaged.append(entry)
            if entry.hash and not known:
                self.unreadable.append(entry)
            return
        if entry.restores:  # one that was lost itself accounts only for the chain that it replaced
            gone: list[Line | Damaged] = [*self.lost, *self.unreadable]
            self.over |= {one.hash for one in gone if known or one.seq >= entry.seq}
        if not known:
            self.lost.append(entry)


def _read(session: Session, controller_id: str, source: Journal) -> _Reading:
    reading = _Reading()
    entries = source.read(controller_id)
    while page := list(islice(entries, _PAGE)):
        here = _here(session, controller_id, {one.seq for one in page if not isinstance(one, Signed)})
        for entry in page:
            reading.take(entry, here)
    return reading


def restores_of(session: Session, controller_id: str) -> list[LedgerRow]:
    """The restores that the chain itself tells of."""
    mine = select(LedgerRow).where(LedgerRow.controller_id == controller_id, LedgerRow.kind == RESTORED)
    return list(session.exec(mine.order_by(col(LedgerRow.seq))))


def _accounted(session: Session, controller_id: str) -> set[str]:
    return {orjson.loads(row.record)["last"]["hash"] for row in restores_of(session, controller_id)}


def _here(session: Session, controller_id: str, seqs: set[int]) -> set[tuple[int, str]]:
    mine = select(ChainLink.seq, ChainLink.hash).where(ChainLink.controller_id == controller_id)
    return set(session.exec(mine.where(col(ChainLink.seq).in_(seqs))))


def _hash(session: Session, controller_id: str, seq: int) -> str:
    mine = select(ChainLink.hash).where(ChainLink.controller_id == controller_id, ChainLink.seq == seq)
    return session.exec(mine).first() or (GENESIS if seq == 0 else "")


def _events(session: Session, lines: Iterable[Line]) -> list[Lost]:
    """Each once, as it was recorded first: a restored chain that was lost as well repeats them."""
    found = sorted(
        (Lost.of(line, event) for line in lines for event in line.events),
        key=lambda event: (event.recorded_at, event.seq, event.position),
        reverse=True,
    )
    once = {event.id: event for event in found if event.kind != RESTORED}
    ids, known = list(once), set[str]()
    for start in range(0, len(ids), _PAGE):
        page = ids[start : start + _PAGE]
        known |= set(session.exec(select(LedgerRow.id).where(col(LedgerRow.id).in_(page))))
    return [event for event in reversed(once.values()) if event.id not in known]


def _gaps(session: Session, controller_id: str, links: Sequence[Line]) -> list[tuple[int, int]]:
    if not links:
        return []
    first = links[0]
    before = _hash(session, controller_id, first.seq - 1) == first.prev
    gaps = [] if before else [(first.seq - 1, first.seq - 1)]  # at least this one
    return gaps + [(a.seq + 1, b.seq - 1) for a, b in pairwise(links) if b.seq > a.seq + 1]


def _statements(signed: Iterable[Signed]) -> list[Statement]:
    once = {(one.statement.first_seq, one.statement.head): one.statement for one in signed}
    return [once[key] for key in sorted(once)]
