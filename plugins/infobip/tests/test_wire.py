# SPDX-License-Identifier: Apache-2.0
"""Infobip's JSON and our words: what each fixture means, what goes out, what each code leads to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hub_infobip import codes, webhooks, wire

from hub.contract import (
    BadConfig,
    ButtonsContent,
    Card,
    CardsContent,
    Choice,
    Content,
    Event,
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
    Receipt,
    RecipientCapped,
    RecipientOptedOut,
    RecipientUnreachable,
    Rejected,
    Section,
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
from hub.whatsapp.reading import instant, parsed

FIXTURES = Path(__file__).parent / "fixtures"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SENDER, OURS = "493023125000", "0f8c1d2e-opaque"
NUMBER = Point(PointKind.E164, "+4915112345678")
BSUID = Point(PointKind.BSUID, "DE.8842019375521660417")
PARENT = Point(PointKind.PARENT_BSUID, "DE.ENT.7710036284419905521")
FILE = "https://api.infobip.com/whatsapp/1/senders/493023125000/media/file-77"
PICTURE = Media(MediaKind.IMAGE, link="https://example.org/a.jpg")
PAPER = Media(MediaKind.DOCUMENT, link="https://example.org/a.pdf", name="a.pdf")


def read(fixture: str) -> list[Event]:
    return webhooks.events(parsed((FIXTURES / f"{fixture}.json").read_bytes()), NOW)


def one(fixture: str) -> Any:
    (event,) = read(fixture)
    return event


# messages


@pytest.mark.parametrize(
    ("fixture", "kind", "text", "button"),
    [
        ("text", "text", "Hallo", ""),
        ("text_reply", "text", "Ja, gern – 5/6 😀", ""),
        ("image_with_caption", "image", "Stopp", ""),
        ("voice", "audio", "", ""),
        ("document", "document", "", ""),
        ("location", "location", "", ""),
        ("contact", "contacts", "", ""),
        ("button", "button", "Keine Werbung", "STOP_MARKETING"),
        ("interactive_button", "interactive", "Ja", "appt_yes"),
        ("interactive_list", "interactive", "Rechnung", "t1"),
        ("interactive_flow", "interactive", "", ""),
        ("reaction", "reaction", "👍", ""),
        ("infected", "unsupported", "", ""),
    ],
)
def test_message_of_each_type_keeps_what_was_said(fixture: str, kind: str, text: str, button: str) -> None:
    event = one(f"message__{fixture}")
    assert (event.kind, event.text, event.button) == (kind, text, button)
    assert (event.sender, event.points) == (SENDER, (NUMBER, BSUID, PARENT))
    assert event.at == datetime(2026, 11, 21, 9, 10, tzinfo=UTC)  # Infobip writes the offset without a colon


def test_message_names_the_one_it_answers() -> None:
    assert one("message__button").in_reply_to == one("message__reaction").in_reply_to == OURS
    assert one("message__text").in_reply_to == ""


def test_message_without_a_number_has_the_bsuid_only() -> None:
    assert one("message__text_without_number").points == (BSUID,)


def test_message_with_a_file_names_it() -> None:
    assert one("message__voice").media == (Media(MediaKind.AUDIO, link=FILE, id="file-77"),)
    assert one("message__text").media == ()


def test_messages_in_one_post_are_all_read() -> None:
    assert [event.text for event in read("message__two_in_one") if isinstance(event, MessageReceived)] == [
        "eins",
        "zwei",
    ]


def test_message_shows_neither_number_nor_words() -> None:
    shown = repr(read("message__text_reply"))
    assert not [secret for secret in ("15112345678", "gern", "wamid", "Erika") if secret in shown]


def test_message_of_a_type_unknown_here_is_shown_and_waits_for_a_person() -> None:
    unknown, message = read("unknown__message_type")
    assert unknown == Unknown("message of type HOLOGRAM", message.at)  # type: ignore[union-attr]
    assert isinstance(message, MessageReceived)
    assert message.kind == "unsupported"  # core then treats it as words nobody could read


# statuses


@pytest.mark.parametrize(
    ("fixture", "status", "second"),
    [("sent", Status.SENT, 2.5), ("delivered", Status.DELIVERED, 2.5), ("read", Status.READ, 9)],
)
def test_status_carries_our_id(fixture: str, status: Status, second: float) -> None:
    at = datetime(2026, 11, 21, 10, 10, int(second), round(second % 1 * 1e6), tzinfo=UTC)
    assert one(f"status__{fixture}") == StatusChanged(status, at, OURS, OURS)


@pytest.mark.parametrize(
    ("fixture", "kind", "code"),
    [
        ("window", WindowClosed, "7010"),
        ("capped", RecipientCapped, "7032"),
        ("opted_out", RecipientOptedOut, "7033"),
        ("blocked", RecipientOptedOut, "7030"),
        ("template", TemplateProblem, "7008"),
        ("undeliverable", RecipientUnreachable, "7999"),
        ("expired", RecipientUnreachable, "15"),
    ],
)
def test_status_failed_carries_the_error_and_its_code(fixture: str, kind: type[HubError], code: str) -> None:
    event = one(f"status__failed_{fixture}")
    assert event.status is Status.FAILED
    assert (type(event.error), event.error.code) == (kind, code)
    assert "15112345678" not in str(event.error), "Infobip's description is not repeated"


@pytest.mark.parametrize(("fixture", "kind"), [("passing", Unavailable), ("no_credit", BadConfig)])
def test_status_failed_for_another_reason_than_the_person(fixture: str, kind: type[HubError]) -> None:
    assert type(one(f"status__failed_{fixture}").error) is kind


def test_report_about_a_second_message_with_our_id_says_nothing_about_the_first() -> None:
    assert one("unknown__status_second_of_two").what == "a second message with the same id was refused"


@pytest.mark.parametrize(
    "name", ["status_pending", "preference", "template_quality", "identity", "click", "status_second_of_two"]
)
def test_webhook_not_known_is_kept_as_unknown(name: str) -> None:
    assert isinstance(one(f"unknown__{name}"), Unknown)


# people and templates


@pytest.mark.parametrize(("word", "stopped"), [("stop", True), ("resume", False)])
def test_preference_says_who_and_what(word: str, stopped: bool) -> None:
    at = datetime(2026, 11, 21, 10, 18, 20, tzinfo=UTC)
    assert one(f"preference__{word}") == PreferenceChanged(SENDER, (NUMBER,), at, stopped)


def test_preference_of_somebody_without_a_number_is_heard() -> None:
    content = {"from": BSUID.value, "notificationMessagesStatus": "stop"}
    (event,) = webhooks.events({"from": SENDER, "content": content}, NOW)
    assert event == PreferenceChanged(SENDER, (BSUID,), NOW, stopped=True)


@pytest.mark.parametrize(
    ("fixture", "state"),
    [
        ("approved", TemplateState.APPROVED),
        ("paused", TemplateState.PAUSED),
        ("rejected", TemplateState.REJECTED),
        ("disabled", TemplateState.DISABLED),
    ],
)
def test_template_that_moved_is_named(fixture: str, state: TemplateState) -> None:
    event = one(f"template__{fixture}")
    assert isinstance(event, TemplateChanged)
    assert (event.name, event.language, event.state) == ("offer", "de", state)


# what goes out


def sent(content: Content, to: Point = NUMBER, reply_to: str = "") -> tuple[str, Any]:
    return wire.message(Outgoing(OURS, SENDER, to, Purpose.SERVICE, content, reply_to))


def templated(*parameters: tuple[str, str]) -> Any:
    path, body = sent(TemplateContent("offer", "de", parameters))
    assert path == "template"
    (message,) = body["messages"]
    return message["content"]["templateData"]


def test_text_goes_out_with_our_id_and_untracked() -> None:
    assert sent(TextContent("Hallo"), reply_to="wamid.1") == (
        "text",
        {
            "from": SENDER,
            "to": "4915112345678",
            "messageId": OURS,
            "content": {"text": "Hallo", "previewUrl": False},
            "urlOptions": {"shortenUrl": False, "trackClicks": False},
            "context": {"replyToMessageId": "wamid.1"},
        },
    )


def test_template_goes_out_with_our_id_and_untracked() -> None:
    assert sent(TemplateContent("offer", "de", (("2", "zwei"), ("1", "eins"))), BSUID) == (
        "template",
        {
            "messages": [
                {
                    "from": SENDER,
                    "to": BSUID.value,
                    "messageId": OURS,
                    "content": {
                        "templateName": "offer",
                        "language": "de",
                        "templateData": {"body": {"placeholders": ["eins", "zwei"]}},
                    },
                    "urlOptions": {"shortenUrl": False, "trackClicks": False},
                }
            ]
        },
    )


def test_everything_with_words_says_that_links_are_not_tracked() -> None:
    question = ButtonsContent("Ja?", (Choice("y", "Ja"),))
    choice = ListContent("Wann?", "Termine", (Section("Mo", (Choice("1", "9 Uhr"),)),))
    for content in (TextContent("x"), MediaContent(PICTURE, "x"), MediaContent(PAPER), question, choice):
        assert sent(content)[1]["urlOptions"] == {"shortenUrl": False, "trackClicks": False}


@pytest.mark.parametrize(
    ("parameters", "data"),
    [
        ((), {"body": {"placeholders": []}}),
        (
            (("header.1", "Erika"), ("1", "Mo")),
            {"body": {"placeholders": ["Mo"]}, "header": {"type": "TEXT", "placeholder": "Erika"}},
        ),
        (
            (("header.image", "https://example.org/a.jpg"),),
            {"body": {"placeholders": []}, "header": {"type": "IMAGE", "mediaUrl": "https://example.org/a.jpg"}},
        ),
        (
            (("header.document", "https://example.org/a.pdf"), ("header.document.name", "a.pdf")),
            {
                "body": {"placeholders": []},
                "header": {"type": "DOCUMENT", "mediaUrl": "https://example.org/a.pdf", "filename": "a.pdf"},
            },
        ),
        (
            (("header.document", "https://example.org/b.pdf"),),
            {
                "body": {"placeholders": []},
                "header": {"type": "DOCUMENT", "mediaUrl": "https://example.org/b.pdf", "filename": "b.pdf"},
            },
        ),
        (
            (("header.location", "52.52,13.4"),),
            {"body": {"placeholders": []}, "header": {"type": "LOCATION", "latitude": 52.52, "longitude": 13.4}},
        ),
        (
            (("payload.1", "NO"), ("payload.0", "YES")),
            {
                "body": {"placeholders": []},
                "buttons": [
                    {"type": "QUICK_REPLY", "parameter": "YES"},
                    {"type": "QUICK_REPLY", "parameter": "NO"},
                ],
            },
        ),
        (
            (("button.0", "suffix"),),
            {"body": {"placeholders": []}, "buttons": [{"type": "URL", "parameter": "suffix"}]},
        ),
    ],
)
def test_template_is_filled_where_infobip_expects_it(parameters: Any, data: Any) -> None:
    assert templated(*parameters) == data


@pytest.mark.parametrize(
    "parameters",
    [
        (("name", "Erika"),),  # by name
        (("1", "a"), ("3", "c")),  # a gap would move the third to the second place
        (("header.name", "Erika"),),
        (("payload.1", "STOP"),),  # would land on the first button
        (("copy.0", "CODE"),),
        (("card.0.1", "x"),),
    ],
)
def test_template_that_infobip_could_fill_wrongly_is_not_sent(parameters: Any) -> None:
    with pytest.raises(TemplateProblem):
        templated(*parameters)


@pytest.mark.parametrize(
    ("content", "path", "body"),
    [
        (
            MediaContent(PICTURE, "Bild"),
            "image",
            {"mediaUrl": "https://example.org/a.jpg", "caption": "Bild"},
        ),
        (MediaContent(PAPER), "document", {"mediaUrl": "https://example.org/a.pdf", "filename": "a.pdf"}),
        (
            MediaContent(Media(MediaKind.AUDIO, link="https://example.org/a.ogg"), "no caption here"),
            "audio",
            {"mediaUrl": "https://example.org/a.ogg"},
        ),
        (
            ButtonsContent("Ja?", (Choice("y", "Ja"),), header=PICTURE, footer="Demo"),
            "interactive/buttons",
            {
                "body": {"text": "Ja?"},
                "action": {"buttons": [{"type": "REPLY", "id": "y", "title": "Ja"}]},
                "header": {"type": "IMAGE", "mediaUrl": "https://example.org/a.jpg"},
                "footer": {"text": "Demo"},
            },
        ),
        (
            ListContent("Wann?", "Termine", (Section("Mo", (Choice("1", "9 Uhr", "früh"),)),), header="Kopf"),
            "interactive/list",
            {
                "body": {"text": "Wann?"},
                "action": {
                    "title": "Termine",
                    "sections": [{"title": "Mo", "rows": [{"id": "1", "title": "9 Uhr", "description": "früh"}]}],
                },
                "header": {"type": "TEXT", "text": "Kopf"},
            },
        ),
        (LocationContent(52.5, 13.4, "Laden"), "location", {"latitude": 52.5, "longitude": 13.4, "name": "Laden"}),
        (
            CardsContent((Card("Demo", ("+49301",), company="Demo GmbH"),)),
            "contact",
            {
                "contacts": [
                    {
                        "name": {"firstName": "Demo", "formattedName": "Demo"},
                        "phones": [{"phone": "+49301"}],
                        "emails": [],
                        "org": {"company": "Demo GmbH"},
                    }
                ]
            },
        ),
    ],
)
def test_free_message_has_its_own_path_and_body(content: Content, path: str, body: Any) -> None:
    assert (sent(content)[0], sent(content)[1]["content"]) == (path, body)


def test_file_by_id_is_refused_since_infobip_has_none() -> None:
    with pytest.raises(Rejected):
        sent(MediaContent(Media(MediaKind.IMAGE, id="file-1")))


def test_point_that_whatsapp_cannot_reach_is_refused() -> None:
    with pytest.raises(Rejected):
        sent(TextContent("x"), Point(PointKind.EMAIL, "erika@example.org"))


# what comes back at once


def answered(group: int, status: int) -> Any:
    return {"messageId": OURS, "to": "x", "status": {"groupId": group, "id": status, "description": "+4915112345678"}}


@pytest.mark.parametrize(("group", "status"), [(0, 0), (1, 7), (1, 26), (3, 5)])
def test_acceptance_is_a_receipt_in_both_shapes(group: int, status: int) -> None:
    assert wire.receipt(answered(group, status)) == Receipt(OURS)
    assert wire.receipt({"messages": [answered(group, status)]}) == Receipt(OURS)


@pytest.mark.parametrize(
    ("group", "status", "kind"),
    [
        (5, 12, BadConfig),
        (5, 18, Rejected),
        (5, 20, Rejected),
        (5, 23, Uncertain),
        (5, 999, Rejected),
        (2, 4, RecipientUnreachable),
        (4, 15, RecipientUnreachable),
        (9, 1, Uncertain),
    ],
)
def test_refusal_inside_an_accepted_request_is_found(group: int, status: int, kind: type[HubError]) -> None:
    with pytest.raises(HubError) as caught:
        wire.receipt({"messages": [answered(group, status)]})
    assert type(caught.value) is kind
    assert "15112345678" not in str(caught.value)


def test_validation_names_fields_and_no_values() -> None:
    wrong = {"validationErrors": {"content.text": ["must not contain +4915112345678"]}}
    answer = {"requestError": {"serviceException": {"messageId": "BAD_REQUEST", "text": "Bad request", **wrong}}}
    error = codes.refusal(answer, 400, sends=True)
    assert type(error) is Rejected
    assert "content.text" in str(error)
    assert "15112345678" not in str(error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, BadConfig), (403, BadConfig), (404, Rejected), (429, Throttled), (500, Uncertain), (503, Throttled)],
)
def test_http_refusal_says_what_happens_next(status: int, kind: type[HubError]) -> None:
    assert type(codes.refusal({}, status, retry_after="3", sends=True)) is kind


@pytest.mark.parametrize(("place", "code"), [(place, code) for place, known in codes.TABLES.items() for code in known])
def test_every_code_says_what_happens_next_in_two_languages(place: str, code: str) -> None:
    meaning = codes.TABLES[place][code]
    error = codes.failure({place: {"id": int(code)}})
    assert type(error) is meaning.kind
    assert str(error) == f"Infobip {code}: {meaning.en}"
    for sentence in (meaning.en, meaning.de):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
    assert meaning.de != meaning.en


def test_codes_of_the_list_lead_where_the_list_says() -> None:
    """Every code of the table once more: a slip here would be felt by people."""
    kinds = {(place, code): known.kind for place, table in codes.TABLES.items() for code, known in table.items()}
    assert kinds == {
        ("status", "12"): BadConfig,
        ("status", "18"): Rejected,
        ("status", "20"): Rejected,
        ("status", "23"): Uncertain,
        ("error", "7008"): TemplateProblem,
        ("error", "7009"): TemplateProblem,
        ("error", "7010"): WindowClosed,
        ("error", "7012"): Unavailable,
        ("error", "7013"): Unavailable,
        ("error", "7014"): Unavailable,
        ("error", "7016"): Throttled,
        ("error", "7017"): Throttled,
        ("error", "7024"): Rejected,
        ("error", "7030"): RecipientOptedOut,
        ("error", "7032"): RecipientCapped,
        ("error", "7033"): RecipientOptedOut,
        ("error", "7050"): Unavailable,
        ("error", "7051"): Uncertain,
        ("error", "7280"): Uncertain,
    }
    assert codes.TABLES["error"]["7016"].after == 3600
    assert codes.TABLES["error"]["7032"].after == 86_400


# templates


def listed(**changes: Any) -> dict[str, Any]:
    structure = {
        "header": {"format": "TEXT", "text": "Für {{1}}"},
        "body": {"text": "Hallo {{1}}, Termin {{2}}.", "examples": ["a", "b"]},
        "footer": {"text": "Demo GmbH"},
        "buttons": [
            {"type": "QUICK_REPLY", "text": "Ja"},
            {"type": "URL", "text": "Mehr", "url": "https://example.org/{{1}}"},
        ],
    }
    return {
        "id": "1",
        "businessAccountId": 7,
        "name": "offer",
        "language": "de",
        "status": "APPROVED",
        "category": "MARKETING",
        "structure": structure,
        **changes,
    }


def test_template_of_the_list_is_read_whole() -> None:
    found = wire.template(listed())
    assert found is not None
    assert (found.category, found.state) == (PlatformCategory.MARKETING, TemplateState.APPROVED)
    assert found.text == "Für {{1}}\nHallo {{1}}, Termin {{2}}.\nDemo GmbH"
    assert found.parameters == ("header.1", "1", "2", "button.1")
    assert found.buttons == ("Ja", "Mehr")


def test_template_with_texts_as_version_1_wrote_them_is_read() -> None:
    found = wire.template(listed(structure={"body": "Hallo {{1}}", "footer": "Demo", "type": "TEXT"}))
    assert found is not None
    assert (found.text, found.parameters) == ("Hallo {{1}}\nDemo", ("1",))


@pytest.mark.parametrize("status", ["FIRST_PAUSED", "SECOND_PAUSED", "FLAGGED", "DISABLED", "NEW_WORD", ""])
def test_template_that_may_not_be_sent_is_not_approved(status: str) -> None:
    found = wire.template(listed(status=status))
    assert found is not None
    assert found.state is not TemplateState.APPROVED


@pytest.mark.parametrize("missing", ["name", "language", "category"])
def test_template_without_what_names_it_is_left_out(missing: str) -> None:
    assert wire.template(listed(**{missing: ""})) is None


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2026-11-21T10:10:00.000+0000", datetime(2026, 11, 21, 10, 10, tzinfo=UTC)),
        ("2026-11-21T10:10:00.000+01:00", datetime(2026, 11, 21, 9, 10, tzinfo=UTC)),
        ("2026-11-21T10:10:00", datetime(2026, 11, 21, 10, 10, tzinfo=UTC)),
        ("0001-01-01T00:00:00+1400", NOW),
        ("yesterday", NOW),
        (None, NOW),
    ],
)
def test_time_is_read_or_replaced(written: object, at: datetime) -> None:
    assert instant(written, NOW) == at
