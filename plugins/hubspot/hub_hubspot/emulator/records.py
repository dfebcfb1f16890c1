# SPDX-License-Identifier: Apache-2.0
"""Records of one object type, and the rules for their property values."""

from __future__ import annotations

import bisect
import heapq
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from hub_hubspot.emulator.answers import Json, Refusal, invalid, iso, not_found
from hub_hubspot.emulator.schema import Schema
from hub_hubspot.emulator.seeded import Seeded

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
            shown["propertiesWithHistory"] = {name: self._history(name) for name in history}
        return shown

    def _history(self, name: str) -> list[Json]:
        """Newest first. What a record was imported with has one entry."""
        value = self.properties.get(name)
        first = [{"value": value, "timestamp": iso(self.created), "sourceType": "IMPORT"}] if value else []
        return self.history.get(name, first)


class Records:
    """All records of one type, in the order of their ids. `all` holds those that were made or changed here."""

    def __init__(self, schema: Schema, new_id: Callable[[], str], now: Callable[[], datetime]) -> None:
        self.schema, self._new_id, self._now = schema, new_id, now
        self.all: dict[str, Record] = {}
        self.seeded: Seeded | None = None
        self._gone: set[int] = set()  # of the seeded
        self._order: list[int] = []
        self._merged: dict[str, str] = {}
        self._emails: dict[str, str] = {}

    @property
    def count(self) -> int:
        """How many there are, archived ones included."""
        seeded = self.seeded
        if seeded is None:
            return len(self.all)
        held = sum(seeded.index(int(one)) is not None for one in self.all)
        return len(self.all) + seeded.count - held - len(self._gone)

    def get(self, record: str, *, by: str = "", archived: bool = False) -> Record:
        """Raises `Refusal` (404). A merged record answers with the survivor."""
        found = self.find(record, by=by)
        if found is None or (found.archived_at is not None) != archived:
            raise not_found()
        return found

    def find(self, record: str, *, by: str = "") -> Record | None:
        if by == "email":
            record = self._emails.get(record.lower()) or self._seeded_email(record.lower())
        elif by and by != "hs_object_id":
            return next((one for one in self.all.values() if one.properties.get(by) == record), None)
        record = self._merged.get(record, record)
        return self.all.get(record) or self._seeded(record)

    def after(self, record: str, *, archived: bool = False) -> Iterator[Record]:
        """Records with greater ids than `record`, which may be "" for all."""
        if archived:
            held = sorted(number for number in map(int, self.all) if number > int(record or 0))
            yield from (self.all[str(n)] for n in held if self.all[str(n)].archived_at is not None)
            return
        start = bisect.bisect_right(self._order, int(record)) if record else 0
        made = islice(self._order, start, None)
        numbers = heapq.merge(made, self.seeded.ids(int(record or 0))) if self.seeded else made
        for number in numbers:
            one = self.all.get(str(number)) or self._seeded(str(number))
            if one is not None and one.archived_at is None:
                yield one

    def changed(self, since: datetime | None, after: int) -> Iterator[Record]:
        """Those that are there and may have been changed since then, with greater ids, in the order of these."""
        if since is None or self.seeded is None or self.seeded.at >= since:
            return self.after(str(after))
        held = sorted(one for one in map(int, self.all) if one > after)
        return (one for number in held if (one := self.all[str(number)]).archived_at is None)

    def _seeded(self, record: str) -> Record | None:
        seeded = self.seeded
        place = seeded.index(int(record)) if seeded and record.isdigit() else None
        if seeded is None or place is None or int(record) in self._gone:
            return None
        properties = {name: value for name, value in seeded.make(place).items() if value}
        return Record(record, properties, seeded.at, seeded.at)

    def _seeded_email(self, email: str) -> str:
        number = str((self.seeded and self.seeded.with_email(email)) or "")
        return "" if number in self.all or not self._seeded(number) else number

    def _own(self, one: Record) -> Record:
        """The record itself, held from now on: it is about to change."""
        held = self.all.setdefault(one.id, one)
        if held is one and (email := one.properties.get("email", "").lower()):
            self._emails.setdefault(email, one.id)
        return held

    def _taken(self, email: str) -> str:
        """Which record has this address."""
        return (self._emails.get(email) or self._seeded_email(email)) if email else ""

    def check_new(self, properties: Mapping[str, Any]) -> dict[str, str]:
        """Values of a record to come. Raises `Refusal`: 400 for a bad value, 409 for a known e-mail address."""
        values = self.schema.checked(properties)
        email = values.get("email", "")
        if email and not _EMAIL.fullmatch(email):
            raise invalid("Property values were not valid", errors=[{"message": "invalid", "code": "INVALID_EMAIL"}])
        if taken := self._taken(email.lower()):
            raise Refusal(409, "CONFLICT", f"Contact already exists. Existing ID: {taken}")
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
        taken = self._taken(values.get("email", "").lower())
        if taken and taken != one.id:
            raise Refusal(409, "CONFLICT", f"Contact already exists. Existing ID: {taken}")
        return self._put(self._own(one), values, source)

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
        one = self._own(one)
        one.archived_at = self._now()
        self._emails.pop(one.properties.get("email", "").lower(), None)

    def restore(self, one: Record) -> None:
        one.archived_at, one.updated = None, self._now()
        if email := one.properties.get("email", "").lower():
            self._emails[email] = one.id

    def erase(self, one: Record) -> None:
        """Gone for good, with its history."""
        self.archive(one)
        self._forget(one)

    def merge(self, survivor: Record, other: Record) -> None:
        survivor = self._own(survivor)
        for name, value in other.properties.items():
            survivor.properties.setdefault(name, value)
        survivor.updated = self._now()
        self.archive(other)
        self._forget(other)
        self._merged = {old: survivor.id if to == other.id else to for old, to in self._merged.items()}
        self._merged[other.id] = survivor.id

    def _forget(self, one: Record) -> None:
        del self.all[one.id]
        if self.seeded and self.seeded.index(int(one.id)) is not None:
            self._gone.add(int(one.id))
