# SPDX-License-Identifier: Apache-2.0
"""The records of an org. Seeded ones are made when they are looked at, so that a million of them take no memory."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from hub_salesforce.emulator.objects import PREFIXES, Field
from hub_salesforce.ids import suffix

Row = dict[str, Any]

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_PLACES = 9
SEEDED, OWN = "A00", "M00"  # in the middle of an id; seeded ones sort first
INDEXED = ("PartyId", "IndividualId", "ContactId", "LeadId", "CampaignId", "ContactPointId", "Name")


def numbered(prefix: str, where: str, number: int) -> str:
    """The id of the record with this number."""
    high, low = divmod(number, len(_DIGITS) ** 3)
    short = prefix + where + _written(high, _PLACES - 3) + _written(low, 3)
    return short + suffix(short)


@lru_cache(1 << 18)
def _written(number: int, places: int) -> str:
    text = ""
    for _ in range(places):
        number, digit = divmod(number, len(_DIGITS))
        text = _DIGITS[digit] + text
    return text


def number_of(record: str) -> int:
    value = 0
    for char in record[6:15]:
        value = value * len(_DIGITS) + _VALUES[char]
    return value


@dataclass
class Seeded:
    """Records by number. `owner`: the field whose referenced record has the same number; `constants` hold for all."""

    count: int
    first: datetime
    step: timedelta
    make: Callable[[int], Row]
    owner: str = ""
    constants: Mapping[str, Any] = field(default_factory=dict)

    def stamp(self, number: int) -> datetime:
        return self.first + number * self.step

    def since(self, at: datetime) -> int:
        """The first number that is not older."""
        steps = -((self.first - at) // self.step)
        return min(max(steps, 0), self.count)


class Table:
    """The records of one object."""

    def __init__(self, name: str, fields: dict[str, Field], now: Callable[[], datetime]) -> None:
        self.name, self.fields, self.prefix, self._now = name, fields, PREFIXES[name], now
        self.rows: dict[str, Row] = {}  # made or changed here
        self.seeded: Seeded | None = None
        self.moved: list[int] = []  # numbers of seeded records that were changed, sorted
        self.deletions: list[tuple[datetime, str]] = []
        self._order: list[tuple[datetime, str]] = []
        self._index: dict[tuple[str, Any], dict[str, None]] = {}
        self._made = 0
        self.told: Callable[[str, str, Row, Sequence[str]], None] = lambda *_: None  # object, kind, record, fields

    def __len__(self) -> int:
        seeded = self.seeded.count - len(self.moved) if self.seeded else 0
        return seeded + sum(not row["IsDeleted"] for row in self.rows.values())

    def get(self, record: str) -> Row | None:
        if record in self.rows:
            return self.rows[record]
        number = self.seeded_number(record)
        return None if number is None else self.seed(number)

    def seeded_number(self, record: str) -> int | None:
        """The number of a seeded record that nobody has changed."""
        if self.seeded is None or record in self.rows or not record.startswith(self.prefix + SEEDED):
            return None
        number = number_of(record)
        return number if number < self.seeded.count else None

    def seed(self, number: int) -> Row:
        assert self.seeded is not None
        at = self.seeded.stamp(number)
        row = dict.fromkeys(self.fields) | {
            "Id": numbered(self.prefix, SEEDED, number),
            "IsDeleted": False,
            "CreatedDate": at,
            "LastModifiedDate": at,
            "SystemModstamp": at,
        }
        row |= self.seeded.make(number)
        return row

    def add(self, values: Row) -> Row:
        record = numbered(self.prefix, OWN, self._made)
        self._made += 1
        empty = {name: False if one.type == "boolean" else None for name, one in self.fields.items()}
        row = empty | {"Id": record, "CreatedDate": self._now()} | values
        self._put(row)
        self.told(self.name, "CREATE", row, list(values))
        return row

    def change(self, row: Row, values: Row, kind: str = "UPDATE") -> Row:
        """Write into a record; a seeded one becomes one of its own."""
        record = row["Id"]
        number = self.seeded_number(record)
        if number is not None:
            insort(self.moved, number)
        for key in self._keys(self.rows.get(record, {})):
            self._index[key].pop(record, None)
        changed = row | values
        self._put(changed)
        self.told(self.name, kind, changed, [name for name in values if row.get(name) != values[name]])
        return changed

    def delete(self, row: Row, **more: Any) -> None:
        """Into the recycle bin."""
        self.change(row, {"IsDeleted": True, **more}, "DELETE")
        self.deletions.append((self._now(), row["Id"]))

    def purge(self, row: Row) -> None:
        """For good: no query shows it any more."""
        self.delete(row)
        for key in self._keys(self.rows.pop(row["Id"])):
            self._index[key].pop(row["Id"], None)

    def _put(self, row: Row) -> None:
        now = self._now()
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)  # as it is shown
        row["SystemModstamp"] = row["LastModifiedDate"] = now
        row["IsDeleted"] = bool(row["IsDeleted"])
        self.rows[row["Id"]] = row
        self._order.append((now, row["Id"]))
        for key in self._keys(row):
            self._index.setdefault(key, {})[row["Id"]] = None

    def _keys(self, row: Row) -> Iterator[tuple[str, Any]]:
        for name in INDEXED:
            if row.get(name) is not None:
                yield name, row[name]

    def found(self, name: str, values: Sequence[Any]) -> Iterator[Row]:
        """Records made here by id or by an indexed field."""
        for value in values:
            if name == "Id":
                if value in self.rows:
                    yield self.rows[value]
                continue
            for record in list(self._index.get((name, value), ())):
                yield self.rows[record]

    def numbers(self, name: str, values: Sequence[Any]) -> Iterator[int] | None:
        """Seeded records by id, or by the record they belong to; None where that is no way to find them."""
        if self.seeded is None or name not in ("Id", self.seeded.owner):
            return None
        prefix = self.prefix if name == "Id" else PREFIXES[self.fields[name].to[0]]
        ours = (str(value) for value in values if str(value).startswith(prefix + SEEDED))
        numbers = (number_of(one) for one in dict.fromkeys(ours))
        moved = set(self.moved)
        return (one for one in numbers if one < self.seeded.count and one not in moved)

    def since(self, at: datetime | None) -> Iterator[Row]:
        """Records made here that are not older, in the order of their last change."""
        start = bisect_left(self._order, (at, "")) if at else 0
        for stamp, record in dict.fromkeys(self._order[start:]):
            row = self.rows.get(record)
            if row is not None and row["SystemModstamp"] == stamp:
                yield row


class Database:
    """All tables, and the ways from one record to another."""

    def __init__(self, objects: dict[str, dict[str, Field]], now: Callable[[], datetime]) -> None:
        self.now = now
        self.tables = {name: Table(name, fields, now) for name, fields in objects.items()}
        self._by_prefix = {table.prefix: table for table in self.tables.values()}

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    def find(self, record: str) -> Row | None:
        """A record of any object that is not deleted."""
        table = self._by_prefix.get(record[:3])
        row = table.get(record) if table else None
        return row if row is not None and not row["IsDeleted"] else None
