# SPDX-License-Identifier: Apache-2.0
"""What Bird is told, and what its events mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hub_bird import webhooks, wire
from hub_bird.problems import WORDS, failure, refusal

from hub.contract import (
    BadConfig,
    ButtonsContent,
    Card,
    CardsContent,
    Choice,
    Content,
    Echoed,
    HubError,
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
    RecipientOptedOut,
    RecipientUnreachable,
    Rejected,
    Status,
    StatusChanged,
    TemplateContent,
    TemplateProblem,
    TemplateState,
    TextContent,
    Throttled,
    Unavailable,
    Uncertain,
    WindowClosed,
)

FIXTURES = Path(__file__).parent / "fixtures"
NUMBER = "+493023125000"
ERIKA = Point(PointKind.E164, "+4915112345678")
AT = datetime(2026, 11, 21, 8, 5, 45, tzinfo=UTC)
OURS, WAM = "0193c1d2-7a55-7000-8000-000000000001", "wam_01krdgeqcxet5s7t44vh8rt9mg"
SOMEBODY = (Point(PointKind.E164, "+12025550147"), Point(PointKind.BSUID, "DE.8842019375521660417"))
FILE = Media(MediaKind.DOCUMENT, link="https://example.org/a.pdf", name="a.pdf")


def message(content: Content, to: Point = ERIKA, reply_to: str = "") -> Any:
    return wire.message(Outgoing("opaque-1", NUMBER, to, Purpose.MARKETING, content, reply_to))


def heard(name: str) -> Any:
    (event,) = webhooks.events(json.loads((FIXTURES / f"{name}.json").read_text()), AT)
    return event


# what goes out


def test_message_names_sender_recipient_and_our_id_alone() -> None:
    assert message(TextContent("Hallo")) == {
        "to": "+4915112345678",
        "from": NUMBER,
        "metadata": {"hub_ref": "opaque-1"},
        "text": {"body": "Hallo", "preview_url": False},
    }


def test_recipient_may_be_a_user_id_and_is_no_mail_address() -> None:
    assert message(TextContent("Hallo"), Point(PointKind.BSUID, "DE.1"))["to"] == "DE.1"
    with pytest.raises(Rejected):
        message(TextContent("Hallo"), Point(PointKind.EMAIL, "erika@example.org"))


def test_answer_quotes_the_message() -> None:
    assert message(TextContent("Hallo"), reply_to=WAM)["in_reply_to_message_id"] == WAM


def test_template_is_filled_by_position() -> None:
    given = (("2", "9:00"), ("1", "Mo"), ("header.document", FILE.link), ("header.document.name", "a.pdf"))
    filled = message(TemplateContent("termin", "de", (*given, ("button.2", "suffix"), ("copy.1", "RABATT"))))
    assert filled["template"] == {
        "slug": "termin",
        "language": "de",
        "components": [
            {"type": "header", "parameters": [{"type": "document", "url": FILE.link, "filename": "a.pdf"}]},
            {"type": "body", "parameters": [{"type": "text", "text": "Mo"}, {"type": "text", "text": "9:00"}]},
            {"type": "button", "parameters": [{"type": "text", "text": "RABATT"}]},
            {"type": "button", "parameters": [{"type": "text", "text": "suffix"}]},
        ],
    }


def test_template_is_filled_by_name_and_found_by_its_id() -> None:
    filled = message(TemplateContent("wat_1", "de", (("zeit", "9:00"), ("header.location", "52.5,13.4,Laden"))))
    assert filled["template"] == {
        "id": "wat_1",
        "language": "de",
        "components": [
            {
                "type": "header",
                "parameters": [
                    {"type": "location", "location": {"latitude": 52.5, "longitude": 13.4, "name": "Laden"}}
                ],
            },
            {"type": "body", "parameters": [{"type": "text", "text": "9:00", "name": "zeit"}]},
        ],
    }


def test_carousel_is_filled_card_by_card() -> None:
    cards = [(f"card.{n}.header.image", f"https://example.org/{n}.jpg") for n in (0, 1)]
    (carousel,) = message(TemplateContent("schau", "de", (*cards, ("card.1.1", "Uhr"))))["template"]["components"]
    first, second = carousel["cards"]
    assert carousel["type"] == "carousel"
    assert [part["type"] for part in first["components"]] == ["header"]
    assert second["components"][1] == {"type": "body", "parameters": [{"type": "text", "text": "Uhr"}]}


def test_payload_of_a_quick_reply_is_refused_not_dropped() -> None:
    with pytest.raises(TemplateProblem, match="payload"):
        message(TemplateContent("offer", "de", (("payload.0", "yes.7"),)))


def test_file_has_caption_and_name_where_whatsapp_shows_them() -> None:
    assert message(MediaContent(FILE, "Ihr Vertrag"))["document"] == {
        "url": "https://example.org/a.pdf",
        "caption": "Ihr Vertrag",
        "filename": "a.pdf",
    }
    with pytest.raises(Rejected, match="caption"):
        message(MediaContent(Media(MediaKind.AUDIO, link="https://example.org/a.ogg"), "Ton"))
    with pytest.raises(Rejected, match="link"):
        message(MediaContent(Media(MediaKind.IMAGE, id="7")))


def test_buttons_have_header_and_footer() -> None:
    content = ButtonsContent("Kommen Sie?", (Choice("ja", "Ja"),), header=FILE, footer="Demo GmbH")
    assert message(content)["interactive"] == {
        "type": "button",
        "body_text": "Kommen Sie?",
        "header": {"type": "document", "url": "https://example.org/a.pdf"},
        "footer_text": "Demo GmbH",
        "buttons": [{"type": "quick_reply", "quick_reply": {"slug": "ja", "text": "Ja"}}],
    }


def test_sixth_card_is_refused() -> None:
    with pytest.raises(Rejected):
        message(CardsContent((Card("Demo GmbH"),) * 6))


# what is listed


def test_language_of_a_template_counts_with_its_own_category_and_state() -> None:
    listed = {"slug": "offer", "category": "utility", "live_version_id": "wav_1", "languages": {"pt-BR": {}}}
    content = {
        "category": "marketing",
        "components": [
            {"type": "body", "text": "Olá {{1}}"},
            {"type": "buttons", "buttons": [{"type": "copy_code"}, {"type": "url", "url": "https://x/{{1}}"}]},
        ],
    }
    found = wire.template(listed, "pt-BR", {"status": "paused"}, content)
    assert found is not None
    assert (found.name, found.language) == ("offer", "pt_BR")
    assert (found.category, found.state) == (PlatformCategory.MARKETING, TemplateState.PAUSED)
    assert (found.text, found.parameters) == ("Olá {{1}}", ("1", "copy.0", "button.1"))


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("approved", TemplateState.APPROVED),
        ("in_appeal", TemplateState.PENDING),
        ("limit_exceeded", TemplateState.REJECTED),
        ("submit_failed", TemplateState.REJECTED),
        ("archived", TemplateState.GONE),
        ("something_new", TemplateState.DISABLED),
        ("", TemplateState.DISABLED),
    ],
)
def test_state_of_a_language_is_read(word: str, state: TemplateState) -> None:
    found = wire.template({"slug": "a", "category": "utility"}, "de", {"status": word}, {})
    assert found is not None
    assert found.state is state


def test_draft_that_meta_has_not_seen_has_no_version() -> None:
    version, _ = wire.languages({"live_version_id": None, "pending_version_id": None, "draft_version_id": "wav_9"})
    assert version == ""


# what comes in


@pytest.mark.parametrize(
    ("name", "kind", "text", "button"),
    [
        ("message__text", "text", "Bitte keine Werbung mehr", ""),
        ("message__text_reply", "text", "Ja, gern", ""),
        ("message__button", "interactive", "Keine Werbung", "Keine Werbung"),
        ("message__list", "interactive", "Montag", "mo"),
        ("message__image_with_caption", "image", "STOP", ""),
        ("message__voice", "audio", "", ""),
        ("message__document", "document", "", ""),
        ("message__location", "location", "", ""),
        ("message__contacts", "contacts", "", ""),
        ("message__order", "order", "", ""),
        ("message__unsupported", "unsupported", "", ""),
        ("message__of_a_kind_to_come", "unsupported", "", ""),
        ("message__from_the_history", "text", "Stopp", ""),
    ],
)
def test_message_of_a_person_is_heard(name: str, kind: str, text: str, button: str) -> None:
    event = heard(name)
    assert isinstance(event, MessageReceived)
    assert (event.kind, event.text, event.button) == (kind, text, button)
    assert (event.sender, event.points, event.at, event.provider_message_id) == (NUMBER, SOMEBODY, AT, WAM)


@pytest.mark.parametrize("name", ["message__text_reply", "message__button", "message__list", "message__reaction"])
def test_answer_names_the_message_it_answers(name: str) -> None:
    assert heard(name).in_reply_to == "wam_01krdgeqcxet5s7t44vh8rt9mh"


def test_person_without_a_number_has_a_user_id() -> None:
    assert heard("message__without_number").points == SOMEBODY[1:]


@pytest.mark.parametrize(("name", "emoji"), [("message__reaction", "👎"), ("message__reaction_removed", "")])
def test_reaction_is_heard_as_one(name: str, emoji: str) -> None:
    event = heard(name)
    assert (event.kind, event.text, event.points) == ("reaction", emoji, SOMEBODY)
    assert event.provider_message_id


def test_file_keeps_address_and_name() -> None:
    (media,) = heard("message__document").media
    assert (media.kind, media.id, media.name) == ("document", "waf_01krdgeqcxet5s7t44vh8rt9mg", "Vertrag.pdf")
    assert media.link.startswith("https://eu1.platform.bird.com/")


@pytest.mark.parametrize(
    ("name", "status"),
    [("status__sent", Status.SENT), ("status__delivered", Status.DELIVERED), ("status__read", Status.READ)],
)
def test_status_names_our_message(name: str, status: Status) -> None:
    assert heard(name) == StatusChanged(status, AT, WAM, OURS)


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("status__failed_window", WindowClosed, "131047"),
        ("status__failed_undeliverable", RecipientUnreachable, "131026"),
        ("status__failed_opted_out", RecipientOptedOut, "131050"),
        ("status__rejected_suppressed", RecipientOptedOut, "recipient_suppressed"),
        ("status__rejected_balance", BadConfig, ""),
        ("status__failed_of_a_kind_to_come", Rejected, ""),
        ("status__failed_without_a_reason", Rejected, ""),
    ],
)
def test_failure_says_what_happens_next(name: str, kind: type[HubError], code: str) -> None:
    event = heard(name)
    assert (event.status, event.message_id) == (Status.FAILED, OURS)
    assert type(event.error) is kind
    assert getattr(event.error, "code", "") == code
    assert "2025550147" not in str(event.error)


@pytest.mark.parametrize("name", ["echo__from_the_app", "echo__from_metas_agent"])
def test_message_past_the_hub_is_an_echo(name: str) -> None:
    assert heard(name) == Echoed(NUMBER, AT)


def test_suppression_at_bird_is_a_stop_here() -> None:
    assert heard("suppression__created") == PreferenceChanged("", SOMEBODY[:1], AT, stopped=True)


def test_unknown_never_tells_what_was_said() -> None:
    for file in FIXTURES.glob("unknown__*.json"):
        assert not {"+12025550147", "Stopp", "erika.m"} & set(heard(file.stem).what.split())


# errors

CODES = [
    "insufficient_balance",
    "price_not_found",
    "internal_error",
    "undeliverable",
    "service_window_expired",
    "rate_limited",
    "recipient_suppressed",
    "media_rejected",
]


def test_every_code_has_a_type_and_a_sentence_in_both_languages() -> None:
    assert set(CODES) <= WORDS.keys()
    for word in WORDS.values():
        assert word.en
        assert word.de
        assert word.en != word.de
    assert all(isinstance(failure({"code": code}), WORDS[code].kind) for code in CODES)


def test_metas_code_never_undoes_an_opt_out() -> None:
    assert isinstance(failure({"code": "recipient_suppressed", "meta_error_code": "131026"}), RecipientOptedOut)


@pytest.mark.parametrize(
    ("status", "type_", "name", "sends", "kind"),
    [
        (400, "bad_request_error", "", True, Rejected),
        (401, "auth_error", "", True, BadConfig),
        (402, "billing_error", "", True, BadConfig),
        (403, "permission_error", "", True, BadConfig),
        (404, "not_found_error", "", True, Rejected),
        (408, "", "", True, Uncertain),
        (409, "conflict_error", "", True, Uncertain),
        (412, "precondition_error", "", True, Rejected),
        (413, "payload_too_large_error", "", True, Rejected),
        (421, "misdirected_error", "", True, BadConfig),
        (422, "validation_error", "", True, Rejected),
        (422, "validation_error", "WhatsAppSenderNotAllowed", True, TemplateProblem),
        (422, "validation_error", "WhatsAppSenderRequired", True, BadConfig),
        (422, "validation_error", "WhatsAppSenderNotFound", True, BadConfig),
        (422, "validation_error", "WhatsAppSenderWABAMismatch", True, TemplateProblem),
        (422, "validation_error", "WhatsAppInvalidRecipient", True, RecipientUnreachable),
        (422, "validation_error", "WhatsAppRecipientNotSupportedForTemplate", True, Rejected),
        (422, "validation_error", "WhatsAppTemplateParameterMismatch", True, TemplateProblem),
        (422, "validation_error", "WhatsAppInteractiveDuplicateLabel", True, Rejected),
        (422, "validation_error", "WhatsAppInteractiveLimitExceeded", True, Rejected),
        (422, "validation_error", "SomethingNew", True, Rejected),
        (429, "rate_limit_error", "", True, Throttled),
        (500, "internal_error", "", True, Uncertain),
        (500, "internal_error", "", False, Unavailable),
        (501, "not_implemented_error", "", True, Rejected),
        (503, "service_unavailable_error", "", True, Throttled),
    ],
)
def test_refused_call_says_what_happens_next(
    status: int, type_: str, name: str, sends: bool, kind: type[HubError]
) -> None:
    answer = {"error": {"type": type_, "name": name, "message": "+4915112345678 is wrong"}}
    error = refusal(answer, status, sends=sends)
    assert type(error) is kind
    assert "4915112345678" not in str(error)
