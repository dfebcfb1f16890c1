# SPDX-License-Identifier: Apache-2.0
"""Records as Salesforce writes them, in JSON and in CSV, made one: field name to text. And SOQL literals. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")
Row = dict[str, str]  # fields of a parent are written Parent.Field; "" where there is no value


def flat(record: dict[str, Any], before: str = "") -> Row:
    """A record of a JSON answer."""
    row: Row = {}
    for name, value in record.items():
        if name == "attributes":
            continue
        if isinstance(value, dict):
            row |= flat(value, f"{before}{name}.")
        else:
            row[before + name] = _text(value)
    return row


def table(text: str) -> list[Row] | None:
    """The records of a CSV answer; None when it is none."""
    lines = csv.DictReader(io.StringIO(text, newline=""))
    if "Id" not in (lines.fieldnames or ()):
        return None
    return [{name: value or "" for name, value in line.items() if name is not None} for line in lines]


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def moment(written: str) -> datetime | None:
    """A time, aware, UTC; a date counts from its first moment. None where it is neither."""
    try:
        parsed = datetime.fromisoformat(written)
    except ValueError:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def stamp(at: datetime) -> str:
    """A time as SOQL and records take it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def quoted(value: str) -> str:
    """A string literal of SOQL."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def listed(values: Iterable[str]) -> str:
    """The right side of IN."""
    return f"({','.join(quoted(value) for value in values)})"


def groups(items: Sequence[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
