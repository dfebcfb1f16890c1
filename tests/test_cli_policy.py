# SPDX-License-Identifier: Apache-2.0
"""`hub policy` and `hub bench` as a person uses them."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from hub.cli import app
from hub.contract import BadInput

STRICT = files("hub.law.policies").joinpath("eu_strict.toml").read_text("utf-8")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "hub"))
    assert hub("init", "--controller", "Muster Handels GmbH").exit_code == 0
    return tmp_path


def hub(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def mine(home: Path) -> Path:
    file = home / "mine.toml"
    file.write_text(STRICT.replace("max_unused_days = 365", "max_unused_days = 180").replace('"2026-12"', '"2027-01"'))
    return file


def test_policy_is_loaded_compared_activated_and_listed(home: Path) -> None:
    file = mine(home)
    assert "* eu_strict@2026-12" in hub("policy", "list").stdout
    assert hub("policy", "load", str(file), "--by", "Dana Schutz").stdout.startswith("eu_strict@2027-01")
    assert hub("policy", "show", "eu_strict@2027-01").stdout == file.read_text()
    said = hub("policy", "compare", "de", str(file)).stdout
    assert "consent.max_unused_days  365 -> 180" in said
    assert "consent has lapsed" in said
    assert "eu_strict@2027-01 decides" in hub("policy", "activate", "eu_strict").stdout
    listed = hub("policy", "list").stdout
    assert "* eu_strict@2027-01" in listed
    assert "* eu_strict@2026-12" not in listed
    assert hub("ledger", "verify").exit_code == 0


def test_replay_of_nothing_is_one_object(home: Path) -> None:
    said = hub("policy", "replay", "--policy", str(mine(home)), "--since", "2026-01-01", "--json")
    assert orjson.loads(said.stdout) | {"policy": ""} == {
        "policy": "",
        "decisions": 0,
        "same": 0,
        "flips": 0,
        "unreadable": {},
        "changes": [],
    }


def test_replay_since_no_date_says_how_to_write_one() -> None:
    said = hub("policy", "replay", "--since", "yesterday")
    assert isinstance(said.exception, BadInput)
    assert "2026-11-01" in str(said.exception)


def test_bench_prints_every_figure_with_its_runs() -> None:
    said = hub("bench", "decide", "--people", "1000", "--decisions", "1000", "--json")
    printed = orjson.loads(said.stdout)
    assert (printed["bench"], bool(printed["machine"])) == ("decide", True)
    assert [row["name"] for row in printed["results"]] == [
        "decide_pure",
        "gate_sqlite",
        "gate_recorded_sqlite",
        "replay_per_s",
        "gate_postgresql",
    ]
    for row in printed["results"]:
        assert 0 < row["min"] <= row["median"] <= row["max"]
        assert row["runs"] == 3
