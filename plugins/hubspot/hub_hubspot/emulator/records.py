# SPDX-License-Identifier: Apache-2.0
"""Records of one object type, and the rules for their property values."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub_hubspot.emulator.answers import Json, Refusal, invalid, iso, not_found
from hub_hubspot.emulator.schema import Schema

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass
class Record:
    """One record. Values are strings; an empty one is absent."""

    id: str
    properties: dict[str, str]
    created: datetime
    updated: datetime
    archived_at: datetime | None = None
    associations: list[tuple[str, int]] = field(default_factory=list)  # (to record, association type)
    history: dict[str, list[Json]] = field(default_factory=dict)

    def show(self, wanted: list[str], *, history: list[str] | None = None, portal: int = 0) -> Json:
        """As the API shows it: requested but empty is null, unknown is left out by the caller."""
        always = {"createdate": iso(self.created), "hs_object_id": self.id, "lastmodifieddate": iso(self.updated)}
        shown: Json = {
            "id": self.id,
            "properties": {name: self.properties.get(name) for name in wanted} | always,
            "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
            "archived": self.archived_at is not None,
            "url": f"https://app-eu1.hubspot.com/contacts/{portal}/record/0-1/{self.id}",
        }
        if self.archived_at is not None:
            shown["archivedAt"] = iso(self.archived_at)
        if history:
            shown["propertiesWithHistory"] = {name: self.history.get(name, []) for name in history}
        return shown


class Records:
    """All records of one type, in the order of their ids."""

    def __init__(self, schema: Schema, new_id: Callable[[], str], now: Callable[[], datetime]) -> None:
        self.schema, self._new_id, self._now = schema, new_id, now
        self.all: dict[str, Record] = {}
        self._order: list[int] = []
        self._merged: dict[str, str] = {}
        self._emails: dict[str, str] = {}

    def get(self, record: str, *, by: str = "") -> Record:
        """Raises `Refusal` (404). A merged record answers with the survivor."""
        found = self.find(record, by=by)
        if found is None or found.archived_at is not None:
            raise not_found()
        return found

    def find(self, record: str, *, by: str = "") -> Record | None:
        if by == "email":
            record = self._emails.get(record.lower(), "")
        elif by and by != "hs_object_id":
            return next((one for one in self.all.values() if one.properties.get(by) == record), None)
        return self.all.get(self._merged.get(record, record))

    def after(self, record: str, *, archived: bool = False) -> Iterator[Record]:
        """Records with greater ids than `record`, which may be "" for all."""
        start = bisect.bisect_right(self._order, int(record)) if record else 0
        for number in self._order[start:]:
            one = self.all.get(str(number))
            if one is not None and (one.archived_at is not None) == archived:
                yield one

    def check_new(self, properties: Mapping[str, Any]) -> dict[str, str]:
        """Values of a record to come. Raises `Refusal`: 400 for a bad value, 409 for a known e-mail address."""
        values = self.schema.checked(properties)
        email = values.get("email", "")
        if email and not _EMAIL.fullmatch(email):
            raise invalid("Property values were not valid", errors=[{"message": "invalid", "code": "INVALID_EMAIL"}])
        if email.lower() in self._emails:
            raise Refusal(409, "CONFLICT", f"Contact already exists. Existing ID: {self._emails[email.lower()]}")
        return values

    def create(self, properties: Mapping[str, Any], source: str = "INTEGRATION") -> Record:
        """Raises `Refusal` like `check_new`."""
        values, now = self.check_new(properties), self._now()
        one = Record(self._new_id(), {}, now, now)
        self.all[one.id] = one
        self._order.append(int(one.id))
        self._put(one, values, source)
        return one

    def update(self, one: Record, properties: Mapping[str, Any], source: str = "INTEGRATION") -> dict[str, str]:
        """Write values; returns those that changed."""
        values = self.schema.checked(properties)
        taken = self._emails.get(values.get("email", "").lower())
        if taken and taken != one.id:
            raise Refusal(409, "CONFLICT", f"Contact already exists. Existing ID: {taken}")
        return self._put(one, values, source)

    def _put(self, one: Record, values: dict[str, str], source: str) -> dict[str, str]:
        changed = {name: value for name, value in values.items() if one.properties.get(name, "") != value}
        one.updated = self._now()
        for name, value in changed.items():
            if name == "email":
                self._emails.pop(one.properties.get("email", "").lower(), None)
                self._emails |= {value.lower(): one.id} if value else {}
            if value:
                one.properties[name] = value
            else:
                one.properties.pop(name, None)
            entry = {"value": value, "timestamp": iso(one.updated), "sourceType": source}
            one.history.setdefault(name, []).insert(0, entry)
        return changed

    def archive(self, one: Record) -> None:
        one.archived_at = self._now()
        self._emails.pop(one.properties.get("email", "").lower(), None)

    def erase(self, one: Record) -> None:
        """Gone for good, with its history."""
        self.archive(one)
        del self.all[one.id]

    def merge(self, survivor: Record, other: Record) -> None:
        for name, value in other.properties.items():
            survivor.properties.setdefault(name, value)
        survivor.updated = self._now()
        self.archive(other)
        del self.all[other.id]
        self._merged[other.id] = survivor.id
