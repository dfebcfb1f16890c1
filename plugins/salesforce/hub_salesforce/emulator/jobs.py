# SPDX-License-Identifier: Apache-2.0
"""Bulk API 2.0: query jobs that take a while, and results as CSV with locators."""

from __future__ import annotations

import base64
import csv
import io
import secrets
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub.testing.emulator import answer
from hub_salesforce.emulator.answers import Json, Refusal, bad, iso, not_found, shown
from hub_salesforce.emulator.queries import Columns, Hits, run
from hub_salesforce.emulator.soql import Query
from hub_salesforce.emulator.tables import Database

_CHARS = {"COMMA": ",", "TAB": "\t", "PIPE": "|", "SEMICOLON": ";", "CARET": "^", "BACKQUOTE": "`"}
_ENDS = {"LF": "\n", "CRLF": "\r\n"}
MOST = 50_000


@dataclass
class Job:
    """One query job."""

    id: str
    version: str
    asked: Json
    query: Query
    hits: Hits
    created: str
    state: str = "UploadComplete"
    looks: int = 0


class Jobs:
    """Handlers for `/jobs/query`. `looks`: how often a client sees a job before it is done."""

    def __init__(self, db: Database) -> None:
        self.db, self.looks = db, 1
        self.jobs: dict[str, Job] = {}

    async def create(self, request: Request, body: Any) -> Response:
        asked = body if isinstance(body, dict) else {}
        if asked.get("operation") not in ("query", "queryAll"):
            raise bad("INVALIDJOB", "operation must be query or queryAll")
        if asked.get("columnDelimiter", "COMMA") not in _CHARS or asked.get("lineEnding", "LF") not in _ENDS:
            raise bad("INVALIDJOB", "columnDelimiter or lineEnding is not known")
        query, hits = run(self.db, str(asked.get("query", "")), everything=asked["operation"] == "queryAll")
        if query.count or query.offset:
            raise bad("INVALIDJOB", "COUNT() and OFFSET are not supported in Bulk API 2.0")
        job = Job(
            "750" + secrets.token_hex(8)[:15], request.path_params["version"], asked, query, hits, iso(self.db.now())
        )
        self.jobs[job.id] = job
        return answer(200, self._show(job))

    def _job(self, request: Request) -> Job:
        job = self.jobs.get(request.path_params["id"])
        if job is None:
            raise not_found()
        return job

    async def read(self, request: Request, _: Any) -> Response:
        job = self._job(request)
        if job.state in ("UploadComplete", "InProgress"):
            job.looks += 1
            job.state = "JobComplete" if job.looks > self.looks else "InProgress"
        return answer(200, self._show(job) | {"numberRecordsProcessed": len(job.hits), "retries": 0})

    async def patch(self, request: Request, body: Any) -> Response:
        job = self._job(request)
        if not isinstance(body, dict) or body.get("state") != "Aborted":
            raise bad("INVALIDJOBSTATE", "a query job can only be aborted")
        job.state = "Aborted"
        return answer(200, self._show(job))

    async def delete(self, request: Request, _: Any) -> Response:
        del self.jobs[self._job(request).id]
        return Response(status_code=204)

    async def results(self, request: Request, _: Any) -> Response:
        job, query = self._job(request), request.query_params
        if job.state != "JobComplete":
            raise bad("INVALIDJOBSTATE", "the job is not complete")
        if job.version != request.path_params["version"]:
            raise Refusal(409, "API_VERSION_MISMATCH", "the API version differs from that of the job")
        start = int(base64.b64decode(query["locator"])) if query.get("locator") else 0
        count = min(int(query.get("maxRecords") or MOST), MOST)
        text, found = self._table(job, start, count), min(count, len(job.hits) - start)
        more = start + count < len(job.hits)
        locator = base64.b64encode(str(start + count).encode()).decode() if more else "null"
        headers = {"Sforce-Locator": locator, "Sforce-NumberOfRecords": str(found)}
        return Response(text, 200, headers, "text/csv")

    def _table(self, job: Job, start: int, count: int) -> str:
        out = io.StringIO()
        delimiter, ending = job.asked.get("columnDelimiter", "COMMA"), job.asked.get("lineEnding", "LF")
        lines = csv.writer(out, delimiter=_CHARS[delimiter], lineterminator=_ENDS[ending], quoting=csv.QUOTE_ALL)
        lines.writerow(job.query.fields)
        table, everything = self.db[job.query.object], job.asked["operation"] == "queryAll"
        columns = Columns(self.db, table, job.query.fields)
        for one in job.hits.part(start, count):
            row = table.get(one)
            if row is not None and (everything or not row["IsDeleted"]):
                values = columns.values(row)
                lines.writerow([_text(values[path]) for path in job.query.fields])
        return out.getvalue()

    def _show(self, job: Job) -> Json:
        return {
            "id": job.id,
            "operation": job.asked["operation"],
            "object": job.query.object,
            "createdById": "005000000000001AAA",
            "createdDate": job.created,
            "systemModstamp": job.created,
            "state": job.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(job.version.removeprefix("v")),
            "lineEnding": job.asked.get("lineEnding", "LF"),
            "columnDelimiter": job.asked.get("columnDelimiter", "COMMA"),
        }


def _text(found: Any) -> Any:
    if isinstance(found, bool):
        return str(found).lower()
    return "" if found is None else shown(found)
