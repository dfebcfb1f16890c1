# SPDX-License-Identifier: Apache-2.0
"""The plugin against the emulated Bird: what becomes of messages, the same one twice, what people do, the account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hub_bird import Bird
from hub_bird.emulator import create

from hub.contract import (
    BadConfig,
    Content,
    Echoed,
    Forbidden,
    HubError,
    MediaContent,
    MessageReceived,
    PlatformCategory,
    Point,
    PointKind,
    PreferenceChanged,
    Receipt,
    RecipientCapped,
    RecipientOptedOut,
    RecipientUnreachable,
    SenderState,
    Status,
    StatusChanged,
    TemplateContent,
    TemplateProblem,
    TemplateState,
    TextContent,
    Throttled,
    Uncertain,
    WindowClosed,
)
from hub.testing import scene as scenes
from hub.testing.clock import Clock
from hub.testing.emulator import Fault
from hub.testing.provider_table import CONTENTS
from hub.testing.scene import ERIKA

OFFER = TemplateContent("offer", "de", (("1", "Erika Muster"),))


Scene = scenes.Scene[Bird]


@pytest.fixture
def scene() -> Iterator[Scene]:
    emulator = create(seed=5, delays=(0.0, 0.05, 0.1), clock=Clock())
    emulator.add_user(ERIKA.value, bsuid="DE.8842019375521660417")
    emulator.add_template("offer", body="Hallo {{1}}, ab heute günstiger.", buttons=["Stopp"])
    with scenes.playing(Bird, emulator, OFFER) as scene:
        emulator.subscribed = {event for event in emulator_events() if event != "whatsapp.accepted"}
        yield scene


def emulator_events() -> set[str]:
    words = ("accepted", "sent", "delivered", "read", "failed", "rejected", "received", "reacted")
    return {f"whatsapp.{word}" for word in words} | {"whatsapp_suppression.created"}


# what becomes of a message


def test_message_is_followed_by_our_id(scene: Scene) -> None:
    receipt = scene.send()
    events = scene.events(3)
    assert {event.status for event in events} == {Status.SENT, Status.DELIVERED, Status.READ}
    assert {(event.message_id, event.provider_message_id) for event in events} == {
        ("opaque-1", receipt.provider_message_id)
    }


@pytest.mark.parametrize(
    ("code", "kind"),
    [(131050, RecipientOptedOut), (131049, RecipientCapped), (131026, RecipientUnreachable), (131056, Throttled)],
)
def test_refusal_of_the_platform_comes_as_a_failed_message(scene: Scene, code: int, kind: type[HubError]) -> None:
    scene.emulator.add_user(ERIKA.value, fails=code)
    assert isinstance(scene.send(), Receipt)
    (event,) = scene.events(1)
    assert (event.status, type(event.error), event.message_id) == (Status.FAILED, kind, "opaque-1")


def test_free_text_outside_the_window_is_accepted_and_fails(scene: Scene) -> None:
    assert isinstance(scene.send(TextContent("Hallo")), Receipt)
    (event,) = scene.events(1)
    assert type(event.error) is WindowClosed


def test_person_on_birds_list_is_an_objection(scene: Scene) -> None:
    scene.emulator.suppress(ERIKA.value)
    assert isinstance(scene.send(), Receipt)
    told, refused = sorted(scene.events(2), key=lambda event: isinstance(event, StatusChanged))
    assert isinstance(told, PreferenceChanged)
    assert (told.points, told.stopped) == ((ERIKA,), True)
    assert (refused.status, type(refused.error)) == (Status.FAILED, RecipientOptedOut)
    assert scene.emulator.received == []


@pytest.mark.parametrize("kind", [kind for kind in CONTENTS if kind not in (TemplateContent,)])
def test_everything_the_plugin_carries_is_taken_inside_the_window(scene: Scene, kind: type) -> None:
    scene.emulator.say(ERIKA.value, "Guten Tag")
    outcome = scene.send(CONTENTS[kind])
    carried = kind.__name__ not in ("FlowContent", "ReactionContent")
    assert (isinstance(outcome, Receipt), len(scene.emulator.received)) == (carried, int(carried))


def test_what_the_number_cannot_take_yet_waits(scene: Scene) -> None:
    scene.emulator.limits.throughput = 0
    assert isinstance(scene.send(), Receipt)
    assert scene.emulator.received == []
    scene.emulator.limits.throughput = 80
    assert {event.status for event in scene.events(3)} == {Status.SENT, Status.DELIVERED, Status.READ}


def test_what_the_number_cannot_take_fails_where_nothing_waits(scene: Scene) -> None:
    scene.emulator.limits.throughput, scene.emulator.queues = 0, False
    scene.send()
    (event,) = scene.events(1)
    assert (event.status, type(event.error)) == (Status.FAILED, Throttled)


def test_user_id_is_reached(scene: Scene) -> None:
    assert isinstance(scene.send(to=Point(PointKind.BSUID, "DE.8842019375521660417")), Receipt)
    assert scene.emulator.received[0].to == "DE.8842019375521660417"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (TemplateContent("offer", "de"), TemplateProblem),
        (TemplateContent("bird_otp", "de"), TemplateProblem),
        (MediaContent(CONTENTS[MediaContent].media), Receipt),  # type: ignore[union-attr]
    ],
)
def test_template_filled_wrongly_is_refused_at_once(scene: Scene, content: Content, kind: type) -> None:
    assert isinstance(scene.send(content), kind)


def test_number_that_is_not_connected_needs_a_human(scene: Scene) -> None:
    scene.emulator.sender = "+4930999"
    assert isinstance(scene.send(), BadConfig)


# the same message twice


def test_same_message_again_reaches_the_person_once(scene: Scene) -> None:
    scene.emulator.faults.append(Fault("lost_answer", match="messages", times=1))
    assert isinstance(scene.send(), Uncertain)
    again, and_again = scene.send(), scene.send()
    assert again == and_again
    assert len(scene.emulator.received) == 1
    assert {event.provider_message_id for event in scene.events(3)} == {again.provider_message_id}


def test_key_with_another_body_stays_unknown(scene: Scene) -> None:
    scene.send()
    assert type(scene.send(TemplateContent("offer", "de", (("1", "Max"),)))) is Uncertain
    assert len(scene.emulator.received) == 1


def test_refused_call_leaves_the_key_free(scene: Scene) -> None:
    scene.emulator.faults.append(Fault("status", match="messages", status=429, headers={"retry-after": "2"}, times=1))
    error = scene.send()
    assert isinstance(error, Throttled)
    assert (error.after, error.scope) == (2.0, "account")
    assert isinstance(scene.send(), Receipt)
    assert len(scene.emulator.received) == 1


# what people do


def test_pressed_button_is_heard_with_its_label(scene: Scene) -> None:
    receipt = scene.send()
    scene.events(3)
    scene.emulator.press(ERIKA.value, "ignored", "Stopp")
    pressed = scene.events(4)[-1]
    assert isinstance(pressed, MessageReceived)
    assert (pressed.text, pressed.button, pressed.sender) == ("Stopp", "Stopp", scene.emulator.sender)
    assert pressed.in_reply_to == receipt.provider_message_id


def test_stop_of_somebody_without_a_number_is_heard(scene: Scene) -> None:
    scene.emulator.add_user(ERIKA.value, bsuid="DE.1", hides_number=True)
    scene.emulator.say(ERIKA.value, "STOP")
    (event,) = scene.events(1)
    assert (event.text, event.points) == ("STOP", (Point(PointKind.BSUID, "DE.1"),))


def test_reaction_is_heard(scene: Scene) -> None:
    receipt = scene.send()
    scene.events(3)
    scene.emulator.write(ERIKA.value, "reaction", {"message_id": receipt.provider_message_id, "emoji": "👎"})
    reaction = scene.events(4)[-1]
    assert (reaction.kind, reaction.text, reaction.in_reply_to) == ("reaction", "👎", receipt.provider_message_id)


def test_message_from_the_business_app_is_an_echo(scene: Scene) -> None:
    scene.emulator.echo(ERIKA.value)
    (event,) = scene.events(1)
    assert isinstance(event, Echoed)
    assert event.sender == scene.emulator.sender


def test_forged_event_is_refused(scene: Scene) -> None:
    scene.emulator.forge = lambda signed: "v1," + signed.removeprefix("v1,").swapcase()
    scene.emulator.say(ERIKA.value, "STOP")
    with pytest.raises(Forbidden):
        scene.plugin().authenticate(scene.first())


def test_event_of_a_clock_that_is_six_minutes_slow_is_refused(scene: Scene) -> None:
    scene.emulator.clock.advance(timedelta(minutes=-6))
    scene.emulator.say(ERIKA.value, "STOP")
    with pytest.raises(Forbidden):
        scene.plugin().authenticate(scene.first())


# the account


def test_every_language_of_a_template_is_listed(scene: Scene) -> None:
    scene.emulator.add_template("offer", "en_US", body="Hello {{1}}", category="UTILITY", status="PAUSED")
    scene.emulator.add_template("info", body="Hallo")

    listed = scene.templates()
    assert [(one.name, one.language, one.category, one.state) for one in listed] == [
        ("offer", "de", PlatformCategory.MARKETING, TemplateState.APPROVED),
        ("offer", "en_US", PlatformCategory.UTILITY, TemplateState.PAUSED),
        ("info", "de", PlatformCategory.MARKETING, TemplateState.APPROVED),
    ]
    assert (listed[0].parameters, listed[0].buttons) == (("1",), ("Stopp",))


def test_number_used_past_the_hub_is_told(scene: Scene) -> None:
    assert scene.do(lambda bird: bird.check()).ok
    scene.emulator.on_business_app = True
    health = scene.do(lambda bird: bird.check())
    assert not health.ok
    assert "past the hub" in health.detail


def test_numbers_are_listed_with_where_content_rests(scene: Scene) -> None:
    (number,) = scene.do(lambda bird: bird.senders())
    called = scene.emulator.number
    assert number == SenderState(called, called, "Demo GmbH", "green", "connected", "DE")


def test_message_is_marked_as_read(scene: Scene) -> None:
    id_ = scene.emulator.say(ERIKA.value, "Guten Tag")
    assert scene.do(lambda bird: bird.mark_read(scene.emulator.sender, id_, typing=True)) is None
    assert scene.emulator.read == [id_]


def test_statuses_are_all_ours(scene: Scene) -> None:
    scene.send(id="a")
    scene.send(id="b")
    told = scene.events(6)
    assert all(isinstance(event, StatusChanged) for event in told)
    assert {event.message_id for event in told} == {"a", "b"}
