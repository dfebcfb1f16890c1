# SPDX-License-Identifier: Apache-2.0
"""What tests stand on: real servers, fresh databases, settings of both ways to run, a world with a movable clock."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis as redis_client
from pydantic import SecretStr

from hub import logs
from hub.flows.world import World, build
from hub.settings import Settings
from hub.store.db import Database
from hub.store.vault import generate
from hub.testing import servers
from hub.testing.clock import Clock


@pytest.fixture(scope="session", autouse=True)
def quiet() -> None:
    logs.configure("error")


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own `HUB_*` variables change no test."""
    for name in list(os.environ):
        if name.startswith("HUB_") and not name.startswith("HUB_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server. Use `database_url` for a database of your own."""
    with servers.postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis database. Every xdist worker has its own number, since a given server may be shared."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    with servers.redis() as url:
        yield urlsplit(url)._replace(path=f"/{worker}").geturl()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database, once on each backend. `Database(url).migrate()` makes the tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'hub.db'}"
        return
    with servers.fresh_database(request.getfixturevalue("postgresql_url")) as url:
        yield url


@pytest.fixture(params=["embedded", "scaled"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """The settings of a deployment, once for each way to run; nothing is migrated yet."""
    keys = SecretStr(generate())
    if request.param == "embedded":
        yield Settings(data_dir=tmp_path, keys=keys)
        return
    redis_url = request.getfixturevalue("redis_url")
    with redis_client.Redis.from_url(redis_url) as client:
        client.flushdb()
    with servers.fresh_database(request.getfixturevalue("postgresql_url")) as url:
        yield Settings(data_dir=tmp_path, keys=keys, database_url=url, redis_url=redis_url)


@pytest.fixture
def clock() -> Clock:
    """Real time, movable."""
    return Clock()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy: migrating for each test would cost more than the tests."""
    path = tmp_path_factory.mktemp("migrated") / "hub.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.close()  # the last connection folds the write-ahead log into the file
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_url: str) -> Iterator[str]:
    """The name of a migrated database to copy."""
    with servers.fresh_database(postgresql_url) as url:
        database = Database(url)
        database.migrate()
        database.close()
        yield url.rsplit("/", 1)[1].split("?")[0]


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with all tables, once on each backend."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "hub.db")
        yield f"sqlite:///{tmp_path / 'hub.db'}"
        return
    template = request.getfixturevalue("migrated_postgresql")
    with servers.fresh_database(request.getfixturevalue("postgresql_url"), template) as url:
        yield url


@pytest.fixture
def world(migrated_url: str, tmp_path: Path, clock: Clock) -> Iterator[World]:
    """A migrated deployment on each database, with every installed plugin and `clock` as its time."""
    settings = Settings(data_dir=tmp_path, database_url=migrated_url, keys=SecretStr(generate()))
    world = build(settings, clock=clock)
    yield world
    world.db.close()
