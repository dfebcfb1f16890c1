# SPDX-License-Identifier: Apache-2.0
"""The way from a ledger row to a signed root, as a capsule holds it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import orjson
from sqlmodel import Session, col, select

from hub.flows.signing import statement_of
from hub.proof.chain import merkle_path, told
from hub.store.ledger import Row, leaf
from hub.store.tables import ChainLink, DailyRoot, DecisionRow, LedgerRow


class Paths:
    """Collects rows, and then knows the links and roots that hold them."""

    def __init__(self, session: Session, controller_id: str) -> None:
        self._session, self._controller = session, controller_id
        mine = select(DailyRoot).where(DailyRoot.controller_id == controller_id)
        self._all = session.exec(mine.order_by(col(DailyRoot.first_seq))).all()
        self.signed_to = self._all[-1].last_seq if self._all else 0
        self._leaves: dict[int, list[str]] = {}

    def row(self, row: Row) -> dict[str, Any]:
        """A row's record with its path to the root of its link."""
        path = merkle_path(self._leaves_of(row.seq), row.position)
        return {"seq": row.seq, "position": row.position, "path": path, "record": orjson.loads(row.record)}

    def _leaves_of(self, seq: int) -> list[str]:
        if seq not in self._leaves:
            found: dict[int, str] = {}
            for table in (LedgerRow, DecisionRow):
                mine = select(table.position, table.record).where(
                    table.controller_id == self._controller, table.seq == seq
                )
                for position, record in self._session.exec(mine):
                    found[position] = leaf(str(table.__tablename__), record)
            self._leaves[seq] = [found[position] for position in sorted(found)]
        return self._leaves[seq]

    def links(self) -> list[dict[str, Any]]:
        """The links of the rows so far, each with its path to the root of its day."""
        wanted = defaultdict(list)
        for seq in sorted(self._leaves):
            wanted[self._root_of(seq).first_seq].append(seq)
        found = []
        for root in self._roots():
            chain = (
                ChainLink.controller_id == self._controller,
                col(ChainLink.seq).between(root.first_seq, root.last_seq),
            )
            hashes = self._session.exec(select(ChainLink.hash).where(*chain).order_by(col(ChainLink.seq))).all()
            mine = select(ChainLink).where(*chain, col(ChainLink.seq).in_(wanted[root.first_seq]))
            for link in self._session.exec(mine.order_by(col(ChainLink.seq))):
                path = merkle_path(hashes, link.seq - root.first_seq)
                found.append(
                    {
                        "seq": link.seq,
                        "prev": link.prev_hash,
                        "root": link.root,
                        "count": link.count,
                        "at": told(link.at),
                        "path": path,
                    }
                )
        return found

    def roots(self) -> list[dict[str, Any]]:
        """The signed roots of these links."""
        return [{"statement": statement_of(root).plain(), "signature": root.signature} for root in self._roots()]

    def _roots(self) -> list[DailyRoot]:
        return [root for root in self._all if any(root.first_seq <= seq <= root.last_seq for seq in self._leaves)]

    def _root_of(self, seq: int) -> DailyRoot:
        return next(root for root in self._all if root.first_seq <= seq <= root.last_seq)
