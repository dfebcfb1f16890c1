# SPDX-License-Identifier: Apache-2.0
"""HubSpot as a CRM: contacts, lists, claims from the legal-basis property, and results back on the contact.

Read from HubSpot's developer documentation:
1. CRM objects: contacts, search, batches   2. Lists and memberships   3. Properties
4. Communications, notes                     5. Webhooks, validating requests
6. Usage guidelines and error handling       7. OAuth, service keys
8. Custom workflow actions

HubSpot's API knows no WhatsApp consent, so everything read here is a claim; the proof is in the hub's ledger.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import ClassVar
from urllib.parse import quote

from hub import (
    Answer,
    Audience,
    BadInput,
    Connector,
    ContactSnapshot,
    Crm,
    DataItem,
    Event,
    Forbidden,
    Health,
    HubError,
    Inbound,
    Options,
    Outcome,
    Outlook,
    Page,
    Property,
    Rejected,
    Report,
    Unavailable,
    hookimpl,
)
from hub_hubspot import fates, incoming, preparing, reporting, showing, signature, walk, wire, workflow
from hub_hubspot.api import Api
from hub_hubspot.pace import Pace
from hub_hubspot.settings import Config
from hub_hubspot.trouble import Json
from hub_hubspot.words import OURS

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
        DataItem("whom a campaign would reach", "metadata", "show it before sending", "until it has a result"),
    )

    @property
    def _api(self) -> Api:
        return Api(self.config, self.http, self.memory)

    @property
    def _reading(self) -> Api:
        return Api(self.config, self.http, self.memory, Pace())

    def authenticate(self, request: Inbound) -> None:
        signature.verify(self.config.client_secret.get_secret_value(), request)
        if signature.version(request) == "v1" and workflow.asks(request.body):
            raise Forbidden("a workflow's request is signed with v2")

    def acknowledge(self, request: Inbound) -> Answer:
        asked = workflow.asks(request.body)
        return workflow.acknowledge(asked, self.config.portal) if asked else Answer()

    def choices(self, request: Inbound, options: Options) -> Answer | None:
        asked = workflow.asks(request.body)
        return workflow.choices(asked, options) if asked and "inputFieldName" in asked else None

    async def receive(self, request: Inbound) -> list[Event]:
        asked = workflow.asks(request.body)
        if asked is None:
            return incoming.events(request.body, request.received_at, self.config.portal)
        return [workflow.event(asked, self.config.portal, request.received_at)]

    def contacts(self, since: str | None) -> AsyncIterator[Page[ContactSnapshot]]:
        return walk.pages(self._reading, self.config, since, self.asked)

    async def gone(self, records: Sequence[str]) -> list[Event]:
        return await fates.gone(self._reading, self.memory, records)

    async def properties(self) -> list[Property]:
        """But those the hub writes: nothing of ours can be named as evidence."""
        api = self._api
        listed = walk.results(await api.get(api.paths.properties))
        return [one for one in map(wire.property_of, listed) if one.name not in OURS]

    async def audiences(self) -> list[Audience]:
        found: list[Audience] = []
        api = self._api
        while True:
            asked: Json = {
                "query": "",
                "objectTypeId": "0-1",
                "offset": len(found),
                "count": LISTS_PAGE,
                "additionalProperties": ["hs_list_size"],
            }
            body = await api.ask(f"{api.paths.lists}/search", asked)
            lists = body.get("lists")
            if not isinstance(lists, list):
                raise Unavailable("HubSpot's answer has no lists")
            found += [_audience(one) for one in lists]
            if not lists or body.get("hasMore") is not True:
                return [audience for audience in found if audience.id]

    async def members(self, audience: str) -> AsyncIterator[Page[str]]:
        """Record ids of a list. Raises `BadInput` when there is no such list."""
        api = self._reading
        path = f"{api.paths.lists}/{quote(audience, safe='')}/memberships"
        query: dict[str, str | int] = {"limit": MEMBERS_PAGE}
        while True:
            try:
                body = await api.get(path, **query)
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

    async def show(self, outlook: Outlook) -> None:
        if self.config.outlook_as_task:
            await showing.show(self._api, self.memory, outlook)

    async def prepare(self) -> list[str]:
        return await preparing.prepare(self._api, self.config)

    async def check(self) -> Health:
        api = self._api
        try:
            account = await api.get(api.paths.account)
            portal = str(account.get("portalId", "unknown"))
            if self.config.portal and portal != self.config.portal:
                return Health(False, f"the token belongs to account {portal}, not {self.config.portal}")
            lacking = await preparing.lacking(api, self.config)
        except HubError as trouble:
            return Health(False, str(trouble))
        if lacking:
            return Health(False, " ".join(lacking))
        told = "" if await preparing.scopes(api) else "; HubSpot does not tell this token's scopes"
        return Health(True, f"account {portal}, hosted in {account.get('dataHostingLocation', 'unknown')}{told}")


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
