# SPDX-License-Identifier: Apache-2.0
"""The emulated tyntec behaves as tyntec's specification describes it, and the plugin works against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx
import orjson
import pytest
from hub_tyntec import Config, Tyntec
from hub_tyntec.emulator import TyntecEmulator, create
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.contract import Event, Forbidden, Inbound, MessageReceived, RecipientOptedOut, Status, StatusChanged
from hub.http import client
from hub.testing.clock import until
from hub.testing.emulator import serve
from hub.testing.provider_table import Notes

ERIKA, BASE = "+4915112345678", "/conversations/v3"
PADDED_TO = 4


@dataclass
class Door:
    """A webhook address that keeps what arrives and answers as told."""

    statuses: list[int] = field(default_factory=list)  # the next answers; then 200
    requests: list[Inbound] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        self.requests.append(Inbound("POST", str(request.url), dict(request.headers), await request.body()))
        return Response(status_code=self.statuses.pop(0) if self.statuses else 200)

    def bodies(self) -> list[dict[str, Any]]:
        return [orjson.loads(request.body) for request in list(self.requests)]

    def events(self) -> list[str]:
        return [str(body.get("event", "news")) for body in self.bodies()]


@dataclass
class World:
    emulator: TyntecEmulator
    door: Door
    http: httpx.Client

    def send(self, content: Any = None, **more: Any) -> httpx.Response:
        """POST /messages; without more, a template to Erika."""
        body = {"from": self.emulator.sender, "to": ERIKA, "channel": "whatsapp", "content": content or OFFER, **more}
        sent = {key: value for key, value in body.items() if value is not None}
        return self.http.post(f"{BASE}/messages", json=sent)

    def plugin(self) -> Tyntec:
        settings = self.emulator.settings(str(self.http.base_url))
        return Tyntec(Config(**settings), client(connections=2), Notes())

    def read(self) -> list[Event]:
        """What the plugin makes of everything that arrived."""
        plugin = self.plugin()
        found: list[Event] = []
        for request in list(self.door.requests):
            plugin.authenticate(request)
            found += anyio.run(plugin.receive, request)
        return found


def offer(*values: str, name: str = "offer") -> dict[str, Any]:
    filled = {"components": {"body": [{"type": "text", "text": value} for value in values]}}
    return {"contentType": "template", "template": {"templateId": name, "templateLanguage": "de", **filled}}


OFFER = offer("Erika")
TEXT = {"contentType": "text", "text": "Hallo"}


@pytest.fixture
def world() -> Iterator[World]:
    door = Door()
    with serve(Starlette(routes=[Route("/in", door.answer, methods=["POST"])])) as hub:
        emulator = create(seed=7, webhook_url=f"{hub}/in", delays=(0.0, 0.01, 0.02))
        emulator.webhooks.retry_after = 0.02
        emulator.add_user(ERIKA, name="Jürgen", bsuid="DE.8842019375521660417")
        emulator.add_template("offer", body="Hallo {{1}}, ab heute günstiger.", buttons=["Stopp"])
        with serve(emulator.app()) as base, httpx.Client(base_url=base, headers={"apikey": emulator.api_key}) as http:
            yield World(emulator, door, http)


# who may call, and what a message must look like


def test_call_with_a_wrong_key_is_refused(world: World) -> None:
    answer = world.http.post(f"{BASE}/messages", json={}, headers={"apikey": "wrong"})
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"to": None}, "validate.request.to"),
        ({"to": "call me"}, "validate.request.to"),
        ({"channel": None}, "validate.request.channel"),
        ({"context": "x" * 126}, "validate.request.context"),
        ({"content": {"text": "Hallo"}}, "validate.request.whatsapp.contentType"),
        ({"content": {"contentType": "text", "text": "x" * 4097}}, "validate.request.content.text"),
        ({"content": {"contentType": "template", "template": {"templateId": "offer"}}}, "templateLanguage"),
        ({"content": {**OFFER, "template": {**OFFER["template"], "components": []}}}, "components"),
        ({"content": {**OFFER, "template": {**OFFER["template"], "components": {"body": ["x"]}}}}, "components"),
        ({"content": {"contentType": "image", "image": {"caption": "x"}}}, "validate.request.content.image"),
        ({"content": {"contentType": "interactive", "interactive": {"subType": "buttons"}}}, "components.buttons"),
    ],
)
def test_message_not_as_documented_is_refused_by_field(world: World, change: dict[str, Any], expected: str) -> None:
    answer = world.send(**change)
    assert (answer.status_code, answer.json()["title"]) == (400, "Constraint Violation")
    assert expected in " ".join(one["field"] for one in answer.json()["violations"])
    assert world.emulator.received == []


def test_message_from_another_number_is_forbidden(world: World) -> None:
    assert world.send(**{"from": "4930999"}).status_code == 403


def test_account_not_known_is_not_found(world: World) -> None:
    assert world.http.get(f"{BASE}/channels/whatsapp/accounts/another/templates").status_code == 404


# what becomes of a message


def test_template_is_accepted_delivered_and_seen(world: World) -> None:
    answer = world.send(context="opaque-1")
    assert answer.status_code == 202
    until(lambda: len(world.door.requests) == 2)
    assert sorted(world.door.events()) == ["MessageStatus::delivered", "MessageStatus::seen"]
    for event in world.read():
        assert isinstance(event, StatusChanged)
        assert (event.message_id, event.provider_message_id) == ("opaque-1", answer.json()["messageId"])
        assert event.status in (Status.DELIVERED, Status.READ)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (TEXT, 131047),
        (offer("Erika", name="missing"), 132001),
        (offer(), 132000),
    ],
)
def test_message_the_platform_refuses_is_accepted_and_fails_later(
    world: World, content: dict[str, Any], code: int
) -> None:
    assert world.send(content).status_code == 202
    until(lambda: world.door.requests)
    (body,) = world.door.bodies()
    assert (body["event"], body["details"]["code"]) == ("MessageStatus::failed", f"whatsapp::error::{code}")
    assert world.emulator.received == []


def test_person_who_stopped_gets_no_advertising_and_the_hub_hears_why(world: World) -> None:
    world.emulator.prefer(ERIKA, "stop")  # tyntec has no webhook for the switch
    world.send(context="opaque-1")
    until(lambda: world.door.requests)
    (event,) = world.read()
    assert isinstance(event, StatusChanged)
    assert isinstance(event.error, RecipientOptedOut)


def test_file_and_question_are_taken_inside_the_window(world: World) -> None:
    world.emulator.say(ERIKA, "Hallo")
    for content in (
        TEXT,
        {"contentType": "image", "image": {"url": "https://example.org/a.jpg"}},
        {
            "contentType": "interactive",
            "interactive": {
                "subType": "list",
                "components": {"body": {"type": "text", "text": "?"}, "list": {"title": "Menü", "sections": []}},
            },
        },
    ):
        assert world.send(content).status_code == 202
    assert [sent.type for sent in world.emulator.received] == ["text", "image", "interactive"]


# what people do


def test_words_and_buttons_arrive_signed_and_readable(world: World) -> None:
    world.send()
    until(lambda: len(world.door.requests) == 2)
    world.emulator.say(ERIKA, "Guten Tag / schön")
    world.emulator.press(ERIKA, "STOP_MARKETING", "Stopp")
    until(lambda: len(world.door.requests) == 4)
    said, pressed = [event for event in world.read() if isinstance(event, MessageReceived)]
    assert (said.kind, said.text, said.sender) == ("text", "Guten Tag / schön", world.emulator.sender)
    assert (pressed.kind, pressed.text, pressed.button) == ("button", "Stopp", "STOP_MARKETING")
    assert pressed.in_reply_to == world.emulator.received[0].id
    assert [point.value for point in said.points] == [ERIKA, "DE.8842019375521660417"]
    until(lambda: len(world.emulator.acks) == 2)


def test_person_without_a_number_and_deleted_message_are_read(world: World) -> None:
    world.emulator.add_user("+4915112345679", bsuid="DE.1", hides_number=True)
    said = world.emulator.say("+4915112345679", "Hallo")
    world.emulator.write("+4915112345679", "revoke", {"original_message_id": said})
    until(lambda: len(world.door.requests) == 2)
    events = [event for event in world.read() if isinstance(event, MessageReceived)]
    gone = next(event for event in events if event.kind == "revoke")
    assert gone.in_reply_to == said
    assert [[point.value for point in event.points] for event in events] == [["DE.1"], ["DE.1"]]


def test_template_news_arrive(world: World) -> None:
    world.emulator.set_template_status("offer", "de", "PAUSED")
    world.emulator.recategorise("offer", "de", "UTILITY")
    until(lambda: len(world.door.requests) == 2)
    changed = {body["changedValue"]["property"]: body["changedValue"]["newValue"] for body in world.door.bodies()}
    assert changed == {"status": "PAUSED", "category": "UTILITY"}


# webhooks


def test_webhook_is_signed_anew_for_each_attempt(world: World) -> None:
    world.door.statuses = [500, 500]
    world.emulator.say(ERIKA, "Hallo")
    until(lambda: len(world.door.requests) == 3)
    assert len(world.door.requests[0].headers["x-signature"]) % PADDED_TO == 0
    world.read()


def test_status_is_told_twice_more_and_words_for_longer(world: World) -> None:
    world.emulator.filter = {"MessageStatus::delivered"}
    world.door.statuses = [500] * 3
    world.send()
    until(lambda: world.emulator.webhooks.failed == 1)
    assert len(world.door.requests) == 3
    world.emulator.filter = set()
    world.door.statuses = [500] * 4
    world.emulator.say(ERIKA, "Stopp")
    until(lambda: world.emulator.acks)
    assert len(world.door.requests) == 8


@pytest.mark.parametrize("spoil", ["unsigned", "wrong"])
def test_webhook_forged_is_refused_by_the_plugin(world: World, spoil: str) -> None:
    world.emulator.webhooks.spoil = spoil
    world.emulator.say(ERIKA, "Hallo")
    until(lambda: world.door.requests)
    with pytest.raises(Forbidden):
        world.read()


def test_webhook_replayed_later_is_refused_by_the_plugin(world: World) -> None:
    world.emulator.say(ERIKA, "Hallo")
    until(lambda: world.door.requests)
    (kept,) = world.door.requests
    late = Inbound(kept.method, kept.url, kept.headers, kept.body, received_at=datetime.now(UTC) + timedelta(minutes=6))
    with pytest.raises(Forbidden):
        world.plugin().authenticate(late)


def test_callbacks_can_be_configured(world: World) -> None:
    url = world.emulator.webhook_url
    asked = {
        "inboundMessageUrl": url,
        "signature": {"secret": "another-secret", "method": "HS512"},
        "header": {"key": "X-Ours", "value": "made-up"},
    }
    path = f"{BASE}/configurations/channels/whatsapp/phone-numbers/{world.emulator.sender}/callbacks"
    assert world.http.put(path, json=asked).status_code == 200
    world.emulator.say(ERIKA, "Hallo")
    until(lambda: world.door.requests)
    assert world.door.requests[0].headers["x-ours"] == "made-up"
    world.read()
    assert world.http.put(path, json={"inboundMessageUrl": "http://example.org"}).status_code == 400
    assert world.http.put(path, json={"signature": {"secret": "short"}}).status_code == 400


# reading


def test_templates_are_listed_by_name_with_their_translations(world: World) -> None:
    world.emulator.add_template("offer", "en", body="Hello {{1}}", status="PENDING")
    path = f"{BASE}/channels/whatsapp/phone-numbers/{world.emulator.sender}/templates"
    (item,) = world.http.get(path).json()
    assert item["templateName"] == "offer"
    assert [(one["language"], one["status"]) for one in item["localizations"]] == [
        ("de", "APPROVED"),
        ("en", "PENDING"),
    ]


def test_message_is_marked_read(world: World) -> None:
    said = world.emulator.say(ERIKA, "Hallo")
    anyio.run(lambda: world.plugin().mark_read(world.emulator.sender, said, typing=True))
    assert world.emulator.read == [said]
    assert orjson.loads(world.emulator.log[-1].body) == {"status": "read", "isTyping": True}
