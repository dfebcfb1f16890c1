# SPDX-License-Identifier: Apache-2.0
"""Bulk API 2.0: a query as a job, its results as CSV in large pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import anyio

from hub import Rejected, Unavailable
from hub_salesforce.api import PAGE, Api
from hub_salesforce.position import Position
from hub_salesforce.rows import Row, table

CHUNK = 10_000  # rows in one answer
WAITS = (0.2, 1.0, 2.0, 4.0, 8.0)  # seconds from one look at a running job to the next
_RUNNING = frozenset({"Open", "UploadComplete", "InProgress"})


async def begin(api: Api, soql: str, *, deleted: bool) -> str:
    """Start a job; its id."""
    asked = {"operation": "queryAll" if deleted else "query", "query": soql, "contentType": "CSV"}
    body = await api.ask("POST", "/jobs/query", asked | {"columnDelimiter": "COMMA", "lineEnding": "LF"})
    job = body.get("id") if isinstance(body, dict) else None
    if not isinstance(job, str) or not job.isalnum():
        raise Unavailable("Salesforce's answer names no job")
    return job


@dataclass(slots=True)
class Chunk:
    """The piece of a result that was read last: pages of the hub are smaller."""

    place: tuple[str, str] = ("", "")
    rows: Sequence[Row] = ()
    following: str = ""
    waited: int = 0


class Lost(Exception):
    """The job failed, or is no more."""


async def step(api: Api, position: Position, chunk: Chunk) -> tuple[Sequence[Row], Position | None]:
    """The next rows of a job, none while it runs, and where to go on; None after the last. Raises `Lost`."""
    if chunk.place != (position.job, position.locator):
        if not position.locator and not await _finished(api, position.job):
            # the hub hears of each look, so that it can stop
            await anyio.sleep(WAITS[min(chunk.waited, len(WAITS) - 1)])
            chunk.waited += 1
            return (), position
        await _fetch(api, position, chunk)
    rows = chunk.rows[position.skip : position.skip + PAGE]
    done = position.skip + len(rows)
    if done < len(chunk.rows):
        return rows, replace(position, skip=done)
    return rows, replace(position, locator=chunk.following, skip=0) if chunk.following else None


async def _finished(api: Api, job: str) -> bool:
    try:
        state = (await api.get(f"/jobs/query/{job}")).get("state")
    except Rejected:
        raise Lost from None
    if state in ("Failed", "Aborted"):
        raise Lost
    if state not in (*_RUNNING, "JobComplete"):
        raise Unavailable("Salesforce's answer does not say how the job goes")
    return bool(state == "JobComplete")


async def _fetch(api: Api, position: Position, chunk: Chunk) -> None:
    query: dict[str, str | int] = {"maxRecords": CHUNK}
    if position.locator:
        query["locator"] = position.locator
    try:
        text, headers = await api.text(f"/jobs/query/{position.job}/results", **query)
    except Rejected:
        raise Lost from None
    rows, following = table(text), headers.get("sforce-locator")
    if rows is None or following is None:
        raise Unavailable("Salesforce's answer is no result of a job")
    chunk.place, chunk.rows = (position.job, position.locator), rows
    chunk.following = "" if following == "null" else following
