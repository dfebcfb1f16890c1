# SPDX-License-Identifier: Apache-2.0
"""The fixture `shop`. Migrating a database for every test would take most of the time, so a module shares one on
each backend, and every test finds it empty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlmodel import SQLModel

from hub.bridge import Bridge
from hub.flows.world import World, build
from hub.plugins import load
from hub.settings import Settings
from hub.store.vault import generate
from hub.testing import servers
from hub.testing.clock import Clock
from hub.work.jobs import Jobs
from tests.making import Shop


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def street(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A migrated deployment, once on each backend."""
    folder: Path = tmp_path_factory.mktemp("street")
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'hub.db'}"
        if request.param == "postgresql":
            url = stack.enter_context(servers.fresh_database(request.getfixturevalue("postgresql_url")))
        made = build(Settings(data_dir=folder, database_url=url, keys=SecretStr(generate())))
        stack.callback(made.db.close)
        made.db.migrate()
        yield made


@pytest.fixture
def shop(street: World) -> Iterator[Shop]:
    """One company, alone in the database, with a clock and plugins of its own."""
    yield Shop(replace(street, clock=Clock(), registry=load()))
    with street.db.write() as session:
        for table in reversed(SQLModel.metadata.sorted_tables):
            session.connection().execute(table.delete())


@pytest.fixture
def jobs(shop: Shop) -> Iterator[Jobs]:
    """What a worker would do for this company."""
    with Bridge(connections=1) as bridge:
        yield Jobs(shop.world, bridge)
