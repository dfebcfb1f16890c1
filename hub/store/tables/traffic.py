# SPDX-License-Identifier: Apache-2.0
"""What moves: campaigns, messages, raw webhooks, reports to the CRM, syncs."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, Index, SQLModel, UniqueConstraint, col, text

from hub.store.tables.columns import json, key, maybe_time, ref, sealed, time


class Campaign(SQLModel, table=True):
    """One template to one audience, for one purpose."""

    id: str = key()
    controller_id: str = ref("controller.id")
    connection_id: str = ref("connection.id")  # the CRM
    sender_id: str = ref("sender.id")
    title: str
    audience: str
    purpose: str
    topic: str = "*"
    template: str
    language: str
    notice_id: str | None = ref("notice_text.id", default=None, index=False)  # which the template serves
    approved_category: str  # the platform's category when the campaign was made
    parameters: list[list[str]] = json(default_factory=list)  # [name, property, fallback]
    state: str  # draft, staging, running, done, cancelled, paused
    paused_from: str = ""  # the state it had then
    released_by: str = ""  # who let it go on after the database was restored
    start_at: datetime | None = maybe_time()
    audience_size: int = 0
    unresolved: int = 0  # members the hub holds no record of: they had no basis for storing, or no usable number
    created_at: datetime = time()
    finished_at: datetime | None = maybe_time()


class MessageRow(SQLModel, table=True):
    """One message to one person. A person gets a campaign once; `dedupe` does the same for other messages."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("campaign_id", "contact_id"),
        Index("ix_message_received", "contact_id", "purpose", "authorised_at"),
        Index("ix_message_due", "sender_id", "state", "priority", "next_attempt_at"),
    )
    id: str = key()  # the opaque id that the provider echoes
    controller_id: str = ref("controller.id")
    campaign_id: str | None = Field(default=None, foreign_key="campaign.id")
    sender_id: str = ref("sender.id", index=False)
    contact_id: str = ref("contact.id", index=False)
    point_id: str = ref("contact_point.id", index=False)
    dedupe: str | None = Field(default=None, unique=True)
    purpose: str
    topic: str = "*"
    text: bytes | None = sealed(default=None, nullable=True)  # free text, under the person's key
    template: str = ""  # of a message without a campaign that is no free text
    language: str = ""
    approved_category: str = ""  # the platform's category of the template when the message was made
    parameters: bytes | None = sealed(default=None, nullable=True)  # of the template, under the person's key
    evidence: list[list[str]] = json(default_factory=list)  # [kind, id, time]
    notice_id: str | None = ref("notice_text.id", default=None, index=False)  # which it serves
    state: str
    reason: str = ""
    decision_id: str = ""
    basis: str = ""
    priority: int = 3
    attempts: int = 0
    owner: str = ""  # the dispatcher that authorised it
    authorised_at: datetime | None = maybe_time()
    next_attempt_at: datetime | None = maybe_time()
    reference: str = Field(default="", index=True)  # HMAC of the provider's message id
    provider_id: bytes | None = sealed(default=None, nullable=True)
    created_at: datetime = time()
    changed_at: datetime = time()


class MessageEvent(SQLModel, table=True):
    """Every word of a provider about a message, also the ones that change nothing. Said again, it is the same row."""

    __tablename__ = "message_event"
    message_id: str = ref("message.id", index=False, primary_key=True)
    status: str = Field(primary_key=True)
    at: datetime = time(primary_key=True)
    code: str = ""


class Inbox(SQLModel, table=True):
    """A raw webhook, kept until applied. Unique by content, so a redelivery is one row."""

    id: str = key()
    connection_id: str  # no foreign key: PostgreSQL would lock the connection anew for each webhook
    digest: bytes = Field(unique=True)  # SHA-256 of the connection, the method and the body
    request: bytes = sealed()
    state: str = "pending"  # pending, done, parked
    attempts: int = 0
    error: str = ""
    received_at: datetime = time()


# only what waits: an index over all would be written again for each webhook that is done
_PENDING = text("state = 'pending'")
Index("ix_inbox_pending", *(col(Inbox.connection_id), col(Inbox.id)), sqlite_where=_PENDING, postgresql_where=_PENDING)


class ReportRow(SQLModel, table=True):
    """Something the CRM shall know. Told in the order of `recorded_at`, then `rank`: vendors' times are coarse."""

    __tablename__ = "report"
    __table_args__ = (Index("ix_report_due", "connection_id", "state", "recorded_at", "rank"),)
    key: str = Field(primary_key=True)
    connection_id: str = ref("connection.id", index=False)
    record: str
    contact_id: str = ref("contact.id")
    kind: str
    status: str
    reason: str = ""
    campaign: str = ""
    basis: str = ""
    text: bytes | None = sealed(default=None, nullable=True)
    at: datetime = time()
    recorded_at: datetime = time()
    rank: int = 0
    state: str = "pending"  # pending, done, failed
    attempts: int = 0
    error: str = ""
    next_attempt_at: datetime = time()


class SyncRun(SQLModel, table=True):
    """One walk through a CRM: what was seen, admitted, excluded and why."""

    __tablename__ = "sync_run"
    id: str = key()
    connection_id: str = ref("connection.id")
    started_at: datetime = time()
    finished_at: datetime | None = maybe_time()
    seen: int = 0
    admitted: int = 0
    unchanged: int = 0
    excluded: dict[str, int] = json(default_factory=dict)
    mapping_id: str = ""  # the claim mapping that it reads by; empty: none
    notes: dict[str, int] = json(default_factory=dict)
    error: str = ""


class SyncProblem(SQLModel, table=True):
    """A record that could not be used: where, which field, why. Holds no value of it."""

    __tablename__ = "sync_problem"
    id: str = key()
    run_id: str = ref("sync_run.id")
    place: str
    field: str
    why: str
