# SPDX-License-Identifier: Apache-2.0
"""The list and property endpoints."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub.testing.emulator import answer
from hub_hubspot.emulator.answers import Json, invalid, iso, not_found, page
from hub_hubspot.emulator.portal import ContactList, Portal
from hub_hubspot.emulator.schema import Schema

MEMBERS_PAGE, LISTS_PAGE = 250, 500


class Lists:
    """Handlers for lists of contacts and their members."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def _list(self, request: Request) -> ContactList:
        found = self.portal.lists.get(request.path_params["id"])
        if found is None:
            raise not_found("List does not exist")
        return found

    async def create(self, _: Request, body: Any) -> Response:
        asked = body if isinstance(body, dict) else {}
        if asked.get("objectTypeId") != "0-1":
            raise invalid("objectTypeId must be 0-1")
        one = self.portal.create_list(str(asked.get("name") or ""), str(asked.get("processingType")))
        return answer(200, {"list": one.show()})

    async def read(self, request: Request, _: Any) -> Response:
        one = self._list(request)
        return answer(200, {"list": one.show() | {"size": one.size}})

    async def by_name(self, request: Request, _: Any) -> Response:
        name = request.path_params["name"]
        one = next((one for one in self.portal.lists.values() if one.name == name), None)
        if one is None:
            raise not_found("List does not exist")
        return answer(200, {"list": one.show()})

    async def search(self, _: Request, body: Any) -> Response:
        asked = body if isinstance(body, dict) else {}
        offset, count = int(asked.get("offset") or 0), int(asked.get("count") or 20)
        if not 1 <= count <= LISTS_PAGE:
            raise invalid(f"count must be between 1 and {LISTS_PAGE}")
        query, types = str(asked.get("query") or "").lower(), asked.get("processingTypes")
        hits = [one for one in self.portal.lists.values() if query in one.name.lower()]
        hits = [one for one in hits if not types or one.processing_type in types]
        end = offset + count
        shown = [one.show() | {"additionalProperties": _more(one, asked)} for one in hits[offset:end]]
        return answer(200, {"lists": shown, "hasMore": end < len(hits), "offset": end, "total": len(hits)})

    async def members(self, request: Request, _: Any) -> Response:
        one, query = self._list(request), request.query_params
        limit = int(query.get("limit") or 100)
        if not 1 <= limit <= MEMBERS_PAGE:
            raise invalid(f"limit must be between 1 and {MEMBERS_PAGE}")
        limit = self.portal.shorten(limit)
        found = one.page(int(query.get("after") or 0), limit + 1)
        shown = [{"recordId": record, "membershipTimestamp": iso(at)} for record, at in found[:limit]]
        following = found[limit - 1][0] if len(found) > limit else ""
        return page(shown, following, str(request.url.replace(query="")), total=one.size)

    async def add(self, request: Request, body: Any) -> Response:
        return self._change(self._list(request), _ids(body), [])

    async def remove(self, request: Request, body: Any) -> Response:
        return self._change(self._list(request), [], _ids(body))

    async def add_and_remove(self, request: Request, body: Any) -> Response:
        asked = body if isinstance(body, dict) else {}
        adding, removing = _ids(asked.get("recordIdsToAdd") or []), _ids(asked.get("recordIdsToRemove") or [])
        return self._change(self._list(request), adding, removing)

    def _change(self, one: ContactList, adding: list[str], removing: list[str]) -> Response:
        if one.processing_type == "DYNAMIC":
            raise invalid("Members of a dynamic list cannot be changed")
        known = self.portal.contacts.find
        missing = [record for record in adding if known(record) is None]
        added = [record for record in adding if record not in missing and record not in one.members]
        removed = [record for record in removing if one.remove(record)]
        one.add(added, self.portal.now())
        one.updated = self.portal.now()
        # "recordsIdsAdded" is HubSpot's own spelling
        changed = {"recordsIdsAdded": added, "recordIdsRemoved": removed, "recordIdsMissing": missing}
        return answer(200, changed)


class Properties:
    """Handlers for property definitions and groups."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def _schema(self, request: Request) -> Schema:
        return self.portal.kind(request.path_params["kind"]).schema

    async def index(self, request: Request, _: Any) -> Response:
        return answer(200, {"results": list(self._schema(request).properties.values())})

    async def create(self, request: Request, body: Any) -> Response:
        return answer(201, self._schema(request).create(body if isinstance(body, dict) else {}))

    async def read(self, request: Request, _: Any) -> Response:
        return answer(200, self._schema(request).get(request.path_params["id"]))

    async def groups(self, request: Request, _: Any) -> Response:
        return answer(200, {"results": list(self._schema(request).groups.values())})

    async def create_group(self, request: Request, body: Any) -> Response:
        return answer(201, self._schema(request).create_group(body if isinstance(body, dict) else {}))


def _more(one: ContactList, asked: Json) -> Json:
    return {"hs_list_size": str(one.size)} if "hs_list_size" in (asked.get("additionalProperties") or []) else {}


def _ids(body: Any) -> list[str]:
    if not isinstance(body, list):
        raise invalid("Invalid input JSON: a list of record ids is expected")
    return [str(one) for one in body]
