# SPDX-License-Identifier: Apache-2.0
"""SIGKILL at every page of a sync, just before its commit and just after: nobody is lost, nobody is taken twice.

Each page is read by two processes of its own. The first dies with the page applied and not committed, the second with
it committed. What comes of it is what one undisturbed sync would have made.
"""

from __future__ import annotations

import csv
import multiprocessing
import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import pytest
from hub_hubspot import emulator as hubspot
from hub_salesforce import emulator as salesforce
from sqlmodel import delete

from hub.bridge import Bridge
from hub.flows import accounts, sync
from hub.flows import world as worlds
from hub.flows.permission import EVENT
from hub.flows.world import World
from hub.law.facts import StopKind
from hub.settings import Settings
from hub.store.tables import Connection, CrmRecord, Lease, StopRow, SyncRun
from hub.testing.clock import Clock
from hub.testing.emulator import serve
from hub.work.jobs import Jobs
from tests.making import Shop, number

pytest_plugins = ["tests.shops"]

PEOPLE, LATE = 250, 30  # there at first, and added after the first sync
STOPS = 9  # every so many-th objects
PATIENCE = 60.0  # seconds
PLUGINS = tuple(one.module for one in entry_points(group="hub"))  # loaded once, and not by each process
BEFORE, AFTER = False, True  # the commit
Sizes = dict[str, int]


class Account(ABC):
    """An account of a CRM with small pages. `sizes`: constants of the plugin, as module:name, made small."""

    connector: ClassVar[str]
    sizes: ClassVar[Sizes] = {}

    def __init__(self, clock: Clock, folder: Path, stack: ExitStack) -> None:
        self.clock, self.folder = clock, folder
        self.settings = self.open(stack)

    @abstractmethod
    def open(self, stack: ExitStack) -> dict[str, Any]:
        """Bring it up; the connection's settings."""

    @abstractmethod
    def add(self, phone: str) -> str:
        """A customer; their record."""

    @abstractmethod
    def object(self, record: str) -> None:
        """Somebody notes that the customer wants no messages."""

    def saved(self) -> None:  # noqa: B027  (only a file needs it)
        """Everything was noted."""


class Csv(Account):
    connector = "csv"
    sizes: ClassVar[Sizes] = {"hub_csv:PAGE": 100}

    def open(self, stack: ExitStack) -> dict[str, Any]:
        self.rows: dict[str, list[str]] = {}
        self.path = self.folder / "people.csv"
        return {"path": str(self.path)}

    def add(self, phone: str) -> str:
        record = str(len(self.rows) + 1)
        self.rows[record] = [record, phone, "contract", ""]
        return record

    def object(self, record: str) -> None:
        self.rows[record][3] = "yes"

    def saved(self) -> None:
        with self.path.open("w", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(["id", "phone", "legal_basis", "opt_out"])
            lines.writerows(self.rows.values())


class HubSpot(Account):
    connector = "hubspot"
    sizes: ClassVar[Sizes] = {"hub_hubspot.walk:SEARCH_PAGE": 20}

    def open(self, stack: ExitStack) -> dict[str, Any]:
        self.emulator = hubspot.create(clock=self.clock, searches=1_000, limit=10_000)
        self.emulator.load([])  # with the properties of the hub
        return self.emulator.settings(stack.enter_context(serve(self.emulator.app())))

    def add(self, phone: str) -> str:
        customer = {"phone": phone, "hs_legal_basis": "Performance of a contract"}
        return str(self.emulator.portal.contacts.create(customer).id)

    def object(self, record: str) -> None:
        self.emulator.change(record, hub_whatsapp_opt_out="true")


class Salesforce(Account):
    connector = "salesforce"

    def open(self, stack: ExitStack) -> dict[str, Any]:
        self.emulator = salesforce.create(clock=self.clock, page=100)
        return self.emulator.settings(stack.enter_context(serve(self.emulator.app())))

    def add(self, phone: str) -> str:
        customer = {"LastName": "Muster", "MobilePhone": phone, "Legal_Basis__c": "contract"}
        return str(self.emulator.db["Contact"].add(customer)["Id"])

    def object(self, record: str) -> None:
        self.emulator.change("Contact", record, DoNotCall=True)


class SalesforceBulk(Salesforce):
    """Above a small number of records a bulk job reads: pages lie within a piece of its result, and over its end."""

    sizes: ClassVar[Sizes] = {"hub_salesforce.bulk:CHUNK": 150, "hub_salesforce.bulk:PAGE": 100}

    def open(self, stack: ExitStack) -> dict[str, Any]:
        settings = super().open(stack) | {"bulk_above": 20}
        self.emulator.jobs.looks = 0  # a page that only waits moves nothing on
        return settings


def small(sizes: Sizes) -> None:
    for place, size in sizes.items():
        module, name = place.split(":")
        setattr(import_module(module), name, size)


def die(*_: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def read(settings: Settings, connection: str, sizes: Sizes, *, committed: bool) -> None:
    """A process that dies at the end of the first page that it takes in."""
    small(sizes)
    apply_page = sync.apply_page

    def applied(world: World, session: Any, *page: Any) -> None:
        apply_page(world, session, *page)
        session.flush()
        die()

    sync._fit = lambda pages: False  # each page for itself, however many wait
    if not committed:
        sync.apply_page = applied  # type: ignore[assignment]
    with Bridge(connections=1) as bridge:
        Jobs(worlds.build(settings), bridge).sync(connection, die)


class Crashing:
    """A CRM whose every sync is killed at each page."""

    def __init__(self, shop: Shop, jobs: Jobs, account: Account) -> None:
        self.shop, self.jobs, self.account = shop, jobs, account
        self.records: list[str] = []
        self.objected: set[str] = set()
        with shop.write() as session:
            self.crm = accounts.connect(shop.world, session, shop.controller, account.connector, account.settings)
        self.processes = multiprocessing.get_context("forkserver")
        self.processes.set_forkserver_preload([__name__, "aiohttp", *PLUGINS])

    def add(self, count: int) -> None:
        self.records += [self.account.add(number(len(self.records) + place)) for place in range(count)]
        self.account.saved()

    def object(self, records: list[str]) -> None:
        for record in records:
            self.account.object(record)
        self.objected |= set(records)
        self.account.saved()

    def walk(self, *moments: bool) -> int:
        """Read the CRM, killed at each page in these moments, and end in peace. How many pages that were."""
        seen: list[int] = []
        self.jobs.rehearse(self.crm.id, lambda counts: seen.append(counts.seen))
        for _ in seen:
            for committed in moments:
                self.killed(committed=committed)
        run = self.jobs.sync(self.crm.id)
        assert run is not None
        assert run.error == ""
        return len(seen)

    def killed(self, *, committed: bool) -> None:
        given = (self.shop.world.settings, self.crm.id, self.account.sizes)
        child = self.processes.Process(target=read, args=given, kwargs={"committed": committed})
        before = self.cursor()
        child.start()
        child.join(PATIENCE)
        assert child.exitcode == -signal.SIGKILL
        assert (self.cursor() != before) is committed, "the page and its cursor are one"
        with self.shop.write() as session:
            session.connection().execute(delete(Lease))  # it ends by itself, some seconds after its holder

    def cursor(self) -> str | None:
        with self.shop.world.db.read() as session:
            return session.get_one(Connection, self.crm.id).sync_cursor

    def runs(self) -> list[SyncRun]:
        return [run for run in self.shop.rows(SyncRun) if run.connection_id == self.crm.id]


@pytest.fixture
def crash(
    request: pytest.FixtureRequest, shop: Shop, jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Crashing]:
    with ExitStack() as stack:
        account = request.param(shop.clock, tmp_path, stack)
        for place, size in account.sizes.items():
            monkeypatch.setattr(place.replace(":", "."), size)
        shop.clock.advance(-timedelta(days=1))  # so that the next walk need not read them again for being new
        yield Crashing(shop, jobs, account)


@pytest.mark.parametrize(
    ("street", "crash"),
    [("sqlite", Csv), ("postgresql", HubSpot), ("sqlite", Salesforce), ("postgresql", SalesforceBulk)],
    indirect=True,
)
def test_crash_at_every_page_loses_nobody_and_takes_nobody_twice(crash: Crashing) -> None:
    shop = crash.shop
    crash.add(PEOPLE)
    crash.object(crash.records[::STOPS])
    shop.clock.advance(timedelta(days=1))
    assert crash.walk(BEFORE, AFTER) >= 3
    assert sum(run.admitted for run in crash.runs()) == PEOPLE
    assert sorted(row.record for row in shop.rows(CrmRecord)) == sorted(crash.records)
    crash.add(LATE)
    crash.object(crash.records[1::STOPS])
    assert crash.walk(AFTER) >= 2
    assert sorted(row.record for row in shop.rows(CrmRecord)) == sorted(crash.records)
    stops = [row.token for row in shop.rows(StopRow)]
    assert len(stops) == len(set(stops)) == len(crash.objected)
    assert len(shop.events(EVENT[StopKind.CLAIM_CRM])) == len(crash.objected)
    assert shop.proven()
