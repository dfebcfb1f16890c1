# SPDX-License-Identifier: Apache-2.0
"""The search endpoint: filters, one sort, offset paging, a limit of 10,000 hits. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from hub_hubspot.emulator.answers import Json, invalid
from hub_hubspot.emulator.records import Record
from hub_hubspot.emulator.schema import when

MAX_PAGE = 200
GROUPS, FILTERS, ALL_FILTERS = 5, 6, 18
DEFAULTS = ["createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"]
_TIMES = frozenset({"createdate", "lastmodifieddate", "hs_createdate", "hs_lastmodifieddate"})

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda have, want: bool(have == want),
    "NEQ": lambda have, want: bool(have != want),
    "LT": lambda have, want: bool(have < want),
    "LTE": lambda have, want: bool(have <= want),
    "GT": lambda have, want: bool(have > want),
    "GTE": lambda have, want: bool(have >= want),
}


def bounds(asked: Json) -> tuple[datetime | None, int]:
    """What no hit can be below: the time of its last change, None where the search does not say; its id."""
    groups = [group.get("filters") or [] for group in asked.get("filterGroups") or []]
    times = [_bound(group, "lastmodifieddate") for group in groups]
    ids = [_bound(group, "hs_object_id") for group in groups]
    since = min((at for one in times if (at := when(one))), default=None) if times and all(times) else None
    return since, min((int(one) for one in ids if one.isdigit()), default=0) if ids and all(ids) else 0


def _bound(group: list[Json], name: str) -> str:
    """The value of a group's one rule of the kind; "" where there is none, or more."""
    rules = [one for one in group if one.get("propertyName") == name]
    operators = ("GT",) if name == "hs_object_id" else ("GT", "GTE")
    return str(rules[0].get("value")) if len(rules) == 1 and rules[0].get("operator") in operators else ""


def search(
    records: Iterable[Record], asked: Json, *, cap: int, shorten: Callable[[int], int]
) -> tuple[list[Record], int, str]:
    """One page of hits, their total, and the offset of the next page ("" at the end). Raises `Refusal` (400)."""
    limit, after = int(asked.get("limit") or 10), int(asked.get("after") or 0)
    if not 1 <= limit <= MAX_PAGE:
        raise invalid(f"limit must be between 1 and {MAX_PAGE}")
    if after + limit > cap:
        raise invalid(f"Paging through more than {cap} hits is not possible")
    groups = [list(group.get("filters") or []) for group in asked.get("filterGroups") or []]
    if len(groups) > GROUPS or any(len(g) > FILTERS for g in groups) or sum(map(len, groups)) > ALL_FILTERS:
        raise invalid("Too many filters")
    query = str(asked.get("query") or "").lower()
    hits = [one for one in records if _hit(one, groups) and _mentions(one, query)]
    sorts = asked.get("sorts") or []
    if len(sorts) > 1:
        raise invalid("Only one sort is allowed")
    if sorts:
        rule = sorts[0] if isinstance(sorts[0], dict) else {"propertyName": sorts[0]}
        hits.sort(key=lambda one: _key(one, str(rule["propertyName"])), reverse=rule.get("direction") == "DESCENDING")
    end = after + shorten(limit)
    return hits[after:end], len(hits), str(end) if end < len(hits) else ""


def _hit(record: Record, groups: list[list[Json]]) -> bool:
    return not groups or any(all(_matches(record, one) for one in group) for group in groups)


def _mentions(record: Record, query: str) -> bool:
    return not query or any(query in value.lower() for value in record.properties.values())


def _matches(record: Record, rule: Json) -> bool:
    name, operator = str(rule.get("propertyName", "")), str(rule.get("operator", ""))
    have = _value(record, name)
    if operator == "HAS_PROPERTY":
        return have is not None
    if operator == "NOT_HAS_PROPERTY":
        return have is None
    if operator in ("IN", "NOT_IN"):
        inside = have in {_typed(name, str(value)) for value in rule.get("values") or []}
        return inside if operator == "IN" else not inside
    if operator == "BETWEEN":
        low, high = _typed(name, str(rule.get("value"))), _typed(name, str(rule.get("highValue")))
        return have is not None and low <= have <= high
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        inside = have is not None and str(rule.get("value", "")).strip("*").lower() in str(have)
        return inside == (operator == "CONTAINS_TOKEN")
    if operator not in _COMPARE:
        raise invalid(f"Unknown operator {operator}")
    if have is None:
        return operator == "NEQ"
    return _COMPARE[operator](have, _typed(name, str(rule.get("value", ""))))


def _value(record: Record, name: str) -> Any:
    """Comparable: numbers for ids and times, text in lower case."""
    if name == "hs_object_id":
        return int(record.id)
    if name in _TIMES:
        return _millis(record.created if "create" in name else record.updated)
    text = record.properties.get(name)
    return None if text is None else text.lower()


def _typed(name: str, text: str) -> Any:
    if name == "hs_object_id":
        if not text.isdigit():
            raise invalid("hs_object_id is a number")
        return int(text)
    if name in _TIMES:
        at = when(text)
        if at is None:
            raise invalid(f"{name} is a time")
        return _millis(at)
    return text.lower()


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _key(record: Record, name: str) -> tuple[bool, Any, int]:
    value = _value(record, name)
    return (value is None, 0 if value is None else value, int(record.id))
