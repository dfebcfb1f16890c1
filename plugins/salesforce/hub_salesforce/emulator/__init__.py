# SPDX-License-Identifier: Apache-2.0
"""A Salesforce org on this machine, built from Salesforce's published behaviour: for tests, the demo and load runs.

Time is the emulator's clock. `seed_contacts` makes an org of up to a million people that takes no memory.
"""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hub.testing.clock import Clock
from hub.testing.emulator import Action, Emulator, answer
from hub.testing.population import Someone, population
from hub_salesforce.emulator import people
from hub_salesforce.emulator.answers import Json, Refusal, bad
from hub_salesforce.emulator.events import Events
from hub_salesforce.emulator.jobs import Jobs
from hub_salesforce.emulator.objects import objects
from hub_salesforce.emulator.outgoing import Outgoing
from hub_salesforce.emulator.rest import Rest
from hub_salesforce.emulator.services import Services
from hub_salesforce.emulator.signin import Signin
from hub_salesforce.emulator.tables import Database
from hub_salesforce.emulator.writes import Writes
from hub_salesforce.ids import full

Handler = Callable[[Request, Any], Awaitable[Response]]

DAY = timedelta(days=1)
VERSIONS = range(41, 69)


class SalesforceEmulator(Emulator):
    """One org. Attributes may be changed while it runs."""

    name = "salesforce"

    def __init__(
        self,
        *,
        seed: int = 0,
        clock: Clock | None = None,
        client_id: str = "3MVG9emulator",
        client_secret: str = "emulator-client-secret",  # noqa: S107
        organization: str = "00D000000000001",
        webhook_url: str = "",
        privacy: bool = True,
        custom: bool = True,
        daily: int = 15_000,
        page: int = 2000,
        contacts: int = 0,
    ) -> None:
        super().__init__(seed=seed, clock=clock)
        self.privacy, self.custom, self.daily = privacy, custom, daily
        self.organization = full(organization)
        self.db = Database(objects(privacy=privacy, custom=custom), self.clock.now)
        self.writes = Writes(self.db)
        self.signin = Signin(self.clock.now, self.organization, client_id, client_secret)
        self.rest = Rest(self.db, self.writes, self.random, page)
        self.jobs = Jobs(self.db)
        self.events = Events(self.db)
        self.pubsub: Any = None  # while it runs, and the extra is installed
        self.pubsub_url = ""
        self.outgoing = Outgoing(self.db, self.webhooks, self.clock, self.organization)
        self.outgoing.url = webhook_url
        self.services = Services()
        self._calls: deque[Any] = deque()
        if contacts:
            self.seed_contacts(contacts)

    def settings(self, base_url: str) -> dict[str, Any]:
        keys = {"client_id": self.signin.client_id, "client_secret": self.signin.client_secret}
        given = {"base_url": base_url, **keys, "organization": self.organization}
        return {**given, "pubsub_url": self.pubsub_url} if self.pubsub_url else given

    @contextlib.contextmanager
    def beside(self) -> Iterator[None]:
        """The Pub/Sub API, where the extra is installed."""
        try:
            from hub_salesforce.emulator.pubsub import PubSub
        except ImportError:
            yield
            return
        self.pubsub = PubSub(self.events, self.signin, self.organization)
        self.events.begin()
        with self.pubsub.serving() as self.pubsub_url:
            yield

    @property
    def webhook_url(self) -> str:
        """Where flows and outbound messages go; empty: nowhere."""
        return self.outgoing.url

    @webhook_url.setter
    def webhook_url(self, url: str) -> None:
        self.outgoing.url = url

    # --- what people at the company do

    def seed_contacts(self, count: int, *, name: str = "Everyone") -> str:
        """`count` contacts, each a member of one campaign, made when they are looked at. Returns the campaign."""
        campaign = self.writes.create("Campaign", {"Name": name})
        seed = self.random.randrange(1 << 30)
        made = people.seeded(count, seed, self.clock.now(), privacy=self.privacy, custom=self.custom, campaign=campaign)
        for table, seeded in made.items():
            self.db[table].seeded = seeded
        self._counted(campaign, count)
        return campaign

    def load(self, persons: Sequence[Someone], *, name: str = "Everyone") -> str:
        """An import: a contact per person, all members of one campaign. Returns the campaign."""
        campaign = self.writes.create("Campaign", {"Name": name})
        for one in persons:
            contact = self.person(one)
            self.db["CampaignMember"].add(
                {"CampaignId": campaign, "ContactId": contact, "Status": "Sent", "HasResponded": False}
            )
        self._counted(campaign, len(persons))
        return campaign

    def person(self, one: Someone) -> str:
        """A contact, with an Individual and a consent record where the org has such."""
        values = people.contact(one) | ({"Legal_Basis__c": people.basis(one)} if self.custom else {})
        if self.privacy:
            individual = self.db["Individual"].add({"FirstName": one.first, "LastName": one.last})["Id"]
            values["IndividualId"] = individual
            if consent := people.consent(one, self.clock.now() - 30 * DAY):
                self.db["ContactPointTypeConsent"].add(consent | {"PartyId": individual})
        return str(self.db["Contact"].add(values)["Id"])

    def person_account(self, last: str, **values: Any) -> tuple[str, str]:
        """An account that is a person: the account and its contact."""
        account = self.db["Account"].add({"Name": last, "IsPersonAccount": True})
        contact = self.db["Contact"].add(
            {"LastName": last, "IsPersonAccount": True, "AccountId": account["Id"], **values}
        )
        self.db["Account"].change(account, {"PersonContactId": contact["Id"]})
        return account["Id"], contact["Id"]

    def change(self, kind: str, record: str, **values: Any) -> None:
        """A user edits a record."""
        self.writes.update(kind, record, values)

    def delete(self, kind: str, record: str, *, for_good: bool = False) -> None:
        """A user deletes a record; `for_good`: and empties the recycle bin."""
        table = self.db[kind]
        row = self.writes.row(table, record)
        if for_good:
            table.purge(row)
        else:
            table.delete(row)

    def merge(self, kind: str, stays: str, gone: str) -> None:
        """Two records become one: the other is deleted, and its memberships and tasks move."""
        table = self.db[kind]
        table.delete(self.writes.row(table, gone), MasterRecordId=stays)
        for other, field in (("CampaignMember", "ContactId"), ("CampaignMember", "LeadId"), ("Task", "WhoId")):
            for row in [row for row in self.db[other].rows.values() if row.get(field) == gone]:
                self.db[other].change(row, {field: stays})

    def convert(self, lead: str) -> str:
        """A lead becomes a contact, which is returned; its memberships name both."""
        table = self.db["Lead"]
        row = self.writes.row(table, lead)
        shared = [name for name in self.db["Contact"].fields if name in table.fields and not name.startswith("Is")]
        values = {name: row[name] for name in shared if not self.db["Contact"].fields[name].read_only}
        contact = str(self.db["Contact"].add(values | {"MailingCountry": row.get("Country")})["Id"])
        table.change(row, {"IsConverted": True, "ConvertedContactId": contact})
        for member in [one for one in self.db["CampaignMember"].rows.values() if one["LeadId"] == lead]:
            self.db["CampaignMember"].change(member, {"ContactId": contact})
        return contact

    def _counted(self, campaign: str, contacts: int) -> None:
        table = self.db["Campaign"]
        row = table.get(campaign)
        assert row is not None
        table.change(row, {"NumberOfContacts": contacts, "NumberOfLeads": 0})

    def actions(self) -> dict[str, Action]:
        return {
            "change": lambda given: self.change(given["kind"], given["record"], **given["fields"]),
            "flow": lambda given: self.services.call(given["action"], given["inputs"]),
            "import": lambda given: self.services.fetch(given["url"], given["credential"]),
            "load": lambda given: self.load(population(given["count"], given.get("seed", 0))),
            "notify": lambda given: self.outgoing.send(given["kind"], given["records"], given["fields"]),
            "seed": lambda given: self.seed_contacts(given["count"]),
            "touch": lambda given: self.touch(given["count"]),
            "webhook": lambda given: setattr(self, "webhook_url", given["url"]),
        }

    def touch(self, count: int) -> int:
        """Somebody edits every so many-th of the seeded contacts, `count` in all."""
        table = self.db["Contact"]
        assert table.seeded is not None
        for number in range(0, table.seeded.count, max(table.seeded.count // max(count, 1), 1)):
            if number not in table.moved:
                table.change(table.seed(number), {"MailingCountry": "Austria"})
        return len(table.moved)

    def state(self) -> dict[str, Any]:
        members = self.db["CampaignMember"].rows.values()
        return {
            "records": {name: len(table) for name, table in self.db.tables.items()},
            "statuses": dict(Counter(str(row["Status"]) for row in members)),
            "calls": len(self._calls),
        }

    # --- the API

    def routes(self) -> list[BaseRoute]:
        rest, jobs = self.rest, self.jobs
        many, one = "/composite/sobjects", "/sobjects/{kind}/{id}"
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/limits", self._limits),
            ("GET", "/query", rest.query),
            ("GET", "/queryAll", rest.query_all),
            ("GET", "/query/{locator}", rest.more),
            ("GET", "/sobjects", rest.index),
            ("POST", many, rest.create_many),
            ("PATCH", many, rest.update_many),
            ("DELETE", many, rest.delete_many),
            ("PATCH", many + "/{kind}/{field}", rest.upsert_many),
            ("GET", "/sobjects/{kind}/describe", rest.describe),
            ("GET", "/sobjects/{kind}/deleted", rest.deleted),
            ("POST", "/sobjects/{kind}", rest.create),
            ("GET", one, rest.read),
            ("PATCH", one, rest.patch),
            ("DELETE", one, rest.delete),
            ("PATCH", "/sobjects/{kind}/{field}/{key}", rest.upsert),
            ("POST", "/jobs/query", jobs.create),
            ("GET", "/jobs/query/{id}", jobs.read),
            ("PATCH", "/jobs/query/{id}", jobs.patch),
            ("DELETE", "/jobs/query/{id}", jobs.delete),
            ("GET", "/jobs/query/{id}/results", jobs.results),
        ]
        made: list[BaseRoute] = [
            Route("/services/data", self._versions),
            Route("/services/oauth2/token", self.signin.token, methods=["POST"]),
        ]
        for method, path, handler in table:
            for ending in ("", "/"):  # clients write both
                made.append(
                    Route(f"/services/data/{{version}}{path}{ending}", self._guarded(handler), methods=[method])
                )
        return made

    async def _versions(self, _: Request) -> Response:
        return answer(200, [{"label": f"v{n}", "url": f"/services/data/v{n}.0", "version": f"{n}.0"} for n in VERSIONS])

    async def _limits(self, _: Request, __: Any) -> Response:
        return answer(
            200, {"DailyApiRequests": {"Max": self.daily, "Remaining": max(self.daily - len(self._calls), 0)}}
        )

    def _guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Session, budget, version, body, refusals and the header every answer carries."""

        async def guarded(request: Request) -> Response:
            try:
                self._let_in(request)
                response = await handler(request, _body(await request.body()))
            except Refusal as refusal:
                response = refusal.response()
            response.headers["sforce-limit-info"] = f"api-usage={len(self._calls)}/{self.daily}"
            return response

        return guarded

    def _let_in(self, request: Request) -> None:
        if not self.signin.known(request.headers.get("authorization", "")):
            raise Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")
        version = request.path_params["version"].removeprefix("v").removesuffix(".0")
        if not version.isdigit() or int(version) not in VERSIONS:
            raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
        now = self.clock.now()
        while self._calls and now - self._calls[0] > DAY:
            self._calls.popleft()
        if len(self._calls) >= self.daily:
            raise Refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self._calls.append(now)


def _body(raw: bytes) -> Json | list[Any] | None:
    if not raw:
        return None
    try:
        parsed = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise bad("JSON_PARSER_ERROR", "Unexpected character") from None
    return parsed if isinstance(parsed, dict | list) else None


def create(*, seed: int = 0, clock: Clock | None = None, **options: Any) -> SalesforceEmulator:
    """The emulator. Options are the keyword arguments of `SalesforceEmulator`."""
    return SalesforceEmulator(seed=seed, clock=clock, **options)
