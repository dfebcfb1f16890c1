# SPDX-License-Identifier: Apache-2.0
"""People in the console: found without a trace of what was typed, shown with what happened and why, and proven."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from hub.contract import Receipt
from hub.flows import erasure
from hub.flows.roles import MAY, May, Role
from hub.flows.timeline import Strand
from hub.proof.checking import check
from hub.store.ledger import Chain
from hub.store.tables import AuditRow, ConsentRow, Contact, DecisionRow, LedgerRow, MessageRow
from tests.making import ANNA, BEN, CONSENT, Shop, everything_stored, person, phone
from tests.test_web_console import Browser, House

pytest_plugins = ["tests.shops", "tests.test_web_console"]


def look_up(browser: Browser, typed: str) -> str:
    """Where a search leads."""
    return browser.post("/console/people/search", ticket=browser.ticket(), subject=typed).headers["location"]


def wrote(shop: Shop) -> str:
    """Anna agreed, got a message and stopped; Ben is in the CRM only, and was refused. Returns Anna's id."""
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT), person("2", BEN, CONSENT))
    shop.stage("1", "2")
    shop.settle({one.outgoing.id: Receipt(f"pigeon.{one.outgoing.id}") for one in shop.claim()})
    shop.stop(phone(ANNA))
    return shop.contact_of(phone(ANNA)).id


def test_person_is_found_by_number_and_by_record(house: House) -> None:
    anna = wrote(house.shop)
    browser = house.visitor(Role.PRIVACY)
    for typed in (ANNA, "0151 12345671", "1", anna):
        assert look_up(browser, typed) == f"/console/people/{anna}"
    for typed in ("+4915112345699", "no such record", "", "\x00"):
        assert look_up(browser, typed) == "/console/people?found=none"
    assert 'role="alert"' in browser.get("/console/people?found=none").text
    rows = [(row.what, row.about) for row in house.shop.rows(AuditRow)]
    assert rows == [("people.search", anna)] * 4 + [("people.search", "")] * 4
    assert "15112345671" not in everything_stored(house.shop.world)


def test_timeline_tells_what_happened_newest_first(house: House) -> None:
    anna = wrote(house.shop)
    browser = house.visitor(Role.PRIVACY)
    page = browser.get(f"/console/people/{anna}").text
    told = re.findall(r'<li class="(\w+)">', page)
    assert told[0] == Strand.WITHDRAWAL
    assert told.index(Strand.MESSAGE) < told.index(Strand.NOTICE) < told.index(Strand.CONSENT)
    assert ANNA not in page
    assert "Widerspruch gegen Werbung" in page
    assert "vom Anbieter angenommen" in page
    for strand in Strand:
        only = re.findall(r'<li class="(\w+)">', browser.get(f"/console/people/{anna}?show={strand}").text)
        assert only == [one for one in told if one == strand]


def test_long_timeline_comes_in_pages(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.web.console.people._PAGE", 2)
    anna = wrote(house.shop)
    browser = house.visitor(Role.PRIVACY)
    path, seen = f"/console/people/{anna}", []
    while path:
        page = browser.get(path).text
        seen += re.findall(r'<time datetime="[^"]+">|/console/decisions/\w+', page)
        found = re.search(r'href="([^"#]+before=[^"#]+)', page)
        path = found[1].replace("&amp;", "&") if found else ""
    mine = [row for row in house.shop.rows(LedgerRow) if row.contact_id == anna]
    decided = [row for row in house.shop.rows(DecisionRow) if row.contact_id == anna]
    assert sum(1 for one in seen if one.startswith("<time")) == len(mine) + len(decided) >= 5


def test_why_names_reason_remedy_and_every_check(house: House) -> None:
    wrote(house.shop)
    browser = house.visitor(Role.PRIVACY)
    for row in house.shop.rows(DecisionRow):
        if row.contact_id is None:
            assert browser.get(f"/console/decisions/{row.id}").status_code == 404
            continue
        page = browser.get(f"/console/decisions/{row.id}").text
        assert ("OK_CONSENT" if row.verdict == "ALLOW" else "CONSENT_UNPROVEN") in page
        assert "Ist eine Person" in page or "kein Einwand" in page
        assert f"/console/people/{row.contact_id}" in page


@pytest.mark.parametrize("reveal", ["", "yes"])
def test_evidence_is_whole_and_its_leaving_is_written_down(house: House, reveal: str) -> None:
    anna = wrote(house.shop)
    browser = house.visitor(Role.PRIVACY)
    message = next(row.id for row in house.shop.rows(MessageRow) if row.campaign_id)
    consent = house.shop.rows(ConsentRow)[0].ledger_id
    for path in (f"people/{anna}", f"messages/{message}", f"consents/{consent}"):
        answer = browser.post(f"/console/{path}/evidence", ticket=browser.ticket(), reveal=reveal)
        assert answer.headers["content-disposition"].startswith("attachment")
        assert check(answer.content).ok
        assert (ANNA.encode() in answer.content) == bool(reveal)
    rows = [(row.what, row.about) for row in house.shop.rows(AuditRow)]
    assert rows == [("evidence.contact", anna), ("evidence.message", message), ("evidence.consent", consent)]


def test_messages_of_a_period_come_as_one_sealed_file(house: House) -> None:
    anna = wrote(house.shop)
    browser, day = house.visitor(Role.PRIVACY), house.shop.world.now().date().isoformat()
    form = {"ticket": browser.ticket(), "from": day, "to": day}
    answer = browser.post(f"/console/people/{anna}/messages", **form)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = set(archive.namelist())
        assert {"index.json", "index.html", "manifest.json"} <= names
        capsules = [name for name in names if name.startswith("capsules/")]
        assert len(capsules) == sum(1 for row in house.shop.rows(MessageRow) if row.contact_id == anna) >= 1
        assert all(check(archive.read(name)).ok for name in capsules)
    wrong = browser.post(f"/console/people/{anna}/messages", **form | {"to": "tomorrow"})
    assert wrong.status_code == 422


def test_erased_person_is_shown_as_such(house: House) -> None:
    anna = wrote(house.shop)
    with house.shop.write() as session:
        chain = Chain(session, house.shop.controller.id, house.shop.world.now())
        erasure.erase(house.shop.world, session, chain, session.get_one(Contact, anna), "asked")
        chain.write()
    page = house.visitor(Role.PRIVACY).get(f"/console/people/{anna}")
    assert page.status_code == 200
    assert "gelöscht (Art. 17 DSGVO)" in page.text


@pytest.mark.parametrize("role", [role for role in Role if May.PEOPLE not in MAY[role]])
def test_role_without_people_sees_none(house: House, role: Role) -> None:
    anna = wrote(house.shop)
    decision = next(row.id for row in house.shop.rows(DecisionRow) if row.contact_id)
    browser = house.visitor(role)
    assert "/console/people" not in browser.get("/console").text
    for path in ("people", f"people/{anna}", f"decisions/{decision}"):
        assert browser.get(f"/console/{path}").status_code == 403
    for path in ("people/search", f"people/{anna}/evidence", f"people/{anna}/messages"):
        assert browser.post(f"/console/{path}", ticket=browser.ticket(), subject=ANNA).status_code == 403


def test_another_companys_people_do_not_exist(house: House) -> None:
    anna = wrote(house.shop)
    message = next(row.id for row in house.shop.rows(MessageRow) if row.campaign_id)
    consent = house.shop.rows(ConsentRow)[0].ledger_id
    decision = next(row.id for row in house.shop.rows(DecisionRow) if row.contact_id)
    other = Shop(house.shop.world, "Andere GmbH", ("reed", "dove"))
    browser = house.visitor(Role.ADMIN, other, "x@example.org")
    for typed in (ANNA, "1", anna):
        assert look_up(browser, typed) == "/console/people?found=none"
    for path in (f"people/{anna}", f"decisions/{decision}"):
        assert browser.get(f"/console/{path}").status_code == 404
    day = house.shop.world.now().date().isoformat()
    for path in (f"people/{anna}/evidence", f"people/{anna}/messages"):
        form = {"ticket": browser.ticket(), "from": day, "to": day}
        assert browser.post(f"/console/{path}", **form).status_code == 404
    for path in (f"messages/{message}/evidence", f"consents/{consent}/evidence"):
        assert browser.post(f"/console/{path}", ticket=browser.ticket()).status_code == 422


def test_pages_about_people_speak_both_languages(house: House) -> None:
    anna = wrote(house.shop)
    decision = next(row.id for row in house.shop.rows(DecisionRow) if row.verdict == "DENY")
    browser = house.visitor(Role.PRIVACY)
    pages = {
        "/console/people": ("Suchen Sie", "Search by"),
        f"/console/people/{anna}": ("Was jetzt sperrt", "What blocks now"),
        f"/console/decisions/{decision}": ("Alle Prüfungen", "All checks"),
    }
    for index, language in enumerate(("de", "en")):
        browser.post(f"/console/language/{language}")
        for path, said in pages.items():
            assert said[index] in browser.get(path).text
            assert said[1 - index] not in browser.get(path).text
