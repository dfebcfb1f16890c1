# SPDX-License-Identifier: Apache-2.0
"""What people must be told (Art. 13, 14, 21(4) GDPR): the texts, who was told, and what somebody stated about that."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from hub.store.tables.columns import key, maybe_time, ref, time


class NoticeText(SQLModel, table=True):
    """A notice as people see it. Its id is the SHA-256 of its facts and text; it is never changed."""

    __tablename__ = "notice_text"
    id: str = Field(primary_key=True, max_length=64)
    controller_id: str = ref("controller.id")
    kind: str  # a `hub.law.facts.NoticeKind`
    version: int  # per kind
    language: str
    text: str
    created_at: datetime = time()


class NoticeServed(SQLModel, table=True):
    """The newest notice of a kind that whoever holds a contact point was shown or sent. A projection of the ledger."""

    __tablename__ = "notice_served"
    token: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    controller_id: str = ref("controller.id")
    notice_id: str = ref("notice_text.id", index=False)
    message_id: str = ""  # the message that carried it, where one did
    at: datetime = time()
    ledger_id: str = ref("ledger.id", index=False)


class NoticeDeclared(SQLModel, table=True):
    """A named person's statement that everybody whom a CRM brought from `since` on was told elsewhere."""

    __tablename__ = "notice_declared"
    id: str = key()
    controller_id: str = ref("controller.id")
    connection_id: str = ref("connection.id", index=False)
    kind: str
    notice_id: str = ref("notice_text.id", index=False)
    since: datetime = time()
    until: datetime | None = maybe_time()  # None: until it is revoked
    by: str
    evidence: str  # where the proof lies
    revoked_at: datetime | None = maybe_time()
    revoked_by: str = ""
    ledger_id: str = ref("ledger.id", index=False)
