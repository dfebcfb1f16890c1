# SPDX-License-Identifier: Apache-2.0
"""The emulated Infobip behaves as its documentation says, and the plugin understands it from end to end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hub_infobip import Infobip
from hub_infobip.emulator import create

from hub.contract import (
    BadConfig,
    HubError,
    MessageReceived,
    Point,
    PointKind,
    PreferenceChanged,
    Receipt,
    RecipientCapped,
    RecipientOptedOut,
    RecipientUnreachable,
    Rejected,
    Status,
    StatusChanged,
    TemplateChanged,
    TemplateContent,
    TemplateProblem,
    TemplateState,
    TextContent,
    Throttled,
    Uncertain,
    WindowClosed,
)
from hub.testing import scene as scenes
from hub.testing.clock import until
from hub.testing.emulator import Fault

ERIKA = "+4915112345678"
OFFER = TemplateContent("offer", "de", (("1", "Erika"),))


Scene = scenes.Scene[Infobip]


@pytest.fixture
def scene() -> Iterator[Scene]:
    emulator = create(seed=5, delays=(0.0, 0.01, 0.04))
    emulator.add_user(ERIKA, name="Erika")
    emulator.add_template("offer", body="Hallo {{1}}, ab heute günstiger.", buttons=["Keine Werbung"])
    with scenes.playing(Infobip, emulator, OFFER) as scene:
        yield scene


def post(scene: Scene, path: str, body: Any) -> httpx.Response:
    headers = {"authorization": f"App {scene.emulator.api_key}"}
    return httpx.post(f"{scene.base}/whatsapp/1/message/{path}", json=body, headers=headers)


def test_message_is_delivered_and_seen_under_our_id(scene: Scene) -> None:
    assert scene.send(id="m-7") == Receipt("m-7")
    delivered, read = scene.hears(2)
    assert isinstance(delivered, StatusChanged)
    assert [(event.status, event.message_id) for event in (delivered, read)] == [
        (Status.DELIVERED, "m-7"),
        (Status.READ, "m-7"),
    ]
    (sent,) = scene.emulator.received
    assert (sent.opaque, sent.parameters) == ("m-7", ("Erika",))


def test_message_to_a_bsuid_arrives(scene: Scene) -> None:
    bsuid = scene.emulator.user(ERIKA).bsuid
    assert isinstance(scene.send(to=Point(PointKind.BSUID, bsuid)), Receipt)
    assert scene.emulator.received[0].to == bsuid


def test_message_whose_answer_was_lost_is_sent_once_even_if_repeated(scene: Scene) -> None:
    """What IDEMPOTENT_SEND promises: no second message, and no claim about the first."""
    scene.emulator.faults.append(Fault("lost_answer", times=1))
    assert isinstance(scene.send(), Uncertain)
    again = scene.send()
    assert isinstance(again, Uncertain)
    assert again.code == "23"
    assert len(scene.emulator.received) == 1
    assert {event.status for event in scene.hears(2)} == {Status.DELIVERED, Status.READ}  # the report tells


def test_message_that_infobip_never_got_can_be_repeated(scene: Scene) -> None:
    scene.emulator.faults.append(Fault("status", status=503, times=1))
    assert isinstance(scene.send(), Throttled)
    assert scene.send() == Receipt("opaque-1")
    assert len(scene.emulator.received) == 1


def test_text_outside_the_window_is_taken_and_then_fails(scene: Scene) -> None:
    assert isinstance(scene.send(TextContent("Hallo")), Receipt)
    (failed,) = scene.hears()
    assert failed.status is Status.FAILED
    assert isinstance(failed.error, WindowClosed)


def test_text_after_the_person_wrote_is_delivered(scene: Scene) -> None:
    scene.emulator.say(ERIKA, "Hallo?")
    scene.hears()
    scene.send(TextContent("Guten Tag"))
    assert scene.hears(2)[1].status is Status.DELIVERED


def test_stop_in_the_app_is_told_and_ends_marketing(scene: Scene) -> None:
    scene.emulator.prefer(ERIKA, "stop")
    (stopped,) = scene.hears()
    assert stopped == PreferenceChanged(
        scene.emulator.sender, (Point(PointKind.E164, ERIKA),), stopped.at, stopped=True
    )
    scene.send()
    failed = scene.hears(2)[1]
    assert isinstance(failed.error, RecipientOptedOut)
    assert failed.error.code == "7033"


@pytest.mark.parametrize(
    ("code", "kind"), [(131049, RecipientCapped), (131026, RecipientUnreachable), (131056, Throttled)]
)
def test_fate_of_a_message_is_told_in_infobips_codes(scene: Scene, code: int, kind: type[HubError]) -> None:
    scene.emulator.user(ERIKA).fails = code
    scene.send()
    assert isinstance(scene.hears()[0].error, kind)


def test_template_that_is_paused_is_told_and_no_longer_sent(scene: Scene) -> None:
    scene.emulator.set_template_status("offer", "de", "PAUSED")
    (moved,) = scene.hears()
    assert moved == TemplateChanged("offer", "de", moved.at, TemplateState.PAUSED)
    scene.send()
    assert isinstance(scene.hears(2)[1].error, TemplateProblem)


def test_template_called_wrongly_fails_as_such(scene: Scene) -> None:
    scene.send(TemplateContent("offer", "de", (("1", "a"), ("2", "b"))))
    scene.send(TemplateContent("missing", "de"), id="m-2")
    codes = {event.message_id: event.error.code for event in scene.hears(2)}
    assert codes == {"opaque-1": "7008", "m-2": "7009"}


def test_account_without_credit_needs_a_human(scene: Scene) -> None:
    scene.emulator.credit = 1
    assert isinstance(scene.send(), Receipt)
    assert isinstance(scene.send(id="m-2"), BadConfig)
    assert len(scene.emulator.received) == 1


def test_trial_account_writes_to_registered_numbers_only(scene: Scene) -> None:
    scene.emulator.registered = {"4930111"}
    refused = scene.send()
    assert type(refused) is Rejected
    assert refused.code == "18"


def test_template_with_a_file_above_arrives_and_is_listed(scene: Scene) -> None:
    header = {"type": "HEADER", "format": "DOCUMENT"}
    scene.emulator.add_template(
        "bill", category="UTILITY", components=[header, {"type": "BODY", "text": "Hallo {{1}}"}]
    )
    filled = (("1", "Erika"), ("header.document", "https://example.org/a.pdf"))
    scene.send(TemplateContent("bill", "de", filled))
    assert scene.hears()[0].status is Status.DELIVERED

    async def listed(plugin: Infobip) -> list[Any]:
        return [template async for template in plugin.templates()]

    (bill,) = [template for template in scene.do(listed) if template.name == "bill"]
    assert bill.parameters == ("header.document", "1")


def test_portfolio_that_has_reached_its_tier_is_told_later(scene: Scene) -> None:
    scene.emulator.set_tier(0)
    scene.send()
    assert scene.hears()[0].status is Status.FAILED


def test_key_that_was_withdrawn_needs_a_human(scene: Scene) -> None:
    scene.emulator.token_expired = True
    assert isinstance(scene.send(), BadConfig)


def test_number_that_sends_too_fast_is_told_to_wait(scene: Scene) -> None:
    scene.emulator.limits.throughput = 0
    refused = scene.send()
    assert isinstance(refused, Throttled)
    assert refused.after == 1.0


def test_message_of_a_person_is_marked_as_read(scene: Scene) -> None:
    wamid = scene.emulator.say(ERIKA, "Hallo")

    async def mark(plugin: Infobip) -> None:
        await plugin.mark_read(scene.emulator.sender, wamid)

    scene.do(mark)
    assert scene.emulator.read == [wamid]


def test_people_are_heard_in_every_way(scene: Scene) -> None:
    scene.send(id="m-9")
    scene.hears(2)
    scene.emulator.say(ERIKA, "Grüße 1/2 – 😀")
    scene.emulator.press(ERIKA, "STOP", "Keine Werbung")
    scene.emulator.write(ERIKA, "image", {"id": "file-3", "caption": "Stopp"})
    scene.emulator.write(ERIKA, "reaction", {"emoji": "👎", "message_id": "m-9"})
    reply = {"type": "button_reply", "button_reply": {"id": "yes", "title": "Ja"}}
    scene.emulator.write(ERIKA, "interactive", reply)
    scene.emulator.write(ERIKA, "location", {"latitude": 52.5, "longitude": 13.4})
    heard = {event.kind: event for event in scene.hears(8) if isinstance(event, MessageReceived)}
    assert {kind: (event.text, event.button, event.in_reply_to) for kind, event in heard.items()} == {
        "text": ("Grüße 1/2 – 😀", "", ""),
        "button": ("Keine Werbung", "STOP", "m-9"),
        "image": ("Stopp", "", ""),
        "reaction": ("👎", "", "m-9"),
        "interactive": ("Ja", "yes", ""),
        "location": ("", "", ""),
    }
    until(lambda: len(scene.emulator.acks) == 6)


def test_webhook_with_a_wrong_or_no_secret_is_refused_and_comes_again(scene: Scene) -> None:
    scene.emulator.webhooks.retry_after = 0.01
    forged = [{"authorization": "Basic aHViOm9vcHM="}, {}]

    def forge(headers: dict[str, str]) -> dict[str, str]:
        return {**headers, "authorization": ""} | (forged.pop() if forged else {})

    scene.emulator.forge = forge
    for _ in range(2):
        scene.emulator.say(ERIKA, "Hallo")
    until(lambda: scene.refused >= 4)
    assert not scene.heard
    assert not scene.emulator.acks


def test_webhooks_doubled_and_reordered_say_the_same(scene: Scene) -> None:
    scene.emulator.webhooks.double, scene.emulator.webhooks.jitter = 1.0, 0.05
    scene.send()
    assert len(scene.hears(4)) == 4
    assert {event.status for event in scene.heard if isinstance(event, StatusChanged)} == {
        Status.DELIVERED,
        Status.READ,
    }


@pytest.mark.parametrize(
    ("path", "changed", "errors"),
    [
        ("text", {"content": {"text": ""}}, {"content.text": ["must not be blank", "size must be between 1 and 4096"]}),
        ("text", {"content": {"text": "x" * 4097}}, {"content.text": ["size must be between 1 and 4096"]}),
        ("text", {"messageId": "x" * 201}, {"messageId": ["size must be between 0 and 200"]}),
        ("text", {"to": ""}, {"to": ["must not be blank", "size must be between 1 and 150"]}),
        ("text", {"from": "4930999"}, {"from": ["sender is not registered"]}),
        ("image", {}, {"content.mediaUrl": ["must not be blank", "size must be between 1 and 2048"]}),
        (
            "interactive/buttons",
            {"content": {"body": {"text": "?"}, "action": {"buttons": [{"id": "1", "title": "x" * 21}]}}},
            {"content.action.buttons[0].title": ["size must be between 1 and 20"]},
        ),
        (
            "location",
            {"content": {"latitude": 91, "longitude": 0}},
            {"content.latitude": ["must be between -90 and 90"]},
        ),
    ],
)
def test_validation_names_every_field(scene: Scene, path: str, changed: Any, errors: Any) -> None:
    whole = {"from": scene.emulator.sender, "to": "4915112345678", "content": {"text": "Hallo"}, **changed}
    answered = post(scene, path, whole)
    assert answered.status_code == 400
    exception = answered.json()["requestError"]["serviceException"]
    assert (exception["messageId"], exception["validationErrors"]) == ("BAD_REQUEST", errors)
    assert not scene.emulator.received


def test_validation_of_templates_names_the_message(scene: Scene) -> None:
    answered = post(scene, "template", {"messages": [{"from": scene.emulator.sender, "to": "49151123", "content": {}}]})
    assert set(answered.json()["requestError"]["serviceException"]["validationErrors"]) == {
        "messages[0].content.templateName",
        "messages[0].content.language",
        "messages[0].content.templateData.body.placeholders",
    }


def test_path_that_infobip_does_not_have_is_not_found(scene: Scene) -> None:
    assert post(scene, "hologram", {}).status_code == 404
    assert httpx.post(f"{scene.base}/whatsapp/1/message/text", json={}).status_code == 401


def test_emulator_twice_with_one_seed_is_the_same() -> None:
    assert create(seed=3).settings("http://x") == create(seed=3).settings("http://x")
    assert create(seed=3).api_key != create(seed=4).api_key
