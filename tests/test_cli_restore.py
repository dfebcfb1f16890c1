# SPDX-License-Identifier: Apache-2.0
"""`hub restore` as an operator uses it at night: what is lost, bring it back, let a campaign go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.contract import BadInput
from hub.flows.states import CampaignState
from hub.store.tables import Campaign
from tests.backups import backup
from tests.counters import counter
from tests.making import ANNA, Shop, phone
from tests.test_cli_evidence import hub


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with counter(tmp_path, monkeypatch) as opened:
        yield opened


def test_restore_from_the_first_look_to_the_released_campaign(shop: Shop) -> None:
    assert "holds everything" in hub("restore", "status")
    shop.reach(ANNA)
    with backup(shop) as saved:
        shop.stop(phone(ANNA))
        saved.restore(shop)
        said = hub("restore", "status", code=1)
        assert "older than the journal" in said
        assert "To be replayed: 1 objection" in said
        assert "ENGINE_UNAVAILABLE" in said
        said = hub("restore", "replay")
        assert "Replayed: 1 objection" in said
        assert "1 waiting messages are unknown now, 1 campaigns are paused" in said
        assert "decides again" in said
        assert "Paused until a person decides: Herbst" in hub("restore", "status")
        said = hub("ledger", "verify")
        assert "checked" in said
        assert "restored at" in said
        assert "1 messages wait" in hub("restore", "release", "Herbst", "--by", "Dana")
        assert shop.only(Campaign).state == CampaignState.STAGING
        assert shop.only(Campaign).released_by == "Dana"


def test_replay_without_a_loss_says_so_and_changes_nothing(shop: Shop) -> None:
    assert "holds everything" in hub("restore", "replay")
    assert not shop.events("restored")


def test_replay_with_a_torn_journal_stays_closed_until_accepted(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    with backup(shop) as saved:
        shop.stop(phone(ANNA))
        (file,) = (shop.world.settings.journal / shop.controller.id).iterdir()
        file.write_bytes(file.read_bytes()[:-200])
        saved.restore(shop)
        assert "told of only by a damaged line" in hub("restore", "status", code=1)
        assert "Still closed" in hub("restore", "replay", code=1)
        assert "decides again" in hub("restore", "replay", "--accept-damage")
        assert "holds everything" in hub("restore", "status")


def test_folder_that_is_not_there_is_named(tmp_path: Path, shop: Shop) -> None:
    with pytest.raises(BadInput, match="no directory"):
        hub("restore", "status", "--journal", tmp_path / "nowhere", code=2)


def test_journal_of_a_controller_that_is_gone_is_told(shop: Shop) -> None:
    with backup(shop) as saved:
        Shop(shop.world, "Later GmbH", ("paper2", "pigeon2")).stop(phone(ANNA))
        saved.restore(shop)
        assert "knows a controller that the database does not" in hub("restore", "status")
