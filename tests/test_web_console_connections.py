# SPDX-License-Identifier: Apache-2.0
"""Connections in the console: how each is, what was read and why others not, and what a person can mend."""

from __future__ import annotations

import csv

import pytest

from hub.contract import Outcome, Page, Unusable
from hub.flows import accounts
from hub.flows.guard import guard_of
from hub.flows.roles import Role
from hub.store.tables import AuditRow, Connection, CrmRecord, ReportRow, SyncRun, TemplateRow
from hub.work import leases
from hub.work.jobs import Jobs
from tests.making import ANNA, BEN, CARLA, CONSENT, Shop, everything_stored, person, phone
from tests.test_web_console import House

pytest_plugins = ["tests.shops", "tests.test_web_console"]


def of(shop: Shop, which: str = "crm") -> str:
    return f"/console/connections/{(shop.crm if which == 'crm' else shop.provider).id}"


def row(shop: Shop, which: str = "crm") -> Connection:
    with shop.world.db.read() as session:
        return session.get_one(Connection, (shop.crm if which == "crm" else shop.provider).id)


def test_pages_speak_both_languages(house: House) -> None:
    shop = house.shop
    shop.sync(person("1", ANNA), unusable=[Unusable("row 7", "phone", "is no number")])
    run = shop.only(SyncRun)
    browser = house.visitor(Role.INTEGRATOR)
    crm, provider = of(shop), of(shop, "provider")
    words = {
        "/console/connections": ("Verbindungen", "Connections"),
        crm: ("Lesen des CRM", "Reading the CRM"),
        provider: ("Vorlagen", "Templates"),
        f"{crm}/health": ("Die Gegenstelle antwortet.", "The other side answers."),
        f"{crm}/syncs": ("Alle Lesevorgänge", "All readings"),
        f"{crm}/syncs/{run.id}": ("Wer nicht aufgenommen wird", "Who is not admitted"),
        f"{crm}/rehearsal": ("Gespeichert wurde nichts", "Nothing was stored"),
    }
    for index, language in enumerate(("de", "en")):
        browser.post(f"/console/language/{language}")
        for path, said in words.items():
            answer = browser.get(path)
            assert answer.status_code == 200, path
            assert said[index] in answer.text, path


def test_reading_is_told_with_reasons_in_plain_words(house: House) -> None:
    shop = house.shop
    shop.sync(person("1", ANNA), person("2", BEN), unusable=[Unusable("row 7", "phone", "is no number")])
    run = shop.only(SyncRun)
    browser = house.visitor(Role.READER)
    page = browser.get(f"{of(shop)}/syncs/{run.id}").text
    assert "SYNC_NO_BASIS" in page
    assert "row 7" in page
    assert ANNA not in page
    (line,) = csv.DictReader(browser.get(f"{of(shop)}/syncs.csv").content.decode("utf-8-sig").splitlines())
    assert (line["seen"], "SYNC_NO_BASIS:2" in line["excluded"]) == ("3", True)


def test_dry_run_stores_nothing(house: House) -> None:
    shop = house.shop
    shop.paper.pages = [Page((person("1", ANNA), person("2", CARLA, CONSENT)), "a")]
    browser = house.visitor(Role.INTEGRATOR)
    browser.get("/console")
    before = everything_stored(shop.world)
    assert "SYNC_NO_BASIS" in browser.get(f"{of(shop)}/rehearsal").text
    assert everything_stored(shop.world) == before


def test_sync_now_is_done_by_the_next_who_works(house: House, jobs: Jobs) -> None:
    shop = house.shop
    browser = house.visitor(Role.INTEGRATOR)
    assert browser.post(f"{of(shop)}/sync", ticket=browser.ticket()).status_code == 303
    assert row(shop).next_sync_at is not None
    page = browser.get(of(shop)).text
    assert 'hx-trigger="every 2s"' in page
    shop.agree(phone(ANNA))
    shop.paper.pages = [Page((person("1", ANNA, CONSENT),), "a")]
    jobs.sync(shop.crm.id)
    assert 'hx-trigger="every 2s"' not in browser.get(f"{of(shop)}/syncing").text
    assert len(shop.rows(CrmRecord)) == 1
    assert browser.post(f"{of(shop, 'provider')}/sync", ticket=browser.ticket()).status_code == 422


def test_reading_is_stopped_by_a_button_that_is_there_while_it_reads(house: House) -> None:
    shop = house.shop
    browser = house.visitor(Role.INTEGRATOR)
    stop = f"{of(shop)}/sync/stop"
    assert stop not in browser.get(of(shop)).text
    with shop.write() as session:
        session.add(SyncRun(connection_id=shop.crm.id, started_at=shop.world.now()))
    assert stop not in browser.get(of(shop)).text  # nobody reads: it was broken off
    assert leases.take(shop.world, f"sync:{shop.crm.id}", "a worker", 60)
    assert stop in browser.get(of(shop)).text
    assert browser.post(stop, ticket=browser.ticket()).status_code == 303
    page = browser.get(of(shop)).text
    assert stop not in page
    assert "hält nach dieser Seite an" in page
    assert browser.post(f"{of(shop, 'provider')}/sync/stop", ticket=browser.ticket()).status_code == 422


def test_paused_connection_says_why_and_goes_on(house: House) -> None:
    shop = house.shop
    with shop.write() as session:
        accounts.pause(session, shop.crm.id, "the token <was> revoked")
    browser = house.visitor(Role.INTEGRATOR)
    assert "the token &lt;was&gt; revoked" in browser.get(of(shop)).text
    assert of(shop) in browser.get("/console").text
    assert browser.post(f"{of(shop)}/sync", ticket=browser.ticket()).status_code == 422
    browser.post(f"{of(shop)}/resume", ticket=browser.ticket())
    assert row(shop).paused_why == ""
    assert [one.what for one in shop.rows(AuditRow)] == ["connection.resume"]
    assert shop.rows(AuditRow)[0].about == shop.crm.id


def test_report_that_the_crm_refused_is_tried_again(house: House, jobs: Jobs) -> None:
    shop = house.shop
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT))
    shop.stop(phone(ANNA))
    shop.paper.reply = lambda report: Outcome(report.key, "no such field", retry=False)
    jobs.report(shop.crm.id)
    browser = house.visitor(Role.INTEGRATOR)
    assert "no such field" in browser.get(of(shop)).text
    browser.post(f"{of(shop)}/retry", ticket=browser.ticket())
    assert {one.state for one in shop.rows(ReportRow)} == {"pending"}


def test_templates_are_read_again_and_shown_by_state(house: House) -> None:
    shop = house.shop
    with shop.write() as session:
        accounts.replace_templates(shop.world, session, shop.provider, [])
    browser = house.visitor(Role.INTEGRATOR)
    browser.post(f"{of(shop, 'provider')}/templates", ticket=browser.ticket())
    assert [one.name for one in shop.rows(TemplateRow)] == ["angebot"]
    assert "angebot (de)" in browser.get(of(shop, "provider")).text
    assert "angebot (de)" not in browser.get(f"{of(shop, 'provider')}?state=PAUSED").text


def test_guard_is_set_kept_and_its_secret_never_shown(house: House) -> None:
    shop = house.shop
    browser = house.visitor(Role.INTEGRATOR)
    secret = "a secret nobody-sees".replace(" ", "-")
    form = {
        "ticket": browser.ticket(),
        "header": "X-Hub",
        "secret": secret,
        "networks": "203.0.113.0/24\n2001:db8::/32",
    }
    assert browser.post(f"{of(shop)}/guard", **form).status_code == 303
    assert guard_of(shop.world, row(shop)).secret == secret
    assert secret not in browser.get(of(shop)).text
    browser.post(f"{of(shop)}/guard", **form | {"secret": "", "networks": ""})
    held = guard_of(shop.world, row(shop))
    assert (held.secret, held.networks) == (secret, ())
    wrong = browser.post(f"{of(shop)}/guard", **form | {"networks": "everybody <b>"})
    assert wrong.status_code == 422
    assert "everybody &lt;b&gt;" in wrong.text
    assert browser.post(f"{of(shop)}/guard", **form | {"header": "X-Other", "secret": ""}).status_code == 422
    assert guard_of(shop.world, row(shop)).header == "x-hub"


def test_webhook_address_is_for_those_who_connect_and_can_be_changed(house: House) -> None:
    shop = house.shop
    old = row(shop).door
    assert old not in house.visitor(Role.READER).get(of(shop)).text
    browser = house.visitor(Role.INTEGRATOR)
    assert old in browser.get(of(shop)).text
    browser.post(f"{of(shop)}/door", ticket=browser.ticket())
    assert row(shop).door != old


def test_numbers_of_a_vendor_that_does_not_tell_are_no_breakdown(house: House) -> None:
    browser = house.visitor(Role.INTEGRATOR)
    browser.post("/console/language/en")
    assert "does not tell about its numbers" in browser.get(f"{of(house.shop, 'provider')}/numbers").text


@pytest.mark.parametrize("role", [Role.READER, Role.MARKETER])
def test_who_only_looks_changes_nothing_and_asks_nobody(house: House, role: Role) -> None:
    browser = house.visitor(role)
    for deed in ("sync", "resume", "retry", "templates", "door", "guard"):
        assert browser.post(f"{of(house.shop)}/{deed}", ticket=browser.ticket()).status_code == 403
    for page in ("health", "numbers", "rehearsal"):
        assert browser.get(f"{of(house.shop)}/{page}").status_code == 403
    assert "/guard" not in browser.get(of(house.shop)).text


def test_another_companys_connection_does_not_exist(house: House) -> None:
    shop = house.shop
    shop.sync(person("1", ANNA))
    run = shop.only(SyncRun).id
    other = Shop(shop.world, "Andere GmbH", ("reed", "dove"))
    browser = house.visitor(Role.ADMIN, other, "x@example.org")
    for path in ("", "/health", "/numbers", "/rehearsal", "/syncing", "/syncs", "/syncs.csv", f"/syncs/{run}"):
        assert browser.get(f"{of(shop)}{path}").status_code == 404, path
    for deed in ("sync", "resume", "retry", "templates", "door", "guard"):
        assert browser.post(f"{of(shop)}/{deed}", ticket=browser.ticket()).status_code == 404, deed
    assert browser.get(f"/console/connections/{other.crm.id}/syncs/{run}").status_code == 404
    assert shop.crm.id not in browser.get("/console/connections").text
