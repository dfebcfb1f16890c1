# SPDX-License-Identifier: Apache-2.0
"""Reads vendor JSON that may lack anything, or hold something else than documented, without ever raising."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

Fields = dict[str, Any]

_MILLISECONDS = 100_000_000_000  # as seconds this is the year 5138


def parsed(body: bytes) -> Fields:
    """The JSON object in `body`; empty when there is none."""
    try:
        return mapping(orjson.loads(body))
    except orjson.JSONDecodeError:
        return {}


def mapping(value: object) -> Fields:
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> list[Fields]:
    """The objects in a list; anything else in it is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """A string; whole numbers are spelled out, since Meta sends some ids as either."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def number(value: object) -> int | None:
    try:
        return int(text(value))
    except ValueError:
        return None


def moment(value: object, otherwise: datetime) -> datetime:
    """Unix time in seconds, as text or number; milliseconds have been seen."""
    seconds = number(value)
    if seconds is None:
        return otherwise
    try:
        return datetime.fromtimestamp(seconds / 1000 if seconds > _MILLISECONDS else seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return otherwise


def instant(value: object, otherwise: datetime) -> datetime:
    """A time as ISO 8601 writes it, offset with or without colon; without an offset it is UTC."""
    try:
        read = datetime.fromisoformat(text(value))
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (OverflowError, ValueError):
        return otherwise
