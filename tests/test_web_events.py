# SPDX-License-Identifier: Apache-2.0
"""Who may subscribe to events, by API and console; and that a secret is shown once."""

from __future__ import annotations

import re

import pytest

from hub.flows.roles import Role
from hub.store.tables import AuditRow, Delivery, Subscription
from tests.making import Shop, everything_stored
from tests.test_journey_events import happen
from tests.test_web_api import Office
from tests.test_web_console import House

pytest_plugins = ["tests.shops", "tests.test_web_api", "tests.test_web_console"]
HOOK = "https://bi.example.org/hook/Zgeheim"
WANTED = {"title": "BI", "address": HOOK, "kinds": ["sync.finished", "stop.recorded"]}


def parked(shop: Shop) -> str:
    with shop.write() as write:
        mine = write.merge(shop.only(Subscription))
        now = shop.world.now()
        row = Delivery(
            subscription_id=mine.id,
            body=b"{}",
            events=3,
            state="parked",
            answer="503",
            next_attempt_at=now,
            made_at=now,
        )
        write.add(row)
    return row.id


def test_program_subscribes_by_api(office: Office) -> None:
    assert office.ask("POST", "/subscriptions", Role.MARKETER, json=WANTED).status_code == 403
    answer = office.ask("POST", "/subscriptions", Role.INTEGRATOR, json=WANTED)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", made["secret"])
    assert (made["host"], made["kinds"]) == ("bi.example.org", ["stop.recorded", "sync.finished"])
    where = f"/subscriptions/{made['id']}"
    (listed,) = office.ask("GET", "/subscriptions", Role.READER).json()
    assert listed == {name: value for name, value in made.items() if name != "secret"}
    for secret in (made["secret"], "Zgeheim"):
        assert secret not in everything_stored(office.shop.world)
    happen(office.shop, 2)
    assert office.ask("GET", "/subscriptions").json()[0]["waiting"] == 2
    assert office.ask("POST", f"{where}/pause", Role.INTEGRATOR).json()["paused_why"] == "person"
    assert office.ask("POST", f"{where}/resume", Role.INTEGRATOR).json()["paused_why"] == ""
    which = parked(office.shop)
    assert [one["id"] for one in office.ask("GET", f"{where}/parked", Role.READER).json()] == [which]
    assert office.ask("POST", f"{where}/again", json={"delivery": which}).json()["deliveries"] == 1
    assert office.ask("POST", f"{where}/again", json={"delivery": which}).json()["field"] == "delivery"
    assert office.ask("DELETE", where, Role.INTEGRATOR).status_code == 200
    assert office.shop.rows(Subscription) == office.shop.rows(Delivery) == []
    acts = ["events.subscribe", "events.pause", "events.resume", "events.again", "events.remove"]
    assert [row.what for row in office.shop.rows(AuditRow)] == acts


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"address": "http://bi.example.org/"}, "address"),
        ({"address": "https://127.0.0.1/"}, "address"),
        ({"kinds": []}, "kinds"),
        ({"kinds": ["everything"]}, "kinds.0"),
    ],
)
def test_what_cannot_be_subscribed_is_told(office: Office, change: dict[str, object], field: str) -> None:
    answer = office.ask("POST", "/subscriptions", json=WANTED | change)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert office.shop.rows(Subscription) == []


def test_another_companys_subscription_is_none(office: Office) -> None:
    made = office.ask("POST", "/subscriptions", json=WANTED).json()
    other = Shop(office.shop.world, "Andere GmbH", ("card", "dove"))
    secret = office.key(Role.ADMIN, "other", other)
    assert office.ask("GET", "/subscriptions", secret=secret).json() == []
    for method, path in (("DELETE", ""), ("POST", "/pause"), ("GET", "/parked")):
        answer = office.ask(method, f"/subscriptions/{made['id']}{path}", secret=secret)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_person_subscribes_in_the_console(house: House) -> None:
    browser = house.visitor(Role.INTEGRATOR)
    ticket = browser.ticket()
    answer = browser.http.post(
        f"{house.base}/console/events",
        data={"ticket": ticket, "title": "BI", "address": HOOK, "kinds": ["stop.recorded", "sync.finished"]},
    )
    assert answer.status_code == 200
    secret = re.search(r"whsec_[A-Za-z0-9+/]{43}=", answer.text)
    assert secret
    again = browser.get("/console/events").text
    assert "Widerspruch oder Widerruf" in again
    assert secret[0] not in again
    assert "Zgeheim" not in again
    which = parked(house.shop)
    assert "Noch einmal senden" in browser.get("/console/events").text
    today = browser.get("/console").text
    assert 'href="/console/events"' in today
    mine = f"/console/events/{house.shop.only(Subscription).id}"
    assert browser.post(f"{mine}/again", ticket=ticket, delivery=which).status_code == 303
    assert house.shop.only(Delivery).state == "pending"
    for deed, why in (("pause", "person"), ("resume", "")):
        assert browser.post(f"{mine}/{deed}", ticket=ticket).status_code == 303
        assert house.shop.only(Subscription).paused_why == why
    assert browser.post(f"{mine}/remove", ticket=ticket).status_code == 303
    assert house.shop.rows(Subscription) == []


def test_mistake_is_shown_with_what_was_typed_and_readers_only_look(house: House) -> None:
    browser = house.visitor(Role.INTEGRATOR)
    typed = {"ticket": browser.ticket(), "title": "BI", "address": "http://bi.example.org/", "kinds": "sync.finished"}
    answer = browser.post("/console/events", **typed)
    assert answer.status_code == 422
    assert 'value="http://bi.example.org/"' in answer.text
    assert 'value="sync.finished" checked' in answer.text
    reader = house.visitor(Role.READER)
    assert 'name="address"' not in reader.get("/console/events").text
    assert reader.post("/console/events", ticket=reader.ticket(), address=HOOK).status_code == 403
