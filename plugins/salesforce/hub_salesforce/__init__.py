# SPDX-License-Identifier: Apache-2.0
"""Salesforce as a CRM: contacts, leads and person accounts, consent records as claims, campaigns as audiences.

Read from Salesforce's developer documentation:
1. REST API: query, queryAll, get deleted, describe, sObject collections, status codes
2. Bulk API 2.0   3. OAuth flows: client credentials, JWT bearer   4. Object reference: consent, campaigns, tasks
5. Outbound messages, External Services   6. API request limits

Everything read here is a claim; the proof is in the hub's ledger.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import ClassVar

import orjson

from hub import (
    Answer,
    Audience,
    Changes,
    Connector,
    ContactSnapshot,
    Crm,
    DataItem,
    Event,
    Health,
    HubError,
    Inbound,
    Options,
    Outcome,
    Outlook,
    Page,
    Property,
    Report,
    hookimpl,
)
from hub_salesforce import campaigns, changes, fields, openapi, org, permissions, showing, triggers
from hub_salesforce.api import Api
from hub_salesforce.reporting import Reporting
from hub_salesforce.settings import Config
from hub_salesforce.walk import Walk

__all__ = ["Config", "Salesforce"]

_KEPT = "as long as the record in Salesforce"


class Salesforce(Crm[Config]):
    """One Salesforce org."""

    name = "salesforce"
    title = "Salesforce"
    Config = Config
    data: ClassVar[tuple[DataItem, ...]] = (
        DataItem("phone number", "contact data", "address the message", _KEPT),
        DataItem("country", "contact data", "choose the message law", _KEPT),
        DataItem("consent records, flags and legal basis", "metadata", "check the legal basis", _KEPT),
        DataItem("template fields", "contact data", "fill templates", _KEPT),
        DataItem("message status and text", "content", "report results", _KEPT),
        DataItem("whom a campaign would reach", "metadata", "show it before sending", _KEPT),
    )

    @property
    def _api(self) -> Api:
        return Api(self.config, self.http, self.memory)

    def authenticate(self, request: Inbound) -> None:
        triggers.verify(self.config, request)

    def acknowledge(self, request: Inbound) -> Answer:
        return triggers.acknowledge(request)

    def choices(self, request: Inbound, options: Options) -> Answer | None:
        """`GET` gives the document that External Services imports."""
        if request.method != "GET":
            return None
        body = orjson.dumps(openapi.document(request.url, options), option=orjson.OPT_INDENT_2)
        return Answer(200, body, "application/json", keep=False)

    async def receive(self, request: Inbound) -> list[Event]:
        return triggers.events(request)

    async def contacts(self, since: str | None) -> AsyncIterator[Page[ContactSnapshot]]:
        api = self._api
        seen = await org.see(api, self.config)
        walk = Walk(api, self.config, seen, permissions.mark(self.memory), self.asked)
        async for page in walk.pages(since):
            yield page

    def changes(self, since: str | None) -> AsyncIterator[Changes] | None:
        if not self.config.change_events:
            return None
        return changes.Feed(self.config, self.http, self.memory, self.asked).pages(since)

    async def properties(self) -> list[Property]:
        return org.properties(await org.see(self._api, self.config))

    async def audiences(self) -> list[Audience]:
        return await campaigns.audiences(self._api)

    def members(self, audience: str) -> AsyncIterator[Page[str]]:
        return campaigns.members(self._api, audience)

    async def report(self, reports: Sequence[Report]) -> list[Outcome]:
        return await Reporting(self._api, self.config, self.memory).write(reports)

    async def show(self, outlook: Outlook) -> None:
        await showing.show(self._api, self.config, self.memory, outlook)

    async def prepare(self) -> list[str]:
        done = await permissions.prepare(self._api, self.config)
        missing = await fields.missing(self._api, self.config, self.memory)
        return [*done, *(f"make a {one} in Setup: the hub cannot" for one in missing)]

    async def check(self) -> Health:
        api = self._api
        try:
            seen = await org.see(api, self.config)
            there = await permissions.scope(api, seen, self.config) if seen.private else None
            missing = await fields.missing(api, self.config, self.memory)
        except HubError as trouble:
            return Health(False, str(trouble))
        health = judged(seen, self.config, api)
        if health.ok and self.config.change_events:
            deaf = await changes.trouble(self.config, self.http, self.memory)
            health = Health(False, deaf) if deaf else Health(True, f"{health.detail}; changes come as they happen")
        if health.ok and missing:
            health = Health(True, f"{health.detail}; campaigns say more with {', '.join(missing)}")
        if health.ok and there and not (there.channel and there.purpose):
            return Health(True, f"{health.detail}; consent cannot be written back yet: prepare the connection")
        return health


def judged(seen: org.Org, config: Config, api: Api) -> Health:
    """What a look at the org says to an admin."""
    wrong = [name for name in seen.people if seen.objects[name].get(config.stop_field, {}).get("type") == "boolean"]
    if wrong:
        said = f"{config.stop_field} is a checkbox on {', '.join(wrong)}: make it a text field, in which the hub knows"
        return Health(False, f"{said} its own entries again")
    missing = [name for name in seen.people if not seen.has(name, config.stop_field)]
    if missing and not seen.private:
        said = f"Data Protection and Privacy is off, or hidden, and {' and '.join(missing)} has no {config.stop_field}"
        return Health(False, f"{said}: withdrawals could not be written. Make the text field, or switch it on.")
    mode = f"consent records ({', '.join(seen.kinds)})" if seen.private else f"fields ({config.legal_basis_field})"
    off = "" if seen.private else "Data Protection and Privacy is off, or hidden; "
    budget = f"{api.used} of {api.budget} daily API requests used" if api.budget else "no API budget told"
    return Health(True, f"{off}consent is read from {mode}; {budget}")


@hookimpl
def hub_connectors() -> list[type[Connector[Config]]]:
    return [Salesforce]
