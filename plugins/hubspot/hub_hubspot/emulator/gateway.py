# SPDX-License-Identifier: Apache-2.0
"""Every endpoint under each of its paths, with the scope it needs, and what happens around a call: token, limits,
refusals, headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hub.testing.emulator import answer
from hub_hubspot.emulator.access import Access
from hub_hubspot.emulator.answers import Json, Refusal, correlation, invalid
from hub_hubspot.emulator.limits import Limits
from hub_hubspot.emulator.lists import Lists, Properties
from hub_hubspot.emulator.objects import Objects
from hub_hubspot.emulator.workflows import Workflows

Handler = Callable[[Request, Any], Awaitable[Response]]
Call = tuple[Sequence[str], str, str, Handler, str]  # paths, method, rest of the path, handler, scope

OBJECTS = ("/crm/v3/objects/{kind}", "/crm/objects/{version}/{kind}")
LINKS = ("/crm/v4/objects/{kind}", "/crm/objects/{version}/{kind}")
LISTS = ("/crm/v3/lists", "/crm/lists/{version}")
PROPERTIES = ("/crm/v3/properties/{kind}", "/crm/properties/{version}/{kind}")
CALLBACKS = ("/automation/v4/actions/callbacks", "/automation/actions/callbacks/{version}")
ACTIONS = ("/automation/v4/actions/{app}", "/automation/actions/{version}/{app}")
DEVELOPER = "developer"  # not a scope: the developer's key opens it

READ, WRITE = "crm.objects.contacts.read", "crm.objects.contacts.write"
SCHEMA_READ, SCHEMA_WRITE = "crm.schemas.contacts.read", "crm.schemas.contacts.write"
LISTS_READ, LISTS_WRITE = "crm.lists.read", "crm.lists.write"


class Gateway:
    """The API's outside. `told` is called after each call, to deliver what it caused."""

    def __init__(self, access: Access, limits: Limits, portal: int, told: Callable[[], None]) -> None:
        self.access, self.limits, self.portal, self.told = access, limits, portal, told

    def routes(self, objects: Objects, lists: Lists, properties: Properties, workflows: Workflows) -> list[BaseRoute]:
        table = [
            *_objects(objects),
            *_lists(lists),
            *_properties(properties),
            *_workflows(workflows),
            (("/account-info/{version}",), "GET", "/details", self._account, ""),
        ]
        return [
            *self._oauth(),
            *(
                Route(prefix + rest, self._guarded(handler, scope, searching=rest == "/search"), methods=[method])
                for prefixes, method, rest, handler, scope in table
                for prefix in prefixes
            ),
        ]

    def _oauth(self) -> Iterator[BaseRoute]:
        access = self.access
        yield Route("/oauth/authorize", access.authorize)
        yield Route("/oauth/{version}/token", access.token, methods=["POST"])
        yield Route("/oauth/{version}/token/introspect", access.introspect, methods=["POST"])
        yield Route("/oauth/{version}/token/revoke", access.revoke, methods=["POST"])
        yield Route("/oauth/v1/access-tokens/{token}", access.access_token)
        yield Route("/oauth/v2/private-apps/get/access-token-info", access.private_app, methods=["POST"])

    def _guarded(self, handler: Handler, scope: str, *, searching: bool) -> Callable[[Request], Awaitable[Response]]:
        """Token, limits, body, refusals and the headers every answer carries."""

        async def guarded(request: Request) -> Response:
            by_key = scope == DEVELOPER and self.access.developer(request)
            response = None if by_key else self.access.refuse(request, "" if scope == DEVELOPER else scope)
            response = response or self.limits.refuse(searching=searching)
            if response is None:
                try:
                    response = await handler(request, _body(await request.body()))
                except Refusal as refusal:
                    response = refusal.response()
                self.told()
            response.headers["x-hubspot-correlation-id"] = correlation()
            if not searching:
                response.headers.update(self.limits.headers(daily=not self.access.is_oauth(request)))
            return response

        return guarded

    async def _account(self, _: Request, __: Any) -> Response:
        account = {
            "portalId": self.portal,
            "accountType": "STANDARD",
            "timeZone": "Europe/Berlin",
            "companyCurrency": "EUR",
            "additionalCurrencies": [],
            "utcOffset": "+01:00",
            "utcOffsetMilliseconds": 3_600_000,
            "uiDomain": "app-eu1.hubspot.com",
            "dataHostingLocation": "eu1",
        }
        return answer(200, account)


def _objects(objects: Objects) -> Iterator[Call]:
    yield OBJECTS, "GET", "", objects.index, READ
    yield OBJECTS, "POST", "", objects.create, WRITE
    yield OBJECTS, "POST", "/search", objects.find, READ
    yield OBJECTS, "POST", "/gdpr-delete", objects.gdpr_delete, WRITE
    yield OBJECTS, "POST", "/merge", objects.merge, WRITE
    yield OBJECTS, "POST", "/batch/read", objects.batch_read, READ
    yield OBJECTS, "POST", "/batch/create", objects.batch_create, WRITE
    yield OBJECTS, "POST", "/batch/update", objects.batch_update, WRITE
    yield OBJECTS, "POST", "/batch/upsert", objects.batch_upsert, WRITE
    yield OBJECTS, "POST", "/batch/archive", objects.batch_archive, WRITE
    yield OBJECTS, "GET", "/{id}", objects.read, READ
    yield OBJECTS, "PATCH", "/{id}", objects.patch, WRITE
    yield OBJECTS, "DELETE", "/{id}", objects.delete, WRITE
    yield LINKS, "GET", "/{id}/associations/{to}", objects.associations, READ


def _lists(lists: Lists) -> Iterator[Call]:
    yield LISTS, "POST", "", lists.create, LISTS_WRITE
    yield LISTS, "POST", "/", lists.create, LISTS_WRITE
    yield LISTS, "POST", "/search", lists.search, LISTS_READ
    yield LISTS, "GET", "/object-type-id/0-1/name/{name}", lists.by_name, LISTS_READ
    yield LISTS, "GET", "/{id}", lists.read, LISTS_READ
    yield LISTS, "GET", "/{id}/memberships", lists.members, LISTS_READ
    yield LISTS, "PUT", "/{id}/memberships/add", lists.add, LISTS_WRITE
    yield LISTS, "PUT", "/{id}/memberships/remove", lists.remove, LISTS_WRITE
    yield LISTS, "PUT", "/{id}/memberships/add-and-remove", lists.add_and_remove, LISTS_WRITE


def _properties(properties: Properties) -> Iterator[Call]:
    yield PROPERTIES, "GET", "", properties.index, SCHEMA_READ
    yield PROPERTIES, "POST", "", properties.create, SCHEMA_WRITE
    yield PROPERTIES, "GET", "/groups", properties.groups, SCHEMA_READ
    yield PROPERTIES, "POST", "/groups", properties.create_group, SCHEMA_WRITE
    yield PROPERTIES, "GET", "/{id}", properties.read, SCHEMA_READ


def _workflows(workflows: Workflows) -> Iterator[Call]:
    yield CALLBACKS, "POST", "/complete", workflows.complete_batch, "automation"
    yield CALLBACKS, "POST", "/{callback}/complete", workflows.complete, "automation"
    yield ACTIONS, "POST", "", workflows.create, DEVELOPER
    yield ACTIONS, "GET", "", workflows.index, DEVELOPER
    yield ACTIONS, "GET", "/{id}", workflows.read, DEVELOPER
    yield ACTIONS, "PATCH", "/{id}", workflows.patch, DEVELOPER
    yield ACTIONS, "DELETE", "/{id}", workflows.delete, DEVELOPER


def _body(raw: bytes) -> Json | list[Any] | None:
    if not raw:
        return None
    try:
        parsed = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise invalid("Invalid input JSON") from None
    return parsed if isinstance(parsed, dict | list) else None
