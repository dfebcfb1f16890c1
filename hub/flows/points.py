# SPDX-License-Identifier: Apache-2.0
"""Contact points: from what people type to what can be looked up and written to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_geographical_number
from phonenumbers.tzdata import TIMEZONE_DATA

from hub.contract import BadInput, Point, PointKind

_PREMIUM = {
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.VOICEMAIL,
}


_DAYS = (datetime(2026, 1, 1), datetime(2026, 7, 1))  # noqa: DTZ001 - on the wall, wherever that hangs


@dataclass(frozen=True, slots=True)
class Located:
    """A point, and the country (ISO 3166-1 alpha-2) and IANA time zone it points to, empty where unknown."""

    point: Point
    country: str
    zone: str = ""


def read_number(typed: str, region: str) -> Located | str:
    """A number as somebody typed it, or why it cannot be used. National forms are read as of `region`."""
    text = typed.strip()
    if not text:
        return "is empty"
    try:
        number = phonenumbers.parse(text, region or None)
    except NumberParseException:
        return "is not a phone number"
    kind = phonenumbers.number_type(number)  # looked up once: each question about a number asks for it anew
    if kind == PhoneNumberType.UNKNOWN:
        return "is not a number that can exist; check the digits and the country code"
    if kind in _PREMIUM:
        return "is a service number, not a person's"
    value = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return Located(Point(PointKind.E164, value), phonenumbers.region_code_for_number(number) or "", _zone(number, kind))


def _zone(number: PhoneNumber, kind: int) -> str:
    """The time zone of a number, where it has one only: of its place, or of its country if its kind says no place."""
    code = number.country_code or 0
    if phonenumbers.is_number_type_geographical(kind, code):
        return _alike(time_zones_for_geographical_number(number))
    return _zone_of_code(code)


def number_typed(typed: str, region: str) -> Point:
    """A number that staff typed. Raises `BadInput`."""
    read = read_number(typed, region)
    if not isinstance(read, Located):
        raise BadInput(read, field="number", remedy="Write it with the country code, as in +49 151 ...")
    return read.point


def locate(point: Point) -> Located:
    """Where a point that a vendor gave us lies. A vendor's number is canonical already, with or without `+`."""
    if point.kind is PointKind.E164:
        found = read_number(point.value if point.value.startswith("+") else f"+{point.value}", "")
        return found if isinstance(found, Located) else Located(point, "")
    prefix = point.value[:2]
    country = prefix if prefix.isalpha() and prefix.isupper() else ""
    return Located(point, country, _zone_of_country(country))


def zone_of(country: str, stated: bool, of_point: str, zone: str) -> str:
    """The time zone somebody lives in: of the stated country, else of the contact point; empty where several may be."""
    if stated and country and country != of_point:
        return _zone_of_country(country)
    return zone or _zone_of_country(country or of_point)


@lru_cache
def _zone_of_country(country: str) -> str:
    return _zone_of_code(phonenumbers.country_code_for_region(country)) if country else ""


@lru_cache
def _zone_of_code(code: int) -> str:
    return _alike(TIMEZONE_DATA.get(str(code), ()))


@lru_cache
def _alike(zones: Sequence[str]) -> str:
    """One zone of several that keep the same time all year; empty where they do not."""
    known = [zone for zone in zones if zone != UNKNOWN_TIMEZONE]
    clocks = {tuple(ZoneInfo(zone).utcoffset(day) for day in _DAYS) for zone in known}
    return known[0] if len(clocks) == 1 else ""
