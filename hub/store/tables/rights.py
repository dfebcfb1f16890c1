# SPDX-License-Identifier: Apache-2.0
"""Requests of people under the GDPR, the answers that were made for them, and which systems have been told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlmodel import Field, Index, SQLModel, text

from hub.store.tables.columns import json, key, maybe_time, ref, sealed, time

_PENDING: dict[str, Any] = dict.fromkeys(("sqlite_where", "postgresql_where"), text("confirmed_at IS NULL"))


class RightsRequest(SQLModel, table=True):
    """What somebody asked for. `words`, and what they were told, are under the person's key."""

    __tablename__ = "rights_request"
    __table_args__ = (Index("ix_rights_request_state", "controller_id", "state", "due_on"),)
    id: str = key()
    controller_id: str = ref("controller.id", index=False)
    contact_id: str = ref("contact.id")
    kind: str  # a `hub.law.rights.Right`
    state: str  # a `hub.flows.rights.requests.State`
    way: str  # how it came: a `hub.flows.rights.requests.Way`
    opened_by: str = ""  # the id of the person, key or connection; empty where the person did it themselves
    received_at: datetime = time()
    due_on: date
    opened_at: datetime = time()
    words: bytes | None = sealed(default=None, nullable=True)  # what they want, in short
    identified: str = ""  # how: a `hub.law.rights.Identified`
    identified_by: str = ""
    identified_at: datetime | None = maybe_time()
    delay: str = ""  # why it takes longer: a `hub.law.rights.Delay`
    delayed_at: datetime | None = maybe_time()
    delay_told: bytes | None = sealed(default=None, nullable=True)  # what the person was told about it
    carried_at: datetime | None = maybe_time()  # when what was asked for took effect here
    answered_with: str = Field(default="", max_length=64)  # SHA-256 of the packet that was handed over
    handed: str = ""  # how: a `hub.law.rights.Handed`
    refusal: str = ""  # a `hub.law.rights.Refusal`
    refusal_told: bytes | None = sealed(default=None, nullable=True)
    closed_at: datetime | None = maybe_time()
    closed_by: str = ""
    lifted_at: datetime | None = maybe_time()  # of a restriction
    lift_told: bytes | None = sealed(default=None, nullable=True)


class RightsPacket(SQLModel, table=True):
    """The answer that was last made for a request, under the person's key."""

    __tablename__ = "rights_packet"
    request_id: str = Field(foreign_key="rights_request.id", primary_key=True)
    sha256: str = Field(max_length=64)
    counts: dict[str, int] = json(default_factory=dict)  # entries by section
    body: bytes = sealed()
    made_at: datetime = time()
    made_by: str


class RightsReceipt(SQLModel, table=True):
    """One system that has to know of a request, and since when it does."""

    __tablename__ = "rights_receipt"
    __table_args__ = (Index("ix_rights_receipt_pending", "request_id", **_PENDING),)
    id: str = key()
    request_id: str = ref("rights_request.id")
    connection_id: str = ref("connection.id", index=False)
    record: str = ""  # the CRM's own id of the person; empty: a provider
    report_key: str = ""  # of the report that tells it; empty: a person tells it
    asked_at: datetime = time()
    confirmed_at: datetime | None = maybe_time()
    confirmed_by: str = ""  # the person who saw it; empty where the system itself said so
