# SPDX-License-Identifier: Apache-2.0
"""The mapping wizard of the console and its twin in the API: fields, their meaning, a preview on real contacts, and
only then a mapping that counts. In a real browser with and without scripts, against the emulated HubSpot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hub_hubspot.emulator import create
from playwright.sync_api import expect
from sqlmodel import col, select

from hub.contract import Page, Property, PropertyKind
from hub.flows import accounts, mappings
from hub.flows.roles import Role
from hub.store.tables import AuditRow, ClaimMapping, CrmRecord, Lease, SyncRun, Wording
from hub.testing.emulator import serve
from tests.consent_fields import DECLINED, PROVEN, SAMPLED, TEXT, UNCONFIRMED, UNREACHABLE, fill
from tests.making import ANNA, BEN, CARLA, Shop, person
from tests.mapped import TEXT as PAPER_TEXT
from tests.mapped import opted_in
from tests.tabs import Premises, Tab
from tests.test_pages_accessible import looked_at
from tests.test_web_api import Office
from tests.test_web_console import House

pytest_plugins = ["tests.shops", "tests.browsers", "tests.test_web_console", "tests.test_web_api"]
pytestmark = [pytest.mark.timeout(180), pytest.mark.parametrize("street", ["sqlite"], indirect=True)]

FIELDS = [
    Property("optin", ("ja", "nein"), "Einwilligung WhatsApp", PropertyKind.CHOICE),
    Property("optin_at", (), "Einwilligung am", PropertyKind.MOMENT),
    *map(Property, ("optin_text", "optin_channel", "optin_number", "confirmed_at", "firstname")),
]
WHOLE: dict[str, Any] = {
    "consent": {"property": "optin", "expression": "express_statement", "yes": ["ja"], "no": ["nein"]},
    "time": {"property": "optin_at", "zone": "Europe/Berlin"},
    "point": {"property": "optin_number"},
    "verification": {"property": "confirmed_at", "kind": "confirmed_at"},
}
ANSWERS = {
    "f.consent": "optin",
    "f.time": "optin_at",
    "f.verification": "confirmed_at",
    "consent.value.0": "ja",
    "consent.means.0": "yes",
    "expression": "express_statement",
    "kind": "confirmed_at",
    "zone": "Europe/Berlin",
}


@dataclass
class Words:
    """What the buttons and figures are called."""

    fields: str
    go_on: str
    keep: str
    preview: str
    save: str
    proven: str
    claims: str
    refusals: str
    unusable: str


SAID = {
    "de": Words(
        *("Felder zuordnen", "Weiter", "Text eintragen", "Vorschau an echten Kontakten", "So speichern"),
        *("Belegte Einwilligung", "Behauptung ohne Beleg", "Ablehnung, stoppt Werbung", "Nummer unbrauchbar"),
    ),
    "en": Words(
        *("Map fields", "Go on", "Keep this text", "Preview on real contacts", "Save it like this"),
        *("Proven consent", "Claim without proof", "Refusal, stops advertising", "Unusable number"),
    ),
}


@pytest.fixture
def hubspot(shop: Shop) -> Iterator[str]:
    """The id of an account that collected consents in fields of its own."""
    emulator = create()
    fill(emulator)
    with serve(emulator.app()) as url:
        given = {"base_url": url, "access_token": emulator.access_token}
        with shop.write() as session:
            made = accounts.connect(shop.world, session, shop.controller, "hubspot", given)
        yield made.id


def figure(tab: Tab, label: str) -> int:
    shown = tab.page.locator("dl.figures > div", has=tab.page.get_by_text(label, exact=True)).locator("dd")
    return int(shown.inner_text())


@pytest.mark.parametrize("language", ["de", "en"])
def test_fields_are_mapped_in_steps_and_saved_after_a_preview(premises: Premises, hubspot: str, language: str) -> None:
    scripts, said = language == "en", SAID[language]
    tab = premises.visitor(Role.INTEGRATOR, language, java_script_enabled=scripts)
    wrong = []

    def look(where: str) -> None:
        wrong.extend(looked_at(tab, where) if scripts else tab.wrong)

    tab.go(f"/console/connections/{hubspot}/mapping")
    tab.page.get_by_role("link", name=said.fields).click()
    tab.page.locator("a[href$='/mapping/text']").click()
    tab.page.locator("[name=text]").fill(TEXT)
    tab.page.locator("[name=topics]").fill("Angebote")
    tab.page.locator("[name=shown-from]").fill("2026-03-01")
    look("text")
    tab.press(said.keep)
    expect(tab.page.locator("[name='f.consent']")).to_have_value("wa_einwilligung")  # proposed
    look("fields")
    tab.press(said.go_on)
    tab.page.locator("[name=expression]").first.check()
    tab.page.locator("[name=kind]").first.check()
    (wording,) = [row for row in premises.shop.rows(Wording) if row.text == TEXT]
    tab.page.locator("[name='wording.means.0']").select_option(str(wording.version))
    look("values")
    tab.press(said.preview)
    _shows_what_it_means(tab, said)
    look("preview")
    assert premises.shop.rows(ClaimMapping) == premises.shop.rows(CrmRecord) == []
    tab.press(said.save)
    assert tab.page.url.endswith("/mapping")
    look("mapping")
    row = premises.shop.only(ClaimMapping)
    assert (row.connection_id, row.approved_by) == (hubspot, Role.INTEGRATOR)
    assert mappings.read(row.text).meanings("wording") == {"Formular 7": str(wording.version)}
    acts = [one.what for one in premises.shop.rows(AuditRow)]
    assert acts == ["claims.wording", "claims.preview", "claims.map"]
    assert wrong == []


def _shows_what_it_means(tab: Tab, said: Words) -> None:
    counts = [figure(tab, label) for label in (said.proven, said.claims, said.refusals, said.unusable)]
    assert counts == [PROVEN, UNCONFIRMED, DECLINED, UNREACHABLE]
    rows = tab.page.locator("table").last.locator("tbody tr")
    expect(rows).to_have_count(SAMPLED)
    shown = tab.page.locator("main").inner_text()
    assert "CONSENT_UNVERIFIED" in shown
    assert "+4915112" not in shown
    assert "am Empfang fragen" not in shown


def of(shop: Shop) -> str:
    return f"/console/connections/{shop.crm.id}/mapping"


def furnish(shop: Shop) -> None:
    shop.paper.properties = FIELDS
    people = [opted_in("1", ANNA), opted_in("2", BEN, confirmed_at=""), opted_in("3", CARLA, optin="nein")]
    strangers = [person(str(index), "", evidence=(("firstname", "Anna"[: index - 8]),)) for index in (9, 10, 11)]
    shop.paper.pages = [Page((*people, *strangers), "a")]


def test_values_that_one_person_alone_has_are_not_shown(house: House) -> None:
    shop = house.shop
    furnish(shop)
    browser = house.visitor(Role.INTEGRATOR)
    page = browser.get(f"{of(shop)}/values?f.consent=firstname&f.wording=optin_text").text
    assert 'value="2026-03"' in page, "three have it"
    assert 'value="Ann' not in page
    assert 'value="A"' not in page


def test_mistake_is_told_at_its_field_with_all_that_was_typed(house: House) -> None:
    shop = house.shop
    furnish(shop)
    browser = house.visitor(Role.INTEGRATOR)
    for changes, part, words in (
        ({"consent.means.0": "no"}, "consent", "Mindestens ein Wert muss Ja heißen"),
        ({"expression": ""}, "consent", "wie zugestimmt wurde"),
        ({"zone": "Berlin"}, "time", "die Zeitzone ist keine"),
        ({"kind": ""}, "verification", "Was in dem Feld steht"),
        ({"f.channel": "optin_channel"}, "channel", "einen Kanal nennen"),
        ({"f.time": "none_such"}, "time", "Das Feld gibt es nicht"),
    ):
        answer = browser.post(f"{of(shop)}/preview", ticket=browser.ticket(), **{**ANSWERS, **changes})
        assert answer.status_code == 422, changes
        assert f'id="wrong-{part}"' in answer.text
        assert words in answer.text
        assert 'name="consent.value.0" value="ja"' in answer.text
    assert shop.rows(ClaimMapping) == []


def test_only_what_was_looked_at_is_saved(house: House) -> None:
    shop = house.shop
    furnish(shop)
    browser = house.visitor(Role.INTEGRATOR)
    ticket = browser.ticket()
    assert browser.post(f"{of(shop)}/save", ticket=ticket, **ANSWERS).status_code == 422
    page = browser.post(f"{of(shop)}/preview", ticket=ticket, **ANSWERS).text
    seen = page.partition('name="seen" value="')[2][:64]
    changed = browser.post(f"{of(shop)}/save", ticket=ticket, seen=seen, **{**ANSWERS, "zone": "Europe/Vienna"})
    assert "seit der Vorschau" in changed.text
    assert shop.rows(ClaimMapping) == []
    assert browser.post(f"{of(shop)}/save", ticket=ticket, seen=seen, **ANSWERS).status_code == 303
    assert shop.only(ClaimMapping).version == 1
    with shop.world.db.read() as session:
        assert session.get_one(type(shop.crm), shop.crm.id).next_sync_at is not None


def test_same_for_every_yes_needs_no_field(house: House) -> None:
    shop = house.shop
    furnish(shop)
    browser = house.visitor(Role.INTEGRATOR)
    answers = {**ANSWERS, "channel.always": "email", "purpose.always": "UTILITY"}
    page = browser.post(f"{of(shop)}/preview", ticket=browser.ticket(), **answers).text
    for code in ("CONSENT_CHANNEL_NOT_COVERED", "CONSENT_PURPOSE_NOT_COVERED"):
        assert code in page


def test_reading_that_nobody_goes_on_with_was_broken_off(house: House) -> None:
    shop = house.shop
    shop.sync(person("1", ANNA))  # begun, and never finished
    browser = house.visitor(Role.READER)
    page = browser.get(f"/console/connections/{shop.crm.id}").text
    assert "unterbrochen" in page
    assert "SYNC_NO_BASIS" in page, "who was not admitted stands on the connection's own page"
    with shop.write() as session:
        until = shop.world.now().replace(year=shop.world.now().year + 1)
        session.add(Lease(name=f"sync:{shop.crm.id}", owner="somebody", until=until))
    page = browser.get(f"/console/connections/{shop.crm.id}").text
    assert "liest gerade" in page
    assert 'hx-trigger="every 2s"' in page


# the API


def test_api_lists_fields_previews_and_saves(office: Office) -> None:
    shop, crm = office.shop, f"/connections/{office.shop.crm.id}"
    furnish(shop)
    listed = {one["name"]: one for one in office.ask("GET", f"{crm}/properties").json()}
    assert listed["optin"] == {
        "name": "optin",
        "label": "Einwilligung WhatsApp",
        "kind": "choice",
        "options": ["ja", "nein"],
        "likely": ["consent"],
    }
    assert listed["optin_at"]["likely"] == ["time"]
    told = {"text": PAPER_TEXT, "topics": ["Angebote"], "shown_from": "2026-03-01T00:00:00Z"}
    wording = office.ask("POST", "/wordings", json=told).json()
    whole = {**WHOLE, "wording": {"property": "optin_text", "versions": {"2026-03": str(wording["version"])}}}
    assert office.ask("GET", f"{crm}/mapping").status_code == 404
    tried = office.ask("POST", f"{crm}/mapping/preview", params={"language": "de"}, json=whole).json()
    assert tried["means"] == {"consent": 1, "claim": 1, "opt_out": 1, "nothing": 0, "unusable": 3}
    assert tried["lacks"][0]["code"] == "CONSENT_UNVERIFIED"
    assert {one["record"]: one["means"] for one in tried["records"]}["2"] == "claim"
    assert ANNA not in str(tried)
    assert shop.rows(ClaimMapping) == []
    saved = office.ask("PUT", f"{crm}/mapping", json=whole, headers={"idempotency-key": "k"}).json()
    assert (saved["version"], saved["approved_by"]) == (1, Role.ADMIN)
    assert saved == office.ask("PUT", f"{crm}/mapping", json=whole, headers={"idempotency-key": "k"}).json()
    assert saved == office.ask("GET", f"{crm}/mapping", Role.READER).json()
    with shop.world.db.read() as session:
        acts = session.exec(select(AuditRow.what).order_by(col(AuditRow.id))).all()
    assert acts == ["claims.wording", "claims.preview", "claims.map"]
    (run,) = [shop.sync(person("1", ANNA))] and office.ask("GET", f"{crm}/syncs").json()["items"]
    assert (run["state"], len(shop.rows(SyncRun))) == ("broken_off", 1)


def test_api_tells_a_mistake_by_its_field_and_lets_nobody_else_in(office: Office) -> None:
    shop, crm = office.shop, f"/connections/{office.shop.crm.id}"
    furnish(shop)
    for changes, field in (
        ({"time": {"property": "none_such"}}, "time.property"),
        ({"consent": {**WHOLE["consent"], "yes": ["vielleicht"]}}, "consent"),
        ({"wording": {"property": "optin_text", "versions": {"x": "77"}}}, "wording.versions.x"),
        ({"time": {"property": "optin_at", "zone": "Berlin"}}, "time.zone"),
    ):
        for method, path in (("POST", "mapping/preview"), ("PUT", "mapping")):
            answer = office.ask(method, f"{crm}/{path}", json={**WHOLE, **changes})
            assert (answer.status_code, answer.json()["field"]) == (422, field), path
            assert office.ask(method, f"{crm}/{path}", Role.READER, json=WHOLE).status_code == 403
    assert office.ask("POST", f"/connections/{shop.provider.id}/mapping/preview", json=WHOLE).status_code == 422
    assert shop.rows(ClaimMapping) == []
