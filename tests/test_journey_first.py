# SPDX-License-Identifier: Apache-2.0
"""From nothing to a first campaign, in a real browser with the playground: what a newcomer does on the first day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from pydantic import SecretStr
from sqlmodel import select

from hub.flows import first
from hub.flows import world as worlds
from hub.flows.world import World
from hub.settings import Settings
from hub.store.tables import AuditRow, Controller, MessageRow, Staff
from hub.store.vault import generate
from hub.testing.clock import until
from hub.testing.emulator import serve
from hub.testing.journey import free_port
from hub.testing.playground import Playground
from hub.web.app import build
from hub.work.crew import Crew
from tests.tabs import PASSWORD, Tab

pytest_plugins = ["tests.browsers"]
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[tuple[World, str]]:
    """A hub in which there is nothing, with a playground; its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    world = worlds.build(Settings(data_dir=tmp_path, keys=SecretStr(generate()), public_url=address, port=port))
    world.db.migrate()
    with ExitStack() as stack:
        playground = stack.enter_context(Playground(world, (0, 0)))
        crew = stack.enter_context(Crew(world))
        stack.enter_context(serve(build(world, crew.nudges.receive, crew.jobs, playground), port=port))
        yield world, address
    world.db.close()


def test_newcomer_gets_from_nothing_to_a_campaign_that_reached_people(
    empty: tuple[World, str], browser: Browser
) -> None:
    world, address = empty
    context = browser.new_context(locale="de")
    context.set_default_timeout(15_000)
    tab = Tab(context.new_page(), address)
    _first_start(tab, world)
    _provider(tab)
    _crm(tab, world)
    _wording(tab)
    _agrees(tab)
    _campaign(tab)
    assert tab.wrong == []
    with world.db.read() as session:
        sent = session.exec(select(MessageRow).where(MessageRow.state.in_(["sent", "delivered", "read"]))).all()  # type: ignore[attr-defined]
        assert sum(row.campaign_id is not None for row in sent) >= 20
        acts = [row.what for row in session.exec(select(AuditRow).order_by(AuditRow.id))]
    assert acts[0] == "staff.first"
    context.close()


def _first_start(tab: Tab, world: World) -> None:
    tab.go("/console")
    assert tab.page.url.endswith("/console/first")
    assert tab.violations() == []
    tab.page.get_by_label("Code aus dem Terminal").fill("falsch")
    tab.page.get_by_label(re.compile("Firmenname")).fill("Muster GmbH")
    tab.page.get_by_label("Ihr Name").fill("Dana Schutz")
    tab.page.get_by_label("E-Mail").fill("dana@example.org")
    tab.page.get_by_label("Passwort").fill(PASSWORD)
    tab.press("Anlegen und beginnen")
    expect(tab.page.get_by_role("alert")).to_contain_text("Der Code stimmt nicht")
    with world.db.read() as session:
        assert session.exec(select(Staff)).first() is None
        assert session.exec(select(Controller)).first() is None
    tab.page.get_by_label("Code aus dem Terminal").fill(first.code(world))
    tab.page.get_by_label("Passwort").fill(PASSWORD)
    tab.press("Anlegen und beginnen")
    assert tab.page.url.endswith("/console/guide")
    assert tab.violations() == []


def _provider(tab: Tab) -> None:
    tab.press("Gespieltes WhatsApp verbinden")
    tab.press("Akte zum Ausprobieren ausfüllen (nichts ist geprüft)")
    tab.page.get_by_role("link", name="Vorlagen lesen").click()
    tab.press("Vorlagen neu lesen")


def _crm(tab: Tab, world: World) -> None:
    tab.go("/console/guide")
    tab.press("Gespieltes CRM verbinden")
    tab.page.get_by_role("link", name="Menschen aus dem CRM lesen").click()
    tab.press("Jetzt lesen")


def _wording(tab: Tab) -> None:
    for kind in ("art_13", "art_21_4"):
        tab.go(f"/console/notices/new?kind={kind}")
        assert tab.violations() == []
        tab.page.get_by_label("Wie man Sie erreicht").fill("Musterweg 1, 10115 Berlin")
        if kind == "art_13":
            tab.page.get_by_label("Adresse Ihrer vollen").fill("https://muster.example/datenschutz")
            tab.page.get_by_label("Wie lange Sie").fill("Nachrichten 90 Tage.")
        tab.press("Entwurf vorschlagen")
        expect(tab.page.get_by_label("Wortlaut")).to_have_value(re.compile("Muster GmbH"))
        tab.press("Als Fassung behalten")
        assert tab.page.url.endswith("/console/notices")
    tab.go("/console/pages/new")
    assert tab.violations() == []
    tab.page.get_by_label("Themen").fill("Angebote")
    tab.press("Seite anlegen")
    expect(tab.page.locator("main")).to_contain_text("stehen auf der Seite")


def _agrees(tab: Tab) -> None:
    tab.go("/console/guide")
    tab.press("25 erfundene Menschen sagen dort Ja")

    def agreed() -> bool:
        tab.page.reload()
        shown = tab.page.locator("dl.figures > div", has=tab.page.get_by_text("Personen, die eingewilligt haben"))
        return int(shown.locator("dd").inner_text()) == 25

    until(agreed, "25 people to agree")


def _campaign(tab: Tab) -> None:
    tab.go("/console/campaigns/new")
    tab.page.locator("[name=template]").select_option(index=1)
    tab.press("Weiter")
    tab.page.get_by_label("Titel").fill("Erste Kampagne")
    tab.page.get_by_label("Zielgruppe").select_option(index=1)
    tab.page.get_by_label("Thema der Einwilligung").select_option("Angebote")
    tab.page.get_by_label("Feld im CRM").fill("firstname")
    tab.page.get_by_label("Ersatz").fill("dort")
    tab.page.get_by_role("checkbox").check()  # at any hour
    tab.press("Entwurf anlegen")
    assert tab.page.url.endswith("/preview")
    tab.press("Starten")
    expect(tab.page.locator(".state")).to_contain_text("beendet", timeout=60_000)
    tab.go("/console/guide")
    assert tab.page.get_by_text("Offen:").count() == 0
