# SPDX-License-Identifier: Apache-2.0
"""`hub events`, as staff use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli import app
from hub.store.tables import Delivery, Subscription
from tests.counters import counter
from tests.making import Shop
from tests.test_web_events import HOOK, parked


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with counter(tmp_path, monkeypatch) as opened:
        yield opened


def hub(*words: str) -> str:
    ran = CliRunner().invoke(app, ["events", *words], catch_exceptions=False, env={"COLUMNS": "200"})
    assert ran.exit_code == 0, ran.output
    return ran.output


def test_subscription_from_its_beginning_to_its_end(shop: Shop) -> None:
    assert "whsec_" in hub("subscribe", HOOK, "--kind", "sync.finished", "--title", "BI", "--by", "Dana")
    mine = shop.only(Subscription).id
    listed = hub("list")
    assert "bi.example.org" in listed
    assert "Zgeheim" not in listed
    which = parked(shop)
    assert which in hub("parked", mine)
    assert "once more: 1" in hub("again", mine, "--delivery", which)
    assert shop.only(Delivery).state == "pending"
    hub("pause", mine)
    assert shop.only(Subscription).paused_why == "person"
    assert "person" in hub("list")
    hub("resume", mine)
    assert shop.only(Subscription).paused_why == ""
    hub("remove", mine)
    assert shop.rows(Subscription) == []
