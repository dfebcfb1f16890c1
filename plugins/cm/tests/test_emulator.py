# SPDX-License-Identifier: Apache-2.0
"""The emulated CM.com behaves as its documentation says, and the plugin understands it from end to end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hub_cm import Cm
from hub_cm.emulator import create

from hub.contract import (
    BadConfig,
    MessageReceived,
    Receipt,
    RecipientUnreachable,
    Status,
    StatusChanged,
    TemplateContent,
    TextContent,
    Throttled,
    Uncertain,
    WindowClosed,
)
from hub.testing import scene as scenes
from hub.testing.clock import until
from hub.testing.emulator import Fault

ERIKA = "+4915112345678"
OFFER = TemplateContent("offer", "de", (("1", "Erika"), ("payload.0", "STOP")))


Scene = scenes.Scene[Cm]


@pytest.fixture
def scene() -> Iterator[Scene]:
    emulator = create(seed=5, delays=(0.0, 0.02, 0.06))
    emulator.add_user(ERIKA, name="Erika")
    emulator.add_template("offer", body="Hallo {{1}}, ab heute günstiger.", buttons=["Keine Werbung"])
    with scenes.playing(Cm, emulator, OFFER) as scene:
        yield scene


def post(scene: Scene, *messages: Any, token: str = "") -> httpx.Response:
    headers = {"x-cm-producttoken": token or scene.emulator.product_token}
    return httpx.post(f"{scene.base}/v1.0/message", json={"messages": {"msg": list(messages)}}, headers=headers)


def raw(sender: str, *numbers: str, **changed: Any) -> Any:
    return {
        "from": sender,
        "to": [{"number": number} for number in numbers],
        "reference": "r-1",
        "allowedChannels": ["WhatsApp"],
        "body": {"type": "auto", "content": "."},
        "richContent": {"conversation": [{"text": "Hallo"}]},
        **changed,
    }


def test_message_is_sent_delivered_and_read_under_our_id(scene: Scene) -> None:
    assert scene.send(id="m-7") == Receipt("m-7")
    told = scene.hears(3)
    assert {(event.status, event.message_id) for event in told} == {
        (Status.SENT, "m-7"),
        (Status.DELIVERED, "m-7"),
        (Status.READ, "m-7"),
    }
    (sent,) = scene.emulator.received
    assert (sent.opaque, sent.template, sent.parameters[0]) == ("m-7", "offer", "Erika")


def test_message_repeated_is_a_second_message(scene: Scene) -> None:
    """Why the plugin does not claim IDEMPOTENT_SEND, and what a lost answer must therefore mean."""
    scene.emulator.faults.append(Fault("lost_answer", times=1))
    assert isinstance(scene.send(), Uncertain)
    assert scene.send() == Receipt("opaque-1")
    assert len(scene.emulator.received) == 2


def test_text_outside_the_window_is_taken_and_then_fails(scene: Scene) -> None:
    assert isinstance(scene.send(TextContent("Hallo")), Receipt)
    (failed,) = scene.hears()
    assert failed.status is Status.FAILED
    assert isinstance(failed.error, WindowClosed)


def test_person_without_whatsapp_is_not_reached(scene: Scene) -> None:
    scene.emulator.user(ERIKA).has_whatsapp = False
    scene.send()
    assert isinstance(scene.hears()[0].error, RecipientUnreachable)


def test_people_are_heard(scene: Scene) -> None:
    scene.emulator.say(ERIKA, "Grüße 1/2 – 😀")
    scene.emulator.press(ERIKA, "STOP", "Keine Werbung")
    scene.emulator.write(ERIKA, "image", {"id": "file-3.jpg", "caption": "Stopp"})
    scene.emulator.write(ERIKA, "location", {"latitude": 52.5, "longitude": 13.4})
    heard = {(event.kind, event.text) for event in scene.hears(4) if isinstance(event, MessageReceived)}
    assert heard == {("text", "Grüße 1/2 – 😀"), ("text", "Keine Werbung"), ("image", "Stopp"), ("location", "")}
    until(lambda: len(scene.emulator.acks) == 4)


def test_webhook_with_a_wrong_or_no_secret_is_refused_and_comes_again(scene: Scene) -> None:
    scene.emulator.webhooks.retry_after = 0.01
    scene.emulator.forge = lambda url: url.replace("token=", "token=x")
    scene.emulator.say(ERIKA, "Hallo")
    scene.emulator.forge = lambda url: url.partition("?")[0]
    scene.emulator.say(ERIKA, "Hallo")
    until(lambda: scene.refused >= 4)
    assert not scene.heard
    assert not scene.emulator.acks


def test_webhooks_doubled_and_reordered_say_the_same(scene: Scene) -> None:
    scene.emulator.webhooks.double, scene.emulator.webhooks.jitter = 1.0, 0.05
    scene.send()
    told = {event.status for event in scene.hears(6) if isinstance(event, StatusChanged)}
    assert told == {Status.SENT, Status.DELIVERED, Status.READ}


def test_account_without_credit_or_with_a_withdrawn_token_needs_a_human(scene: Scene) -> None:
    scene.emulator.credit = 1
    assert isinstance(scene.send(), Receipt)
    assert isinstance(scene.send(id="m-2"), BadConfig)
    scene.emulator.credit, scene.emulator.token_expired = None, True
    assert isinstance(scene.send(id="m-3"), BadConfig)
    assert len(scene.emulator.received) == 1


def test_number_that_sends_too_fast_is_told_to_wait(scene: Scene) -> None:
    scene.emulator.limits.throughput = 0
    refused = scene.send()
    assert isinstance(refused, Throttled)
    assert refused.after == 1.0


def test_gateway_names_a_code_for_each_message(scene: Scene) -> None:
    sender = scene.emulator.sender
    answered = post(scene, raw(sender, "004915112345678", "0049"), raw("4930999", "004915112345678"))
    assert answered.status_code == 200
    told = answered.json()
    assert told["errorCode"] == 201
    codes = [(one["status"], one["messageErrorCode"], one["reference"]) for one in told["messages"]]
    assert codes == [("Accepted", 0, "r-1"), ("Rejected", 303, "r-1"), ("Rejected", 301, "r-1")]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"body": {}}, 304),
        ({"richContent": {"conversation": []}}, 304),
        ({"richContent": {"conversation": [{"sculpture": 1}]}}, 304),
        ({"to": []}, 302),
        ({"from": "4930999"}, 301),
    ],
)
def test_gateway_that_took_nothing_answers_400(scene: Scene, changed: Any, code: int) -> None:
    answered = post(scene, raw(scene.emulator.sender, "004915112345678", **changed))
    assert answered.status_code == 400
    assert [one["messageErrorCode"] for one in answered.json()["messages"]] == [code]
    assert not scene.emulator.received


def test_gateway_refuses_the_whole_request(scene: Scene) -> None:
    assert post(scene, raw(scene.emulator.sender, "0049151"), token="wrong").json() == {
        "details": "No account found for the given authentication",
        "errorCode": 101,
        "messages": [],
    }
    assert (
        post(
            scene,
        ).json()["errorCode"]
        == 203
    )
    assert httpx.post(f"{scene.base}/v1.0/message", content=b"{").json()["errorCode"] == 202


def test_emulator_twice_with_one_seed_is_the_same() -> None:
    assert create(seed=3).webhook_secret == create(seed=3).webhook_secret
    assert create(seed=3).product_token != create(seed=4).product_token
