# SPDX-License-Identifier: Apache-2.0
"""The policy time machine: decides past cases again from their recorded facts, under the same policy or another.

Under the same policy every answer must come out as it is recorded, byte by byte. Under another one the differences
are what that policy would have changed. Nothing is written.
"""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import select, tuple_
from sqlmodel import Session, col

from hub.flows import gate
from hub.law.facts import Case, Decision, Phase, Verdict
from hub.law.policy import Policy
from hub.law.snapshot import Thaw
from hub.store.db import Database
from hub.store.ledger import canonical
from hub.store.tables import ChainLink, DecisionRow, FactPart

EXAMPLES = 5  # of each difference
_PAGE = 2000
_PHASES = (Phase.STAGE, Phase.TRANSMIT)  # a sync is decided by the page
_WORTH = 20_000  # decisions for which starting processes pays


class Turn(NamedTuple):
    """From which answer to which, by verdict and first reason."""

    was: str
    was_reason: str
    now: str
    now_reason: str

    @property
    def flips(self) -> bool:
        return self.was != self.now


@dataclass(frozen=True, slots=True)
class Example:
    """One decision that came out differently, with all reasons before and after."""

    decision: str
    was: tuple[str, ...]
    now: tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """What came of a replay. `unreadable` counts, by why, decisions whose facts are not there or not what they were."""

    decisions: int = 0
    same: int = 0
    turns: Counter[Turn] = field(default_factory=Counter)
    examples: dict[Turn, list[Example]] = field(default_factory=dict)
    unreadable: Counter[str] = field(default_factory=Counter)

    @property
    def flips(self) -> int:
        return sum(count for turn, count in self.turns.items() if turn.flips)

    def note(self, turn: Turn, example: Example) -> None:
        self.turns[turn] += 1
        known = self.examples.setdefault(turn, [])
        if len(known) < EXAMPLES:
            known.append(example)

    def add(self, other: Tally) -> None:
        self.decisions += other.decisions
        self.same += other.same
        self.turns += other.turns
        self.unreadable += other.unreadable
        for turn, examples in other.examples.items():
            self.examples[turn] = (self.examples.get(turn, []) + examples)[:EXAMPLES]


def replay(
    db: Database, controller_id: str, *, policy: Policy | None = None, since: datetime | None = None, workers: int = 1
) -> Tally:
    """Decide a controller's recorded decisions again. `policy`: another one than each was made under."""
    ranges = _ranges(db, controller_id, since, workers)
    total = Tally()
    if len(ranges) <= 1:
        return _replay_range(db, controller_id, policy, *ranges[0]) if ranges else total
    # spawned, since a forked process would share this one's database connections
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        jobs = [pool.submit(_in_a_process, db.url, controller_id, policy, *part) for part in ranges]
        for job in jobs:
            total.add(job.result())
    return total


def _in_a_process(url: str, controller_id: str, policy: Policy | None, first: int, last: int) -> Tally:
    db = Database(url)
    try:
        return _replay_range(db, controller_id, policy, first, last)
    finally:
        db.close()


def _ranges(db: Database, controller_id: str, since: datetime | None, workers: int) -> list[tuple[int, int]]:
    """Stretches of the chain with about as many decisions each; one when there are few."""
    query = select(col(ChainLink.seq), col(ChainLink.count)).where(col(ChainLink.controller_id) == controller_id)
    if since is not None:
        query = query.where(col(ChainLink.at) >= since)
    with db.read() as session:
        sizes = session.execute(query.order_by(col(ChainLink.seq))).all()
    if not sizes:
        return []
    (start, _), (last, _) = sizes[0], sizes[-1]
    total = sum(count for _, count in sizes)
    if total < _WORTH or workers == 1:
        return [(start, last)]
    ranges: list[tuple[int, int]] = []
    seen = 0
    for seq, count in sizes:
        seen += count
        if seen >= total * (len(ranges) + 1) / workers and seq < last:
            ranges.append((start, seq))
            start = seq + 1
    return [*ranges, (start, last)]


def _replay_range(db: Database, controller_id: str, policy: Policy | None, first: int, last: int) -> Tally:
    tally = Tally()
    with db.read() as session:
        thaw = Thaw(Parts(session), policy)
        for row_id, phase, verdict, record in _rows(session, controller_id, first, last):
            tally.decisions += 1
            _again(tally, thaw, row_id, phase, verdict, orjson.loads(record))
    return tally


class Parts:
    """Reads what decisions share."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, sha256: str) -> str:
        part = self._session.get(FactPart, sha256)
        if part is None:
            raise LookupError(f"part {sha256} is missing")
        return part.json_text


def _rows(session: Session, controller_id: str, first: int, last: int) -> Iterator[tuple[str, str, str, str]]:
    """The decisions of a stretch of the chain, read in pages."""
    seq, position = col(DecisionRow.seq), col(DecisionRow.position)
    query = (
        select(
            seq,
            position,
            col(DecisionRow.id),
            col(DecisionRow.phase),
            col(DecisionRow.verdict),
            col(DecisionRow.record),
        )
        .where(col(DecisionRow.controller_id) == controller_id, col(DecisionRow.phase).in_(_PHASES), seq <= last)
        .order_by(seq, position)
        .limit(_PAGE)
    )
    after = (first, -1)
    while True:
        page = session.execute(query.where(tuple_(seq, position) > after)).all()
        for _, _, row_id, phase, verdict, record in page:
            yield row_id, phase, verdict, record
        if len(page) < _PAGE:
            return
        after = (page[-1][0], page[-1][1])


def _again(tally: Tally, thaw: Thaw, row_id: str, phase: str, verdict: str, record: dict[str, Any]) -> None:
    if "facts" not in record:
        tally.unreadable["no facts were recorded"] += 1
        return
    try:
        case = thaw.case(Phase(phase), record["facts"])
    except (ValueError, LookupError, TypeError) as error:
        tally.unreadable[type(error).__name__] += 1
        return
    decision = judged(case, record)
    if agrees(decision, verdict, record):
        tally.same += 1
        return
    turn = Turn(verdict, record["reasons"][0], decision.verdict.value, decision.reasons[0])
    tally.note(turn, Example(row_id, tuple(record["reasons"]), decision.reasons))


def judged(case: Case, record: dict[str, Any]) -> Decision:
    """The answer now. The law cannot know what came up on the way out: that is taken from the record."""
    decision = gate.judge(case)
    return _overruled(decision, record) if record["overruled"] and decision.allowed else decision


def agrees(decision: Decision, verdict: str, record: dict[str, Any]) -> bool:
    """Is this the very answer that was recorded, byte by byte?"""
    found = gate.answer(decision)
    return decision.verdict == verdict and canonical(found) == canonical({name: record[name] for name in found})


def _overruled(decision: Decision, record: dict[str, Any]) -> Decision:
    return replace(
        decision,
        verdict=Verdict.DENY,
        reasons=tuple(record["reasons"]),
        notes=tuple(record["notes"]),
        overruled=True,
    )
