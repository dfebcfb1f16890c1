# SPDX-License-Identifier: Apache-2.0
"""Contact points: from what people type to what can be looked up and written to."""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from hub.contract import Point, PointKind

_PREMIUM = {
    phonenumbers.PhoneNumberType.PREMIUM_RATE,
    phonenumbers.PhoneNumberType.SHARED_COST,
    phonenumbers.PhoneNumberType.VOICEMAIL,
}


@dataclass(frozen=True, slots=True)
class Located:
    """A point and the country it points to (ISO 3166-1 alpha-2, empty where unknown)."""

    point: Point
    country: str


def read_number(typed: str, region: str) -> Located | str:
    """A number as somebody typed it, or why it cannot be used. National forms are read as of `region`."""
    text = typed.strip()
    if not text:
        return "is empty"
    try:
        number = phonenumbers.parse(text, region or None)
    except NumberParseException:
        return "is not a phone number"
    if not phonenumbers.is_valid_number(number):
        return "is not a number that can exist; check the digits and the country code"
    if phonenumbers.number_type(number) in _PREMIUM:
        return "is a service number, not a person's"
    value = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return Located(Point(PointKind.E164, value), phonenumbers.region_code_for_number(number) or "")


def locate(point: Point) -> Located:
    """Where a point that a vendor gave us lies. A vendor's number is canonical already, with or without `+`."""
    if point.kind is PointKind.E164:
        found = read_number(point.value if point.value.startswith("+") else f"+{point.value}", "")
        return found if isinstance(found, Located) else Located(point, "")
    prefix = point.value[:2]
    return Located(point, prefix if prefix.isalpha() and prefix.isupper() else "")
