# SPDX-License-Identifier: Apache-2.0
"""Providers in the console: compared, their files filled in, proven, approved and taken back; routes and switches."""

from __future__ import annotations

import re

import httpx
import pytest

from hub.flows import accounts
from hub.flows.processor import papers, versions
from hub.flows.processor.form import Status
from hub.flows.processor.points import POINTS
from hub.flows.roles import Role
from hub.store.tables import (
    AuditRow,
    Campaign,
    Connection,
    ProcessorPaper,
    ProcessorRecord,
    RoutePolicy,
    RouteSwitch,
    Sender,
)
from hub.testing import processor_files
from hub.web.console import uploads
from tests.carriers import OFFER
from tests.making import Shop, everything_stored
from tests.test_web_console import Browser, House

pytest_plugins = ["tests.shops", "tests.test_web_console"]


def of(shop: Shop) -> str:
    return f"/console/providers/{shop.provider.id}"


def newest(shop: Shop) -> ProcessorRecord:
    with shop.world.db.read() as session:
        row = versions.newest(session, shop.provider.id)
    assert row is not None
    return row


def attach(house: House, browser: Browser, name: str, body: bytes, **fields: str) -> httpx.Response:
    form = {"ticket": browser.ticket(), "kind": "toms", **fields}
    return browser.http.post(f"{house.base}{of(house.shop)}/papers", data=form, files={"file": (name, body)})


def another(shop: Shop) -> Sender:
    """The same number at a second provider, which has the template and an approved file."""
    with shop.write() as session:
        account = accounts.connect(shop.world, session, shop.controller, shop.provider.connector, {}, "Second")
        accounts.replace_templates(shop.world, session, account, [OFFER])
        processor_files.approve(shop.world, session, account)
        return accounts.add_sender(session, account, "second", "+49 30 1234567")


def test_pages_speak_both_languages(house: House) -> None:
    there = another(house.shop)
    browser = house.visitor(Role.PRIVACY)
    sides = f"from={house.shop.sender.id}&to={there.id}"
    words = {
        "/console/providers": ("Vergleich", "Comparison"),
        of(house.shop): ("Prüfpunkte", "Points to check"),
        **{
            f"{of(house.shop)}/form/{part}": ("Als Entwurf ablegen", "File as a draft")
            for part in ("identity", "transfers")
        },
        "/console/routes": ("Welche Nummer was tragen würde", "Which number would carry what"),
        "/console/routes/plan": ("Nach", "To"),
        f"/console/routes/plan?{sides}": ("Noch ist nichts geändert", "Nothing is changed yet"),
    }
    for index, language in enumerate(("de", "en")):
        browser.post(f"/console/language/{language}")
        for path, said in words.items():
            answer = browser.get(path)
            assert answer.status_code == 200, path
            assert said[index] in answer.text, path


def test_comparison_says_what_is_unconfirmed_and_is_narrowed_and_exported(house: House) -> None:
    browser = house.visitor(Role.READER)
    browser.post("/console/language/en")
    page = browser.get("/console/providers").text
    assert "Unconfirmed:" in page
    assert "LINK Mobility" in page
    narrowed = browser.get("/console/providers?p-pigeon=on").text
    assert narrowed.count('<th scope="col">') == 1
    file = browser.get("/console/providers.csv").content.decode("utf-8-sig")
    assert "UNCONFIRMED: " in file
    assert "Pigeon Post" in file


def test_file_is_filled_ticked_proven_and_approved(house: House) -> None:
    shop = house.shop
    shop.file(approve=False)
    browser = house.visitor(Role.PRIVACY)
    form = {"ticket": browser.ticket(), "identity.legal_name": "Taube <AG>", "identity.address": "Dach 1"}
    form |= {"identity.role": "processor", "identity.seat": "de"}
    assert browser.post(f"{of(shop)}/form/identity", **form).status_code == 303
    assert newest(shop).file["identity"]["seat"] == "DE"
    assert newest(shop).reviewer == "privacy"
    assert "Taube &lt;AG&gt;" in browser.get(of(shop)).text
    browser.post(f"{of(shop)}/form/hosting", **{"ticket": browser.ticket(), "hosting.regions": "de, fr"})
    assert newest(shop).file["hosting"]["regions"] == ["DE", "FR"]
    refused = browser.post(f"{of(shop)}/approve", ticket=browser.ticket())
    assert refused.status_code == 422
    assert "local_storage is empty" in refused.text
    more = {"hosting.regions": "DE", "hosting.local_storage": "DE"}
    browser.post(f"{of(shop)}/form/hosting", ticket=browser.ticket(), **more)
    assert browser.post(f"{of(shop)}/approve", ticket=browser.ticket()).status_code == 303
    assert newest(shop).state == "approved"
    assert [row.what for row in shop.rows(AuditRow)][-1] == "processor.approve"
    assert {row.about for row in shop.rows(AuditRow)} == {shop.provider.id}


def test_list_grows_by_one_row_and_an_empty_one_is_left_out(house: House) -> None:
    shop, browser = house.shop, house.visitor(Role.ADMIN)
    for name in ("Eins", "Zwei"):
        rows = newest(shop).file.get("subprocessors", [])
        form = {f"subprocessors.{at}.{key}": one for at, row in enumerate(rows) for key, one in row.items()}
        form |= {f"subprocessors.{len(rows)}.name": name, f"subprocessors.{len(rows)}.country": "de"}
        assert browser.post(f"{of(shop)}/form/subprocessors", ticket=browser.ticket(), **form).status_code == 303
    assert [one["name"] for one in newest(shop).file["subprocessors"]] == ["Eins", "Zwei"]
    form = {"subprocessors.0.name": "Eins", "subprocessors.0.country": "DE", "subprocessors.1.name": ""}
    browser.post(f"{of(shop)}/form/subprocessors", ticket=browser.ticket(), **form)
    assert [one["name"] for one in newest(shop).file["subprocessors"]] == ["Eins"]


def test_mistake_in_the_file_is_shown_at_its_field_with_what_was_typed(house: House) -> None:
    shop, browser = house.shop, house.visitor(Role.ADMIN)
    before = newest(shop).version
    form = {"identity.legal_name": "Taube <b>", "identity.seat": "Germany"}
    answer = browser.post(f"{of(shop)}/form/identity", ticket=browser.ticket(), **form)
    assert answer.status_code == 422
    assert re.search(r'name="identity.seat"[^>]*value="Germany"[^>]*aria-invalid="true"', answer.text)
    assert "Taube &lt;b&gt;" in answer.text
    assert newest(shop).version == before


def test_points_are_answered_together_and_signed(house: House) -> None:
    shop, browser = house.shop, house.visitor(Role.PRIVACY)
    chosen = list(POINTS)[:2]
    form: dict[str, object] = {"ticket": browser.ticket(), "point": chosen, "status": "gap", "note": "zu dünn"}
    answer = browser.http.post(f"{house.base}{of(shop)}/tick", data=form)
    assert answer.status_code == 303
    held = newest(shop).file["points"]
    assert {held[name]["status"] for name in chosen} == {Status.GAP}
    assert {held[name]["reviewer"] for name in chosen} == {"privacy"}
    form |= {"status": "ok", "evidence": ""}
    refused = browser.http.post(f"{house.base}{of(shop)}/tick", data=form)
    assert refused.status_code == 422
    assert refused.text.count(" checked>") == 2
    assert "zu dünn" in refused.text
    strange = browser.http.post(f"{house.base}{of(shop)}/tick", data=form | {"point": ["none"], "evidence": "x"})
    assert strange.status_code == 422


def test_document_is_kept_sealed_and_given_back_as_it_was(house: House) -> None:
    shop, browser = house.shop, house.visitor(Role.PRIVACY)
    body = b"%PDF\r\n--boundary\r\n\0\xff Erika Mustermann\r\r\n\n"
    assert attach(house, browser, "Maßnahmen.pdf", body, expires="2030-01-31").status_code == 303
    kept = newest(shop).papers[-1]
    assert (kept["name"], kept["kind"], kept["expires_on"]) == ("Maßnahmen.pdf", "toms", "2030-01-31")
    assert "Erika Mustermann" not in everything_stored(shop.world)
    answer = browser.get(f"{of(shop)}/papers/{kept['sha256']}")
    assert answer.content == body
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''Ma%C3%9F")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert house.visitor(Role.READER).get(f"{of(shop)}/papers/{kept['sha256']}").status_code == 403


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\dpa.pdf", "dpa.pdf"),
        ('"><script>alert(1)</script>.pdf', "script>.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("...", "toms"),
        ("x" * 500 + ".pdf", "x" * 116 + ".pdf"),
        ("a\r\nset-cookie: b=c", "aset-cookie: b=c"),
    ],
)
def test_hostile_name_of_a_document_does_no_harm(house: House, given: str, kept: str) -> None:
    shop, browser = house.shop, house.visitor(Role.ADMIN)
    assert attach(house, browser, given, b"x").status_code == 303
    held = newest(shop).papers[-1]
    assert held["name"] == kept
    page = browser.get(of(shop)).text
    assert "<script>alert" not in page
    answer = browser.get(f"{of(shop)}/papers/{held['sha256']}")
    assert "set-cookie" not in answer.headers
    assert answer.status_code == 200


def test_document_that_is_too_large_empty_or_no_form_changes_nothing(
    house: House,
) -> None:
    shop, browser = house.shop, house.visitor(Role.ADMIN)
    before, kept = newest(shop).version, len(shop.rows(ProcessorPaper))
    too_large = attach(house, browser, "big.pdf", bytes(papers.MOST + 1))
    assert too_large.status_code == 422
    assert "20 MiB" in too_large.text
    much_too_large = attach(house, browser, "big.pdf", bytes(papers.MOST * 2))
    assert much_too_large.status_code == 422
    assert attach(house, browser, "empty.pdf", b"").status_code == 422
    assert attach(house, browser, "x.pdf", b"x", kind="song").status_code == 422
    assert attach(house, browser, "x.pdf", b"x", ticket="guessed").status_code == 403
    headers = {"content-type": "multipart/form-data"}
    assert browser.http.post(f"{house.base}{of(shop)}/papers", content=b"x", headers=headers).status_code == 403
    nobody = httpx.post(f"{house.base}{of(shop)}/papers", data={"kind": "toms"}, files={"file": ("a", b"x")})
    assert (nobody.status_code, nobody.headers["location"]) == (303, "/console/login")
    assert (newest(shop).version, len(shop.rows(ProcessorPaper))) == (before, kept)


def test_suspending_needs_a_reason_and_counts_at_once(house: House) -> None:
    shop, browser = house.shop, house.visitor(Role.PRIVACY)
    assert browser.post(f"{of(shop)}/suspend", ticket=browser.ticket(), why=" ").status_code == 422
    assert browser.post(f"{of(shop)}/suspend", ticket=browser.ticket(), why="Vorfall").status_code == 303
    assert (newest(shop).state, newest(shop).note) == ("suspended", "Vorfall")
    assert browser.post(f"{of(shop)}/reopen", ticket=browser.ticket(), why="neu ansehen").status_code == 303
    assert newest(shop).state == "in_review"


def test_transfer_is_stopped_by_its_switch(house: House) -> None:
    shop, browser = house.shop, house.visitor(Role.ADMIN)
    answer = browser.post(f"{of(shop)}/stop", ticket=browser.ticket(), transfer="US:A45-3", why="Urteil")
    assert answer.status_code == 303
    assert newest(shop).file["transfers"][0]["stopped"] is True
    again = browser.post(f"{of(shop)}/stop", ticket=browser.ticket(), transfer="US:A45-3", why="Urteil")
    assert again.status_code == 422


def test_route_is_ruled_and_number_switched_and_returned(house: House) -> None:
    shop, browser = house.shop, house.visitor(Role.ADMIN)
    there, made = another(shop), shop.draft(sender=shop.sender)
    rule = {"purpose": "*", "seats": "eea", "prefer1": shop.sender.id, "prefer2": there.id, "fallback": "yes"}
    assert browser.post("/console/routes", ticket=browser.ticket(), **rule).status_code == 303
    assert (shop.only(RoutePolicy).seats, shop.only(RoutePolicy).prefer) == (["EEA"], [shop.sender.id, there.id])
    wrong = browser.post("/console/routes", ticket=browser.ticket(), **rule | {"seats": "Europe"})
    assert wrong.status_code == 422
    sides = {"from": shop.sender.id, "to": there.id}
    before = everything_stored(shop.world)
    plan = browser.get(f"/console/routes/plan?from={shop.sender.id}&to={there.id}").text
    assert "+493012345" in plan
    assert everything_stored(shop.world) == before
    assert browser.post("/console/routes/switch", ticket=browser.ticket(), **sides).status_code == 303
    assert shop.only(Campaign).sender_id == there.id
    assert [one.about for one in shop.rows(AuditRow)][-1] == shop.only(RouteSwitch).id
    assert browser.get(f"/console/routes/plan?back={shop.sender.id}").status_code == 200
    assert browser.post("/console/routes/return", ticket=browser.ticket(), back=shop.sender.id).status_code == 303
    assert browser.post("/console/routes/return", ticket=browser.ticket(), back=shop.sender.id).status_code == 422
    assert shop.only(Campaign).id == made.id
    assert shop.only(Campaign).sender_id == shop.sender.id


def test_switch_with_problems_is_not_done_and_says_which(house: House) -> None:
    shop, browser = house.shop, house.visitor(Role.PRIVACY)
    there = another(shop)
    shop.draft(sender=shop.sender)
    with shop.write() as session:
        account = session.get_one(Connection, there.connection_id)
        accounts.replace_templates(shop.world, session, account, [])
    sides = {"from": shop.sender.id, "to": there.id}
    answer = browser.post("/console/routes/switch", ticket=browser.ticket(), **sides)
    assert answer.status_code == 422
    assert "is not there" in answer.text
    assert shop.rows(RouteSwitch) == []
    bad = browser.post("/console/routes/switch", ticket=browser.ticket(), **sides, map="nonsense")
    assert bad.status_code == 422


@pytest.mark.parametrize("role", [Role.READER, Role.MARKETER, Role.INTEGRATOR])
def test_who_may_not_provide_changes_nothing(house: House, role: Role) -> None:
    browser, page = house.visitor(role), of(house.shop)
    assert "/approve" not in browser.get(page).text
    for deed in ("form/identity", "tick", "approve", "suspend", "reopen", "end", "stop"):
        assert browser.post(f"{page}/{deed}", ticket=browser.ticket(), why="x").status_code == 403, deed
    assert attach(house, browser, "x", b"x").status_code == 403
    assert browser.post("/console/routes", ticket=browser.ticket()).status_code == 403


def test_another_companys_file_and_routes_do_not_exist(house: House) -> None:
    shop = house.shop
    there = another(shop)
    sha256 = newest(shop).papers[-1]["sha256"]
    other = Shop(shop.world, "Andere GmbH", ("reed", "dove"))
    browser = house.visitor(Role.ADMIN, other, "x@example.org")
    for path in ("", "/form/identity", f"/papers/{sha256}"):
        assert browser.get(f"{of(shop)}{path}").status_code == 404, path
    for deed in ("form/identity", "tick", "approve", "suspend", "reopen", "end", "stop"):
        assert browser.post(f"{of(shop)}/{deed}", ticket=browser.ticket(), why="x", point="x").status_code == 404, deed
    assert attach(house, browser, "x", b"x").status_code == 404
    sides = f"from={shop.sender.id}&to={there.id}"
    assert browser.get(f"/console/routes/plan?{sides}").status_code == 422
    assert browser.get(f"/console/routes/plan?back={shop.sender.id}").status_code == 422
    for deed, said in (("switch", {"from": shop.sender.id, "to": there.id}), ("return", {"back": shop.sender.id})):
        assert browser.post(f"/console/routes/{deed}", ticket=browser.ticket(), **said).status_code == 422
    assert shop.sender.id not in browser.get("/console/routes").text
    assert browser.get(f"/console/providers/{other.crm.id}").status_code == 404  # a CRM has no file
    assert browser.get(f"{of(shop).replace(shop.provider.id, other.provider.id)}/form/nothing").status_code == 404
    sealed = newest(other).papers[-1]["sha256"]
    assert browser.get(f"/console/providers/{other.provider.id}/papers/{'0' * 64}").status_code == 404
    assert browser.get(f"/console/providers/{other.provider.id}/papers/{sealed}").status_code == 200


def test_form_with_files_is_read_byte_by_byte() -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\ndpa\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a%22.pdf"\r\n'
        b"Content-Type: message/rfc822\r\n\r\n\r\n--not-b\r\n\r--b\n\r\n--b--\r\n"
    )
    form, files = uploads.split("multipart/form-data; boundary=b", body)
    assert form == {"kind": ["dpa"]}
    assert files["file"].name == 'a".pdf'
    assert files["file"].body == b"\r\n--not-b\r\n\r--b\n"
    assert uploads.split("multipart/form-data", body) == ({}, {})
    assert uploads.split("text/plain; boundary=b", body) == ({}, {})
