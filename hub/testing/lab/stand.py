# SPDX-License-Identifier: Apache-2.0
"""A test stand: a company and its people made once, by the real flows, and copied afresh for every run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis as redis_client
from pydantic import SecretStr
from sqlalchemy import insert, select, text
from sqlmodel import SQLModel

from hub.bridge import Bridge
from hub.flows import world as worlds
from hub.flows.world import World
from hub.settings import Settings
from hub.store.db import Database
from hub.store.tables import Connection, Sender
from hub.store.vault import generate
from hub.testing import servers
from hub.testing.figures import Backend
from hub.testing.journey import Tell, free_port
from hub.testing.lab.company import Lab
from hub.testing.lab.vendor import emulated
from hub.work.jobs import Jobs

_ROWS = 5000
FLAT_OUT = 1_000_000  # messages a second: no limit that a run could reach
HELD = "bench: not yet"  # why the sender is paused until a run begins


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a stand holds. `rate` is the sender's; 0 means that the hub's limiter is out of the way."""

    people: int
    rate: int = 0
    consenting: int | None = None  # None: everybody
    synced: bool = True
    staged: bool = True
    connections: int = 256  # of the hub to the vendor, per process
    redis: bool = True  # beside PostgreSQL


class Stand:
    """Use as a context manager. Each `copy` is a deployment that nothing was done with yet."""

    def __init__(self, wanted: Wanted, backends: Sequence[Backend], tell: Tell | None = None) -> None:
        self.wanted, self.backends = wanted, backends
        self.vendor_port, self.hub_port = free_port(), free_port()
        self._tell = tell
        self._stack = ExitStack()
        self._keys = SecretStr(generate())
        self._server = self._template = self._redis = ""
        self.door = self.sender_id = self.crm_id = self.campaign_id = ""

    def __enter__(self) -> Stand:
        with self._stack:
            self._made = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-")))
            with self._world(self._settings(self._made, "", "")) as world:
                self._make(world)
                if Backend.POSTGRESQL in self.backends:
                    self._start_servers(world)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def _make(self, world: World) -> None:
        wanted = self.wanted
        with emulated(port=self.vendor_port) as vendor, Bridge(connections=8) as bridge:
            jobs = Jobs(world, bridge)
            lab = Lab(world, vendor.settings, wanted.people, wanted.rate or FLAT_OUT)
            jobs.templates(lab.provider.id)
            lab.agree(wanted.consenting, self._tell)
            if wanted.synced:
                self._sync(jobs, lab)
            with world.db.write() as session:
                session.get_one(Sender, lab.sender.id).paused_why = HELD
                # the walk is done; another one in the middle of a run is not what is measured
                session.get_one(Connection, lab.crm.id).next_sync_at = None
            if wanted.staged:
                lab.stage(jobs)
            elif wanted.synced:
                lab.prepare()
                self.campaign_id = lab.campaign.id
            self.door, self.sender_id, self.crm_id = lab.provider.door, lab.sender.id, lab.crm.id

    def _sync(self, jobs: Jobs, lab: Lab) -> None:
        tell = self._tell
        jobs.sync(lab.crm.id, tell and (lambda run: tell("people in the CRM", run.seen, lab.people)))

    def _start_servers(self, made: World) -> None:
        server = self._server = self._stack.enter_context(servers.postgresql(durable=True))
        self._template = self._stack.enter_context(servers.fresh_database(server))
        target = Database(self._template)
        try:
            target.migrate()
            transfer(made.db, target)
        finally:
            target.close()
        if self.wanted.redis:
            self._redis = self._stack.enter_context(servers.redis())

    def servers(self) -> list[str]:
        """Names and versions of the servers that take part."""
        return [servers.version(url) for url in (self._server, self._redis) if url]

    @contextmanager
    def copy(self, backend: Backend) -> Iterator[Settings]:
        """The settings of a fresh deployment; its database goes when the block ends."""
        with ExitStack() as stack:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-run-")))
            shutil.copytree(self._made, home, dirs_exist_ok=True)
            database = redis = ""
            if backend is Backend.POSTGRESQL:
                name = self._template.rpartition("/")[2]
                database, redis = stack.enter_context(servers.fresh_database(self._server, name)), self._redis
                if redis:
                    with redis_client.Redis.from_url(redis) as client:
                        client.flushdb()
            yield self._settings(home, database, redis)

    @contextmanager
    def opened(self, backend: Backend) -> Iterator[World]:
        """A fresh deployment, opened in this process."""
        with self.copy(backend) as settings, self._world(settings) as world:
            yield world

    def _settings(self, home: Path, database: str, redis: str) -> Settings:
        return Settings(
            data_dir=home,
            database_url=database,
            redis_url=redis,
            journal_dir="",
            keys=self._keys,
            port=self.hub_port,
            public_url=f"http://127.0.0.1:{self.hub_port}",
            connections=self.wanted.connections,
            log_level="error",
        )

    @property
    def callback(self) -> str:
        """Where the vendor's webhooks go."""
        return f"http://127.0.0.1:{self.hub_port}/in/{self.door}"

    @staticmethod
    @contextmanager
    def _world(settings: Settings) -> Iterator[World]:
        world = worlds.build(settings)
        try:
            world.db.migrate()
            yield world
        finally:
            world.db.close()


def transfer(source: Database, target: Database) -> None:
    """Every row of one database into another that is empty and migrated."""
    with source.engine.connect() as read, target.engine.begin() as write:
        for table in SQLModel.metadata.sorted_tables:
            found = read.execute(select(table))
            while rows := found.fetchmany(_ROWS):
                write.execute(insert(table), [row._asdict() for row in rows])
    with target.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as tidy:
        tidy.execute(text("VACUUM ANALYZE"))  # what a server that has run for a while has done by itself
