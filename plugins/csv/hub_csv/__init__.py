# SPDX-License-Identifier: Apache-2.0
"""A CSV file as a CRM: contacts and consent evidence from an export, results into a second file.

A file tells nobody when it changes. A sync after the last one reads the whole file again when its size or time
changed, and nothing otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import islice
from typing import ClassVar

from hub import (
    Audience,
    BadInput,
    ContactSnapshot,
    Crm,
    DataItem,
    Event,
    Forbidden,
    Health,
    Inbound,
    Outcome,
    Outlook,
    Page,
    Property,
    Report,
    hookimpl,
    iso_country,
)
from hub_csv import outlooks, results, words
from hub_csv.settings import Config
from hub_csv.table import Row, Table

__all__ = ["Config", "CsvFile"]

PAGE = 1_000
MOST_AUDIENCES = 1_000
EVERYONE = "all"
NAMED = "audience:"  # so that a column value "all" is not everyone


class CsvFile(Crm[Config]):
    """One file of contacts."""

    name = "csv"
    title = "CSV file"
    Config = Config
    data: ClassVar[tuple[DataItem, ...]] = (
        DataItem("phone number", "contact data", "address the message", "as long as the file"),
        DataItem("country", "contact data", "choose the message law", "as long as the file"),
        DataItem("legal basis, opt-out, evidence", "metadata", "check the legal basis", "as long as the file"),
        DataItem("template columns", "contact data", "fill templates", "as long as the file"),
        DataItem("message status and text", "content", "report results", "as long as the results file"),
        DataItem("whom a campaign would reach", "metadata", "show it before sending", "as long as the results file"),
    )

    def authenticate(self, request: Inbound) -> None:
        raise Forbidden("a file sends no webhooks")

    async def receive(self, request: Inbound) -> list[Event]:
        return []

    async def contacts(self, since: str | None) -> AsyncIterator[Page[ContactSnapshot]]:
        table = Table(self.config, self.asked)
        done = f"{table.fingerprint}:done"
        if since == done:
            yield Page((), done)
            return
        rows, headers = _from(table, since), _headers(table)
        while page := list(islice(rows, PAGE)):
            items = tuple(_snapshot(row, headers) for row in page if row.problem is None)
            unusable = tuple(row.problem for row in page if row.problem is not None)
            yield Page(items, f"{table.fingerprint}:{page[-1].end}:{page[-1].number}", unusable)
        yield Page((), done)

    async def properties(self) -> list[Property]:
        return [Property(name) for name in Table(self.config).header if name]

    async def audiences(self) -> list[Audience]:
        """Everyone, and each value of the audience column. Raises `BadInput` when these are no audiences."""
        table = Table(self.config)
        sizes: Counter[str] = Counter()
        everyone = 0
        for row in table.rows():
            if row.problem is None:
                everyone += 1
                sizes[row.values.get("audience", "")] += 1
            if len(sizes) > MOST_AUDIENCES:
                problem, remedy = "too many different values", "Choose a column with few values as audience_column."
                raise BadInput(problem, field="audience", remedy=remedy)
        named = [Audience(NAMED + value, value, size) for value, size in sorted(sizes.items()) if value]
        return [Audience(EVERYONE, "Everyone / Alle", everyone), *named]

    async def members(self, audience: str) -> AsyncIterator[Page[str]]:
        table = Table(self.config)
        usable = (row for row in table.rows() if row.problem is None)
        wanted = audience.removeprefix(NAMED)
        ids = (
            row.values["id"]
            for row in usable
            if audience == EVERYONE or (audience.startswith(NAMED) and row.values.get("audience", "") == wanted)
        )
        while page := tuple(islice(ids, PAGE)):
            yield Page(page, None)

    async def report(self, reports: Sequence[Report]) -> list[Outcome]:
        if reports:
            results.append(self.config.results_path, reports, self._delimiter())
        return [Outcome(report.key) for report in reports]

    async def show(self, outlook: Outlook) -> None:
        outlooks.put(self.config.outlooks_path, outlook, self._delimiter())

    def _delimiter(self) -> str:
        """The one of the contacts file, so that both open alike; results are kept even without that file."""
        try:
            return Table(self.config).delimiter
        except BadInput:
            return self.config.delimiter or ";"

    async def check(self) -> Health:
        good, bad, first = 0, 0, ""
        try:
            table = Table(self.config)
            for row in table.rows():
                good += row.problem is None
                bad += row.problem is not None
                if row.problem is not None and not first:
                    first = " ".join(filter(None, (f"{row.problem.place}:", row.problem.field, row.problem.why)))
        except BadInput as error:
            return Health(False, str(error))
        unusable = f"; {bad} unusable, the first is {first}" if bad else ""
        return Health(good > 0, f"{good} rows readable as {table.encoding}{unusable}")


def _from(table: Table, since: str | None) -> Iterator[Row]:
    """Rows behind the cursor; all of them when there is none, or the file changed since it was given."""
    fingerprint, _, place = (since or "").partition(":")
    offset, _, number = place.partition(":")
    if fingerprint != table.fingerprint or not (offset.isdigit() and number.isdigit()):
        return table.rows()
    return table.rows(int(offset), int(number))


def _headers(table: Table) -> dict[str, str]:
    return {field: table.header[index] for field, index in table.columns.items()}


def _snapshot(row: Row, headers: dict[str, str]) -> ContactSnapshot:
    return ContactSnapshot(
        record=row.values["id"],
        phone=row.values["phone"],
        country=iso_country(row.values.get("country", "")),
        claims=tuple(words.claims(row.values, headers)),
        properties=row.templates,
        evidence=row.evidence,
        row=row.number,
    )


@hookimpl
def hub_connectors() -> list[type[Crm[Config]]]:
    return [CsvFile]
