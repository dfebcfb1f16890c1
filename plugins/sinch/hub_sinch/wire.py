# SPDX-License-Identifier: Apache-2.0
"""What goes out and what is listed: our words to and from the Conversation API. Pure. Source: [2] [3] [5]."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hub import (
    Button,
    ButtonKind,
    ButtonsContent,
    CardsContent,
    Choice,
    LinkContent,
    ListContent,
    LocationContent,
    Media,
    MediaContent,
    MediaKind,
    Outgoing,
    Purpose,
    Rejected,
    SenderState,
    Template,
    TemplateContent,
    TemplateProblem,
    TemplateState,
    TextContent,
    Texts,
)
from hub.whatsapp.people import digits
from hub.whatsapp.reading import Fields, mapping, mappings, text
from hub.whatsapp.templates import assembled, filled, locale, template_state
from hub.whatsapp.writing import built, link, positional, present

CHANNEL = "WHATSAPP"
LABEL = "label:"  # begins a payload that is the label of its own button
# the older guide [5] has categories of its own
CATEGORIES = {"OTP": "AUTHENTICATION", "TRANSACTIONAL": "UTILITY"}


def message(outgoing: Outgoing, ttl: int, labels: Mapping[str, str] | None = None) -> Fields:
    """The body of `POST /messages:send`. Raises `Rejected` for what Sinch does not document.

    labels: of the template's quick replies, by index. Sinch wants a payload for each of them [3] and hands over nothing
    else when one is pressed, so where the sender gives none, the label goes along: it may say stop.
    """
    identity = {"channel": CHANNEL, "identity": digits(outgoing.to, "Sinch")}
    advertises = outgoing.purpose is Purpose.MARKETING
    return {
        "app_id": outgoing.sender,
        "recipient": {"identified_by": {"channel_identities": [identity]}},
        "channel_priority_order": [CHANNEL],  # never another channel instead
        "processing_strategy": "DISPATCH_ONLY",  # Sinch keeps neither contact nor conversation
        "correlation_id": outgoing.id,
        "message_content_type": "CONTENT_MARKETING" if advertises else "CONTENT_NOTIFICATION",
        "queue": "HIGH_PRIORITY" if outgoing.purpose is Purpose.AUTHENTICATION else "NORMAL_PRIORITY",
        "ttl": f"{ttl}s",
        "message": _content(outgoing, labels or {}),
    }


def _content(outgoing: Outgoing, labels: Mapping[str, str]) -> Fields:
    if isinstance(outgoing.content, TemplateContent):
        return {"template_message": {"channel_template": {CHANNEL: _template(outgoing.content, labels)}}}
    return built(outgoing, _BUILDERS)


def _text(content: TextContent) -> Fields:
    return {"text_message": {"text": content.body}}


def _media(content: MediaContent) -> Fields:
    if content.caption:
        raise Rejected("Sinch's media message has no caption; send the text by itself")
    return {"media_message": present({"url": _url(content.media), "filename_override": content.media.name})}


def _url(media: Media) -> str:
    return link(media, "Sinch")


def _buttons(content: ButtonsContent) -> Fields:
    choices = [{"text_message": {"text": one.title}, "postback_data": one.id} for one in content.buttons]
    return _choices(content, choices)


def _link(content: LinkContent) -> Fields:
    return _choices(content, [{"url_message": {"title": content.label, "url": content.url}}])


def _choices(content: ButtonsContent | LinkContent, choices: list[Fields]) -> Fields:
    if content.header:
        raise Rejected("Sinch's choice message has no header")
    footer = present({"message_properties": present({"whatsapp_footer": content.footer})})
    return {"choice_message": {"text_message": {"text": content.body}, "choices": choices, **footer}}


def _list(content: ListContent) -> Fields:
    if content.footer:
        raise Rejected("Sinch's list message has no footer")
    sections = [{"title": part.title, "items": [_row(row) for row in part.rows]} for part in content.sections]
    menu = present({"menu": content.label, "whatsapp_header": content.header})
    return {"list_message": {"title": content.body, "sections": sections, "message_properties": menu}}


def _row(row: Choice) -> Fields:
    return {"choice": present({"title": row.title, "postback_data": row.id, "description": row.description})}


def _place(content: LocationContent) -> Fields:
    coordinates = {"latitude": content.latitude, "longitude": content.longitude}
    title = content.name or content.address or f"{content.latitude}, {content.longitude}"
    label = content.address if content.name else ""
    return {"location_message": {"coordinates": coordinates, "title": title, **present({"label": label})}}


def _cards(content: CardsContent) -> Fields:
    if len(content.cards) != 1 or not content.cards[0].phones:
        raise Rejected("Sinch's contact message is one card with a number")
    (card,) = content.cards
    shown = {
        "name": {"full_name": card.name},
        "phone_numbers": [{"phone_number": phone} for phone in card.phones],
        "email_addresses": [{"email_address": email} for email in card.emails],
        "organization": present({"company": card.company}),
    }
    return {"contact_info_message": present(shown)}


_BUILDERS: dict[type, Callable[[Any], Fields]] = {
    TextContent: _text,
    MediaContent: _media,
    ButtonsContent: _buttons,
    ListContent: _list,
    LinkContent: _link,
    LocationContent: _place,
    CardsContent: _cards,
}


def _template(content: TemplateContent, labels: Mapping[str, str]) -> Fields:
    replies = {_button(Button(int(at), ButtonKind.REPLY, "")): f"{LABEL}{said}" for at, said in labels.items()}
    parameters = replies | dict(_parameters(content))
    template = {"template_id": content.name, "language_code": locale(content.language)}
    return {**template, **present({"parameters": parameters})}


def _parameters(content: TemplateContent) -> Iterator[tuple[str, str]]:
    """Keys of [3]: values are counted from 1, buttons from 0."""
    given = filled(content)
    if given.cards:
        raise TemplateProblem("Sinch documents no carousel")
    match given.header:
        case Texts():
            yield from _texts("header", given.header)
        case Media():
            kind = given.header.kind
            yield f"header[1]{kind}.link", _url(given.header)
            if kind is MediaKind.DOCUMENT and given.header.name:
                yield "header[1]document.filename", given.header.name
        case _:
            raise TemplateProblem("Sinch documents no location above a template")
    yield from _texts("body", given.body)
    for button in given.buttons:
        yield _button(button), button.value


def _texts(place: str, given: Texts) -> Iterator[tuple[str, str]]:
    for position, value in enumerate(positional(given, "Sinch"), 1):
        yield f"{place}[{position}]text", value


def _button(button: Button) -> str:
    match button.kind:
        case ButtonKind.LINK:
            return f"button[{button.index}]url[1]text"
        case ButtonKind.REPLY:
            return f"button[{button.index}]quick_reply[1]payload"
        case _:
            raise TemplateProblem("Sinch documents no coupon button")


def template(listed: Fields) -> Template | None:
    """A template of the list; None when its name, language or category cannot be read.

    [5] names name, language, category and state. That the components stand in `details`, in Meta's words, is
    UNCONFIRMED: without them a template has no text, and core finds nothing in it that it could clear as advertising.
    """
    word, state = text(listed.get("category")), text(listed.get("state"))
    return assembled(
        text(listed.get("name")),
        locale(listed.get("language")),
        CATEGORIES.get(word, word),
        TemplateState.PENDING if state == "DRAFT" else template_state(state),
        mapping(listed.get("details")).get("components"),
    )


def quick_replies(listed: Fields) -> dict[str, str]:
    """Labels of a listed template's quick replies, by the index of the button."""
    components = mappings(mapping(listed.get("details")).get("components"))
    buttons = [button for part in components for button in mappings(part.get("buttons"))]
    return {str(at): text(one.get("text")) for at, one in enumerate(buttons) if text(one.get("type")) == "QUICK_REPLY"}


def sender(app: Fields) -> SenderState | None:
    """The WhatsApp number of an app; None when it has none."""
    for channel in mappings(app.get("channel_credentials")):
        if text(channel.get("channel")) == CHANNEL:
            claimed = text(mapping(channel.get("static_bearer")).get("claimed_identity")).removeprefix("+")
            status = text(mapping(channel.get("state")).get("status"))
            number = f"+{claimed}" if claimed else ""
            return SenderState(text(app.get("id")), number, text(app.get("display_name")), status=status)
    return None
