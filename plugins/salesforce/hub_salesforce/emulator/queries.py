# SPDX-License-Identifier: Apache-2.0
"""Answering SOQL from tables: which records, and what is shown of each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub_salesforce.emulator.answers import Json, bad, shown
from hub_salesforce.emulator.soql import Query, Test, parse
from hub_salesforce.emulator.tables import INDEXED, SEEDED, Database, Row, Table, numbered

_STAMP = "SystemModstamp"


@dataclass
class Hits:
    """What a query found: a run of seeded records without those that moved, then ids. A million take no memory."""

    prefix: str
    first: int = 0
    end: int = 0
    moved: Sequence[int] = ()
    ids: list[str] = field(default_factory=list)
    cut: tuple[int, int] = (0, 1 << 60)  # OFFSET and LIMIT

    def __len__(self) -> int:
        offset, limit = self.cut
        return min(max(self._seeded + len(self.ids) - offset, 0), limit)

    @property
    def _seeded(self) -> int:
        return self.end - self.first - len(self.moved)

    def part(self, start: int, count: int) -> Iterator[str]:
        """Ids from a place on."""
        offset, limit = self.cut
        stop = min(start + count, limit) + offset
        for place in range(start + offset, min(stop, self._seeded)):
            yield numbered(self.prefix, SEEDED, self._number(place))
        yield from self.ids[max(start + offset - self._seeded, 0) : max(stop - self._seeded, 0)]

    def _number(self, place: int) -> int:
        """The seeded record at a place: one further for each before it that moved."""
        number = self.first + place
        while (later := self.first + place + bisect_left(self.moved, number + 1)) != number:
            number = later
        return number


def run(db: Database, text: str, *, everything: bool) -> tuple[Query, Hits]:
    """`everything`: with records in the recycle bin. Raises `Refusal`."""
    query = parse(text, db.now())
    table = _table(db, query.object)
    for path in [*query.fields, *_paths(query.tests), *(path for path, _ in query.order)]:
        _check(db, table, path)
    own = [row for row in _own(table, query.tests) if everything or not row["IsDeleted"]]
    own = [row for row in own if _fits(db, table, query.tests, row)]
    hits = _seeded(db, table, query.tests)
    if _is_natural(query.order):
        key = _STAMP if not query.order or query.order[0][0] == _STAMP else "Id"
        hits.ids += [row["Id"] for row in sorted(own, key=lambda row: (row[key], row["Id"]))]
    else:
        rows = [row for record in hits.part(0, len(hits)) if (row := table.get(record))] + own
        for path, descending in reversed(query.order):
            rows.sort(key=_sorted_by(db, table, path), reverse=descending)
        hits = Hits(table.prefix, ids=[row["Id"] for row in rows])
    hits.cut = (query.offset, query.limit if query.limit is not None else 1 << 60)
    return query, hits


def _fits(db: Database, table: Table, tests: Sequence[Any], row: Row) -> bool:
    return all(test.holds(lambda path: value(db, table, row, path)) for test in tests)


def _sorted_by(db: Database, table: Table, path: str) -> Callable[[Row], tuple[bool, Any]]:
    return lambda row: _key(value(db, table, row, path))


def _is_natural(order: list[tuple[str, bool]]) -> bool:
    """Seeded records are in the order of both their ids and their last change."""
    return not order or (order[0][0] in (_STAMP, "Id") and not order[0][1])


def _own(table: Table, tests: Sequence[Any]) -> Iterator[Row]:
    for test in tests:
        if isinstance(test, Test) and test.sign in ("=", "IN") and test.path in ("Id", *INDEXED):
            return table.found(test.path, test.values)
    stamps = [t.values[0] for t in tests if isinstance(t, Test) and t.path == _STAMP and t.sign in (">=", ">")]
    return table.since(max(stamps) if stamps else None)


def _seeded(db: Database, table: Table, tests: Sequence[Any]) -> Hits:
    """Those seeded records that fit: found by number where a test allows it, else by walking."""
    seeded = table.seeded
    if seeded is None:
        return Hits(table.prefix)
    first, end, rest = 0, seeded.count, []
    for test in tests:
        if isinstance(test, Test) and test.path in seeded.constants:
            if not test.holds(lambda path: seeded.constants[path]):
                return Hits(table.prefix)
        elif isinstance(test, Test) and test.path == _STAMP and test.sign == ">=":
            first = max(first, seeded.since(test.values[0]))
        elif isinstance(test, Test) and test.path == _STAMP and test.sign == "<":
            end = min(end, seeded.since(test.values[0]))
        else:
            rest.append(test)
    moved = [number for number in table.moved if first <= number < end]
    skipped = frozenset(moved)
    if not rest:
        return Hits(table.prefix, first, max(end, first), moved)
    numbers = next(
        (
            found
            for t in rest
            if isinstance(t, Test) and t.sign in ("=", "IN") and (found := table.numbers(t.path, t.values)) is not None
        ),
        (number for number in range(first, end) if number not in skipped),
    )
    rows = (table.seed(number) for number in numbers if first <= number < end)
    fit = [row["Id"] for row in rows if _fits(db, table, rest, row)]
    return Hits(table.prefix, ids=sorted(fit))


def _paths(tests: Sequence[Any]) -> Iterator[str]:
    for test in tests:
        if isinstance(test, Test):
            yield test.path
        else:
            yield from _paths(test.parts)


def _table(db: Database, name: str) -> Table:
    if name not in db.tables:
        raise bad("INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return db[name]


def _check(db: Database, table: Table, path: str) -> None:
    relation, _, rest = path.partition(".")
    if not rest:
        if path not in table.fields:
            message = f"No such column '{path}' on entity '{table.name}'. If you are attempting to use a custom field, "
            raise bad("INVALID_FIELD", message + "be sure to append the '__c' after the custom field name.")
        return
    parent = _parent(db, table, relation)
    if parent is None:
        raise bad("INVALID_FIELD", f"Didn't understand relationship '{relation}' in field path.")
    _check(db, parent, rest)


def _parent(db: Database, table: Table, relation: str) -> Table | None:
    reference = next((one for one in table.fields.values() if one.relation == relation), None)
    return db.tables.get(reference.to[0]) if reference else None


def value(db: Database, table: Table, row: Row, path: str) -> Any:
    """A field of a record, or of one of its parents."""
    relation, _, rest = path.partition(".")
    if not rest:
        return row.get(path)
    parent = _parent(db, table, relation)
    found = parent.get(row.get(f"{relation}Id") or "") if parent else None
    return value(db, parent, found, rest) if parent and found else None


class Columns:
    """What is shown of each record: its own fields, and those of its parents, each of which is looked up once."""

    def __init__(self, db: Database, table: Table, paths: Sequence[str]) -> None:
        self.table = table
        self.own = [path for path in paths if "." not in path]
        below: dict[str, list[str]] = {}
        for path in paths:
            relation, _, rest = path.partition(".")
            if rest:
                below.setdefault(relation, []).append(rest)
        parents = {relation: _parent(db, table, relation) for relation in below}
        self.parents = {
            name: Columns(db, parent, below[name]) for name, parent in parents.items() if parent is not None
        }

    def record(self, row: Row, url: str) -> Json:
        """As JSON has it: parents nested, or null where there is none."""
        body: Json = {"attributes": {"type": self.table.name, "url": f"{url}/sobjects/{self.table.name}/{row['Id']}"}}
        body |= {name: shown(row.get(name)) for name in self.own}
        for relation, columns in self.parents.items():
            parent = columns.table.get(row.get(f"{relation}Id") or "")
            body[relation] = columns.record(parent, url) if parent else None
        return body

    def values(self, row: Row, before: str = "") -> Json:
        """By path, as CSV has it."""
        found = {before + name: row.get(name) for name in self.own}
        for relation, columns in self.parents.items():
            parent = columns.table.get(row.get(f"{relation}Id") or "") or {}
            found |= columns.values(parent, f"{before}{relation}.")
        return found


def _key(have: Any) -> tuple[bool, Any]:
    if isinstance(have, str):
        return True, have.lower()
    return have is not None, have if isinstance(have, datetime | int | float) else 0
