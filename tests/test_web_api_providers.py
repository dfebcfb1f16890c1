# SPDX-License-Identifier: Apache-2.0
"""Providers, their files and routes by the API: the same that the console shows and does."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from hub.flows.roles import Role
from hub.store.tables import AuditRow, Campaign, ProcessorRecord, RoutePolicy, RouteSwitch
from tests.making import Shop
from tests.test_web_api import Office
from tests.test_web_console_providers import another

pytest_plugins = ["tests.shops", "tests.test_web_api"]


def of(shop: Shop) -> str:
    return f"/providers/{shop.provider.id}"


def test_file_is_read_filed_ticked_attached_approved_and_suspended(office: Office) -> None:
    shop = office.shop
    held = office.ask("GET", of(shop), Role.READER).json()
    assert (held["state"], held["sends"], held["missing"]) == ("approved", True, [])
    changed = held["file"] | {"identity": held["file"]["identity"] | {"legal_name": "Taube AG", "seat": ""}}
    draft = office.ask("PUT", of(shop), Role.PRIVACY, json=changed)
    assert draft.status_code == 200, draft.text
    assert (draft.json()["state"], draft.json()["missing"]) == ("approved", ["identity.seat is empty"])
    refused = office.ask("POST", f"{of(shop)}/approve", Role.PRIVACY)
    assert (refused.status_code, refused.json()["field"]) == (422, "processor")
    office.ask("PUT", of(shop), Role.PRIVACY, json=held["file"])
    tick: dict[str, Any] = {"points": ["dpa-a"], "status": "ok", "evidence": "§ 3"}
    assert office.ask("POST", f"{of(shop)}/tick", Role.PRIVACY, json=tick).json()["file"]["points"]["dpa-a"][
        "reviewer"
    ] == str(Role.PRIVACY)
    paper = {"kind": "toms", "name": "../x.pdf", "body": base64.b64encode(b"\0\xffx").decode()}
    kept = office.ask("POST", f"{of(shop)}/papers", Role.PRIVACY, json=paper).json()["papers"][-1]
    assert kept["name"] == "x.pdf"
    assert office.ask("GET", f"{of(shop)}/papers/{kept['sha256']}", Role.PRIVACY).content == b"\0\xffx"
    assert office.ask("POST", f"{of(shop)}/approve", Role.PRIVACY).json()["sends"] is True
    stopped = office.ask("POST", f"{of(shop)}/stop-transfer", json={"to": "US", "tool": "A45-3", "why": "Urteil"})
    assert stopped.json()["file"]["transfers"][0]["stopped"] is True
    suspended = office.ask("POST", f"{of(shop)}/suspend", json={"why": "Vorfall"})
    assert (suspended.json()["state"], suspended.json()["sends"]) == ("suspended", False)
    assert [row.what for row in shop.rows(AuditRow)][-2:] == ["processor.stop_transfer", "processor.suspend"]


def test_comparison_keeps_known_and_checked_apart(office: Office) -> None:
    entries = {one["name"]: one for one in office.ask("GET", "/providers", Role.READER).json()}
    assert entries["pigeon"]["files"][0]["connection"] == office.shop.provider.id
    assert entries["link"]["plugin"] is False
    assert any(one["needed"] for one in office.ask("GET", "/providers/points", Role.READER).json())


def test_point_that_is_none_is_refused(office: Office) -> None:
    held = office.ask("GET", of(office.shop)).json()["file"]
    wrong = held | {"points": {"none": {"status": "ok"}}}
    answer = office.ask("PUT", of(office.shop), json=wrong)
    assert (answer.status_code, answer.json()["field"]) == (422, "points.none")


def test_route_is_set_checked_switched_and_returned(office: Office) -> None:
    shop = office.shop
    there = another(shop)
    shop.draft(sender=shop.sender)
    rule = {"seats": ["EEA"], "prefer": [shop.sender.id, there.id], "fallback": True}
    assert office.ask("PUT", "/routes/MARKETING", json=rule).json()["prefer"] == rule["prefer"]
    assert office.ask("GET", "/routes", Role.READER).json()[0]["purpose"] == "MARKETING"
    offers = office.ask("GET", "/routes/check", Role.READER, params={"purpose": "MARKETING"}).json()
    assert [(one["sender"], one["fits"]) for one in offers] == [(shop.sender.id, True), (there.id, True)]
    wanted: dict[str, Any] = {"source": shop.sender.id, "target": there.id}
    (plan,) = office.ask("POST", "/routes/switch", json=wanted).json()["plans"]
    assert (plan["problems"], plan["done"], shop.rows(RouteSwitch)) == ([], False, [])
    office.ask("POST", "/routes/switch", json=wanted | {"dry_run": False})
    assert shop.only(Campaign).sender_id == there.id
    office.ask("POST", "/routes/return", json={"number": shop.sender.id, "dry_run": False})
    assert shop.only(Campaign).sender_id == shop.sender.id
    assert [row.what for row in shop.rows(AuditRow)] == ["route.set", "route.switch", "route.return"]


@pytest.mark.parametrize("role", [Role.READER, Role.MARKETER, Role.INTEGRATOR])
def test_who_may_not_provide_changes_nothing(office: Office, role: Role) -> None:
    shop, why = office.shop, {"why": "x"}
    before = len(shop.rows(ProcessorRecord))
    for deed in ("approve", "suspend", "reopen", "end"):
        assert office.ask("POST", f"{of(shop)}/{deed}", role, json=why).status_code == 403
    assert office.ask("PUT", "/routes/*", role, json={}).status_code == 403
    assert (len(shop.rows(ProcessorRecord)), shop.rows(RoutePolicy)) == (before, [])


def test_another_companys_file_does_not_exist(office: Office) -> None:
    shop = office.shop
    sha256 = shop.rows(ProcessorRecord)[-1].papers[0]["sha256"]
    other = Shop(shop.world, "Andere GmbH", ("reed", "dove"))
    secret = office.key(Role.ADMIN, "theirs", other)
    assert office.ask("GET", of(shop), secret=secret).status_code == 404
    assert office.ask("GET", f"{of(shop)}/papers/{sha256}", secret=secret).status_code == 404
    assert office.ask("POST", f"{of(shop)}/suspend", secret=secret, json={"why": "x"}).status_code == 404
    assert office.ask("GET", f"/providers/{other.crm.id}", secret=secret).status_code == 404
    wanted = {"source": shop.sender.id, "target": shop.sender.id}
    assert office.ask("POST", "/routes/switch", secret=secret, json=wanted).status_code == 422
