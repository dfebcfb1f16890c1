# SPDX-License-Identifier: Apache-2.0
"""The page that a CRM links to: for whom it opens, what it says, and that a click in the CRM reaches it."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from hub.contract import Rejected
from hub.flows import erasure, reach, unblocking
from hub.flows.roles import MAY, May, Role
from hub.law.reasons import REASONS, Lift, reason
from hub.store.ledger import Chain
from hub.store.tables import AuditRow, Campaign, Contact
from hub.web.console.leaves import Leaves
from hub.work.jobs import Jobs
from tests.making import ANNA, BEN, CONSENT, CONTRACT, Shop, person, phone
from tests.tabs import Premises
from tests.test_web_console import House

pytest_plugins = ["tests.shops", "tests.browsers", "tests.test_web_console"]

BLOCKED = "BASIS_INSUFFICIENT_FOR_MARKETING"


def linked(shop: Shop, jobs: Jobs) -> dict[str, str]:
    """The addresses that the CRM got, by record: Anna agreed, Ben did not, and of the third nothing is held."""
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT), person("2", BEN, CONTRACT))
    shop.paper.lists["all"] = [("1", "2", "3")]
    jobs.reach(shop.draft().id)
    jobs.report(shop.crm.id)
    return {one.record: urlsplit(one.link).path for one in shop.paper.told if one.link}


def test_page_opens_for_whom_it_is_meant_and_for_no_other_company(house: House, jobs: Jobs) -> None:
    links = linked(house.shop, jobs)
    assert set(links) == {"2", "3"}
    for role in Role:
        browser = house.visitor(role)
        for record, path in links.items():
            page = browser.get(path)
            assert page.status_code == (200 if May.WHY in MAY[role] else 403), role
            assert ("/console/people/" in page.text) == (May.PEOPLE in MAY[role] and record == "2"), role
            assert BEN not in page.text
    theirs = house.visitor(Role.ADMIN, Shop(house.shop.world, "Andere GmbH", ("reed", "dove")), "x@example.org")
    for path in (*links.values(), "/console/why/nothing", "/console/why/%2e%2e"):
        assert theirs.get(path).status_code == 404


def test_page_says_what_became_of_the_message_and_ends_with_the_person(house: House, jobs: Jobs) -> None:
    shop = house.shop
    shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    shop.settle({sent: Rejected("no", code="131026")})
    browser = house.visitor(Role.MARKETER)
    page = browser.get(f"/console/why/{sent}").text
    assert "Nachricht nicht zugestellt" in page
    assert "131026" in page
    path = linked(shop, jobs)["2"]
    with shop.write() as session:
        chain = Chain(session, shop.controller.id, shop.world.now())
        erasure.erase(shop.world, session, chain, session.get_one(Contact, shop.contact_of(phone(BEN)).id), "dpo")
        chain.write()
    assert browser.get(path).status_code == 404


def test_asking_anew_is_written_down_and_ends_with_the_start(house: House, jobs: Jobs) -> None:
    shop = house.shop
    linked(shop, jobs)
    (campaign,) = shop.rows(Campaign)
    browser = house.visitor(Role.MARKETER)
    assert "Erreichbare Datensätze" in browser.get(f"/console/campaigns/{campaign.id}").text
    path = f"/console/campaigns/{campaign.id}/reach"
    assert browser.post(path, ticket=browser.ticket()).status_code == 303
    assert [row.what for row in shop.rows(AuditRow)] == ["campaign.reach"]
    with shop.world.db.read() as session:
        assert reach.due(shop.world, session) == [campaign.id]
    browser.post(f"/console/campaigns/{campaign.id}/start", ticket=browser.ticket())
    jobs.stage(campaign.id)
    assert browser.post(path, ticket=browser.ticket()).status_code == 422


def test_click_in_the_crm_reaches_the_page_though_the_cookie_is_strict(premises: Premises, jobs: Jobs) -> None:
    path = linked(premises.shop, jobs)["2"]
    tab = premises.visitor(Role.MARKETER)
    html = f'<a href="{premises.base}{path}">Why?</a>'
    tab.page.route("http://crm.example/**", lambda route: route.fulfill(body=html, content_type="text/html"))
    tab.page.goto("http://crm.example/contact")
    tab.page.get_by_text("Why?").click()
    tab.page.get_by_role("heading", name=reason(BLOCKED).meaning_de).wait_for()
    assert reason(BLOCKED).remedy_de in tab.page.content()
    assert urlsplit(tab.page.url).path == path
    assert not tab.violations()


def test_every_state_and_every_way_out_has_its_words() -> None:
    words = Leaves()._words
    assert {f"why_lift_{one}" for one in Lift} <= words.keys()
    assert {f"why_{one}" for one in unblocking.STATES} <= words.keys()
    assert all(one.remedy_de and one.remedy_en for one in REASONS if one.verdict)


@pytest.mark.parametrize("about", ["", "a" * 200, "a/b", "a b", "ä"])
def test_login_leads_to_nothing_that_is_no_id(house: House, about: str) -> None:
    browser = house.visitor(Role.READER)
    login = {"login": "reader@example.org", "password": "richtig gutes Pferd", "why": about}
    assert browser.post("/console/login", **login).headers["location"] == "/console"
