# SPDX-License-Identifier: Apache-2.0
"""A template as it is sent: what fills it, by where it goes. Pure. Source: [2] messages/send-messages, [3]."""

from __future__ import annotations

from collections.abc import Iterator

from hub import Button, ButtonKind, LocationContent, Media, Parts, TemplateContent, Texts
from hub.whatsapp.reading import Fields
from hub.whatsapp.templates import filled
from hub.whatsapp.writing import place
from hub_meta import contents

_BUTTONS = {ButtonKind.LINK: "url", ButtonKind.REPLY: "quick_reply", ButtonKind.COUPON: "copy_code"}


def sent(content: TemplateContent) -> Fields:
    """Without parameters there must be no components. Raises `TemplateProblem` for a key that names no place."""
    components = list(_components(filled(content)))
    template: Fields = {"name": content.name, "language": {"code": content.language}}
    return {**template, "components": components} if components else template


def _components(parts: Parts) -> Iterator[Fields]:
    header = _header(parts.header)
    if header:
        yield {"type": "header", "parameters": header}
    if parts.body:
        yield {"type": "body", "parameters": _texts(parts.body)}
    for button in parts.buttons:
        kind, index = _BUTTONS[button.kind], str(button.index)
        yield {"type": "button", "sub_type": kind, "index": index, "parameters": [_pressed(button)]}
    if parts.cards:
        cards = [{"card_index": index, "components": list(_components(card))} for index, card in enumerate(parts.cards)]
        yield {"type": "carousel", "cards": cards}


def _header(header: Texts | Media | LocationContent) -> list[Fields]:
    if isinstance(header, Media):
        return [{"type": str(header.kind), str(header.kind): contents.file(header)}]
    if isinstance(header, LocationContent):
        shown = {key: str(value) for key, value in place(header).items()}  # Meta shows the degrees as text
        return [{"type": "location", "location": shown}]
    return _texts(header)


def _texts(texts: Texts) -> list[Fields]:
    if texts.positional:
        return [{"type": "text", "text": value} for value in texts.values]
    return [{"type": "text", "parameter_name": name, "text": value} for name, value in texts.pairs]


def _pressed(button: Button) -> Fields:
    """A one-time code goes like the variable of a link, whatever the button does with it."""
    match button.kind:
        case ButtonKind.REPLY:
            return {"type": "payload", "payload": button.value}
        case ButtonKind.COUPON:
            return {"type": "coupon_code", "coupon_code": button.value}
    return {"type": "text", "text": button.value}
