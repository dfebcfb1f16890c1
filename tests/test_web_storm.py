# SPDX-License-Identifier: Apache-2.0
"""The door in a storm: whatever was answered 200 is in the inbox, also when the process dies in the middle."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from typing import Any

import httpx
import orjson
import pytest
from pydantic import SecretStr
from sqlalchemy import event

from hub.bridge import Bridge
from hub.flows import accounts, inbox
from hub.flows import world as worlds
from hub.flows.world import World
from hub.settings import Settings
from hub.store.tables import Connection, Inbox, StopRow
from hub.store.vault import generate
from hub.testing.emulator import serve
from hub.web.app import build
from hub.work.jobs import Jobs
from tests.making import Shop, number
from tests.test_web_door import SECRET, SETTINGS, WABA, House, signed, stop_from

pytest_plugins = ["tests.shops"]

STORM = 600
CLIENTS = 40
PATIENCE = 30.0  # seconds


@pytest.fixture
def house(shop: Shop) -> Iterator[House]:
    made = House(shop)
    with serve(build(shop.world, made.nudge)) as made.base:
        yield made


def door(settings: Settings, pipe: Pipe) -> None:
    """The child process: a hub's web part and nothing else, on a slow disk, so that a kill falls between an early
    answer and its commit."""
    world = worlds.build(settings)
    event.listen(world.db.engine, "commit", lambda _: time.sleep(0.05))
    with serve(build(world, lambda ids: None)) as url:
        pipe.send(url)
        pipe.recv()


@contextmanager
def process(settings: Settings) -> Iterator[tuple[Any, str]]:
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    child = spawn.Process(target=door, args=(settings, theirs), daemon=True)
    child.start()
    try:
        assert ours.poll(PATIENCE), "the web process did not start"
        yield child, ours.recv()
    finally:
        child.kill()
        child.join(timeout=5)


async def post(url: str, bodies: list[bytes], enough: int, then: Any) -> set[bytes]:
    """Send all, many at once; call `then` as soon as `enough` have been acknowledged. Returns those that were."""
    kept: set[bytes] = set()

    async def one(client: httpx.AsyncClient, body: bytes) -> None:
        try:
            answer = await client.post(url, content=body, headers={"x-hub-signature-256": signed(body)})
        except httpx.HTTPError:
            return
        if answer.status_code == 200:
            kept.add(body)
            if len(kept) == enough:
                then()

    waiting = iter(bodies)

    async def some() -> None:
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
            for body in waiting:
                await one(client, body)

    await asyncio.gather(*(some() for _ in range(CLIENTS)))
    return kept


def in_the_inbox(world: World, shop: Shop) -> list[bytes]:
    return [inbox.unpack(world, row).body for row in shop.rows(Inbox)]


def test_kill_in_a_storm_loses_nothing_that_was_acknowledged(shop: Shop) -> None:
    keys = SecretStr(generate())
    settings = shop.world.settings.model_copy(update={"keys": keys, "database_url": shop.world.db.url})
    world = worlds.build(settings)
    with world.db.write() as session:
        meta = accounts.connect(world, session, shop.controller, "meta", SETTINGS)
    storm = [stop_from(number(index), f"wamid.{index}") for index in range(STORM)]
    with process(settings) as (child, url):
        kept = asyncio.run(post(f"{url}/in/{meta.door}", storm, STORM // 3, child.kill))
    stored = in_the_inbox(world, shop)
    assert STORM // 3 <= len(kept) < STORM, "the kill came in the middle"
    assert kept <= set(stored)
    with process(settings) as (child, url):  # the vendor comes again with everything
        assert asyncio.run(post(f"{url}/in/{meta.door}", storm, 0, None)) == set(storm)
    stored = in_the_inbox(world, shop)
    assert sorted(stored) == sorted(storm), "each once"
    world.db.close()


def test_thousand_changes_in_one_body_are_all_applied(house: House) -> None:
    changes = [change(status_of(f"wamid.{index}")) for index in range(990)]
    changes += [change(stop_from(number(index), f"wamid.stop.{index}")) for index in range(10)]
    assert house.post(orjson.dumps({"entry": [{"id": WABA, "changes": changes[::-1]}]})).status_code == 200
    apply(house)
    assert [row.state for row in house.rows()] == ["done"]
    assert len(house.shop.rows(StopRow)) == 10


def status_of(wamid: str) -> bytes:
    """Of a message that is not ours."""
    value = {"statuses": [{"id": wamid, "status": "sent", "timestamp": "1795000000"}]}
    return orjson.dumps({"entry": [{"id": WABA, "changes": [{"field": "messages", "value": value}]}]})


def change(body: bytes) -> Any:
    return orjson.loads(body)["entry"][0]["changes"][0]


def test_body_of_three_megabytes_is_applied(house: House) -> None:
    big = orjson.loads(stop_from(number(1)))
    big["entry"][0]["changes"][0]["value"]["contacts"] = [{"padding": "x" * 3_000_000}]
    assert house.post(orjson.dumps(big)).status_code == 200
    apply(house)
    assert [row.state for row in house.rows()] == ["done"]
    assert len(house.shop.rows(StopRow)) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\x00\xff", b'{"entry": {"changes": 7}}', b"[" * 100_000])
def test_signed_nonsense_is_kept_changes_nothing_and_blocks_nobody(house: House, body: bytes) -> None:
    assert house.post(body).status_code == 200
    assert house.post(stop_from(number(1))).status_code == 200
    apply(house)
    assert [row.state for row in house.rows()] == ["done", "done"]
    assert len(house.shop.rows(StopRow)) == 1


def test_signature_of_the_secret_before_opens_only_while_it_is_entered(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.web.door.REMEMBER", -1.0)
    body = stop_from(number(1))

    def configure(**secrets: str) -> int:
        with house.world.db.write() as session:
            connection = session.get_one(Connection, house.meta.id)
            place = f"connection:{connection.id}"
            connection.config = house.world.vault.seal(orjson.dumps(SETTINGS | secrets), place)
            session.add(connection)
        return house.post(body, signed(body, SECRET)).status_code

    assert configure(app_secret="newer") == 401
    assert configure(app_secret="newer", previous_app_secret=SECRET) == 200
    assert configure(app_secret="newer", previous_app_secret="") == 401


def test_client_that_goes_in_the_middle_of_its_body_leaves_nothing(house: House) -> None:
    body = stop_from(number(1))

    async def half() -> None:
        host, port = house.base.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        head = f"POST /in/{house.meta.door} HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: {signed(body)}\r\n"
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body[:20])
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    asyncio.run(half())
    assert house.post(body).status_code == 200
    assert len(house.rows()) == 1


def apply(house: House) -> None:
    with Bridge(connections=1) as bridge:
        Jobs(house.world, bridge).receive([row.id for row in house.rows()])
