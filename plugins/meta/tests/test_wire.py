# SPDX-License-Identifier: Apache-2.0
"""Vendor JSON and our words: what each fixture means, what goes out, what each error code leads to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hub_meta import Config, Meta, signature, webhooks, wire
from pydantic import SecretStr, ValidationError

from hub.contract import (
    Echoed,
    Event,
    Forbidden,
    HubError,
    IdentityChanged,
    Inbound,
    Media,
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
    RecipientUnreachable,
    Rejected,
    SenderChanged,
    Status,
    StatusChanged,
    TemplateChanged,
    TemplateContent,
    TemplateProblem,
    TemplateState,
    TextContent,
    Uncertain,
    Unknown,
    WindowClosed,
)
from hub.whatsapp.reading import moment, parsed

FIXTURES = Path(__file__).parent / "fixtures"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ACCOUNT, SENDER = "900800700600500", "100200300400500"
NUMBER = Point(PointKind.E164, "+12025550147")
BSUID = Point(PointKind.BSUID, "DE.8842019375521660417")
PARENT = Point(PointKind.PARENT_BSUID, "DE.ENT.7710036284419905521")
NEW_NUMBER, NEW_BSUID = Point(PointKind.E164, "+12025550199"), Point(PointKind.BSUID, "DE.9120047718830052266")
ORIGINAL = "wamid.HBgLMTIwMjU1NTAxNDcVAgASGBQzQTVGMDBDMEZGRUUwMDAwMDAw01"
SENT = "wamid.HBgLMTIwMjU1NTAxNDcVAgARGBI5QTExQjJDM0Q0RTVGNjA3MTgA"


def read(fixture: str) -> list[Event]:
    return webhooks.events(parsed((FIXTURES / f"{fixture}.json").read_bytes()), NOW, account=ACCOUNT)


def one(fixture: str) -> Any:
    (event,) = read(fixture)
    return event


# messages


@pytest.mark.parametrize(
    ("fixture", "kind", "text", "button"),
    [
        ("message__text", "text", "Hallo", ""),
        ("message__text_reply", "text", "Ja, gern – 5/6 😀", ""),
        ("message__forwarded", "text", "Schau mal", ""),
        ("message__button", "button", "Keine Werbung", "STOP_MARKETING"),
        ("message__button_without_context", "button", "Keine Werbung", "STOP_MARKETING"),
        ("message__interactive_button", "interactive", "Ja", "appt_yes"),
        ("message__interactive_list", "interactive", "Rechnung", "t1"),
        ("message__interactive_flow", "interactive", "", ""),
        ("message__image_with_caption", "image", "Stopp", ""),
        ("message__voice", "audio", "", ""),
        ("message__location", "location", "", ""),
        ("message__contacts", "contacts", "", ""),
        ("message__reaction", "reaction", "👍", ""),
        ("message__unsupported", "unsupported", "", ""),
        ("message__revoke", "revoke", "", ""),
        ("message__edit", "edit", "Keine Werbung mehr", ""),
        ("message__document", "document", "Bitte keine Werbung mehr", ""),
        ("message__sticker", "sticker", "", ""),
        ("message__video", "video", "", ""),
        ("message__order", "order", "Bitte nicht mehr schreiben", ""),
    ],
)
def test_message_of_each_type_keeps_what_was_said(fixture: str, kind: str, text: str, button: str) -> None:
    event = one(fixture)
    assert (event.kind, event.text, event.button) == (kind, text, button)
    assert (event.sender, event.points) == (SENDER, (NUMBER, BSUID, PARENT))
    assert event.at == datetime(2025, 11, 21, 8, 5, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fixture", "media"),
    [
        ("image_with_caption", Media(MediaKind.IMAGE, id="1003383421387256")),
        ("document", Media(MediaKind.DOCUMENT, id="1003383421387257", name="Kündigung.pdf")),
        ("sticker", Media(MediaKind.STICKER, id="1003383421387258")),
        ("video", Media(MediaKind.VIDEO, id="1003383421387259")),
    ],
)
def test_message_with_a_file_names_it_by_its_id(fixture: str, media: Media) -> None:
    assert one(f"message__{fixture}").media == (media,)
    assert "Kündigung" not in repr(one(f"message__{fixture}"))


def test_message_without_a_file_names_none() -> None:
    assert one("message__text").media == one("message__location").media == ()


@pytest.mark.parametrize(("kind", "event"), [("message", MessageReceived), ("status", StatusChanged)])
def test_keys_that_are_new_are_shown_beside_what_is_known(kind: str, event: type) -> None:
    known, new = read(f"unknown__{kind}_with_new_keys")
    assert isinstance(known, event)
    assert isinstance(new, Unknown)
    assert new.what == f"{'messages' if kind == 'message' else 'statuses'}: mood"


def test_history_and_address_book_of_the_app_are_not_read() -> None:
    assert one("unknown__history_of_the_app") == Unknown("history", NOW)
    assert one("unknown__address_book_of_the_app") == Unknown("smb_app_state_sync", NOW)


def test_message_written_in_the_app_names_the_sender_only() -> None:
    assert one("echo__written_in_the_app") == Echoed(SENDER, datetime(2025, 11, 21, 8, 10, tzinfo=UTC))


def test_message_names_the_one_it_answers() -> None:
    assert one("message__button").in_reply_to == SENT
    assert one("message__forwarded").in_reply_to == ""
    assert one("message__edit").in_reply_to == one("message__revoke").in_reply_to == ORIGINAL


def test_message_without_a_number_has_the_bsuid_only() -> None:
    assert one("message__text_without_number").points == (BSUID,)


def test_messages_in_one_post_are_all_read() -> None:
    assert [event.text for event in read("message__two_in_one") if isinstance(event, MessageReceived)] == [
        "eins",
        "zwei",
    ]


def test_message_shows_neither_number_nor_words() -> None:
    shown = repr(read("message__text_reply"))
    assert "12025550147" not in shown
    assert "gern" not in shown
    assert "wamid" not in shown


def test_message_of_another_account_is_not_read() -> None:
    assert one("unknown__another_account") == Unknown("messages of another account", NOW)


@pytest.mark.parametrize("name", ["message_in_group", "request_welcome", "status", "system", "template_event", "field"])
def test_webhook_not_known_is_kept_as_unknown(name: str) -> None:
    assert isinstance(one(f"unknown__{name}"), Unknown)


# statuses


@pytest.mark.parametrize(
    ("fixture", "status"),
    [
        ("sent", Status.SENT),
        ("delivered", Status.DELIVERED),
        ("read", Status.READ),
        ("read_without_contacts", Status.READ),
        ("played", Status.READ),
    ],
)
def test_status_carries_our_id_and_theirs(fixture: str, status: Status) -> None:
    event = one(f"status__{fixture}")
    assert event == StatusChanged(status, datetime(2025, 11, 21, 8, 6, 41, tzinfo=UTC), SENT, "01JD8Q")


def test_statuses_batched_out_of_order_are_all_read_in_their_order() -> None:
    events = read("status__batched_out_of_order")
    statuses = [event.status for event in events if isinstance(event, StatusChanged)]
    assert statuses == [Status.READ, Status.DELIVERED, Status.SENT]
    assert isinstance(events[-1], MessageReceived)


def test_thousand_statuses_in_one_post_are_all_read_and_each_once() -> None:
    post = json.loads((FIXTURES / "status__sent.json").read_bytes())
    value = post["entry"][0]["changes"][0]["value"]
    (status,) = value["statuses"]
    value["statuses"] = [{**status, "biz_opaque_callback_data": f"ours-{index}"} for index in range(1000)]
    found = webhooks.events(parsed(json.dumps(post).encode()), NOW, account=ACCOUNT)
    told = [event.message_id for event in found if isinstance(event, StatusChanged)]
    assert told == [f"ours-{index}" for index in range(1000)]


def test_status_without_opaque_id_has_the_providers_only() -> None:
    event = one("status__without_opaque_id")
    assert (event.message_id, event.provider_message_id) == ("", SENT)


@pytest.mark.parametrize(
    ("fixture", "kind"),
    [
        ("ecosystem", RecipientCapped),
        ("undeliverable", RecipientUnreachable),
        ("opted_out", RecipientOptedOut),
        ("window", WindowClosed),
        ("template_paused", TemplateProblem),
    ],
)
def test_status_failed_carries_the_error_a_send_would_have_raised(fixture: str, kind: type[HubError]) -> None:
    event = one(f"status__failed_{fixture}")
    assert event.status is Status.FAILED
    assert type(event.error) is kind


# people


@pytest.mark.parametrize(("word", "stopped"), [("stop", True), ("resume", False)])
def test_preference_says_who_and_what(word: str, stopped: bool) -> None:
    event = one(f"preference__{word}")
    assert event == PreferenceChanged(SENDER, (NUMBER, BSUID), datetime(2025, 11, 21, 8, 18, 20, tzinfo=UTC), stopped)


def test_number_changed_names_both_sides() -> None:
    event = one("system__number_changed")
    assert isinstance(event, IdentityChanged)
    assert (event.old, event.new) == ((NUMBER, BSUID), (NEW_NUMBER, NEW_BSUID))


@pytest.mark.parametrize("fixture", ["system__user_id_changed", "user_id_update__forwarded"])
def test_bsuid_changed_is_read_in_both_shapes(fixture: str) -> None:
    event = one(fixture)
    new_parent = Point(PointKind.PARENT_BSUID, "DE.ENT.1")
    assert (event.sender, event.old, event.new) == (SENDER, (BSUID, PARENT), (NEW_BSUID, new_parent))


# templates and accounts


@pytest.mark.parametrize(
    "state", [TemplateState.APPROVED, TemplateState.REJECTED, TemplateState.PAUSED, TemplateState.DISABLED]
)
def test_template_state_follows_the_webhook(state: str) -> None:
    event = one(f"template__{state.lower()}")
    assert (event.name, event.language, event.state, event.category) == ("abandoned_cart", "de", state, None)


def test_template_category_pending_keeps_todays_and_announces_the_coming() -> None:
    changed, announced = read("template__category_pending")
    assert isinstance(changed, TemplateChanged)
    assert (changed.language, changed.category) == ("en_US", PlatformCategory.UTILITY)
    assert isinstance(announced, SenderChanged)
    assert "MARKETING on 2025-11-22" in announced.what


def test_template_whose_words_were_changed_says_so() -> None:
    event = one("template__components")
    assert (event.name, event.language, event.words) == ("order_update", "de", True)
    assert (event.state, event.category) == (None, None)


def test_template_category_done_is_the_new_one() -> None:
    assert one("template__category_done").category is PlatformCategory.MARKETING


@pytest.mark.parametrize("fixture", ["template__quality", "template__quality_under_status_field"])
def test_template_quality_is_shown_to_people(fixture: str) -> None:
    assert one(fixture).what == "quality of template welcome (de) is YELLOW"


@pytest.mark.parametrize(
    ("fixture", "can_send", "said"),
    [
        ("account__restricted", False, "RESTRICTED_BIZ_INITIATED_MESSAGING until 2025-11-28"),
        ("account__disabled", False, "DISABLE"),
        ("account__partner_removed", False, "PARTNER_REMOVED"),
        ("account__primary_country", True, "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE"),
        ("account__capability", True, "2000"),
        ("account__alert", True, "OBA_APPROVED"),
        ("account__review", True, "APPROVED"),
        ("number__throughput", True, "THROUGHPUT_UPGRADE"),
        ("number__name_declined", True, "REJECTED"),
        ("number__pin_changed", True, "PIN_CHANGED"),
        ("account__username", True, "approved"),
        ("error__sender_throttled", True, "130429"),
    ],
)
def test_account_news_say_whether_sending_goes_on(fixture: str, can_send: bool, said: str) -> None:
    event = one(fixture)
    assert isinstance(event, SenderChanged)
    assert event.can_send is can_send
    assert said in event.what


def test_timestamp_in_milliseconds_or_unreadable_still_gives_a_time() -> None:
    assert moment("1763712345000", NOW) == moment(1763712345, NOW) == datetime(2025, 11, 21, 8, 5, 45, tzinfo=UTC)
    assert moment("yesterday", NOW) == moment(None, NOW) == moment(10**30, NOW) == NOW


# sends


def outgoing(content: Any, to: Point = NUMBER) -> Outgoing:
    return Outgoing("01JD8Q", SENDER, to, Purpose.UTILITY, content)


def test_text_goes_out_to_a_number_with_plus() -> None:
    bare = Point(PointKind.E164, "12025550147")
    assert wire.message(outgoing(TextContent("Hallo"), bare)) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+12025550147",
        "biz_opaque_callback_data": "01JD8Q",
        "type": "text",
        "text": {"body": "Hallo", "preview_url": False},
    }


@pytest.mark.parametrize("point", [BSUID, PARENT])
def test_text_to_a_bsuid_goes_to_recipient(point: Point) -> None:
    body = wire.message(outgoing(TextContent("Hallo"), point))
    assert body["recipient"] == point.value
    assert "to" not in body


def test_message_to_an_email_address_is_rejected() -> None:
    with pytest.raises(Rejected):
        wire.message(outgoing(TextContent("Hallo"), Point(PointKind.EMAIL, "erika@example.org")))


def test_template_positional_is_ordered_by_number() -> None:
    parameters = (("10", "j"), ("2", "b"), ("1", "a"))
    body = wire.message(outgoing(TemplateContent("order_update", "de", parameters)))
    assert body["template"] == {
        "name": "order_update",
        "language": {"code": "de"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": text} for text in "abj"]}],
    }


def test_template_named_carries_parameter_names() -> None:
    body = wire.message(outgoing(TemplateContent("order_update", "de", (("first_name", "Erika"),))))
    (component,) = body["template"]["components"]
    assert component["parameters"] == [{"type": "text", "parameter_name": "first_name", "text": "Erika"}]


def test_template_header_and_button_have_their_own_components() -> None:
    parameters = (("header.1", "A-1"), ("1", "Erika"), ("button.0", "track/A-1"))
    header, body, button = wire.message(outgoing(TemplateContent("x", "de", parameters)))["template"]["components"]
    assert (header["type"], header["parameters"]) == ("header", [{"type": "text", "text": "A-1"}])
    assert (body["type"], body["parameters"]) == ("body", [{"type": "text", "text": "Erika"}])
    assert (button["sub_type"], button["index"]) == ("url", "0")
    assert button["parameters"] == [{"type": "text", "text": "track/A-1"}]


def test_payload_of_a_quick_reply_is_sent_with_the_template() -> None:
    parameters = (("1", "ABCD2345"), ("payload.1", "yes.ABCD2345"))
    body = wire.message(outgoing(TemplateContent("frage", "de", parameters)))
    text, button = body["template"]["components"]
    assert text == {"type": "body", "parameters": [{"type": "text", "text": "ABCD2345"}]}
    assert button == {
        "type": "button",
        "sub_type": "quick_reply",
        "index": "1",
        "parameters": [{"type": "payload", "payload": "yes.ABCD2345"}],
    }


def test_template_without_parameters_has_no_components() -> None:
    assert "components" not in wire.message(outgoing(TemplateContent("hello", "de")))["template"]


def test_receipt_notes_what_meta_holds_back() -> None:
    held = {"messages": [{"id": SENT, "message_status": "held_for_quality_assessment"}]}
    assert wire.receipt(held).note == "held_for_quality_assessment"
    assert wire.receipt({"messages": [{"id": SENT, "message_status": "accepted"}]}).note == ""
    assert wire.receipt({"messages": [{"id": SENT}]}).note == ""


@pytest.mark.parametrize("answer", [{}, {"messages": []}, {"messages": [{"id": ""}]}, {"messages": "x"}])
def test_receipt_without_an_id_is_uncertain(answer: dict[str, Any]) -> None:
    with pytest.raises(Uncertain):
        wire.receipt(answer)


# who may call


def meta(**settings: Any) -> Meta:
    given = {"waba_id": ACCOUNT, "access_token": "t", "app_secret": "new", "verify_token": "made-up-verify-token"}
    return Meta(Config(**{**given, **settings}), None, None)  # type: ignore[arg-type]


def signed(secret: str) -> Inbound:
    return Inbound("POST", "https://hub.example", {"x-hub-signature-256": signature(b"{}", SecretStr(secret))}, b"{}")


def test_webhook_signed_with_either_secret_is_accepted_while_rotating() -> None:
    rotating = meta(previous_app_secret="old")
    rotating.authenticate(signed("new"))
    rotating.authenticate(signed("old"))
    with pytest.raises(Forbidden):
        rotating.authenticate(signed("third"))


@pytest.mark.parametrize("previous", [None, ""])
def test_webhook_signed_with_an_empty_secret_is_refused(previous: str | None) -> None:
    with pytest.raises(Forbidden):
        meta(previous_app_secret=previous).authenticate(signed(""))


def test_settings_without_secrets_are_refused() -> None:
    with pytest.raises(ValidationError):
        meta(app_secret="")
    with pytest.raises(ValidationError):
        meta(verify_token="short")


def test_handshake_without_subscribe_is_refused() -> None:
    query = {"hub.mode": "unsubscribe", "hub.verify_token": "made-up-verify-token", "hub.challenge": "1"}
    with pytest.raises(Forbidden):
        meta().authenticate(Inbound("GET", "https://hub.example", {}, b"", query))
