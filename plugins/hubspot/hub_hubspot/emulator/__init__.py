# SPDX-License-Identifier: Apache-2.0
"""A HubSpot account on this machine, built from HubSpot's published behaviour: for tests, the demo and load runs.

Every resource answers under its v3 and its dated path. Time is the emulator's clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

from starlette.routing import BaseRoute

from hub.testing.clock import Clock
from hub.testing.emulator import Action, Emulator
from hub.testing.population import Someone, population, someone
from hub_hubspot import preparing
from hub_hubspot.emulator import people
from hub_hubspot.emulator.access import Access
from hub_hubspot.emulator.answers import Json, iso
from hub_hubspot.emulator.gateway import Gateway
from hub_hubspot.emulator.limits import Limits
from hub_hubspot.emulator.lists import Lists, Properties
from hub_hubspot.emulator.objects import Objects
from hub_hubspot.emulator.outgoing import Outgoing
from hub_hubspot.emulator.portal import Portal
from hub_hubspot.emulator.records import Record
from hub_hubspot.emulator.workflows import Workflows
from hub_hubspot.settings import Config


class HubSpotEmulator(Emulator):
    """One account. Attributes may be changed while it runs."""

    name = "hubspot"

    def __init__(
        self,
        *,
        seed: int = 0,
        clock: Clock | None = None,
        access_token: str = "pat-eu1-emulator",  # noqa: S107
        client_id: str = "emulator-client-id",
        client_secret: str = "emulator-client-secret",  # noqa: S107
        developer_key: str = "emulator-developer-key",
        webhook_url: str = "",
        portal_id: int = 143_553_137,
        limit: int = 190,
        searches: int = 5,
        daily: int = 625_000,
        index_delay: float = 0.0,
        contacts: int = 0,
    ) -> None:
        super().__init__(seed=seed, clock=clock)
        keys = {"static": access_token, "client_id": client_id, "developer_key": developer_key}
        self.access = Access(self.clock, self.random, portal_id, **keys)
        self.access.client_secret = client_secret
        self.limits = Limits(self.clock.now, limit=limit, searches=searches, daily=daily)
        self.outgoing = Outgoing(self.webhooks, self.clock, portal_id, client_secret)
        self.outgoing.url = webhook_url
        self.portal = Portal(self.random, self.clock.now, self.outgoing.add, portal_id)
        self._objects = Objects(self.portal, index_delay)
        self._lists, self._properties = Lists(self.portal), Properties(self.portal)
        self.workflows = Workflows(self.portal, self.clock, client_secret)
        self._gateway = Gateway(self.access, self.limits, portal_id, self.outgoing.flush)
        if contacts:
            self.populate(contacts, seed)

    @property
    def access_token(self) -> str:
        """The static token."""
        return self.access.static

    @property
    def token_expired(self) -> bool:
        """Whether the static token is of no use any more."""
        return self.access.static_expired

    @token_expired.setter
    def token_expired(self, expired: bool) -> None:
        self.access.static_expired = expired

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
        """Signs webhooks and what workflows ask, and opens OAuth."""
        return self.outgoing.client_secret

    @property
    def contacts(self) -> dict[str, Record]:
        """By record id; of a populated account, those that were made or changed since."""
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
        made.add((one.id for one in records), self.clock.now())
        return made.id

    def populate(self, count: int, seed: int = 0, *, name: str = "Everyone") -> str:
        """Let so many contacts have been there for long, each made when looked at. Returns the list of them all."""
        self._define()
        confirmed = iso(self.clock.now() - timedelta(days=30))
        since = self.clock.now() - timedelta(days=1)
        self.portal.seed(count, since, lambda index: people.properties(someone(index, seed), confirmed))
        made = self.portal.create_list(name, "DYNAMIC")
        made.everyone = self.portal.contacts
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

    def touch(self, count: int) -> int:
        """Somebody edits every so many-th of a populated account's contacts, `count` in all."""
        seeded = self.portal.contacts.seeded
        assert seeded is not None
        chosen = list(islice(seeded.ids(0), 0, None, max(seeded.count // max(count, 1), 1)))[:count]
        for number in chosen:
            self.change(str(number), country="Austria")
        return len(chosen)

    def erase(self, record_id: str) -> None:
        """A user deletes a contact on privacy grounds. Fires both webhooks."""
        self.portal.erase(self.portal.contacts.get(record_id))
        self.outgoing.flush()

    def archive(self, record_id: str) -> None:
        """A user deletes a contact; for 90 days it may be restored."""
        self.portal.archive(self.portal.contacts, self.portal.contacts.get(record_id))
        self.outgoing.flush()

    def restore(self, record_id: str) -> None:
        self.portal.restore(self.portal.contacts.get(record_id, archived=True))
        self.outgoing.flush()

    def merge(self, survivor: str, other: str) -> None:
        """A user makes one contact of two."""
        self.portal.merge(self.portal.contacts.get(survivor), self.portal.contacts.get(other))
        self.outgoing.flush()

    async def _enrol(self, given: Json) -> Json:
        return (await self.workflows.enrol(given["record_id"], given["inputs"])).show()

    def actions(self) -> dict[str, Action]:
        return {
            "change": lambda given: self.change(given["record_id"], **given["properties"]),
            "touch": lambda given: self.touch(given["count"]),
            "archive": lambda given: self.archive(given["record_id"]),
            "restore": lambda given: self.restore(given["record_id"]),
            "merge": lambda given: self.merge(given["survivor"], given["other"]),
            "erase": lambda given: self.erase(given["record_id"]),
            "enrol": self._enrol,
            "options": lambda given: self.workflows.options(given["field"], given.get("words", "")),
            "install": lambda given: self.access.install(given["redirect_uri"]),
            "expire": lambda _: self.access.expire(),
            "populate": lambda given: self.populate(given["count"], given.get("seed", 0)),
            "load": lambda given: self.load(population(given["count"], given.get("seed", 0))),
            "webhook": lambda given: setattr(self, "webhook_url", given["url"]),
        }

    def state(self) -> dict[str, Any]:
        values = [one.properties for one in list(self.contacts.values())]
        statuses = Counter(one["hub_whatsapp_status"] for one in values if one.get("hub_whatsapp_status"))
        return {
            "contacts": self.portal.contacts.count,
            "communications": len(self.communications),
            "notes": len(self.portal.notes.all),
            "workflows": dict(Counter(one.state for one in self.workflows.enrolments.values())),
            "statuses": dict(statuses),
            "stopped": sum(
                one.get("hub_whatsapp_opt_in") == "stopped" or one.get("hub_whatsapp_opt_out") == "true"
                for one in values
            ),
            "lists": {one.id: {"name": one.name, "members": one.size} for one in self.portal.lists.values()},
        }

    def routes(self) -> list[BaseRoute]:
        return self._gateway.routes(self._objects, self._lists, self._properties, self.workflows)


def create(*, seed: int = 0, clock: Clock | None = None, **options: Any) -> HubSpotEmulator:
    """The emulator. Options are the keyword arguments of `HubSpotEmulator`."""
    return HubSpotEmulator(seed=seed, clock=clock, **options)
