# SPDX-License-Identifier: Apache-2.0
"""The object endpoints: list, read, write, batches, search, GDPR deletion, associations."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub.testing.emulator import answer
from hub_hubspot.emulator.answers import Json, Refusal, batch, invalid, not_found, page
from hub_hubspot.emulator.portal import Portal
from hub_hubspot.emulator.records import Record, Records
from hub_hubspot.emulator.search import DEFAULTS, bounds, search

LIST_PAGE, BATCH = 100, 100


class Objects:
    """Handlers for contacts and communications. Each gets the request and its parsed body."""

    def __init__(self, portal: Portal, index_delay: float) -> None:
        self.portal, self.index_delay = portal, timedelta(seconds=index_delay)

    def _kind(self, request: Request) -> Records:
        return self.portal.kind(request.path_params["kind"])

    def _record(self, request: Request) -> Record:
        query = request.query_params
        by, archived = query.get("idProperty", ""), _flag(query, "archived")
        return self._kind(request).get(request.path_params["id"], by=by, archived=archived)

    def _show(self, kind: Records, one: Record, wanted: list[str], history: list[str] | None = None) -> Json:
        known = [name for name in wanted or DEFAULTS if name in kind.schema.properties]
        return one.show(known, history=history, portal=self.portal.number)

    async def index(self, request: Request, _: Any) -> Response:
        kind, query = self._kind(request), request.query_params
        limit = _number(query.get("limit", "10"), "limit")
        if not 1 <= limit <= LIST_PAGE:
            raise invalid(f"limit must be between 1 and {LIST_PAGE}")
        after = query.get("after", "")
        _number(after or "0", "after")
        limit = self.portal.shorten(limit)
        walk = kind.after(after, archived=_flag(query, "archived"))
        found = [one for one, _ in zip(walk, range(limit + 1), strict=False)]
        shown = [
            self._show(kind, one, _names(query, "properties"), _names(query, "propertiesWithHistory"))
            for one in found[:limit]
        ]
        return page(shown, found[limit - 1].id if len(found) > limit else "", str(request.url.replace(query="")))

    async def create(self, request: Request, body: Any) -> Response:
        kind = self._kind(request)
        record = self.portal.create(kind, _object(body))
        assert record is not None
        return answer(201, self._show(kind, record, [*body["properties"], *DEFAULTS]))

    async def read(self, request: Request, _: Any) -> Response:
        query = request.query_params
        history = _names(query, "propertiesWithHistory")
        return answer(200, self._show(self._kind(request), self._record(request), _names(query, "properties"), history))

    async def patch(self, request: Request, body: Any) -> Response:
        kind, record = self._kind(request), self._record(request)
        written = _object(_object(body).get("properties"))
        self.portal.update(kind, record, written)
        return answer(200, self._show(kind, record, list(written)))

    async def delete(self, request: Request, _: Any) -> Response:
        self.portal.archive(self._kind(request), self._record(request))
        return Response(status_code=204)

    async def find(self, request: Request, body: Any) -> Response:
        kind, asked = self._kind(request), _object(body)
        indexed = self.portal.now() - self.index_delay
        records = (one for one in kind.changed(*bounds(asked)) if one.updated <= indexed)
        hits, total, after = search(records, asked, cap=self.portal.search_cap, shorten=self.portal.shorten)
        shown = [self._show(kind, one, list(asked.get("properties") or [])) for one in hits]
        return page(shown, after, str(request.url), total=total)

    async def batch_read(self, request: Request, body: Any) -> Response:
        kind, asked = self._kind(request), _object(body)
        by, wanted = str(asked.get("idProperty") or ""), list(asked.get("properties") or [])
        found, missing = self._each(kind, _inputs(asked), by)
        shown = [self._show(kind, one, wanted) for _, one in found]
        return batch(self.portal.now(), shown, missing, status=200)

    async def batch_create(self, request: Request, body: Any) -> Response:
        """Each input stands alone when all carry their own trace id; else one bad input refuses all."""
        kind, inputs = self._kind(request), _inputs(_object(body))
        traces = [one.get("objectWriteTraceId") for one in inputs]
        traced = all(traces) and len(set(traces)) == len(traces)
        if not traced:
            for one in inputs:
                self.portal.create(kind, one, dry=True)
        results, errors = [], []
        for one, trace in zip(inputs, traces, strict=True):
            try:
                record = self.portal.create(kind, one)
            except Refusal as refusal:
                if not traced:
                    raise
                errors.append(refusal.standard({"objectWriteTraceId": [trace]}))
                continue
            assert record is not None
            shown = self._show(kind, record, list(one["properties"]))
            results.append(shown | ({"objectWriteTraceId": trace} if trace else {}))
        return batch(self.portal.now(), results, errors, status=201)

    async def batch_update(self, request: Request, body: Any) -> Response:
        kind, inputs = self._kind(request), _inputs(_object(body))
        ids = [str(one.get("id")) for one in inputs]
        if len(set(ids)) != len(ids):
            raise invalid("Duplicate IDs found in batch input")
        for one in inputs:
            kind.schema.checked(_object(one.get("properties")))
        by = str(inputs[0].get("idProperty") or "") if inputs else ""
        found, errors = self._each(kind, inputs, by)
        results = []
        for one, record in found:
            try:
                self.portal.update(kind, record, one["properties"])
            except Refusal as refusal:
                errors.append(refusal.standard({"ids": [record.id]}))
                continue
            results.append(self._show(kind, record, list(one["properties"])))
        return batch(self.portal.now(), results, errors, status=200)

    async def batch_upsert(self, request: Request, body: Any) -> Response:
        kind, inputs = self._kind(request), _inputs(_object(body))
        for one in inputs:
            kind.schema.checked(_object(one.get("properties")))
        results, errors = [], []
        for one in inputs:
            by, key = str(one.get("idProperty") or ""), str(one.get("id"))
            record = kind.find(key, by=by)
            new = record is None
            try:
                if record is None:
                    record = self.portal.create(kind, {"properties": {by: key, **one["properties"]}})
                else:
                    self.portal.update(kind, record, one["properties"])
            except Refusal as refusal:
                errors.append(refusal.standard({"ids": [key]}))
                continue
            assert record is not None
            results.append(self._show(kind, record, list(one["properties"])) | {"new": new})
        return batch(self.portal.now(), results, errors, status=200)

    async def batch_archive(self, request: Request, body: Any) -> Response:
        kind = self._kind(request)
        for one in _inputs(_object(body)):
            record = kind.find(str(one.get("id")))
            if record is not None:
                self.portal.archive(kind, record)
        return Response(status_code=204)

    async def gdpr_delete(self, _: Request, body: Any) -> Response:
        asked = _object(body)
        record = self.portal.contacts.find(str(asked.get("objectId")), by=str(asked.get("idProperty") or ""))
        if record is not None:
            self.portal.erase(record)
        return Response(status_code=204)

    async def merge(self, request: Request, body: Any) -> Response:
        contacts, asked = self.portal.contacts, _object(body)
        survivor, other = (
            contacts.get(str(asked.get("primaryObjectId"))),
            contacts.get(str(asked.get("objectIdToMerge"))),
        )
        self.portal.merge(survivor, other)
        return answer(200, self._show(contacts, survivor, []))

    async def associations(self, request: Request, _: Any) -> Response:
        types = [{"category": "HUBSPOT_DEFINED", "typeId": 0, "label": None}]
        shown = [
            {"toObjectId": to, "associationTypes": [{**types[0], "typeId": number}]}
            for to, number in self._record(request).associations
        ]
        return answer(200, {"results": shown})

    def _each(self, kind: Records, inputs: list[Json], by: str) -> tuple[list[tuple[Json, Record]], list[Json]]:
        """The records asked for, and one error naming all that do not exist."""
        looked = [(one, kind.find(str(one.get("id")), by=by)) for one in inputs]
        found = [(one, record) for one, record in looked if record is not None and record.archived_at is None]
        here = {id(one) for one, _ in found}
        missing = [str(one.get("id")) for one in inputs if id(one) not in here]
        refusal = not_found("Could not get some CONTACT objects, they may be deleted or not exist.")
        return found, [refusal.standard({"ids": missing})] if missing else []


def _inputs(body: Json) -> list[Json]:
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(one, dict) for one in inputs):
        raise invalid("Invalid input JSON: inputs are required")
    if len(inputs) > BATCH:
        raise invalid(f"Too many inputs: {len(inputs)}, at most {BATCH} are allowed")
    return inputs


def _object(value: Any) -> Json:
    if not isinstance(value, dict):
        raise invalid("Invalid input JSON: an object is expected")
    return value


def _number(text: str, name: str) -> int:
    if not text.isdigit():
        raise invalid(f"{name} must be a number")
    return int(text)


def _flag(query: Any, name: str) -> bool:
    return str(query.get(name, "")).lower() == "true"


def _names(query: Any, name: str) -> list[str]:
    return [one for given in query.getlist(name) for one in given.split(",") if one]
