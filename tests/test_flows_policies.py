# SPDX-License-Identifier: Apache-2.0
"""Versions of a policy: loaded once, never changed, compared, and one of them decides."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import orjson
import pytest
from sqlalchemy import update

from hub.contract import BadInput
from hub.flows import policies
from hub.flows.staging import stage_page
from hub.flows.world import World
from hub.law.differences import Difference, differences, settings
from hub.law.policies import load
from hub.proof.chain import digest
from hub.store.tables import Campaign, DecisionRow, Document, PolicyVersion
from tests.making import ANNA, BEN, CONTRACT, SECOND, Shop, person

STRICT = files("hub.law.policies").joinpath("eu_strict.toml").read_bytes()
KILLED = STRICT.replace(b"invalid = []", b'invalid = ["A45-3>US"]').replace(b'"2026-12"', b'"2027-01"')
BY = "Dana Schutz"


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


def keep(shop: Shop, raw: bytes = KILLED, by: str = BY) -> PolicyVersion:
    with shop.write() as session:
        return policies.load(session, shop.controller, raw, by, shop.world.now())


def activate(shop: Shop, row: PolicyVersion) -> None:
    with shop.write() as session:
        policies.activate(session, shop.controller, session.get_one(PolicyVersion, row.id), shop.world.now())
    shop.world.reload_policies()
    shop.clock.advance(SECOND)


def test_loaded_version_is_told_and_decides_nothing_yet(shop: Shop) -> None:
    row = keep(shop)
    assert (row.name, row.version, row.loaded_by, row.active_from) == ("eu_strict", "2027-01", BY, None)
    (event,) = shop.events("policy_loaded")
    assert row.sha256 in event.record
    assert BY not in event.record, "the ledger keeps no names"
    assert shop.proven()
    shop.reach(ANNA)
    assert shop.claim_one()


def test_activated_version_decides_what_comes_next(shop: Shop) -> None:
    shop.reach(ANNA)
    activate(shop, keep(shop))
    assert not shop.claim()
    (row,) = shop.campaign_messages()
    assert row.reason == "TRANSFER_MECHANISM_INVALID"
    assert shop.events("policy_activated")


def test_decision_names_the_text_of_the_policy_that_decided(shop: Shop) -> None:
    campaign = shop.reach(ANNA)
    activate(shop, keep(shop))
    shop.sync(person("2", BEN, CONTRACT))
    with shop.write() as session:
        stage_page(shop.world, session, session.get_one(Campaign, campaign.id), ["2"])
    shop.claim()
    phases = {row.phase: orjson.loads(row.record) for row in shop.rows(DecisionRow) if row.message_id}
    assert phases.keys() == {"stage", "transmit"}
    assert {record["documents"]["policy"] for record in phases.values()} == {digest(KILLED.decode())}
    assert KILLED.decode() in [row.text for row in shop.rows(Document)]


def test_earlier_version_can_be_activated_again(shop: Shop) -> None:
    first, second = keep(shop, STRICT), keep(shop)
    for row in (first, second, first):
        activate(shop, row)
    shop.reach(ANNA)
    assert shop.claim_one()
    assert len(shop.events("policy_activated")) == 3


def test_each_company_has_its_own_policy(shop: Shop, world: World) -> None:
    other = Shop(world, "Andere AG", ("paper2", "pigeon2"))
    activate(shop, keep(shop))
    killed, free = (world.policy_for(owner.id) for owner in (shop.controller, other.controller))
    assert killed is not None
    assert free == world.policy
    assert killed.transfer.invalid == ("A45-3>US",)


def test_same_bytes_twice_are_one_version(shop: Shop) -> None:
    assert keep(shop).id == keep(shop).id
    assert len(shop.events("policy_loaded")) == 1


@pytest.mark.parametrize(
    ("raw", "by", "field"),
    [
        (KILLED + b"# a word\n", BY, "version"),
        (KILLED, " ", "by"),
        (KILLED.replace(b"enabled = false", b"enabled = 3", 1), BY, "soft_opt_in.enabled"),
        (b"name = ", BY, "policy"),
        (b"\xff", BY, "policy"),
    ],
)
def test_unusable_policy_is_refused(shop: Shop, raw: bytes, by: str, field: str) -> None:
    keep(shop)
    with pytest.raises(BadInput) as problem:
        keep(shop, raw, by)
    assert problem.value.field == field
    assert len(shop.rows(PolicyVersion)) == 1


def test_version_whose_text_was_changed_refuses_everything(shop: Shop) -> None:
    shop.reach(ANNA)
    activate(shop, keep(shop, STRICT))
    with shop.write() as session:
        session.execute(update(PolicyVersion).values(text=STRICT.decode() + "# later\n"))
    shop.world.reload_policies()
    assert not shop.claim()
    assert shop.campaign_messages()[0].reason == "POLICY_UNKNOWN"


def test_policy_is_found_as_file_version_or_profile(shop: Shop, tmp_path: Path) -> None:
    keep(shop)
    file = tmp_path / "mine.toml"
    file.write_bytes(KILLED)
    with shop.world.db.read() as session:
        for name in ("eu_strict", "eu_strict@2027-01", str(file)):
            policy, text = policies.find(session, shop.controller, name)
            assert (policy.version, text.encode()) == ("2027-01", KILLED)
        assert policies.find(session, shop.controller, "uk")[0] == load("uk")
        for name in ("nowhere", "eu_strict@1", str(tmp_path / "none.toml")):
            with pytest.raises(BadInput):
                policies.find(session, shop.controller, name)


def test_differences_name_the_setting_both_values_and_the_meaning() -> None:
    assert differences(load("eu_strict"), policies.read(KILLED)) == (
        Difference(
            "transfer.invalid",
            "none",
            "A45-3>US",
            "Transfer tools that no longer hold, as TOOL or TOOL>COUNTRY, such as A45-3>US",
        ),
    )
    (uk,) = differences(load("eu_strict"), load("uk"))
    assert (uk.path, uk.before, uk.after) == ("countries.GB.express_consent", "yes", "no")
    assert uk.meaning.startswith("GB: ")


def test_country_that_only_one_policy_lists_is_a_difference() -> None:
    short = policies.read(STRICT.replace(b"SE = { express_consent = true, age = 13 }\n", b""))
    found = differences(short, load("eu_strict"))
    assert {item.path for item in found} == {f"countries.SE.{name}" for name in ("express_consent", "age", "blocked")}
    assert {item.before for item in found} == {"not listed"}


def test_every_setting_is_listed_with_a_meaning() -> None:
    listed = settings(load("eu_strict"))
    assert len(listed) > 60
    assert [item.path for item in listed if not item.meaning] == []
