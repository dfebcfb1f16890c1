# SPDX-License-Identifier: Apache-2.0
"""What comes in: CM.com's webhooks in our words. Pure; whatever is not known becomes `Unknown` and never raises.

Source: [4] incoming messages and status reports. The meaning of status codes is UNCONFIRMED [5].
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from hub import (
    Event,
    HubError,
    Media,
    MediaKind,
    MessageReceived,
    Point,
    PointKind,
    RecipientUnreachable,
    Rejected,
    Status,
    StatusChanged,
    Unknown,
)
from hub.whatsapp.reading import Fields, instant, mapping, mappings, text
from hub.whatsapp.words import table

FAILURES = table("hub_cm", "failures.toml")
STATUSES = {
    "0": Status.SENT,  # accepted
    "1": Status.FAILED,  # rejected
    "2": Status.DELIVERED,
    "3": Status.FAILED,
    "4": Status.READ,
}
CHANNEL = "whatsapp"


def events(payload: Fields, received_at: datetime) -> list[Event]:
    """Everything in one POST."""
    if "messages" in payload:
        found = list(_statuses(mapping(payload.get("messages")).get("msg"), received_at))
    elif "message" in payload:
        found = list(_message(payload, instant(payload.get("timeUtc"), received_at)))
    else:
        found = []
    return found or [Unknown("a webhook of no known kind", received_at)]


def _statuses(given: object, at: datetime) -> Iterator[Event]:
    """CM.com tells when the message was made, not when this happened to it; so our own time counts."""
    for report in mappings(given if isinstance(given, list) else [given]):
        status = mapping(report.get("status"))
        code = text(status.get("code"))
        if code not in STATUSES:
            yield Unknown(f"status code {code[:20] or 'unnamed'}", at)
            continue
        reference = text(report.get("reference"))  # ours: every message leaves with it
        error = _failure(code, text(status.get("errorCode"))) if STATUSES[code] is Status.FAILED else None
        yield StatusChanged(STATUSES[code], at, reference, reference, error)


def _failure(status: str, code: str) -> HubError:
    if code in FAILURES:
        return FAILURES[code].error("CM.com")
    if status == "3":
        return RecipientUnreachable(f"CM.com {code or 'without a code'}: not delivered.", code=code)
    return Rejected(f"CM.com {code or 'without a code'}: refused.", code=code)


def _message(payload: Fields, at: datetime) -> Iterator[Event]:
    channel, content = text(payload.get("channel")), mapping(payload.get("message"))
    person = point(mapping(payload.get("from")).get("number"))
    if channel.lower() != CHANNEL or person is None:
        yield Unknown(f"message on channel {channel[:20] or 'unnamed'}", at)
        return
    words, file = text(content.get("text")), mapping(content.get("media"))
    link = text(file.get("mediaUri"))  # an empty media object is normal
    place = mapping(content.get("custom")).get("location")
    kind = _media_kind(text(file.get("contentType"))) if link else None
    yield MessageReceived(
        sender=digits(mapping(payload.get("to")).get("number")),
        points=(person,),
        at=at,
        provider_message_id=_name(person.value, text(payload.get("timeUtc")), words, link, str(bool(place))),
        # what shows nothing may hold a stop all the same: a person must look
        kind=kind.value if kind else "text" if words else "location" if place else "unsupported",
        text=words or text(file.get("title")),
        in_reply_to=text(payload.get("reference")),
        media=(Media(kind, link=link),) if kind else (),
    )


def _media_kind(mime_type: str) -> MediaKind:
    family = mime_type.partition("/")[0]
    return MediaKind(family) if family in ("image", "video", "audio") else MediaKind.DOCUMENT


def _name(*said: str) -> str:
    """CM.com gives what people write no id. One made of the content is the same when it is delivered again."""
    return f"cm.{hashlib.sha256(chr(0).join(said).encode()).hexdigest()}"


def point(number: object) -> Point | None:
    """A number as CM.com writes them: +49... or 0049...; one without its country is none."""
    given = text(number)
    found = digits(given)
    international = given.startswith(("+", "00")) or not given.startswith("0")
    return Point(PointKind.E164, f"+{found}") if found and international else None


def digits(number: object) -> str:
    """The digits of an international number, without what stands before them; empty for anything else."""
    given = text(number).strip()
    bare = given.removeprefix("+") if given.startswith("+") else given.removeprefix("00")
    return bare if bare.isdecimal() else ""
