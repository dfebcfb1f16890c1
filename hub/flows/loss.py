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
    lost: dict[str, Line] = {}
    restores: dict[str, Line] = {}
    signed: list[Signed] = []
    for source in sources:
        last: Entry | None = None
        for page in _pages(source.read(controller_id)):
            lines = [entry for entry in page if isinstance(entry, Line)]
            lost |= {line.hash: line for line in _not_here(session, controller_id, lines)}
            restores |= {line.hash: line for line in lines if line.restores}
            signed += [entry for entry in page if isinstance(entry, Signed)]
            loss.damaged += [entry for entry in page if isinstance(entry, Damaged)]
            last = page[-1]
        loss.torn |= isinstance(last, Damaged)
    loss.links = _end(lost, restores)
    loss.events = _events(session, lost.values())
    loss.gaps = _gaps(session, controller_id, loss.links)
    loss.roots = [one for one in _statements(signed) if _hash(session, controller_id, one.last_seq) != one.head]
    head = session.get(ChainHead, controller_id)
    loss.behind = bool(loss.links) or bool(head and head.behind_since)
    loss.told = bool(loss.links) and loss.links[-1].hash in _accounted(session, controller_id)
    return loss


def restores_of(session: Session, controller_id: str) -> list[LedgerRow]:
    """The restores that the chain itself tells of."""
    mine = select(LedgerRow).where(LedgerRow.controller_id == controller_id, LedgerRow.kind == RESTORED)
    return list(session.exec(mine.order_by(col(LedgerRow.seq))))


def _accounted(session: Session, controller_id: str) -> set[str]:
    return {orjson.loads(row.record)["last"]["hash"] for row in restores_of(session, controller_id)}


def _pages(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    while page := list(islice(entries, _PAGE)):
        yield page


def _not_here(session: Session, controller_id: str, lines: Sequence[Line]) -> list[Line]:
    mine = select(ChainLink.seq, ChainLink.hash).where(ChainLink.controller_id == controller_id)
    here = set(session.exec(mine.where(col(ChainLink.seq).in_({line.seq for line in lines}))))
    return [line for line in lines if (line.seq, line.hash) not in here]


def _hash(session: Session, controller_id: str, seq: int) -> str:
    mine = select(ChainLink.hash).where(ChainLink.controller_id == controller_id, ChainLink.seq == seq)
    return session.exec(mine).first() or (GENESIS if seq == 0 else "")


def _end(lost: dict[str, Line], restores: dict[str, Line]) -> list[Line]:
    """The end of the chain that was lost last. What a restore that is still here has accounted for is told no more."""
    chain: dict[int, Line] = {}
    for line in sorted((lost | restores).values(), key=lambda line: (line.at, line.seq)):
        if line.hash in restores:
            gone_too = line.hash in lost
            chain = {seq: kept for seq, kept in chain.items() if gone_too and seq < line.seq}
        if line.hash in lost:
            chain[line.seq] = line
    return [chain[seq] for seq in sorted(chain)]


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
