# SPDX-License-Identifier: Apache-2.0
"""What goes out and what is listed: our words to and from Infobip's dedicated WhatsApp API. Pure.

Source: [1] for paths, envelope and limits, [2] for the bodies of audio, video, sticker, location and contact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from hub import (
    Button,
    ButtonKind,
    ButtonsContent,
    Card,
    CardsContent,
    Choice,
    ListContent,
    LocationContent,
    Media,
    MediaContent,
    MediaKind,
    Outgoing,
    Receipt,
    Template,
    TemplateContent,
    TemplateProblem,
    TemplateState,
    TextContent,
    Texts,
    Uncertain,
)
from hub.whatsapp import templates as states
from hub.whatsapp.people import address
from hub.whatsapp.reading import Fields, mapping, mappings, number, text
from hub.whatsapp.templates import assembled, filled, locale
from hub.whatsapp.writing import CAPTIONED, built, link, place, positional, present, shown_name
from hub_infobip import codes

# both default to true at Infobip, which then records which link was opened by whom [1]
UNTRACKED = {"shortenUrl": False, "trackClicks": False}
_PAUSED = ("FIRST_PAUSED", "SECOND_PAUSED", "FLAGGED")
_BUTTONS = {ButtonKind.REPLY: "QUICK_REPLY", ButtonKind.LINK: "URL"}


def message(outgoing: Outgoing) -> tuple[str, Fields]:
    """Path and body of a send. Raises `Rejected` for what Infobip does not carry or WhatsApp cannot reach."""
    envelope: Fields = {"from": outgoing.sender, "to": address(outgoing.to).removeprefix("+"), "messageId": outgoing.id}
    if isinstance(outgoing.content, TemplateContent):
        return "template", {"messages": [{**envelope, "content": _template(outgoing.content), "urlOptions": UNTRACKED}]}
    path, content = built(outgoing, _FREE)
    if outgoing.reply_to:
        envelope["context"] = {"replyToMessageId": outgoing.reply_to}
    if path in _WITH_LINKS:
        envelope["urlOptions"] = UNTRACKED
    return path, {**envelope, "content": content}


# free messages: path and content


def _text(content: TextContent) -> tuple[str, Fields]:
    return "text", {"text": content.body, "previewUrl": False}


def _media(content: MediaContent) -> tuple[str, Fields]:
    kind = content.media.kind
    caption = {"caption": content.caption} if kind in CAPTIONED else {}
    return kind.value, present({**_file(content.media), **caption})


def _file(media: Media) -> Fields:
    return present({"mediaUrl": link(media, "Infobip"), "filename": shown_name(media)})


def _buttons(content: ButtonsContent) -> tuple[str, Fields]:
    buttons = [{"type": "REPLY", "id": choice.id, "title": choice.title} for choice in content.buttons]
    return "interactive/buttons", _framed(content, {"buttons": buttons})


def _list(content: ListContent) -> tuple[str, Fields]:
    sections = [{"title": section.title, "rows": list(map(_row, section.rows))} for section in content.sections]
    return "interactive/list", _framed(content, {"title": content.label, "sections": sections})


def _row(choice: Choice) -> Fields:
    return present({"id": choice.id, "title": choice.title, "description": choice.description})


def _framed(content: ButtonsContent | ListContent, action: Fields) -> Fields:
    """An interactive message: what is pressed, and the texts around it."""
    header: Fields = {"type": "TEXT", "text": content.header} if content.header else {}
    if isinstance(content.header, Media):
        header = {"type": content.header.kind.upper(), **_file(content.header)}
    footer = {"text": content.footer} if content.footer else {}
    return present({"body": {"text": content.body}, "action": action, "header": header, "footer": footer})


def _location(content: LocationContent) -> tuple[str, Fields]:
    return "location", place(content)


def _cards(content: CardsContent) -> tuple[str, Fields]:
    return "contact", {"contacts": [_card(card) for card in content.cards]}


def _card(card: Card) -> Fields:
    return {
        "name": {"firstName": card.name, "formattedName": card.name},
        "phones": [{"phone": phone} for phone in card.phones],
        "emails": [{"email": email} for email in card.emails],
        **present({"org": present({"company": card.company})}),
    }


_FREE: dict[type, Callable[[Any], tuple[str, Fields]]] = {
    TextContent: _text,
    MediaContent: _media,
    ButtonsContent: _buttons,
    ListContent: _list,
    LocationContent: _location,
    CardsContent: _cards,
}
_WITH_LINKS = frozenset({"text", "image", "video", "document", "interactive/buttons", "interactive/list"})


# templates


def _template(content: TemplateContent) -> Fields:
    """Raises `TemplateProblem` for what Infobip cannot be told without doubt: it fills everything by position."""
    given = filled(content)
    if given.cards:
        raise TemplateProblem("this plugin sends no carousels through Infobip")
    data = {
        "body": {"placeholders": list(positional(given.body, "Infobip"))},
        **present({"header": _header(given.header), "buttons": list(_pressed(given.buttons))}),
    }
    return {"templateName": content.name, "language": content.language, "templateData": data}


def _header(header: Texts | Media | LocationContent) -> Fields:
    if isinstance(header, LocationContent):
        return {"type": "LOCATION", "latitude": header.latitude, "longitude": header.longitude}
    if isinstance(header, Texts):
        if len(positional(header, "Infobip")) > 1:
            raise TemplateProblem("a text header has one variable")
        return {"type": "TEXT", "placeholder": header.values[0]} if header else {}
    # a document must have a name here [2]; where none is given, the end of its link is one
    name = {"filename": header.link.rsplit("/", 1)[-1] or "file"} if header.kind is MediaKind.DOCUMENT else {}
    return {"type": header.kind.upper(), **name, **_file(header)}


def _pressed(buttons: tuple[Button, ...]) -> Iterator[Fields]:
    """Infobip's list has no index, so a gap would give one button what is meant for another."""
    for position, button in enumerate(buttons):
        if button.kind not in _BUTTONS:
            raise TemplateProblem("this plugin fills no coupon codes through Infobip")
        if button.index != position:
            raise TemplateProblem("Infobip fills buttons by position: fill them from 0 without a gap")
        yield {"type": _BUTTONS[button.kind], "parameter": button.value}


def receipt(answer: Fields) -> Receipt:
    """Infobip's acceptance. Raises what a refusal inside it means; `Uncertain` when it names no message."""
    one = next(iter(mappings(answer.get("messages"))), answer)
    message_id, group = text(one.get("messageId")), number(mapping(one.get("status")).get("groupId"))
    if group in (codes.OK, codes.PENDING, codes.DELIVERED) and message_id:
        return Receipt(message_id)
    if group in (codes.UNDELIVERABLE, codes.EXPIRED, codes.REJECTED):
        raise codes.failure(one)
    raise Uncertain("Infobip's answer names no message")


def template(listed: Fields) -> Template | None:
    """A template of the list; None when its name, language or category cannot be read."""
    language = locale(listed.get("language"))
    return assembled(
        text(listed.get("name")),
        language,
        listed.get("category"),
        template_state(listed.get("status")),
        list(_components(mapping(listed.get("structure")))),
    )


def template_state(word: object) -> TemplateState:
    """Infobip's words beside Meta's. That a FLAGGED one may still be sent is not stated."""
    known = text(word).upper()
    return TemplateState.PAUSED if known in _PAUSED else states.template_state(known)


def _components(structure: Fields) -> Iterator[Fields]:
    """Infobip's structure in Meta's words. Version 1 of the API had texts where version 2 has objects."""
    for part in ("header", "body", "footer"):
        given = structure.get(part)
        if given:
            yield {"text": text(given), **mapping(given), "type": part}
    if buttons := mappings(structure.get("buttons")):
        yield {"type": "buttons", "buttons": buttons}
