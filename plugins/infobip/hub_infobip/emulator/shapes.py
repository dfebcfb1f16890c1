# SPDX-License-Identifier: Apache-2.0
"""What the emulated Infobip says: statuses, the JSON of each webhook [1], and WhatsApp's refusals in its codes [3].
Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub.testing.whatsapp import Sent, Stored, User

Value = dict[str, Any]
GROUPS = ("OK", "PENDING", "UNDELIVERABLE", "DELIVERED", "EXPIRED", "REJECTED")
PRICE = {"pricePerMessage": 0.0, "currency": "EUR"}

# Meta's code: Infobip's id and name, and whether trying again is pointless
_TEMPLATE, _PARAMETERS = (7009, "EC_TEMPLATE", True), (7008, "EC_TEMPLATE_ARGS", True)
FAILURES: dict[int, tuple[int, str, bool]] = {
    131026: (1, "EC_UNKNOWN_SUBSCRIBER", True),
    131047: (7010, "EC_NO_SESSION", True),
    131049: (7032, "EC_FREQUENCY_CAPPING", True),
    131050: (7033, "EC_MARKETING_OPT_OUT", True),
    131056: (7017, "EC_TOO_MANY_REQUESTS", False),
    **dict.fromkeys((100, 131008, 132000, 132005, 132012, 132018), _PARAMETERS),
    **dict.fromkeys((131062, 132001, 132015, 132016), _TEMPLATE),
    # which code stands for a tier that is used up, a restriction or maintenance is not stated
    **dict.fromkeys((368, 131048, 131057), (7050, "EC_PROVIDER_INTERNAL", False)),
}
_ELSE = FAILURES[131057]
_FILES = {"image": "IMAGE", "video": "VIDEO", "audio": "AUDIO", "document": "DOCUMENT", "sticker": "STICKER"}


def status(group: int, id_: int, name: str, description: str) -> Value:
    return {"groupId": group, "groupName": GROUPS[group], "id": id_, "name": name, "description": description}


ENROUTE = status(1, 7, "PENDING_ENROUTE", "Message sent to next instance")
DELIVERED = status(3, 5, "DELIVERED_TO_HANDSET", "Message delivered to handset")
UNDELIVERABLE = status(2, 9, "UNDELIVERABLE_NOT_DELIVERED", "Message sent not delivered")
NO_CREDIT = status(5, 12, "REJECTED_NOT_ENOUGH_CREDITS", "Not enough credits")
NOT_REGISTERED = status(5, 18, "REJECTED_DESTINATION_NOT_REGISTERED", "Destination not registered")
REPEATED = status(5, 23, "REJECTED_DUPLICATE_MESSAGE_ID", "Duplicate message ID")


def error(code: int) -> Value:
    """`code` is Meta's, 0 for none."""
    if not code:
        return {
            "groupId": 0,
            "groupName": "OK",
            "id": 0,
            "name": "NO_ERROR",
            "description": "No Error",
            "permanent": False,
        }
    id_, name, permanent = FAILURES.get(code, _ELSE)
    grouped = {"groupId": 1, "groupName": "HANDSET_ERRORS"}
    return {**grouped, "id": id_, "name": name, "description": name, "permanent": permanent}


def contact(user: User) -> Value:
    named = {"name": user.name} if user.name else {}
    return {**named, **user.ids("phoneNumber", "userId", "parentUserId")}


def _person(user: User) -> str:
    return user.bsuid if user.hides_number and user.bsuid else user.digits


def report(user: User, sent: Sent, at: datetime, code: int) -> Value:
    return {
        "bulkId": "",
        "messageId": sent.id,
        "to": _person(user),
        "sentAt": written(sent.at),
        "doneAt": written(at),
        "messageCount": 1,
        "price": PRICE,
        "status": UNDELIVERABLE if code else DELIVERED,
        "error": error(code),
        "contact": contact(user),
    }


def seen(sender: str, user: User, sent: Sent, at: datetime) -> Value:
    when = {"sentAt": written(sent.at), "seenAt": written(at)}
    return {"messageId": sent.id, "from": _person(user), "to": sender, **when, "contact": contact(user)}


def inbound(sender: str, user: User, id_: str, at: datetime, message: Value) -> Value:
    return {
        "from": _person(user),
        "to": sender,
        "integrationType": "WHATSAPP",
        "receivedAt": written(at),
        "messageId": id_,
        "message": message,
        "price": PRICE,
        "contact": contact(user),
    }


def said(sender: str, kind: str, content: Value, quoted: str) -> Value:
    """What a person sent, from Meta's words to Infobip's."""
    context = {"context": {"from": sender, "id": quoted}} if quoted else {}
    if kind == "text":
        return {"type": "TEXT", "text": content["body"], **context}
    if kind == "button":
        return {"type": "BUTTON", "text": content["text"], "payload": content["payload"], **context}
    if kind == "interactive":
        reply: Value = content[content["type"]]
        word = "INTERACTIVE_BUTTON_REPLY" if content["type"] == "button_reply" else "INTERACTIVE_LIST_REPLY"
        return {"type": word, **reply, **context}
    if kind == "reaction":
        emoji = content.get("emoji", "")
        return {
            "type": "REACTION",
            "emoji": emoji,
            "action": "REACT" if emoji else "UNREACT",
            "context": {"id": content["message_id"]},
        }
    if kind in _FILES:
        url = f"https://api.infobip.com/whatsapp/1/senders/{sender}/media/{content.get('id', 'file-1')}"
        caption = {"caption": content["caption"]} if content.get("caption") else {}
        return {"type": _FILES[kind], "url": url, **caption, **context}
    if kind == "location":
        return {"type": "LOCATION", **content, **context}
    return {"type": "UNSUPPORTED", **context}


def preference(sender: str, user: User, value: str, at: datetime) -> Value:
    wish = {"sender": sender, "from": _person(user), "notificationMessagesStatus": value, "description": value}
    return {"from": sender, "content": wish, "createdAt": written(at)}


def template_event(template: Stored, new: str, at: datetime) -> Value:
    return {
        "messageTemplateId": template.id,
        "messageTemplateName": template.name,
        "messageTemplateLanguage": template.language,
        "timestamp": written(at),
        "change": {"type": "TEMPLATE_STATUS_UPDATE", "newStatus": template_word(new), "reason": "NONE"},
    }


def listed(template: Stored) -> Value:
    """An item of the list of templates, version 2."""
    structure: Value = {}
    for part in template.components():
        shown = {key: value for key, value in part.items() if key not in ("type", "example")}
        structure[part["type"].lower()] = shown["buttons"] if part["type"] == "BUTTONS" else shown
    return {
        "id": template.id,
        "businessAccountId": 222,
        "name": template.name,
        "language": template.language,
        "status": template_word(template.status),
        "category": template.category,
        "structure": structure,
        "quality": template.quality,
        "createdAt": "2026-01-01T10:00:00.000+0000",
        "lastUpdatedAt": "2026-01-01T10:00:00.000+0000",
    }


def template_word(state: str) -> str:
    return "FIRST_PAUSED" if state == "PAUSED" else state


def written(at: datetime) -> str:
    """As Infobip writes times: milliseconds, and the offset without a colon."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"
