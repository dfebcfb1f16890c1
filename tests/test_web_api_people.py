# SPDX-License-Identifier: Apache-2.0
"""People, consent and proof through the API: the same answers as on the pages, for the same roles."""

from __future__ import annotations

import pytest

from hub.contract import Receipt
from hub.flows.roles import MAY, May, Role
from hub.law.facts import StopKind
from hub.proof.checking import check
from hub.store.tables import AuditRow, ConsentRow, DecisionRow, MessageRow, Review
from tests.making import ANNA, BEN, CONSENT, Shop, person, phone
from tests.test_web_api import Office

pytest_plugins = ["tests.shops", "tests.test_web_api"]


def wrote(shop: Shop) -> str:
    """Anna agreed, got a message and said something unclear; Ben was refused. Returns Anna's id."""
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT), person("2", BEN, CONSENT))
    shop.stage("1", "2")
    shop.settle({one.outgoing.id: Receipt(f"pigeon.{one.outgoing.id}") for one in shop.claim()})
    shop.stop(phone(ANNA), text="Das nervt langsam")
    return shop.contact_of(phone(ANNA)).id


def test_person_is_found_shown_explained_and_proven(office: Office) -> None:
    anna = wrote(office.shop)
    found = office.ask("POST", "/people/search", Role.PRIVACY, json={"subject": ANNA})
    assert found.json() == {"id": anna}
    assert office.ask("POST", "/people/search", Role.PRIVACY, json={"subject": "+4915112345699"}).status_code == 404
    shown = office.ask("GET", f"/people/{anna}", Role.PRIVACY)
    assert (shown.json()["state"], len(shown.json()["consents"]), len(shown.json()["stops"])) == ("known", 1, 1)
    assert shown.json()["records"][0]["record"] == "1"
    assert ANNA not in shown.text
    entries, cursor = [], ""
    while True:
        params = {"limit": 2, "next": cursor}
        page = office.ask("GET", f"/people/{anna}/timeline", Role.PRIVACY, params=params).json()
        entries += page["items"]
        cursor = page["next"]
        if not cursor:
            break
    assert len({one["cursor"] for one in entries}) == len(entries) >= 5
    assert entries[0]["what"] == "unclear_message"
    decision = next(one for one in entries if one["decision"])
    why = office.ask("GET", f"/decisions/{decision['id']}", Role.PRIVACY, params={"language": "de"}).json()
    assert why["verdict"] == "ALLOW"
    assert why["reasons"][0]["meaning"]
    assert len(why["steps"]) > 10
    message, consent = why["message_id"], office.shop.only(ConsentRow).ledger_id
    for path in (f"people/{anna}", f"messages/{message}", f"consents/{consent}"):
        capsule = office.ask("POST", f"/{path}/evidence", Role.PRIVACY)
        assert check(capsule.content).ok
        assert ANNA not in capsule.text
    acts = [row.what for row in office.shop.rows(AuditRow)]
    assert acts == ["people.search"] * 2 + ["evidence.contact", "evidence.message", "evidence.consent"]


def test_decisions_are_listed_by_verdict(office: Office) -> None:
    wrote(office.shop)
    found = office.ask("GET", "/decisions", Role.PRIVACY, params={"verdict": "DENY"}).json()["items"]
    assert {one["id"] for one in found} == {row.id for row in office.shop.rows(DecisionRow) if row.verdict == "DENY"}
    assert office.ask("GET", "/decisions", Role.PRIVACY, params={"verdict": "MAYBE"}).status_code == 422


def test_unclear_message_is_read_once(office: Office) -> None:
    wrote(office.shop)
    (waiting,) = office.ask("GET", "/reviews", Role.PRIVACY).json()
    assert waiting["words"] == "Das nervt langsam"
    done = office.ask("POST", f"/reviews/{waiting['id']}", Role.PRIVACY, json={"verdict": "stop"})
    assert (done.status_code, done.json()["verdict"]) == (200, "stop")
    assert office.ask("GET", "/reviews", Role.PRIVACY).json() == []
    assert StopKind.OBJECTION_MARKETING in {stop.kind for stop in office.shop.stops(phone(ANNA))}
    again = office.ask("POST", f"/reviews/{waiting['id']}", Role.PRIVACY, json={"verdict": "no_stop"})
    assert (again.status_code, again.json()["field"]) == (422, "review")


def test_wordings_pages_ledger_and_policies_are_there(office: Office) -> None:
    wrote(office.shop)
    page = office.shop.page
    (wording,) = office.ask("GET", "/wordings", Role.READER).json()["items"]
    assert office.ask("GET", f"/wordings/{wording['id']}", Role.READER).json() == wording
    (listed,) = office.ask("GET", "/opt-in-pages", Role.READER).json()["items"]
    assert listed["id"] == page.id
    result = office.ask("GET", f"/opt-in-pages/{page.id}", Role.READER).json()["result"]
    assert (result["agreed"], result["standing"]) == (1, 0)
    checked = office.ask("POST", "/ledger/verify", Role.PRIVACY).json()
    assert checked["problems"] == []
    assert checked["links"] == office.ask("GET", "/ledger", Role.READER).json()["links"]
    names = office.ask("GET", "/policies", Role.READER).json()["names"]
    pair = {"before": names[0], "after": names[1]}
    assert office.ask("GET", "/policies/compare", Role.READER, params=pair).json()
    assert office.ask("GET", "/policies/compare", params=pair | {"after": "/etc/x.toml"}).status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_role_sees_people_only_if_it_may(office: Office, role: Role) -> None:
    anna = wrote(office.shop)
    for method, path in (
        ("GET", f"/people/{anna}"),
        ("GET", f"/people/{anna}/timeline"),
        ("GET", "/decisions"),
        ("GET", "/reviews"),
        ("POST", f"/people/{anna}/evidence"),
    ):
        assert (office.ask(method, path, role).status_code == 403) == (May.PEOPLE not in MAY[role])


def test_another_companys_people_and_texts_do_not_exist(office: Office) -> None:
    shop, anna = office.shop, wrote(office.shop)
    other = Shop(shop.world, "Andere GmbH", ("reed", "dove"))
    secret = office.key(Role.ADMIN, "theirs", other)
    decision, review = shop.rows(DecisionRow)[-1].id, shop.only(Review).id
    for path in (f"people/{anna}", f"people/{anna}/timeline", f"decisions/{decision}", f"opt-in-pages/{shop.page.id}"):
        assert office.ask("GET", f"/{path}", secret=secret).status_code == 404
    assert office.ask("GET", f"/wordings/{shop.page.wording_id}", secret=secret).status_code == 404
    assert office.ask("POST", "/people/search", secret=secret, json={"subject": ANNA}).status_code == 404
    assert office.ask("POST", f"/people/{anna}/evidence", secret=secret).status_code == 404
    assert office.ask("POST", f"/messages/{shop.rows(MessageRow)[0].id}/evidence", secret=secret).status_code == 422
    assert office.ask("POST", f"/reviews/{review}", secret=secret, json={"verdict": "stop"}).status_code == 404
    for path in ("decisions", "opt-in-pages", "wordings"):
        mine = {one["id"] for one in office.ask("GET", f"/{path}", secret=secret).json()["items"]}
        assert not mine & {decision, shop.page.id, shop.page.wording_id}
