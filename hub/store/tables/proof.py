# SPDX-License-Identifier: Apache-2.0
"""Proof: the append-only ledger and decisions, chained per controller. Rows are never updated or deleted.

`record` is the canonical JSON of everything that counts; the other columns repeat parts of it for lookup,
and verification compares them.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import Field, Index, SQLModel, UniqueConstraint, text

from hub.store.tables.columns import key, maybe_time, ref, sealed, time

STRANGER = text("contact_id IS NULL AND token != ''")  # the condition of an index: a query must say it likewise


class ChainHead(SQLModel, table=True):
    """The end of a controller's chain; locked by whoever appends."""

    __tablename__ = "chain_head"
    controller_id: str = Field(foreign_key="controller.id", primary_key=True)
    seq: int
    hash: str
    behind_since: datetime | None = maybe_time()  # found older than its journal: nothing is decided until replayed


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


class SigningKey(SQLModel, table=True):
    """A controller's Ed25519 key. Its id names the public half; the private half is sealed. The newest signs."""

    __tablename__ = "signing_key"
    id: str = Field(primary_key=True, max_length=16)
    controller_id: str = ref("controller.id")
    public: bytes
    private: bytes = sealed()
    created_at: datetime = time()


class DailyRoot(SQLModel, table=True):
    """A signed statement about a day's links: `hub.proof.roots` says of what. A day may be signed in parts."""

    __tablename__ = "daily_root"
    controller_id: str = Field(foreign_key="controller.id", primary_key=True)
    first_seq: int = Field(primary_key=True)
    last_seq: int
    day: date
    head: str
    root: str
    key_id: str = ref("signing_key.id", index=False)
    signature: str
    signed_at: datetime = time()


class Document(SQLModel, table=True):
    """A text that decisions name by its SHA-256: policy, template, processor record. Never changed."""

    controller_id: str = Field(foreign_key="controller.id", primary_key=True)
    sha256: str = Field(primary_key=True, max_length=64)
    kind: str
    text: str
    created_at: datetime = time()


class LedgerRow(SQLModel, table=True):
    """Something that happened: consent given, withdrawn, objection, notice, restriction, erasure."""

    __tablename__ = "ledger"
    __table_args__ = (
        Index("ix_ledger_chain", "controller_id", "seq", "position"),
        # what came before there was a contact is found by the point; the other rows cost nothing here
        Index("ix_ledger_stranger", "token", sqlite_where=STRANGER, postgresql_where=STRANGER),
    )
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
