# SPDX-License-Identifier: Apache-2.0
"""Permission: wordings, opt-in pages, and the projections of the ledger that say yes and no."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from hub.store.tables.columns import json, key, maybe_time, ref, time


class Wording(SQLModel, table=True):
    """A consent text. Its id is the SHA-256 of its facts and text; it is never changed."""

    id: str = Field(primary_key=True, max_length=64)
    controller_id: str = ref("controller.id")
    version: int
    language: str
    text: str
    statement: str  # what the person says to agree
    controllers: list[str] = json(default_factory=list)
    channels: list[str] = json(default_factory=list)
    purposes: list[str] = json(default_factory=list)
    topics: list[str] = json(default_factory=list)
    withdrawal_hint: bool
    created_at: datetime = time()


class OptInPage(SQLModel, table=True):
    """A public page that shows a wording and leads into the chat. `token` finds the page again in the message."""

    __tablename__ = "opt_in_page"
    id: str = Field(primary_key=True, max_length=32)  # its slug
    controller_id: str = ref("controller.id")
    sender_id: str = ref("sender.id")
    wording_id: str = ref("wording.id")
    token: str = Field(unique=True)
    title: str
    closed_at: datetime | None = maybe_time()
    created_at: datetime = time()


class ConsentRow(SQLModel, table=True):
    """What a contact point last agreed to, per scope. A projection of the ledger."""

    __tablename__ = "consent"
    id: str = key()
    controller_id: str = ref("controller.id")
    contact_id: str = ref("contact.id")
    token: str = Field(index=True)
    state: str
    brand: str = "*"
    channel: str
    purpose: str
    topic: str = "*"
    expression: str
    verification: str
    wording_id: str | None = Field(default=None, foreign_key="wording.id")
    event_time: datetime = time()
    last_used_at: datetime | None = maybe_time()
    expires_at: datetime | None = maybe_time()
    ledger_id: str = ref("ledger.id")


class Review(SQLModel, table=True):
    """What a person must look at: an unclear message, a request that is no stop, a doubt about who is who."""

    id: str = key()
    controller_id: str = ref("controller.id")
    contact_id: str = ref("contact.id")
    kind: str  # "unclear", "identity", "wrong_number", or a `hub.law.withdrawal.Ask`
    other_id: str | None = Field(default=None, foreign_key="contact.id")  # for a doubt: who may be the same person
    ledger_id: str = ref("ledger.id")
    said_at: datetime = time()
    closed_at: datetime | None = maybe_time()
    closed_by: str = ""
    verdict: str = ""


class StopRow(SQLModel, table=True):
    """What blocks a contact point. Keyed by HMAC alone: it outlives the contact, and every re-import."""

    __tablename__ = "stop"
    id: str = key()
    controller_id: str = ref("controller.id")
    token: str = Field(index=True)
    kind: str
    brand: str = "*"
    channel: str = "*"
    purpose: str = "*"
    topic: str = "*"
    event_time: datetime = time()
    left_by: str = ""  # the point has a new holder: this is the former one's, and kept under that token too
    ledger_id: str = ref("ledger.id")
