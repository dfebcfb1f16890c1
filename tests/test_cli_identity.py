# SPDX-License-Identifier: Apache-2.0
"""`hub identity` as staff use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli import app
from hub.contract import BadInput, ContactsMerged
from hub.flows import inbound
from tests.counters import counter
from tests.making import ANNA, BEN, CARLA, CONTRACT, Shop, person, phone

WHY = ("--by", "Dana Schutz", "--reason", "called back")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with counter(tmp_path, monkeypatch) as opened:
        yield opened


def hub(*words: str) -> str:
    ran = CliRunner().invoke(app, ["identity", *words], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.output


def test_doubt_is_listed_without_personal_data_and_ended(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONTRACT), person("18", BEN, CONTRACT))
    for typed in (ANNA, BEN):
        shop.agree(phone(typed))
    with shop.write() as session:
        inbound.apply(shop.world, session, shop.crm, [ContactsMerged("17", ("18",), shop.world.now())])
    listed = hub("list")
    assert shop.contact_of(phone(ANNA)).id in listed
    assert "crm_merge" in listed
    assert "15112345" not in listed
    assert "Kept apart" in hub("apart", ANNA, BEN, *WHY)
    assert "No doubts" in hub("list")


def test_numbers_are_joined_split_and_recycled_by_hand(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONTRACT), person("18", BEN, CONTRACT))
    assert "One person now" in hub("join", ANNA, "18", *WHY)
    assert shop.contact_of(phone(ANNA)).id == shop.contact_of(phone(BEN)).id
    assert "A person of its own now" in hub("split", "--record", "18", *WHY)
    assert "shared number" in hub("split", "--number", BEN, *WHY)
    assert "consent anew" in hub("recycled", BEN, *WHY)
    assert shop.proven()


def test_unknown_number_is_one_sentence(shop: Shop) -> None:
    with pytest.raises(BadInput, match="not known here"):
        hub("recycled", CARLA, *WHY)
