# SPDX-License-Identifier: Apache-2.0
"""`hub connection guard` as an admin uses it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli import app
from hub.contract import BadInput
from hub.flows.guard import Guard, guard_of
from hub.store.tables import Connection
from tests.counters import counter
from tests.making import Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with counter(tmp_path, monkeypatch) as opened:
        yield opened


def guard(*words: str) -> str:
    ran = CliRunner().invoke(app, ["connection", "guard", "pigeon", *words], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.output


def held(shop: Shop) -> Guard:
    with shop.world.db.read() as session:
        return guard_of(shop.world, session.get_one(Connection, shop.provider.id))


def test_guard_is_shown_and_shows_no_secret(shop: Shop) -> None:
    assert "header:    none" in guard()
    guard("--header", "X-Hub-Secret", "--allow", "203.0.113.0/24", "--allow", "2001:db8::7")
    shown = guard()
    assert "x-hub-secret" in shown
    assert "203.0.113.0/24, 2001:db8::7/128" in shown
    assert held(shop).secret not in shown


def test_secret_that_was_made_is_shown_once_and_is_the_one_asked_for(shop: Shop) -> None:
    (secret,) = re.findall(r"this once: (\S+)", guard("--header", "X-Hub-Secret"))
    assert held(shop).secret == secret


def test_secret_comes_from_the_environment(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOOR_SECRET", "a-secret-of-16-or-more")
    said = guard("--header", "X-Hub-Secret", "--secret", "env:DOOR_SECRET")
    assert held(shop).secret == "a-secret-of-16-or-more"
    assert "a-secret" not in said


def test_guard_is_taken_away_part_by_part(shop: Shop) -> None:
    guard("--header", "X-Hub-Secret", "--allow", "203.0.113.0/24")
    guard("--without-header")
    assert (held(shop).header, len(held(shop).networks)) == ("", 1)
    guard("--anywhere")
    assert held(shop) == Guard()


@pytest.mark.parametrize(
    "words",
    [
        ("--header", "X", "--without-header"),
        ("--allow", "203.0.113.7", "--anywhere"),
        ("--secret", "a-secret-of-16-or-more"),
        ("--header", "no name"),
        ("--header", "X-Hub-Secret", "--allow", "everybody"),
    ],
)
def test_guard_that_makes_no_sense_changes_nothing(shop: Shop, words: tuple[str, ...]) -> None:
    with pytest.raises(BadInput):
        CliRunner().invoke(app, ["connection", "guard", "pigeon", *words], catch_exceptions=False)
    assert held(shop) == Guard()
