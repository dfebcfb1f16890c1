# SPDX-License-Identifier: Apache-2.0
"""Attacks on the console and the API, over all their routes: what is new is attacked by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pyotp
import pytest
from sqlmodel import SQLModel

from hub.bridge import Bridge
from hub.flows import keys, staff
from hub.flows.roles import Role
from hub.store.tables import ApiKey, AuditRow, Staff, Visit
from hub.testing import addresses
from hub.testing.emulator import serve
from hub.web.app import House, build
from hub.work.jobs import Jobs
from tests.furnished import HOSTILE, furnish
from tests.making import Shop, everything_stored

pytest_plugins = ["tests.shops"]
pytestmark = pytest.mark.parametrize("street", ["sqlite"], indirect=True)

PASSWORD = "richtig gutes Pferd"
OPEN = {"/console/login", "/console/logout", "/console/language/{language}"}  # need no visit
PLUGINS = {"/console/connections/new/{connector}"}  # name what is installed, and nothing of a company
OWN = {"/console/me/factor"}  # what everybody may do with their own login
ELSEWHERE = "https://evil.example/"
_OURS = (AuditRow, ApiKey, Staff, Visit)  # rows that come from looking and logging in


@dataclass
class Fort:
    shop: Shop
    app: House
    base: str

    def enter(self, role: Role, shop: Shop | None = None, login: str = "") -> httpx.Client:
        """Somebody who is logged in; redirects are not followed."""
        of, who = shop or self.shop, login or f"{role}@example.org"
        with of.write() as session:
            staff.add(of.world, session, of.controller, login=who, name=role, role=role, password=PASSWORD, by="Dana")
        http = httpx.Client(base_url=self.base, timeout=20, trust_env=False)
        assert http.post("/console/login", data={"login": who, "password": PASSWORD}).headers["location"] == "/console"
        return http

    def key(self, shop: Shop) -> dict[str, str]:
        with shop.write() as session:
            _, secret = keys.make(shop.world, session, shop.controller, title="k", role=Role.ADMIN, days=1, by="Dana")
        return {"authorization": f"Bearer {secret}"}

    def named(self, path: str) -> str:
        with self.shop.world.db.read() as session:
            return addresses.named(path, session, self.shop.controller)

    def stored(self) -> dict[str, list[Any]]:
        """Every row of the company, but those of logging in and of looking."""
        own = {table.__tablename__ for table in _OURS}
        with self.shop.world.db.read() as session:
            held = {}
            for table in SQLModel.metadata.sorted_tables:
                owner = table.c.get("controller_id")
                mine = table.select() if owner is None else table.select().where(owner == self.shop.controller.id)
                if table.name not in own:
                    held[table.name] = sorted(map(str, session.connection().execute(mine)))
            return held


@pytest.fixture
def fort(shop: Shop) -> Iterator[Fort]:
    with Bridge(connections=1) as bridge:
        app = build(shop.world, lambda ids: None, Jobs(shop.world, bridge))
        furnish(shop)
        with serve(app) as base:
            yield Fort(shop, app, base)


def ticket(http: httpx.Client) -> str:
    found = re.search(r'name="ticket" value="(\w+)"', http.get("/console/me").text)
    assert found
    return found[1]


def posts(fort: Fort) -> list[str]:
    found = [path for path in addresses.console(fort.app, "POST") if path not in OPEN]
    assert len(found) >= 6
    return found


def named_only(paths: list[str]) -> list[str]:
    return [path for path in paths if "{" in path and path not in OPEN | PLUGINS]


def other(fort: Fort) -> Shop:
    return Shop(fort.shop.world, "Andere GmbH", ("reed", "dove"))


# another company's things


def test_no_page_of_the_console_shows_another_companys_thing(fort: Fort) -> None:
    mine, theirs = fort.enter(Role.ADMIN), fort.enter(Role.ADMIN, other(fort), "x@example.org")
    for path in named_only(addresses.console(fort.app, "GET")):
        assert mine.get(fort.named(path)).status_code in (200, 422), path  # a CRM has no numbers
        assert theirs.get(fort.named(path)).status_code == 404, path


def test_no_form_of_the_console_changes_another_companys_thing(fort: Fort) -> None:
    theirs = fort.enter(Role.ADMIN, other(fort), "x@example.org")
    before, said = fort.stored(), ticket(theirs)
    for path in named_only(posts(fort)):
        answer = theirs.post(fort.named(path), data={"ticket": said})
        # 422 where the flow says that there is no such thing
        assert answer.status_code in (404, 422), path
        assert "hacked" not in answer.text
    assert fort.stored() == before


def test_no_list_of_the_console_holds_another_companys_thing(fort: Fort) -> None:
    theirs = fort.enter(Role.ADMIN, other(fort), "x@example.org")
    ids = {fort.named(path).split("/")[3] for path in named_only(addresses.console(fort.app, "GET"))}
    for path in addresses.console(fort.app, "GET"):
        if "{" in path:
            continue
        shown = theirs.get(path).text
        assert "hacked" not in shown, path
        assert not [one for one in ids if one in shown], path


def test_api_neither_shows_nor_changes_another_companys_thing(fort: Fort) -> None:
    mine, theirs = fort.key(fort.shop), fort.key(other(fort))
    before, tried = fort.stored(), 0
    for method, path in addresses.api(fort.shop.world):
        if "{" not in path:
            continue
        answer = httpx.request(method, fort.base + fort.named(path), headers=theirs, timeout=20)
        # 422 where a thing is named that is not found; not where the body is looked at first
        assert (answer.status_code, answer.json()["code"]) in {(404, "not_found"), (422, "bad_input")}, (method, path)
        tried += 1
    assert tried >= 6
    assert fort.stored() == before
    for method, path in addresses.api(fort.shop.world):
        if "{" in path and method == "GET":
            answer = httpx.get(fort.base + fort.named(path), headers=mine, timeout=20)
            assert answer.status_code in (200, 422), path


# who may


def test_every_address_of_the_console_asks_who_is_there(fort: Fort) -> None:
    for method in ("GET", "POST"):
        for path in addresses.console(fort.app, method):
            if path not in OPEN:
                answer = httpx.request(method, fort.base + fort.named(path))
                place = answer.headers["location"].partition("?")[0]
                assert (answer.status_code, place) == (303, "/console/login"), path
    for method, path in addresses.api(fort.shop.world):
        assert httpx.request(method, fort.base + fort.named(path)).status_code == 401, path


def test_no_form_of_another_site_is_taken(fort: Fort) -> None:
    http = fort.enter(Role.ADMIN)
    before = fort.stored()
    for path in posts(fort):
        for said in ("", "guessed", "0" * 64):
            assert http.post(fort.named(path), data={"ticket": said}).status_code == 403, path
    assert fort.stored() == before


def test_ticket_of_one_visit_opens_no_form_of_another(fort: Fort) -> None:
    one, two = fort.enter(Role.ADMIN), fort.enter(Role.MARKETER)
    assert ticket(one) != ticket(two)
    path = next(path for path in posts(fort) if path not in OWN)
    assert one.post(fort.named(path), data={"ticket": ticket(two)}).status_code == 403


def test_reader_changes_nothing(fort: Fort) -> None:
    http = fort.enter(Role.READER)
    before, said = fort.stored(), ticket(http)
    for path in posts(fort):
        if path not in OWN:
            assert http.post(fort.named(path), data={"ticket": said}).status_code == 403, path
    assert fort.stored() == before


def test_method_is_what_the_request_line_says(fort: Fort) -> None:
    http = fort.enter(Role.ADMIN)
    before, shown = fort.stored(), set(addresses.console(fort.app, "GET"))
    for path in posts(fort):
        if path in shown:
            continue
        for header in ("x-http-method-override", "x-method-override", "x-http-method"):
            answer = http.get(fort.named(path), headers={header: "POST"}, params={"_method": "POST"})
            assert answer.status_code in (404, 405), path
    for method in ("PUT", "PATCH", "DELETE"):
        assert http.request(method, "/console/campaigns").status_code == 405
    assert fort.stored() == before


# visits


def test_visit_that_was_planted_is_worth_nothing(fort: Fort) -> None:
    fort.enter(Role.READER)
    victim = httpx.Client(base_url=fort.base, trust_env=False)
    victim.cookies.set("hub_visit", "planted", path="/console")
    answer = victim.post("/console/login", data={"login": "reader@example.org", "password": PASSWORD})
    assert "planted" not in answer.headers["set-cookie"]
    attacker = httpx.Client(base_url=fort.base, cookies={"hub_visit": "planted"}, trust_env=False)
    assert attacker.get("/console").status_code == 303


def test_cookie_goes_to_the_console_alone_and_to_no_script(fort: Fort) -> None:
    http = fort.enter(Role.READER)
    for answer in (
        http.post("/console/login", data={"login": "reader@example.org", "password": PASSWORD}),
        http.post("/console/language/en"),
    ):
        cookie = answer.headers["set-cookie"]
        for flag in ("HttpOnly", "SameSite=strict", "Path=/console"):
            assert flag in cookie, cookie
        assert "Domain" not in cookie


def test_cookies_are_secure_where_the_hub_is_reached_by_https(shop: Shop) -> None:
    world = shop.world
    object.__setattr__(world, "settings", world.settings.model_copy(update={"public_url": "https://hub.example"}))
    with Bridge(connections=1) as bridge, serve(build(world, lambda ids: None, Jobs(world, bridge))) as base:
        http = Fort(shop, None, base).enter(Role.READER)  # type: ignore[arg-type]
        answer = http.post("/console/login", data={"login": "reader@example.org", "password": PASSWORD})
        assert "Secure" in answer.headers["set-cookie"]
        assert "Secure" in http.post("/console/language/en").headers["set-cookie"]


def test_second_factor_cannot_be_changed_by_who_finds_a_screen_open(fort: Fort) -> None:
    http = fort.enter(Role.READER)
    said, mine, theirs = ticket(http), "A" * 32, "B" * 32
    for secret, status in (("", 422), ("?", 422), (mine, 303), (theirs, 422)):
        code = pyotp.TOTP(secret).at(fort.shop.world.now()) if len(secret) == 32 else "000000"
        answer = http.post("/console/me/factor", data={"ticket": said, "secret": secret, "code": code})
        assert answer.status_code == status, secret


def test_leaving_needs_a_form_of_ours(fort: Fort) -> None:
    http = fort.enter(Role.READER)
    http.post("/console/logout", headers={"origin": ELSEWHERE})
    assert len(fort.shop.rows(Visit)) == 1


# what is said is shown, and is nothing else


@pytest.mark.parametrize("language", ["de", "en"])
def test_hostile_words_stay_words(fort: Fort, language: str) -> None:
    http = fort.enter(Role.ADMIN)
    http.post(f"/console/language/{language}")
    shown = 0
    for path in addresses.console(fort.app, "GET"):
        address = fort.named(path)
        names = set(re.findall(r'<(?:input|select)[^>]* name="(\w+)"', http.get(address).text))
        asked = dict.fromkeys(names | {"before", "state", "q", "done", "lang"}, HOSTILE)
        for answer in (http.get(address), http.get(address, params=asked)):
            assert answer.status_code in (200, 422), path
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert not re.search(r"<(img src=x|script>)", answer.text), path
            shown += "&lt;img src=x" in answer.text
    assert shown


def test_no_word_becomes_a_header(fort: Fort) -> None:
    http = fort.enter(Role.ADMIN)
    said, bad = ticket(http), quote("x\r\nSet-Cookie: hacked=1\r\n\r\n<b>", safe="")
    for method in ("GET", "POST"):
        for path in addresses.console(fort.app, method):
            if path in ("/console/logout", "/console/login"):
                continue
            for address in (re.sub(r"\{[^}]*\}", bad, path), fort.named(path)):
                more: dict[str, Any] = {"data": {"ticket": said}} if method == "POST" else {}
                answer = http.request(method, address, params={"q": "x\r\nSet-Cookie: hacked=1"}, **more)
                assert "hacked" not in str(answer.headers), (method, path)
                assert answer.status_code < 500, (method, path)


def test_nobody_is_led_elsewhere(fort: Fort) -> None:
    http = fort.enter(Role.ADMIN)
    away = dict.fromkeys(("next", "url", "to", "then", "return", "return_to", "redirect", "location"), ELSEWHERE)
    login = {"login": "admin@example.org", "password": PASSWORD}
    said = ticket(http)
    tried = [
        http.post("/console/login", params=away, data=login | away),
        httpx.get(f"{fort.base}/console", params=away, headers={"host": "evil.example"}),
        *(http.post(fort.named(path), params=away, data=away | {"ticket": said}) for path in posts(fort)),
        http.get("//evil.example/%2e%2e/console"),
        http.post("/console/language/de", params=away, headers={"referer": ELSEWHERE}),
        http.post("/console/logout", params=away, data=away),
    ]
    led = [answer.headers["location"] for answer in tried if "location" in answer.headers]
    assert led
    for place in led:
        assert place.startswith("/console"), place


# headers


def test_every_page_forbids_frames_guessing_and_keeping(fort: Fort) -> None:
    http = fort.enter(Role.ADMIN)
    nobody = httpx.Client(base_url=fort.base, trust_env=False)
    answers = [http.get(fort.named(path)) for path in addresses.console(fort.app, "GET")]
    answers += [nobody.get("/console/login"), http.get("/console/campaigns/unheard")]
    answers += [http.post(fort.named(path)) for path in posts(fort)]  # refused: without a ticket
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy, answer.url
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


def test_what_leads_on_from_a_login_is_not_kept_either(fort: Fort) -> None:
    http = fort.enter(Role.READER)
    for answer in (
        http.post("/console/login", data={"login": "reader@example.org", "password": PASSWORD}),
        httpx.get(f"{fort.base}/console"),
    ):
        assert answer.headers["cache-control"] == "no-store"


def test_answers_of_the_api_are_not_kept(fort: Fort) -> None:
    mine = fort.key(fort.shop)
    for method, path in addresses.api(fort.shop.world):
        if method == "GET":
            answer = httpx.get(fort.base + fort.named(path), headers=mine, timeout=20)
            assert answer.headers["cache-control"] == "no-store", path
            assert answer.headers["x-content-type-options"] == "nosniff", path


def test_no_secret_lies_in_the_database_in_clear(fort: Fort) -> None:
    http = fort.enter(Role.ADMIN)
    stored = everything_stored(fort.shop.world)
    assert http.cookies["hub_visit"] not in stored
    assert ticket(http) not in stored
