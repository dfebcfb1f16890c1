# SPDX-License-Identifier: Apache-2.0
"""What comes in: Meta's webhooks in our words. Pure; whatever is not known becomes `Unknown` and never raises.

Source: [5] webhooks/overview, [6] webhooks/reference, [4] business-scoped-user-ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from hub import (
    Echoed,
    Event,
    IdentityChanged,
    Media,
    MediaKind,
    MessageReceived,
    Point,
    PointKind,
    PreferenceChanged,
    Status,
    StatusChanged,
    Unknown,
)
from hub.whatsapp.codes import classify
from hub.whatsapp.reading import Fields, mapping, mappings, moment, text, word
from hub_meta import accounts

STATUSES = {
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "played": Status.READ,  # a voice message was heard
    "failed": Status.FAILED,
}
REPLIES = ("button_reply", "list_reply")
FILES = {str(kind): kind for kind in MediaKind}
HISTORY = "history"  # of the Business app, asked for by nobody: old messages, those of the business among them
_CONTEXT = frozenset({"messaging_product", "metadata", "contacts"})
_KNOWN = {  # keys of an item that are read, or left on purpose: they track people
    "messages": frozenset(
        ("from", "from_user_id", "from_parent_user_id", "id", "timestamp", "type", "context", "group_id", "errors")
    )
    | {"referral", "identity"},
    "statuses": frozenset(
        ("id", "status", "timestamp", "errors", "biz_opaque_callback_data", "conversation", "pricing", "type")
    )
    | {f"recipient_{key}" for key in ("id", "type", "user_id", "parent_user_id", "identity_key_hash")}
    | {f"recipient_participant_{key}" for key in ("id", "user_id", "parent_user_id")},
}


def events(payload: Fields, received_at: datetime, *, account: str = "") -> list[Event]:
    """Everything in one POST: entries x changes x items, in their order.

    `account` is the WABA of the connection. An app has one webhook for all its accounts, so one POST may carry the
    messages of another controller; those are named and not read.
    """
    found: list[Event] = []
    for entry in mappings(payload.get("entry")):
        at = moment(entry.get("time"), received_at)
        for change in mappings(entry.get("changes")):
            value, field = mapping(change.get("value")), word(change.get("field"))
            owner = text(mapping(value.get("waba_info")).get("waba_id")) or text(entry.get("id"))
            if account and owner != account:
                found.append(Unknown(f"{field} of another account", at))
                continue
            found.extend(_change(field, value, at))
            found.extend(_new(field, value, at))
    return found or [Unknown("a webhook without entries", received_at)]


def _change(field: str, value: Fields, at: datetime) -> Iterator[Event]:
    if field in accounts.READERS:
        yield from accounts.READERS[field](value, at)
        return
    if field == HISTORY or not value.keys() & _ITEMS.keys():
        yield Unknown(field, at)
        return
    sender = text(mapping(value.get("metadata")).get("phone_number_id"))
    for key, items in value.items():
        if key in _ITEMS:
            for item in mappings(items):
                yield _ITEMS[key](item, sender, at)
        elif key not in _CONTEXT:
            yield Unknown(f"{field}: {word(key)}", at)


def _new(field: str, value: Fields, at: datetime) -> list[Event]:
    """Keys of messages and statuses that this version does not know, each once: so that somebody learns of them."""
    new: dict[str, None] = {}
    for key, known in _KNOWN.items():
        for item in mappings(value.get(key)) if field != HISTORY else ():
            strange = item.keys() - known - {text(item.get("type"))}
            new |= dict.fromkeys(f"{key}: {word(name)}" for name in sorted(strange))
    return [Unknown(what, at) for what in new]


def _status(item: Fields, sender: str, at: datetime) -> Event:
    status = STATUSES.get(text(item.get("status")))
    if status is None:
        return Unknown(f"status {word(item.get('status'))}", at)
    problem = next(iter(mappings(item.get("errors"))), {})
    return StatusChanged(
        status=status,
        at=moment(item.get("timestamp"), at),
        provider_message_id=text(item.get("id")),
        message_id=text(item.get("biz_opaque_callback_data")),
        error=classify(problem) if status is Status.FAILED else None,
    )


def _message(item: Fields, sender: str, at: datetime) -> Event:
    kind, when = word(item.get("type")), moment(item.get("timestamp"), at)
    if kind == "system":
        return _system(item, sender, when)
    people = points(item.get("from"), item.get("from_user_id"), item.get("from_parent_user_id"))
    # a group is no conversation with this person; `request_welcome` comes before anything was written
    if not people or item.get("group_id") or kind == "request_welcome":
        return Unknown(f"message of type {kind}", when)
    changed = mapping(item.get(kind)) if kind in ("edit", "revoke") else {}  # of a message the person sent before
    words, button = _edited(mapping(changed.get("message"))) if kind == "edit" else _said(kind, item.get(kind))
    return MessageReceived(
        sender=sender,
        points=people,
        at=when,
        provider_message_id=text(item.get("id")),
        kind=kind,
        text=words,
        button=button,
        in_reply_to=text(changed.get("original_message_id") or mapping(item.get("context")).get("id")),
        media=_media(kind, mapping(item.get(kind))),
    )


def _media(kind: str, content: Fields) -> tuple[Media, ...]:
    """By its id: the address that comes along opens for five minutes only."""
    stored = text(content.get("id"))
    if kind not in FILES or not stored:
        return ()
    return (Media(FILES[kind], id=stored, name=text(content.get("filename"))),)


def _said(kind: str, content: object) -> tuple[str, str]:
    """The words a person wrote or pressed, and the id of the button. A caption counts: it may say stop."""
    fields = mapping(content)
    if kind == "text":
        return text(fields.get("body")), ""
    if kind == "button":
        return text(fields.get("text")), text(fields.get("payload"))
    if kind == "interactive":
        reply = next((mapping(fields[key]) for key in REPLIES if key in fields), {})
        return text(reply.get("title")), text(reply.get("id"))
    if kind == "order":
        return text(fields.get("text")), ""
    if kind == "reaction":
        return text(fields.get("emoji")), ""
    return text(fields.get("caption")), ""


def _edited(message: Fields) -> tuple[str, str]:
    """The words of a message as the person changed it; it may say stop now."""
    kind = text(message.get("type")) or next((key for key, value in message.items() if isinstance(value, dict)), "")
    return _said(kind, message.get(kind))


def _system(item: Fields, sender: str, at: datetime) -> Event:
    """A changed number or BSUID, as [4] describes it since August 2026."""
    system = mapping(item.get("system"))
    kind = word(system.get("type"))
    ids = (system.get("user_id"), system.get("parent_user_id"))
    before = (system.get("previous_user_id"), system.get("previous_parent_user_id"))
    if kind in ("user_changed_number", "customer_changed_number"):
        old, new = points(item.get("from"), *before), points(system.get("wa_id"), *ids)
    elif kind == "user_changed_user_id":
        old, new = points("", *before), points("", *ids)
    else:
        return Unknown(f"system message {kind}", at)
    return _moved(old, new, sender, at, kind)


def _id_update(item: Fields, sender: str, at: datetime) -> Event:
    """The same change as some providers still forward it: the shape Meta announced in March 2026."""
    user, parent = mapping(item.get("user_id")), mapping(item.get("parent_user_id"))
    old = points("", user.get("previous"), parent.get("previous"))
    new = points("", user.get("current"), parent.get("current"))
    return _moved(old, new, sender, moment(item.get("timestamp"), at), "user_id_update")


def _moved(old: tuple[Point, ...], new: tuple[Point, ...], sender: str, at: datetime, kind: str) -> Event:
    if not old or not new:
        return Unknown(f"system message {kind} without both sides", at)
    return IdentityChanged(sender, old, new, at)


def _preference(item: Fields, sender: str, at: datetime) -> Event:
    value = word(item.get("value"))
    people = points(item.get("wa_id"), item.get("user_id"), item.get("parent_user_id"))
    if not people or value not in ("stop", "resume"):
        return Unknown(f"user preference {value}", at)
    return PreferenceChanged(sender, people, moment(item.get("timestamp"), at), stopped=value == "stop")


def _echo(item: Fields, sender: str, at: datetime) -> Event:
    return Echoed(sender, moment(item.get("timestamp"), at))


def _error(item: Fields, sender: str, at: datetime) -> Event:
    """A problem of the sender as a whole."""
    return accounts.problem(classify(item), sender, at)


_ITEMS: dict[str, Callable[[Fields, str, datetime], Event]] = {
    "messages": _message,
    "statuses": _status,
    "errors": _error,
    "user_preferences": _preference,
    "user_id_update": _id_update,
    "message_echoes": _echo,
}


def points(number: object, bsuid: object, parent: object) -> tuple[Point, ...]:
    """All identifiers Meta gave, best first. Absent data is an absent key."""
    digits = text(number).removeprefix("+")
    return tuple(
        Point(kind, value)
        for kind, value in (
            (PointKind.E164, f"+{digits}" if digits else ""),
            (PointKind.BSUID, text(bsuid)),
            (PointKind.PARENT_BSUID, text(parent)),
        )
        if value
    )
