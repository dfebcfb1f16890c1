# SPDX-License-Identifier: Apache-2.0
"""The first start: the code opens once, and nobody gets in by it afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from sqlmodel import select

from hub.bridge import Bridge
from hub.contract import BadInput
from hub.flows import accounts, first, guide
from hub.flows import world as worlds
from hub.flows.roles import Role
from hub.flows.world import World
from hub.settings import Settings
from hub.store.tables import Controller, Staff
from hub.store.vault import generate
from hub.testing.emulator import serve
from hub.web.app import build
from hub.work.jobs import Jobs

DANA = {"name": "Muster GmbH", "country": "DE", "login": "dana@example.org", "person": "Dana", "password": "x" * 12}


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    made = worlds.build(Settings(data_dir=tmp_path, database_url=database_url, keys=SecretStr(generate())))
    made.db.migrate()
    yield made
    made.db.close()


def test_code_makes_the_company_and_an_admin_once(world: World) -> None:
    with world.db.write() as session:
        row = first.begin(world, session, first.code(world).upper().replace("-", " "), **DANA)
        assert (row.role, row.login) == (Role.ADMIN, "dana@example.org")
        owner = session.get_one(Controller, row.controller_id)
        assert owner.name == "Muster GmbH"
        assert [step.name for step in guide.steps(world, session, owner) if step.done] == ["company"]
    with world.db.write() as session, pytest.raises(BadInput, match="somebody works here"):
        first.begin(world, session, first.code(world), **{**DANA, "login": "eve@example.org"})


def test_company_of_the_command_line_is_taken(world: World) -> None:
    with world.db.write() as session:
        made = accounts.make_controller(world, session, "Schon da GmbH", "AT")
    with world.db.write() as session:
        assert first.begin(world, session, first.code(world), **DANA).controller_id == made.id


@pytest.mark.parametrize("given", ["", "0000-0000-0000-0000-0000-0000", "ünfug"])
def test_wrong_code_makes_nothing(world: World, given: str) -> None:
    with pytest.raises(BadInput, match="not the one"), world.db.write() as session:
        first.begin(world, session, given, **DANA)
    with world.db.read() as session:
        assert session.exec(select(Controller)).all() == []


def test_page_is_shut_once_somebody_works_here(world: World) -> None:
    with Bridge(connections=1) as bridge, serve(build(world, lambda ids: None, Jobs(world, bridge))) as base:
        form = {**DANA, "code": first.code(world)}
        with httpx.Client(base_url=base, trust_env=False) as http:
            assert http.get("/console/login").headers["location"] == "/console/first"
            elsewhere = {"origin": "https://evil.example"}
            http.post("/console/first", data=form, headers=elsewhere)
            with world.db.read() as session:
                assert session.exec(select(Staff)).all() == []
            answer = http.post("/console/first", data=form)
            assert (answer.status_code, answer.headers["location"]) == (303, "/console/guide")
            assert http.get("/console/guide").status_code == 200
        again = httpx.get(f"{base}/console/first")
        assert (again.status_code, again.headers["location"]) == (303, "/console/login")
        second = httpx.post(f"{base}/console/first", data={**form, "login": "eve@example.org"})
        assert second.headers["location"] == "/console/login"
    with world.db.read() as session:
        assert [row.login for row in session.exec(select(Staff))] == ["dana@example.org"]
