# SPDX-License-Identifier: Apache-2.0
"""Proof: the append-only ledger and decisions, chained per controller. Rows are never updated or deleted.

`record` is the canonical JSON of everything that counts; the other columns repeat parts of it for lookup,
and verification compares them.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, Index, SQLModel, UniqueConstraint

from hub.store.tables.columns import key, ref, sealed, time


class ChainHead(SQLModel, table=True):
    """The end of a controller's chain; locked by whoever appends."""

    __tablename__ = "chain_head"
    controller_id: str = Field(foreign_key="controller.id", primary_key=True)
    seq: int
    hash: str


class ChainLink(SQLModel, table=True):
    """One transaction's appendices: the Merkle root over them, and the hash of the link before."""

    __tablename__ = "chain_link"
    __table_args__ = (UniqueConstraint("controller_id", "seq"),)
    id: str = key()
    controller_id: str = ref("controller.id")
    seq: int
    count: int
    root: str
    prev_hash: str
    hash: str
    at: datetime = time()


class LedgerRow(SQLModel, table=True):
    """Something that happened: consent given, withdrawn, objection, notice, restriction, erasure."""

    __tablename__ = "ledger"
    __table_args__ = (Index("ix_ledger_chain", "controller_id", "seq", "position"),)
    id: str = key()
    controller_id: str = ref("controller.id", index=False)
    seq: int
    position: int
    kind: str
    contact_id: str | None = Field(default=None, index=True)
    token: str = ""
    record: str
    evidence: bytes | None = sealed(default=None, nullable=True)  # under the person's key; its hash is in `record`


class DecisionRow(SQLModel, table=True):
    """What the gate decided, and on what."""

    __tablename__ = "decision"
    __table_args__ = (Index("ix_decision_chain", "controller_id", "seq", "position"),)
    id: str = key()
    controller_id: str = ref("controller.id", index=False)
    seq: int
    position: int
    phase: str
    verdict: str
    contact_id: str | None = Field(default=None, index=True)
    message_id: str | None = Field(default=None, index=True)
    record: str
