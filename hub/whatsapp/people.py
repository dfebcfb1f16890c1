# SPDX-License-Identifier: Apache-2.0
"""People as vendors write them: numbers and Meta's business-scoped user ids (BSUID)."""

from __future__ import annotations

import re

from hub.contract import Pace, Point, PointKind, Rejected
from hub.whatsapp.reading import text

# the platform's own limit towards one person, whoever stands between: lent in advance, waited for afterwards.
# Source: developers.facebook.com/documentation/business-messaging/whatsapp/throughput
PAIR = Pace(seconds=6.0, burst=45)
_BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?\w+")
_ORDER = tuple(PointKind)


def points(*given: object) -> tuple[Point, ...]:
    """Who is named, the number first, each once. What is neither a number nor a BSUID is left out."""
    found = dict.fromkeys(point for value in given if (point := _point(text(value))))
    return tuple(sorted(found, key=lambda point: _ORDER.index(point.kind)))


def _point(value: str) -> Point | None:
    digits = value.removeprefix("+")
    if digits.isdecimal():
        return Point(PointKind.E164, f"+{digits}")
    match = _BSUID.fullmatch(value)
    if match is None:
        return None
    return Point(PointKind.PARENT_BSUID if match[1] else PointKind.BSUID, value)


def address(to: Point) -> str:
    """A number with "+", or a BSUID. Raises `Rejected` for what WhatsApp cannot reach."""
    if to.kind is PointKind.E164:
        return f"+{to.value.removeprefix('+')}"
    if to.kind in (PointKind.BSUID, PointKind.PARENT_BSUID):
        return to.value
    raise Rejected("WhatsApp needs a number or a BSUID")


def digits(to: Point, vendor: str) -> str:
    """A number without "+". Raises `Rejected` for anything else: `vendor` documents no sending to a user id."""
    if to.kind is not PointKind.E164:
        raise Rejected(f"{vendor} documents no sending to a user id; a number is needed")
    return to.value.removeprefix("+")
