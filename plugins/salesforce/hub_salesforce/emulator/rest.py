# SPDX-License-Identifier: Apache-2.0
"""The REST API: queries with locators, records one by one and in collections, describe, deleted, limits."""

from __future__ import annotations

import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub.testing.emulator import answer
from hub_salesforce.emulator.answers import Json, Refusal, bad, iso, not_found, shown, when
from hub_salesforce.emulator.objects import PREFIXES
from hub_salesforce.emulator.queries import Columns, Hits, run
from hub_salesforce.emulator.soql import Query
from hub_salesforce.emulator.tables import Database
from hub_salesforce.emulator.writes import Writes
from hub_salesforce.ids import full

PAGE, LEAST, BATCH = 2000, 200, 200
LOCATOR_LIVES = timedelta(days=2)
DELETED_SHOWN = timedelta(days=15)
_URI = 16_384


@dataclass
class Cursor:
    """An open query."""

    query: Query
    hits: Hits
    everything: bool
    opened: datetime


class Rest:
    """Handlers; each gets the request and its parsed body."""

    def __init__(self, db: Database, writes: Writes, rng: random.Random, page: int) -> None:
        self.db, self.writes, self.rng = db, writes, rng
        self.page, self.short = page, 0.0  # probability that a page is shorter than asked for
        self.cursors: dict[str, Cursor] = {}

    # --- queries

    async def query(self, request: Request, _: Any) -> Response:
        return self._query(request, everything=False)

    async def query_all(self, request: Request, _: Any) -> Response:
        return self._query(request, everything=True)

    def _query(self, request: Request, *, everything: bool) -> Response:
        if len(str(request.url)) > _URI:
            return answer(414, [{"message": "URI too long", "errorCode": "URI_TOO_LONG"}])
        query, hits = run(self.db, request.query_params.get("q", ""), everything=everything)
        if query.count:
            return answer(200, {"totalSize": len(hits), "done": True, "records": []})
        locator = "0r8" + secrets.token_hex(8)[:15]
        self.cursors[locator] = Cursor(query, hits, everything, self.db.now())
        return self._page(request, locator, 0)

    async def more(self, request: Request, _: Any) -> Response:
        locator, _, place = str(request.path_params["locator"]).rpartition("-")
        cursor = self.cursors.get(locator)
        if cursor is None or self.db.now() - cursor.opened > LOCATOR_LIVES or not place.isdigit():
            raise bad("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(request, locator, int(place))

    def _page(self, request: Request, locator: str, start: int) -> Response:
        cursor = self.cursors[locator]
        size = self._size(request.headers.get("sforce-query-options", ""))
        table, url = self.db[cursor.query.object], f"/services/data/{request.path_params['version']}"
        rows = (table.get(one) for one in cursor.hits.part(start, size))
        found = [row for row in rows if row is not None and (cursor.everything or not row["IsDeleted"])]
        body: Json = {"totalSize": len(cursor.hits), "done": start + size >= len(cursor.hits)}
        if not body["done"]:
            body["nextRecordsUrl"] = f"{url}/query/{locator}-{start + size}"
        columns = Columns(self.db, table, cursor.query.fields)
        body["records"] = [columns.record(row, url) for row in found]
        return answer(200, body)

    def _size(self, options: str) -> int:
        asked = options.partition("batchSize=")[2]
        size = min(max(int(asked), LEAST), self.page) if asked.isdigit() else self.page
        return self.rng.randint(max(size // 2, 1), size) if self.rng.random() < self.short else size

    async def deleted(self, request: Request, _: Any) -> Response:
        table, query = self.writes.table(request.path_params["kind"]), request.query_params
        start, end = (when(query.get(name, "")) for name in ("start", "end"))
        now = self.db.now()
        if start is None or end is None or end <= start or start < now - DELETED_SHOWN:
            raise bad("INVALID_REPLICATION_DATE", "startDate and endDate must be within the last 15 days")
        start, end = (at.replace(second=0, microsecond=0) for at in (start, end))
        shown_ = [
            {"id": one, "deletedDate": iso(at)}
            for at, one in table.deletions
            if start <= at < end + timedelta(minutes=1)
        ]
        earliest = iso(now - DELETED_SHOWN)
        return answer(200, {"deletedRecords": shown_, "earliestDateAvailable": earliest, "latestDateCovered": iso(end)})

    # --- records

    async def describe(self, request: Request, _: Any) -> Response:
        table = self.writes.table(request.path_params["kind"])
        fields = [one.describe() for one in table.fields.values()]
        return answer(200, {"name": table.name, "keyPrefix": table.prefix, "queryable": True, "fields": fields})

    async def index(self, _: Request, __: Any) -> Response:
        listed = [{"name": name, "keyPrefix": PREFIXES[name], "queryable": True} for name in self.db.tables]
        return answer(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed})

    async def create(self, request: Request, body: Any) -> Response:
        made = self.writes.create(request.path_params["kind"], _object(body))
        headers = {"location": f"{request.url.path}/{made}"}
        return answer(201, {"id": made, "success": True, "errors": []}, headers)

    async def read(self, request: Request, _: Any) -> Response:
        table = self.writes.table(request.path_params["kind"])
        row = self.writes.row(table, request.path_params["id"])
        url = f"/services/data/{request.path_params['version']}"
        attributes = {"type": table.name, "url": f"{url}/sobjects/{table.name}/{row['Id']}"}
        return answer(200, {"attributes": attributes, **{name: shown(row.get(name)) for name in table.fields}})

    async def patch(self, request: Request, body: Any) -> Response:
        self.writes.update(request.path_params["kind"], request.path_params["id"], _object(body))
        return Response(status_code=204)

    async def delete(self, request: Request, _: Any) -> Response:
        self.writes.delete(request.path_params["kind"], request.path_params["id"])
        return Response(status_code=204)

    async def upsert(self, request: Request, body: Any) -> Response:
        path = request.path_params
        try:
            made, new = self.writes.upsert(path["kind"], path["field"], path["key"], _object(body))
        except Refusal as refusal:
            if refusal.status != 300:
                raise
            return answer(300, [f"{request.url.path}"])
        return answer(201 if new else 200, {"id": made, "success": True, "errors": [], "created": new})

    # --- collections

    async def create_many(self, _: Request, body: Any) -> Response:
        return self._many(body, lambda kind, one: {"id": self.writes.create(kind, one)})

    async def update_many(self, _: Request, body: Any) -> Response:
        def change(kind: str, one: Json) -> Json:
            record_id = str(one.pop("id", one.pop("Id", "")))
            try:
                self.writes.update(kind, record_id, one)
            except Refusal as refusal:
                if refusal.code == "NOT_FOUND":
                    raise bad("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id") from None
                raise
            return {"id": full(record_id)}

        return self._many(body, change)

    async def upsert_many(self, request: Request, body: Any) -> Response:
        field = request.path_params["field"]

        def put(kind: str, one: Json) -> Json:
            made, new = self.writes.upsert(kind, field, str(one.pop(field, "")), one)
            return {"id": made, "created": new}

        return self._many(body, put)

    async def delete_many(self, request: Request, _: Any) -> Response:
        ids = [one for one in request.query_params.get("ids", "").split(",") if one]
        kinds = {prefix: name for name, prefix in PREFIXES.items()}
        records = [{"attributes": {"type": kinds.get(one[:3], "")}, "id": one} for one in ids]

        def remove(kind: str, one: Json) -> Json:
            self.writes.delete(kind, one["id"])
            return {"id": full(one["id"])}

        return self._many({"allOrNone": False, "records": records}, remove)

    def _many(self, body: Any, work: Any) -> Response:
        asked = _object(body)
        given = asked.get("records")
        if not isinstance(given, list) or not given or len(given) > BATCH:
            raise bad("INVALID_BATCH_SIZE", f"records must be a list of up to {BATCH}")
        if asked.get("allOrNone") is True:
            return answer(501, [{"message": "allOrNone is not played by this emulator", "errorCode": "NOT_EMULATED"}])
        for one in given:
            self._well_formed(one)
        results = []
        for one in given:
            fields = {name: value for name, value in one.items() if name != "attributes"}
            try:
                results.append({**work(one["attributes"]["type"], fields), "success": True, "errors": []})
            except Refusal as refusal:
                results.append(refusal.result())
        return answer(200, results)

    def _well_formed(self, one: Any) -> None:
        """What refuses a whole collection: a record without its type in front, or a field that does not exist."""
        first = next(iter(one), "") if isinstance(one, Mapping) else ""
        if first != "attributes":
            message = "Nested object for polymorphic foreign key must have an attributes field before any other fields."
            raise bad("JSON_PARSER_ERROR", message)
        kind = one["attributes"].get("type", "")
        if kind not in self.db.tables:
            raise bad("INVALID_TYPE", f"sObject type '{kind}' is not supported.")
        self.writes.known(kind, {name: None for name in one if name not in ("attributes", "id", "Id")})


def _object(body: Any) -> Json:
    if not isinstance(body, dict):
        raise bad("JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.")
    return body


def missing(_: Request, __: Any) -> Response:
    raise not_found()
