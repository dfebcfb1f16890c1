# SPDX-License-Identifier: Apache-2.0
"""pywa, a well-known client that knows nothing of us, works against the emulator and reads its webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import pytest
from hub_meta.emulator import MetaEmulator, create
from pywa.client import WhatsApp
from pywa.errors import (
    BulkBlockingFailed,
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
from pywa.types.callback import Button, Section, SectionList, SectionRow, URLButton
from pywa.types.others import Pagination
from pywa.types.templates import (
    BaseParams,
    BodyText,
    Buttons,
    CopyCodeButton,
    FooterText,
    HeaderImage,
    HeaderText,
    ParamFormat,
    QuickReplyButton,
    Template,
    TemplateCategory,
    TemplateLanguage,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.testing.clock import until
from hub.testing.emulator import serve

ERIKA = "+4915112345678"
BSUID = "DE.8842019375521660417"


class ToEmulator(httpx.HTTPTransport):
    """Sends what is meant for Meta to the emulator."""

    def __init__(self, base_url: str) -> None:
        super().__init__(trust_env=False)
        self.base = httpx.URL(base_url)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert request.url.host in ("graph.facebook.com", self.base.host)  # a file's address is the emulator's own
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


def test_pywa_uploads_a_file_sends_it_and_reads_it_again(scene: Scene) -> None:
    scene.emulator.say(ERIKA, "Hallo?")
    media = scene.pywa.upload_media(b"picture", mime_type="image/png", filename="a.png")
    scene.pywa.send_image(ERIKA, media.id, caption="Bild")
    (sent,) = scene.emulator.received
    assert sent.content["image"] == {"id": media.id, "caption": "Bild"}
    told = scene.pywa.get_media_url(media.id)
    assert (told.mime_type, scene.pywa.get_media_bytes(told.url)) == ("image/png", b"picture")
    scene.pywa.delete_media(media.id)
    with pytest.raises(WhatsAppError):
        scene.pywa.get_media_url(media.id)


def test_pywa_fetches_what_a_person_sent(scene: Scene) -> None:
    seen = heard(scene, MessageHandler)
    scene.emulator.send_file(ERIKA, "image", b"receipt", "image/jpeg", caption="Beleg")
    until(lambda: seen)
    assert seen[0].caption == "Beleg"
    assert scene.pywa.get_media_bytes(scene.pywa.get_media_url(seen[0].image.id).url) == b"receipt"


def test_pywa_asks_with_buttons_lists_and_links(scene: Scene) -> None:
    scene.emulator.say(ERIKA, "Hallo?")
    scene.pywa.send_message(ERIKA, "Passt es?", buttons=[Button("Ja", "yes"), Button("Nein", "no")])
    rows = [SectionRow("Rechnung", "t1", "Kopie anfordern")]
    scene.pywa.send_message(ERIKA, "Worum geht es?", buttons=SectionList("Wählen", [Section("Service", rows)]))
    scene.pywa.send_message(ERIKA, "Mehr dazu", buttons=URLButton("Lesen", "https://example.org"))
    kinds = [sent.content["interactive"]["type"] for sent in scene.emulator.received]
    assert kinds == ["button", "list", "cta_url"]
    with pytest.raises(WhatsAppError):
        scene.pywa.send_message(ERIKA, "?", buttons=[Button("x" * 21, "yes")])


def test_pywa_sends_places_and_reactions_and_marks_as_read(scene: Scene) -> None:
    wamid = scene.emulator.say(ERIKA, "Wo sind Sie?")
    scene.pywa.mark_message_as_read(wamid)
    scene.pywa.indicate_typing(wamid)
    scene.pywa.send_location(ERIKA, 52.52, 13.405, name="Büro")
    scene.pywa.send_reaction(ERIKA, "👍", wamid)
    assert [sent.type for sent in scene.emulator.received] == ["location", "reaction"]
    assert [read.get("typing_indicator") for read in scene.emulator.marked_read] == [None, {"type": "text"}]


def made(name: str, *components: Any) -> Template:
    return Template(
        name=name,
        language=TemplateLanguage.GERMAN,
        category=TemplateCategory.MARKETING,
        parameter_format=ParamFormat.POSITIONAL,
        components=list(components),
    )


def test_pywa_creates_changes_and_deletes_templates(scene: Scene) -> None:
    footer = FooterText(text="Demo GmbH")
    buttons = Buttons(buttons=[QuickReplyButton(text="Stopp"), CopyCodeButton(example="SAVE10")])
    created = scene.pywa.create_template(made("sale", BodyText("Hallo {{1}}, los!", "Erika"), footer, buttons))
    stored = scene.emulator.templates["sale", "de"]
    assert (created.id, created.status) == (stored.id, "PENDING")
    assert [button["type"] for button in stored.buttons] == ["QUICK_REPLY", "COPY_CODE"]
    stored.status = "APPROVED"
    scene.pywa.update_template(stored.id, new_components=[BodyText("Guten Tag {{1}}, los!", "Erika")])
    assert stored.body == "Guten Tag {{1}}, los!"
    scene.pywa.delete_template("sale")
    assert ("sale", "de") not in scene.emulator.templates


def test_pywa_is_told_what_is_wrong_with_a_template(scene: Scene) -> None:
    with pytest.raises(WhatsAppError):
        scene.pywa.create_template(made("sale", BodyText("{{1}} ist da", "Erika")))
    assert ("sale", "de") not in scene.emulator.templates


def test_pywa_fills_header_media_and_coupon(scene: Scene) -> None:
    image = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}}
    coupon = {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "text": "Kopieren", "example": "SAVE10"}]}
    scene.emulator.add_template("parts", components=[image, {"type": "BODY", "text": "Hallo {{1}}!"}, coupon])
    media = scene.pywa.upload_media(b"picture", mime_type="image/png")
    params = [
        cast(Any, HeaderImage).params(image=media.id),
        filled("Erika"),
        cast(Any, CopyCodeButton).params(coupon_code="SAVE20", index=0),
    ]
    scene.pywa.send_template(ERIKA, "parts", TemplateLanguage.GERMAN, params)
    (sent,) = scene.emulator.received
    assert [part["type"].lower() for part in sent.content["template"]["components"]] == ["header", "body", "button"]


def test_pywa_sends_advertising_through_the_marketing_api(scene: Scene) -> None:
    offer = ("offer", TemplateLanguage.GERMAN, [filled("Erika")])
    scene.pywa.send_template(ERIKA, *offer, use_mm_lite_api=True, message_activity_sharing=False)
    (sent,) = scene.emulator.received
    assert (sent.via, sent.content["message_activity_sharing"]) == ("marketing_messages", False)


def test_pywa_blocks_and_unblocks_people(scene: Scene) -> None:
    stranger = "+4915112345670"
    scene.emulator.say(ERIKA, "Hallo")
    result = scene.pywa.block_users([ERIKA])
    assert [user.input for user in result.added_users] == [ERIKA]
    # the list itself is left out: pywa 4.5 expects `input` in it, which Meta's page does not show
    assert scene.emulator.blocked == [{"wa_id": ERIKA.removeprefix("+")}]
    scene.pywa.unblock_users([ERIKA])
    assert scene.emulator.blocked == []
    with pytest.raises(BulkBlockingFailed):
        scene.pywa.block_users([ERIKA, stranger])
    assert scene.emulator.blocked == [{"wa_id": ERIKA.removeprefix("+")}], "one was blocked all the same"
