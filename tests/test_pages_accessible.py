# SPDX-License-Identifier: Apache-2.0
"""axe-core on every page: both languages, light and dark, wide and as narrow as a phone; and nothing loads from
elsewhere, runs what it must not, or scrolls sideways."""

from __future__ import annotations

import pytest

from hub.flows import contacts, links
from hub.testing import addresses
from tests.forms import Form
from tests.furnished import furnish
from tests.making import ANNA, phone
from tests.tabs import SCHEMES, WIDTHS, Premises, Tab

pytest_plugins = ["tests.shops", "tests.browsers"]
pytestmark = pytest.mark.parametrize("street", ["sqlite"], indirect=True)  # pages do not know the database

_TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("main *")]
  .filter(one => one.getBoundingClientRect().right > innerWidth && !one.closest(".wide"))
  .map(one => one.outerHTML.slice(0, 200))"""


def looked_at(tab: Tab, path: str) -> list[str]:
    """What is wrong with the page that is open, in every light and width."""
    wrong = [f"{path}: {what}" for what in tab.wrong]
    for scheme in SCHEMES:
        for width, height in WIDTHS:
            tab.page.set_viewport_size({"width": width, "height": height})
            tab.page.emulate_media(color_scheme=scheme)
            wrong += [f"{path} {scheme} {width}: {one}" for one in tab.violations()]
            wrong += [f"{path} {width}: wider than the window: {one}" for one in tab.page.evaluate(_TOO_WIDE)]
    tab.wrong.clear()
    return wrong


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_page_of_the_console_has_no_violation(premises: Premises, language: str) -> None:
    furnish(premises.shop)
    tab = premises.tab(language)
    assert tab.go("/console/login") == 200
    wrong = looked_at(tab, "/console/login")
    tab = premises.visitor(language=language)
    seen = 0
    for path in addresses.console(premises.app, "GET"):
        address = premises.named(path)
        answer = tab.page.request.get(f"{premises.base}{address}")
        if "<!doctype html>" not in answer.text():
            continue  # a part of a page, or a file
        assert tab.go(address) in ((200, 422) if path in addresses.VENDORS else (200,)), path  # a CRM has no numbers
        assert tab.page.locator("html").get_attribute("lang") == language
        wrong += looked_at(tab, path)
        seen += 1
    assert tab.go("/console/campaigns/unheard") == 404
    wrong += looked_at(tab, "not found")
    assert wrong == []
    assert seen >= 6


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_public_page_has_no_violation(premises: Premises, language: str) -> None:
    shop = premises.shop
    form = Form(shop, receipts=True)
    shop.agree(phone(ANNA))
    shop.stop(phone(ANNA))
    shop.agree(phone(ANNA))
    with shop.world.db.read() as session:
        point = contacts.find_point(shop.world, session, shop.controller, phone(ANNA))
        assert point
        given = shop.events("consent_given")[-1].id
        own = [
            "/" + "/".join(links.make(shop.world, kind, point, about).rsplit("/", 2)[1:])
            for kind, about in (("p", ""), ("r", given))
        ]
    notice = f"/n/{shop.notice.id}"
    tab = premises.tab(language)
    wrong: list[str] = []
    pages = [f"/o/{shop.page.id}", f"/o/{form.page.id}", f"/o/{form.page.id}/sent", notice, "/p/unheard"]
    for path in [*pages, *(f"{one}?lang={language}" for one in own)]:
        assert tab.go(path) == (404 if path == "/p/unheard" else 200), path
        wrong += looked_at(tab, path)
    assert wrong == []


def test_axe_finds_what_is_wrong(premises: Premises) -> None:
    """Otherwise its silence says nothing."""
    tab = premises.tab()
    tab.go("/console/login")
    tab.page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"data:,\"><input>')")
    found = " ".join(tab.violations())
    assert "image-alt" in found
    assert "label" in found
