# SPDX-License-Identifier: Apache-2.0
"""What goes out and what is listed: our words to and from Meta's message, answer and template objects. Pure.

Source: [2] messages/send-messages, [3] templates/components, [4] business-scoped-user-ids.
"""

from __future__ import annotations

from collections.abc import Iterator

from hub import (
    Outgoing,
    Point,
    PointKind,
    Receipt,
    Rejected,
    TemplateContent,
    TextContent,
    Uncertain,
    not_carried,
)
from hub.whatsapp.reading import Fields, mapping, mappings, text


def message(outgoing: Outgoing) -> Fields:
    """The body of `POST /{phone number id}/messages`. Raises `Rejected` for a contact point WhatsApp cannot reach."""
    envelope = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **recipient(outgoing.to),
        "biz_opaque_callback_data": outgoing.id,
    }
    content = outgoing.content
    if isinstance(content, TemplateContent):
        return {**envelope, "type": "template", "template": _template(content)}
    if isinstance(content, TextContent):
        return {**envelope, "type": "text", "text": {"body": content.body, "preview_url": False}}
    raise not_carried(outgoing)


def recipient(to: Point) -> Fields:
    """`to` for a number, `recipient` for a BSUID."""
    if to.kind is PointKind.E164:
        # without "+" Meta may prepend the sender's country code
        return {"to": f"+{to.value.removeprefix('+')}"}
    if to.kind in (PointKind.BSUID, PointKind.PARENT_BSUID):
        return {"recipient": to.value}
    raise Rejected("WhatsApp needs a number or a BSUID")


def _template(content: TemplateContent) -> Fields:
    components = list(_components(content.parameters))
    template: Fields = {"name": content.name, "language": {"code": content.language}}
    return {**template, "components": components} if components else template


def _components(parameters: tuple[tuple[str, str], ...]) -> Iterator[Fields]:
    """Keys: "1" or "name" for the body, "header.1" or "header.name"; "button.0" for the link of the button at that
    index, "payload.0" for what comes back when it is pressed."""
    header = [(key.removeprefix("header."), value) for key, value in parameters if key.startswith("header.")]
    body = [(key, value) for key, value in parameters if "." not in key]
    if header:
        yield {"type": "header", "parameters": _texts(header)}
    if body:
        yield {"type": "body", "parameters": _texts(body)}
    for key, value in parameters:
        if key.startswith("button."):
            index = key.removeprefix("button.")
            shown = [{"type": "text", "text": value}]
            yield {"type": "button", "sub_type": "url", "index": index, "parameters": shown}
        elif key.startswith("payload."):
            index = key.removeprefix("payload.")
            hidden = [{"type": "payload", "payload": value}]
            yield {"type": "button", "sub_type": "quick_reply", "index": index, "parameters": hidden}


def _texts(parameters: list[tuple[str, str]]) -> list[Fields]:
    if all(key.isdecimal() for key, _ in parameters):
        ordered = sorted(parameters, key=lambda parameter: int(parameter[0]))
        return [{"type": "text", "text": value} for _, value in ordered]
    return [{"type": "text", "parameter_name": key, "text": value} for key, value in parameters]


def receipt(answer: Fields) -> Receipt:
    """Meta's acceptance. Raises `Uncertain` when the answer names no message: it may have been accepted."""
    accepted = next(iter(mappings(answer.get("messages"))), {})
    wamid = text(accepted.get("id"))
    if not wamid:
        raise Uncertain("Meta's answer names no message")
    status = text(accepted.get("message_status"))
    return Receipt(wamid, "" if status == "accepted" else status)


def page(answer: Fields) -> tuple[list[Fields], str]:
    """The objects of a list page and the cursor of the next, "" on the last page (which may carry a cursor, too)."""
    paging = mapping(answer.get("paging"))
    after = text(mapping(paging.get("cursors")).get("after")) if paging.get("next") else ""
    return mappings(answer.get("data")), after
