# SPDX-License-Identifier: Apache-2.0
"""What people typed, read; each raises `BadInput` with the field. Empty is what `otherwise` says."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from hub.contract import BadInput
from hub.web.console.rooms import Leaflet, Visitor


def number(visitor: Visitor, name: str, otherwise: float, *, whole: bool = True) -> float:
    typed = visitor.said(name).replace(",", ".")
    if not typed:
        return otherwise
    try:
        read = int(typed) if whole else float(typed)
    except ValueError:
        read = -1
    if not 0 <= read <= 1_000_000:  # also what is no number at all
        raise BadInput("is no number", field=name, remedy="Write a number from 0 on.")
    return read


def clock(visitor: Visitor, name: str) -> time | None:
    typed = visitor.said(name)
    try:
        return time.fromisoformat(typed).replace(second=0, microsecond=0, tzinfo=None) if typed else None
    except ValueError:
        raise BadInput("is no time", field=name, remedy="Write it as 10:00.") from None


def moment(visitor: Visitor, name: str, zone: str) -> datetime | None:
    """A day and hour by the clock of `zone`."""
    typed = visitor.said(name)
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=ZoneInfo(zone)) if typed else None
    except ValueError:
        raise BadInput("is no time", field=name, remedy="Write it as 2026-12-01T09:00.") from None


def day(visitor: Visitor, name: str) -> date | None:
    typed = visitor.said(name)
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise BadInput("is no date", field=name, remedy="Write it as 2026-12-01.") from None


def table(name: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Leaflet:
    """A CSV file. What a spreadsheet would take for a formula gets an apostrophe."""
    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow(headings)
    sheet.writerows([_safe(str(cell)) for cell in row] for row in rows)
    return Leaflet(f"{name}.csv", "text/csv; charset=utf-8", out.getvalue().encode("utf-8-sig"))


def _safe(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
