# SPDX-License-Identifier: Apache-2.0
"""Who may use the API, and what they did there."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from hub.store.tables.columns import key, maybe_time, ref, sealed, time


class ApiKey(SQLModel, table=True):
    """A program's way in. Only the SHA-256 of the key is kept: it has 256 random bits, so nobody can guess it."""

    __tablename__ = "api_key"
    id: str = key()
    controller_id: str = ref("controller.id")
    title: str
    role: str  # a `hub.flows.roles.Role`
    hash: str = Field(unique=True, max_length=64, repr=False)
    created_by: str
    created_at: datetime = time()
    expires_at: datetime = time()
    used_at: datetime | None = maybe_time()  # to the hour
    revoked_at: datetime | None = maybe_time()


class AuditRow(SQLModel, table=True):
    """Something somebody did. Holds ids and codes, no personal data of those written to."""

    __tablename__ = "audit"
    id: str = key()
    controller_id: str = ref("controller.id")
    at: datetime = time()
    who: str  # a key's or a person's id
    role: str
    what: str  # e.g. "campaign.start"
    about: str = Field(default="", index=True)  # the id of what it was done to


class Repeat(SQLModel, table=True):
    """The answer to a request with an `Idempotency-Key`: the same request again gets it again."""

    who: str = Field(primary_key=True)
    key: str = Field(primary_key=True, max_length=255)
    request: str = Field(max_length=64)  # SHA-256 of method, path and body
    status: int
    answer: bytes = Field(repr=False)
    at: datetime = time(index=True)


class Staff(SQLModel, table=True):
    """A person who works with the console."""

    id: str = key()
    controller_id: str = ref("controller.id")
    login: str = Field(unique=True)  # e-mail address, lower case
    name: str
    role: str  # a `hub.flows.roles.Role`
    password: str = Field(repr=False)  # argon2id
    totp: bytes | None = sealed(default=None, nullable=True)  # the second factor's secret, once it was confirmed
    subject: str = ""  # who they are at the OpenID provider, once they came in by it: issuer, a blank, subject
    totp_step: int = 0  # the newest time step whose code was used: no code opens twice
    failures: int = 0  # wrong answers in a row
    locked_until: datetime | None = maybe_time()
    language: str = "de"
    created_by: str
    created_at: datetime = time()
    disabled_at: datetime | None = maybe_time()


class Visit(SQLModel, table=True):
    """Somebody is logged in. Only the SHA-256 of the cookie is kept."""

    token: str = Field(primary_key=True, max_length=64, repr=False)
    staff_id: str = ref("staff.id")
    created_at: datetime = time()
    seen_at: datetime = time()
