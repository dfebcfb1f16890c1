# SPDX-License-Identifier: Apache-2.0
"""The console: who gets in, what a role may do, that no other site can send a form, and what its pages say."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.resources import files

import httpx
import pyotp
import pytest

from hub.bridge import Bridge
from hub.flows import staff
from hub.flows.roles import Role
from hub.flows.states import CampaignState
from hub.store.tables import AuditRow, Campaign, Staff, Visit
from hub.testing.emulator import serve
from hub.web.app import build
from hub.work.jobs import Jobs
from tests.making import ANNA, BEN, CONSENT, Shop, everything_stored, person, phone

pytest_plugins = ["tests.shops"]

PASSWORD = "richtig gutes Pferd"


@dataclass
class Browser:
    """Somebody with cookies."""

    base: str
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=20, trust_env=False))

    def get(self, path: str) -> httpx.Response:
        return self.http.get(f"{self.base}{path}")

    def post(self, path: str, **form: str) -> httpx.Response:
        return self.http.post(f"{self.base}{path}", data=form)

    def enter(self, login: str, password: str = PASSWORD, code: str = "") -> bool:
        answer = self.post("/console/login", login=login, password=password, code=code)
        return answer.status_code == 303 and answer.headers["location"] == "/console"

    def ticket(self) -> str:
        found = re.search(r'name="ticket" value="(\w+)"', self.get("/console/me").text)
        assert found
        return found[1]


@dataclass
class House:
    shop: Shop
    base: str = ""

    def staff(self, role: Role, shop: Shop | None = None, login: str = "") -> str:
        of, who = shop or self.shop, login or f"{role}@example.org"
        with of.write() as session:
            staff.add(of.world, session, of.controller, login=who, name=role, role=role, password=PASSWORD, by="Dana")
        return who

    def visitor(self, role: Role, shop: Shop | None = None, login: str = "") -> Browser:
        browser = Browser(self.base)
        assert browser.enter(self.staff(role, shop, login))
        return browser


@pytest.fixture
def house(shop: Shop) -> Iterator[House]:
    with Bridge(connections=1) as bridge:
        made = House(shop)
        with serve(build(shop.world, lambda ids: None, Jobs(shop.world, bridge))) as made.base:
            yield made


def test_nobody_sees_a_page_without_logging_in(house: House) -> None:
    browser = Browser(house.base)
    for path in ("/console", "/console/campaigns", "/console/me"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/login")
    who = house.staff(Role.READER)
    assert not browser.enter(who, "wrong password")
    assert not browser.enter("nobody@example.org")
    assert browser.enter(who)
    assert browser.get("/console").status_code == 200


def test_cookie_is_for_the_browser_alone_and_stored_as_a_hash(house: House) -> None:
    browser = Browser(house.base)
    browser.http.cookies.set("hub_visit", "planted", path="/console")
    answer = browser.post("/console/login", login=house.staff(Role.READER), password=PASSWORD)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    token = re.search(r"hub_visit=([^;]+)", cookie)
    assert token
    assert token[1] != "planted"
    assert token[1] not in everything_stored(house.shop.world)
    assert PASSWORD not in everything_stored(house.shop.world)


def test_visit_ends_after_a_while_and_by_leaving(house: House) -> None:
    browser = house.visitor(Role.READER)
    house.shop.clock.advance(staff.IDLE - timedelta(minutes=1))
    assert browser.get("/console").status_code == 200
    house.shop.clock.advance(staff.IDLE - timedelta(minutes=1))
    assert browser.get("/console").status_code == 200
    old = browser.http.cookies["hub_visit"]
    browser.post("/console/logout")
    assert house.shop.rows(Visit) == []
    browser.http.cookies.set("hub_visit", old, path="/console")
    assert browser.get("/console").status_code == 303
    again = Browser(house.base)
    assert again.enter("reader@example.org")
    house.shop.clock.advance(staff.IDLE + timedelta(minutes=1))
    assert again.get("/console").status_code == 303


def test_guessing_shuts_the_door_even_for_the_right_password(house: House) -> None:
    browser, who = Browser(house.base), house.staff(Role.READER)
    for _ in range(staff.FREE):
        assert not browser.enter(who, "a guess that is wrong")
    assert not browser.enter(who)
    house.shop.clock.advance(timedelta(seconds=31))
    assert browser.enter(who)
    assert house.shop.only(Staff).failures == 0


def test_second_factor_is_asked_for_and_no_code_opens_twice(house: House) -> None:
    browser = house.visitor(Role.ADMIN)
    page = browser.get("/console/me").text
    secret = re.search(r'name="secret" value="(\w+)"', page)
    assert secret
    totp = pyotp.TOTP(secret[1])
    wrong = browser.post("/console/me/factor", ticket=browser.ticket(), secret=secret[1], code="000000")
    assert wrong.status_code == 422
    code = totp.at(house.shop.world.now())
    browser.post("/console/me/factor", ticket=browser.ticket(), secret=secret[1], code=code)
    assert secret[1] not in everything_stored(house.shop.world)
    other = Browser(house.base)
    assert not other.enter("admin@example.org")
    assert not other.enter("admin@example.org", code=code)  # it was used to switch on
    house.shop.clock.advance(timedelta(seconds=30))
    fresh = totp.at(house.shop.world.now())
    assert other.enter("admin@example.org", code=fresh)
    assert not Browser(house.base).enter("admin@example.org", code=fresh)


def campaign(house: House) -> str:
    shop = house.shop
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT), person("2", BEN, CONSENT))
    shop.paper.lists = {"all": [("1", "2")]}
    return shop.draft().id


def test_marketer_previews_starts_pauses_and_cancels(house: House) -> None:
    made = campaign(house)
    browser = house.visitor(Role.MARKETER)
    seen = browser.get(f"/console/campaigns/{made}/preview").text
    assert "CONSENT_UNPROVEN" in seen
    for deed, state in (("start", "staging"), ("pause", "paused"), ("resume", "staging"), ("cancel", "cancelled")):
        answer = browser.post(f"/console/campaigns/{made}/{deed}", ticket=browser.ticket())
        assert (answer.status_code, answer.headers["location"]) == (303, f"/console/campaigns/{made}")
        assert house.shop.only(Campaign).state == CampaignState(state)
        waits = f'<a href="/console/campaigns/{made}">' in browser.get("/console").text.split("<h2>")[-1]
        assert waits == (state == "paused"), "today leads to what waits"
    assert [row.what for row in house.shop.rows(AuditRow)] == [
        f"campaign.{deed}" for deed in ("start", "pause", "resume", "cancel")
    ]
    again = browser.post(f"/console/campaigns/{made}/start", ticket=browser.ticket())
    assert again.status_code == 422
    assert "campaign" in again.text


def test_form_of_another_site_changes_nothing(house: House) -> None:
    made = campaign(house)
    browser = house.visitor(Role.MARKETER)
    for ticket in ("", "guessed"):
        assert browser.post(f"/console/campaigns/{made}/start", ticket=ticket).status_code == 403
    assert house.shop.only(Campaign).state == CampaignState.DRAFT
    login = {"login": "marketer@example.org", "password": PASSWORD}
    foreign = httpx.post(f"{house.base}/console/login", data=login, headers={"origin": "https://evil.example"})
    assert foreign.status_code == 401


def test_reader_looks_and_does_nothing(house: House) -> None:
    made = campaign(house)
    browser = house.visitor(Role.READER)
    page = browser.get(f"/console/campaigns/{made}").text
    assert "/start" not in page
    assert browser.post(f"/console/campaigns/{made}/start", ticket=browser.ticket()).status_code == 403


def test_another_companys_campaign_does_not_exist(house: House) -> None:
    made = campaign(house)
    other = Shop(house.shop.world, "Andere GmbH", ("reed", "dove"))
    browser = house.visitor(Role.ADMIN, other, "x@example.org")
    assert browser.get(f"/console/campaigns/{made}").status_code == 404
    assert browser.post(f"/console/campaigns/{made}/cancel", ticket=browser.ticket()).status_code == 404
    assert "Herbst" not in browser.get("/console/campaigns").text


def test_script_in_a_title_is_shown_and_not_run(house: House) -> None:
    house.shop.draft(title="<script>alert(1)</script>")
    browser = house.visitor(Role.READER)
    answer = browser.get("/console/campaigns")
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_pages_speak_both_languages_and_load_only_from_here(house: House) -> None:
    made = campaign(house)
    browser = house.visitor(Role.ADMIN)
    pages = ("/console", "/console/campaigns", f"/console/campaigns/{made}", f"/console/campaigns/{made}/preview")
    for language, word in (("de", "Kampagnen"), ("en", "Campaigns")):
        browser.post(f"/console/language/{language}")
        for path in pages:
            page = browser.get(path).text
            assert f'<html lang="{language}">' in page
            assert word in page
            assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    for path in re.findall(r'(?:src|href)="(/console/static/[^"]+)"', browser.get("/console").text):
        assert browser.get(path).headers["cache-control"].endswith("immutable")


def test_what_no_database_could_hold_is_a_mistake_and_no_breakdown(house: House) -> None:
    browser = house.visitor(Role.ADMIN)
    for path in ("/console/campaigns/%00", "/console/campaigns?before=%00", "/console/campaigns?state=%00"):
        assert browser.get(path).status_code in (200, 404, 422), path
    assert browser.post("/console/login", login="\0", password="\0").status_code == 401
    assert browser.http.post(f"{house.base}/console/login", content=b"login=a&password=\xff").status_code == 401


def test_no_word_is_said_in_two_places() -> None:
    folder = files("hub.web.console")
    sheets = [folder.joinpath("words.toml"), *folder.joinpath("words").iterdir()]
    said = Counter(key for one in sheets for key in tomllib.loads(one.read_text("utf-8")))
    assert [key for key, times in said.items() if times > 1] == []
