# SPDX-License-Identifier: Apache-2.0
"""The API: who may come in, what they may do, and that nothing happens twice or unseen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest

from hub.bridge import Bridge
from hub.flows import accounts, comparison, keys
from hub.flows.roles import MAY, May, Role
from hub.store.tables import ApiKey, AuditRow, Campaign, Repeat
from hub.testing.emulator import serve
from hub.web.api.access import WRONG_PER_MINUTE, Throttle
from hub.web.api.problems import Refused
from hub.web.app import build
from hub.work.jobs import Jobs
from tests.carriers import OFFER
from tests.making import ANNA, BEN, CONSENT, TOPIC, Shop, everything_stored, person, phone

pytest_plugins = ["tests.shops"]

WANTED = {
    "title": "Herbst",
    "crm": "paper",
    "audience": "all",
    "template": OFFER.name,
    "language": OFFER.language,
    "purpose": "MARKETING",
    "topic": TOPIC,
    "parameters": {"1": "firstname|dort"},
    "any_hour": True,
}


@dataclass
class Office:
    """A served hub, and keys to it by role."""

    shop: Shop
    base: str = ""
    secrets: dict[str, str] = field(default_factory=dict)

    def key(self, role: Role, title: str = "", shop: Shop | None = None) -> str:
        name = title or role
        if name not in self.secrets:
            of = shop or self.shop
            with of.write() as session:
                _, secret = keys.make(of.world, session, of.controller, title=name, role=role, days=1, by="Dana")
            self.secrets[name] = secret
        return self.secrets[name]

    def ask(
        self, method: str, path: str, role: Role = Role.ADMIN, secret: str | None = None, **more: Any
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.key(role) if secret is None else secret}", **more.pop("headers", {})}
        return httpx.request(method, f"{self.base}/api/v1{path}", headers=headers, timeout=20, **more)

    def made(self) -> str:
        answer = self.ask("POST", "/campaigns", Role.MARKETER, json=WANTED)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


@pytest.fixture
def office(shop: Shop) -> Iterator[Office]:
    with Bridge(connections=1) as bridge:
        made = Office(shop)
        with serve(build(shop.world, lambda ids: None, Jobs(shop.world, bridge))) as made.base:
            yield made


def test_nobody_gets_in_without_a_key_that_is_open(office: Office) -> None:
    with office.shop.write() as session:
        args: dict[str, Any] = {"role": Role.ADMIN, "days": 1, "by": "Dana"}
        _, old = keys.make(office.shop.world, session, office.shop.controller, title="old", **args)
        gone, revoked = keys.make(office.shop.world, session, office.shop.controller, title="gone", **args)
        keys.revoke(office.shop.world, session, office.shop.controller, gone.id)
    assert office.ask("GET", "/me", secret=old).status_code == 200
    office.shop.clock.advance(timedelta(days=1))
    for secret in ("hub_", "hub_guessed", old, revoked):
        answer = office.ask("GET", "/me", secret=secret)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["code"] == "no_key"


def test_secrets_are_nowhere_in_the_database(office: Office) -> None:
    secret = office.ask("POST", "/keys", json={"title": "CRM", "role": "reader"}).json()["secret"]
    assert office.ask("GET", "/me", secret=secret).json()["role"] == "reader"
    assert secret not in everything_stored(office.shop.world)


@pytest.mark.parametrize("role", list(Role))
def test_role_may_what_its_line_says_and_nothing_else(office: Office, role: Role) -> None:
    doors = {
        May.LOOK: ("GET", "/campaigns"),
        May.CAMPAIGN: ("POST", "/campaigns"),
        May.STAFF: ("GET", "/keys"),
        May.AUDIT: ("GET", "/audit"),
    }
    for may, (method, path) in doors.items():
        status = office.ask(method, path, role, json=WANTED if method == "POST" else None).status_code
        assert (status < 300) == (may in MAY[role]), (role, may, status)
        assert status < 300 or status == 403


def test_campaign_is_drafted_previewed_started_paused_and_cancelled(office: Office) -> None:
    shop = office.shop
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT), person("2", BEN, CONSENT))
    shop.paper.lists = {"all": [("1", "2", "3")]}
    made = office.made()
    seen = office.ask("GET", f"/campaigns/{made}/preview", Role.READER, params={"language": "de"}).json()
    assert (seen["audience"], seen["reachable"]) == (3, 1)
    assert {one["code"] for one in seen["blocked"]} == {"CONSENT_UNPROVEN", "SYNC_NO_BASIS"}
    assert all(one["meaning"] and one["remedy"] for one in seen["blocked"])
    for act, state in (("start", "staging"), ("pause", "paused"), ("resume", "staging"), ("cancel", "cancelled")):
        answer = office.ask("POST", f"/campaigns/{made}/{act}", Role.MARKETER)
        assert (answer.status_code, answer.json()["state"]) == (200, state), answer.text
    acts = [row.what for row in shop.rows(AuditRow)]
    assert acts == [f"campaign.{word}" for word in ("draft", "start", "pause", "resume", "cancel")]
    again = office.ask("POST", f"/campaigns/{made}/start", Role.MARKETER)
    assert (again.status_code, again.json()["field"]) == (422, "campaign")
    assert again.json()["remedy"]


def test_who_made_a_campaign_cannot_approve_it(office: Office) -> None:
    made = office.made()
    own = office.ask("POST", f"/campaigns/{made}/approve", Role.MARKETER)
    assert (own.status_code, own.json()["field"]) == (422, "by")
    assert office.ask("POST", f"/campaigns/{made}/approve", Role.PRIVACY).json()["approved_by"] == Role.PRIVACY


def test_repeated_request_does_nothing_again(office: Office) -> None:
    again = {"idempotency-key": "one"}
    first = office.ask("POST", "/campaigns", json=WANTED, headers=again)
    second = office.ask("POST", "/campaigns", json=WANTED, headers=again)
    assert (second.status_code, second.content) == (201, first.content)
    assert second.headers["idempotency-replayed"] == "true"
    assert len(office.shop.rows(Campaign)) == len(office.shop.rows(AuditRow)) == 1
    other = office.ask("POST", "/campaigns", json=WANTED | {"title": "x"}, headers=again)
    assert (other.status_code, other.json()["field"]) == (422, "Idempotency-Key")
    theirs = office.ask("POST", "/campaigns", Role.MARKETER, json=WANTED, headers=again)
    assert theirs.json()["id"] != first.json()["id"]
    assert len(office.shop.rows(Campaign)) == 2


def test_secret_of_a_new_key_is_not_kept_for_a_repetition(office: Office) -> None:
    again = {"idempotency-key": "one"}
    office.ask("POST", "/keys", json={"title": "CRM", "role": "reader"}, headers=again)
    assert office.shop.rows(Repeat) == []


def test_another_companys_things_do_not_exist(office: Office) -> None:
    made = office.made()
    other = Shop(office.shop.world, "Andere GmbH", ("reed", "dove"))
    secret = office.key(Role.ADMIN, "theirs", other)
    assert office.ask("GET", "/campaigns", secret=secret).json()["items"] == []
    assert office.ask("GET", f"/campaigns/{made}", secret=secret).status_code == 404
    assert office.ask("POST", f"/campaigns/{made}/cancel", secret=secret).status_code == 404
    mine = office.shop.rows(ApiKey)[0].id
    assert office.ask("DELETE", f"/keys/{mine}", secret=secret).status_code == 422
    assert office.shop.rows(ApiKey)[0].revoked_at is None
    assert office.ask("GET", "/audit", secret=secret).json()["items"] == []


def test_providers_stand_side_by_side_with_the_askers_own_files_only(office: Office) -> None:
    with office.shop.write() as session:
        second = accounts.make_controller(office.shop.world, session, "Zweite AG", "AT")
        _, stranger = keys.make(office.shop.world, session, second, title="theirs", role=Role.READER, days=1, by="Dana")
    with office.shop.world.db.read() as session:
        shown = [
            comparison.plain(one) for one in comparison.compare(office.shop.world, session, office.shop.controller)
        ]
    mine = {one["name"]: one for one in office.ask("GET", "/providers", Role.READER).json()}
    assert [*mine] == [one["name"] for one in shown]
    assert [one["can"] for one in mine.values()] == [one["can"] for one in shown]
    assert [one["known"] for one in mine.values()] == [one["known"] for one in shown]
    assert [(one["state"], one["sends"]) for one in mine["pigeon"]["files"]] == [("approved", True)]
    assert mine["twilio"]["why_not"]
    theirs = office.ask("GET", "/providers", secret=stranger).json()
    assert not [one for one in theirs if one["files"]]


def test_list_comes_in_pages(office: Office) -> None:
    made = [office.made() for _ in range(5)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = office.ask("GET", "/campaigns", params={"limit": 2, "next": cursor}).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert seen == made[::-1]


def test_wrong_input_names_the_field_and_repeats_no_value(office: Office) -> None:
    answer = office.ask("POST", "/campaigns", json=WANTED | {"canary": "+4915112345671"})
    assert (answer.status_code, answer.json()["field"]) == (422, "canary")
    assert "+49151" not in answer.text
    assert office.shop.rows(AuditRow) == []


def test_what_no_database_could_hold_is_bad_input(office: Office) -> None:
    for answer in (
        office.ask("GET", "/campaigns/%00"),
        office.ask("GET", "/campaigns", params={"next": "\0"}),
        office.ask("POST", "/campaigns", json=WANTED | {"title": "a\0"}),
        office.ask("POST", "/campaigns", json=WANTED | {"template": "a\0"}),
    ):
        assert answer.status_code in (200, 201, 404, 422), answer.text


def test_who_asks_too_often_is_told_how_long_to_wait(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Throttle.__init__, "__defaults__", (3,))
    other = office.key(Role.READER, "other")
    assert [office.ask("GET", "/me").status_code for _ in range(5)] == [200] * 3 + [429] * 2
    late = office.ask("GET", "/me")
    assert late.headers["content-type"] == "application/problem+json"
    assert (late.json()["code"], bool(late.json()["remedy"])) == ("too_fast", True)
    assert 1 <= int(late.headers["retry-after"]) <= 60
    assert office.ask("GET", "/me", secret=other).status_code == 200, "each key for itself"


def test_who_guesses_is_told_to_wait_and_shuts_out_nobody_else(office: Office) -> None:
    good = office.key(Role.READER)
    tries = [office.ask("GET", "/me", secret=f"hub_{index}") for index in range(WRONG_PER_MINUTE + 2)]
    assert [one.status_code for one in tries] == [401] * WRONG_PER_MINUTE + [429] * 2
    assert int(tries[-1].headers["retry-after"]) >= 1
    assert office.ask("GET", "/me", secret=good).status_code == 200, "from the same address"


def test_too_many_requests_wait() -> None:
    throttle = Throttle(most=2)
    throttle.enter("a")
    throttle.enter("a")
    throttle.enter("b")
    with pytest.raises(Refused) as caught:
        throttle.enter("a")
    assert caught.value.problem.status == 429
    assert 0 < caught.value.after <= 60
