# SPDX-License-Identifier: Apache-2.0
"""What a message says, in Meta's objects: every kind of content, every part of a template."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hub_meta import Config, wire
from hub_meta.emulator import create
from pydantic import SecretStr

from hub.contract import (
    ButtonsContent,
    Card,
    CardsContent,
    Choice,
    Content,
    FlowContent,
    LinkContent,
    ListContent,
    LocationContent,
    Media,
    MediaContent,
    MediaKind,
    Outgoing,
    Point,
    PointKind,
    Purpose,
    ReactionContent,
    Rejected,
    Section,
    TemplateContent,
    TemplateProblem,
    TextContent,
)
from hub.testing.provider_table import CONTENTS
from hub.testing.whatsapp import MediaStore, Refused, contents

ERIKA = Point(PointKind.E164, "+4915112345678")
PICTURE = Media(MediaKind.IMAGE, link="https://example.org/a.jpg")
INVOICE = Media(MediaKind.DOCUMENT, id="1013859600285441", name="Rechnung.pdf")
VOICE = Media(MediaKind.AUDIO, id="1013859600285442")


def written(content: Content, **more: Any) -> dict[str, Any]:
    return wire.message(Outgoing("01JD8Q", "100200300400500", ERIKA, Purpose.SERVICE, content, **more))


@pytest.mark.parametrize(
    ("content", "kind", "expected"),
    [
        (MediaContent(PICTURE, "Bild"), "image", {"link": "https://example.org/a.jpg", "caption": "Bild"}),
        (MediaContent(INVOICE), "document", {"id": "1013859600285441", "filename": "Rechnung.pdf"}),
        (MediaContent(VOICE), "audio", {"id": "1013859600285442"}),
        (LocationContent(52.52, 13.405, "Büro"), "location", {"latitude": 52.52, "longitude": 13.405, "name": "Büro"}),
        (ReactionContent("wamid.1", "👍"), "reaction", {"message_id": "wamid.1", "emoji": "👍"}),
        (ReactionContent("wamid.1", ""), "reaction", {"message_id": "wamid.1", "emoji": ""}),
    ],
)
def test_content_goes_under_its_type(content: Content, kind: str, expected: dict[str, Any]) -> None:
    body = written(content)
    assert (body["type"], body[kind]) == (kind, expected)


def test_cards_name_their_person_twice_as_meta_wants() -> None:
    (card,) = written(CardsContent((Card("Demo GmbH", ("+493023125000",), ("a@example.org",), "Demo"),)))["contacts"]
    assert card == {
        "name": {"formatted_name": "Demo GmbH", "first_name": "Demo GmbH"},
        "org": {"company": "Demo"},
        "phones": [{"phone": "+493023125000", "type": "WORK"}],
        "emails": [{"email": "a@example.org", "type": "WORK"}],
    }


def test_caption_where_none_is_shown_is_refused_and_not_dropped() -> None:
    with pytest.raises(Rejected):
        written(MediaContent(VOICE, "Bitte anhören"))


def test_buttons_carry_header_and_footer() -> None:
    content = ButtonsContent("Passt es?", (Choice("yes", "Ja"), Choice("no", "Nein")), PICTURE, "Demo GmbH")
    assert written(content)["interactive"] == {
        "type": "button",
        "body": {"text": "Passt es?"},
        "header": {"type": "image", "image": {"link": "https://example.org/a.jpg"}},
        "footer": {"text": "Demo GmbH"},
        "action": {
            "buttons": [
                {"type": "reply", "reply": {"id": "yes", "title": "Ja"}},
                {"type": "reply", "reply": {"id": "no", "title": "Nein"}},
            ]
        },
    }


def test_list_has_its_rows_in_sections() -> None:
    rows = (Choice("t1", "Rechnung", "Kopie anfordern"), Choice("t2", "Termin"))
    shown = written(ListContent("Worum geht es?", "Wählen", (Section("Service", rows),), "Themen"))["interactive"]
    assert (shown["type"], shown["header"]) == ("list", {"type": "text", "text": "Themen"})
    assert shown["action"] == {
        "button": "Wählen",
        "sections": [
            {
                "title": "Service",
                "rows": [
                    {"id": "t1", "title": "Rechnung", "description": "Kopie anfordern"},
                    {"id": "t2", "title": "Termin"},
                ],
            }
        ],
    }


def test_link_button_opens_the_page() -> None:
    action = written(LinkContent("Details", "Öffnen", "https://example.org/t"))["interactive"]["action"]
    assert action == {"name": "cta_url", "parameters": {"display_text": "Öffnen", "url": "https://example.org/t"}}


@pytest.mark.parametrize(
    ("screen", "opened"),
    [
        ("START", {"flow_action": "navigate", "flow_action_payload": {"screen": "START"}}),
        ("", {"flow_action": "data_exchange"}),
    ],
)
def test_flow_begins_at_its_screen_or_asks_its_endpoint(screen: str, opened: dict[str, Any]) -> None:
    shown = written(FlowContent("Bitte ausfüllen", "Öffnen", "4711", "tok", screen))["interactive"]
    named = {"flow_message_version": "3", "flow_id": "4711", "flow_cta": "Öffnen", "flow_token": "tok"}
    assert shown["action"] == {"name": "flow", "parameters": {**named, **opened}}


def test_answer_quotes_the_message_it_belongs_to() -> None:
    assert written(TextContent("Ja"), reply_to="wamid.7")["context"] == {"message_id": "wamid.7"}
    assert "context" not in written(TextContent("Ja"))


@pytest.mark.parametrize("kind", CONTENTS, ids=[kind.__name__ for kind in CONTENTS])
def test_every_content_passes_the_platforms_own_checks(kind: type) -> None:
    body = written(CONTENTS[kind])
    platform = create()
    contents.check(body["type"], body[body["type"]], platform.media)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (TextContent("x" * 4097), 131009),
        (MediaContent(Media(MediaKind.IMAGE, id="gone")), 131009),
        (MediaContent(PICTURE, "x" * 1025), 131009),
        (LocationContent(91.0, 13.4), 131009),
        (ButtonsContent("?", tuple(Choice(str(i), str(i)) for i in range(4))), 131009),
        (ButtonsContent("?", (Choice("a", "Ja"), Choice("b", "Ja"))), 131009),
        (ButtonsContent("?", (Choice("a", "x" * 21),)), 131009),
        (ListContent("?", "Ja", (Section("", (Choice("a", "A"),)), Section("B", (Choice("b", "B"),)))), 131008),
        (ListContent("?", "Ja", (Section("A", tuple(Choice(str(i), str(i)) for i in range(11))),)), 131009),
        (LinkContent("?", "x" * 21, "https://example.org"), 131009),
    ],
)
def test_content_beyond_a_limit_is_refused_by_the_platform(content: Content, code: int) -> None:
    body = written(content)
    store: MediaStore = create().media
    with pytest.raises(Refused) as refused:
        contents.check(body["type"], body[body["type"]], store)
    assert refused.value.code == code


# templates


def components(*parameters: tuple[str, str]) -> Any:
    return written(TemplateContent("x", "de", parameters))["template"].get("components")


@pytest.mark.parametrize(
    ("key", "value", "parameter"),
    [
        ("header.image", "id:4711", {"type": "image", "image": {"id": "4711"}}),
        ("header.video", "https://e.org/a.mp4", {"type": "video", "video": {"link": "https://e.org/a.mp4"}}),
        (
            "header.location",
            "52.52,13.4,Laden,Weg 1",
            {
                "type": "location",
                "location": {"latitude": "52.52", "longitude": "13.4", "name": "Laden", "address": "Weg 1"},
            },
        ),
        ("header.order", "A-1", {"type": "text", "parameter_name": "order", "text": "A-1"}),
    ],
)
def test_template_header_of_each_kind(key: str, value: str, parameter: dict[str, Any]) -> None:
    assert components((key, value)) == [{"type": "header", "parameters": [parameter]}]


def test_template_header_document_shows_its_name() -> None:
    (header,) = components(("header.document", "id:1"), ("header.document.name", "Rechnung.pdf"))
    assert header["parameters"][0]["document"] == {"id": "1", "filename": "Rechnung.pdf"}


def test_template_coupon_has_its_own_kind_of_button() -> None:
    (button,) = components(("copy.1", "SAVE10"))
    coupon = {"type": "coupon_code", "coupon_code": "SAVE10"}
    assert button == {"type": "button", "sub_type": "copy_code", "index": "1", "parameters": [coupon]}


def test_template_of_a_one_time_code_says_it_twice() -> None:
    body, button = components(("1", "482913"), ("button.0", "482913"))
    said = [{"type": "text", "text": "482913"}]
    assert body == {"type": "body", "parameters": said}
    assert button == {"type": "button", "sub_type": "url", "index": "0", "parameters": said}


def test_template_carousel_fills_each_card() -> None:
    keys = [(f"card.{index}.{key}", value) for index in (0, 1) for key, value in (("header.image", "id:1"), ("1", "A"))]
    (carousel,) = components(*keys)
    image = {"type": "header", "parameters": [{"type": "image", "image": {"id": "1"}}]}
    text = {"type": "body", "parameters": [{"type": "text", "text": "A"}]}
    cards = [{"card_index": index, "components": [image, text]} for index in (0, 1)]
    assert carousel == {"type": "carousel", "cards": cards}


@pytest.mark.parametrize("key", ["footer.1", "card.1.1", "button.x"])
def test_template_parameter_that_names_no_place_is_the_templates_problem(key: str) -> None:
    with pytest.raises(TemplateProblem):
        components((key, "x"))


# marketing


def config(**more: Any) -> Config:
    secrets = {name: SecretStr("made-up-secret-text") for name in ("access_token", "app_secret", "verify_token")}
    return Config(waba_id="1", **secrets, **more)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, ("CLOUD_API_FALLBACK", False)),
        ({"marketing_fallback": False, "marketing_sharing": True}, ("STRICT", True)),
    ],
)
def test_advertising_says_each_time_what_meta_may_do(settings: dict[str, bool], said: tuple[str, bool]) -> None:
    body = wire.advertising({"type": "template"}, config(**settings))
    assert (body["product_policy"], body["message_activity_sharing"]) == said


def test_switches_that_tell_meta_more_are_off_by_default() -> None:
    assert not any((config().marketing_api, config().marketing_sharing, config().marketing_creative))
    assert httpx.URL(config().base_url).host == "graph.facebook.com"
