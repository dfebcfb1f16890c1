# SPDX-License-Identifier: Apache-2.0
"""Rows that are written without objects are the rows that objects would have written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, select

from hub.flows.world import World
from hub.store.direct import insert_all, insert_new, table
from hub.store.tables import Inbox, Lease, SyncRun
from tests.making import Shop

pytest_plugins = ["tests.shops"]

AT = datetime(2026, 11, 1, 9, 30, 0, 7, UTC)
_QUERIES = {SyncRun: "SELECT * FROM sync_run ORDER BY id", Inbox: "SELECT * FROM inbox ORDER BY id"}
ELSEWHERE = AT.astimezone(timezone(timedelta(hours=5)))


def _leases(*names: str, owner: str = "me") -> list[dict[str, Any]]:
    return [{"name": name, "owner": owner, "until": AT} for name in names]


def _walks(crm: str) -> list[SyncRun]:
    return [
        SyncRun(connection_id=crm, started_at=AT, excluded={"é": 1}),
        SyncRun(connection_id=crm, started_at=AT, finished_at=ELSEWHERE, excluded={}),
        SyncRun(connection_id=crm, started_at=ELSEWHERE, finished_at=AT, notes={"none": 2}),
    ]


def _webhooks() -> list[Inbox]:
    return [Inbox(connection_id="c", digest=bytes([n]), request=b"\x00\xff%s", received_at=AT) for n in range(3)]


def _stored(world: World, model: type[SQLModel]) -> list[tuple[Any, ...]]:
    """The rows as the driver reads them, without their ids."""
    with world.db.engine.begin() as connection:
        rows = connection.exec_driver_sql(_QUERIES[model]).mappings().all()
        connection.execute(delete(table(model)))
    return [tuple((name, value) for name, value in row.items() if name != "id") for row in rows]


def test_insert_all_writes_what_objects_write(shop: Shop) -> None:
    for model, made in ((SyncRun, _walks), (Inbox, lambda _: _webhooks())):
        with shop.write() as session:
            session.add_all(made(shop.crm.id))
        by_objects = _stored(shop.world, model)
        with shop.write() as session:
            insert_all(session, model, [one.model_dump() for one in made(shop.crm.id)])
        assert _stored(shop.world, model) == by_objects
        assert len(by_objects) == 3


def test_insert_all_of_a_known_key_is_an_error_and_writes_nothing(world: World) -> None:
    with world.db.write() as session:
        insert_all(session, Lease, _leases("a"))
    with pytest.raises(IntegrityError), world.db.write() as session:
        insert_all(session, Lease, _leases("b", "a"))
    with world.db.read() as session:
        assert session.exec(select(Lease.name)).all() == ["a"]


def test_insert_new_keeps_what_is_there_and_counts_the_others(world: World) -> None:
    with world.db.write() as session:
        assert insert_new(session, Lease, _leases("b")) == 1
        assert insert_new(session, Lease, _leases("c", "b", "a", owner="you")) == 2
        assert insert_new(session, Lease, []) == 0
    with world.db.read() as session:
        found = {lease.name: lease.owner for lease in session.exec(select(Lease))}
    assert found == {"a": "you", "b": "me", "c": "you"}


def test_insert_all_refuses_rows_that_leave_out_a_default(world: World) -> None:
    webhook = _webhooks()[0].model_dump(exclude={"state"})
    with pytest.raises(KeyError, match="state"), world.db.write() as session:
        insert_all(session, Inbox, [webhook])
