# SPDX-License-Identifier: Apache-2.0
"""The door: who is not the vendor stays out, who is gets an answer only when the row is committed."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import structlog
from sqlalchemy import event, text
from sqlmodel import col, select

from hub import logs
from hub.bridge import Bridge
from hub.flows import accounts
from hub.flows.world import World
from hub.store.tables import Connection, Inbox
from hub.testing.emulator import serve
from hub.web import door
from hub.web.app import build
from hub.web.door import MAX_BODY
from hub.work.jobs import Jobs
from tests.making import ANNA, VENDOR_ID, Shop, everything_stored, phone

pytest_plugins = ["tests.shops"]

SECRET, VERIFY, WABA = "deep-secret", "a-text-of-our-own", "102290129340398"
SETTINGS = {"waba_id": WABA, "access_token": "t", "app_secret": SECRET, "verify_token": VERIFY}


class House:
    """A served hub with a Meta account, and what it was nudged about."""

    def __init__(self, shop: Shop) -> None:
        self.world, self.shop = shop.world, shop
        world = shop.world
        self.base = ""
        self.nudged: list[str] = []
        self.missing: list[str] = []
        self.heard = threading.Event()
        with world.db.write() as session:
            self.meta = accounts.connect(world, session, self.shop.controller, "meta", SETTINGS)
            accounts.add_sender(session, self.meta, VENDOR_ID, "+49 30 1234567")

    def nudge(self, ids: Any) -> None:
        every = list(ids)
        with self.world.db.read() as session:
            there = set(session.exec(select(Inbox.id).where(col(Inbox.id).in_(every))))
        self.missing += [one for one in every if one not in there]
        self.nudged += every
        self.heard.set()

    def url(self, connection: Connection | str) -> str:
        return f"{self.base}/in/{connection if isinstance(connection, str) else connection.door}"

    def post(self, body: bytes, signature: str | None = None) -> httpx.Response:
        headers = {"x-hub-signature-256": signed(body) if signature is None else signature}
        return httpx.post(self.url(self.meta), content=body, headers=headers, timeout=20)

    def rows(self) -> list[Inbox]:
        return self.shop.rows(Inbox)


@pytest.fixture
def house(shop: Shop) -> Iterator[House]:
    made = House(shop)
    with serve(build(shop.world, made.nudge)) as made.base:
        yield made


def signed(body: bytes, secret: str = SECRET) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def stop_from(number: str, wamid: str = "wamid.1", words: str = "STOP") -> bytes:
    message = {"from": number[1:], "id": wamid, "timestamp": "1795000000", "type": "text", "text": {"body": words}}
    value = {"metadata": {"phone_number_id": VENDOR_ID}, "messages": [message]}
    return orjson.dumps({"entry": [{"id": WABA, "changes": [{"field": "messages", "value": value}]}]})


def test_signed_webhook_is_stored_before_it_is_answered(house: House) -> None:
    assert house.post(stop_from(ANNA)).status_code == 200
    (row,) = house.rows()
    assert (row.state, row.connection_id) == ("pending", house.meta.id)
    assert house.heard.wait(5)
    assert (house.nudged, house.missing) == ([row.id], [])


def test_stored_webhook_can_be_applied_as_the_vendor_sent_it(house: House) -> None:
    house.post(stop_from(ANNA))
    with Bridge(connections=1) as bridge:
        jobs = Jobs(house.world, bridge)
        jobs.receive([row.id for row in house.rows()])
    assert [row.state for row in house.rows()] == ["done"]
    assert house.shop.stops(phone(ANNA))


@pytest.mark.parametrize(
    "signature",
    ["", "sha256=", signed(b"something else"), signed(stop_from(ANNA), "guessed"), signed(stop_from(ANNA))[7:]],
)
def test_forged_webhook_is_refused_and_kept_nowhere(house: House, signature: str) -> None:
    assert house.post(stop_from(ANNA), signature).status_code == 401
    assert not house.rows()
    assert not house.nudged


def test_signature_holds_for_the_very_bytes(house: House) -> None:
    body = b'{"entry": [],  "o\xc3\xa4": "\\u00e4"}'
    assert house.post(body).status_code == 200
    again = orjson.dumps(orjson.loads(body))
    assert house.post(again, signed(body)).status_code == 401


def test_unknown_connection_is_not_found(house: House) -> None:
    assert httpx.post(house.url("0" * 32), content=b"{}").status_code == 404
    for guess in ("", "%00", "../readyz", "a" * 3000):
        assert httpx.post(f"{house.base}/in/{guess}").status_code in (404, 405)
    assert httpx.put(house.url(house.meta), content=b"{}").status_code == 405


def test_id_of_a_connection_is_no_door(house: House) -> None:
    body = stop_from(ANNA)
    headers = {"x-hub-signature-256": signed(body)}
    assert httpx.post(house.url(house.meta.id), content=body, headers=headers).status_code == 404
    assert not house.rows()
    assert house.post(body).status_code == 200


def test_door_that_was_changed_opens_no_more(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "REMEMBER", -1.0)
    body, old = stop_from(ANNA), house.url(house.meta)
    assert house.post(body).status_code == 200
    with house.world.db.write() as session:
        house.meta = session.get_one(Connection, house.meta.id)
        accounts.rotate_door(session, house.meta)
    assert house.url(house.meta) != old
    assert httpx.post(old, content=body, headers={"x-hub-signature-256": signed(body)}).status_code == 404
    assert house.post(body).status_code == 200


def test_log_of_a_forged_webhook_names_the_connection_and_not_its_door(
    house: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.configure("warning")
    monkeypatch.setattr(door, "log", structlog.get_logger())  # the old one has kept its level
    try:
        assert house.post(stop_from(ANNA), "sha256=").status_code == 401
        said = capsys.readouterr().err
    finally:
        logs.configure("error")
    assert house.meta.id in said
    assert house.meta.door not in said


def test_body_that_is_too_large_is_refused(house: House) -> None:
    assert house.post(b"x" * (MAX_BODY + 1)).status_code == 413
    assert not house.rows()
    assert house.post(b"x" * MAX_BODY).status_code == 200


def test_handshake_is_echoed_and_not_kept(house: House) -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY}
    answer = httpx.get(house.url(house.meta), params=query)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert httpx.get(house.url(house.meta), params=query | {"hub.verify_token": "guess"}).status_code == 401
    assert not house.rows()


def test_connector_without_webhooks_refuses_every_request(house: House, tmp_path: Path) -> None:
    with house.world.db.write() as session:
        settings = {"path": str(tmp_path / "people.csv")}
        file = accounts.connect(house.world, session, house.shop.controller, "csv", settings)
    assert httpx.post(house.url(file), content=b"{}").status_code == 401


def test_redelivered_webhook_is_one_row(house: House) -> None:
    for _ in range(5):
        assert house.post(stop_from(ANNA)).status_code == 200
    (row,) = house.rows()
    assert house.nudged == [row.id]


def test_body_is_not_to_be_found_in_the_database(house: House) -> None:
    house.post(stop_from(ANNA, words="Frau Blaubart will keine Werbung"))
    stored = everything_stored(house.world)
    files = b"".join(path.read_bytes() for path in house.world.settings.data_dir.glob("hub.db*"))
    for secret in (ANNA[1:], "Blaubart", SECRET, VERIFY):
        assert secret not in stored
        assert secret.encode() not in files


def test_many_at_once_are_all_stored_in_few_commits(house: House) -> None:
    commits: list[int] = []
    event.listen(house.world.db.engine, "commit", lambda _: commits.append(1))
    bodies = [stop_from(ANNA, f"wamid.{index}") for index in range(200)]

    async def post_all() -> list[int]:
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(limits=limits, timeout=30) as client:
            url = house.url(house.meta)
            answers = [client.post(url, content=b, headers={"x-hub-signature-256": signed(b)}) for b in bodies]
            return [answer.status_code for answer in await asyncio.gather(*answers)]

    assert asyncio.run(post_all()) == [200] * 200
    ids = {row.id for row in house.rows()}
    assert len(ids) == 200
    assert len(commits) < 100
    assert house.heard.wait(5)
    assert set(house.nudged) <= ids
    assert not house.missing


def test_database_that_fails_is_an_error_and_the_vendor_comes_again(house: House) -> None:
    rename(house.world, "inbox", "gone")
    assert house.post(stop_from(ANNA)).status_code == 500
    assert not house.nudged
    rename(house.world, "gone", "inbox")
    assert not house.rows()
    assert house.post(stop_from(ANNA)).status_code == 200
    assert len(house.rows()) == 1


def rename(world: World, old: str, new: str) -> None:
    with world.db.write() as session:
        session.connection().execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


def test_nudge_that_fails_costs_nothing(house: House) -> None:
    def broken(_: Any) -> None:
        raise ConnectionError("no broker")

    with serve(build(house.world, broken)) as house.base:
        assert house.post(stop_from(ANNA, "wamid.1")).status_code == 200
        assert house.post(stop_from(ANNA, "wamid.2")).status_code == 200
    assert len(house.rows()) == 2


def test_process_says_whether_it_lives_and_is_ready(house: House) -> None:
    for path in ("/livez", "/readyz"):
        assert (httpx.get(house.base + path).status_code, httpx.get(house.base + path).text) == (200, "ok")
