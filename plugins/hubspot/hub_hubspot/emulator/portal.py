# SPDX-License-Identifier: Apache-2.0
"""One HubSpot account: its records, lists and people who edit them. Knows no HTTP; tells every change to a listener."""

from __future__ import annotations

import bisect
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from hub_hubspot.emulator.answers import Json, Refusal, invalid, iso, not_found
from hub_hubspot.emulator.records import Record, Records
from hub_hubspot.emulator.schema import Schema
from hub_hubspot.emulator.seeded import STEP, Seeded

Listener = Callable[[str, Json], None]  # kind of event, its fields

CHANNELS = frozenset({"WHATS_APP", "LINKEDIN_MESSAGE", "SMS"})
TO_CONTACT = frozenset({81, 202, 204})  # from a communication, a note, a task


@dataclass
class ContactList:
    """A list of contacts; `members` are in the order they joined. With `everyone`, all contacts are its members."""

    id: str
    name: str
    processing_type: str
    created: datetime
    updated: datetime
    members: dict[str, datetime] = field(default_factory=dict)
    everyone: Records | None = None
    _sorted: list[int] | None = None

    @property
    def size(self) -> int:
        return self.everyone.count if self.everyone else len(self.members)

    def add(self, records: Iterable[str], at: datetime) -> None:
        self.members |= dict.fromkeys(records, at)
        self._sorted = None

    def remove(self, record: str) -> bool:
        self._sorted = None
        return self.members.pop(record, None) is not None

    def page(self, after: int, limit: int) -> list[tuple[str, datetime]]:
        """Members with greater ids than `after`, in order."""
        if self.everyone:
            return [(one.id, self.created) for one in islice(self.everyone.after(str(after)), limit)]
        if self._sorted is None:
            self._sorted = sorted(map(int, self.members))
        start = bisect.bisect_right(self._sorted, after)
        return [(str(number), self.members[str(number)]) for number in self._sorted[start : start + limit]]

    def show(self) -> Json:
        return {
            "listId": self.id,
            "listVersion": 1,
            "name": self.name,
            "objectTypeId": "0-1",
            "processingType": self.processing_type,
            "processingStatus": "COMPLETE",
            "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
        }


class Portal:
    """The state behind the API."""

    def __init__(self, rng: random.Random, now: Callable[[], datetime], listener: Listener, number: int) -> None:
        self.number, self.now, self._tell, self._random = number, now, listener, rng
        self.search_cap = 10_000  # hits of one search
        self.short_pages = 0.0  # probability that a page holds fewer than asked for, though more follow
        self.protected: set[str] = set()  # contacts that a rule of the admin keeps from being changed by API
        self._last_id = 100_000_000_000 + rng.randrange(10**9)
        self.contacts = Records(Schema.of_contacts(now), self._new_id, now)
        self.communications = Records(Schema.of_communications(now), self._new_id, now)
        self.notes = Records(Schema.of_notes(now), self._new_id, now)
        self.tasks = Records(Schema.of_tasks(now), self._new_id, now)
        self.lists: dict[str, ContactList] = {}

    def _new_id(self) -> str:
        self._last_id += STEP
        return str(self._last_id)

    def seed(self, count: int, at: datetime, make: Callable[[int], dict[str, str]]) -> None:
        """Let so many contacts have been there all along, last changed at `at`."""
        self.contacts.seeded = Seeded(self._last_id + STEP, count, at, make)
        self._last_id = self.contacts.seeded.last

    def shorten(self, limit: int) -> int:
        """How many a page holds that may hold `limit`."""
        short = self.short_pages and self._random.random() < self.short_pages
        return self._random.randint(1, limit) if short else limit

    def kind(self, name: str) -> Records:
        """Raises `Refusal` (404) for object types the emulator does not have."""
        kinds = {"contacts": self.contacts, "contact": self.contacts, "0-1": self.contacts}
        kinds |= dict.fromkeys(("communications", "communication", "0-18"), self.communications)
        kinds |= dict.fromkeys(("notes", "note"), self.notes)
        kinds |= dict.fromkeys(("tasks", "task"), self.tasks)
        if name not in kinds:
            raise not_found(f"Unable to infer object type from: {name}")
        return kinds[name]

    def create(self, kind: Records, asked: Json, source: str = "INTEGRATION", *, dry: bool = False) -> Record | None:
        """One record with its associations; `dry` only checks. Raises `Refusal`."""
        properties = asked.get("properties")
        if not isinstance(properties, dict):
            raise invalid("Invalid input JSON: properties are required")
        associations = [self._association(one) for one in asked.get("associations") or []]
        if kind is self.communications:
            _check_communication(properties)
        if kind in (self.notes, self.tasks) and not properties.get("hs_timestamp"):
            raise _not_valid(["hs_timestamp"])
        if dry:
            kind.check_new(properties)
            return None
        record = kind.create(properties, source)
        record.associations = associations
        if kind is self.contacts:
            self._tell(
                "contact.creation", {"objectId": int(record.id), "changeFlag": "CREATED", "changeSource": source}
            )
        return record

    def _association(self, asked: Json) -> tuple[str, int]:
        target = str((asked.get("to") or {}).get("id", ""))
        types = asked.get("types") or []
        if not types or not all(isinstance(one.get("associationTypeId"), int) for one in types):
            raise invalid("Invalid input JSON: every association needs a type")
        if types[0]["associationTypeId"] in TO_CONTACT and self.contacts.find(target) is None:
            raise invalid(
                "One or more associations are not valid", errors=[{"message": "", "code": "INVALID_OBJECT_ID"}]
            )
        return target, int(types[0]["associationTypeId"])

    def update(
        self, kind: Records, record: Record, properties: Mapping[str, Any], source: str = "INTEGRATION"
    ) -> dict[str, str]:
        """Write values and tell what changed. Raises `Refusal`."""
        if source == "INTEGRATION" and record.id in self.protected:
            raise _not_valid(["lifecyclestage"], "REQUIRED_FIELD")
        changed = kind.update(record, properties, source)
        if kind is self.contacts:
            for name, value in changed.items():
                event = {"objectId": int(record.id), "propertyName": name, "propertyValue": value}
                self._tell("contact.propertyChange", {**event, "changeSource": source})
        return changed

    def archive(self, kind: Records, record: Record) -> None:
        kind.archive(record)
        self._unlist(record)
        if kind is self.contacts:
            self._tell("contact.deletion", {"objectId": int(record.id), "changeFlag": "DELETED", "changeSource": "CRM"})

    def _unlist(self, record: Record) -> None:
        for one in self.lists.values():
            one.remove(record.id)

    def restore(self, record: Record) -> None:
        self.contacts.restore(record)
        self._tell("contact.restore", {"objectId": int(record.id), "changeFlag": "RESTORED", "changeSource": "CRM"})

    def erase(self, record: Record) -> None:
        """GDPR deletion: two events, and nothing is left."""
        self.archive(self.contacts, record)
        self.contacts.erase(record)
        self._tell("contact.privacyDeletion", {"objectId": int(record.id), "changeSource": "CRM"})

    def merge(self, survivor: Record, other: Record) -> None:
        self.contacts.merge(survivor, other)
        self._unlist(other)
        event = {"primaryObjectId": int(survivor.id), "mergedObjectIds": [int(other.id)], "objectId": int(survivor.id)}
        self._tell("contact.merge", {**event, "newObjectId": int(survivor.id), "changeSource": "CRM_UI"})

    def create_list(self, name: str, processing_type: str) -> ContactList:
        if not name or processing_type not in ("MANUAL", "DYNAMIC", "SNAPSHOT"):
            raise invalid("Invalid input JSON: name and processingType are required")
        if any(one.name == name for one in self.lists.values()):
            raise Refusal(400, "VALIDATION_ERROR", "A list with this name already exists")
        now = self.now()
        one = ContactList(str(len(self.lists) + 1), name, processing_type, now, now)
        self.lists[one.id] = one
        return one


def _check_communication(properties: Json) -> None:
    wrong = [
        name
        for name, good in (
            ("hs_communication_channel_type", properties.get("hs_communication_channel_type") in CHANNELS),
            ("hs_communication_logged_from", properties.get("hs_communication_logged_from") == "CRM"),
            ("hs_timestamp", bool(properties.get("hs_timestamp"))),
        )
        if not good
    ]
    if wrong:
        raise _not_valid(wrong)


def _not_valid(names: list[str], code: str = "INVALID_OPTION") -> Refusal:
    details = [{"message": "", "code": code, "context": {"propertyName": [name]}} for name in names]
    return invalid("Property values were not valid", errors=details)
