# SPDX-License-Identifier: Apache-2.0
"""Reading people page by page: all of them first, then what changed.

A walk goes from stage to stage. The first reads contacts, then leads. A later one reads those that changed, by
SystemModstamp, then people whose Individual or consent records changed though they themselves did not, then asks which
were deleted for good. Records in the recycle bin come with what changed, and say into which one they were merged.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hub import BadInput, ContactSnapshot, Page, Rejected, Unavailable, Unusable
from hub_salesforce import bulk, lookups, people
from hub_salesforce.api import LOST_LOCATOR, Api, following, records
from hub_salesforce.ids import full
from hub_salesforce.org import PEOPLE, Org
from hub_salesforce.position import Position
from hub_salesforce.rows import Row, flat, moment, stamp
from hub_salesforce.settings import Config

KEPT = timedelta(days=14, hours=23)  # Salesforce tells of deletions of the last 15 days
SPAN = timedelta(days=1)  # asked for at once
_MINUTE = timedelta(minutes=1)  # Salesforce ignores seconds here


def stages(org: Org, position: Position) -> list[str]:
    """What a walk reads, in order."""
    if not position.since:
        return org.people
    individuals = ["Individual", *org.kinds] if org.private else []
    return [*org.people, *individuals, *(f"deleted {name}" for name in org.people)]


@dataclass(frozen=True, slots=True)
class _Step:
    """What one page holds: records, or ids of deleted ones; and where its stage goes on, None after its end."""

    rows: Sequence[Row]
    following: Position | None
    gone: tuple[str, ...] = ()


class Walk:
    """One walk through an org. `mark` begins what the hub itself has written."""

    def __init__(self, api: Api, config: Config, org: Org, mark: str, asked: Sequence[str]) -> None:
        self.api, self.config, self.org, self.mark, self.asked = api, config, org, mark, tuple(asked)
        self._chunk = bulk.Chunk()
        self._kinds, self._looked = org.kinds, False  # consent objects that are asked; a record made since comes later

    async def pages(self, cursor: str | None) -> AsyncIterator[Page[ContactSnapshot]]:
        """People from `cursor` on. Each page's cursor continues exactly behind that page."""
        position = Position.read(cursor).begun(self.api.now())
        order = stages(self.org, position)
        if position.stage not in order:
            position = position.at(order[0])
        while True:
            trouble = None
            try:
                step = await self._step(position)
            except bulk.Lost:
                step = _Step((), replace(position, job="", locator="", skip=0))
                trouble = Unavailable("Salesforce gave up a bulk job; the next sync starts another")
            later = order[order.index(position.stage) + 1 :]
            last = step.following is None and not later
            position = position.done() if last else step.following or position.at(later[0])
            yield await self._page(step, position)
            if trouble:
                raise trouble
            if last:
                return

    async def _page(self, step: _Step, position: Position) -> Page[ContactSnapshot]:
        items, unusable = await self.snapshots(step.rows)
        gone = tuple(ContactSnapshot(record, deleted=True) for record in step.gone)
        return Page((*items, *gone), position.write(), unusable)

    async def snapshots(self, rows: Sequence[Row]) -> tuple[tuple[ContactSnapshot, ...], tuple[Unusable, ...]]:
        """These people with their consent records, and what could not be read."""
        individuals = [row.get("IndividualId", "") for row in rows]
        if len(individuals) > lookups.IDS and not self._looked:
            self._kinds, self._looked = await lookups.used(self.api, self.org), True
        found = await lookups.consents_of(self.api, self.org, self._kinds, individuals, self.asked)
        now = datetime.now(UTC)
        return people.snapshots(rows, found, self.config, self.mark, self.asked, now)

    async def _step(self, position: Position) -> _Step:
        kind, _, name = position.stage.rpartition(" ")
        if kind:
            return await self._deleted(name, position)
        if name in PEOPLE:
            return await self._people(name, position)
        return await self._owners(name, position)

    async def _people(self, name: str, position: Position) -> _Step:
        if position.job:
            rows, after = await bulk.step(self.api, position, self._chunk)
            return _Step(rows, after)
        changed, deleted = position.last or position.since, bool(position.since)
        select = self._select(name)
        conditions = [f"SystemModstamp >= {changed}"] if changed else []
        conditions += ["IsConverted = false"] if name == "Lead" and not deleted else []
        soql = select + (f" WHERE {' AND '.join(conditions)}" if conditions else "")
        body = await self._at_locator(position) if position.locator else None
        if body is None:
            body = await self.api.query(f"{soql} ORDER BY SystemModstamp, Id", deleted=deleted)
            total = body.get("totalSize")
            if isinstance(total, int) and total > self.config.bulk_above:
                job = await bulk.begin(self.api, soql, deleted=deleted)
                return _Step((), replace(position, job=job, locator=""))
        return _onwards([flat(one) for one in records(body)], position, following(body))

    async def _owners(self, name: str, position: Position) -> _Step:
        """People whose Individual, or consent record, changed; those who changed themselves were read before."""
        field = "Id" if name == "Individual" else "PartyId"
        fields = ", ".join(dict.fromkeys(["Id", field, "SystemModstamp"]))
        changed = position.last or position.since
        body = await self._at_locator(position) if position.locator else None
        if body is None:
            where = f"WHERE SystemModstamp >= {changed} ORDER BY SystemModstamp, Id"
            body = await self.api.query(f"SELECT {fields} FROM {name} {where}")  # noqa: S608
        found = [flat(one) for one in records(body)]
        individuals = sorted({row[field] for row in found if row.get(field)})
        rows: dict[str, Row] = {}
        for person in self.org.people:
            wanted = people.fields(self.org, person, self.config, self.asked)
            unchanged = f" AND SystemModstamp < {position.since}"
            async for row in lookups.by(self.api, person, wanted, "IndividualId", individuals, unchanged):
                rows[row.get("Id", "")] = row
        step = _onwards(found, position, following(body))
        return replace(step, rows=list(rows.values()))

    async def _deleted(self, name: str, position: Position) -> _Step:
        """Ids of records that were deleted, also for good."""
        end = moment(position.started)
        start = moment(position.last or position.since)
        assert start is not None
        assert end is not None
        start = max(start, end - KEPT)
        until = max(min(start + SPAN, end), start + _MINUTE)
        asked = {"start": stamp(start), "end": stamp(until)}
        try:
            body = await self.api.get(f"/sobjects/{name}/deleted/", **asked)
        except Rejected as refused:
            if refused.code != "EXCEEDED_ID_LIMIT":
                raise
            remedy = "Read everything anew with a full sync."
            raise BadInput("too many records were deleted in one day", field=name, remedy=remedy) from None
        listed = body.get("deletedRecords")
        if not isinstance(listed, list):
            raise Unavailable("Salesforce's answer has no deleted records")
        ids = [full(str(one.get("id", ""))) for one in listed if isinstance(one, dict)]
        # those in the recycle bin came with what changed, and those that were brought back are not gone
        there = {row["Id"] async for row in lookups.by(self.api, name, ["Id"], "Id", ids, deleted=True)}
        after = replace(position, last=stamp(until)) if until < end else None
        return _Step((), after, tuple(record for record in dict.fromkeys(ids) if record and record not in there))

    def _select(self, name: str) -> str:
        return f"SELECT {', '.join(people.fields(self.org, name, self.config, self.asked))} FROM {name}"  # noqa: S608

    async def _at_locator(self, position: Position) -> dict[str, object] | None:
        """The page at a locator; None when it is too old, and the query must be asked anew from the last record."""
        try:
            return await self.api.more(position.locator)
        except Rejected as refused:
            if refused.code != LOST_LOCATOR:
                raise
            return None


def _onwards(rows: Sequence[Row], position: Position, locator: str) -> _Step:
    last = rows[-1].get("SystemModstamp", "") if rows else ""
    at = moment(last)
    after = replace(position, locator=locator, last=stamp(at) if at else position.last)
    return _Step(rows, after if locator else None)
