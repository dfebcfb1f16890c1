# SPDX-License-Identifier: Apache-2.0
"""Many keys with one parameter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select
from sqlmodel import col, select

from hub.flows import facts
from hub.flows.world import World
from hub.store.db import Database
from hub.store.sets import among
from hub.store.tables import Lease

HOSTILE = ["plain", "it's", 'say "x"', "{a,b}", "back\\slash", "ümlaut", "'; DROP TABLE lease; --", "", "null", "[1]"]


@pytest.fixture
def names(world: World) -> Database:
    with world.db.write() as session:
        session.add_all(Lease(name=name, owner="me", until=world.now()) for name in HOSTILE)
    return world.db


@pytest.mark.parametrize("wanted", [[], ["plain"], ["plain", "plain"], HOSTILE, ["unknown"], ["un", *HOSTILE[:4]]])
def test_among_finds_what_is_there_and_nothing_else(names: Database, wanted: list[str]) -> None:
    with names.read() as session:
        found = session.exec(select(Lease.name).where(among(col(Lease.name), wanted))).all()
    assert sorted(found) == sorted(set(wanted) & set(HOSTILE))


def test_among_takes_more_keys_than_a_statement_takes_parameters(names: Database) -> None:
    with names.read() as session:
        many = [*(f"key-{number}" for number in range(70_000)), "plain"]
        assert session.exec(select(Lease.name).where(among(col(Lease.name), many))).all() == ["plain"]


@pytest.mark.parametrize(("query", "index"), [(facts._STOPS, "ix_stop_point"), (facts._CONSENTS, "ix_consent_point")])
def test_sqlite_finds_facts_of_a_batch_by_index(tmp_path: Path, query: Select[Any], index: str) -> None:
    """A batch must not read all stops or consents that a controller has."""
    db = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    db.migrate()
    asked = str(query.compile(db.engine))
    with db.read() as session:
        nothing = ("",) * asked.count("?")
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", nothing).all()
    db.close()
    assert index in str(plan)
