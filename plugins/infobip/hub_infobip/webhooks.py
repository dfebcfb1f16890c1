# SPDX-License-Identifier: Apache-2.0
"""What comes in: Infobip's webhooks in our words. Pure; whatever is not known becomes `Unknown` and never raises.

Infobip has one shape per kind of news and names none of them: the keys tell. Source: [1].
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hub import (
    Event,
    Media,
    MediaKind,
    MessageReceived,
    PreferenceChanged,
    Status,
    StatusChanged,
    TemplateChanged,
    Unknown,
)
from hub.whatsapp.people import points
from hub.whatsapp.reading import Fields, instant, mapping, mappings, number, text, word
from hub.whatsapp.templates import locale
from hub_infobip import codes
from hub_infobip.wire import template_state

# Infobip's word -> Meta's, which core reads
KINDS = {
    "TEXT": "text",
    "IMAGE": "image",
    "VIDEO": "video",
    "AUDIO": "audio",
    "VOICE": "audio",
    "DOCUMENT": "document",
    "STICKER": "sticker",
    "LOCATION": "location",
    "CONTACT": "contacts",
    "BUTTON": "button",
    "INTERACTIVE_BUTTON_REPLY": "interactive",
    "INTERACTIVE_LIST_REPLY": "interactive",
    "INTERACTIVE_FLOW_REPLY": "interactive",
    "ORDER": "order",
    "REACTION": "reaction",
    "INFECTED_CONTENT": "unsupported",  # Infobip withholds the file, and the caption with it
}
_FILED = frozenset(kind.value for kind in MediaKind)


def events(payload: Fields, received_at: datetime) -> list[Event]:
    """Everything in one POST, in its order."""
    results = mappings(payload.get("results"))
    found = [event for result in results for event in _result(result, received_at)]
    if not results:
        found = [_single(payload, received_at)]
    return found


def _result(result: Fields, at: datetime) -> Iterator[Event]:
    if "message" in result:
        yield from _message(result, instant(result.get("receivedAt"), at))
    elif "seenAt" in result:
        yield _status(Status.READ, result, instant(result.get("seenAt"), at))
    elif "status" in result:
        yield _report(result, instant(result.get("doneAt") or result.get("sentAt"), at))
    else:
        yield Unknown("a result of no known kind", at)


def _status(status: Status, result: Fields, at: datetime) -> StatusChanged:
    """The id is ours: every message leaves with it. A message sent from elsewhere has one we do not know."""
    message_id = text(result.get("messageId"))
    error = codes.failure(result) if status is Status.FAILED else None
    return StatusChanged(status, at, message_id, message_id, error)


def _report(result: Fields, at: datetime) -> Event:
    status = mapping(result.get("status"))
    group = number(status.get("groupId"))
    if codes.repeated(result):  # the first of the two may have been delivered
        return Unknown("a second message with the same id was refused", at)
    if group == codes.DELIVERED:
        return _status(Status.DELIVERED, result, at)
    if group in (codes.UNDELIVERABLE, codes.EXPIRED, codes.REJECTED):
        return _status(Status.FAILED, result, at)
    if group == codes.PENDING and number(status.get("id")) == codes.ENROUTE:
        return _status(Status.SENT, result, at)
    return Unknown(f"delivery report {word(status.get('name'))}", at)


def _message(result: Fields, at: datetime) -> Iterator[Event]:
    content = mapping(result.get("message"))
    named = word(content.get("type"))
    contact = mapping(result.get("contact"))
    people = points(result.get("from"), contact.get("phoneNumber"), contact.get("userId"), contact.get("parentUserId"))
    if not people:
        yield Unknown(f"message of type {named} from nobody", at)
        return
    if named not in KINDS:
        yield Unknown(f"message of type {named}", at)
    words, button = _said(named, content)
    yield MessageReceived(
        sender=text(result.get("to")),
        points=people,
        at=at,
        provider_message_id=text(result.get("messageId")),
        kind=KINDS.get(named, "unsupported"),  # it may hold a stop: a person must look
        text=words,
        button=button,
        in_reply_to=_quoted(content) or _quoted(result),
        media=tuple(_files(KINDS.get(named, ""), content)),
    )


def _said(named: str, content: Fields) -> tuple[str, str]:
    """The words a person wrote or pressed, and the id of the button. A caption counts: it may say stop."""
    if named == "BUTTON":
        return text(content.get("text")), text(content.get("payload"))
    if named in ("INTERACTIVE_BUTTON_REPLY", "INTERACTIVE_LIST_REPLY"):
        return text(content.get("title")), text(content.get("id"))
    if named == "REACTION":
        return text(content.get("emoji")), ""
    return text(content.get("text")) or text(content.get("caption")), ""


def _quoted(fields: Fields) -> str:
    return text(mapping(fields.get("context")).get("id"))


def _files(kind: str, content: Fields) -> Iterator[Media]:
    link = text(content.get("url"))
    if link and kind in _FILED:
        yield Media(MediaKind(kind), link=link, id=link.rsplit("/", 1)[-1])


def _single(payload: Fields, received_at: datetime) -> Event:
    """News that comes alone: a stop made in WhatsApp, a template that moved."""
    content = mapping(payload.get("content"))
    at = instant(payload.get("createdAt") or payload.get("timestamp"), received_at)
    if "notificationMessagesStatus" in content:
        return _preference(payload, content, at)
    if "messageTemplateName" in payload:
        return _template(payload, at)
    return Unknown(word(content.get("type"), "a webhook of no known kind"), at)


def _preference(payload: Fields, content: Fields, at: datetime) -> Event:
    """The outer `from` is the sender, the inner one the person."""
    wish, people = word(content.get("notificationMessagesStatus")), points(content.get("from"))
    if not people or wish not in ("stop", "resume"):
        return Unknown(f"marketing preference {wish}", at)
    sender = text(content.get("sender")) or text(payload.get("from"))
    return PreferenceChanged(sender, people, at, stopped=wish == "stop")


def _template(payload: Fields, at: datetime) -> Event:
    name, language = text(payload.get("messageTemplateName")), locale(payload.get("messageTemplateLanguage"))
    change = mapping(payload.get("change"))
    if not name or not change.get("newStatus") or text(change.get("type")) != "TEMPLATE_STATUS_UPDATE":
        return Unknown(f"template news {word(change.get('type'))}", at)
    return TemplateChanged(name, language, at, state=template_state(change.get("newStatus")))
