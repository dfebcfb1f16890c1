# SPDX-License-Identifier: Apache-2.0
"""Claims on their way to proof: what an admin says a CRM's fields mean, and opt-ins that wait to be judged."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from hub.store.tables.columns import json, key, maybe_time, ref, sealed, time


class ClaimMapping(SQLModel, table=True):
    """What a CRM's own fields mean. A change is a new version; an empty text means that nothing is mapped any more."""

    __tablename__ = "claim_mapping"
    __table_args__ = (UniqueConstraint("connection_id", "version"),)
    id: str = key()
    controller_id: str = ref("controller.id")
    connection_id: str = ref("connection.id")
    version: int
    text: str  # TOML, as `hub.law.mapping` reads it
    sha256: str = Field(max_length=64)
    approved_by: str
    approved_at: datetime = time()


class OptInBatch(SQLModel, table=True):
    """The opt-ins of one walk through a CRM, over all its pages and restarts. Nothing of it counts before the end."""

    __tablename__ = "opt_in_batch"
    id: str = key()
    controller_id: str = ref("controller.id")
    connection_id: str = ref("connection.id")
    mapping_id: str = ref("claim_mapping.id", index=False)
    state: str  # `hub.flows.quarantine.State`
    people: int = 0  # when the walk ended
    flipped: int = 0  # records that said no before and say yes now
    outcomes: dict[str, int] = json(default_factory=dict)  # what became of them
    opened_at: datetime = time()
    closed_at: datetime | None = maybe_time()
    closed_by: str = ""  # the person who looked; empty where none had to
    reason: str = ""


class ClaimedOptIn(SQLModel, table=True):
    """One person's opt-in as a CRM tells it, with all of its proof, waiting. `evidence` is under the person's key."""

    __tablename__ = "claimed_opt_in"
    __table_args__ = (UniqueConstraint("batch_id", "record"),)
    id: str = key()
    batch_id: str = ref("opt_in_batch.id")
    connection_id: str = ref("connection.id")
    record: str
    contact_id: str = ref("contact.id")
    point_id: str = ref("contact_point.id", index=False)
    token: str = Field(index=True)
    wording_id: str = ref("wording.id", index=False)
    channel: str
    expression: str
    verification: str
    event_time: datetime = time()
    evidence: bytes | None = sealed(nullable=True)
    decision_id: str = ""  # that of its quarantine
