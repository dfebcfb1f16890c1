# SPDX-License-Identifier: Apache-2.0
"""Reading contacts page by page, with a cursor that survives a crash at any page.

The first sync walks the list endpoint, which has no upper limit. Later ones ask the search for what changed, sorted
by record id and continued by "id greater than the last one": ids never change, so a contact edited during the walk
is neither skipped nor seen twice, and no page comes near the search's limit of 10,000 hits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hub import BadInput, ContactSnapshot, Page, Unavailable
from hub_hubspot.api import Api, Json
from hub_hubspot.settings import Config
from hub_hubspot.wire import read_properties, snapshots

LIST_PAGE = 100
SEARCH_PAGE = 200
OVERLAP = timedelta(minutes=2)  # HubSpot's search index lags "a few moments"; clocks differ


@dataclass(frozen=True, slots=True)
class Position:
    """Where a walk is. Times are epoch milliseconds."""

    mode: str  # "all": the list endpoint; "changed": the search
    since: int  # "changed": the oldest change asked for
    started: int  # when this walk began; 0: not begun
    after: str = ""  # "all": HubSpot's cursor; "changed": the last record id

    def write(self) -> str:
        return f"{self.mode}:{self.since}:{self.started}:{self.after}"

    @classmethod
    def read(cls, cursor: str | None) -> Position:
        """Raises `BadInput` when this is not one of our cursors."""
        if cursor is None:
            return cls("all", 0, 0)
        try:
            mode, since, started, after = cursor.split(":", 3)
            position = cls(mode, int(since), int(started), after)
        except ValueError:
            position = cls("", 0, 0)
        if position.mode not in ("all", "changed"):
            raise BadInput("this is not a HubSpot cursor", field="cursor", remedy="Start a full sync.")
        return position

    def begun(self, now: datetime) -> Position:
        return self if self.started else replace(self, started=int(now.timestamp() * 1000))

    def done(self) -> Position:
        """What the next sync starts with: everything changed since this walk began."""
        return Position("changed", self.started - int(OVERLAP.total_seconds() * 1000), 0)


async def pages(
    api: Api, config: Config, cursor: str | None, asked: Sequence[str] = ()
) -> AsyncIterator[Page[ContactSnapshot]]:
    """Contacts from `cursor` on. Each page's cursor continues exactly behind that page."""
    position = Position.read(cursor).begun(datetime.now(UTC))
    wanted = read_properties(config, asked)
    while True:
        step = await (_all(api, wanted, position) if position.mode == "all" else _changed(api, wanted, position))
        items, unusable = snapshots(step.records, config, asked)
        position = position.done() if step.last else replace(position, after=step.after)
        yield Page(items, position.write(), unusable)
        if step.last:
            return


@dataclass(frozen=True, slots=True)
class _Step:
    records: list[Json]
    after: str
    last: bool


async def _all(api: Api, wanted: list[str], position: Position) -> _Step:
    query: dict[str, str | int] = {"limit": LIST_PAGE, "properties": ",".join(wanted)}
    if position.after:
        query["after"] = position.after
    body = await api.get(api.contacts, **query)
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
    body = await api.ask(f"{api.contacts}/search", asked)
    records = results(body)
    ids = [str(record.get("id")) for record in records]
    _ascending([position.after or "0", *ids])
    return _Step(records, ids[-1] if ids else "", not next_after(body) or not ids)


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
