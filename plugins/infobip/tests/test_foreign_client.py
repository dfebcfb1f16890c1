# SPDX-License-Identifier: Apache-2.0
"""Infobip's own client, which knows nothing of us, works against the emulator. It speaks the Messages API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hub_infobip.emulator import InfobipEmulator, create
from infobip_api_client import ApiClient, Configuration
from infobip_api_client.api import MessagesApi
from infobip_api_client.exceptions import ApiException, BadRequestException, UnauthorizedException
from infobip_api_client.models import MessageResponse, MessagesApiRequest

from hub.testing.emulator import serve

ERIKA = "4915112345678"


@dataclass
class Scene:
    emulator: InfobipEmulator
    base: str

    def send(self, key: str = "", **message: Any) -> MessageResponse:
        client = ApiClient(Configuration(host=self.base, api_key=key or self.emulator.api_key))
        whole = {"channel": "WHATSAPP", "sender": self.emulator.sender, **message}
        request = MessagesApiRequest.from_dict({"messages": [whole]})
        return MessagesApi(client).send_messages_api_message(request)


@pytest.fixture
def scene() -> Iterator[Scene]:
    emulator = create(seed=5)
    emulator.add_template("offer", body="Hallo {{1}}, am {{2}}.")
    with serve(emulator.app()) as base:
        yield Scene(emulator, base)


def text(words: str) -> Any:
    return {"body": {"type": "TEXT", "text": words}}


def to(message_id: str = "") -> Any:
    return {"destinations": [{"to": ERIKA, **({"messageId": message_id} if message_id else {})}]}


def test_client_sends_a_text_under_its_own_id(scene: Scene) -> None:
    scene.emulator.user(ERIKA).wrote_at = scene.emulator.clock.now()
    (answered,) = scene.send(content=text("Hallo"), **to("order-1")).messages
    assert (answered.message_id, answered.destination) == ("order-1", ERIKA)
    assert answered.status is not None
    assert (answered.status.group_id, answered.status.name) == (1, "PENDING_ENROUTE")
    (received,) = scene.emulator.received
    assert (received.id, received.type, received.to) == ("order-1", "text", f"+{ERIKA}")


def test_client_sends_a_template(scene: Scene) -> None:
    body = {"type": "TEXT", "1": "Erika", "2": "Montag"}
    scene.send(template={"templateName": "offer", "language": "de"}, content={"body": body}, **to())
    (received,) = scene.emulator.received
    assert (received.template, received.parameters) == ("offer", ("Erika", "Montag"))


def test_client_is_told_that_an_id_was_used(scene: Scene) -> None:
    scene.send(content=text("eins"), **to("order-1"))
    (second,) = scene.send(content=text("zwei"), **to("order-1")).messages
    assert second.status is not None
    assert (second.status.group_name, second.status.id) == ("REJECTED", 23)
    assert len(scene.emulator.received) == 1


def test_client_reads_refusals(scene: Scene) -> None:
    with pytest.raises(BadRequestException) as invalid:
        scene.send(content=text(""), **to())
    assert "must not be blank" in str(invalid.value.body)
    with pytest.raises(UnauthorizedException):
        scene.send("another-key", content=text("Hallo"), **to())


def test_client_is_told_when_to_come_again(scene: Scene) -> None:
    scene.emulator.limits.throughput = 0
    with pytest.raises(ApiException) as refused:
        scene.send(content=text("Hallo"), **to())
    assert refused.value.status == 429
    assert refused.value.headers["retry-after"] == "1"
