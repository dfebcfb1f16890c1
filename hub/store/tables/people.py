# SPDX-License-Identifier: Apache-2.0
"""People, as little of them as a purpose needs, each under their own key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field, Index, SQLModel, UniqueConstraint, text

from hub.store.tables.columns import json, key, maybe_time, ref, sealed, time


class Contact(SQLModel, table=True):
    """A person of one controller. Destroying `data_key` makes everything sealed under it unreadable.

    A contact that turned out to be the same person as another is a mere pointer to it: `merged_into`. Its own key then
    lies under the other's (`kept_key`), so that the ledger's evidence still opens, and erasure reaches it too.
    """

    id: str = key()
    controller_id: str = ref("controller.id")
    data_key: bytes | None = sealed(nullable=True)
    profile: bytes | None = sealed(default=None, nullable=True)  # properties a template may use
    country: str = ""
    residence_stated: bool = False
    former_country: str = ""  # the one before, which counts on for a while
    moved_at: datetime | None = maybe_time()  # when we learned of the new one
    last_inbound_at: datetime | None = maybe_time()
    wrote_to: str = ""  # our number (sender) of that message: only it may answer freely
    restricted: bool = False
    erased_at: datetime | None = maybe_time()
    reassigned_at: datetime | None = maybe_time()
    marketing_capped_until: datetime | None = maybe_time()  # by the platform
    ambiguous_at: datetime | None = maybe_time()  # perhaps two people: a person must say
    merged_into: str | None = Field(default=None, foreign_key="contact.id", index=True)
    kept_key: bytes | None = sealed(default=None, nullable=True)
    created_at: datetime = time()


class ContactPoint(SQLModel, table=True):
    """A number or BSUID of a person: sealed, and found by its HMAC.

    A point that the person no longer has cannot be found by its HMAC any more: that one is kept in `former`.
    """

    __tablename__ = "contact_point"
    __table_args__ = (UniqueConstraint("controller_id", "token"),)
    id: str = key()
    controller_id: str = ref("controller.id")
    contact_id: str = ref("contact.id")
    kind: str
    token: str = Field(index=True)
    value: bytes = sealed()
    country: str = ""  # of the number, or the BSUID's prefix
    zone: str = ""  # IANA time zone, where number or country have one only
    verified_at: datetime | None = maybe_time()  # when the platform first showed it; None: only a CRM says so
    connection_id: str | None = Field(default=None, foreign_key="connection.id")  # that showed it
    left_at: datetime | None = maybe_time()
    former: str = Field(default="", index=True)


_DUE = text("art14_due_at IS NOT NULL")


class CrmRecord(SQLModel, table=True):
    """Which CRM records speak of a person, and what they claim."""

    __tablename__ = "crm_record"
    __table_args__ = (
        Index("ix_crm_record_due", "connection_id", "art14_due_at", sqlite_where=_DUE, postgresql_where=_DUE),
    )
    connection_id: str = Field(foreign_key="connection.id", primary_key=True)
    record: str = Field(primary_key=True)
    contact_id: str = ref("contact.id")
    point_id: str = ref("contact_point.id", index=False)
    fingerprint: str  # HMAC of what was read; unchanged records are not written again
    claims: list[dict[str, Any]] = json(default_factory=list)
    first_seen_at: datetime = time()
    seen_at: datetime = time()
    art14_due_at: datetime | None = maybe_time()  # set where the data come from somebody else
