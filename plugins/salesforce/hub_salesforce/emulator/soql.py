# SPDX-License-Identifier: Apache-2.0
"""Reading SOQL: SELECT with parents, WHERE with AND, OR, NOT, ORDER BY, LIMIT, OFFSET, COUNT(). Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hub_salesforce.emulator.answers import bad, when

Row = dict[str, Any]
Value = Callable[[str], Any]  # a field of the record at hand, by its path

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:\\.|[^'\\])*')
    |(?P<time>\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))?)
    |(?P<number>-?\d+(?:\.\d+)?)
    |(?P<word>[A-Za-z_][\w.]*(?::\d+)?)
    |(?P<sign><=|>=|!=|<>|=|<|>|\(|\)|,))""",
    re.VERBOSE,
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda have, want: bool(have == want),
    "!=": lambda have, want: bool(have != want),
    "<": lambda have, want: have is not None and bool(have < want),
    "<=": lambda have, want: have is not None and bool(have <= want),
    ">": lambda have, want: have is not None and bool(have > want),
    ">=": lambda have, want: have is not None and bool(have >= want),
}


@dataclass(frozen=True)
class Test:
    """One comparison. `values` has more than one for IN only."""

    path: str
    sign: str
    values: tuple[Any, ...]

    def holds(self, value: Value) -> bool:
        have = _comparable(value(self.path))
        if self.sign in ("IN", "NOT IN"):
            return (have in self.values) is (self.sign == "IN")
        if self.sign == "LIKE":
            pattern = re.escape(str(self.values[0])).replace("%", ".*").replace("_", ".")
            return have is not None and re.fullmatch(pattern, str(have), re.IGNORECASE | re.DOTALL) is not None
        return _COMPARE[self.sign](have, self.values[0])


@dataclass(frozen=True)
class Group:
    """Tests joined by AND or OR; `no`: the opposite."""

    joined: str
    parts: tuple[Test | Group, ...]
    no: bool = False

    def holds(self, value: Value) -> bool:
        check = all if self.joined == "AND" else any
        return check(part.holds(value) for part in self.parts) is not self.no


@dataclass
class Query:
    """A parsed query. `tests` must all hold."""

    fields: list[str]
    object: str
    tests: list[Test | Group] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)  # path, descending
    limit: int | None = None
    offset: int = 0
    count: bool = False


def parse(text: str, now: datetime) -> Query:
    """Raises `Refusal` (MALFORMED_QUERY)."""
    return _Parser(text, now).query()


class _Parser:
    def __init__(self, text: str, now: datetime) -> None:
        self.now = now
        self.tokens = list(_tokens(text))
        self.place = 0

    def query(self) -> Query:
        self._expect("SELECT")
        fields = [self._path()]
        count = fields == ["COUNT"] and self._is("(")
        if count:
            self._expect(")")
            fields = []
        while self._is(","):
            fields.append(self._path())
        self._expect("FROM")
        query = Query(fields, self._path(), count=count)
        if self._is("WHERE"):
            whole = self._any()
            query.tests = list(whole.parts) if isinstance(whole, Group) and _all_of(whole) else [whole]
        if self._is("ORDER"):
            self._expect("BY")
            query.order = [self._ordering()]
            while self._is(","):
                query.order.append(self._ordering())
        query.limit = int(self._take()[1]) if self._is("LIMIT") else None
        query.offset = int(self._take()[1]) if self._is("OFFSET") else 0
        if self.place < len(self.tokens):
            raise self._wrong()
        if query.offset > 2000:
            raise bad("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        return query

    def _any(self) -> Test | Group:
        first = self._all()
        parts = [first]
        while self._is("OR"):
            parts.append(self._all())
        return Group("OR", tuple(parts)) if len(parts) > 1 else first

    def _all(self) -> Test | Group:
        first = self._one()
        parts = [first]
        while self._is("AND"):
            parts.append(self._one())
        return Group("AND", tuple(parts)) if len(parts) > 1 else first

    def _one(self) -> Test | Group:
        if self._is("NOT"):
            return Group("AND", (self._one(),), no=True)
        if self._is("("):
            inside = self._any()
            self._expect(")")
            return inside
        path = self._path()
        kind, sign = self._take()
        if kind == "word" and sign.upper() == "NOT":
            self._expect("IN")
            return Test(path, "NOT IN", self._values())
        if kind == "word" and sign.upper() == "IN":
            return Test(path, "IN", self._values())
        sign = {"<>": "!=", "LIKE": "LIKE"}.get(sign.upper(), sign)
        if sign not in (*_COMPARE, "LIKE"):
            raise self._wrong()
        return Test(path, sign, (self._value(),))

    def _values(self) -> tuple[Any, ...]:
        self._expect("(")
        values = [self._value()]
        while self._is(","):
            values.append(self._value())
        self._expect(")")
        return tuple(values)

    def _value(self) -> Any:
        kind, text = self._take()
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if kind == "number":
            return float(text) if "." in text else int(text)
        if kind == "time":
            return when(text)
        words = {"TRUE": True, "FALSE": False, "NULL": None, **_days(self.now)}
        name, _, days = text.upper().partition(":")
        if name == "LAST_N_DAYS" and days:
            return _days(self.now)["TODAY"] - timedelta(days=int(days))
        if kind != "word" or text.upper() not in words:
            raise self._wrong()
        return words[text.upper()]

    def _ordering(self) -> tuple[str, bool]:
        path = self._path()
        descending = self._is("DESC")
        if not descending:
            self._is("ASC")
        if self._is("NULLS"):
            self._take()
        return path, descending

    def _path(self) -> str:
        kind, text = self._take()
        if kind != "word":
            raise self._wrong()
        return text

    def _take(self) -> tuple[str, str]:
        if self.place >= len(self.tokens):
            raise self._wrong()
        self.place += 1
        return self.tokens[self.place - 1]

    def _is(self, word: str) -> bool:
        there = self.place < len(self.tokens) and self.tokens[self.place][0] != "text"
        if there and self.tokens[self.place][1].upper() == word:
            self.place += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._is(word):
            raise self._wrong()

    def _wrong(self) -> Exception:
        found = self.tokens[self.place - 1][1] if 0 < self.place <= len(self.tokens) else "<EOF>"
        return bad("MALFORMED_QUERY", f"unexpected token: '{found}'")


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise bad("MALFORMED_QUERY", f"unexpected token: '{text[place : place + 1]}'")
        found.append((match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return found


def _all_of(group: Group) -> bool:
    return group.joined == "AND" and not group.no


def _days(now: datetime) -> dict[str, datetime]:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return {"TODAY": today, "YESTERDAY": today - timedelta(days=1), "TOMORROW": today + timedelta(days=1)}


def _comparable(value: Any) -> Any:
    """Dates compare with the times of literals; texts without regard to case are left to LIKE."""
    if isinstance(value, datetime) or value is None:
        return value
    return when(value.isoformat()) if hasattr(value, "isoformat") else value
