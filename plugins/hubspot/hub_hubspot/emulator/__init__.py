# SPDX-License-Identifier: Apache-2.0
"""A HubSpot account on this machine, built from HubSpot's published behaviour: for tests, the demo and load runs.

Every resource answers under its v3 and its dated path. Time is the emulator's clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hub.testing.clock import Clock
from hub.testing.emulator import Action, Emulator, answer
from hub.testing.population import Someone, population
from hub_hubspot import preparing
from hub_hubspot.emulator import people
from hub_hubspot.emulator.answers import Json, Refusal, correlation, invalid, iso
from hub_hubspot.emulator.limits import Limits
from hub_hubspot.emulator.lists import Lists, Properties
from hub_hubspot.emulator.objects import Objects
from hub_hubspot.emulator.outgoing import Outgoing
from hub_hubspot.emulator.portal import Portal
from hub_hubspot.emulator.records import Record
from hub_hubspot.settings import Config

Handler = Callable[[Request, Any], Awaitable[Response]]

_NO_TOKEN = "Authentication credentials not found. This API supports OAuth 2.0 authentication"  # noqa: S105
_EXPIRED = "The OAuth token used to make this call expired"


class HubSpotEmulator(Emulator):
    """One account. Attributes may be changed while it runs."""

    name = "hubspot"

    def __init__(
        self,
        *,
        seed: int = 0,
        clock: Clock | None = None,
        access_token: str = "pat-eu1-emulator",  # noqa: S107
        client_secret: str = "emulator-client-secret",  # noqa: S107
        webhook_url: str = "",
        portal_id: int = 143_553_137,
        limit: int = 190,
        searches: int = 5,
        daily: int = 625_000,
        index_delay: float = 0.0,
    ) -> None:
        super().__init__(seed=seed, clock=clock)
        self.access_token = access_token
        self.token_expired = False
        self.limits = Limits(self.clock.now, limit=limit, searches=searches, daily=daily)
        self.outgoing = Outgoing(self.webhooks, self.clock, portal_id, client_secret)
        self.outgoing.url = webhook_url
        self.portal = Portal(self.random, self.clock.now, self.outgoing.add, portal_id)
        self._objects = Objects(self.portal, index_delay)
        self._lists, self._properties = Lists(self.portal), Properties(self.portal)

    def settings(self, base_url: str) -> dict[str, Any]:
        return {"base_url": base_url, "access_token": self.access_token, "client_secret": self.client_secret}

    @property
    def webhook_url(self) -> str:
        """Where webhooks go; empty: nowhere."""
        return self.outgoing.url

    @webhook_url.setter
    def webhook_url(self, url: str) -> None:
        self.outgoing.url = url

    @property
    def client_secret(self) -> str:
        """Signs webhooks."""
        return self.outgoing.client_secret

    @property
    def contacts(self) -> dict[str, Record]:
        """By record id."""
        return self.portal.contacts.all

    @property
    def communications(self) -> dict[str, Record]:
        """Timeline entries by record id."""
        return self.portal.communications.all

    # --- what people at the company do

    def load(self, persons: Sequence[Someone], *, name: str = "Everyone") -> str:
        """An import: one contact per person and one static list of them all. Fires no webhooks. Returns the list id."""
        self._define()
        confirmed = iso(self.clock.now() - timedelta(days=30))
        self.outgoing.muted = True
        records = [self.portal.contacts.create(people.properties(one, confirmed), "IMPORT") for one in persons]
        self.outgoing.muted = False
        made = self.portal.create_list(name, "MANUAL")
        made.members |= dict.fromkeys((one.id for one in records), self.clock.now())
        return made.id

    def _define(self) -> None:
        schema = self.portal.contacts.schema
        if preparing.GROUP["name"] not in schema.groups:
            schema.create_group(preparing.GROUP)
        for definition in preparing.definitions(Config.model_validate({"access_token": self.access_token})):
            if definition["name"] not in schema.properties:
                schema.create(definition)

    def change(self, record_id: str, **properties: str) -> None:
        """A user edits a contact in HubSpot. Fires webhooks."""
        contact = self.portal.contacts.get(record_id)
        self.portal.update(self.portal.contacts, contact, properties, "CRM_UI")
        self.outgoing.flush()

    def erase(self, record_id: str) -> None:
        """A user deletes a contact on privacy grounds. Fires both webhooks."""
        self.portal.erase(self.portal.contacts.get(record_id))
        self.outgoing.flush()

    def actions(self) -> dict[str, Action]:
        return {
            "change": lambda given: self.change(given["record_id"], **given["properties"]),
            "erase": lambda given: self.erase(given["record_id"]),
            "load": lambda given: self.load(population(given["count"], given.get("seed", 0))),
            "webhook": lambda given: setattr(self, "webhook_url", given["url"]),
        }

    def state(self) -> dict[str, Any]:
        values = [one.properties for one in list(self.contacts.values())]
        statuses = Counter(one["hub_whatsapp_status"] for one in values if one.get("hub_whatsapp_status"))
        return {
            "contacts": len(values),
            "communications": len(self.communications),
            "statuses": dict(statuses),
            "stopped": sum(one.get("hub_whatsapp_opt_out") == "true" for one in values),
            "lists": {one.id: {"name": one.name, "members": len(one.members)} for one in self.portal.lists.values()},
        }

    # --- the API

    def routes(self) -> list[BaseRoute]:
        objects, lists, properties = self._objects, self._lists, self._properties
        both_objects = ("/crm/v3/objects/{kind}", "/crm/objects/{version}/{kind}")
        both_lists = ("/crm/v3/lists", "/crm/lists/{version}")
        both_properties = ("/crm/v3/properties/{kind}", "/crm/properties/{version}/{kind}")
        both_links = ("/crm/v4/objects/{kind}", "/crm/objects/{version}/{kind}")
        table: list[tuple[Sequence[str], str, str, Handler]] = [
            (both_objects, "GET", "", objects.index),
            (both_objects, "POST", "", objects.create),
            (both_objects, "POST", "/search", objects.find),
            (both_objects, "POST", "/gdpr-delete", objects.gdpr_delete),
            (both_objects, "POST", "/merge", objects.merge),
            (both_objects, "POST", "/batch/read", objects.batch_read),
            (both_objects, "POST", "/batch/create", objects.batch_create),
            (both_objects, "POST", "/batch/update", objects.batch_update),
            (both_objects, "POST", "/batch/upsert", objects.batch_upsert),
            (both_objects, "POST", "/batch/archive", objects.batch_archive),
            (both_objects, "GET", "/{id}", objects.read),
            (both_objects, "PATCH", "/{id}", objects.patch),
            (both_objects, "DELETE", "/{id}", objects.delete),
            (both_links, "GET", "/{id}/associations/{to}", objects.associations),
            (both_lists, "POST", "", lists.create),
            (both_lists, "POST", "/", lists.create),
            (both_lists, "POST", "/search", lists.search),
            (both_lists, "GET", "/object-type-id/0-1/name/{name}", lists.by_name),
            (both_lists, "GET", "/{id}", lists.read),
            (both_lists, "GET", "/{id}/memberships", lists.members),
            (both_lists, "PUT", "/{id}/memberships/add", lists.add),
            (both_lists, "PUT", "/{id}/memberships/remove", lists.remove),
            (both_lists, "PUT", "/{id}/memberships/add-and-remove", lists.add_and_remove),
            (both_properties, "GET", "", properties.index),
            (both_properties, "POST", "", properties.create),
            (both_properties, "GET", "/groups", properties.groups),
            (both_properties, "POST", "/groups", properties.create_group),
            (both_properties, "GET", "/{id}", properties.read),
            (("/account-info/{version}",), "GET", "/details", self._account),
        ]
        return [
            Route(prefix + rest, self._guarded(handler, searching=rest == "/search"), methods=[method])
            for prefixes, method, rest, handler in table
            for prefix in prefixes
        ]

    async def _account(self, _: Request, __: Any) -> Response:
        account = {
            "portalId": self.portal.number,
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

    def _guarded(self, handler: Handler, *, searching: bool) -> Callable[[Request], Awaitable[Response]]:
        """Token, limits, body, refusals and the headers every answer carries."""

        async def guarded(request: Request) -> Response:
            response = self._unauthorised(request) or self.limits.refuse(searching=searching)
            if response is None:
                try:
                    response = await handler(request, _body(await request.body()))
                except Refusal as refusal:
                    response = refusal.response()
                self.outgoing.flush()
            response.headers["x-hubspot-correlation-id"] = correlation()
            if not searching:
                response.headers.update(self.limits.headers())
            return response

        return guarded

    def _unauthorised(self, request: Request) -> Response | None:
        if request.headers.get("authorization") != f"Bearer {self.access_token}":
            return Refusal(401, "INVALID_AUTHENTICATION", _NO_TOKEN).response()
        if self.token_expired:
            return Refusal(401, "EXPIRED_AUTHENTICATION", _EXPIRED).response()
        return None


def _body(raw: bytes) -> Json | list[Any] | None:
    if not raw:
        return None
    try:
        parsed = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise invalid("Invalid input JSON") from None
    return parsed if isinstance(parsed, dict | list) else None


def create(*, seed: int = 0, clock: Clock | None = None, **options: Any) -> HubSpotEmulator:
    """The emulator. Options are the keyword arguments of `HubSpotEmulator`."""
    return HubSpotEmulator(seed=seed, clock=clock, **options)
