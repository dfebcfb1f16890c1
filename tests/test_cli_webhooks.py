# SPDX-License-Identifier: Apache-2.0
"""`hub webhooks` as staff use it: what was parked is seen, and applied once what it failed on is mended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.bridge import Bridge
from hub.cli import app
from hub.contract import BadInput, Event, Inbound
from hub.flows import inbox, parked
from hub.flows.inbox import Arrived
from hub.store.tables import Inbox
from hub.work.jobs import Jobs
from tests.counters import counter
from tests.making import ANNA, Shop, phone


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with counter(tmp_path, monkeypatch) as opened:
        yield opened


@pytest.fixture
def jobs(shop: Shop) -> Iterator[Jobs]:
    with Bridge() as bridge:
        yield Jobs(shop.world, bridge)


@pytest.fixture
def stuck(shop: Shop, jobs: Jobs) -> str:
    """The id of a parked webhook in which Anna says stop."""

    def broken(_: bytes) -> list[Event]:
        raise LookupError(f"no {ANNA} here")

    shop.loft.read = broken
    with shop.write() as session:
        said = Inbound("POST", "https://hub.example/in/x", {}, f"{ANNA}: STOP".encode(), {})
        ids = inbox.store(shop.world, session, [Arrived(shop.provider.id, said)])
    for _ in range(5):
        jobs.receive(ids)
    return ids[0]


def hub(*words: str) -> str:
    ran = CliRunner().invoke(app, ["webhooks", *words], catch_exceptions=False, env={"COLUMNS": "200"})
    assert ran.exit_code == 0, ran.output
    return ran.output


def test_parked_webhook_is_shown_without_what_it_says(shop: Shop, stuck: str) -> None:
    listed, shown = hub("parked"), hub("show", stuck)
    assert stuck in listed
    for told in (listed, shown):
        assert "LookupError" in told
        assert "5112345671" not in told
        assert "STOP" not in told
    assert shop.provider.title in shown
    assert "may be a stop" in shown


def test_parked_webhook_is_applied_once_the_plugin_can_read_it(shop: Shop, jobs: Jobs, stuck: str) -> None:
    shop.loft.read = lambda _: [shop.said("STOP", phone(ANNA))]
    jobs.receive([stuck])
    assert not shop.stops(phone(ANNA)), "given up, until somebody says otherwise"
    assert "1 wait again" in hub("retry", stuck)
    jobs.receive([stuck])
    assert shop.stops(phone(ANNA))
    assert stuck not in hub("parked")


def test_retry_of_all_gives_each_all_its_tries_again(shop: Shop, jobs: Jobs, stuck: str) -> None:
    hub("retry", "--all")
    assert (shop.only(Inbox).state, shop.only(Inbox).attempts, shop.only(Inbox).error) == ("pending", 0, "")
    for _ in range(4):
        jobs.receive([stuck])
    assert (shop.only(Inbox).state, shop.only(Inbox).attempts) == ("pending", 4)


@pytest.mark.parametrize("words", [("retry",), ("retry", "x", "--all"), ("retry", "x"), ("show", "x")])
def test_retry_and_show_ask_for_what_is_parked(shop: Shop, words: tuple[str, ...]) -> None:
    with pytest.raises(BadInput):
        hub(*words)


def test_webhooks_of_another_company_are_not_parked_here(shop: Shop, stuck: str) -> None:
    other = Shop(shop.world, "Andere GmbH", ("leaf", "owl"))
    with shop.world.db.read() as session:
        assert parked.every(session, other.controller) == []
        with pytest.raises(BadInput):
            parked.find(session, other.controller, [stuck])
