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
    Outgoing,
    Parts,
    Rejected,
    Template,
    TemplateContent,
    TemplateState,
    TextContent,
    Texts,
    Unavailable,
    not_carried,
)
from hub.whatsapp.people import digits
from hub.whatsapp.reading import Fields, mappings, text
from hub.whatsapp.templates import TEMPLATE_STATES as PLATFORM_STATES
from hub.whatsapp.templates import assembled, filled
from hub.whatsapp.writing import CAPTIONED, positional, present, shown_name

TEMPLATE_STATES = {
    **PLATFORM_STATES,  # tyntec's list lacks what may no longer be sent
    "REQUESTED": TemplateState.PENDING,
    "SUBMITTED": TemplateState.PENDING,
    "SUBMIT_FAILED": TemplateState.REJECTED,
    "DELETION_PENDING": TemplateState.GONE,
}
TRANSLATIONS = ("localizations", "localízations")  # [1] misspells its own key, its example does not


def message(outgoing: Outgoing) -> Fields:
    """The body of `POST /messages`. Raises `Rejected` for what tyntec does not document."""
    return {
        "from": outgoing.sender,
        "to": digits(outgoing.to, "tyntec"),
        "channel": "whatsapp",
        "context": outgoing.id,  # comes back as `userContext`
        "content": _content(outgoing),
    }


def _content(outgoing: Outgoing) -> Fields:
    content = outgoing.content
    match content:
        case TextContent():
            said = {"contentType": "text", "text": content.body, "renderUrlPreview": False}
            return {**said, **present({"replyTo": outgoing.reply_to})}
        case TemplateContent():
            return {"contentType": "template", "template": _template(content)}
        case MediaContent():
            kind = str(content.media.kind)
            return {"contentType": kind, kind: _file(content.media, content.caption)}
        case ButtonsContent() | ListContent():
            return {"contentType": "interactive", "interactive": _question(content)}
    raise not_carried(outgoing)


def _file(media: Media, caption: str = "") -> Fields:
    file = {"id": media.id} if media.id else {"url": media.link}
    shown = caption if media.kind in CAPTIONED else ""
    return {**file, **present({"caption": shown, "filename": shown_name(media)})}


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
    return present({"title": row.title, "payload": row.id, "description": row.description})


def _template(content: TemplateContent) -> Fields:
    """`templateId` is the template's name; version 3 keys the components by where they go."""
    given = filled(content)
    if given.cards:
        raise Rejected("tyntec documents no carousel")
    places = {"header": _header(given), "body": _texts(given.body), "button": [_button(one) for one in given.buttons]}
    template = {"templateId": content.name, "templateLanguage": content.language, "components": present(places)}
    return present(template)


def _header(given: Parts) -> list[Fields]:
    match given.header:
        case Texts() as texts:
            return _texts(texts)
        case Media() as media if media.link:
            kind = str(media.kind)
            return [{"type": kind, kind: _file(media)}]
    raise Rejected("tyntec documents headers of a text or a linked file only")


def _texts(texts: Texts) -> list[Fields]:
    return [{"type": "text", "text": value} for value in positional(texts, "tyntec")]


def _button(button: Button) -> Fields:
    match button.kind:
        case ButtonKind.REPLY:
            return {"type": "quick_reply", "index": button.index, "payload": button.value}
        case ButtonKind.LINK:
            return {"type": "url", "index": button.index, "text": button.value}
    raise Rejected("tyntec documents no coupon button")


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
