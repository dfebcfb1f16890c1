# SPDX-License-Identifier: Apache-2.0
"""What a CRM's own fields mean, as an admin approved it: data, and a pure reading of one record by it.

Every part that is left out of a mapping is a part that no record can show, so that its consents stay claims. A value
that is not listed means nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hub.contract.words import Channel, ClaimKind, Expression, Purpose
from hub.law.facts import ANY, Verification

_BASES = {
    "CONSENT": ClaimKind.CONSENT,
    "CONTRACT": ClaimKind.CONTRACT,
    "LEGITIMATE_INTEREST": ClaimKind.LEGITIMATE_INTEREST,
    "UNKNOWN": ClaimKind.UNKNOWN,
}
_UNKNOWN = "unknown"
_GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ ,]+(\d{1,2}:\d{2}(?::\d{2})?))?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    property: str = Field(min_length=1, description="Name of the field in the CRM")


class Flag(_Part):
    """Who consented. `no` is for values that say that the person declined: an empty tick is not one."""

    expression: Expression = Field(description="How the person expressed a yes")
    yes: tuple[str, ...] = Field(min_length=1, description="Values that mean yes")
    no: tuple[str, ...] = Field((), description="Values that mean that the person said no; they stop advertising")

    @model_validator(mode="after")
    def _apart(self) -> Flag:
        if set(map(_key, self.yes)) & set(map(_key, self.no)):
            raise ValueError("a value cannot mean both yes and no")
        return self


class Time(_Part):
    """When the person acted: ISO 8601, 31.12.2026 23:59, or Unix milliseconds."""

    zone: str = Field("", description="Time zone (IANA) of values that name none; empty: such a value says no time")

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            return ZoneInfo(zone).key if zone else ""
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"there is no time zone {zone!r}") from None


class Text(_Part):
    """Which text was shown."""

    versions: dict[str, str] = Field(min_length=1, description="Value to wording: its SHA-256, or its version here")


class ChannelNamed(_Part):
    """For which channel."""

    values: dict[str, Channel] = Field(min_length=1, description="Value to channel")


class PurposeNamed(_Part):
    """For which purpose. It only narrows: a text says at most what it says."""

    values: dict[str, Purpose] = Field(min_length=1, description="Value to purpose")


class PointNamed(_Part):
    """For which number."""


class Proof(_Part):
    """How it was shown that the holder of the number consented."""

    kind: Literal["confirmed_at", "inbound_message", "email_confirmed_at"] = Field(
        description="The time of a confirmation from that number, the id of a message from it, or the time of an "
        "e-mail double opt-in, which proves the e-mail address alone"
    )


class Basis(_Part):
    """Names of legal bases; whatever is not named is UNKNOWN."""

    names: dict[str, Literal["CONSENT", "CONTRACT", "LEGITIMATE_INTEREST", "UNKNOWN"]] = Field(min_length=1)


class Mapping(BaseModel):
    """One CRM connection's fields. Read with `parse`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    consent: Flag | None = None
    time: Time | None = None
    wording: Text | None = None
    channel: ChannelNamed | None = None
    purpose: PurposeNamed | None = None
    point: PointNamed | None = None
    verification: Proof | None = None
    basis: Basis | None = None

    @model_validator(mode="after")
    def _useful(self) -> Mapping:
        if self.consent is None and self.basis is None:
            raise ValueError("it maps neither a consent nor a basis")
        return self

    @property
    def parts(self) -> dict[str, _Part]:
        """The parts that are mapped, by name."""
        return {name: part for name in type(self).model_fields if (part := getattr(self, name)) is not None}

    @property
    def properties(self) -> tuple[str, ...]:
        """The CRM fields that are needed."""
        return tuple(dict.fromkeys(part.property for part in self.parts.values()))

    def meanings(self, name: str) -> dict[str, str]:
        """The values of the CRM that a part names, and what each means; of a flag "yes" or "no"."""
        match self.parts.get(name):
            case Flag(yes=yes, no=no):
                return dict.fromkeys(yes, "yes") | dict.fromkeys(no, "no")
            case Text(versions=found) | ChannelNamed(values=found) | PurposeNamed(values=found) | Basis(names=found):
                return {value: str(meaning) for value, meaning in found.items()}
        return {}


def parse(text: str) -> Mapping:
    """Read a mapping from TOML. Raises `pydantic.ValidationError` or `tomllib.TOMLDecodeError`."""
    return Mapping.model_validate(tomllib.loads(text))


class Says(StrEnum):
    """What the flag says."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reading:
    """What one record says under a mapping."""

    says: Says
    expression: Expression = Expression.IMPLIED
    at: datetime | None = None
    wording: str = ""  # as the mapping names it
    channel: str = Channel.WHATSAPP  # where none is mapped, the wording's own word for it counts
    purpose: str = ANY  # the same
    point: str = field(default="", repr=False)  # as typed
    verification: Verification = Verification.NONE
    basis: ClaimKind | None = None  # None: none is mapped


def read(mapping: Mapping, values: dict[str, str], now: datetime) -> Reading:
    """One record. What cannot be read is as if it were not there."""

    def value(part: _Part | None) -> str:
        return values.get(part.property, "").strip() if part else ""

    moment = span(value(mapping.time), mapping.time.zone) if mapping.time else None
    at = moment[0] if moment else None
    zone = mapping.time.zone if mapping.time else ""
    return Reading(
        says=_says(mapping.consent, value(mapping.consent)),
        expression=mapping.consent.expression if mapping.consent else Expression.IMPLIED,
        at=at,
        wording=_of(mapping.wording.versions, value(mapping.wording)) or "" if mapping.wording else "",
        channel=_of(mapping.channel.values, value(mapping.channel)) or _UNKNOWN
        if mapping.channel
        else Channel.WHATSAPP,
        purpose=_of(mapping.purpose.values, value(mapping.purpose)) or _UNKNOWN if mapping.purpose else ANY,
        point=value(mapping.point),
        verification=_proof(mapping.verification, value(mapping.verification), at, zone, now),
        basis=_BASES[_of(mapping.basis.names, value(mapping.basis)) or "UNKNOWN"] if mapping.basis else None,
    )


def _says(flag: Flag | None, value: str) -> Says:
    if flag is None:
        return Says.UNKNOWN
    if _key(value) in map(_key, flag.yes):
        return Says.YES
    return Says.NO if _key(value) in map(_key, flag.no) else Says.UNKNOWN


def _proof(proof: Proof | None, value: str, at: datetime | None, zone: str, now: datetime) -> Verification:
    """A confirmation counts when it is not older than what it confirms, and not from the future."""
    if proof is None or not value:
        return Verification.NONE
    if proof.kind == "inbound_message":
        return Verification.SAME_POINT
    confirmed = span(value, zone)
    if confirmed is None or confirmed[0] > now or (at is not None and confirmed[1] < at):
        return Verification.NONE
    return Verification.SAME_POINT if proof.kind == "confirmed_at" else Verification.OTHER_POINT


def _of(table: Lookup[str, str], value: str) -> str | None:
    return next((meaning for name, meaning in table.items() if _key(name) == _key(value)), None)


def _key(value: str) -> str:
    return " ".join(value.split()).casefold()


def span(text: str, zone: str) -> tuple[datetime, datetime] | None:
    """The first and last moment that a typed time may mean; a day alone is all of it. None where it says no time."""
    german = _GERMAN.fullmatch(text)
    if german:
        day, month, year, clock = german.groups()
        text = f"{year}-{month:0>2}-{day:0>2}" + (f"T{clock:0>5}" if clock else "")
    try:
        if text.isdigit():
            moment = datetime.fromtimestamp(int(text) / 1000, UTC)
            return (moment, moment) if len(text) == 13 else None
        if _DAY.fullmatch(text):
            if not zone:
                return None
            start = datetime.combine(date.fromisoformat(text), time(), ZoneInfo(zone)).astimezone(UTC)
            return start, start + timedelta(days=1, seconds=-1)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    if moment.tzinfo is None:
        if not zone:
            return None
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return moment.astimezone(UTC), moment.astimezone(UTC)
