# SPDX-License-Identifier: Apache-2.0
"""Permission: wordings, opt-in pages, and the projections of the ledger that say yes and no."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, Index, SQLModel

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
    promised_per_30_days: int | None = None  # messages at most; None: the text promises nothing
    created_at: datetime = time()
    shown_from: datetime | None = maybe_time()  # for a text shown elsewhere before it was registered here


class OptInPage(SQLModel, table=True):
    """A public page that shows a wording and leads into the chat. `token` finds the page again in the message."""

    __tablename__ = "opt_in_page"
    id: str = Field(primary_key=True, max_length=32)  # its slug
    controller_id: str = ref("controller.id")
    sender_id: str = ref("sender.id")
    wording_id: str = ref("wording.id")
    notice_id: str | None = ref("notice_text.id", default=None, index=False)  # Art. 13, as the page shows it
    hint_id: str | None = ref("notice_text.id", default=None, index=False)  # Art. 21(4), apart from it
    token: str = Field(unique=True)
    title: str
    confirm_template: str = ""  # asks after the web form whether it was the person; empty: the page has no form
    confirm_category: str = ""  # the platform's category of it when it was chosen
    receipts: bool = False  # a short message with a link to the receipt follows a consent
    closed_at: datetime | None = maybe_time()
    created_at: datetime = time()


class FormerCode(SQLModel, table=True):
    """The code that a page had beside an earlier wording. It agrees to that wording, if it was sent in its time."""

    __tablename__ = "former_code"
    token: str = Field(primary_key=True)
    page_id: str = ref("opt_in_page.id")
    wording_id: str = ref("wording.id")
    until: datetime = time()


class OptInRequest(SQLModel, table=True):
    """A web form that was sent off. Nothing may be done with it but to ask that number once whether it was them."""

    __tablename__ = "opt_in_request"
    id: str = key()
    controller_id: str = ref("controller.id")
    page_id: str = ref("opt_in_page.id")
    wording_id: str = ref("wording.id")  # the one that was shown
    contact_id: str = ref("contact.id")
    token: str = Field(index=True)
    code: str = Field(unique=True)
    message_id: str = ref("message.id")
    ledger_id: str = ref("ledger.id")
    requested_at: datetime = time()
    expires_at: datetime = time()
    answered_at: datetime | None = maybe_time()
    forgotten_at: datetime | None = maybe_time()


class FormTry(SQLModel, table=True):
    """A public form was sent from an address, kept as a keyed hash for an hour."""

    __tablename__ = "form_try"
    id: str = key()
    who: str = Field(index=True)
    at: datetime = time()


class ConsentRow(SQLModel, table=True):
    """What a contact point last agreed to, per scope. A projection of the ledger."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_point", "token", "controller_id"),)
    id: str = key()
    controller_id: str = ref("controller.id", index=False)
    contact_id: str = ref("contact.id")
    token: str
    state: str
    brand: str = "*"
    channel: str
    purpose: str
    topic: str = "*"
    expression: str
    verification: str
    origin: str = "inbound_first"  # a `hub.law.facts.Origin`
    wording_id: str | None = ref("wording.id", default=None)
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
    __table_args__ = (Index("ix_stop_point", "token", "controller_id"),)
    id: str = key()
    controller_id: str = ref("controller.id", index=False)
    token: str
    kind: str
    brand: str = "*"
    channel: str = "*"
    purpose: str = "*"
    topic: str = "*"
    event_time: datetime = time(index=True)
    told_by: str = ""  # which field of which CRM connection claimed it; empty for what the hub heard itself
    left_by: str = ""  # the point has a new holder: this is the former one's, and kept under that token too
    ledger_id: str = ref("ledger.id")
