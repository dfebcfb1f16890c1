# SPDX-License-Identifier: Apache-2.0
"""The plugin against the emulated Sinch: access tokens, what becomes of messages, what people do, the app."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import anyio
import httpx
import pytest
from hub_sinch import Sinch
from hub_sinch.emulator import create

from hub.contract import (
    BadConfig,
    Forbidden,
    HubError,
    MessageReceived,
    Outgoing,
    Point,
    PointKind,
    Purpose,
    Receipt,
    RecipientCapped,
    RecipientOptedOut,
    SenderState,
    Status,
    StatusChanged,
    TemplateContent,
    TemplateProblem,
    TextContent,
    Throttled,
    Unavailable,
    WindowClosed,
)
from hub.flows.gate import clear
from hub.law.facts import Decision, Verdict
from hub.testing import scene as scenes
from hub.testing.clock import Clock
from hub.testing.emulator import Fault
from hub.whatsapp.access import KEY

ERIKA = "+4915112345678"
ELSEWHERE = "01HXAPP0000000000000000001"
OFFER = TemplateContent("offer", "de", (("1", "Erika Muster"),))


Scene = scenes.Scene[Sinch]


@pytest.fixture
def scene() -> Iterator[Scene]:
    emulator = create(seed=5, delays=(0.0, 0.05, 0.1), clock=Clock())
    emulator.add_user(ERIKA)
    emulator.add_template("offer", body="Hallo {{1}}, ab heute günstiger.")
    with scenes.playing(Sinch, emulator, OFFER) as scene:
        yield scene


def asked_for_tokens(scene: Scene) -> int:
    return sum(call.path == "/oauth2/token" for call in scene.emulator.log)


# the access token


def test_token_is_fetched_once_and_remembered_by_the_connection(scene: Scene) -> None:
    for _ in range(3):  # each time another object of the plugin
        assert isinstance(scene.send(), Receipt)
    assert asked_for_tokens(scene) == 1
    assert set(json.loads(scene.notes[KEY])) == {"value", "until", "of"}


def test_token_is_fetched_once_for_many_at_a_time(scene: Scene) -> None:
    async def many(sinch: Sinch) -> None:
        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(sinch.senders)

    assert scene.do(many) is None
    assert asked_for_tokens(scene) == 1


def test_token_near_its_end_is_renewed(scene: Scene) -> None:
    scene.send()
    kept = json.loads(scene.notes[KEY])
    scene.notes[KEY] = json.dumps({**kept, "until": "2026-01-01T00:00:00+00:00"})
    assert isinstance(scene.send(), Receipt)
    assert asked_for_tokens(scene) == 2


def test_token_that_ended_early_waits_and_the_next_call_asks_again(scene: Scene) -> None:
    scene.send()
    scene.emulator.clock.advance(timedelta(hours=2))  # Sinch's clock only
    assert type(scene.send()) is Unavailable
    assert isinstance(scene.send(), Receipt)
    assert len(scene.emulator.received) == 2


def test_token_of_a_key_that_was_changed_is_not_used(scene: Scene) -> None:
    scene.send()
    scene.emulator.key_secret = "another-made-up-secret"
    assert isinstance(scene.send(), Receipt)
    assert asked_for_tokens(scene) == 2


@pytest.mark.parametrize("kind", ["lost_answer", "garbage"])
def test_token_without_an_answer_leaves_the_message_unsent(scene: Scene, kind: str) -> None:
    scene.emulator.faults.append(Fault(kind, match="oauth2"))
    assert isinstance(scene.send(), Unavailable)
    assert scene.emulator.received == []


# what becomes of a message


def test_message_is_followed_by_our_id(scene: Scene) -> None:
    receipt = scene.send()
    events = scene.events(3)
    assert {getattr(event, "status", "") for event in events} == {Status.SENT, Status.DELIVERED, Status.READ}
    assert {getattr(event, "message_id", "") for event in events} == {"opaque-1"}
    assert {getattr(event, "provider_message_id", "") for event in events} == {receipt.provider_message_id}


@pytest.mark.parametrize(
    ("code", "kind"),
    [(131050, RecipientOptedOut), (131049, RecipientCapped), (131056, Throttled), (132015, TemplateProblem)],
)
def test_refusal_of_the_platform_comes_as_a_failed_delivery(scene: Scene, code: int, kind: type[HubError]) -> None:
    scene.emulator.add_user(ERIKA, fails=code)
    assert isinstance(scene.send(), Receipt)
    (event,) = scene.events(1)
    assert isinstance(event, StatusChanged)
    assert (event.status, type(event.error), event.message_id) == (Status.FAILED, kind, "opaque-1")


def test_free_text_outside_the_window_fails_and_inside_it_arrives(scene: Scene) -> None:
    scene.send(TextContent("Hallo"))
    (event,) = scene.events(1)
    assert isinstance(getattr(event, "error", None), WindowClosed)
    scene.emulator.say(ERIKA, "Guten Tag")
    scene.send(TextContent("Hallo"), id="opaque-2")
    scene.events(5)
    assert [sent.opaque for sent in scene.emulator.received] == ["opaque-2"]


@pytest.mark.parametrize(
    ("list_type", "purpose", "arrives"),
    [
        ("OPT_OUT_MARKETING", Purpose.MARKETING, False),
        ("OPT_OUT_MARKETING", Purpose.UTILITY, True),
        ("OPT_OUT_NOTIFICATION", Purpose.UTILITY, False),
        ("OPT_OUT_ALL", Purpose.UTILITY, False),
    ],
)
def test_opt_out_list_of_the_app_holds_by_content_type(
    scene: Scene, list_type: str, purpose: Purpose, arrives: bool
) -> None:
    scene.emulator.opt_out(ERIKA, list_type)
    scene.send(purpose=purpose)
    errors = [getattr(event, "error", None) for event in scene.events(3 if arrives else 1)]
    assert any(isinstance(error, RecipientOptedOut) for error in errors) != arrives


def test_answer_lost_after_acceptance_is_told_by_the_statuses(scene: Scene) -> None:
    scene.send(id="before")
    scene.emulator.faults.append(Fault("lost_answer", match="messages:send"))
    assert not isinstance(scene.send(id="opaque-7"), Receipt)
    named = [event.message_id for event in scene.events(6) if isinstance(event, StatusChanged)]
    assert named.count("opaque-7") == 3


def test_project_that_used_up_its_calls_waits(scene: Scene) -> None:
    scene.emulator.calls = 0
    error = scene.send()
    assert isinstance(error, Throttled)
    assert (error.after, error.scope) == (1.0, "account")


def test_what_the_number_cannot_take_yet_waits_in_sinchs_queue(scene: Scene) -> None:
    scene.emulator.limits.throughput = 0
    for number in range(4):
        scene.send(id=f"opaque-{number}")
    assert scene.emulator.received == []
    scene.emulator.limits.throughput = 80
    assert {event.message_id for event in scene.events(12) if isinstance(event, StatusChanged)} == {
        f"opaque-{number}" for number in range(4)
    }


def test_message_that_waits_longer_than_it_may_is_given_up(scene: Scene) -> None:
    scene.emulator.limits.throughput = 0
    scene.send()
    scene.emulator.clock.advance(timedelta(minutes=11))
    body = json.loads(scene.first().body)["message_delivery_report"]
    assert (body["status"], body["reason"]["code"]) == ("FAILED", "DELIVERY_TIMED_OUT")
    assert scene.emulator.received == []


def test_app_in_another_region_needs_a_human(scene: Scene) -> None:
    scene.emulator.sender = "01HXAPP0000000000000000009"
    elsewhere = Outgoing("o", ELSEWHERE, Point(PointKind.E164, ERIKA), Purpose.MARKETING, OFFER)
    message = clear(elsewhere, Decision(Verdict.ALLOW, ()), "decision-1")

    async def run(sinch: Sinch) -> Any:
        other = Sinch(sinch.config.model_copy(update={"app_id": ELSEWHERE}), sinch.http, scene.notes)
        return await other.send(message)

    assert isinstance(scene.do(run), BadConfig)


# what people do


def test_quick_reply_comes_back_with_its_label(scene: Scene) -> None:
    scene.emulator.add_template("stoppable", body="Hallo {{1}}", buttons=["Mehr", "Keine Werbung"])
    content = TemplateContent("stoppable", "de", (("1", "Erika"),))
    scene.send(content)
    (refused,) = scene.events(1)  # Sinch wants a payload for each, and nobody has read the list of templates yet
    assert isinstance(getattr(refused, "error", None), TemplateProblem)
    scene.templates()
    scene.send(content, id="opaque-2")
    scene.events(4)
    scene.emulator.press(ERIKA, "", "Keine Werbung")
    pressed = scene.events(5)[-1]
    assert isinstance(pressed, MessageReceived)
    assert (pressed.text, pressed.button, pressed.kind) == ("Keine Werbung", "Keine Werbung", "button")
    assert pressed.in_reply_to


def test_stop_that_somebody_writes_is_heard(scene: Scene) -> None:
    id_ = scene.emulator.say(ERIKA, "STOP")
    (event,) = scene.events(1)
    assert isinstance(event, MessageReceived)
    assert (event.text, event.points, event.sender) == ("STOP", (Point(PointKind.E164, ERIKA),), scene.emulator.sender)
    assert event.provider_message_id == id_


def test_forged_callback_is_refused(scene: Scene) -> None:
    scene.emulator.forge = lambda signed: signed.swapcase()
    scene.emulator.say(ERIKA, "STOP")
    with pytest.raises(Forbidden):
        scene.plugin().authenticate(scene.first())


# the account


def test_templates_are_listed_over_all_pages(scene: Scene) -> None:
    for number in range(4):
        scene.emulator.add_template(f"more_{number}", body="Hallo")
    assert len(scene.templates()) == 5
    assert sum("templates" in call.path for call in scene.emulator.log) == 3


def test_app_that_keeps_conversations_is_told_and_put_right(scene: Scene) -> None:
    before = scene.do(lambda sinch: sinch.check())
    assert not before.ok
    assert "stores contacts" in before.detail
    (done,) = scene.do(lambda sinch: sinch.prepare())
    assert "dispatch" in done
    assert scene.emulator.app_settings == {
        "processing_mode": "DISPATCH",
        "dispatch_retention_policy": {"retention_type": "MESSAGE_EXPIRE_POLICY", "ttl_days": 0},
        "smart_conversation": {"enabled": False},
    }
    assert scene.do(lambda sinch: sinch.check()).ok


def test_number_is_named_by_its_app(scene: Scene) -> None:
    found = scene.do(lambda sinch: sinch.senders())
    assert found == [SenderState(scene.emulator.sender, scene.emulator.number, "Demo GmbH", status="ACTIVE")]


def test_unsigned_call_is_refused(scene: Scene) -> None:
    answer = httpx.get(f"{scene.base}/v1/projects/{scene.emulator.project}/apps", trust_env=False)
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
