# SPDX-License-Identifier: Apache-2.0
"""What comes in: Bird's events in our words. Pure; what is not known becomes `Unknown` and never raises.

Source: [1] models of events.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from hub import (
    Echoed,
    Event,
    Media,
    MediaKind,
    MessageReceived,
    Point,
    PreferenceChanged,
    Status,
    StatusChanged,
    Unknown,
)
from hub.whatsapp.people import points
from hub.whatsapp.reading import Fields, instant, mapping, text, word
from hub_bird.problems import failure
from hub_bird.wire import OURS

STATUSES = {
    "whatsapp.sent": Status.SENT,
    "whatsapp.delivered": Status.DELIVERED,
    "whatsapp.read": Status.READ,
    "whatsapp.failed": Status.FAILED,
    "whatsapp.rejected": Status.FAILED,
}
# what the connection's webhook must be subscribed to
EVENTS = (*STATUSES, "whatsapp.received", "whatsapp.reacted", "whatsapp_suppression.created")
_PAST_US = "business_"  # origins: the WhatsApp Business app, Meta's Business Agent


def events(payload: Fields, received_at: datetime) -> list[Event]:
    """The one event of a POST."""
    kind, data = word(payload.get("type")), mapping(payload.get("data"))
    at = instant(payload.get("timestamp"), received_at)
    reader = _READERS.get(kind)
    return [reader(kind, data, at) if reader else Unknown(f"event {kind}", at)]


def _status(kind: str, data: Fields, at: datetime) -> Event:
    if text(data.get("direction")) != "outbound":  # we marked a message of theirs as read
        return Unknown(f"{kind} of a message that came in", at)
    if text(data.get("origin")).startswith(_PAST_US):
        return Echoed(_number(data.get("from")), at)
    if mapping(data.get("to")).get("group_id"):
        return Unknown(f"{kind} in a group", at)
    status = STATUSES[kind]
    return StatusChanged(
        status=status,
        at=at,
        provider_message_id=text(data.get("whatsapp_id")),
        message_id=text(mapping(data.get("metadata")).get(OURS)),
        error=failure(mapping(data.get("error"))) if status is Status.FAILED else None,
    )


def _received(kind: str, data: Fields, at: datetime) -> Event:
    people = person(data.get("from"))
    # a group is no conversation with this person
    if not people or mapping(data.get("to")).get("group_id"):
        return Unknown(f"{kind} in a group or from nobody", at)
    unmodelled = text(mapping(data.get("unsupported")).get("type"))
    if unmodelled == "system":  # about a person, not from one
        return Unknown(f"{kind} of type system", at)
    said, words, button, media = _said(data)
    return MessageReceived(
        sender=_number(data.get("to")),
        points=people,
        at=at,
        provider_message_id=text(data.get("whatsapp_id")),
        kind=_UNMODELLED.get(unmodelled, said),
        text=words,
        button=button,
        in_reply_to=text(data.get("in_reply_to_message_id")),
        media=media,
    )


_UNMODELLED = {"reaction": "reaction", "order": "order"}


def _said(data: Fields) -> tuple[str, str, str, tuple[Media, ...]]:
    """Kind in Meta's words, what was written or pressed, the id of the button, files. A caption counts."""
    for kind in MediaKind:
        if file := mapping(data.get(kind)):
            media = Media(kind, link=text(file.get("url")), id=text(file.get("id")), name=text(file.get("filename")))
            return str(kind), text(file.get("caption")), "", (media,)
    if "text" in data and data["text"] is not None:
        return "text", text(mapping(data["text"]).get("body")), "", ()
    if reply := mapping(data.get("interactive_reply")):
        pressed = mapping(reply.get("button")) or mapping(reply.get("list"))
        return "interactive", text(pressed.get("text")), text(pressed.get("slug")), ()
    if data.get("location"):
        return "location", "", "", ()
    return ("contacts" if data.get("contact_cards") else "unsupported"), "", "", ()


def _reacted(kind: str, data: Fields, at: datetime) -> Event:
    people, message = person(data.get("from")), text(data.get("whatsapp_id"))
    if not people:
        return Unknown(f"{kind} by nobody", at)
    return MessageReceived(
        sender=_number(data.get("to")),
        points=people,
        at=at,
        provider_message_id=f"{message}:{at.isoformat()}",  # a reaction has no id of its own
        kind="reaction",
        text=text(data.get("emoji")),
        in_reply_to=message,
    )


def _suppressed(kind: str, data: Fields, at: datetime) -> Event:
    """Somebody is on the workspace's suppression list now. Whoever put them there, it must outlive this provider."""
    people = points(data.get("address"))
    return PreferenceChanged("", people, at, stopped=True) if people else Unknown(f"{kind} of nobody", at)


_READERS: dict[str, Callable[[str, Fields, datetime], Event]] = {
    **dict.fromkeys(STATUSES, _status),
    "whatsapp.received": _received,
    "whatsapp.reacted": _reacted,
    "whatsapp_suppression.created": _suppressed,
}


def person(address: object) -> tuple[Point, ...]:
    """All identifiers Bird gave."""
    given = mapping(address)
    return points(given.get("phone_number"), given.get("bsuid"))


def _number(address: object) -> str:
    return text(mapping(address).get("phone_number"))
