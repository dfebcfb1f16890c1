# SPDX-License-Identifier: Apache-2.0
"""What comes in: tyntec's V2 events in our words. Pure; what is not known becomes `Unknown` and never raises.

Source: [3], and [4] for news about templates and numbers.
"""

from __future__ import annotations

from datetime import datetime

from hub import (
    Event,
    Media,
    MediaKind,
    MessageReceived,
    Point,
    SenderChanged,
    Status,
    StatusChanged,
    TemplateChanged,
    Unknown,
)
from hub.whatsapp.people import points
from hub.whatsapp.reading import Fields, instant, mapping, text
from hub.whatsapp.templates import POOR, platform_category
from hub_tyntec.problems import failure
from hub_tyntec.wire import TEMPLATE_STATES

STATUSES = {
    "delivered": Status.DELIVERED,
    "seen": Status.READ,
    "failed": Status.FAILED,
    "channelfailed": Status.FAILED,
}
# what a person sends, in Meta's words
MEDIA = {
    "image": ("image", MediaKind.IMAGE),
    "document": ("document", MediaKind.DOCUMENT),
    "audio": ("audio", MediaKind.AUDIO),
    "voice": ("audio", MediaKind.AUDIO),
    "video": ("video", MediaKind.VIDEO),
    "sticker": ("sticker", MediaKind.STICKER),
}
_WORDLESS = frozenset({"location", "contacts", "reaction"})


def events(payload: Fields, received_at: datetime) -> list[Event]:
    """The one event of a POST."""
    if "entity" in payload:
        return [_news(payload, received_at)]
    # the enumeration writes Postback, the example PostBack
    family, _, word = text(payload.get("event")).lower().partition("::")
    at = _happened(payload, received_at)
    if family == "momessage" and word in ("", "postback"):
        return [_message(payload, at, pressed=word == "postback")]
    if family == "messagestatus" and word == "deleted":
        return [_taken_back(payload, at)]
    if family == "messagestatus" and word in STATUSES:
        return [_status(payload, STATUSES[word], at)]
    return [Unknown(f"event {family[:30]} {word[:30]}".strip(), at)]


def _happened(payload: Fields, received_at: datetime) -> datetime:
    """Some samples carry no zone and are read as UTC. Were it another one, a yes must not seem younger than it is."""
    return min(instant(payload.get("timestamp"), received_at), received_at)


def _status(payload: Fields, status: Status, at: datetime) -> Event:
    return StatusChanged(
        status=status,
        at=at,
        provider_message_id=text(payload.get("messageId")),
        message_id=text(payload.get("userContext")),
        error=failure(mapping(payload.get("details"))) if status is Status.FAILED else None,
    )


def _message(payload: Fields, at: datetime, *, pressed: bool) -> Event:
    people = person(payload)
    if not people:
        return Unknown("message of nobody", at)
    content, about = mapping(payload.get("content")), mapping(payload.get("whatsapp"))
    kind, words, media = _said(content)
    if pressed:
        kind, words = "button", text(about.get("text"))
    return MessageReceived(
        sender=text(payload.get("to")).removeprefix("+"),
        points=people,
        at=at,
        provider_message_id=text(payload.get("messageId")),
        kind=kind,
        text=words,
        button=text(mapping(payload.get("postback")).get("data")),
        in_reply_to=text(mapping(payload.get("context")).get("messageId")),
        media=media,
    )


def _said(content: Fields) -> tuple[str, str, tuple[Media, ...]]:
    """Kind, words and files. A caption counts as words: it may say stop."""
    kind = text(content.get("contentType"))
    if kind == "text":
        return "text", text(content.get("text")), ()
    if kind == "media":
        file = mapping(content.get("media"))
        known = MEDIA.get(text(file.get("type")))
        words = text(file.get("caption"))
        if known is None:
            return "unsupported", words, ()
        stored = text(file.get("mediaId"))
        return known[0], words, (Media(known[1], id=stored),) if stored else ()
    return kind if kind in _WORDLESS else "unsupported", "", ()


def _taken_back(payload: Fields, at: datetime) -> Event:
    """The person deleted a message they had sent: Meta's `revoke`."""
    people, gone = person(payload), text(payload.get("messageId"))
    if not people:
        return Unknown("a message deleted by nobody", at)
    sender = text(payload.get("to")).removeprefix("+")
    return MessageReceived(sender, people, at, gone, "revoke", in_reply_to=gone)


def person(payload: Fields) -> tuple[Point, ...]:
    """All identifiers of the person. Since BSUIDs exist, `from` need not be a number."""
    about, wrote = mapping(payload.get("whatsapp")), payload.get("from")
    return points(about.get("userPhoneNumber") or wrote, about.get("bsuid") or wrote, about.get("parentBsuid"))


def _news(payload: Fields, received_at: datetime) -> Event:
    """A template, a number or the account changed. Names no person."""
    entity, changed = mapping(payload.get("entity")), mapping(payload.get("changedValue"))
    at = _happened(payload, received_at)
    what, name, language = (text(entity.get(key)) for key in ("type", "name", "language"))
    named, value = text(changed.get("property")), text(changed.get("newValue"))
    about_template = what == "template" and name != ""
    if about_template and named == "status" and value in TEMPLATE_STATES:
        return TemplateChanged(name, language, at, state=TEMPLATE_STATES[value])
    category = platform_category(value)
    if about_template and named == "category" and category is not None:
        return TemplateChanged(name, language, at, category=category)
    if not what or not named:
        return Unknown("news without a subject", at)
    subject = " ".join(word for word in (what, name, language) if word)
    worse = "quality" in named.lower() and value.upper() in POOR
    template = f"{name}/{language}" if about_template else ""
    return SenderChanged("", f"{subject}: {named} is {value}"[:200], at, worse=worse, template=template)
