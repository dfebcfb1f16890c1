# SPDX-License-Identifier: Apache-2.0
"""CM.com's JSON and our words: who may deliver, what each fixture means, what goes out, what each code leads to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from hub_cm import Cm, Config, webhooks, wire

from hub.contract import (
    BadConfig,
    ButtonsContent,
    Choice,
    Content,
    Event,
    Forbidden,
    HubError,
    Inbound,
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
    Receipt,
    RecipientUnreachable,
    Rejected,
    Section,
    Status,
    StatusChanged,
    Template,
    TemplateContent,
    TemplateProblem,
    TextContent,
    Uncertain,
    Unknown,
    WindowClosed,
)
from hub.whatsapp.reading import parsed

FIXTURES = Path(__file__).parent / "fixtures"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SENDER, OURS, SECRET = "493023125000", "0f8c1d2e-opaque", "made-up-webhook-secret"
NUMBER = Point(PointKind.E164, "+4915112345678")
PICTURE = Media(MediaKind.IMAGE, link="https://example.org/a.jpg")


def read(fixture: str) -> list[Event]:
    return webhooks.events(parsed((FIXTURES / f"{fixture}.json").read_bytes()), NOW)


def one(fixture: str) -> Any:
    (event,) = read(fixture)
    return event


def plugin(**settings: Any) -> Cm:
    whole = {"product_token": "t", "namespace": "ns", "webhook_secret": SECRET, **settings}
    return Cm(Config(**whole), httpx.AsyncClient(), {})  # type: ignore[arg-type]


# who may deliver


def test_webhook_with_the_secret_in_its_address_is_accepted() -> None:
    plugin().authenticate(Inbound("POST", "https://hub.example/in/c1", {}, b"{}", {"token": SECRET}))


@pytest.mark.parametrize("query", [{}, {"token": ""}, {"token": "guess"}, {"token": SECRET[:-1]}, {"key": SECRET}])
def test_webhook_without_the_secret_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(Forbidden):
        plugin().authenticate(Inbound("POST", "https://hub.example/in/c1", {"token": SECRET}, b"{}", query))


def test_header_takes_the_place_of_the_address() -> None:
    asking = plugin(webhook_header="X-Hub-Secret")
    asking.authenticate(Inbound("POST", "https://hub.example/in/c1", {"x-hub-secret": SECRET}, b"{}"))
    with pytest.raises(Forbidden):
        asking.authenticate(Inbound("POST", "https://hub.example/in/c1", {}, b"{}", {"token": SECRET}))


def test_plugin_says_that_nothing_is_signed() -> None:
    assert Cm.signature == ""


# what people write


@pytest.mark.parametrize(
    ("fixture", "kind", "text"),
    [
        ("text", "text", "Hallo"),
        ("text_reply", "text", "Ja, gern – 5/6 😀"),
        ("image_with_caption", "image", "Stopp"),
        ("voice", "audio", ""),
        ("document", "document", "Kündigung"),
        ("location", "location", ""),
        ("nothing_readable", "unsupported", ""),
        ("national_spelling", "text", "Hallo"),
    ],
)
def test_message_of_each_type_keeps_what_was_said(fixture: str, kind: str, text: str) -> None:
    event = one(f"message__{fixture}")
    assert (event.kind, event.text) == (kind, text)
    assert (event.sender, event.points) == (SENDER, (NUMBER,))
    assert event.at == datetime(2026, 11, 21, 9, 10, tzinfo=UTC)


def test_message_names_the_one_it_answers() -> None:
    assert (one("message__text_reply").in_reply_to, one("message__text").in_reply_to) == (OURS, "")


def test_message_has_an_id_that_a_redelivery_repeats_and_another_does_not() -> None:
    first, again, other = one("message__text"), one("message__text"), one("message__text_reply")
    assert first.provider_message_id == again.provider_message_id
    assert first.provider_message_id != other.provider_message_id
    assert "15112345678" not in first.provider_message_id


def test_two_people_who_write_the_same_at_once_are_told_apart() -> None:
    body = parsed((FIXTURES / "message__text.json").read_bytes())
    other = {**body, "from": {"number": "+4915112345679"}}
    names = {event.provider_message_id for given in (body, other) for event in webhooks.events(given, NOW)}  # type: ignore[union-attr]
    assert len(names) == 2


def test_message_shows_neither_number_nor_words() -> None:
    shown = repr(read("message__text_reply"))
    assert not [secret for secret in ("15112345678", "gern", "Erika") if secret in shown]


def test_message_on_another_channel_is_none_on_whatsapp() -> None:
    assert one("unknown__channel_sms") == Unknown("message on channel SMS", datetime(2026, 11, 21, 9, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("+4915112345678", "+4915112345678"),
        ("004915112345678", "+4915112345678"),
        ("4915112345678", "+4915112345678"),
        ("015112345678", None),
        ("+49 151", None),
        ("DE.884201937552", None),
        ("", None),
        (None, None),
    ],
)
def test_number_is_read_in_every_international_spelling(written: object, value: str | None) -> None:
    found = webhooks.point(written)
    assert (found.value if found else None) == value


# statuses


@pytest.mark.parametrize(
    ("fixture", "status"), [("sent", Status.SENT), ("delivered", Status.DELIVERED), ("read", Status.READ)]
)
def test_status_carries_our_id(fixture: str, status: Status) -> None:
    assert one(f"status__{fixture}") == StatusChanged(status, NOW, OURS, OURS)


@pytest.mark.parametrize(
    ("fixture", "kind"),
    [
        ("failed", RecipientUnreachable),
        ("failed_without_code", RecipientUnreachable),
        ("failed_window", WindowClosed),
        ("failed_list", Rejected),  # its meaning is not confirmed: no objection is made of it
        ("rejected", Rejected),
    ],
)
def test_status_failed_names_a_reason_and_no_number(fixture: str, kind: type[HubError]) -> None:
    event = one(f"status__{fixture}")
    assert event.status is Status.FAILED
    assert type(event.error) is kind
    assert "15112345678" not in str(event.error)


def test_statuses_in_one_post_are_all_read() -> None:
    events = read("status__several")
    assert [(event.status, event.message_id) for event in events if isinstance(event, StatusChanged)] == [
        (Status.DELIVERED, OURS),
        (Status.READ, "m-2"),
    ]


@pytest.mark.parametrize("name", ["status", "event", "channel_sms", "number"])
def test_webhook_not_known_is_kept_as_unknown(name: str) -> None:
    assert isinstance(one(f"unknown__{name}"), Unknown)


# what goes out


def sent(content: Content, to: Point = NUMBER, reply_to: str = "") -> Any:
    body = wire.request(Outgoing(OURS, SENDER, to, Purpose.SERVICE, content, reply_to), "ns")
    (message,) = body["messages"]["msg"]
    return message


def said(content: Content) -> Any:
    (item,) = sent(content)["richContent"]["conversation"]
    return item


def test_message_goes_out_by_whatsapp_alone_under_our_id() -> None:
    message = sent(TextContent("Hallo"))
    assert message == {
        "from": SENDER,
        "to": [{"number": "004915112345678"}],
        "reference": OURS,
        "allowedChannels": ["WhatsApp"],
        "body": {"type": "auto", "content": "."},
        "richContent": {"conversation": [{"text": "Hallo"}]},
    }
    assert "authentication" not in wire.request(Outgoing(OURS, SENDER, NUMBER, Purpose.SERVICE, TextContent("x")), "ns")


def test_template_goes_out_with_what_fills_it() -> None:
    filled = (("2", "zwei"), ("1", "eins"), ("header.image", "https://example.org/a.png"), ("payload.0", "STOP"))
    assert said(TemplateContent("offer", "de", filled)) == {
        "template": {
            "whatsapp": {
                "namespace": "ns",
                "element_name": "offer",
                "language": {"policy": "deterministic", "code": "de"},
                "components": [
                    {
                        "type": "header",
                        "parameters": [
                            {
                                "type": "image",
                                "media": {
                                    "mediaName": "a.png",
                                    "mediaUri": "https://example.org/a.png",
                                    "mimeType": "image/png",
                                },
                            }
                        ],
                    },
                    {
                        "type": "body",
                        "parameters": [{"type": "text", "text": "eins"}, {"type": "text", "text": "zwei"}],
                    },
                    {
                        "type": "button",
                        "sub_type": "quick_reply",
                        "index": 0,
                        "parameters": [{"type": "payload", "payload": "STOP"}],
                    },
                ],
            }
        }
    }


@pytest.mark.parametrize(
    "parameters",
    [
        (("name", "Erika"),),
        (("2", "zwei"),),
        (("header.1", "x"),),
        (("header.document", "https://example.org/a.pdf"),),
        (("header.location", "1,2"),),
        (("button.0", "x"),),
        (("copy.0", "x"),),
        (("card.0.1", "x"),),
    ],
)
def test_template_part_that_cm_does_not_document_is_not_sent(parameters: Any) -> None:
    with pytest.raises(TemplateProblem):
        sent(TemplateContent("offer", "de", parameters))


def test_buttons_and_list_go_out_as_documented() -> None:
    assert said(ButtonsContent("Ja?", (Choice("y", "Ja"),), header=PICTURE, footer="Demo")) == {
        "interactive": {
            "type": "button",
            "body": {"text": "Ja?"},
            "header": {"type": "image", "media": {"mediaUri": "https://example.org/a.jpg"}},
            "footer": {"text": "Demo"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Ja"}}]},
        }
    }
    assert said(ListContent("Wann?", "Termine", (Section("Mo", (Choice("1", "9 Uhr", "früh"),)),), header="Kopf")) == {
        "interactive": {
            "type": "list",
            "body": {"text": "Wann?"},
            "header": {"type": "text", "text": "Kopf"},
            "action": {
                "button": "Termine",
                "sections": [{"title": "Mo", "rows": [{"id": "1", "title": "9 Uhr", "description": "früh"}]}],
            },
        }
    }


def test_file_goes_out_with_its_name_and_type() -> None:
    paper = Media(MediaKind.DOCUMENT, link="https://example.org/x/a.pdf", name="Angebot.pdf")
    assert said(MediaContent(paper)) == {
        "media": {"mediaName": "Angebot.pdf", "mediaUri": paper.link, "mimeType": "application/pdf"}
    }


@pytest.mark.parametrize(
    "content",
    [
        MediaContent(PICTURE, "a caption"),
        MediaContent(Media(MediaKind.IMAGE, id="file-1")),
        MediaContent(Media(MediaKind.IMAGE, link="https://example.org/download")),
        MediaContent(Media(MediaKind.STICKER, link="https://example.org/a.webp")),
        ButtonsContent("?", (Choice("y", "Ja"),), header=Media(MediaKind.VIDEO, link="https://example.org/a.mp4")),
    ],
)
def test_file_that_cm_does_not_document_is_refused(content: Content) -> None:
    with pytest.raises(Rejected):
        sent(content)


def test_answer_and_bsuid_are_refused() -> None:
    with pytest.raises(Rejected):
        sent(TextContent("x"), reply_to="m-1")
    with pytest.raises(Rejected):
        sent(TextContent("x"), Point(PointKind.BSUID, "DE.884201937552"))


# what comes back at once


def answered(status: str, code: int, whole: int = 0) -> Any:
    return {"errorCode": whole, "messages": [{"to": "0049151", "status": status, "messageErrorCode": code}]}


def test_acceptance_is_a_receipt_under_our_id() -> None:
    assert wire.receipt(answered("Accepted", 0), OURS) == Receipt(OURS)


CODES = {
    101: BadConfig,
    102: BadConfig,
    103: BadConfig,
    201: Rejected,
    202: Rejected,
    203: Rejected,
    301: BadConfig,
    302: Rejected,
    303: RecipientUnreachable,
    304: Rejected,
    305: Rejected,
    401: Rejected,
    402: Rejected,
    403: Rejected,
    500: Uncertain,
    999: Uncertain,
}


@pytest.mark.parametrize("code", CODES)
def test_code_leads_to_what_happens_next(code: int) -> None:
    for answer in (answered("Rejected", code, 201), {"errorCode": code, "messages": []}):
        error = wire.refusal(answer)
        assert type(error) is CODES[code]
        assert str(error).startswith(f"CM.com {code}: ")


def test_every_code_has_a_test_and_two_sentences() -> None:
    assert {int(code) for code in wire.ERRORS} == CODES.keys()
    for word in (*wire.ERRORS.values(), *webhooks.FAILURES.values()):
        assert word.en.endswith(".")
        assert word.de.endswith(".")
        assert word.en != word.de


def test_code_unknown_here_is_final_and_silence_is_uncertain() -> None:
    assert type(wire.refusal(answered("Rejected", 888))) is Rejected
    assert type(wire.refusal(answered("Rejected", 0))) is Rejected
    for answer in ({}, {"errorCode": 0, "messages": []}, answered("Perhaps", 0)):
        with pytest.raises(Uncertain):
            wire.receipt(answer, OURS)


# templates


FILE = """
[[template]]
name = "offer"
language = "de"
category = "MARKETING"
status = "APPROVED"
components = [{ type = "BODY", text = "Hallo {{1}}" }, { type = "FOOTER", text = "Demo" }]

[[template]]
name = "nameless category"
language = "de"
"""


def listed(**settings: Any) -> list[Template]:
    async def run() -> list[Template]:
        return [template async for template in plugin(**settings).templates()]

    return anyio.run(run)


def test_templates_are_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(FILE, "utf-8")
    (offer,) = listed(templates_file=str(tmp_path / "t.toml"))
    assert (offer.name, offer.category, offer.text) == ("offer", PlatformCategory.MARKETING, "Hallo {{1}}\nDemo")
    assert offer.parameters == ("1",)
    assert listed() == []


@pytest.mark.parametrize("content", [None, "template = 7", "[[template]", "\x00"])
def test_templates_file_that_cannot_be_read_is_said(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "t.toml"
    if content is not None:
        path.write_text(content)
    if content == "template = 7":
        assert listed(templates_file=path) == []
        return
    with pytest.raises(BadConfig):
        listed(templates_file=path)


def test_received_message_is_a_message() -> None:
    assert isinstance(one("message__text"), MessageReceived)
