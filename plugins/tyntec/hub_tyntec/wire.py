# SPDX-License-Identifier: Apache-2.0
"""What goes out and what is listed: our words to and from tyntec's Conversations API v3. Pure. Source: [1] [2]."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from hub import (
    Button,
    ButtonKind,
    ButtonsContent,
    Choice,
    ListContent,
    Media,
    MediaContent,
    MediaKind,
    Outgoing,
    Parts,
    PointKind,
    Receipt,
    Rejected,
    Template,
    TemplateContent,
    TemplateProblem,
    TemplateState,
    TextContent,
    Texts,
    Unavailable,
    Uncertain,
    not_carried,
)
from hub.whatsapp.reading import Fields, mappings, text
from hub.whatsapp.templates import TEMPLATE_STATES as PLATFORM_STATES
from hub.whatsapp.templates import assembled, filled

TEMPLATE_STATES = {
    **PLATFORM_STATES,  # tyntec's list lacks what may no longer be sent
    "REQUESTED": TemplateState.PENDING,
    "SUBMITTED": TemplateState.PENDING,
    "SUBMIT_FAILED": TemplateState.REJECTED,
    "DELETION_PENDING": TemplateState.GONE,
}
TRANSLATIONS = ("localizations", "localízations")  # [1] misspells its own key, its example does not
_CAPTIONED = frozenset({MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.DOCUMENT})


def message(outgoing: Outgoing) -> Fields:
    """The body of `POST /messages`. Raises `Rejected` for what tyntec does not document."""
    if outgoing.to.kind is not PointKind.E164:
        raise Rejected("tyntec documents no sending to a user id; a number is needed")
    return {
        "from": outgoing.sender,
        "to": outgoing.to.value.removeprefix("+"),
        "channel": "whatsapp",
        "context": outgoing.id,  # comes back as `userContext`
        "content": _content(outgoing),
    }


def _content(outgoing: Outgoing) -> Fields:
    content = outgoing.content
    match content:
        case TextContent():
            quoted = {"replyTo": outgoing.reply_to} if outgoing.reply_to else {}
            return {"contentType": "text", "text": content.body, "renderUrlPreview": False, **quoted}
        case TemplateContent():
            return {"contentType": "template", "template": _template(content)}
        case MediaContent():
            kind = str(content.media.kind)
            return {"contentType": kind, kind: _file(content.media, content.caption)}
        case ButtonsContent() | ListContent():
            return {"contentType": "interactive", "interactive": _question(content)}
    raise not_carried(outgoing)


def _file(media: Media, caption: str = "") -> Fields:
    file: Fields = {"id": media.id} if media.id else {"url": media.link}
    if caption and media.kind in _CAPTIONED:
        file["caption"] = caption
    if media.name and media.kind is MediaKind.DOCUMENT:
        file["filename"] = media.name
    return file


def _question(content: ButtonsContent | ListContent) -> Fields:
    if content.header:
        raise Rejected("tyntec documents no header of a question")
    shown: Fields = {"body": {"type": "text", "text": content.body}}
    if content.footer:
        shown["footer"] = {"type": "text", "text": content.footer}
    if isinstance(content, ListContent):
        sections = [{"title": part.title, "rows": [_row(row) for row in part.rows]} for part in content.sections]
        return {"subType": "list", "components": {**shown, "list": {"title": content.label, "sections": sections}}}
    buttons = [{"type": "reply", "reply": {"payload": one.id, "title": one.title}} for one in content.buttons]
    return {"subType": "buttons", "components": {**shown, "buttons": buttons}}


def _row(row: Choice) -> Fields:
    described = {"description": row.description} if row.description else {}
    return {"title": row.title, "payload": row.id, **described}


def _template(content: TemplateContent) -> Fields:
    """`templateId` is the template's name; version 3 keys the components by where they go."""
    given = filled(content)
    if given.cards:
        raise Rejected("tyntec documents no carousel")
    places = {"header": _header(given), "body": _texts(given.body), "button": [_button(one) for one in given.buttons]}
    components = {place: values for place, values in places.items() if values}
    template = {"templateId": content.name, "templateLanguage": content.language}
    return {**template, "components": components} if components else template


def _header(given: Parts) -> list[Fields]:
    match given.header:
        case Texts() as texts:
            return _texts(texts)
        case Media() as media if media.link:
            kind = str(media.kind)
            return [{"type": kind, kind: _file(media)}]
    raise Rejected("tyntec documents headers of a text or a linked file only")


def _texts(texts: Texts) -> list[Fields]:
    if not texts.positional:
        raise TemplateProblem("tyntec documents variables by position only; this template names them")
    return [{"type": "text", "text": value} for value in texts.values]


def _button(button: Button) -> Fields:
    match button.kind:
        case ButtonKind.REPLY:
            return {"type": "quick_reply", "index": button.index, "payload": button.value}
        case ButtonKind.LINK:
            return {"type": "url", "index": button.index, "text": button.value}
    raise Rejected("tyntec documents no coupon button")


def receipt(answer: Fields) -> Receipt:
    """tyntec's acceptance. Raises `Uncertain` when the answer names no message: it may have been accepted."""
    accepted = text(answer.get("messageId"))
    if not accepted:
        raise Uncertain("tyntec's answer names no message")
    return Receipt(accepted)


def templates(body: bytes) -> Iterator[Template]:
    """Every translation of every listed template. Raises `Unavailable` when `body` is no list."""
    try:
        listed = orjson.loads(body)
    except orjson.JSONDecodeError:
        listed = None
    if not isinstance(listed, list):
        raise Unavailable("tyntec's list of templates cannot be read")
    for item in mappings(listed):
        translations = next((item[key] for key in TRANSLATIONS if key in item), None)
        for translation in mappings(translations):
            # only APPROVED may be sent, so a state this version cannot read is treated as disabled
            state = TEMPLATE_STATES.get(text(translation.get("status")), TemplateState.DISABLED)
            language, components = text(translation.get("language")), translation.get("components")
            found = assembled(text(item.get("templateName")), language, item.get("category"), state, components)
            if found is not None:
                yield found
