# SPDX-License-Identifier: Apache-2.0
"""Column types and defaults that every table shares."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

import uuid_utils
from sqlalchemy import JSON, DateTime, Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field


def new_id() -> str:
    """An opaque id: UUID version 7, so rows made together lie together. Carries a time and nothing else."""
    return uuid_utils.uuid7().hex


def new_door() -> str:
    """Where an account's webhooks arrive: 128 random bits, in hex. Unlike an id it tells nothing and can be changed."""
    return secrets.token_hex(16)


class UtcTime(TypeDecorator[datetime]):
    """Aware datetimes in UTC, on databases with and without time zones. Refuses naive ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def key() -> Any:
    return Field(default_factory=new_id, primary_key=True, max_length=32)


def ref(target: str, **options: Any) -> Any:
    return Field(foreign_key=target, index=options.pop("index", True), **options)


def time(**options: Any) -> Any:
    return Field(sa_type=UtcTime, **options)


def maybe_time(**options: Any) -> Any:
    return Field(default=None, sa_type=UtcTime, nullable=True, **options)


def sealed(**options: Any) -> Any:
    """Encrypted bytes; never shown in a `repr`."""
    return Field(sa_type=LargeBinary, repr=False, **options)


def json(**options: Any) -> Any:
    return Field(sa_type=JSON, **options)
