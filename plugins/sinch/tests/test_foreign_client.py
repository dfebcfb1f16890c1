# SPDX-License-Identifier: Apache-2.0
"""Sinch's own SDK, which knows nothing of us, works against the emulator and reads what it tells."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hub_sinch import Sinch, wire
from hub_sinch.emulator import SinchEmulator, create
from sinch import SinchClient
from sinch.domains.authentication.exceptions import AuthenticationException
from sinch.domains.conversation.api.v1.exceptions import ConversationException
from sinch.domains.conversation.models.v1.messages.internal.request.send_message_request import SendMessageRequest
from sinch.domains.conversation.models.v1.sinch_events import MessageDeliveryReceiptEvent, MessageInboundEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.contract import CARRIES, MediaContent, Outgoing, Point, PointKind, Purpose
from hub.testing.emulator import serve
from hub.testing.provider_table import CONTENTS

ERIKA = "+4915112345678"
TO = [{"channel": "WHATSAPP", "identity": "4915112345678"}]


@dataclass
class Scene:
    emulator: SinchEmulator
    sinch: SinchClient
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def app(self) -> str:
        return self.emulator.sender

    def events(self, count: int) -> list[Any]:
        """The first events, checked and parsed by the SDK."""
        deadline = time.monotonic() + 10
        while len(self.seen) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        reader = self.sinch.conversation.sinch_events(self.emulator.webhook_secret)
        assert all(reader.validate_authentication_header(headers, body) for headers, body in self.seen)
        return [reader.parse_event(body, headers) for headers, body in self.seen]


@pytest.fixture
def scene() -> Iterator[Scene]:
    emulator = create(seed=5, delays=(0.0, 0.05, 0.1))
    emulator.add_user(ERIKA)
    emulator.add_template("offer", body="Hallo {{1}}, ab heute günstiger.", buttons=["Stopp"])
    seen: list[tuple[dict[str, str], bytes]] = []

    async def take(request: Request) -> Response:
        seen.append((dict(request.headers), await request.body()))
        return Response()

    hub = Starlette(routes=[Route("/in", take, methods=["POST"])])
    with serve(emulator.app()) as base, serve(hub) as door:
        emulator.webhook_url = f"{door}/in"
        made = {"key_id": emulator.key_id, "key_secret": emulator.key_secret, "project_id": emulator.project}
        sinch = SinchClient(**made, conversation_region="eu")
        sinch.configuration.auth_origin = sinch.configuration.conversation_origin = base
        yield Scene(emulator, sinch, seen)


def test_sdk_sends_a_template_and_reads_what_becomes_of_it(scene: Scene) -> None:
    parameters = {"body[1]text": "Erika", "button[0]quick_reply[1]payload": "stop"}
    reference = {"template_id": "offer", "language_code": "de", "parameters": parameters}
    sent = scene.sinch.conversation.messages.send_template_message(
        app_id=scene.app,
        template_message={"channel_template": {"WHATSAPP": reference}},
        recipient_identities=TO,
        correlation_id="opaque-1",
        message_content_type="CONTENT_MARKETING",
        processing_strategy="DISPATCH_ONLY",
        ttl=600,
    )
    reports = scene.events(3)
    assert all(isinstance(report, MessageDeliveryReceiptEvent) for report in reports)
    told = {(r.message_delivery_report.status, r.message_delivery_report.message_id, r.correlation_id) for r in reports}
    assert told == {(status, sent.message_id, "opaque-1") for status in ("QUEUED_ON_CHANNEL", "DELIVERED", "READ")}
    assert (scene.emulator.received[0].template, scene.emulator.received[0].to) == ("offer", ERIKA)


def test_sdk_reads_a_failure_with_the_platforms_code(scene: Scene) -> None:
    scene.sinch.conversation.messages.send_text_message(app_id=scene.app, text="Hallo", recipient_identities=TO)
    (report,) = scene.events(1)
    reason = report.message_delivery_report.reason
    assert (reason.code, reason.channel_code) == ("OUTSIDE_ALLOWED_SENDING_WINDOW", "131047")


def test_sdk_hears_people(scene: Scene) -> None:
    scene.emulator.say(ERIKA, "Guten Tag")
    (event,) = scene.events(1)
    assert isinstance(event, MessageInboundEvent)
    assert event.message.contact_message.text_message.text == "Guten Tag"
    send = scene.sinch.conversation.messages.send_choice_message
    choices = [{"text_message": {"text": "Ja"}, "postback_data": "ja"}]
    send(app_id=scene.app, choice_message={"text_message": {"text": "?"}, "choices": choices}, recipient_identities=TO)
    pressed = {"type": "button_reply", "button_reply": {"id": "ja", "title": "Ja"}}
    scene.emulator.write(ERIKA, "interactive", pressed, quoted=scene.emulator.received[-1].id)
    answers = [e.message.contact_message for e in scene.events(5) if isinstance(e, MessageInboundEvent)]
    assert answers[-1].choice_response_message.postback_data == "ja"


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("media", {"url": "https://example.org/a.jpg"}),
        ("location", {"title": "Laden", "coordinates": {"latitude": 52.5, "longitude": 13.4}}),
        ("contact_info", {"name": {"full_name": "Demo"}, "phone_numbers": [{"phone_number": "+4930"}]}),
        ("list", {"title": "Wann?", "sections": [{"title": "A", "items": [{"choice": {"title": "Mo"}}]}]}),
    ],
)
def test_sdk_sends_free_messages_inside_the_window(scene: Scene, kind: str, content: dict[str, Any]) -> None:
    scene.emulator.say(ERIKA, "Guten Tag")
    send = getattr(scene.sinch.conversation.messages, f"send_{kind}_message")
    sent = send(app_id=scene.app, recipient_identities=TO, **{f"{kind}_message": content})
    assert sent.message_id == scene.emulator.received[0].id


def test_sdk_finds_the_app_and_its_number(scene: Scene) -> None:
    app = scene.sinch.conversation.apps.get(scene.app)
    assert app.id == scene.app
    assert [one.id for one in scene.sinch.conversation.apps.list().content()] == [scene.app]


def test_sdk_is_refused_in_sinchs_words(scene: Scene) -> None:
    send = scene.sinch.conversation.messages.send_text_message
    with pytest.raises(ConversationException, match="NOT_FOUND"):
        send(app_id="01HXAPP0000000000000000009", text="Hallo", recipient_identities=TO)
    with pytest.raises(ConversationException, match="INVALID_ARGUMENT"):
        send(app_id=scene.app, text="Hallo", contact_id="01HXCON0000000000000000001")


def test_sdk_with_a_wrong_key_gets_no_token(scene: Scene) -> None:
    scene.sinch.configuration.key_secret = "wrong"
    with pytest.raises(AuthenticationException):
        scene.sinch.conversation.apps.get(scene.app)


def test_sdk_renews_a_token_that_ended(scene: Scene) -> None:
    scene.sinch.conversation.apps.get(scene.app)
    scene.emulator.tokens = dict.fromkeys(scene.emulator.tokens, scene.emulator.clock.now())
    assert scene.sinch.conversation.apps.get(scene.app).id == scene.app


CARRIED = [kind for kind, can in CARRIES.items() if can in Sinch.can]


@pytest.mark.parametrize("kind", CARRIED, ids=[kind.__name__ for kind in CARRIED])
def test_what_the_plugin_sends_is_a_request_of_the_sdks_models(kind: type) -> None:
    content = CONTENTS[kind]
    if isinstance(content, MediaContent):
        content = MediaContent(content.media)
    outgoing = Outgoing("opaque-1", "app-1", Point(PointKind.E164, ERIKA), Purpose.MARKETING, content)
    body = wire.message(outgoing, 600)
    read = SendMessageRequest.model_validate(body).model_dump(by_alias=True, exclude_none=True, exclude_unset=True)
    assert read == body
