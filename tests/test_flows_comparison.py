# SPDX-License-Identifier: Apache-2.0
"""Providers side by side: what is known and what was checked stand apart, and nothing that is missing looks fine."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from hub.cli import app
from hub.contract import Can, Provider, Topic
from hub.flows import accounts, comparison
from hub.flows.comparison import Entry
from hub.flows.processor import known
from hub.plugins import load
from hub.settings import Settings
from tests.making import Shop

pytest_plugins = ["tests.shops"]

CONNECTORS = load().connectors
PROVIDERS = sorted(name for name, cls in CONNECTORS.items() if issubclass(cls, Provider))


def entries(shop: Shop) -> dict[str, Entry]:
    with shop.world.db.read() as session:
        return {one.name: one for one in comparison.compare(shop.world, session, shop.controller)}


def test_every_provider_stands_beside_those_without_a_plugin(shop: Shop) -> None:
    found = entries(shop)
    assert {"meta", "pigeon", "link", "twilio", "vonage"} <= found.keys()
    assert "paper" not in found
    assert "csv" not in found
    for name in ("link", "twilio", "vonage"):
        assert found[name].why_not
        assert not found[name].can
        assert found[name].files == ()


def test_feature_is_what_the_plugin_says_it_can(shop: Shop) -> None:
    plain = comparison.plain(entries(shop)["pigeon"])
    assert {name for name, can in plain["can"].items() if can} == {"template", "text"}
    assert plain["can"].keys() == {one.value for one in Can}


def test_known_fact_carries_its_source_and_an_unconfirmed_one_says_so(shop: Shop) -> None:
    meta = comparison.plain(entries(shop)["meta"])
    (entity,) = meta["known"]["entity"]
    assert (entity["value"], entity["as_of"], entity["confirmed"]) == ("WhatsApp Ireland Limited", "2024-02-16", True)
    assert all(fact["source"] for found in meta["known"].values() for fact in found)
    assert {"hosting", "certificates"} <= set(meta["unconfirmed"])
    assert "entity" not in meta["unconfirmed"]


@pytest.mark.parametrize("entry", comparison.without_plugin(), ids=lambda entry: entry.name)
def test_nothing_without_a_source_is_confirmed(entry: Entry) -> None:
    for found in entry.facts.values():
        assert not [fact for fact in found if fact.confirmed and fact.source in ("", "none")]


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_topic_of_an_installed_provider_is_known_or_shown_as_unconfirmed(name: str) -> None:
    profile = CONNECTORS[name].profile  # type: ignore[attr-defined]
    assert [topic for topic in Topic if not known.facts(profile, topic)] == []


@pytest.mark.parametrize("name", PROVIDERS)
def test_what_a_vendor_did_not_say_itself_is_not_confirmed(name: str) -> None:
    facts = CONNECTORS[name].profile.facts  # type: ignore[attr-defined]
    assert facts
    assert [fact.value for fact in facts if not fact.source] == []
    hearsay = [fact for fact in facts if fact.source == "none" or "third party" in fact.source]
    assert hearsay
    assert [fact.value for fact in hearsay if fact.confirmed] == []


def test_file_is_the_admins_own_and_complete_facts_are_no_file(shop: Shop) -> None:
    (filed,) = entries(shop)["pigeon"].files
    assert (filed.standing.state, filed.standing.sends, filed.standing.missing) == ("approved", True, ())
    assert entries(shop)["meta"].files == ()
    settings = {"waba_id": "1", "access_token": "t", "app_secret": "s", "verify_token": "a-text-of-our-own"}
    with shop.write() as session:
        accounts.connect(shop.world, session, shop.controller, "meta", settings)
    (filed,) = entries(shop)["meta"].files
    assert (filed.standing.state, filed.standing.sends) == ("none", False)
    assert filed.standing.missing


def test_other_controllers_files_are_not_shown(shop: Shop) -> None:
    with shop.write() as session:
        stranger = accounts.make_controller(shop.world, session, "Zweite AG", "AT")
    with shop.world.db.read() as session:
        found = comparison.compare(shop.world, session, stranger)
    assert not [one for one in found if one.files]


def test_comparison_prints_as_table_markdown_and_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HUB_LOG_LEVEL", "error")
    assert Settings().data_dir
    said = [CliRunner().invoke(app, ["providers", "compare", *option]) for option in ([], ["--markdown"], ["--json"])]
    assert [one.exit_code for one in said] == [0, 0, 0]
    lines = said[1].output.splitlines()
    assert "Twilio" in lines[0]
    assert len({line.count(" | ") for line in lines if line.startswith("| ")}) == 1
    assert any(line.startswith("| known: hosting | UNCONFIRMED") or "UNCONFIRMED" in line for line in lines)
    told = orjson.loads(said[2].output)
    assert {one["name"] for one in told} >= {"meta", "link"}
    assert set(Topic) >= {topic for one in told for topic in one["known"]}
