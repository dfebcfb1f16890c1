# SPDX-License-Identifier: Apache-2.0
"""Pages that stay fresh while somebody looks: in a real browser, without asking again and again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest

from hub.contract import Receipt, Status, StatusChanged
from hub.flows import campaigns, staging
from hub.flows.roles import Role
from hub.store.tables import Campaign, Visit
from hub.web.console import live
from tests.making import ANNA, BEN, Shop
from tests.tabs import Premises
from tests.test_web_console import Browser, House

pytest_plugins = ["tests.shops", "tests.browsers", "tests.test_web_console"]
pytestmark = pytest.mark.parametrize("street", ["sqlite"], indirect=True)  # pages do not know the database


def run(shop: Shop) -> str:
    """A campaign that runs. Returns its page."""
    campaign = shop.reach(ANNA, BEN)
    with shop.write() as session:
        staging.end(shop.world, session, campaign.id)
    return f"/console/campaigns/{campaign.id}"


def accept(shop: Shop) -> list[str]:
    sent = [one.outgoing.id for one in shop.claim()]
    shop.settle({one: Receipt(f"pigeon.{one}") for one in sent})
    return sent


def end(shop: Shop, page: str) -> None:
    with shop.write() as session:
        assert campaigns.finish(shop.world, session, session.get_one(Campaign, page.rpartition("/")[2]))


def test_progress_and_today_follow_by_themselves(premises: Premises) -> None:
    shop = premises.shop
    page = run(shop)
    tab = premises.visitor(Role.MARKETER)
    asked: list[str] = []
    tab.page.on("request", lambda one: asked.append(one.url))
    tab.go(page)
    delivered = tab.page.locator("#progress tr", has_text="zugestellt")
    assert delivered.locator(".figure").inner_text() == "0"
    first, second = accept(shop)
    shop.hear(StatusChanged(Status.DELIVERED, shop.world.now(), message_id=first))
    delivered.locator(".figure", has_text="1").wait_for()
    shop.hear(StatusChanged(Status.READ, shop.world.now(), message_id=second))
    delivered.locator(".figure", has_text="2").wait_for()
    end(shop, page)
    tab.page.locator("#progress .state", has_text="beendet").wait_for()
    assert len([one for one in asked if one.endswith("/progress")]) == 1
    assert tab.wrong == []
    tab.page.wait_for_timeout(1500)  # the browser would have come back by now
    assert len([one for one in asked if one.endswith("/progress")]) == 1
    tab.go("/console")
    assert "2" in tab.page.locator("#now dd").first.inner_text()
    run(shop)
    tab.page.locator("#now a", has_text="Herbst").wait_for()
    assert tab.wrong == []


def test_without_script_a_reload_shows_it(premises: Premises) -> None:
    shop = premises.shop
    page = run(shop)
    tab = premises.visitor(Role.READER, java_script_enabled=False)
    tab.go(page)
    row = tab.page.locator("#progress tr", has_text="angenommen").locator(".figure")
    assert row.inner_text() == "0"
    accept(shop)
    tab.page.reload()
    assert row.inner_text() == "2"


def streamed(browser: Browser, path: str) -> httpx.Response:
    return browser.http.get(f"{browser.base}{path}/progress", headers={"accept": live.STREAM})


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "EVERY", 0.2)
    monkeypatch.setattr(live, "LIFETIME", 1.0)


@pytest.mark.usefixtures("brisk")
def test_many_who_look_at_one_thing_look_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    page, looks = run(house.shop), []
    real = campaigns.progress
    monkeypatch.setattr(campaigns, "progress", lambda *given: looks.append(1) or real(*given))
    browser = house.visitor(Role.READER)
    with ThreadPoolExecutor(12) as crowd:
        answers = list(crowd.map(lambda _: streamed(browser, page), range(12)))
    assert {one.headers["content-type"] for one in answers} == {"text/event-stream; charset=utf-8"}
    assert all(one.text.count('data: <div id="progress"') == 1 for one in answers), "it did not change"
    assert 1 <= len(looks) <= 12, "twelve would have looked some 60 times"


@pytest.mark.usefixtures("brisk")
def test_stream_ends_with_the_visit_and_keeps_none_open(house: House) -> None:
    shop, page = house.shop, run(house.shop)
    browser = house.visitor(Role.READER)
    seen = shop.only(Visit).seen_at
    shop.clock.advance(timedelta(minutes=5))
    assert streamed(browser, page).text.count("event: end") == 0
    assert shop.only(Visit).seen_at == seen, "to look on is no click"
    browser.post("/console/logout")
    assert streamed(browser, page).status_code == 204
    assert streamed(house.visitor(Role.MARKETER), "/console/campaigns/unheard").status_code == 204
    end_of = house.visitor(Role.ADMIN)
    accept(shop)
    end(shop, page)
    assert streamed(end_of, page).text.endswith("event: end\ndata:\n\n")


@pytest.mark.usefixtures("brisk")
def test_crowd_is_answered_now_and_then(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    page = run(house.shop)
    monkeypatch.setattr(live, "MOST", 0)
    answer = streamed(house.visitor(Role.READER), page).text
    assert answer.startswith("retry: 10000\n\n")
    assert 'data: <div id="progress"' in answer
