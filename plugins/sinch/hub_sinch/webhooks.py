# SPDX-License-Identifier: Apache-2.0
"""What comes in: Sinch's callbacks in our words. Pure; what is not known becomes `Unknown` and never raises.

Source: [2] models of events, [4] callbacks. The kind of a callback, and of a message in it, is told by the key that is
there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from hub import (
    Event,
    Media,
    MediaKind,
    MessageReceived,
    PreferenceChanged,
    SenderChanged,
    Status,
    StatusChanged,
    Unknown,
)
from hub.whatsapp.media import kind_by_name
from hub.whatsapp.people import points
from hub.whatsapp.reading import Fields, instant, mapping, text, word
from hub.whatsapp.templates import POOR
from hub_sinch.reasons import failure
from hub_sinch.wire import CHANNEL, LABEL

STATUSES = {
    "QUEUED_ON_CHANNEL": Status.SENT,
    "DELIVERED": Status.DELIVERED,
    "READ": Status.READ,
    "FAILED": Status.FAILED,
}
_ENVELOPE = frozenset(
    {"app_id", "project_id", "accepted_time", "event_time", "correlation_id", "message_metadata", "trigger"}
)
_WORD = re.compile(r"[A-Z][A-Z0-9_]*")


def events(payload: Fields, received_at: datetime, *, app: str) -> list[Event]:
    """The one event of a POST. A project may have several apps; those of others are named and not read."""
    kind = next((key for key in payload if key in _READERS), "") or next((k for k in payload if k not in _ENVELOPE), "")
    at = instant(payload.get("event_time"), instant(payload.get("accepted_time"), received_at))
    if kind not in _READERS:
        return [Unknown(f"callback {kind[:60] or 'without content'}", at)]
    if text(payload.get("app_id")) != app:
        return [Unknown(f"{kind} of another app", at)]
    return [_READERS[kind](payload, mapping(payload[kind]), at)]


def _report(payload: Fields, report: Fields, at: datetime) -> Event:
    status = STATUSES.get(text(report.get("status")))
    if status is None:
        return Unknown(f"status {word(report.get('status'))}", at)
    return StatusChanged(
        status=status,
        at=at,
        provider_message_id=text(report.get("message_id")),
        message_id=text(payload.get("correlation_id")),
        error=failure(mapping(report.get("reason"))) if status is Status.FAILED else None,
    )


def _message(payload: Fields, message: Fields, at: datetime) -> Event:
    identity = mapping(message.get("channel_identity"))
    people = points(identity.get("identity"))
    if text(identity.get("channel")) != CHANNEL or not people or "contact_message" not in message:
        return Unknown("message that is none from a person on WhatsApp", at)
    if message.get("injected") is True:  # put there by somebody of the company, not written by the person
        return Unknown("injected message", at)
    said = mapping(message["contact_message"])
    kind, words, button, media = _said(said)
    answered = mapping(said.get("choice_response_message")) or mapping(said.get("reply_to"))
    return MessageReceived(
        sender=text(payload.get("app_id")),
        points=people,
        at=at,
        provider_message_id=text(message.get("id")),
        kind=kind,
        text=words,
        button=button,
        in_reply_to=text(answered.get("message_id")),
        media=media,
    )


def _said(message: Fields) -> tuple[str, str, str, tuple[Media, ...]]:
    """Kind in Meta's words, what was written, the id of a pressed button, files."""
    if "text_message" in message:
        return "text", text(mapping(message["text_message"]).get("text")), "", ()
    if "choice_response_message" in message:
        return "button", *_pressed(mapping(message["choice_response_message"])), ()
    for key in ("media_message", "media_card_message"):
        if key in message:
            kind, media = _file(mapping(message[key]))
            return kind, text(mapping(message[key]).get("caption")), "", media
    plain = next((_PLAIN[key] for key in message if key in _PLAIN), "unsupported")
    return plain, "", "", ()


_PLAIN = {
    "location_message": "location",
    "product_response_message": "order",
    "channel_specific_message": "interactive",
}


def _pressed(choice: Fields) -> tuple[str, str]:
    """Label and id. Sinch hands over the payload; its own default is the message's id, "_" and the label [2]."""
    given = text(choice.get("postback_data"))
    default = f"{text(choice.get('message_id'))}_"
    for prefix in (LABEL, default):
        if len(prefix) > 1 and given.startswith(prefix):
            return given.removeprefix(prefix), given.removeprefix(prefix)
    return "", given


def _file(message: Fields) -> tuple[str, tuple[Media, ...]]:
    """A kind that cannot be told may be a voice saying stop: it is called unsupported, and somebody looks."""
    link = text(message.get("url"))
    kind = kind_by_name(link)  # by nothing else can it be told
    if kind is None:
        return "unsupported", (Media(MediaKind.DOCUMENT, link=link),) if link else ()
    return str(kind), (Media(kind, link=link, name=text(message.get("filename_override"))),)


def _opted_out(payload: Fields, notice: Fields, at: datetime) -> Event:
    """Known from other channels; Sinch's samples show WhatsApp too [2]. A no counts wherever it comes from."""
    people = points(notice.get("identity"))
    if text(notice.get("channel")) != CHANNEL or not people:
        return Unknown("opt-out of another channel", at)
    return PreferenceChanged(text(payload.get("app_id")), people, at, stopped=True)


def _channel(payload: Fields, notice: Fields, at: datetime) -> Event:
    """News about the number. Only bare words are shown of what comes along."""
    event = mapping(notice.get("channel_event"))
    if text(event.get("channel")) != CHANNEL:
        return Unknown("event of another channel", at)
    words = [text(value) for value in mapping(event.get("additional_data")).values()]
    shown = [word for word in words if _WORD.fullmatch(word)]
    what = ": ".join([word(event.get("event_type")), *shown])
    return SenderChanged(text(payload.get("app_id")), what, at, worse=bool(POOR & set(shown)))


_READERS: dict[str, Callable[[Fields, Fields, datetime], Event]] = {
    "message_delivery_report": _report,
    "message": _message,
    "opt_out_notification": _opted_out,
    "channel_event_notification": _channel,
}
