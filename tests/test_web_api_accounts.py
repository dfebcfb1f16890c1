# SPDX-License-Identifier: Apache-2.0
"""What a program can set up by API: accounts, numbers, notices, opt-in pages; and what waits for a person."""

from __future__ import annotations

import pytest

from hub.flows import accounts, quarantine
from hub.flows.roles import Role
from hub.store.tables import AuditRow, Connection, Inbox, OptInBatch, OptInPage, Sender
from tests.mapped import MappedShop
from tests.test_web_api import Office

pytest_plugins = ["tests.shops", "tests.test_web_api"]
BIRD = {"connector": "bird", "settings": {"api_key": "bk_eu1_secret", "webhook_secret": "whsec_secret"}}


def test_program_connects_an_account_and_adds_a_number(office: Office) -> None:
    assert office.ask("POST", "/connections", Role.PRIVACY, json=BIRD).status_code == 403
    answer = office.ask("POST", "/connections", Role.INTEGRATOR, json=BIRD)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert "secret" not in answer.text
    where = f"/connections/{made['id']}"
    changed = office.ask("PATCH", where, Role.INTEGRATOR, json={"settings": {"base_url": "https://bird.example"}})
    assert changed.status_code == 200, changed.text
    with office.shop.world.db.read() as session:
        held = accounts.settings(office.shop.world, session.get_one(Connection, made["id"]))
    assert (held["base_url"], held["api_key"]) == ("https://bird.example", "bk_eu1_secret")
    number = {"vendor_id": "+493012345", "number": "+49 30 12345"}
    added = office.ask("POST", f"{where}/numbers", Role.INTEGRATOR, json=number).json()
    limits = f"{where}/numbers/{added['id']}"
    assert office.ask("PATCH", limits, Role.INTEGRATOR, json={"rate": 40, "people": "250"}).json()["rate"] == 40
    row = next(one for one in office.shop.rows(Sender) if one.id == added["id"])
    assert (row.number, row.rate) == ("493012345", 40)
    assert next(one for one in office.shop.rows(Connection) if one.id == made["id"]).tier == 250
    acts = ["connection.make", "connection.change", "sender.add", "limits.set"]
    assert [one.what for one in office.shop.rows(AuditRow)] == acts


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"connector": "none", "settings": {}}, "connector"),
        ({"connector": "bird", "settings": {"api_key": "x"}}, "webhook_secret"),
        ({**BIRD, "settings": {**BIRD["settings"], "region": "us1"}}, "region"),  # type: ignore[dict-item]
        ({"connector": "csv", "settings": {"path": "/etc/passwd"}}, "path"),
    ],
)
def test_account_that_cannot_be_is_refused_by_field(office: Office, wanted: dict[str, object], field: str) -> None:
    before = len(office.shop.rows(Connection))
    answer = office.ask("POST", "/connections", Role.INTEGRATOR, json=wanted)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert len(office.shop.rows(Connection)) == before


def test_file_of_the_server_is_not_set_later_either(office: Office) -> None:
    made = {one["name"]: one for one in office.ask("GET", "/connectors", Role.READER).json()}
    assert (made["csv"]["here"], made["bird"]["here"]) == (False, True)
    cm = {"product_token": "t", "namespace": "n", "webhook_secret": "s" * 16, "webhook_header": "x-hub"}
    answer = office.ask("POST", "/connections", Role.INTEGRATOR, json={"connector": "cm", "settings": cm})
    assert answer.status_code == 201, answer.text
    later = {"settings": {"templates_file": "/etc/passwd"}}
    refused = office.ask("PATCH", f"/connections/{answer.json()['id']}", Role.INTEGRATOR, json=later)
    assert (refused.status_code, refused.json()["field"]) == (422, "templates_file")


def test_privacy_officer_drafts_a_notice_and_makes_a_page_that_shows_it(office: Office) -> None:
    told = {"kind": "art_21_4", "contact": "Musterweg 1, 10115 Berlin"}
    assert office.ask("POST", "/notices/draft", Role.MARKETER, json=told).status_code == 403
    text = office.ask("POST", "/notices/draft", Role.PRIVACY, json=told).json()["text"]
    kept = office.ask("POST", "/notices", Role.PRIVACY, json={"kind": "art_21_4", "text": text}).json()
    again = office.ask("POST", "/notices", Role.PRIVACY, json={"kind": "art_21_4", "text": text}).json()
    assert kept == again
    assert kept["id"] in {one["id"] for one in office.ask("GET", "/notices", Role.READER).json()}
    wanted = {"sender": office.shop.sender.id, "topics": ["Neuigkeiten"], "title": "Neu"}
    page = office.ask("POST", "/opt-in-pages", Role.PRIVACY, json=wanted)
    assert page.status_code == 201, page.text
    where = f"/opt-in-pages/{page.json()['id']}"
    reworded = office.ask("POST", f"{where}/reword", Role.PRIVACY, json={"topics": ["Neuigkeiten", "Angebote"]}).json()
    assert reworded["wording_id"] != page.json()["wording_id"]
    assert office.ask("POST", f"{where}/close", Role.PRIVACY).json()["closed_at"]
    row = next(one for one in office.shop.rows(OptInPage) if one.id == page.json()["id"])
    assert (row.hint_id, row.closed_at is not None) == (kept["id"], True)
    nobody = office.ask("POST", "/opt-in-pages", Role.PRIVACY, json={**wanted, "sender": "x"}).json()
    assert nobody["field"] == "sender"


def test_batch_waits_for_a_second_person(office: Office) -> None:
    mapped = MappedShop(office.shop)
    with mapped.shop.write() as session:
        row = OptInBatch(
            controller_id=mapped.shop.controller.id,
            connection_id=mapped.shop.crm.id,
            mapping_id=mapped.row.id,
            state=quarantine.State.WAITING,
            opened_at=mapped.shop.world.now(),
        )
        session.add(row)
    where = f"/quarantine/{row.id}"
    assert [one["id"] for one in office.ask("GET", "/quarantine", Role.READER).json()] == [row.id]
    looked = {"approve": True, "reason": "form seen"}
    assert office.ask("POST", where, Role.INTEGRATOR, json=looked).status_code == 403
    assert office.ask("POST", where, Role.PRIVACY, json=looked).json()["state"] == "released"
    assert office.ask("POST", where, Role.PRIVACY, json=looked).status_code == 422
    assert office.ask("GET", "/quarantine", Role.READER).json() == []


def test_parked_webhooks_are_tried_again(office: Office) -> None:
    with office.shop.write() as session:
        row = Inbox(
            connection_id=office.shop.provider.id,
            digest=b"d" * 32,
            request=b"sealed",
            state="parked",
            received_at=office.shop.world.now(),
        )
        session.add(row)
    (one,) = office.ask("GET", "/webhooks/parked", Role.INTEGRATOR).json()
    assert (one["id"], one["size"]) == (row.id, 6)
    wrong = office.ask("POST", "/webhooks/retry", Role.INTEGRATOR, json={"ids": ["x"]}).json()
    assert wrong["field"] == "webhook"
    assert office.ask("POST", "/webhooks/retry", Role.INTEGRATOR, json={}).json() == {"webhooks": 1}
    assert office.shop.only(Inbox).state == "pending"
