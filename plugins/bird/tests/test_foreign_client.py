# SPDX-License-Identifier: Apache-2.0
"""Bird's own SDK, which knows nothing of us, works against the emulator and reads what it tells."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from bird import APIStatusError, Bird, ValidationError, WebhookEvent, WebhookVerificationError
from bird._generated import WhatsAppMessageSendRequest
from hub_bird import Bird as Plugin
from hub_bird import wire
from hub_bird.emulator import BirdEmulator, create
from hub_bird.webhooks import EVENTS
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.contract import CARRIES, Outgoing, Point, PointKind, Purpose
from hub.testing.emulator import Fault, serve
from hub.testing.provider_table import CONTENTS

ERIKA = "+4915112345678"
FIXTURES = Path(__file__).parent / "fixtures"
BODY = [{"type": "body", "parameters": [{"type": "text", "text": "Erika"}]}]
CARRIED = [kind for kind, can in CARRIES.items() if can in Plugin.can]


@dataclass
class Scene:
    emulator: BirdEmulator
    bird: Bird
    door: str
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def events(self, count: int) -> list[Any]:
        """The first events, verified and parsed by the SDK."""
        deadline = time.monotonic() + 10
        while len(self.seen) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return [self.bird.webhooks.unwrap(body, headers).root for headers, body in self.seen]

    def send(self, **more: Any) -> Any:
        number = self.emulator.number
        return self.bird.whatsapp.send(to=ERIKA, from_=number, template="offer", language="de", **more)


@pytest.fixture
def scene() -> Iterator[Scene]:
    emulator = create(seed=5, delays=(0.0, 0.05, 0.1))
    emulator.add_user(ERIKA, name="Erika")
    emulator.add_template("offer", body="Hallo {{1}}, ab heute günstiger.", buttons=["Stopp"])
    seen: list[tuple[dict[str, str], bytes]] = []

    async def take(request: Request) -> Response:
        seen.append((dict(request.headers), await request.body()))
        return Response()

    hub = Starlette(routes=[Route("/in", take, methods=["POST"])])
    with serve(emulator.app()) as base, serve(hub) as door:
        bird = Bird(api_key=emulator.api_key, base_url=base, webhook_secret=emulator.secrets[0], max_retries=2)
        yield Scene(emulator, bird, f"{door}/in", seen)


def test_sdk_registers_a_webhook_and_reads_what_becomes_of_a_message(scene: Scene) -> None:
    made = scene.bird.webhooks.create(url=scene.door, events=list(EVENTS))
    assert made.secret == scene.emulator.secrets[0]
    sent = scene.send(components=BODY, metadata={"hub_ref": "opaque-1"})
    assert (sent.status.value, sent.template.slug) == ("accepted", "offer")
    events = scene.events(3)
    assert {event.type for event in events} == {"whatsapp.sent", "whatsapp.delivered", "whatsapp.read"}
    assert {(event.data.whatsapp_id, event.data.metadata["hub_ref"]) for event in events} == {(sent.id, "opaque-1")}
    read = scene.bird.whatsapp.get(sent.id)
    assert (read.status.value, bool(read.read_at)) == ("delivered", True)
    assert [one.id for one in scene.bird.whatsapp.list()] == [sent.id]


def test_sdk_hears_people_and_answers_them(scene: Scene) -> None:
    scene.emulator.webhook_url, scene.emulator.subscribed = scene.door, {"whatsapp.received"}
    id_ = scene.emulator.say(ERIKA, "Guten Tag")
    (event,) = scene.events(1)
    assert (event.data.text.body, event.data.from_.phone_number, event.data.whatsapp_id) == ("Guten Tag", ERIKA, id_)
    scene.bird.whatsapp.send(to=ERIKA, from_=scene.emulator.number, text={"body": "Hallo"}, in_reply_to_message_id=id_)
    assert scene.bird.whatsapp.mark_read(id_, typing_indicator=True).typing_indicator
    scene.send(components=BODY)
    scene.emulator.press(ERIKA, "", "Stopp")
    assert scene.events(2)[-1].data.interactive_reply.button.text == "Stopp"


def test_sdk_reads_a_failure_with_metas_code(scene: Scene) -> None:
    scene.emulator.webhook_url = scene.door
    scene.emulator.subscribed = {"whatsapp.failed", "whatsapp.rejected", "whatsapp_suppression.created"}
    scene.bird.whatsapp.send(to=ERIKA, from_=scene.emulator.number, text={"body": "Hallo"})
    (failed,) = scene.events(1)
    assert (failed.data.error.code.value, failed.data.error.meta_error_code) == ("service_window_expired", "131047")
    scene.emulator.suppress(ERIKA)
    scene.send(components=BODY)
    kinds = {event.type for event in scene.events(3)}
    assert kinds == {"whatsapp.failed", "whatsapp_suppression.created", "whatsapp.rejected"}


def test_sdk_that_lost_an_answer_sends_once(scene: Scene) -> None:
    scene.emulator.faults.append(Fault("lost_answer", match="messages", times=1))
    assert scene.send(components=BODY).status.value == "accepted"
    assert len(scene.emulator.received) == 1
    assert sum(call.method == "POST" for call in scene.emulator.log) == 2


def test_sdk_is_refused_in_birds_words(scene: Scene) -> None:
    with pytest.raises(ValidationError) as refused:
        scene.send()
    assert refused.value.name == "WhatsAppTemplateParameterMismatch"
    with pytest.raises(ValidationError) as refused:
        scene.bird.whatsapp.send(to=ERIKA, text={"body": "Hallo"})
    assert refused.value.name == "WhatsAppSenderRequired"
    scene.emulator.token_expired = True
    with pytest.raises(APIStatusError) as unauthorized:
        scene.bird.whatsapp.get("wam_x")
    assert (unauthorized.value.status_code, unauthorized.value.type) == (401, "auth_error")


def test_sdk_lists_templates_and_numbers(scene: Scene) -> None:
    (template,) = scene.bird.whatsapp.templates.list(scope="workspace")
    assert template.available_languages == ["de"]
    language = scene.bird.whatsapp.templates.versions.languages.get(template.id, template.live_version_id, "de")
    assert language.category.value == "marketing"
    assert [number.phone_number for number in scene.bird.whatsapp.numbers.list()] == [scene.emulator.number]


def test_sdk_refuses_a_forged_event(scene: Scene) -> None:
    scene.emulator.forge = lambda signed: "v1," + signed.removeprefix("v1,").swapcase()
    scene.emulator.webhook_url = scene.door
    scene.emulator.say(ERIKA, "Guten Tag")
    with pytest.raises(WebhookVerificationError):
        scene.events(1)


@pytest.mark.parametrize("file", sorted(FIXTURES.glob("*.json")), ids=lambda file: file.stem)
def test_fixture_is_an_event_of_the_sdks_models(file: Path) -> None:
    body = json.loads(file.read_text())
    if body["type"] in {*EVENTS, "whatsapp.accepted"}:
        WebhookEvent.model_validate(body)


@pytest.mark.parametrize("kind", CARRIED, ids=[kind.__name__ for kind in CARRIED])
def test_what_the_plugin_sends_is_a_request_of_the_sdks_models(kind: type) -> None:
    outgoing = Outgoing("opaque-1", "+4930", Point(PointKind.E164, ERIKA), Purpose.MARKETING, CONTENTS[kind])
    body = wire.message(outgoing)
    read = WhatsAppMessageSendRequest.model_validate(body)
    assert read.model_dump(by_alias=True, exclude_none=True, exclude_unset=True, mode="json") == body
    assert not read.model_extra
