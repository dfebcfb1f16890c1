# SPDX-License-Identifier: Apache-2.0
"""What a message says that is no template, in Meta's objects: one per kind of content. Pure.

Source: [2] messages/send-messages and the page of each kind beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from hub import (
    ButtonsContent,
    Card,
    CardsContent,
    Choice,
    FlowContent,
    LinkContent,
    ListContent,
    LocationContent,
    Media,
    MediaContent,
    Outgoing,
    ReactionContent,
    TextContent,
    not_carried,
)
from hub.whatsapp.reading import Fields
from hub.whatsapp.writing import caption, place, present, shown_name

FLOW_VERSION = "3"


def typed(outgoing: Outgoing) -> Fields:
    """`type` and the object of that name. Raises `Rejected` for what WhatsApp cannot show."""
    content = outgoing.content
    match content:
        case TextContent():
            return {"type": "text", "text": {"body": content.body, "preview_url": False}}
        case MediaContent(media=media):
            return {"type": str(media.kind), str(media.kind): _captioned(content)}
        case LocationContent():
            return {"type": "location", "location": place(content)}
        case CardsContent():
            return {"type": "contacts", "contacts": [_card(card) for card in content.cards]}
        case ReactionContent():
            return {"type": "reaction", "reaction": {"message_id": content.to, "emoji": content.emoji}}
        case ButtonsContent() | ListContent() | LinkContent() | FlowContent():
            return {"type": "interactive", "interactive": _interactive(content)}
    raise not_carried(outgoing)


def file(media: Media) -> Fields:
    """A file by its id at Meta, or by a link that Meta fetches."""
    where = {"id": media.id} if media.id else {"link": media.link}
    return {**where, **present({"filename": shown_name(media)})}


def _captioned(content: MediaContent) -> Fields:
    return {**file(content.media), **present({"caption": caption(content)})}


def _card(card: Card) -> Fields:
    """Meta wants a name part beside the formatted name."""
    return present(
        {
            "name": {"formatted_name": card.name, "first_name": card.name},
            "org": present({"company": card.company}),
            "phones": [{"phone": phone, "type": "WORK"} for phone in card.phones],
            "emails": [{"email": email, "type": "WORK"} for email in card.emails],
        }
    )


def _interactive(content: ButtonsContent | ListContent | LinkContent | FlowContent) -> Fields:
    shown: Fields = {"body": {"text": content.body}}
    if not isinstance(content, FlowContent) and content.header:
        shown["header"] = _header(content.header)
    if content.footer:
        shown["footer"] = {"text": content.footer}
    match content:
        case ButtonsContent():
            buttons = [{"type": "reply", "reply": {"id": one.id, "title": one.title}} for one in content.buttons]
            return {"type": "button", **shown, "action": {"buttons": buttons}}
        case ListContent():
            sections = [{"title": part.title, "rows": _rows(part.rows)} for part in content.sections]
            return {"type": "list", **shown, "action": {"button": content.label, "sections": sections}}
        case LinkContent():
            link = {"display_text": content.label, "url": content.url}
            return {"type": "cta_url", **shown, "action": {"name": "cta_url", "parameters": link}}
    return {"type": "flow", **shown, "action": {"name": "flow", "parameters": _flow(content)}}


def _header(header: str | Media) -> Fields:
    if isinstance(header, str):
        return {"type": "text", "text": header}
    return {"type": str(header.kind), str(header.kind): file(header)}


def _rows(rows: Sequence[Choice]) -> list[Fields]:
    return [present({"id": row.id, "title": row.title, "description": row.description}) for row in rows]


def _flow(content: FlowContent) -> Fields:
    opened: Fields = {"flow_action": "data_exchange"}  # then Meta asks the flow's own endpoint for the first screen
    if content.screen:
        opened = {"flow_action": "navigate", "flow_action_payload": {"screen": content.screen}}
    named = {"flow_message_version": FLOW_VERSION, "flow_id": content.flow, "flow_cta": content.label}
    return {**named, "flow_token": content.token, **opened}
