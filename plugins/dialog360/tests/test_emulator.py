# SPDX-License-Identifier: Apache-2.0
"""The emulated 360dialog differs from Meta where 360dialog's pages say so, and the plugin works against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx
import pytest
from hub_dialog360 import Config, Dialog360
from hub_dialog360.emulator import Dialog360Emulator, create
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.contract import (
    BadConfig,
    ClearedMessage,
    Event,
    File,
    Forbidden,
    HubError,
    Inbound,
    Media,
    MediaContent,
    MediaKind,
    MessageReceived,
    Outgoing,
    Point,
    PointKind,
    PreferenceChanged,
    Purpose,
    Receipt,
    RecipientOptedOut,
    Rejected,
    Status,
    StatusChanged,
    Template,
    TemplateContent,
    TemplateState,
    TextContent,
    Throttled,
    WindowClosed,
)
from hub.flows.gate import clear
from hub.http import client
from hub.law.facts import Decision, Verdict
from hub.testing.clock import Clock, until
from hub.testing.emulator import serve
from hub.testing.provider_table import Notes

ERIKA, BSUID = "+4915112345678", "DE.8842019375521660417"


class Still(Clock):
    """A clock that stands unless it is moved."""

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 12, tzinfo=UTC) + self.offset


@dataclass
class Door:
    """A webhook address that keeps what arrives."""

    requests: list[Inbound] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        self.requests.append(Inbound("POST", str(request.url), dict(request.headers), await request.body()))
        return Response(status_code=200)


@dataclass
class World:
    emulator: Dialog360Emulator
    door: Door
    base_url: str

    def do(self, what: Callable[[Dialog360], Any], **settings: Any) -> Any:
        """The plugin's result or error."""

        async def run() -> Any:
            async with client(connections=2) as http:
                config = Config(**{**self.emulator.settings(self.base_url), **settings})
                try:
                    return await what(Dialog360(config, http, Notes()))
                except HubError as error:
                    return error

        return anyio.run(run)

    def send(self, message: ClearedMessage) -> Any:
        return self.do(lambda plugin: plugin.send(message))

    def heard(self, kind: type) -> list[Any]:
        """The plugin's events of one kind, of everything that arrived so far."""

        async def all_of(plugin: Dialog360) -> list[Event]:
            found: list[Event] = []
            for request in list(self.door.requests):
                plugin.authenticate(request)
                found += await plugin.receive(request)
            return found

        events = self.do(all_of)
        assert isinstance(events, list), events
        return [event for event in events if isinstance(event, kind)]


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    door, options = Door(), getattr(request, "param", {})
    with serve(Starlette(routes=[Route("/in", door.answer, methods=["POST"])])) as hub:
        emulator = create(seed=7, webhook_url=f"{hub}/in", delays=(0.0, 0.01, 0.02), **options)
        emulator.add_user(ERIKA, name="Jürgen", bsuid=BSUID)
        emulator.add_template("offer", body="Hallo {{1}}, ab heute günstiger.", buttons=["Stopp"])
        with serve(emulator.app()) as base:
            yield World(emulator, door, base)


def message(content: Any = TemplateContent("offer", "de", (("1", "Erika"),)), to: str = ERIKA) -> ClearedMessage:
    kind = PointKind.E164 if to.startswith("+") else PointKind.BSUID
    outgoing = Outgoing("opaque-1", "100200300400500", Point(kind, to), Purpose.MARKETING, content)
    return clear(outgoing, Decision(Verdict.ALLOW, ()), "decision-1")


# what goes out


@pytest.mark.parametrize("to", [ERIKA, BSUID])
def test_template_is_accepted_and_its_statuses_arrive(world: World, to: str) -> None:
    receipt = world.send(message(to=to))
    assert isinstance(receipt, Receipt)
    until(lambda: len(world.heard(StatusChanged)) == 3)
    statuses = world.heard(StatusChanged)
    assert {one.status for one in statuses} == {Status.SENT, Status.DELIVERED, Status.READ}
    assert {one.provider_message_id for one in statuses} == {receipt.provider_message_id}
    assert {one.message_id for one in statuses} == {"opaque-1"}


def test_path_with_a_phone_number_id_does_not_exist(world: World) -> None:
    headers = {"d360-api-key": world.emulator.api_key}
    assert httpx.post(f"{world.base_url}/v25.0/100200300400500/messages", headers=headers).status_code == 404


def test_refusal_of_meta_passes_through(world: World) -> None:
    assert isinstance(world.send(message(TextContent("Hallo"))), WindowClosed)


def test_key_no_longer_valid_needs_a_human(world: World) -> None:
    world.emulator.token_expired = True
    assert isinstance(world.send(message()), BadConfig)


@pytest.mark.parametrize("refuses", ["disabled", "unpaid"])
def test_account_disabled_or_unpaid_needs_a_human_though_the_status_is_400(world: World, refuses: str) -> None:
    world.emulator.refuses = refuses
    assert isinstance(world.send(message()), BadConfig)
    assert world.emulator.log[-1].status == 400


@pytest.mark.parametrize("world", [{"calls_per_second": 2, "clock": Still()}], indirect=True)
def test_rate_limit_is_a_400_and_passes(world: World) -> None:
    outcomes = [world.send(message()) for _ in range(3)]
    assert [type(outcome) for outcome in outcomes] == [Receipt, Receipt, Throttled]
    assert world.emulator.log[-1].status == 400
    world.emulator.clock.advance(timedelta(seconds=1))
    assert isinstance(world.send(message()), Receipt)


# what comes in


def test_words_and_buttons_arrive(world: World) -> None:
    world.send(message())
    world.emulator.say(ERIKA, "Schöne Grüße")
    world.emulator.press(ERIKA, "STOP_MARKETING", "Stopp")
    until(lambda: len(world.heard(MessageReceived)) == 2)
    said, pressed = sorted(world.heard(MessageReceived), key=lambda event: str(event.kind), reverse=True)
    assert (said.text, [point.value for point in said.points]) == ("Schöne Grüße", [ERIKA, BSUID])
    assert (pressed.kind, pressed.button) == ("button", "STOP_MARKETING")


@pytest.mark.parametrize("world", [{"tells_preferences": told} for told in (False, True)], indirect=True)
def test_stop_made_inside_whatsapp_is_heard_at_the_latest_with_the_next_message(world: World) -> None:
    world.emulator.prefer(ERIKA, "stop")
    world.send(message())
    until(lambda: world.heard(StatusChanged))
    (failed,) = world.heard(StatusChanged)
    assert isinstance(failed.error, RecipientOptedOut)
    assert len(world.heard(PreferenceChanged)) == int(world.emulator.tells_preferences)


@pytest.mark.parametrize("world", [{"partner": False}, {"spelling": "sha256="}], indirect=True)
def test_webhook_of_each_kind_of_customer_is_accepted(world: World) -> None:
    world.emulator.say(ERIKA, "Hallo")
    until(lambda: world.door.requests)
    assert len(world.heard(MessageReceived)) == 1


@pytest.mark.parametrize("spoil", ["unsigned", "wrong"])
def test_webhook_forged_is_refused_by_the_plugin(world: World, spoil: str) -> None:
    world.emulator.webhooks.spoil = spoil
    world.emulator.say(ERIKA, "Hallo")
    until(lambda: world.door.requests)

    async def read(plugin: Dialog360) -> None:
        plugin.authenticate(world.door.requests[0])

    assert isinstance(world.do(read), Forbidden)


def test_webhook_is_configured_with_its_headers(world: World) -> None:
    url, headers = world.emulator.webhook_url, {"X-Ours": "another-header-value"}
    auth = {"d360-api-key": world.emulator.api_key}
    asked = {"url": url, "headers": headers}
    answered = httpx.post(f"{world.base_url}/v1/configs/webhook", json=asked, headers=auth).json()
    assert answered["url"] == url
    world.emulator.say(ERIKA, "Hallo")
    until(lambda: world.door.requests)
    assert world.door.requests[0].headers["x-ours"] == "another-header-value"
    assert world.do(lambda plugin: plugin.check()).ok


# files


PNG = File(MediaKind.IMAGE, "image/png", b"\x89PNG picture", "a.png")


def test_file_is_handed_in_sent_and_fetched_at_360dialogs_host(world: World) -> None:
    stored = world.do(lambda plugin: plugin.upload("100200300400500", PNG))
    world.emulator.say(ERIKA, "Hallo")
    assert isinstance(world.send(message(MediaContent(Media(MediaKind.IMAGE, id=stored)))), Receipt)
    fetched = world.do(lambda plugin: plugin.download("100200300400500", stored, 1000))
    assert (fetched.kind, fetched.mime_type, fetched.content) == (MediaKind.IMAGE, "image/png", PNG.content)


def test_file_of_a_person_is_fetched_while_it_is_kept(world: World) -> None:
    world.emulator.send_file(ERIKA, "image", b"\x89PNG", "image/png", caption="Stopp")
    until(lambda: world.heard(MessageReceived))
    (event,) = world.heard(MessageReceived)
    (media,) = event.media
    assert world.do(lambda plugin: plugin.download(event.sender, media.id, 10)).content == b"\x89PNG"
    assert isinstance(world.do(lambda plugin: plugin.download(event.sender, media.id, 3)), Rejected)
    world.emulator.clock.advance(timedelta(days=8))
    assert isinstance(world.do(lambda plugin: plugin.download(event.sender, media.id, 10)), Rejected)


def test_files_asked_for_in_vain_too_often_are_blocked_for_a_while(world: World) -> None:
    def ask() -> Any:
        return world.do(lambda plugin: plugin.download("100200300400500", "1" * 16, 10))

    assert {type(ask()) for _ in range(21)} == {Rejected}
    assert isinstance(ask(), Throttled)
    world.emulator.clock.advance(timedelta(minutes=31))
    assert isinstance(ask(), Rejected)


@pytest.mark.parametrize("media", ["../messages", "", "a/b"])
def test_file_by_something_that_is_no_id_is_not_asked_for(world: World, media: str) -> None:
    assert isinstance(world.do(lambda plugin: plugin.download("100200300400500", media, 10)), Rejected)
    assert world.emulator.log == []


def test_nothing_is_done_for_another_number(world: World) -> None:
    for what in (
        lambda plugin: plugin.upload("999", PNG),
        lambda plugin: plugin.download("999", "1", 10),
        lambda plugin: plugin.mark_read("999", "wamid.A"),
    ):
        assert isinstance(world.do(what), BadConfig)
    assert world.emulator.log == []


# reading


def test_message_is_marked_read(world: World) -> None:
    said = world.emulator.say(ERIKA, "Hallo")
    assert world.do(lambda plugin: plugin.mark_read("100200300400500", said, typing=True)) is None
    assert [read["message_id"] for read in world.emulator.marked_read] == [said]


def test_templates_are_listed_in_lower_case_and_read(world: World) -> None:
    world.emulator.add_template("draft", body="Hallo", status="PENDING")

    async def read(plugin: Dialog360) -> list[Template]:
        return [template async for template in plugin.templates()]

    found = {one.name: one for one in world.do(read)}
    assert (found["offer"].state, found["draft"].state) == (TemplateState.APPROVED, TemplateState.PENDING)
    assert (found["offer"].parameters, found["offer"].buttons) == (("1",), ("Stopp",))
    asked = httpx.get(
        f"{world.base_url}/v1/configs/templates?limit=1&offset=1", headers={"d360-api-key": world.emulator.api_key}
    ).json()
    assert (asked["count"], asked["total"], asked["waba_templates"][0]["status"]) == (1, 2, "pending")
