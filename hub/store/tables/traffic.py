# SPDX-License-Identifier: Apache-2.0
"""What moves: campaigns, messages, raw webhooks, reports to the CRM, syncs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field, Index, SQLModel, UniqueConstraint, col, text

from hub.store.tables.columns import json, key, maybe_time, ref, sealed, time


class Campaign(SQLModel, table=True):
    """One template, or up to four side by side, to one audience, for one purpose."""

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
    variants: list[dict[str, Any]] = json(default_factory=list)  # see `hub.flows.variants`; empty: the one template
    state: str  # draft, waiting, staging, running, done, cancelled, paused
    paused_from: str = ""  # the state it had when the database was restored
    released_by: str = ""  # who let it go on after the database was restored
    resumes_to: str = ""  # the state it had when somebody, or a rule, paused it
    paused_why: str = ""  # person, late, errors, optouts, quality, canary
    paused_note: str = ""  # the counts of a rule that was broken
    acts: list[dict[str, str]] = json(default_factory=list)  # who did what when, and the ledger's id of it
    created_by: str = ""
    approved_by: str = ""
    start_at: datetime | None = maybe_time()
    begun_at: datetime | None = maybe_time()  # when staging first began
    late_minutes: int | None = None  # it starts this late at most by itself; None: as the settings say
    local_time: str = ""  # HH:MM by the recipient's clock; empty: as soon as it starts
    any_hour: bool = False  # the policy's quiet hours are not kept, unless the policy enforces them
    rules: dict[str, Any] = json(default_factory=dict)  # see `hub.flows.watch`
    watched_from: datetime | None = maybe_time()  # since a person let it go on: what was before does not count again
    canary: int = 0  # how many go first; 0: all at once
    canary_wait_s: int = 0
    canary_at: datetime | None = maybe_time()  # when these were let go
    rest_at: datetime | None = maybe_time()  # when the others were
    audience_size: int = 0
    unresolved: int = 0  # members the hub holds no record of: they had no basis for storing, or no usable number
    next_reach_at: datetime | None = maybe_time()  # when the CRM is told next whom it would reach
    outlook: dict[str, Any] = json(default_factory=dict)  # what it was told last; empty: everybody is told anew
    created_at: datetime = time()
    finished_at: datetime | None = maybe_time()


def _only(which: str) -> dict[str, Any]:
    """An index over a part of the rows. A query must name the same conditions, literally, to be led by it."""
    return {"sqlite_where": text(which), "postgresql_where": text(which)}


def _waiting(name: str, which: str, *columns: str) -> Index:
    return Index(name, *columns, **_only(f"next_attempt_at IS NOT NULL AND {which}"))


PROGRESS = ("state", "reason", "template", "language", "wave")  # by which a campaign's messages are counted


class MessageRow(SQLModel, table=True):
    """One message to one person. A person gets a campaign once; `dedupe` does the same for other messages."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("campaign_id", "contact_id"),
        Index("ix_message_received", "contact_id", "purpose", "authorised_at"),
        # two for what waits: answers by their sender, the others by their campaign, so that campaigns can take turns
        _waiting("ix_message_direct", "campaign_id IS NULL", "sender_id", "priority", "next_attempt_at"),
        _waiting("ix_message_of_campaign", "campaign_id IS NOT NULL", "campaign_id", "next_attempt_at", "id"),
        Index("ix_message_owner", "sender_id", "owner", **_only("state = 'authorised'")),
        # what people look at: how many were sent since when, how far a campaign is, what nobody knows the end of
        Index("ix_message_sent", "controller_id", "authorised_at"),
        Index("ix_message_progress", "campaign_id", *PROGRESS, **_only("campaign_id IS NOT NULL")),
        Index("ix_message_unknown", "controller_id", **_only("state = 'unknown'")),
    )
    id: str = key()  # the opaque id that the provider echoes
    controller_id: str = ref("controller.id", index=False)
    campaign_id: str | None = Field(default=None, foreign_key="campaign.id")
    sender_id: str = ref("sender.id", index=False)
    contact_id: str = ref("contact.id", index=False)
    point_id: str = ref("contact_point.id", index=False)
    dedupe: str | None = Field(default=None, unique=True)
    purpose: str
    topic: str = "*"
    text: bytes | None = sealed(default=None, nullable=True)  # free text, under the person's key
    template: str = ""  # of a message without a campaign that is no free text, or the campaign's variant
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
    throttled: int = 0  # times that the vendor said "too fast"
    owner: str = ""  # the dispatcher that authorised it
    authorised_at: datetime | None = maybe_time()
    next_attempt_at: datetime | None = maybe_time()  # None: it does not wait for its turn
    wave: int = 0  # of a campaign with a canary: 0 goes first, 1 has no time before it is let go
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
Index("ix_inbox_pending", *(col(Inbox.connection_id), col(Inbox.id)), **_only("state = 'pending'"))
Index("ix_inbox_parked", col(Inbox.connection_id), **_only("state = 'parked'"))


def _told(name: str, which: str) -> Index:
    return Index(name, "connection_id", "recorded_at", "rank", "key", **_only(f"state = 'pending' AND {which}"))


class ReportRow(SQLModel, table=True):
    """Something the CRM shall know. Told in the order of `recorded_at`, then `rank`: vendors' times are coarse.

    What a campaign would do to a record is one row, replaced as often as it is asked.
    """

    __tablename__ = "report"
    __table_args__ = (
        _told("ix_report_first", "kind = 'withdrawal'"),
        _told("ix_report_next", "kind != 'withdrawal' AND kind != 'reach'"),
        _told("ix_report_last", "kind = 'reach'"),
        Index("ix_report_reach", "campaign_id", **_only("kind = 'reach'")),
        Index("ix_report_failed", "connection_id", **_only("state = 'failed'")),
    )
    key: str = Field(primary_key=True)
    connection_id: str = ref("connection.id", index=False)
    record: str
    contact_id: str | None = ref("contact.id", default=None)  # None: a workflow asked for a record that is not stored
    campaign_id: str | None = ref("campaign.id", default=None, index=False)
    kind: str
    status: str
    reason: str = ""
    campaign: str = ""
    audience: str = ""  # the CRM's id of the list that the campaign went to
    callback: str = ""  # of a workflow that waits
    evidence: str = ""  # of a consent: its ledger id
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
    stopped: bool = False  # somebody asked for its end; the next one goes on where it is
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
