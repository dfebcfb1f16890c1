# SPDX-License-Identifier: Apache-2.0
"""Proof in the console: the ledger checked, decisions found, policies compared and replayed, the audit log."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from hub.flows import decided, policies
from hub.flows.decided import Filter
from hub.flows.roles import MAY, May, Role
from hub.law import policies as packaged
from hub.store.tables import AuditRow, DecisionRow, LedgerRow
from tests.making import ANNA, BEN, CONSENT, Shop, person, phone
from tests.test_web_console import Browser, House

pytest_plugins = ["tests.shops", "tests.test_web_console"]


def judged(shop: Shop) -> None:
    """Anna may be written to, Ben may not."""
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT), person("2", BEN, CONSENT))
    shop.stage("1", "2")
    shop.claim()


def listed(browser: Browser, **wanted: str) -> list[str]:
    page = browser.get("/console/decisions?" + "&".join(f"{name}={value}" for name, value in wanted.items())).text
    return re.findall(r'href="/console/decisions/(\w+)"', page)


def test_ledger_is_checked_and_what_was_changed_is_named(house: House) -> None:
    judged(house.shop)
    browser = house.visitor(Role.PRIVACY)
    assert "Alles hält" in browser.post("/console/proof/verify", ticket=browser.ticket()).text
    row = house.shop.events("consent_given")[0]
    with house.shop.write() as session:
        session.execute(update(LedgerRow).where(col(LedgerRow.id) == row.id).values(record=row.record + " "))
    page = browser.post("/console/proof/verify", ticket=browser.ticket()).text
    assert "nicht bestanden" in page
    assert f"link {row.seq}" in page
    assert [one.what for one in house.shop.rows(AuditRow)] == ["ledger.verify"] * 2


def test_long_ledger_is_left_to_the_command_line(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(house.shop)
    monkeypatch.setattr("hub.flows.checked.MOST", 3)
    browser = house.visitor(Role.PRIVACY)
    page = browser.post("/console/proof/verify", ticket=browser.ticket()).text
    assert "hub ledger verify" in page
    assert "Alles hält" not in page


def test_decisions_are_found_by_verdict_reason_and_day(house: House) -> None:
    shop = house.shop
    judged(shop)
    today = shop.world.now().date()
    shop.clock.advance(timedelta(days=2))
    shop.agree(phone(BEN))
    shop.stage("2")
    shop.claim()
    rows = {row.id: row for row in shop.rows(DecisionRow) if row.contact_id}
    browser = house.visitor(Role.PRIVACY)
    assert listed(browser) == sorted(rows, key=lambda one: (rows[one].seq, rows[one].position), reverse=True)
    for verdict in ("ALLOW", "DENY"):
        assert set(listed(browser, verdict=verdict)) == {one for one, row in rows.items() if row.verdict == verdict}
    denied = {one for one, row in rows.items() if '"CONSENT_UNPROVEN"' in row.record}
    assert denied
    assert set(listed(browser, reason="CONSENT_UNPROVEN")) == denied
    first = set(listed(browser, day=today.isoformat()))
    later = set(listed(browser, day=(today + timedelta(days=2)).isoformat()))
    assert first | later == set(rows)
    assert first
    assert later
    assert not first & later
    assert listed(browser, day=(today + timedelta(days=1)).isoformat()) == []
    assert set(listed(browser, day="someday", verdict="PERHAPS", reason="x")) == set(rows)


def test_rare_decision_is_found_over_several_pages(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = house.shop
    judged(shop)
    monkeypatch.setattr(decided, "LOOKED_AT", 1)
    found, before, pages = [], "", 0
    with shop.world.db.read() as session:
        while True:
            page = decided.listing(session, shop.controller, Filter(verdict="DENY"), before, 10)
            found, before, pages = [*found, *page.rows], page.more, pages + 1
            if not before:
                break
    assert {one.id for one in found} == {row.id for row in shop.rows(DecisionRow) if row.verdict == "DENY"}
    assert pages == len(shop.rows(DecisionRow)) + 1


def test_tables_are_taken_away_as_csv(house: House) -> None:
    judged(house.shop)
    browser = house.visitor(Role.PRIVACY)
    browser.post("/console/people/search", ticket=browser.ticket(), subject=ANNA)
    for path, head, count in (
        ("decisions.csv?verdict=DENY", "at", len(listed(browser, verdict="DENY"))),
        ("audit.csv", "at", 1),
    ):
        answer = browser.get(f"/console/{path}")
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert (rows[0][0], len(rows) - 1) == (head, count)
        assert ANNA not in answer.text


def test_audit_log_is_narrowed_to_what_and_who(house: House) -> None:
    judged(house.shop)
    admin, officer = house.visitor(Role.ADMIN), house.visitor(Role.PRIVACY)
    admin.post("/console/proof/verify", ticket=admin.ticket())
    officer.post("/console/people/search", ticket=officer.ticket(), subject=ANNA)
    page = officer.get("/console/audit").text
    assert "Hauptbuch geprüft" in page
    assert "Person gesucht" in page
    assert "Hauptbuch geprüft" not in officer.get("/console/audit?what=people.").text
    who = next(row.who for row in house.shop.rows(AuditRow) if row.what == "ledger.verify")
    assert "Person gesucht" not in officer.get(f"/console/audit?who={who}").text


def test_policies_are_compared_and_the_last_day_decided_again(house: House) -> None:
    shop = house.shop
    judged(shop)
    names = packaged.names()
    raw = packaged.text(names[0]).replace("version =", "# mine\nversion =", 1)
    text = re.sub(r'^version = "[^"]+"', 'version = "mine"', raw, count=1, flags=re.MULTILINE)
    text = re.sub(r'^name = "[^"]+"', 'name = "ours"', text, count=1, flags=re.MULTILINE)
    with shop.write() as session:
        policies.load(session, shop.controller, text.encode(), "Dana", shop.world.now())
    browser = house.visitor(Role.PRIVACY)
    assert "Keine Einstellung" in browser.get(f"/console/policies?before={names[0]}&after=ours@mine").text
    assert "<code>" in browser.get(f"/console/policies?before={names[0]}&after={names[1]}").text
    assert "Keine Einstellung" not in browser.get(f"/console/policies?before={names[0]}&after={names[1]}").text
    again = browser.post("/console/policies/replay", ticket=browser.ticket(), policy="ours@mine")
    figures = [int(one) for one in re.findall(r"<dd>(\d+)</dd>", again.text)]
    decisions = sum(1 for row in shop.rows(DecisionRow) if row.phase != "sync_in")
    assert figures[0] == decisions
    unknown = browser.post("/console/policies/replay", ticket=browser.ticket(), policy="/etc/hostname.toml")
    assert unknown.status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if May.AUDIT not in MAY[role]])
def test_role_without_audit_sees_neither_log_nor_decisions(house: House, role: Role) -> None:
    browser = house.visitor(role)
    assert browser.get("/console/proof").status_code == 200
    for path in ("audit", "audit.csv", "decisions", "decisions.csv"):
        assert browser.get(f"/console/{path}").status_code == 403
    for path in ("proof/verify", "policies/replay"):
        assert browser.post(f"/console/{path}", ticket=browser.ticket()).status_code == 403


def test_another_companys_decisions_and_log_are_not_listed(house: House) -> None:
    judged(house.shop)
    officer = house.visitor(Role.PRIVACY)
    officer.post("/console/people/search", ticket=officer.ticket(), subject=ANNA)
    other = Shop(house.shop.world, "Andere GmbH", ("reed", "dove"))
    browser = house.visitor(Role.ADMIN, other, "x@example.org")
    assert listed(browser) == []
    assert "Person gesucht" not in browser.get("/console/audit").text
    assert "privacy" not in browser.get("/console/audit").text


def test_pages_about_proof_speak_both_languages(house: House) -> None:
    judged(house.shop)
    browser = house.visitor(Role.PRIVACY)
    pages = {
        "/console/proof": ("Das Hauptbuch", "The ledger"),
        "/console/decisions": ("Nicht erlaubt", "Not allowed"),
        "/console/policies": ("Zwei vergleichen", "Compare two"),
        "/console/audit": ("alle Personen und Schlüssel", "all people and keys"),
    }
    for index, language in enumerate(("de", "en")):
        browser.post(f"/console/language/{language}")
        for path, said in pages.items():
            assert said[index] in browser.get(path).text
            assert said[1 - index] not in browser.get(path).text
