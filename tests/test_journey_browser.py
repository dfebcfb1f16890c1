# SPDX-License-Identifier: Apache-2.0
"""What people do with the hub in a real browser: a campaign from preview to its end, a yes and a no on the public
pages, a login with a second factor."""

from __future__ import annotations

import hashlib
import re
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Browser, expect
from pydantic import SecretStr
from sqlmodel import col, select

from hub.contract import ClearedMessage, TextContent
from hub.flows import staff
from hub.flows.roles import Role
from hub.settings import Settings
from hub.store.tables import AuditRow, ProcessorRecord, RightsRequest, Sender, StopRow
from hub.store.vault import generate
from hub.testing.journey import COMPANY, Journey
from tests.asking import SAID, held
from tests.forms import Form
from tests.making import ANNA, phone
from tests.tabs import PASSWORD, Premises, Tab

pytest_plugins = ["tests.shops", "tests.browsers"]
pytestmark = pytest.mark.timeout(180)
one_database = pytest.mark.parametrize("street", ["sqlite"], indirect=True)

RATE = 6  # messages per second; so that there is time to pause


def figure(tab: Tab, label: str) -> int:
    """The figure that stands below this label."""
    shown = tab.page.locator("dl.figures > div", has=tab.page.get_by_text(label, exact=True)).locator("dd")
    return int(shown.inner_text().replace(".", ""))


def test_marketer_previews_starts_pauses_and_finishes_a_campaign(browser: Browser, tmp_path: Path) -> None:
    with Journey(Settings(data_dir=tmp_path, keys=SecretStr(generate())), contacts=120, seed=3) as way:
        way.connect()
        way.history()
        way.sync()
        way.draft()
        with way.world.db.write() as session:
            session.get_one(Sender, way.sender.id).rate = RATE
            who = {"login": "mia@example.org", "name": "Mia", "role": Role.MARKETER, "password": PASSWORD}
            staff.add(way.world, session, way.controller, **who, by="Dana")
        context = browser.new_context(locale="de")
        tab = Tab(context.new_page(), way.settings.public_url)
        _runs_a_campaign(way, tab)
        assert tab.wrong == []
        with way.world.db.read() as session:
            acts = [row.what for row in session.exec(select(AuditRow).order_by(col(AuditRow.id)))]
        assert acts == ["campaign.start", "campaign.pause", "campaign.resume"]
        context.close()


def _runs_a_campaign(way: Journey, tab: Tab) -> None:
    tab.enter("mia@example.org")
    tab.page.get_by_role("link", name="Kampagnen", exact=True).click()
    tab.page.get_by_role("link", name="Herbstangebote").click()
    tab.page.get_by_role("link", name="Vorschau").click()
    may = len({p.number for p in way.people if p.number and p.may_receive_marketing})
    reachable = figure(tab, "Erreichbar")
    assert reachable == may
    tab.page.get_by_role("link", name="Herbstangebote").click()
    assert way.campaign_sends() == []
    tab.press("Starten")
    state = tab.page.locator(".state")
    expect(state).to_contain_text("läuft", timeout=30_000)  # the page follows by itself
    while not way.campaign_sends():
        time.sleep(0.05)
    tab.press("Anhalten")
    expect(state).to_contain_text("angehalten")
    time.sleep(1)  # what was on its way has left
    sent = len(way.campaign_sends())
    assert 0 < sent < reachable
    time.sleep(1)
    assert len(way.campaign_sends()) == sent
    tab.press("Weiter")
    expect(state).to_contain_text("beendet", timeout=60_000)
    assert len(way.campaign_sends()) == reachable


@one_database
def test_person_opts_in_by_form_and_out_behind_their_own_link(premises: Premises) -> None:
    shop = premises.shop
    form = Form(shop, receipts=True)
    tab = premises.tab(viewport={"width": 360, "height": 740})
    tab.go(f"/o/{form.page.id}")
    tab.page.get_by_label("Nummer").fill(ANNA)
    tab.page.locator("button[type=submit]").click()
    assert tab.page.url.endswith(form.page.id)  # the box is not ticked: the browser itself asks for it
    tab.page.get_by_role("checkbox").check()
    tab.page.locator("button[type=submit]").click()
    expect(tab.page).to_have_url(re.compile("/sent$"))
    assert shop.consents(phone(ANNA)) == []
    form.says(f"JA {form.code()}")
    assert len(shop.consents(phone(ANNA))) == 1
    tab.go(_link(shop.claim()))
    expect(tab.page.locator("main")).to_contain_text(COMPANY)
    tab.page.locator("a[href^='/p/']").click()
    tab.press("Keine Werbung mehr")
    expect(tab.page.get_by_role("status")).to_be_visible()
    assert [row.kind for row in shop.rows(StopRow)] == ["objection_marketing"]
    assert tab.wrong == []


@one_database
def test_admin_compares_providers_and_completes_the_file_of_one(premises: Premises) -> None:
    tab = premises.visitor(Role.ADMIN)
    tab.page.get_by_role("link", name="Anbieter", exact=True).click()
    expect(tab.page.locator("main")).to_contain_text("360dialog")
    expect(tab.page.locator("main")).to_contain_text("LINK Mobility")  # no plugin, with the reason
    account = _connects(tab)
    assert tab.go(f"/console/providers/{account}") == 200
    tab.press("Neueste Version freigeben")
    expect(tab.page.get_by_role("alert")).to_be_visible()  # and says what is missing
    for part, fields in _FILE.items():
        tab.go(f"/console/providers/{account}/form/{part}")
        for name, value in fields.items():
            place = tab.page.locator(f"[name='{name}']")
            place.select_option(value) if name.endswith("role") else place.fill(value)
        tab.press("Als Entwurf ablegen")
    tab.page.locator("[name=kind]").select_option("dpa")
    tab.page.locator("[name=file]").set_input_files(
        {"name": "avv.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 signed"}
    )
    tab.press("Unterlage ablegen")
    for box in tab.page.locator("input[name=point]").all():
        box.check()
    tab.page.locator("[name=evidence]").fill("avv.pdf, gelesen am 20.11.2026")
    tab.press("Antwort eintragen")
    assert tab.violations() == []
    tab.press("Neueste Version freigeben")
    expect(tab.page.locator(".state")).to_contain_text("freigegeben")
    (row,) = [
        one for one in premises.shop.rows(ProcessorRecord) if one.connection_id == account and one.state == "approved"
    ]
    assert row.reviewer == "admin"
    assert tab.wrong == []


_FILE = {
    "identity": {
        "identity.legal_name": "360dialog GmbH",
        "identity.address": "Torstraße 61, 10119 Berlin",
        "identity.role": "processor",
        "identity.seat": "DE",
    },
    "agreement": {"agreement.signed_on": "2026-01-15", "agreement.version": "2026-01"},
    "hosting": {"hosting.regions": "DE", "hosting.local_storage": "DE"},
    "transfers": {
        "transfers.0.recipient": "Meta Platforms, Inc.",
        "transfers.0.to": "US",
        "transfers.0.tool": "A45-3",
        "transfers.0.valid_until": "2027-06-30",
        "transfers.0.framework_checked_on": "2026-01-15",
    },
}


def _connects(tab: Tab) -> str:
    """A new account, by the form that the plugin describes. Its id."""
    tab.go("/console/connections/new")
    tab.page.get_by_role("link", name="360dialog").click()
    for name in ("phone_number_id", "api_key", "header_value"):
        tab.page.locator(f"[name={name}]").fill("1234567890123456")
    tab.press("Verbinden")
    (account,) = re.findall(r"/connections/(\w+)/ready", tab.page.url)
    return str(account)


def _link(messages: list[ClearedMessage]) -> str:
    """The path of the link in what the person got."""
    said = [m.outgoing.content.body for m in messages if isinstance(m.outgoing.content, TextContent)]
    (url,) = re.findall(r"https?://\S+", " ".join(said))
    return urlsplit(url).path


@one_database
def test_privacy_officer_answers_an_access_request(premises: Premises) -> None:
    shop = premises.shop
    anna = held(shop)
    refused = premises.visitor(Role.MARKETER)
    assert refused.go("/console/rights") == 403
    tab = premises.visitor(Role.PRIVACY)
    tab.page.get_by_role("link", name="Personen", exact=True).click()
    tab.page.get_by_label("Telefonnummer oder CRM-Datensatz").fill("0151 12345671")
    tab.press("Suchen")
    tab.page.locator("[name=right]").select_option("access")
    tab.page.get_by_label("Was die Person möchte, in Kürze").fill("Was haben Sie über mich?")
    tab.press("Anfrage aufnehmen")
    state = tab.page.locator(".state")
    expect(state).to_have_text("offen")
    assert tab.violations() == []
    assert tab.page.get_by_role("button", name="Antwort erstellen").count() == 0
    tab.page.get_by_label("Erkannt an").select_option("own_point")
    tab.press("Identität festhalten")
    expect(state).to_have_text("in Bearbeitung")
    tab.press("Antwort erstellen")
    assert tab.violations() == []
    tab.page.locator("summary", has_text="Ereignisse im Hauptbuch").click()
    expect(tab.page.get_by_text(SAID)).to_be_visible()
    with tab.page.expect_download() as coming:
        tab.page.get_by_role("button", name="PDF auf Deutsch").click()
    assert coming.value.path().read_bytes().startswith(b"%PDF-")
    with tab.page.expect_download() as coming:
        tab.page.get_by_role("button", name="JSON").click()
    handed = coming.value.path().read_bytes()
    assert ANNA in handed.decode()
    tab.page.get_by_role("link", name="Auskunft", exact=True).click()
    tab.page.get_by_label("Übergeben durch").select_option("letter")
    tab.press("Als beantwortet festhalten")
    expect(state).to_have_text("beantwortet")
    assert tab.violations() == []
    tab.page.get_by_role("link", name="Betroffenenanfragen").click()
    expect(tab.page.locator("main")).to_contain_text("Keine Anfrage.")
    (row,) = shop.rows(RightsRequest)
    assert (row.contact_id, row.answered_with) == (anna.id, hashlib.sha256(handed).hexdigest())
    acts = [one.what for one in shop.rows(AuditRow) if one.what.startswith("rights.")]
    steps = ["rights.open", "rights.identify", "rights.packet", "rights.fetch", "rights.fetch", "rights.answer"]
    assert acts == steps
    assert refused.wrong == tab.wrong == []


@one_database
@pytest.mark.parametrize("language", ["de", "en"])
def test_login_asks_for_the_second_factor_that_was_set_up(premises: Premises, language: str) -> None:
    out, who = {"de": "Abmelden", "en": "Log out"}[language], premises.staff(Role.PRIVACY)
    tab = premises.tab(language)
    tab.enter(who)
    tab.page.locator("header a.me").click()
    secret = tab.page.locator(".statement").inner_text()
    totp = pyotp.TOTP(secret)
    tab.page.locator("[name=code]").fill(totp.at(premises.shop.world.now()))
    tab.page.locator("button[type=submit]").first.click()
    expect(tab.page.locator(".statement")).to_have_count(0)
    tab.press(out)
    assert tab.page.url.endswith("/console/login")
    tab.enter(who)
    expect(tab.page.get_by_role("alert")).to_be_visible()
    premises.shop.clock.advance(timedelta(seconds=30))
    tab.enter(who, totp.at(premises.shop.world.now()))
    assert tab.page.url == f"{premises.base}/console"
    tab.go("/console/me")
    tab.press(out)
    assert tab.go("/console") == 200
    assert tab.page.url.endswith("/console/login")
    assert tab.wrong == []
