# SPDX-License-Identifier: Apache-2.0
"""What a CRM or provider shows us when we read it: contacts with their claims, audiences, templates."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from hub.contract.words import Channel, ClaimKind, PlatformCategory, Purpose, TemplateState

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing a CRM says about a person's permission (legal reference 3.6). Only core turns it into an event."""

    kind: ClaimKind
    source_field: str  # which field of the CRM says so
    channel: Channel | None = None  # None: the CRM does not name one
    purpose: Purpose | None = None
    claimed_at: datetime | None = None  # when the person is said to have acted
    source_modified_at: datetime | None = None
    evidence: str = field(default="", repr=False)  # a reference in the CRM: order, form, file
    limited: bool = False  # an opt-out that clearly means its own channel and nothing else; unclear is not limited


@dataclass(frozen=True, slots=True)
class ContactSnapshot:
    """A CRM record as of now. `properties` are only those a purpose needs."""

    record: str = field(repr=False)
    phone: str = field(default="", repr=False)  # as typed; core normalises
    country: str = ""  # stated residence or CRM country, ISO 3166-1 alpha-2
    residence_stated: bool = False  # True: stated by the person, not guessed by the CRM
    claims: tuple[Claim, ...] = ()
    properties: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    evidence: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # those of `Crm.asked` that are filled, raw
    modified_at: datetime | None = None
    deleted: bool = False
    merged_into: str = field(default="", repr=False)  # the record that took the place of a deleted one, where known
    row: int | None = None  # line in a file, for the report of unusable rows


class PropertyKind(StrEnum):
    """What a field of a CRM holds, as far as the CRM tells."""

    UNKNOWN = ""
    FLAG = "flag"
    CHOICE = "choice"
    MOMENT = "moment"  # a day or a time
    PHONE = "phone"
    NUMBER = "number"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Property:
    """A field that records of a CRM may have. `options` are its values where the CRM has a closed list of them; several
    may be joined with `;` in one value. `label`: what people in the CRM see."""

    name: str
    options: tuple[str, ...] = ()
    label: str = ""
    kind: PropertyKind = PropertyKind.UNKNOWN


@dataclass(frozen=True, slots=True)
class Unusable:
    """A record that cannot be read: where, which field, why."""

    place: str
    field: str
    why: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items and the cursor that continues after them. `cursor` is opaque and may be stored."""

    items: tuple[T, ...]
    cursor: str | None
    unusable: tuple[Unusable, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes(Page[ContactSnapshot]):
    """Records as they are now, of which the CRM just said that they changed.

    gap: others may have changed that it cannot name any more. Core then reads the CRM from the last sync's cursor on.
    """

    gap: bool = False


@dataclass(frozen=True, slots=True)
class Audience:
    """A list or campaign in the CRM. `size` is the CRM's own count, where it tells."""

    id: str
    title: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A template as the platform stores it. `text` is header, body and footer; `buttons` their labels."""

    name: str
    language: str
    category: PlatformCategory
    state: TemplateState
    text: str
    parameters: tuple[str, ...] = ()
    buttons: tuple[str, ...] = ()
