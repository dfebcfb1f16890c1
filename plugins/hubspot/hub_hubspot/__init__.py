# SPDX-License-Identifier: Apache-2.0
"""HubSpot as a CRM: contacts, lists, claims from the legal-basis property, and results back on the contact.

Read from HubSpot's developer documentation:
1. CRM objects: contacts, search, batches   2. Lists and memberships   3. Properties
4. Communications                            5. Webhooks, validating requests
6. Usage guidelines and error handling

HubSpot's API knows no WhatsApp consent, so everything read here is a claim; the proof is in the hub's ledger.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import ClassVar
from urllib.parse import quote

from hub import (
    Audience,
    BadInput,
    Connector,
    ContactSnapshot,
    Crm,
    DataItem,
    Event,
    Health,
    HubError,
    Inbound,
    Outcome,
    Page,
    Property,
    Rejected,
    Report,
    Unavailable,
    hookimpl,
)
from hub_hubspot import preparing, reporting, signature, walk, wire
from hub_hubspot.api import Api, Json
from hub_hubspot.settings import Config

__all__ = ["Config", "HubSpot"]

LISTS_PAGE = 500
MEMBERS_PAGE = 250


class HubSpot(Crm[Config]):
    """One HubSpot account."""

    name = "hubspot"
    title = "HubSpot"
    Config = Config
    data: ClassVar[tuple[DataItem, ...]] = (
        DataItem("phone number", "contact data", "address the message", "as long as the contact in HubSpot"),
        DataItem("country", "contact data", "choose the message law", "as long as the contact in HubSpot"),
        DataItem("legal basis and opt-out", "metadata", "check the legal basis", "as long as the contact in HubSpot"),
        DataItem("template properties", "contact data", "fill templates", "as long as the contact in HubSpot"),
        DataItem("message status and text", "content", "report results", "as long as the contact in HubSpot"),
    )

    @property
    def _api(self) -> Api:
        return Api(self.config, self.http)

    def authenticate(self, request: Inbound) -> None:
        signature.verify(self.config.client_secret.get_secret_value(), request)

    async def receive(self, request: Inbound) -> list[Event]:
        return wire.events(request.body, request.received_at, self.config.portal)

    def contacts(self, since: str | None) -> AsyncIterator[Page[ContactSnapshot]]:
        return walk.pages(self._api, self.config, since, self.asked)

    async def properties(self) -> list[Property]:
        return [wire.property_of(one) for one in walk.results(await self._api.get(self._api.properties))]

    async def audiences(self) -> list[Audience]:
        found: list[Audience] = []
        while True:
            asked: Json = {
                "query": "",
                "objectTypeId": "0-1",
                "offset": len(found),
                "count": LISTS_PAGE,
                "additionalProperties": ["hs_list_size"],
            }
            body = await self._api.ask(f"{self._api.lists}/search", asked)
            lists = body.get("lists")
            if not isinstance(lists, list):
                raise Unavailable("HubSpot's answer has no lists")
            found += [_audience(one) for one in lists]
            if not lists or body.get("hasMore") is not True:
                return [audience for audience in found if audience.id]

    async def members(self, audience: str) -> AsyncIterator[Page[str]]:
        """Record ids of a list. Raises `BadInput` when there is no such list."""
        path = f"{self._api.lists}/{quote(audience, safe='')}/memberships"
        query: dict[str, str | int] = {"limit": MEMBERS_PAGE}
        while True:
            try:
                body = await self._api.get(path, **query)
            except Rejected as refused:
                remedy = "Choose a list of contacts that exists in HubSpot."
                raise BadInput(f"HubSpot has no such list ({refused})", field="audience", remedy=remedy) from None
            records = tuple(str(one["recordId"]) for one in walk.results(body) if one.get("recordId"))
            after = walk.next_after(body)
            yield Page(records, after or None)
            if not after:
                return
            query["after"] = after

    async def report(self, reports: Sequence[Report]) -> list[Outcome]:
        return await reporting.write(self._api, self.config, reports)

    async def prepare(self) -> list[str]:
        return await preparing.prepare(self._api, self.config)

    async def check(self) -> Health:
        try:
            account = await self._api.get(self._api.account)
            known = walk.results(await self._api.get(self._api.properties))
        except HubError as trouble:
            return Health(False, str(trouble))
        portal = str(account.get("portalId", "unknown"))
        if self.config.portal and portal != self.config.portal:
            return Health(False, f"the token belongs to account {portal}, not {self.config.portal}")
        written = [str(one["name"]) for one in preparing.definitions(self.config)]
        wanted = dict.fromkeys([*wire.read_properties(self.config), *written])
        missing = [name for name in wanted if name not in {one.get("name") for one in known}]
        if missing:
            return Health(False, f"properties missing in HubSpot: {', '.join(missing)}. Prepare the connection.")
        return Health(True, f"account {portal}, hosted in {account.get('dataHostingLocation', 'unknown')}")


def _audience(listed: object) -> Audience:
    if not isinstance(listed, dict):
        return Audience("", "")
    more = listed.get("additionalProperties")
    size = more.get("hs_list_size") if isinstance(more, dict) else None
    number = int(size) if isinstance(size, str) and size.isdigit() else None
    return Audience(str(listed.get("listId", "")), str(listed.get("name", "")), number)


@hookimpl
def hub_connectors() -> list[type[Connector[Config]]]:
    return [HubSpot]
