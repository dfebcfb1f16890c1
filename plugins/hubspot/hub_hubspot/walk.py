# SPDX-License-Identifier: Apache-2.0
"""Reading contacts page by page, with a cursor that survives a crash at any page.

The first sync walks the list endpoint, which has no upper limit. Later ones ask the search for what changed, sorted
by record id and continued by "id greater than the last one": ids never change, so a contact edited during the walk
is neither skipped nor seen twice, and every search starts anew below its limit of 10,000 hits. A search never shows
deleted contacts: these are looked for among the archived ones.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hub import BadInput, ContactSnapshot, Page, Unavailable, Unusable
from hub_hubspot.api import Api
from hub_hubspot.settings import Config
from hub_hubspot.trouble import Json
from hub_hubspot.wire import moment, read_properties, snapshots

LIST_PAGE = 100
SEARCH_PAGE = 200
OVERLAP = timedelta(minutes=2)  # HubSpot's search index lags "a few moments"; clocks differ
REST = timedelta(seconds=30)  # for each page of archived contacts, until they are looked through again


@dataclass(frozen=True, slots=True)
class Position:
    """Where a walk is. Times are epoch milliseconds."""

    mode: str  # "all": the list endpoint; "changed": the search; "archived": the list of archived contacts
    since: int  # "changed": the oldest change asked for
    started: int  # when this walk began; 0: not begun
    after: str = ""  # HubSpot's cursor; "changed": the last record id
    swept: int = 0  # when the archived contacts were looked through; 0: never
    pages: int = 0  # how many pages that took, or has taken so far

    def write(self) -> str:
        swept = f".{self.swept}.{self.pages}" if self.swept or self.pages else ""
        return f"{self.mode}{swept}:{self.since}:{self.started}:{self.after}"

    @classmethod
    def read(cls, cursor: str | None) -> Position:
        """Raises `BadInput` when this is not one of our cursors."""
        if cursor is None:
            return cls("all", 0, 0)
        try:
            head, since, started, after = cursor.split(":", 3)
            mode, *swept = head.split(".")
            position = cls(mode, int(since), int(started), after, *map(int, swept))
        except (TypeError, ValueError):
            position = cls("", 0, 0)
        if position.mode not in _STEPS:
            raise BadInput("this is not a HubSpot cursor", field="cursor", remedy="Start a full sync.")
        return position

    def begun(self, now: datetime) -> Position:
        return self if self.started else replace(self, started=_millis(now))

    def following(self, step: _Step) -> Position:
        """Behind this step."""
        sweeping = self.mode == "archived"
        pages = self.pages + 1 if sweeping else self.pages
        if not step.last:
            return replace(self, after=step.after, pages=pages)
        if sweeping:
            return replace(self.done(), swept=self.started, pages=pages)
        due = self.swept + self.pages * int(REST.total_seconds() * 1000)
        if self.mode == "changed" and self.started >= due:
            return replace(self, mode="archived", after="", pages=0)
        return self.done()

    def done(self) -> Position:
        """What the next sync starts with: everything changed since this walk began."""
        return replace(self, mode="changed", since=self.started - _OVERLAP, started=0, after="")


async def pages(
    api: Api, config: Config, cursor: str | None, asked: Sequence[str] = ()
) -> AsyncIterator[Page[ContactSnapshot]]:
    """Contacts from `cursor` on. Each page's cursor continues exactly behind that page."""
    position = Position.read(cursor).begun(datetime.now(UTC))
    wanted = read_properties(config, asked)
    while True:
        step = await _STEPS[position.mode](api, wanted, position)
        if position.mode == "archived":
            items = _deleted(step.records, position.swept - _OVERLAP)
            unusable: tuple[Unusable, ...] = ()
        else:
            items, unusable = snapshots(step.records, config, asked)
        position = position.following(step)
        last = position.started == 0
        if last or items or unusable:
            yield Page(items, position.write(), unusable)
        if last:
            return


@dataclass(frozen=True, slots=True)
class _Step:
    records: list[Json]
    after: str
    last: bool


async def _all(api: Api, wanted: list[str], position: Position) -> _Step:
    return await _listed(api, position, properties=",".join(wanted))


async def _archived(api: Api, _: list[str], position: Position) -> _Step:
    return await _listed(api, position, properties="hs_object_id", archived="true")


async def _listed(api: Api, position: Position, **query: str | int) -> _Step:
    query["limit"] = LIST_PAGE
    if position.after:
        query["after"] = position.after
    body = await api.get(api.paths.contacts, **query)
    after = next_after(body)
    return _Step(results(body), after, not after)


async def _changed(api: Api, wanted: list[str], position: Position) -> _Step:
    filters = [{"propertyName": "lastmodifieddate", "operator": "GTE", "value": str(position.since)}]
    if position.after:
        filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": position.after})
    asked = {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": wanted,
        "limit": SEARCH_PAGE,
    }
    body = await api.ask(f"{api.paths.contacts}/search", asked)
    ids, more = [str(record.get("id")) for record in results(body)], next_after(body)
    _ascending([position.after or "0", *ids])
    if more and not ids:
        raise Unavailable("HubSpot's answer has no results, yet more are said to follow")
    return _Step(results(body), ids[-1] if ids else "", not more)


_STEPS = {"all": _all, "changed": _changed, "archived": _archived}
_OVERLAP = int(OVERLAP.total_seconds() * 1000)


def _deleted(records: list[Json], since: int) -> tuple[ContactSnapshot, ...]:
    """Contacts that were deleted since then, or at a time HubSpot does not tell."""
    found = []
    for record in records:
        number, at = record.get("id"), moment(record.get("archivedAt"))
        if isinstance(number, str) and number and (at is None or _millis(at) >= since):
            found.append(ContactSnapshot(number, modified_at=at, deleted=True))
    return tuple(found)


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _ascending(ids: list[str]) -> None:
    """Raises `Unavailable` when HubSpot did not sort: going on would skip contacts without a sign."""
    if not all(one.isdigit() for one in ids) or any(int(a) >= int(b) for a, b in pairwise(ids)):
        raise Unavailable("HubSpot's answer is not sorted by record id")


def results(body: Json) -> list[Json]:
    """The records of an answer. Raises `Unavailable` when it has none to read: an empty page would hide the rest."""
    found = body.get("results")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Unavailable("HubSpot's answer has no results")
    return found


def next_after(body: Json) -> str:
    """HubSpot's cursor for the next page; "" on the last one, where `paging` is absent."""
    paging = body.get("paging")
    following = paging.get("next") if isinstance(paging, dict) else None
    after = following.get("after") if isinstance(following, dict) else None
    return str(after) if after else ""
