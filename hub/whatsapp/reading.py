# SPDX-License-Identifier: Apache-2.0
"""Reads vendor JSON that may lack anything, or hold something else than documented, without ever raising."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import orjson

Fields = dict[str, Any]

_MILLISECONDS = 100_000_000_000  # as seconds this is the year 5138
_FINER = re.compile(r"(\.\d{6})\d+")


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


def word(value: object, otherwise: str = "unnamed") -> str:
    """A vendor's word, short enough to show; it holds no personal data."""
    return text(value)[:60] or otherwise


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
    """An ISO 8601 time; one without a zone is taken as UTC, more digits than microseconds are cut off."""
    try:
        read = datetime.fromisoformat(_FINER.sub(r"\1", text(value)))
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return otherwise
