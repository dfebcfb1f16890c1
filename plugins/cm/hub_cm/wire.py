# SPDX-License-Identifier: Apache-2.0
"""What goes out: our words to CM.com's Business Messaging API, and its answer. Pure.

Source: [1] responses, [2] SDKs and collection, [3] WhatsApp page. Kinds and parts that these do not show are refused.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterator
from typing import Any

from hub import (
    ButtonKind,
    ButtonsContent,
    Choice,
    HubError,
    ListContent,
    Media,
    MediaContent,
    MediaKind,
    Outgoing,
    Parts,
    Receipt,
    Rejected,
    TemplateContent,
    TemplateProblem,
    TextContent,
    Uncertain,
    for_status,
)
from hub.whatsapp.people import digits
from hub.whatsapp.reading import Fields, mappings, text
from hub.whatsapp.templates import filled
from hub.whatsapp.words import table
from hub.whatsapp.writing import built, positional, present

ERRORS = table("hub_cm", "errors.toml")
ONLY = ["WhatsApp"]  # no SMS in its place: that is another channel, and needs a basis of its own
UNREAD = "."  # CM.com wants a text for channels that are not allowed here; nobody gets it


def request(outgoing: Outgoing, namespace: str) -> Fields:
    """The body of `POST /v1.0/message`. Raises `Rejected` for what is not carried or cannot be reached."""
    if outgoing.reply_to:
        raise Rejected("CM.com documents no answer that quotes a message")
    message: Fields = {
        "from": outgoing.sender,
        "to": [{"number": f"00{digits(outgoing.to, 'CM.com')}"}],
        "reference": outgoing.id,
        "allowedChannels": ONLY,
        "body": {"type": "auto", "content": UNREAD},
        "richContent": {"conversation": [_content(outgoing, namespace)]},
    }
    return {"messages": {"msg": [message]}}


def _content(outgoing: Outgoing, namespace: str) -> Fields:
    if isinstance(outgoing.content, TemplateContent):
        return _template(outgoing.content, namespace)
    return built(outgoing, _BUILDERS)


def _text(content: TextContent) -> Fields:
    return {"text": content.body}


def _media(content: MediaContent) -> Fields:
    if content.caption:
        raise Rejected("CM.com documents no captions; send the words as a text")
    if content.media.kind is MediaKind.STICKER:
        raise Rejected("CM.com documents no stickers")
    return {"media": _file(content.media)}


def _file(media: Media) -> Fields:
    """Raises `Rejected` when the link does not end in the name of a file of a known type."""
    name = media.name or media.link.rsplit("/", 1)[-1]
    kind = mimetypes.guess_type(media.link)[0] or mimetypes.guess_type(name)[0]
    if not media.link or kind is None:
        raise Rejected("CM.com needs an https link that ends in a file name, as offer.pdf")
    return {"mediaName": name, "mediaUri": media.link, "mimeType": kind}


def _buttons(content: ButtonsContent) -> Fields:
    buttons = [{"type": "reply", "reply": {"id": choice.id, "title": choice.title}} for choice in content.buttons]
    return {"interactive": {"type": "button", **_framed(content), "action": {"buttons": buttons}}}


def _list(content: ListContent) -> Fields:
    sections = [{"title": section.title, "rows": list(map(_row, section.rows))} for section in content.sections]
    action = {"button": content.label, "sections": sections}
    return {"interactive": {"type": "list", **_framed(content), "action": action}}


def _row(choice: Choice) -> Fields:
    return {"id": choice.id, "title": choice.title, "description": choice.description}


def _framed(content: ButtonsContent | ListContent) -> Fields:
    header: Fields = {"type": "text", "text": content.header} if content.header else {}
    if isinstance(content.header, Media):
        if content.header.kind is not MediaKind.IMAGE or not content.header.link:
            raise Rejected("CM.com documents images above buttons only, by https link")
        header = {"type": "image", "media": {"mediaUri": content.header.link}}
    footer = {"text": content.footer} if content.footer else {}
    return {"body": {"text": content.body}, **present({"header": header, "footer": footer})}


def _template(content: TemplateContent, namespace: str) -> Fields:
    language = {"policy": "deterministic", "code": content.language}
    components = list(_components(filled(content)))
    named = {"namespace": namespace, "element_name": content.name, "language": language}
    return {"template": {"whatsapp": {**named, "components": components}}}


def _components(filled: Parts) -> Iterator[Fields]:
    """Raises `TemplateProblem` for parts that CM.com's material does not show."""
    if filled.cards:
        raise TemplateProblem("CM.com documents no carousels")
    if isinstance(filled.header, Media) and filled.header.kind is MediaKind.IMAGE:
        yield {"type": "header", "parameters": [{"type": "image", "media": _file(filled.header)}]}
    elif filled.header:
        raise TemplateProblem("CM.com documents images above a template only")
    if filled.body:
        values = positional(filled.body, "CM.com")
        yield {"type": "body", "parameters": [{"type": "text", "text": value} for value in values]}
    for button in filled.buttons:
        if button.kind is not ButtonKind.REPLY:
            raise TemplateProblem("CM.com documents quick replies only, no links or codes that vary")
        payload = [{"type": "payload", "payload": button.value}]
        yield {"type": "button", "sub_type": "quick_reply", "index": button.index, "parameters": payload}


_BUILDERS: dict[type, Callable[[Any], Fields]] = {
    TextContent: _text,
    MediaContent: _media,
    ButtonsContent: _buttons,
    ListContent: _list,
}


def receipt(answer: Fields, message_id: str) -> Receipt:
    """CM.com names no message of its own: our reference is its only name. Raises what a refusal means."""
    one = next(iter(mappings(answer.get("messages"))), {})
    if text(one.get("status")) == "Accepted":
        return Receipt(message_id)
    raise refusal(answer) or Uncertain("CM.com's answer says nothing about the message")


def refusal(answer: Fields) -> HubError | None:
    """What the codes in an answer mean: the message's own, else that of the whole. None without a code."""
    one = next(iter(mappings(answer.get("messages"))), {})
    for code in (text(one.get("messageErrorCode")), text(answer.get("errorCode"))):
        if code in ERRORS:
            return ERRORS[code].error("CM.com")
        if code not in ("", "0"):
            return Rejected(f"CM.com {code}: refused with a code unknown to this version.", code=code)
    return Rejected("CM.com refused the message and gave no code") if one.get("status") == "Rejected" else None


def http_refusal(
    answer: Fields, status: int, *, retry_after: str | None = None, sends: bool = False
) -> HubError | None:
    """What a refused call means: CM.com's codes say why, where the HTTP status says that it is final."""
    by_status = for_status(status, retry_after=retry_after, sends=sends)
    return refusal(answer) or by_status if isinstance(by_status, Rejected) else by_status
