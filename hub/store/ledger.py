# SPDX-License-Identifier: Apache-2.0
"""The append-only ledger: events and decisions, hash-chained per controller, one link per transaction.

A link's hash covers the hash before it and the Merkle root of what its transaction appended, so that proof of one
row is a short path, and a row that is changed, moved or cut out is found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import bindparam, insert, update
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

# the arithmetic lives in `hub.proof`, where it can be checked without a hub
from hub.proof.chain import GENESIS as GENESIS
from hub.proof.chain import canonical as canonical
from hub.proof.chain import digest as digest
from hub.proof.chain import leaf as leaf
from hub.proof.chain import link_hash as link_hash
from hub.proof.chain import merkle_root as merkle_root
from hub.proof.chain import told as told
from hub.store.direct import fetch, insert_all, insert_new, run, table
from hub.store.journal import LEFT_OUT, Line, journaled
from hub.store.tables import ChainHead, ChainLink, DecisionRow, FactPart, LedgerRow, new_id

Row = LedgerRow | DecisionRow
_HEAD, _LINK = table(ChainHead), table(ChainLink)
_MINE = _HEAD.c.controller_id == bindparam("controller")
_LOCK = core_select(_HEAD.c.seq, _HEAD.c.hash).where(_MINE).with_for_update()
_MOVE = update(_HEAD).where(_MINE).values(seq=bindparam("new_seq"), hash=bindparam("new_hash"))
_PAGE = 2000


class Chain:
    """Appends to one controller's chain within one transaction.

    Opening it locks the chain head: what is read afterwards stays true until commit, so that a withdrawal is either
    seen by the gate or comes after the send began.
    """

    def __init__(self, session: Session, controller_id: str, now: datetime) -> None:
        self._session, self._controller, self._now = session, controller_id, now
        (head,) = fetch(session, _LOCK, controller=controller_id)
        self._seq, self._prev = int(head.seq) + 1, str(head.hash)
        self._recorded_at = told(now)
        self._leaves: list[str] = []
        self._decisions: list[dict[str, Any]] = []
        self._parts: dict[str, dict[str, str]] = {}
        self._kept: dict[int, str] = {}  # for the journal: records by position
        self._rest: Counter[str] = Counter()

    @property
    def seq(self) -> int:
        """The place of the link that this transaction makes."""
        return self._seq

    def event(
        self,
        kind: str,
        event_time: datetime,
        facts: Mapping[str, Any],
        *,
        contact_id: str | None = None,
        token: str = "",
        evidence: bytes | None = None,
        event_id: str = "",
    ) -> str:
        """Append what happened. `facts` and `token` hold no personal data in clear; `evidence` is sealed.

        `event_id`: the event is known by this id already, from before the database was restored.
        """
        body = dict(facts, kind=kind, event_time=event_time, contact=contact_id, token=token)
        if evidence is not None:
            body["evidence_sha256"] = digest(evidence)
        extra = {"kind": kind, "contact_id": contact_id, "token": token, "evidence": evidence}
        position = len(self._leaves)
        row = self._append(LedgerRow, body, extra, event_id)
        if kind in LEFT_OUT:
            self._rest[kind] += 1
        else:
            self._kept[position] = row["record"]
        insert_all(self._session, LedgerRow, [row])  # at once: projections refer to it
        return str(row["id"])

    def decision(
        self,
        phase: str,
        verdict: str,
        facts: Mapping[str, Any],
        *,
        contact_id: str | None = None,
        message_id: str | None = None,
    ) -> str:
        """Append what the gate decided."""
        body = dict(facts, phase=phase, verdict=verdict, contact=contact_id, message=message_id)
        extra = {"phase": phase, "verdict": verdict, "contact_id": contact_id, "message_id": message_id}
        row = self._append(DecisionRow, body, extra)
        self._rest[f"{phase} {verdict}"] += 1
        self._decisions.append(row)
        return str(row["id"])

    def part(self, sha256: str, kind: str, json: str) -> None:
        """Keep what decisions refer to by its hash. What is there already stays as it is."""
        if sha256 not in self._parts:
            self._parts[sha256] = {"sha256": sha256, "kind": kind, "json_text": json}

    def _append(
        self, table: type[Row], body: dict[str, Any], extra: dict[str, Any], row_id: str = ""
    ) -> dict[str, Any]:
        row_id, position = row_id or new_id(), len(self._leaves)
        body |= {"id": row_id, "controller": self._controller, "recorded_at": self._recorded_at}
        record = canonical(body)
        self._leaves.append(leaf(str(table.__tablename__), record))
        place = {"id": row_id, "controller_id": self._controller, "seq": self._seq, "position": position}
        return {**place, **extra, "record": record}

    def write(self) -> None:
        """Put everything into the database and move the head. Without appendices, nothing happens."""
        if not self._leaves:
            return
        insert_all(self._session, DecisionRow, self._decisions)
        insert_new(self._session, FactPart, list(self._parts.values()))
        root, count = merkle_root(self._leaves), len(self._leaves)
        new = link_hash(self._controller, self._seq, self._prev, root, count, self._now)
        link = ChainLink(
            controller_id=self._controller,
            seq=self._seq,
            count=count,
            root=root,
            prev_hash=self._prev,
            hash=new,
            at=self._now,
        )
        run(self._session, insert(_LINK), link.model_dump())
        journaled(self._session).append(Line.of(link, self._leaves, self._kept, self._rest))
        run(self._session, _MOVE, {"controller": self._controller, "new_seq": self._seq, "new_hash": new})


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of a whole chain found. `problem` is empty when everything holds."""

    links: int
    rows: int
    head: str
    problem: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem


def verify(session: Session, controller_id: str) -> Verification:
    """Walk a controller's chain from its start. Names the first thing that does not hold."""
    rows = _rows(session, controller_id)
    waiting = next(rows, None)
    previous, links, seen = GENESIS, 0, 0
    for link in links_of(session, controller_id):
        links += 1
        if link.seq != links or link.prev_hash != previous:
            return Verification(links, seen, previous, f"link {links} is missing or out of place")
        leaves: list[str] = []
        while waiting is not None and waiting.seq == link.seq:
            problem = _row_problem(waiting, len(leaves))
            if problem:
                return Verification(links, seen, previous, problem)
            leaves.append(leaf(str(waiting.__tablename__), waiting.record))
            seen += 1
            waiting = next(rows, None)
        if len(leaves) != link.count or merkle_root(leaves) != link.root:
            return Verification(links, seen, previous, f"link {link.seq}: its rows were changed, added or removed")
        if link_hash(controller_id, link.seq, previous, link.root, link.count, link.at) != link.hash:
            return Verification(links, seen, previous, f"link {link.seq} was changed")
        previous = link.hash
    head = session.get(ChainHead, controller_id)
    if waiting is not None:
        return Verification(links, seen, previous, f"{waiting.__tablename__} {waiting.id} belongs to no link")
    if head is None or (head.seq, head.hash) != (links, previous):
        return Verification(links, seen, previous, "the end of the chain was cut off")
    return Verification(links, seen, previous)


def _row_problem(row: Row, position: int) -> str:
    name = f"{row.__tablename__} {row.id}"
    if row.position != position:
        return f"{name} is out of place"
    try:
        body = dict(orjson.loads(row.record))
    except (ValueError, TypeError):
        return f"{name}: its record cannot be read"
    columns = {"id": row.id, "controller": row.controller_id, "contact": row.contact_id}
    if isinstance(row, LedgerRow):
        columns |= {"kind": row.kind, "token": row.token}
        if row.evidence is not None and digest(row.evidence) != body.get("evidence_sha256"):
            return f"{name}: its evidence was changed"
    else:
        columns |= {"phase": row.phase, "verdict": row.verdict, "message": row.message_id}
    wrong = [field for field, value in columns.items() if body.get(field) != value]
    return f"{name}: {wrong[0]} was changed" if wrong else ""


def links_of(session: Session, controller_id: str, after: int = 0) -> Iterator[ChainLink]:
    """A chain's links after a place, read in pages."""
    while True:
        page = session.exec(
            select(ChainLink)
            .where(ChainLink.controller_id == controller_id, ChainLink.seq > after)
            .order_by(col(ChainLink.seq))
            .limit(_PAGE)
        ).all()
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].seq
        session.expunge_all()


def _rows(session: Session, controller_id: str) -> Iterator[Row]:
    """Both tables merged in chain order, read in pages."""
    sources = [_table(session, LedgerRow, controller_id), _table(session, DecisionRow, controller_id)]
    heads = [next(source, None) for source in sources]
    while any(heads):
        index = min((i for i, row in enumerate(heads) if row), key=lambda i: _place(heads[i]))
        row = heads[index]
        assert row is not None
        yield row
        heads[index] = next(sources[index], None)


def _place(row: Row | None) -> tuple[int, int]:
    assert row is not None
    return row.seq, row.position


def _table(session: Session, table: Any, controller_id: str) -> Iterator[Row]:
    order = (col(table.seq), col(table.position))
    query = select(table).where(table.controller_id == controller_id).order_by(*order).limit(_PAGE)
    page = session.exec(query).all()
    while page:
        yield from page
        seq, position = page[-1].seq, page[-1].position
        after = (col(table.seq) > seq) | ((col(table.seq) == seq) & (col(table.position) > position))
        page = session.exec(query.where(after)).all()
