# SPDX-License-Identifier: Apache-2.0
"""No page walks through a table that grows with people and messages: every query of every page is led by an index
that narrows it further than to the company. How long pages take is measured by `hub bench console`."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import event
from sqlmodel import SQLModel

from hub.bridge import Bridge
from hub.flows import campaigns, staff
from hub.flows.attention import today, waiting
from hub.flows.roles import Role
from hub.flows.states import State
from hub.store.tables import Campaign, MessageRow
from hub.store.tables.traffic import Inbox, ReportRow
from hub.testing import addresses
from hub.testing.emulator import serve
from hub.web.app import build
from hub.work.jobs import Jobs
from tests.furnished import furnish
from tests.making import ANNA, BEN, CARLA, Shop

pytest_plugins = ["tests.shops"]

LARGE = "message|contact|contact_point|crm_record|decision|ledger|stop|report|inbox|message_event|notice_served"
PARTS = "|".join(  # indexes over a part of the rows: what they hold is few
    str(index.name)
    for table in SQLModel.metadata.sorted_tables
    for index in table.indexes
    if index.dialect_options["sqlite"]["where"] is not None
)
WALK = re.compile(
    rf"SCAN ({LARGE})\b|"
    rf"SEARCH ({LARGE}) USING (?:COVERING )?INDEX (?!(?:{PARTS})\b)\w+ \((?:controller_id|connection_id)=\?\)$"
)
# a weakness that is known: who stopped since a campaign began is looked up from all contact points, where SQLite has
# no statistics of its own; see `hub.flows.watch`
OPEN = "max(stop.event_time)"
PASSWORD = "richtig gutes Pferd"


@contextmanager
def heard(shop: Shop) -> Iterator[list[tuple[str, Any]]]:
    """Every query meanwhile, with its parameters."""
    said: list[tuple[str, Any]] = []
    lock = threading.Lock()

    def before(_c: Any, _u: Any, statement: str, parameters: Any, _x: Any, many: bool) -> None:
        if statement.lstrip().startswith("SELECT") and not many:
            with lock:
                said.append((statement, parameters))

    event.listen(shop.world.db.engine, "before_cursor_execute", before)
    try:
        yield said
    finally:
        event.remove(shop.world.db.engine, "before_cursor_execute", before)


def walks(shop: Shop, said: list[tuple[str, Any]]) -> list[str]:
    """Queries that walk through a large table, unless they stop after a page of rows."""
    found = []
    with shop.world.db.engine.connect() as connection:
        for statement, parameters in said:
            if "LIMIT" in statement or OPEN in statement:
                continue
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found += [f"{row[3]} <- {statement[:300]}" for row in plan if WALK.search(row[3])]
    return found


@pytest.mark.parametrize("street", ["sqlite"], indirect=True)
def test_no_page_walks_through_a_large_table(shop: Shop) -> None:
    furnish(shop)
    with shop.write() as session:
        who = {"login": "a@example.org", "name": "A", "role": Role.ADMIN, "password": PASSWORD, "by": "Dana"}
        staff.add(shop.world, session, shop.controller, **who)
    walked: dict[str, list[str]] = {}
    with Bridge(connections=1) as bridge:
        app = build(shop.world, lambda ids: None, Jobs(shop.world, bridge))
        with serve(app) as base, httpx.Client(base_url=base, trust_env=False, timeout=20) as http:
            http.post("/console/login", data={"login": "a@example.org", "password": PASSWORD})
            for path in addresses.console(app):
                if path in addresses.VENDORS:
                    continue
                with shop.world.db.read() as session:
                    address = addresses.named(path, session, shop.controller)
                with heard(shop) as said:
                    assert http.get(address).status_code == 200, path
                if found := walks(shop, said):
                    walked[path] = found
    assert walked == {}


def test_figures_of_today_are_those_of_the_company(shop: Shop) -> None:
    shop.reach(ANNA, BEN, CARLA)
    other = Shop(shop.world, "Andere GmbH", ("reed", "dove"))
    assert shop.claim()
    with shop.world.db.read() as session:
        mine, theirs = (today(one.world, session, one.controller) for one in (shop, other))
    rows = shop.rows(MessageRow)
    assert mine.queued == sum(row.next_attempt_at is not None for row in rows)
    assert mine.sent == sum(row.authorised_at is not None for row in rows) > 0
    assert [one.id for one in mine.campaigns] == [shop.only(Campaign).id]
    assert (theirs.queued, theirs.sent, theirs.campaigns, theirs.stops) == (0, 0, (), 0)


def test_what_waits_for_a_person_is_counted(shop: Shop) -> None:
    campaign = shop.reach(ANNA, BEN)
    now = shop.world.now()
    with shop.write() as session:
        for row in shop.campaign_messages():
            session.get_one(MessageRow, row.id).state = State.UNKNOWN
        for state in ("parked", "done"):
            session.add(
                Inbox(connection_id=shop.crm.id, digest=state.encode(), request=b"", state=state, received_at=now)
            )
        for state in ("failed", "done"):
            told = {"connection_id": shop.crm.id, "record": "1", "kind": "withdrawal", "status": "s", "state": state}
            session.add(ReportRow(key=state, at=now, recorded_at=now, next_attempt_at=now, **told))
    with shop.world.db.read() as session:
        found = {one.what: one.count for one in waiting(shop.world, session, shop.controller)}
        progress = campaigns.progress(session, session.get_one(Campaign, campaign.id))
    assert found["unknown"] == 2
    assert found["webhooks_parked"] == 1
    assert found["reports_failed"] == 1
    assert progress.states == {State.UNKNOWN: 2}
