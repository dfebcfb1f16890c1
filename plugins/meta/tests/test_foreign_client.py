# SPDX-License-Identifier: Apache-2.0
"""pywa, a well-known client that knows nothing of us, works against the emulator and reads its webhooks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import pytest
from hub_meta.emulator import MetaEmulator, create
from pywa.client import WhatsApp
from pywa.errors import (
    RateLimitHit,
    ReEngagementMessage,
    TemplateNotExists,
    TemplateParamCountMismatch,
    UserStoppedMarketingMessages,
    WhatsAppError,
)
from pywa.handlers import (
    CallbackButtonHandler,
    Handler,
    MessageHandler,
    MessageStatusHandler,
    PhoneNumberChangeHandler,
    RawUpdateHandler,
    UserMarketingPreferencesHandler,
)
from pywa.types.others import Pagination
from pywa.types.templates import BaseParams, BodyText, HeaderText, TemplateLanguage
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.testing.emulator import serve

ERIKA = "+4915112345678"
BSUID = "DE.8842019375521660417"


class ToEmulator(httpx.HTTPTransport):
    """Sends what is meant for Meta to the emulator."""

    def __init__(self, base_url: str) -> None:
        super().__init__(trust_env=False)
        self.base = httpx.URL(base_url)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert request.url.host == "graph.facebook.com"
        request.url = request.url.copy_with(scheme="http", host=self.base.host, port=self.base.port)
        return super().handle_request(request)


@dataclass
class Scene:
    emulator: MetaEmulator
    pywa: WhatsApp
    seen: list[Any] = field(default_factory=list)


@pytest.fixture
def scene() -> Iterator[Scene]:
    emulator = create(seed=5, delays=(0.0, 0.01, 0.02))
    emulator.outbox.batch = 1  # pywa reads the first update of a POST only
    emulator.add_user(ERIKA, name="Jürgen", bsuid=BSUID)
    emulator.add_template("offer", body="Hallo {{1}}, ab heute günstiger.", footer="Demo GmbH", buttons=["Stopp"])
    emulator.add_template("order", "en_US", category="UTILITY", header="Order {{order}}", body="Hello {{name}}, ready.")
    with serve(emulator.app()) as base:
        pywa = WhatsApp(
            phone_id=emulator.phone_number_id,
            token=emulator.access_token,
            waba_id=emulator.waba_id,
            app_secret=emulator.app_secret,
            verify_token=emulator.verify_token,
            server=None,
            session=httpx.Client(transport=ToEmulator(base)),
        )
        scene = Scene(emulator, pywa)
        with serve(Starlette(routes=[Route("/in/m1", door(scene), methods=["GET", "POST"])])) as hub:
            emulator.subscribe(f"{hub}/in/m1")
            yield scene


def door(scene: Scene) -> Any:
    """A webhook address where pywa checks the handshake and every signature."""

    async def receive(request: Request) -> Response:
        query = request.query_params
        if request.method == "GET":
            told, status = scene.pywa.webhook_challenge_handler(query["hub.verify_token"], query["hub.challenge"])
            return Response(told, status)
        body = await request.body()
        refused = scene.pywa.webhook_update_validator(body, request.headers["x-hub-signature-256"])
        told, status = refused or scene.pywa.webhook_update_handler(body)
        return Response(told, status)

    return receive


def heard(scene: Scene, *kinds: type[Handler[Any]]) -> list[Any]:
    """What pywa makes of the webhooks of these kinds, as they come."""
    scene.pywa.add_handlers(*(kind(lambda _, update: scene.seen.append(update)) for kind in kinds))
    return scene.seen


def filled(*values: str, **named: str) -> BaseParams:
    """Body parameters; pywa's own annotation of `params` does not fit its use."""
    params: BaseParams = cast(Any, BodyText).params(*values, **named)
    return params


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def test_pywa_sends_a_text_once_the_person_wrote(scene: Scene) -> None:
    with pytest.raises(ReEngagementMessage):
        scene.pywa.send_message(ERIKA, "Hallo")
    scene.emulator.say(ERIKA, "Hallo?")
    sent = scene.pywa.send_message(ERIKA, "Hallo", tracker="outbox-1")
    (received,) = scene.emulator.received
    assert (received.id, received.type, received.opaque) == (sent.id, "text", "outbox-1")
    assert sent.input == ERIKA


def test_pywa_sends_templates_with_positional_and_named_parameters(scene: Scene) -> None:
    scene.pywa.send_template(ERIKA, "offer", TemplateLanguage.GERMAN, [filled("Erika")])
    named = [HeaderText.params(order="A-1"), filled(name="Erika")]
    scene.pywa.send_template(ERIKA, "order", TemplateLanguage.ENGLISH_US, named)
    assert [sent.parameters for sent in scene.emulator.received] == [("Erika",), ("A-1", "Erika")]


def test_pywa_sends_to_a_bsuid(scene: Scene) -> None:
    scene.pywa.send_template(BSUID, "offer", TemplateLanguage.GERMAN, [filled("Erika")])
    assert scene.emulator.received[0].to == BSUID


def test_pywa_names_the_errors_as_meta_does(scene: Scene) -> None:
    with pytest.raises(TemplateNotExists):
        scene.pywa.send_template(ERIKA, "missing", TemplateLanguage.GERMAN, [])
    with pytest.raises(TemplateParamCountMismatch):
        scene.pywa.send_template(ERIKA, "offer", TemplateLanguage.GERMAN, [])
    scene.emulator.limits.throughput = 0
    with pytest.raises(RateLimitHit):
        scene.pywa.send_template(ERIKA, "offer", TemplateLanguage.GERMAN, [filled("Erika")])


def test_pywa_reads_templates_page_by_page(scene: Scene) -> None:
    for number in range(5):
        scene.emulator.add_template(f"t{number}", body="Hallo")
    found: list[Any] = []
    after: str | None = None
    while True:  # by hand, since `next()` of pywa 4.5 fails on lists of templates
        page = scene.pywa.get_templates(pagination=Pagination(limit=3, after=after))
        found += list(page)
        if not page.has_next:
            break
        after = page.after
    assert page.total_count == 7
    assert [template.name for template in found] == ["offer", "order", "t0", "t1", "t2", "t3", "t4"]
    assert found[1].language == TemplateLanguage.ENGLISH_US


def test_pywa_reads_the_number(scene: Scene) -> None:
    number = scene.pywa.get_business_phone_number()
    assert number.id == scene.emulator.phone_number_id
    assert number.quality_rating == "GREEN"


def test_pywa_reads_messages_buttons_and_preferences(scene: Scene) -> None:
    seen = heard(scene, MessageHandler, CallbackButtonHandler, UserMarketingPreferencesHandler)
    scene.emulator.say(ERIKA, "Grüße 1/2 – 😀")
    until(lambda: len(seen) == 1)
    scene.emulator.press(ERIKA, "STOP_MARKETING", "Keine Werbung")
    until(lambda: len(seen) == 2)
    scene.emulator.prefer(ERIKA, "stop")
    until(lambda: len(seen) == 3)
    message, button, preference = seen
    assert (message.text, message.from_user.name) == ("Grüße 1/2 – 😀", "Jürgen")
    assert (message.from_user.wa_id, message.from_user.bsuid) == (ERIKA.removeprefix("+"), BSUID)
    assert (button.data, button.title) == ("STOP_MARKETING", "Keine Werbung")
    assert (preference.value, preference.from_user.bsuid) == ("stop", BSUID)


def test_pywa_reads_statuses_and_failures(scene: Scene) -> None:
    seen = heard(scene, MessageStatusHandler)
    offer = ("offer", TemplateLanguage.GERMAN, [filled("Erika")])
    scene.pywa.send_template(ERIKA, *offer, tracker="outbox-1")
    until(lambda: len(seen) == 3)
    assert {status.status for status in seen} == {"sent", "delivered", "read"}
    assert {status.tracker for status in seen} == {"outbox-1"}


def test_pywa_names_the_error_of_a_failed_status(scene: Scene) -> None:
    # raw, since pywa 4.5 expects `contacts` in every status, and Meta leaves it out of failed ones
    seen = heard(scene, RawUpdateHandler)
    scene.emulator.prefer(ERIKA, "stop")
    scene.pywa.send_template(ERIKA, "offer", TemplateLanguage.GERMAN, [filled("Erika")])
    until(lambda: len(seen) == 2)
    (status,) = seen[1].value["statuses"]
    assert isinstance(WhatsAppError.from_dict(error=status["errors"][0]), UserStoppedMarketingMessages)


def test_pywa_reads_a_changed_number(scene: Scene) -> None:
    seen = heard(scene, PhoneNumberChangeHandler)
    scene.emulator.change_number(ERIKA, "+4915112345679")
    until(lambda: seen)
    assert (seen[0].old_wa_id, seen[0].new_wa_id) == ("4915112345678", "4915112345679")
