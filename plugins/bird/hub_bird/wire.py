# SPDX-License-Identifier: Apache-2.0
"""What goes out and what is listed: our words to and from Bird's platform. Pure. Source: [1] models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hub import (
    Button,
    ButtonKind,
    ButtonsContent,
    Card,
    CardsContent,
    Choice,
    LinkContent,
    ListContent,
    LocationContent,
    Media,
    MediaContent,
    Outgoing,
    Parts,
    Rejected,
    SenderState,
    Template,
    TemplateContent,
    TemplateProblem,
    TemplateState,
    TextContent,
    Texts,
)
from hub.whatsapp.people import address
from hub.whatsapp.reading import Fields, mappings, text
from hub.whatsapp.templates import assembled, filled, locale, template_state
from hub.whatsapp.writing import built, caption, link, place, present, shown_name

OURS = "hub_ref"  # in `metadata`, which every event repeats
STATES = {"SUBMIT_FAILED": TemplateState.REJECTED}
_MOST_CARDS = 5


def message(outgoing: Outgoing) -> Fields:
    """The body of `POST /v1/whatsapp/messages`. Raises `Rejected` for what Bird does not carry.

    Always with a number of ours: a template of Bird's own, which would leave from Bird's number, is thereby refused.
    """
    return {
        "to": address(outgoing.to),
        "from": outgoing.sender,
        "metadata": {OURS: outgoing.id},
        **present({"in_reply_to_message_id": outgoing.reply_to}),
        **built(outgoing, _BUILDERS),
    }


def _text(content: TextContent) -> Fields:
    return {"text": {"body": content.body, "preview_url": False}}


def _media(content: MediaContent) -> Fields:
    media = content.media
    file = {"url": _url(media), "caption": caption(content), "filename": shown_name(media)}
    return {str(media.kind): present(file)}


def _url(media: Media) -> str:
    return link(media, "Bird")


def _buttons(content: ButtonsContent) -> Fields:
    buttons = [{"type": "quick_reply", "quick_reply": _choice(one)} for one in content.buttons]
    return _interactive("button", content, {"buttons": buttons})


def _list(content: ListContent) -> Fields:
    sections = [
        {"title": section.title, "rows": [_choice(row) for row in section.rows]} for section in content.sections
    ]
    return _interactive("list", content, {"list": {"button_text": content.label, "sections": sections}})


def _link(content: LinkContent) -> Fields:
    return _interactive("cta_url", content, {"cta_url": {"text": content.label, "url": content.url}})


def _interactive(kind: str, content: ButtonsContent | ListContent | LinkContent, pressed: Fields) -> Fields:
    header = _header(content.header) if content.header else {}
    around = present({"header": header, "footer_text": content.footer})
    return {"interactive": {"type": kind, "body_text": content.body, **around, **pressed}}


def _header(header: str | Media) -> Fields:
    if isinstance(header, str):
        return {"type": "text", "text": header}
    return {"type": str(header.kind), "url": _url(header)}


def _choice(one: Choice) -> Fields:
    return present({"slug": one.id, "text": one.title, "description": one.description})


def _location(content: LocationContent) -> Fields:
    return {"location": place(content)}


def _cards(content: CardsContent) -> Fields:
    if len(content.cards) > _MOST_CARDS:
        raise Rejected("Bird carries up to five contact cards")
    return {"contact_cards": [_card(one) for one in content.cards]}


def _card(card: Card) -> Fields:
    """WhatsApp wants one part of the name besides the whole."""
    return present(
        {
            "name": {"formatted_name": card.name, "first_name": card.name},
            "org": present({"company": card.company}),
            "phone_numbers": [{"phone_number": phone} for phone in card.phones],
            "emails": [{"email": email} for email in card.emails],
        }
    )


def _template(content: TemplateContent) -> Fields:
    named = "id" if content.name.startswith("wat_") else "slug"
    components = list(_components(filled(content)))
    template = {named: content.name, "language": content.language, **present({"components": components})}
    return {"template": template}


def _components(given: Parts) -> Iterator[Fields]:
    if header := _above(given.header):
        yield {"type": "header", "parameters": header}
    if given.body:
        yield {"type": "body", "parameters": _texts(given.body)}
    for button in given.buttons:  # in order: Bird counts those that take a value
        yield {"type": "button", "parameters": [{"type": "text", "text": _pressed(button)}]}
    if given.cards:
        yield {"type": "carousel", "cards": [{"components": list(_components(card))} for card in given.cards]}


def _above(header: Texts | Media | LocationContent) -> list[Fields]:
    match header:
        case Texts():
            return _texts(header)
        case Media():
            return [present({"type": str(header.kind), "url": _url(header), "filename": shown_name(header)})]
        case _:
            return [{"type": "location", **_location(header)}]


def _texts(given: Texts) -> list[Fields]:
    names = [{} if given.positional else {"name": name} for name, _ in given.pairs]
    return [{"type": "text", "text": value, **name} for name, value in zip(names, given.values, strict=True)]


def _pressed(button: Button) -> str:
    if button.kind is ButtonKind.REPLY:
        raise TemplateProblem("Bird takes no payload for a quick reply; its label comes back")
    return button.value


_BUILDERS: dict[type, Callable[[Any], Fields]] = {
    TextContent: _text,
    TemplateContent: _template,
    MediaContent: _media,
    ButtonsContent: _buttons,
    ListContent: _list,
    LinkContent: _link,
    LocationContent: _location,
    CardsContent: _cards,
}


def languages(listed: Fields) -> tuple[str, Iterable[tuple[str, Fields]]]:
    """The version in which a listed template's content stands, and where each language stands. No version: a draft."""
    version = text(listed.get("live_version_id")) or text(listed.get("pending_version_id"))
    states = listed.get("languages")
    found = states.items() if isinstance(states, dict) else ()
    return version, [(tag, state) for tag, state in found if isinstance(state, dict)]


def template(listed: Fields, tag: str, state: Fields, content: Fields) -> Template | None:
    """One language of a template. Meta gives each its own category and may move one, so the language's counts."""
    word = text(state.get("status")).upper()
    return assembled(
        text(listed.get("slug")),
        locale(tag),
        content.get("category") or listed.get("category"),
        STATES.get(word) or template_state(word),
        content.get("components"),
    )


def sender(number: Fields) -> SenderState:
    called = text(number.get("phone_number"))
    return SenderState(
        id=called,
        number=called,
        name=text(number.get("name")),
        quality=text(number.get("quality_rating")),
        status=text(number.get("status")),
        storage_region=text(number.get("data_localization_region")),
    )


def page(answer: Fields) -> tuple[list[Fields], str]:
    """The objects of a list page and the cursor of the next, "" on the last."""
    return mappings(answer.get("data")), text(answer.get("next_cursor"))
