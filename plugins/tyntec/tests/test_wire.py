# SPDX-License-Identifier: Apache-2.0
"""tyntec's JSON and our words: what each fixture means, what goes out, what each refusal leads to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hub_tyntec import webhooks, wire
from hub_tyntec.problems import REFUSALS, problem

from hub.contract import (
    BadConfig,
    ButtonsContent,
    Choice,
    Content,
    Event,
    LinkContent,
    ListContent,
    Media,
    MediaContent,
    MediaKind,
    MessageReceived,
    Outgoing,
    PlatformCategory,
    Point,
    PointKind,
    Purpose,
    RecipientCapped,
    RecipientOptedOut,
    RecipientUnreachable,
    Rejected,
    Section,
    SenderChanged,
    Status,
    StatusChanged,
    TemplateChanged,
    TemplateContent,
    TemplateProblem,
    TemplateState,
    TextContent,
    Throttled,
    Unavailable,
    Uncertain,
    Unknown,
    WindowClosed,
)
from hub.whatsapp.answers import receipt
from hub.whatsapp.reading import parsed

FIXTURES = Path(__file__).parent / "fixtures"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SENDER = "493023125000"
NUMBER = Point(PointKind.E164, "+4915112345678")
BSUID = Point(PointKind.BSUID, "DE.8842019375521660417")
PARENT = Point(PointKind.PARENT_BSUID, "DE.ENT.7710036284419905521")
OURS = "7c0b7a6e-0f52-4f6e-8f0f-000000000001"
THEIRS = "4a1f0c52-3d7e-4b0a-9a64-1d2f6f1c0001"


def one(name: str) -> Any:
    (event,) = webhooks.events(parsed((FIXTURES / f"{name}.json").read_bytes()), NOW)
    return event


# messages


@pytest.mark.parametrize(
    ("fixture", "kind", "text", "button"),
    [
        ("message__text", "text", "Hallo", ""),
        ("message__text_reply", "text", "Stopp", ""),
        ("message__image_with_caption", "image", "Keine Werbung", ""),
        ("message__voice", "audio", "", ""),
        ("message__document", "document", "", ""),
        ("message__location", "location", "", ""),
        ("message__unsupported", "unsupported", "", ""),
        ("message__button", "button", "Keine Werbung", "STOP_MARKETING"),
        ("message__button_as_enumerated", "button", "Keine Werbung", "STOP_MARKETING"),
    ],
)
def test_message_of_each_type_keeps_what_was_said(fixture: str, kind: str, text: str, button: str) -> None:
    event = one(fixture)
    assert (event.kind, event.text, event.button) == (kind, text, button)
    assert (event.sender, event.points) == (SENDER, (NUMBER, BSUID, PARENT))
    assert (event.at, event.provider_message_id) == (datetime(2026, 11, 21, 10, tzinfo=UTC), THEIRS)


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2026-11-21T10:00:00+01:00", datetime(2026, 11, 21, 9, tzinfo=UTC)),
        ("2026-11-21T13:00:00", NOW),
        ("yesterday", NOW),
        (None, NOW),
    ],
)
def test_time_of_a_message_is_never_ahead_of_its_arrival(stamp: str | None, expected: datetime) -> None:
    payload = {**parsed((FIXTURES / "message__text.json").read_bytes()), "timestamp": stamp}
    (event,) = webhooks.events(payload, NOW)
    assert event.at == expected


def test_message_names_the_one_it_answers() -> None:
    assert one("message__button").in_reply_to == one("message__text_reply").in_reply_to == OURS


def test_message_without_a_number_has_the_user_ids_only() -> None:
    assert one("message__text_without_number").points == (BSUID, PARENT)


def test_message_with_a_file_names_it() -> None:
    assert one("message__voice").media == (Media(MediaKind.AUDIO, id="m-2"),)
    assert one("message__text").media == ()


def test_message_the_person_deleted_is_taken_back() -> None:
    event = one("message__deleted")
    assert isinstance(event, MessageReceived)
    assert (event.kind, event.sender, event.points, event.in_reply_to) == ("revoke", SENDER, (NUMBER,), THEIRS)


def test_message_shows_neither_number_nor_words() -> None:
    shown = repr(one("message__text_reply"))
    assert not [told for told in ("4915112345678", "Stopp", THEIRS, "8842019375521660417") if told in shown]


# statuses


@pytest.mark.parametrize(
    ("fixture", "status", "error"),
    [
        ("status__delivered", Status.DELIVERED, type(None)),
        ("status__seen", Status.READ, type(None)),
        ("status__failed_window", Status.FAILED, WindowClosed),
        ("status__failed_capped", Status.FAILED, RecipientCapped),
        ("status__failed_opted_out", Status.FAILED, RecipientOptedOut),
        ("status__failed_on_the_channel", Status.FAILED, RecipientUnreachable),
        ("status__failed_without_a_code", Status.FAILED, Rejected),
    ],
)
def test_status_is_read_with_our_id_and_what_happens_next(fixture: str, status: Status, error: type) -> None:
    event = one(fixture)
    assert isinstance(event, StatusChanged)
    assert (event.status, event.message_id, event.provider_message_id) == (status, "0193c1d2", OURS)
    assert event.at == datetime(2026, 11, 21, 10, 0, 1, tzinfo=UTC)
    assert type(event.error) is error
    assert "4915112345678" not in str(event.error)


def test_status_without_our_id_is_known_by_tyntecs() -> None:
    assert (one("status__without_context").message_id, one("status__without_context").provider_message_id) == ("", OURS)


# news


@pytest.mark.parametrize(
    ("fixture", "expected"),
    [
        ("template__approved", TemplateChanged("offer", "de", NOW, state=TemplateState.APPROVED)),
        ("template__rejected", TemplateChanged("offer", "de", NOW, state=TemplateState.REJECTED)),
        ("template__paused", TemplateChanged("offer", "de", NOW, state=TemplateState.PAUSED)),
        ("template__category", TemplateChanged("offer", "de", NOW, category=PlatformCategory.MARKETING)),
        (
            "template__quality",
            SenderChanged("", "template offer de: qualityScore is RED", NOW, worse=True, template="offer/de"),
        ),
        ("number__changed", SenderChanged("", "phoneNumber: displayName is Demo GmbH", NOW)),
        ("unknown__event", Unknown("event callevent ringing", datetime(2026, 11, 21, 10, tzinfo=UTC))),
        ("unknown__status", Unknown("event messagestatus processing", datetime(2026, 11, 21, 10, 0, 1, tzinfo=UTC))),
        ("unknown__news", Unknown("news without a subject", NOW)),
    ],
)
def test_news_say_what_changed(fixture: str, expected: Event) -> None:
    assert one(fixture) == expected


# what goes out


def outgoing(content: Content, to: Point = NUMBER, reply_to: str = "") -> Outgoing:
    return Outgoing("opaque-1", SENDER, to, Purpose.SERVICE, content, reply_to)


def content(given: Content) -> Any:
    return wire.message(outgoing(given))["content"]


def test_message_goes_to_digits_with_our_id_as_context() -> None:
    sent = wire.message(outgoing(TextContent("Hallo"), reply_to="wa-1"))
    assert sent == {
        "from": SENDER,
        "to": "4915112345678",
        "channel": "whatsapp",
        "context": "opaque-1",
        "content": {"contentType": "text", "text": "Hallo", "renderUrlPreview": False, "replyTo": "wa-1"},
    }


def test_message_to_a_user_id_is_refused() -> None:
    with pytest.raises(Rejected):
        wire.message(outgoing(TextContent("Hallo"), to=BSUID))


def test_template_without_parameters_has_no_components() -> None:
    assert content(TemplateContent("offer", "de"))["template"] == {"templateId": "offer", "templateLanguage": "de"}


def test_template_parameters_go_where_their_keys_say() -> None:
    given = (
        ("2", "9:00"),
        ("1", "Mo"),
        ("header.document", "https://example.org/a.pdf"),
        ("header.document.name", "a.pdf"),
        ("payload.0", "later"),
        ("button.1", "suffix"),
    )
    assert content(TemplateContent("offer", "de", given))["template"]["components"] == {
        "header": [{"type": "document", "document": {"url": "https://example.org/a.pdf", "filename": "a.pdf"}}],
        "body": [{"type": "text", "text": "Mo"}, {"type": "text", "text": "9:00"}],
        "button": [
            {"type": "quick_reply", "index": 0, "payload": "later"},
            {"type": "url", "index": 1, "text": "suffix"},
        ],
    }


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [
        ("name", "Erika", TemplateProblem),
        ("body.1", "Erika", TemplateProblem),
        ("copy.0", "TEN", Rejected),
        ("card.0.1", "Erika", Rejected),
        ("header.location", "52.5,13.4", Rejected),
        ("header.image", "id:m-1", Rejected),
    ],
)
def test_template_part_not_documented_is_refused(key: str, value: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        content(TemplateContent("offer", "de", ((key, value),)))


def test_file_goes_by_link_or_by_id() -> None:
    picture = MediaContent(Media(MediaKind.IMAGE, link="https://example.org/a.jpg"), "Bild")
    assert content(picture) == {
        "contentType": "image",
        "image": {"url": "https://example.org/a.jpg", "caption": "Bild"},
    }
    paper = MediaContent(Media(MediaKind.DOCUMENT, id="m-1", name="a.pdf"))
    assert content(paper) == {"contentType": "document", "document": {"id": "m-1", "filename": "a.pdf"}}
    spoken = MediaContent(Media(MediaKind.AUDIO, link="https://example.org/a.ogg"), "never shown")
    assert content(spoken) == {"contentType": "audio", "audio": {"url": "https://example.org/a.ogg"}}


def test_question_with_buttons() -> None:
    asked = ButtonsContent("Kommen Sie?", (Choice("ja", "Ja"),), footer="Demo GmbH")
    assert content(asked)["interactive"] == {
        "subType": "buttons",
        "components": {
            "body": {"type": "text", "text": "Kommen Sie?"},
            "footer": {"type": "text", "text": "Demo GmbH"},
            "buttons": [{"type": "reply", "reply": {"payload": "ja", "title": "Ja"}}],
        },
    }


def test_question_with_a_list() -> None:
    rows = (Choice("1", "9 Uhr", "früh"), Choice("2", "10 Uhr"))
    asked = ListContent("Wann?", "Termine", (Section("Montag", rows),))
    assert content(asked)["interactive"] == {
        "subType": "list",
        "components": {
            "body": {"type": "text", "text": "Wann?"},
            "list": {
                "title": "Termine",
                "sections": [
                    {
                        "title": "Montag",
                        "rows": [
                            {"title": "9 Uhr", "payload": "1", "description": "früh"},
                            {"title": "10 Uhr", "payload": "2"},
                        ],
                    }
                ],
            },
        },
    }


@pytest.mark.parametrize(
    "given",
    [ButtonsContent("?", (Choice("ja", "Ja"),), header="Kopf"), LinkContent("Mehr", "Lesen", "https://example.org/")],
)
def test_content_not_documented_is_refused(given: Content) -> None:
    with pytest.raises(Rejected):
        content(given)


# answers


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"title": "Constraint Violation", "violations": [{"field": "validate.request.to"}]}, Rejected),
        (401, {"title": "Unauthorized"}, BadConfig),
        (403, {"title": "Forbidden"}, BadConfig),
        (404, {"title": "Not Found"}, BadConfig),
        (429, {"title": "Too Many Requests"}, Throttled),
        (500, {"title": "Internal Server Error"}, Uncertain),
        (503, {"title": "Service Unavailable"}, Unavailable),
    ],
)
def test_refusal_says_what_happens_next(status: int, body: dict[str, Any], error: type) -> None:
    assert isinstance(problem(httpx.Response(status, json=body), sends=True, names_message=False), error)


def test_refusal_of_an_unknown_message_blames_no_account() -> None:
    answer = httpx.Response(404, json={"title": "Not Found"})
    assert isinstance(problem(answer, sends=False, names_message=True), Rejected)


def test_every_refusal_is_said_in_both_languages() -> None:
    assert sorted(REFUSALS) == ["400", "401", "403", "404"]
    assert [known for known in REFUSALS.values() if not (known.en.endswith(".") and known.de.endswith("."))] == []


def test_refusal_names_fields_but_nothing_that_was_sent() -> None:
    fields = ["validate.request.to", "+4915112345678", "to 4915112345678"]
    violations = [{"field": field, "message": "not +4915112345678"} for field in fields]
    said = str(
        problem(
            httpx.Response(400, json={"title": "Constraint Violation", "violations": violations}),
            sends=True,
            names_message=False,
        )
    )
    assert "validate.request.to" in said
    assert "4915112345678" not in said


def test_acceptance_without_an_id_is_uncertain() -> None:
    assert problem(httpx.Response(202), sends=True, names_message=False) is None
    with pytest.raises(Uncertain):
        receipt("tyntec", parsed(b'{"acceptedAt":"2026-11-21T10:00:00Z"}').get("messageId"))


# templates

ITEM = {"whatsAppAccountId": "w-1", "templateName": "offer", "templateId": "t-1", "category": "MARKETING"}
GERMAN = {
    "language": "de",
    "status": "APPROVED",
    "components": [
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "BODY", "text": "Hallo {{1}}, {{2}}", "example": {"texts": ["A", "B"]}},
        {"type": "FOOTER", "text": "Demo GmbH"},
        {"type": "BUTTONS", "buttons": [{"text": "Stopp"}, {"text": "Mehr", "url": "https://example.org/{{1}}"}]},
    ],
}


@pytest.mark.parametrize("key", wire.TRANSLATIONS)
def test_templates_are_read_under_either_spelling(key: str) -> None:
    (found,) = wire.templates(orjson.dumps([{**ITEM, key: [GERMAN]}]))
    assert (found.name, found.language, found.category) == ("offer", "de", PlatformCategory.MARKETING)
    assert (found.state, found.text) == (TemplateState.APPROVED, "Hallo {{1}}, {{2}}\nDemo GmbH")
    assert (found.parameters, found.buttons) == (("header.image", "1", "2", "button.1"), ("Stopp", "Mehr"))


def test_template_has_an_entry_for_each_translation() -> None:
    english = {**GERMAN, "language": "en", "status": "REJECTED"}
    found = list(wire.templates(orjson.dumps([{**ITEM, "localizations": [GERMAN, english]}])))
    assert [(one.language, one.state) for one in found] == [
        ("de", TemplateState.APPROVED),
        ("en", TemplateState.REJECTED),
    ]


@pytest.mark.parametrize(
    ("status", "state"), [*wire.TEMPLATE_STATES.items(), ("HELD", TemplateState.DISABLED), ("", TemplateState.DISABLED)]
)
def test_template_in_each_status_can_be_sent_only_if_approved(status: str, state: TemplateState) -> None:
    (found,) = wire.templates(orjson.dumps([{**ITEM, "localizations": [{**GERMAN, "status": status}]}]))
    assert found.state is state
    assert (found.state is TemplateState.APPROVED) == (status == "APPROVED")


def test_template_that_cannot_be_read_is_left_out() -> None:
    broken = [{**ITEM, "category": "NEW", "localizations": [GERMAN]}, {**ITEM, "localizations": [{}, None]}, None, 7]
    assert list(wire.templates(orjson.dumps(broken))) == []


def test_templates_that_are_no_list_can_be_read_later() -> None:
    with pytest.raises(Unavailable):
        list(wire.templates(b'{"title":"?"}'))
