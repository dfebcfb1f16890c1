# SPDX-License-Identifier: Apache-2.0
"""What Sinch is told, and what its callbacks mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hub_sinch import webhooks, wire
from hub_sinch.reasons import REASONS, failure, refusal

from hub.contract import (
    BadConfig,
    Card,
    CardsContent,
    Choice,
    Content,
    HubError,
    ListContent,
    LocationContent,
    Media,
    MediaContent,
    MediaKind,
    MessageReceived,
    Outgoing,
    PlatformCategory,
    Point,
    PointKind,
    PreferenceChanged,
    Purpose,
    RecipientCapped,
    RecipientOptedOut,
    Rejected,
    Section,
    SenderChanged,
    Status,
    StatusChanged,
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

FIXTURES = Path(__file__).parent / "fixtures"
APP = "01HXAPP0000000000000000001"
ERIKA = Point(PointKind.E164, "+4915112345678")
AT = datetime(2026, 11, 21, 8, 5, 45, tzinfo=UTC)
OURS = "0193c1d2-7a55-7000-8000-000000000001"


def outgoing(content: Content, purpose: Purpose = Purpose.MARKETING, to: Point = ERIKA) -> Outgoing:
    return Outgoing("opaque-1", APP, to, purpose, content)


def said(content: Content) -> Any:
    return wire.message(outgoing(content), 600)["message"]


def heard(name: str) -> Any:
    (event,) = webhooks.events(json.loads((FIXTURES / f"{name}.json").read_text()), AT, app=APP)
    return event


# what goes out


def test_message_is_dispatched_over_whatsapp_alone_and_named_by_our_id() -> None:
    assert wire.message(outgoing(TextContent("Hallo")), 600) == {
        "app_id": APP,
        "recipient": {"identified_by": {"channel_identities": [{"channel": "WHATSAPP", "identity": "4915112345678"}]}},
        "channel_priority_order": ["WHATSAPP"],
        "processing_strategy": "DISPATCH_ONLY",
        "correlation_id": "opaque-1",
        "message_content_type": "CONTENT_MARKETING",
        "queue": "NORMAL_PRIORITY",
        "ttl": "600s",
        "message": {"text_message": {"text": "Hallo"}},
    }


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose is not Purpose.MARKETING])
def test_content_type_is_marketing_for_marketing_only(purpose: Purpose) -> None:
    body = wire.message(outgoing(TextContent("Hallo"), purpose), 600)
    assert body["message_content_type"] == "CONTENT_NOTIFICATION"


def test_one_time_code_goes_first() -> None:
    body = wire.message(outgoing(TemplateContent("code", "de", (("1", "123456"),)), Purpose.AUTHENTICATION), 600)
    assert body["queue"] == "HIGH_PRIORITY"


@pytest.mark.parametrize("kind", [PointKind.BSUID, PointKind.PARENT_BSUID, PointKind.EMAIL])
def test_recipient_without_a_number_is_refused(kind: PointKind) -> None:
    with pytest.raises(Rejected):
        wire.message(outgoing(TextContent("Hallo"), to=Point(kind, "DE.1")), 600)


def test_template_is_named_and_filled_by_position() -> None:
    given = (("2", "9:00"), ("1", "Mo"), ("header.document", "https://example.org/a.pdf"))
    more = (("header.document.name", "a.pdf"), ("payload.0", ""), ("button.1", "suffix"))
    assert said(TemplateContent("termin", "de", (*given, *more))) == {
        "template_message": {
            "channel_template": {
                "WHATSAPP": {
                    "template_id": "termin",
                    "language_code": "de",
                    "parameters": {
                        "header[1]document.link": "https://example.org/a.pdf",
                        "header[1]document.filename": "a.pdf",
                        "body[1]text": "Mo",
                        "body[2]text": "9:00",
                        "button[0]quick_reply[1]payload": "",
                        "button[1]url[1]text": "suffix",
                    },
                }
            }
        }
    }


def test_template_language_has_an_underscore_and_no_empty_parameters() -> None:
    (template,) = said(TemplateContent("hello", "en-US"))["template_message"]["channel_template"].values()
    assert template == {"template_id": "hello", "language_code": "en_US"}


def test_quick_reply_without_a_payload_carries_its_label() -> None:
    content = TemplateContent("offer", "de", (("payload.1", "yes.7"),))
    body = wire.message(outgoing(content), 600, {"0": "Keine Werbung", "1": "Ja"})
    (template,) = body["message"]["template_message"]["channel_template"].values()
    assert template["parameters"] == {
        "button[0]quick_reply[1]payload": "label:Keine Werbung",
        "button[1]quick_reply[1]payload": "yes.7",
    }


@pytest.mark.parametrize(
    "parameters",
    [
        (("name", "Erika"),),
        (("header.name", "Erika"),),
        (("copy.0", "CODE"),),
        (("header.location", "52.5,13.4"),),
        (("card.0.1", "x"), ("card.1.1", "y")),
    ],
)
def test_template_part_that_sinch_does_not_document_is_refused(parameters: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(TemplateProblem):
        said(TemplateContent("termin", "de", parameters))


def test_uploaded_file_is_refused() -> None:
    with pytest.raises(Rejected):
        said(TemplateContent("termin", "de", (("header.image", "id:7"),)))
    with pytest.raises(Rejected):
        said(MediaContent(Media(MediaKind.IMAGE, id="7")))


def test_file_goes_by_link_and_its_caption_is_not_lost_silently() -> None:
    file = Media(MediaKind.DOCUMENT, link="https://example.org/a.pdf", name="a.pdf")
    assert said(MediaContent(file)) == {
        "media_message": {"url": "https://example.org/a.pdf", "filename_override": "a.pdf"}
    }
    with pytest.raises(Rejected, match="caption"):
        said(MediaContent(file, "Ihr Vertrag"))


def test_list_has_a_menu_and_its_rows_come_back() -> None:
    rows = (Choice("mo", "Montag", "ab 9 Uhr"), Choice("di", "Dienstag"))
    assert said(ListContent("Wann?", "Termine", (Section("Woche", rows),), header="Werkstatt")) == {
        "list_message": {
            "title": "Wann?",
            "sections": [
                {
                    "title": "Woche",
                    "items": [
                        {"choice": {"title": "Montag", "postback_data": "mo", "description": "ab 9 Uhr"}},
                        {"choice": {"title": "Dienstag", "postback_data": "di"}},
                    ],
                }
            ],
            "message_properties": {"menu": "Termine", "whatsapp_header": "Werkstatt"},
        }
    }


@pytest.mark.parametrize(
    ("place", "title", "label"),
    [
        (LocationContent(52.5, 13.4, "Laden", "Weg 1"), "Laden", "Weg 1"),
        (LocationContent(52.5, 13.4, "Laden"), "Laden", None),
        (LocationContent(52.5, 13.4, address="Weg 1"), "Weg 1", None),
        (LocationContent(52.5, 13.4), "52.5, 13.4", None),
    ],
)
def test_place_always_has_a_title(place: LocationContent, title: str, label: str | None) -> None:
    message = said(place)["location_message"]
    assert (message["title"], message.get("label")) == (title, label)


def test_two_cards_or_one_without_a_number_are_refused() -> None:
    card = Card("Demo GmbH", ("+493023125000",))
    for cards in ((card, card), (Card("Demo GmbH"),)):
        with pytest.raises(Rejected):
            said(CardsContent(cards))


# what is listed


def test_template_is_listed_with_what_fills_it() -> None:
    components = [
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "BODY", "text": "Hallo {{1}}, ab {{2}}."},
        {"type": "FOOTER", "text": "Stopp genügt"},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Stopp"}, {"type": "URL", "url": "u/{{1}}"}]},
    ]
    listed = {"name": "offer", "language": "de", "category": "MARKETING", "state": "APPROVED"}
    found = wire.template({**listed, "details": {"components": components}})
    assert found is not None
    assert (found.text, found.buttons) == ("Hallo {{1}}, ab {{2}}.\nStopp genügt", ("Stopp", ""))
    assert found.parameters == ("header.image", "1", "2", "button.1")


@pytest.mark.parametrize(
    ("word", "category"),
    [
        ("OTP", PlatformCategory.AUTHENTICATION),
        ("TRANSACTIONAL", PlatformCategory.UTILITY),
        ("UTILITY", PlatformCategory.UTILITY),
    ],
)
def test_category_in_older_words_is_read(word: str, category: PlatformCategory) -> None:
    found = wire.template({"name": "a", "language": "de", "category": word, "state": "APPROVED"})
    assert found is not None
    assert found.category is category


def test_template_in_a_state_to_come_cannot_be_sent() -> None:
    found = wire.template({"name": "a", "language": "de", "category": "MARKETING", "state": "NEW"})
    assert found is not None
    assert found.state is TemplateState.DISABLED


# what comes in


@pytest.mark.parametrize(
    ("name", "kind", "text", "button"),
    [
        ("message__text", "text", "Bitte keine Werbung mehr", ""),
        ("message__button", "button", "", "STOP_MARKETING"),
        ("message__button_by_default", "button", "Keine Werbung", "Keine Werbung"),
        ("message__button_with_label", "button", "Keine Werbung", "Keine Werbung"),
        ("message__image", "image", "", ""),
        ("message__media_card", "image", "STOP", ""),
        ("message__voice", "audio", "", ""),
        ("message__document", "document", "", ""),
        ("message__file_of_unknown_kind", "unsupported", "", ""),
        ("message__location", "location", "", ""),
        ("message__flow", "interactive", "", ""),
        ("message__product", "order", "", ""),
        ("message__fallback", "unsupported", "", ""),
        ("message__of_a_kind_to_come", "unsupported", "", ""),
    ],
)
def test_message_of_a_person_is_heard(name: str, kind: str, text: str, button: str) -> None:
    event = heard(name)
    assert isinstance(event, MessageReceived)
    assert (event.kind, event.text, event.button) == (kind, text, button)
    assert (event.sender, event.points, event.at) == (APP, (Point(PointKind.E164, "+12025550147"),), AT)
    assert event.provider_message_id == "01HXMSG0000000000000000001"


@pytest.mark.parametrize("name", ["message__text_reply", "message__button", "message__button_by_default"])
def test_answer_names_the_message_it_answers(name: str) -> None:
    assert heard(name).in_reply_to == "01HXMSG0000000000000000002"


def test_document_keeps_address_and_name() -> None:
    (media,) = heard("message__document").media
    assert (media.kind, media.link, media.name) == ("document", "https://media.example/a1/x.pdf", "Vertrag.pdf")


def test_user_id_instead_of_a_number_is_a_user_id() -> None:
    assert heard("message__from_user_id").points == (Point(PointKind.BSUID, "DE.8842019375521660417"),)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("status__queued_on_channel", Status.SENT),
        ("status__delivered", Status.DELIVERED),
        ("status__read", Status.READ),
    ],
)
def test_status_names_our_message(name: str, status: Status) -> None:
    assert heard(name) == StatusChanged(status, AT, "01HXMSG0000000000000000002", OURS)


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("status__failed_window", WindowClosed, "131047"),
        ("status__failed_opted_out", RecipientOptedOut, "RECIPIENT_NOT_OPTED_IN"),
        ("status__failed_opted_out_by_channel_code", RecipientOptedOut, "131050"),
        ("status__failed_capped", RecipientCapped, "131049"),
        ("status__failed_template", TemplateProblem, "TEMPLATE_NOT_FOUND"),
        ("status__failed_for_an_unknown_reason", Rejected, ""),
    ],
)
def test_failure_says_what_happens_next(name: str, kind: type[HubError], code: str) -> None:
    event = heard(name)
    assert (event.status, event.message_id) == (Status.FAILED, OURS)
    assert type(event.error) is kind
    assert event.error.code == code


def test_opt_out_is_a_stop_and_opt_in_is_none() -> None:
    person = (Point(PointKind.E164, "+12025550147"),)
    assert heard("opt_out__on_whatsapp") == PreferenceChanged(APP, person, AT, stopped=True)
    assert isinstance(heard("unknown__opt_in"), Unknown)


def test_quality_that_falls_is_shown() -> None:
    assert heard("channel__quality") == SenderChanged(APP, "WHATS_APP_QUALITY_RATING_CHANGED: RED", AT, worse=True)


def test_unknown_never_tells_what_was_said() -> None:
    for file in FIXTURES.glob("unknown__*.json"):
        event = heard(file.stem)
        assert not {"12025550147", "Stopp", "Hallo"} & set(event.what.split())


# errors


# reason codes of the SDK's models [2]; the words of refused calls come from its error bodies
CODES = [
    "UNKNOWN",
    "INTERNAL_ERROR",
    "RATE_LIMITED",
    "RECIPIENT_INVALID_CHANNEL_IDENTITY",
    "RECIPIENT_NOT_REACHABLE",
    "RECIPIENT_NOT_OPTED_IN",
    "OUTSIDE_ALLOWED_SENDING_WINDOW",
    "CHANNEL_FAILURE",
    "CHANNEL_BAD_CONFIGURATION",
    "CHANNEL_CONFIGURATION_MISSING",
    "MEDIA_TYPE_UNSUPPORTED",
    "MEDIA_TOO_LARGE",
    "MEDIA_NOT_REACHABLE",
    "NO_CHANNELS_LEFT",
    "TEMPLATE_NOT_FOUND",
    "TEMPLATE_INSUFFICIENT_PARAMETERS",
    "TEMPLATE_NON_EXISTING_LANGUAGE_OR_VERSION",
    "DELIVERY_TIMED_OUT",
    "DELIVERY_REJECTED_DUE_TO_POLICY",
    "CONTACT_NOT_FOUND",
    "BAD_REQUEST",
    "UNKNOWN_APP",
    "NO_CHANNEL_IDENTITY_FOR_CONTACT",
    "CHANNEL_REJECT",
    "NO_PERMISSION",
    "NO_PROFILE_AVAILABLE",
    "UNSUPPORTED_OPERATION",
]


def test_every_reason_code_has_a_type_and_a_sentence_in_both_languages() -> None:
    assert set(CODES) <= REASONS.keys()
    for code, word in REASONS.items():
        assert word.en
        assert word.de
        assert word.en != word.de
        assert isinstance(failure({"code": code}), word.kind)


def test_channel_code_never_undoes_an_opt_out() -> None:
    assert isinstance(failure({"code": "RECIPIENT_NOT_OPTED_IN", "channel_code": "131026"}), RecipientOptedOut)


@pytest.mark.parametrize(
    ("status", "word", "sends", "kind"),
    [
        (400, "INVALID_ARGUMENT", True, Rejected),
        (401, "UNAUTHENTICATED", True, BadConfig),
        (403, "PERMISSION_DENIED", True, BadConfig),
        (404, "NOT_FOUND", True, BadConfig),
        (404, "", True, Rejected),
        (429, "RESOURCE_EXHAUSTED", True, Throttled),
        (500, "INTERNAL", True, Uncertain),
        (500, "INTERNAL", False, Unavailable),
        (501, "UNIMPLEMENTED", True, Rejected),
        (503, "UNAVAILABLE", True, Throttled),
    ],
)
def test_refused_call_says_what_happens_next(status: int, word: str, sends: bool, kind: type[HubError]) -> None:
    answer = {"error": {"code": status, "message": "+4915112345678 is wrong", "status": word}}
    error = refusal(answer, status, sends=sends)
    assert type(error) is kind
    assert "4915112345678" not in str(error)
