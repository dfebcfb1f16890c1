# SPDX-License-Identifier: Apache-2.0
"""Wordings, opt-in pages and the review queue in the console."""

from __future__ import annotations

import html
import re

import pytest

from hub.flows import optin, wordings
from hub.flows.roles import MAY, May, Role
from hub.law.facts import StopKind
from hub.store.tables import AuditRow, OptInPage, Review, Wording
from tests.forms import Form
from tests.making import ANNA, BEN, CARLA, TOPIC, Shop, phone
from tests.test_web_console import House

pytest_plugins = ["tests.shops", "tests.test_web_console"]


def unclear(shop: Shop, text: str = "Das nervt <b>langsam</b>") -> str:
    """Anna said something that nobody can be sure of. Returns the review's id."""
    shop.stop(phone(ANNA), text=text)
    return shop.rows(Review)[-1].id


@pytest.mark.parametrize(
    ("verdict", "left"),
    [("stop", StopKind.OBJECTION_MARKETING), ("stop_all", StopKind.STOP_ALL), ("no_stop", None)],
)
def test_message_is_read_and_its_finding_counts(house: House, verdict: str, left: StopKind | None) -> None:
    waiting = unclear(house.shop)
    browser = house.visitor(Role.PRIVACY)
    page = browser.get("/console/reviews").text
    assert "Das nervt &lt;b&gt;langsam&lt;/b&gt;" in page
    assert "im Zweifel stop" in page
    answer = browser.post(f"/console/reviews/{waiting}/{verdict}", ticket=browser.ticket())
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/reviews")
    assert "langsam" not in browser.get("/console/reviews").text
    kinds = {stop.kind for stop in house.shop.stops(phone(ANNA))}
    assert (left in kinds) if left else kinds == set()
    row = house.shop.only(AuditRow)
    assert (row.what, row.about) == (f"review.{verdict}", waiting)
    again = browser.post(f"/console/reviews/{waiting}/{verdict}", ticket=browser.ticket())
    assert again.status_code == 422


def test_finding_that_does_not_fit_changes_nothing(house: House) -> None:
    waiting = unclear(house.shop)
    browser = house.visitor(Role.PRIVACY)
    assert browser.post(f"/console/reviews/{waiting}/done", ticket=browser.ticket()).status_code == 422
    assert house.shop.only(Review).closed_at is None
    assert house.shop.rows(AuditRow) == []


def test_today_leads_to_what_must_be_read(house: House) -> None:
    unclear(house.shop)
    assert 'href="/console/reviews"' in house.visitor(Role.PRIVACY).get("/console").text


def test_another_companys_reviews_wordings_and_pages_do_not_exist(house: House) -> None:
    waiting, page = unclear(house.shop), house.shop.page
    other = Shop(house.shop.world, "Andere GmbH", ("reed", "dove"))
    browser = house.visitor(Role.ADMIN, other, "x@example.org")
    assert "langsam" not in browser.get("/console/reviews").text
    assert browser.post(f"/console/reviews/{waiting}/stop", ticket=browser.ticket()).status_code == 404
    for path in (f"wordings/{page.wording_id}", f"pages/{page.id}", f"pages/{page.id}/poster/a4.svg"):
        assert browser.get(f"/console/{path}").status_code == 404
    theirs = other.page.wording_id
    assert browser.get(f"/console/wordings/{theirs}?against={page.wording_id}").status_code == 404
    shown = browser.get("/console/consent").text
    assert other.page.id in shown
    assert page.id not in shown


@pytest.mark.parametrize("role", [role for role in Role if May.PEOPLE not in MAY[role]])
def test_role_without_people_reads_no_messages(house: House, role: Role) -> None:
    waiting = unclear(house.shop)
    browser = house.visitor(role)
    assert browser.get("/console/consent").status_code == 200
    assert browser.get("/console/reviews").status_code == 403
    assert browser.post(f"/console/reviews/{waiting}/no_stop", ticket=browser.ticket()).status_code == 403


def test_wording_is_compared_with_the_one_before(house: House) -> None:
    shop = house.shop
    with shop.write() as session:
        page = session.get_one(OptInPage, shop.page.id)
        made = optin.reword(shop.world, session, shop.controller, page, [TOPIC, "Reisen <i>"])
    browser = house.visitor(Role.READER)
    text = browser.get(f"/console/wordings/{made.wording.id}").text
    assert "Neue Themen: Reisen &lt;i&gt;" in text
    shown = re.search(r'<p class="box text"[^>]*>(.*?)</p>', text, re.DOTALL)
    assert shown
    put = html.unescape(re.sub(r"<del>.*?</del>|</?ins>", "", shown[1]))
    taken = html.unescape(re.sub(r"<ins>.*?</ins>|</?del>", "", shown[1]))
    old, new = shop.rows(Wording) if shop.rows(Wording)[0].version == 1 else shop.rows(Wording)[::-1]
    assert (taken, put) == (old.text, new.text)
    first = browser.get(f"/console/wordings/{old.id}").text
    assert "die erste Fassung" in first


def test_difference_gives_both_texts_back() -> None:
    old, new = "Ich will  Post zu A, und B.\nIst gut", "Ich will Post zu A, B und C.\nIst sehr gut"
    found = wordings.difference(old, new)
    assert "".join(text for how, text in found if how != "new") == old
    assert "".join(text for how, text in found if how != "gone") == new


def test_page_counts_who_asked_agreed_and_took_it_back(house: House) -> None:
    shop = house.shop
    form = Form(shop)
    for typed in (ANNA, BEN):
        form.fill(typed)
    shop.agree(phone(BEN))
    shop.agree(phone(CARLA))
    shop.stop(phone(CARLA))
    browser = house.visitor(Role.READER)

    def figures(page: str) -> list[str]:
        return re.findall(r'<dl class="figures">.*?</dl>', browser.get(f"/console/pages/{page}").text, re.DOTALL)

    asked = re.findall(r"<dd>(\d+)</dd>", figures(form.page.id)[0])
    assert asked[:3] == ["2", "0", "2"]
    assert re.findall(r"<dd>(\d+)</dd>", figures(shop.page.id)[0]) == ["2", "1"]


def test_poster_is_drawn_and_a_closed_page_has_none(house: House) -> None:
    browser, page = house.visitor(Role.READER), house.shop.page
    for form, start in (("svg", b"<svg"), ("pdf", b"%PDF")):
        answer = browser.get(f"/console/pages/{page.id}/poster/a5.{form}")
        assert start in answer.content[:200]
        assert answer.headers["content-disposition"].startswith("attachment")
    for wrong in ("a9.svg", "a4.exe"):
        assert browser.get(f"/console/pages/{page.id}/poster/{wrong}").status_code == 404
    with house.shop.write() as session:
        session.get_one(OptInPage, page.id).closed_at = house.shop.world.now()
    assert browser.get(f"/console/pages/{page.id}/poster/a4.svg").status_code == 404
    assert "geschlossen" in browser.get(f"/console/pages/{page.id}").text


def test_pages_about_consent_speak_both_languages(house: House) -> None:
    unclear(house.shop)
    browser, page = house.visitor(Role.PRIVACY), house.shop.page
    pages = {
        "/console/consent": ("Anmeldeseiten", "Opt-in pages"),
        "/console/reviews": ("Im Zweifel ist es", "In doubt, it is"),
        f"/console/pages/{page.id}": ("Plakat zum Drucken", "Poster to print"),
        f"/console/wordings/{page.wording_id}": ("Sagt, wie man widerruft", "Says how to withdraw"),
    }
    for index, language in enumerate(("de", "en")):
        browser.post(f"/console/language/{language}")
        for path, said in pages.items():
            assert said[index] in browser.get(path).text
            assert said[1 - index] not in browser.get(path).text
