# SPDX-License-Identifier: Apache-2.0
"""What the journal knows and the database does not: the loss that a backup brings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
    torn: bool = False  # a journal ends with a damaged line
    roots: list[Statement] = field(default_factory=list)  # signed, and no longer in the chain
    told: bool = False  # a replay has accounted for this loss

    @property
    def incomplete(self) -> bool:
        """Something was lost that the journals at hand cannot tell."""
        return bool(self.gaps) or (self.torn and bool(self.links)) or (self.behind and not self.links)

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
    loss.torn = any(reading.torn for reading in readings)
    signed = _statements(one for reading in readings for one in reading.signed)
    loss.roots = [one for one in signed if _hash(session, controller_id, one.last_seq) != one.head]
    head = session.get(ChainHead, controller_id)
    loss.behind = bool(loss.links) or bool(head and head.behind_since)
    loss.told = bool(loss.links) and loss.links[-1].hash in _accounted(session, controller_id)
    return loss


@dataclass(slots=True)
class _Reading:
    """One journal. Its own order counts, since clocks may differ."""

    lost: list[Line] = field(default_factory=list)
    over: set[str] = field(default_factory=set)  # lost, and accounted for by a later restore
    signed: list[Signed] = field(default_factory=list)
    damaged: list[Damaged] = field(default_factory=list)
    torn: bool = False

    def take(self, line: Line, here: bool) -> None:
        if line.restores:  # one that was lost itself accounts only for the chain that it replaced
            self.over |= {one.hash for one in self.lost if here or one.seq >= line.seq}
        if not here:
            self.lost.append(line)


def _read(session: Session, controller_id: str, source: Journal) -> _Reading:
    reading = _Reading()
    last: Entry | None = None
    for page in _pages(source.read(controller_id)):
        lines = [entry for entry in page if isinstance(entry, Line)]
        here = _here(session, controller_id, lines)
        for line in lines:
            reading.take(line, (line.seq, line.hash) in here)
        reading.signed += [entry for entry in page if isinstance(entry, Signed)]
        reading.damaged += [entry for entry in page if isinstance(entry, Damaged)]
        last = page[-1]
    reading.torn = isinstance(last, Damaged)
    return reading


def restores_of(session: Session, controller_id: str) -> list[LedgerRow]:
    """The restores that the chain itself tells of."""
    mine = select(LedgerRow).where(LedgerRow.controller_id == controller_id, LedgerRow.kind == RESTORED)
    return list(session.exec(mine.order_by(col(LedgerRow.seq))))


def _accounted(session: Session, controller_id: str) -> set[str]:
    return {orjson.loads(row.record)["last"]["hash"] for row in restores_of(session, controller_id)}


def _pages(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    while page := list(islice(entries, _PAGE)):
        yield page


def _here(session: Session, controller_id: str, lines: Sequence[Line]) -> set[tuple[int, str]]:
    mine = select(ChainLink.seq, ChainLink.hash).where(ChainLink.controller_id == controller_id)
    return set(session.exec(mine.where(col(ChainLink.seq).in_({line.seq for line in lines}))))


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
