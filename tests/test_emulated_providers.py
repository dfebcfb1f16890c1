# SPDX-License-Identifier: Apache-2.0
"""What every provider's emulator can be told to do, seen by its own plugin: access that ended, forged webhooks."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.contract import (
    BadConfig,
    Forbidden,
    HubError,
    Inbound,
    Outgoing,
    Point,
    PointKind,
    Provider,
    Purpose,
    TextContent,
)
from hub.flows.gate import clear
from hub.http import client
from hub.law.facts import Decision, Verdict
from hub.plugins import emulators, load
from hub.testing.emulator import serve
from hub.testing.provider_table import Notes

CONNECTORS = load().connectors
PROVIDERS = sorted(name for name in emulators() if issubclass(CONNECTORS.get(name, object), Provider))
SIGNING = [name for name in PROVIDERS if name != "cm"]  # which proves itself by the address
PERSON = "+4915112345678"


class Door:
    """Somebody's webhook address, and what arrived there."""

    def __init__(self) -> None:
        self.arrived: list[Inbound] = []

    async def hear(self, request: Request) -> Response:
        body = await request.body()
        self.arrived.append(
            Inbound(request.method, str(request.url), dict(request.headers), body, dict(request.query_params))
        )
        return Response()

    def next(self) -> Inbound:
        deadline = time.monotonic() + 10
        while not self.arrived:
            assert time.monotonic() < deadline, "no webhook came"
            time.sleep(0.02)
        return self.arrived.pop()


@contextlib.contextmanager
def playing(name: str) -> Iterator[tuple[Any, str, Door]]:
    """The vendor, its address, and a door that hears it."""
    emulator: Any = emulators()[name].load()(seed=1)
    door = Door()
    hears = Starlette(routes=[Route("/in", door.hear, methods=["POST"])])
    with serve(hears) as url, serve(emulator.app()) as vendor:
        emulator.webhook_url = f"{url}/in"
        emulator.add_user(PERSON)
        yield emulator, vendor, door


def plugin(name: str, emulator: Any, vendor: str, http: httpx.AsyncClient) -> Provider[Any]:
    connector = CONNECTORS[name]
    found = connector(connector.Config(**emulator.settings(vendor)), http, Notes())
    assert isinstance(found, Provider)
    return found


@pytest.mark.parametrize("name", PROVIDERS)
def test_access_that_ended_needs_a_human(name: str) -> None:
    async def send(emulator: Any, vendor: str) -> HubError | None:
        async with client(connections=1) as http:
            to, content = Point(PointKind.E164, PERSON), TextContent("Hallo")
            message = Outgoing("0f8c1d2e-1", emulator.sender, to, Purpose.SERVICE, content)
            try:
                await plugin(name, emulator, vendor, http).send(clear(message, Decision(Verdict.ALLOW, ()), "d1"))
            except HubError as error:
                return error
        return None

    with playing(name) as (emulator, vendor, door):
        emulator.say(PERSON, "Hallo")  # a window is open
        door.next()
        assert anyio.run(send, emulator, vendor) is None
        emulator.token_expired = True
        assert isinstance(anyio.run(send, emulator, vendor), BadConfig)


@pytest.mark.parametrize("spoil", ["unsigned", "wrong"])
@pytest.mark.parametrize("name", SIGNING)
def test_webhook_spoilt_on_demand_is_refused_by_the_plugin(name: str, spoil: str) -> None:
    with playing(name) as (emulator, vendor, door):
        authenticate = plugin(name, emulator, vendor, httpx.AsyncClient()).authenticate
        emulator.say(PERSON, "Hallo")
        authenticate(door.next())
        emulator.webhooks.spoil = spoil
        emulator.say(PERSON, "STOPP")
        with pytest.raises(Forbidden):
            authenticate(door.next())


@pytest.mark.parametrize(
    ("name", "path", "days", "gone"),
    [("bird", "/v1/media/{}", 30, 410), ("infobip", "/whatsapp/1/senders/493023125000/media/{}", 7, 404)],
)
def test_file_of_a_person_is_gone_after_its_time(name: str, path: str, days: int, gone: int) -> None:
    with playing(name) as (emulator, vendor, door):
        emulator.send_file(PERSON, "image", b"a picture", "image/jpeg")
        body = door.next().body.decode()
        file = next(id_ for id_ in re.findall(r"/media/(\w+)", body))
        scheme = "Bearer" if name == "bird" else "App"
        headers = {"authorization": f"{scheme} {emulator.api_key}"}

        def fetched(**more: Any) -> int:
            return httpx.get(vendor + path.format(file), trust_env=False, **more).status_code

        assert (fetched(), fetched(headers=headers)) == (401, 200)
        emulator.clock.advance(timedelta(days=days) - timedelta(minutes=1))
        assert fetched(headers=headers) == 200
        emulator.clock.advance(timedelta(minutes=1))
        assert fetched(headers=headers) == gone


@pytest.mark.parametrize("name", ["cm", "sinch"])
def test_open_link_to_a_file_of_a_person_ends_after_its_time(name: str) -> None:
    with playing(name) as (emulator, vendor, door):
        emulator.settings(vendor)
        emulator.send_file(PERSON, "image", b"a picture", "image/jpeg")
        (link,) = re.findall(rf"{vendor}/files/\w+", door.next().body.decode().replace("\\/", "/"))
        found = httpx.get(link, trust_env=False)
        assert (found.status_code, found.content) == (200, b"a picture")
        emulator.clock.advance(emulator.keeps_files)
        assert httpx.get(link, trust_env=False).status_code == 404
