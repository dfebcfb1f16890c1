# SPDX-License-Identifier: Apache-2.0
"""tyntec's webhooks and lists, in the shapes of [1] and [3]. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

from hub.testing.whatsapp import Sent, Stored, User

Event = dict[str, Any]
MEDIA = frozenset({"image", "document", "audio", "video", "sticker"})
EVENTS = {"delivered": "delivered", "read": "seen", "failed": "failed"}  # [3] has none for "sent"
HOST = "https://api.tyntec.com/conversations/v3"


def message(
    user: User, id: str, at: datetime, kind: str, content: dict[str, Any], *, sender: str, quoted: str
) -> Event:
    """What a person wrote, pressed or deleted."""
    # the samples carry no zone; without a number the user id stands in its place
    mine = {"messageId": id, "channel": "whatsapp", "from": _from(user), "to": sender, "timestamp": _bare(at)}
    if kind == "revoke":
        gone = {**mine, "messageId": content["original_message_id"]}
        return {"event": "MessageStatus::deleted", **gone, "status": "deleted"}
    context = {"context": {"messageId": quoted, "isForwarded": False}} if quoted else {}
    pressed = _pressed(kind, content)
    if pressed is not None:
        data, label = pressed
        about = {**_about(user), "text": label}
        return {"event": "MoMessage::PostBack", **mine, "postback": {"data": data}, "whatsapp": about, **context}
    return {"event": "MoMessage", **mine, "content": _content(kind, content), "whatsapp": _about(user), **context}


def _pressed(kind: str, content: dict[str, Any]) -> tuple[str, str] | None:
    """Payload and label of what was pressed."""
    if kind == "button":
        return content["payload"], content["text"]
    reply = content.get("button_reply") or content.get("list_reply")
    return (reply["id"], reply["title"]) if kind == "interactive" and reply else None


def _content(kind: str, content: dict[str, Any]) -> Event:
    if kind == "text":
        return {"contentType": "text", "text": content["body"]}
    if kind not in MEDIA:
        return {"contentType": kind}  # [3] names these, their fields were not to be had
    spoken = "voice" if kind == "audio" and content.get("voice") else kind
    file = {"type": spoken, "url": f"{HOST}/media/{content['id']}", "mediaId": content["id"]}
    caption = {"caption": content["caption"]} if content.get("caption") else {}
    return {"contentType": "media", "media": {**file, **caption}}


def status(user: User, sent: Sent, word: str, at: datetime, *, category: str, code: int) -> Event | None:
    if word not in EVENTS:
        return None
    told: Event = {
        "event": f"MessageStatus::{EVENTS[word]}",
        "messageId": sent.id,
        "channel": "whatsapp",
        "timestamp": f"{_bare(at)}Z",
        **({"userContext": sent.opaque} if sent.opaque else {}),
        "whatsapp": user.ids("userPhoneNumber", "bsuid", "parentBsuid"),
    }
    if word == "failed":
        return {**told, "details": {"code": f"whatsapp::error::{code}", "message": "Message failed to send"}}
    if word == "delivered":
        told["whatsapp"]["pricing"] = {"pricingModel": "PMP", "type": "regular", "category": category.lower()}
    return told


def news(template: Stored, what: str, old: str, new: str, *, event_id: str, waba: str) -> Event:
    entity = {"type": "template", "name": template.name, "waba": waba, "language": template.language}
    changed = {"property": {"quality": "qualityScore"}.get(what, what), "newValue": new, "oldValue": old}
    return {"eventId": event_id, "channel": "whatsapp", "entity": entity, "changedValue": {**changed, "reason": "NONE"}}


def listed(templates: Iterable[Stored], account: str, at: datetime) -> list[Event]:
    """Templates by name, each with its translations."""
    ordered = sorted(templates, key=lambda template: template.name)
    return [_item(name, list(found), account, at) for name, found in groupby(ordered, key=lambda one: one.name)]


def _item(name: str, translations: list[Stored], account: str, at: datetime) -> Event:
    first = translations[0]
    shown = [
        {
            "status": one.status,
            "language": one.language,
            "rejectionReason": None,
            "components": one.components(),
            "createdAt": f"{_bare(at)}Z",
            "lastUpdated": f"{_bare(at)}Z",
            "qualityScore": one.quality,
        }
        for one in translations
    ]
    ids = {"whatsAppAccountId": account, "templateName": name, "templateId": first.id, "category": first.category}
    return {**ids, "localizations": shown}


def _about(user: User) -> Event:
    names = {"senderName": user.name} if user.name else {}
    return {**names, **{key: value for key, value in user.ids("", "bsuid", "parentBsuid").items() if key}}


def _from(user: User) -> str:
    return user.bsuid if user.hides_number and user.bsuid else user.digits


def _bare(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S")
