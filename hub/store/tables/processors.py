# SPDX-License-Identifier: Apache-2.0
"""The admin's files on providers (Art. 28 GDPR), version by version, and the documents behind them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlmodel import Field, SQLModel, UniqueConstraint

from hub.store.tables.columns import json, key, maybe_time, ref, sealed, time


class ProcessorRecord(SQLModel, table=True):
    """One version of the file on a provider. No version is ever changed: a change is a new one.

    The gate reads the columns from `valid_until` to `transfers`, which follow from `file`.
    """

    __tablename__ = "processor_record"
    __table_args__ = (UniqueConstraint("connection_id", "version"),)
    id: str = key()
    controller_id: str = ref("controller.id")
    connection_id: str = ref("connection.id")
    version: int
    state: str  # draft, in_review, approved, suspended, ended: a `hub.law.facts.RecordState`
    reviewer: str  # who made this version
    file: dict[str, Any] = json(default_factory=dict)  # see `hub.flows.processor.form`
    papers: list[dict[str, Any]] = json(default_factory=list)  # see `hub.flows.processor.papers`
    profile: dict[str, Any] = json(default_factory=dict)  # what the plugin said of the provider when this was filed
    sha256: str = Field(default="", max_length=64)  # of the file and the hashes of its papers
    note: str = ""  # why it was suspended, reopened or ended
    valid_until: datetime | None = maybe_time()
    dpa_signed_on: date | None = None
    subprocessors_approved: bool = False
    official_api: bool = True
    purposes: list[str] = json(default_factory=list)  # that may go through it; "*": all
    transfers: list[dict[str, Any]] = json(default_factory=list)
    created_at: datetime = time()


class ProcessorPaper(SQLModel, table=True):
    """A document that was checked, sealed: a signed contract names people."""

    __tablename__ = "processor_paper"
    controller_id: str = Field(foreign_key="controller.id", primary_key=True)
    sha256: str = Field(primary_key=True, max_length=64)
    body: bytes = sealed()
    created_at: datetime = time()
