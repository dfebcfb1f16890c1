# SPDX-License-Identifier: Apache-2.0
"""Rules as they were: the versions of a controller's policy, and what past decisions share. No text ever changes."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from hub.store.tables.columns import key, maybe_time, ref, time


class PolicyVersion(SQLModel, table=True):
    """A policy as it was loaded. The one whose `active_from` is the latest past one counts."""

    __tablename__ = "policy_version"
    __table_args__ = (UniqueConstraint("controller_id", "name", "version"),)
    id: str = key()
    controller_id: str = ref("controller.id")
    name: str
    version: str
    sha256: str = Field(max_length=64)  # of the text
    text: str  # TOML
    loaded_by: str
    loaded_at: datetime = time()
    active_from: datetime | None = maybe_time()


class FactPart(SQLModel, table=True):
    """What many decisions rest on alike, as JSON under its own hash: a policy, a message with its route, a wording."""

    __tablename__ = "fact_part"
    sha256: str = Field(primary_key=True, max_length=64)
    kind: str
    json_text: str
