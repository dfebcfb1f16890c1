# SPDX-License-Identifier: Apache-2.0
"""Connections by the API: the same that the console shows and does."""

from __future__ import annotations

from hub.contract import Page, Unusable
from hub.flows.guard import guard_of
from hub.flows.roles import Role
from hub.store.tables import AuditRow, Connection, CrmRecord, Repeat, SyncRun
from tests.making import ANNA, CONSENT, Shop, person
from tests.test_web_api import WANTED, Office

pytest_plugins = ["tests.shops", "tests.test_web_api"]


def row(shop: Shop) -> Connection:
    with shop.world.db.read() as session:
        return session.get_one(Connection, shop.crm.id)


def test_connection_is_shown_checked_and_its_reading_explained(office: Office) -> None:
    shop = office.shop
    shop.paper.lists = {"all": [("1",)]}
    shop.sync(person("1", ANNA), unusable=[Unusable("row 7", "phone", "is no number")])
    kinds = {one["id"]: one["kind"] for one in office.ask("GET", "/connections", Role.READER).json()}
    assert kinds == {shop.crm.id: "crm", shop.provider.id: "provider"}
    crm = f"/connections/{shop.crm.id}"
    assert office.ask("GET", f"{crm}/health").json()["ok"] is True
    assert office.ask("GET", f"{crm}/audiences").json() == [{"id": "all", "title": "all", "size": None}]
    (run,) = office.ask("GET", f"{crm}/syncs", params={"language": "de"}).json()["items"]
    assert {one["code"]: one["people"] for one in run["excluded"]} == {"SYNC_NO_BASIS": 1, "SUBJECT_UNRESOLVED": 1}
    (template,) = office.ask("GET", f"/connections/{shop.provider.id}/templates").json()
    assert (template["name"], template["state"]) == ("angebot", "APPROVED")
    assert office.ask("GET", f"/connections/{shop.provider.id}/numbers").json() == []


def test_rehearsal_stores_nothing_and_sync_is_asked_for(office: Office) -> None:
    shop = office.shop
    shop.paper.pages = [Page((person("1", ANNA, CONSENT),), "a")]
    found = office.ask("GET", f"/connections/{shop.crm.id}/rehearsal").json()
    assert (found["seen"], found["ended"], shop.rows(CrmRecord)) == (1, True, [])
    assert office.ask("POST", f"/connections/{shop.crm.id}/sync").json()["next_sync_at"]
    assert row(shop).next_sync_at is not None
    assert [one.what for one in shop.rows(AuditRow)] == ["connection.sync"]


def test_reading_is_stopped_and_shown_as_such(office: Office) -> None:
    shop, crm = office.shop, f"/connections/{office.shop.crm.id}"
    assert office.ask("POST", f"{crm}/sync/stop").status_code == 422
    with shop.write() as session:
        session.add(SyncRun(connection_id=shop.crm.id, started_at=shop.world.now()))
    assert office.ask("POST", f"{crm}/sync/stop", Role.READER).status_code == 403
    assert office.ask("POST", f"{crm}/sync/stop").status_code == 200
    (run,) = office.ask("GET", f"{crm}/syncs").json()["items"]
    assert (run["stopped"], run["finished_at"]) == (True, None)
    assert [one.what for one in shop.rows(AuditRow)] == ["connection.stop_sync"]


def test_door_and_guard_are_changed_and_secrets_not_kept(office: Office) -> None:
    shop, crm = office.shop, f"/connections/{office.shop.crm.id}"
    old = office.ask("GET", f"{crm}/door").json()["url"]
    new = office.ask("POST", f"{crm}/door", headers={"idempotency-key": "k"}).json()["url"]
    assert old != new
    assert shop.rows(Repeat) == []
    wanted = {"header": "X-Hub", "secret": "sixteen-characters", "networks": ["203.0.113.7"]}
    answer = office.ask("PUT", f"{crm}/guard", json=wanted)
    assert answer.json() == {"id": shop.crm.id, "header": "x-hub", "networks": ["203.0.113.7/32"]}
    assert guard_of(shop.world, row(shop)).secret == "sixteen-characters"
    bad = office.ask("PUT", f"{crm}/guard", json=wanted | {"networks": ["0.0.0.0/0"]})
    assert (bad.status_code, bad.json()["field"]) == (422, "allow")


def test_reader_changes_nothing_and_another_company_finds_nothing(office: Office) -> None:
    shop = office.shop
    other = Shop(shop.world, "Andere GmbH", ("reed", "dove"))
    secret = office.key(Role.ADMIN, "theirs", other)
    deeds = [("POST", one) for one in ("sync", "resume", "reports/retry", "templates/read", "door")]
    asks = [("GET", one) for one in ("health", "numbers", "rehearsal", "door")]
    for method, path in [*deeds, *asks, ("PUT", "guard")]:
        body = {} if method == "PUT" else None
        assert office.ask(method, f"/connections/{shop.crm.id}/{path}", Role.READER, json=body).status_code == 403
        assert office.ask(method, f"/connections/{shop.crm.id}/{path}", secret=secret, json=body).status_code == 404
    for path in ("", "/audiences", "/templates", "/syncs"):
        assert office.ask("GET", f"/connections/{shop.crm.id}{path}", secret=secret).status_code == 404


def test_campaign_tells_finish_results_and_planned_start(office: Office) -> None:
    office.shop.paper.lists = {"all": [("1",)]}
    answer = office.ask("POST", "/campaigns", json=WANTED | {"start_at": "2030-07-01T09:00:00+02:00"})
    made = answer.json()
    assert made["start_at"].startswith("2030-07-01T07:00")
    seen = office.ask("GET", f"/campaigns/{made['id']}/preview").json()
    assert (seen["first"], seen["cost"]) == (None, [])
    (variant,) = office.ask("GET", f"/campaigns/{made['id']}/results").json()["variants"]
    assert (variant["name"], variant["messages"], variant["weight"]) == ("angebot/de", 0, 1)
