# SPDX-License-Identifier: Apache-2.0
"""What Sinch's emulator says: callbacks, apps, templates. Pure. Source: [2] models, [4] callbacks, [5] templates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.testing.whatsapp import Sent, Stored, User

Said = dict[str, Any]
STATUSES = {"sent": "QUEUED_ON_CHANNEL", "delivered": "DELIVERED", "read": "READ", "failed": "FAILED"}
# Meta's codes in Sinch's words; the rest is CHANNEL_FAILURE
REASONS = {
    130429: "RATE_LIMITED",
    131026: "RECIPIENT_NOT_REACHABLE",
    131047: "OUTSIDE_ALLOWED_SENDING_WINDOW",
    131048: "RATE_LIMITED",
    131049: "DELIVERY_REJECTED_DUE_TO_POLICY",
    131050: "RECIPIENT_NOT_OPTED_IN",
    131052: "MEDIA_NOT_REACHABLE",
    131053: "MEDIA_TYPE_UNSUPPORTED",
    131056: "RATE_LIMITED",
    132000: "TEMPLATE_INSUFFICIENT_PARAMETERS",
    132001: "TEMPLATE_NOT_FOUND",
    132012: "TEMPLATE_INSUFFICIENT_PARAMETERS",
    132015: "CHANNEL_REJECT",
    132016: "CHANNEL_REJECT",
}
FILES = ("image", "video", "document", "audio", "sticker")


def envelope(app: str, project: str, at: datetime, opaque: str) -> Said:
    time = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    ids = {"app_id": app, "project_id": project, "correlation_id": opaque, "message_metadata": ""}
    return {**ids, "accepted_time": time, "event_time": time}


def reason(code: int) -> Said:
    return {"code": REASONS.get(code, "CHANNEL_FAILURE"), "channel_code": str(code)}


def report(app: str, user: User, sent: Sent, status: str, why: Said | None) -> Said:
    told = {
        "message_id": sent.id,
        "conversation_id": "",
        "status": STATUSES[status],
        "channel_identity": _identity(app, user),
        "contact_id": "",
        "metadata": "",
        "processing_mode": "DISPATCH",
    }
    if why is not None:
        plain = {"description": "", "sub_code": "UNSPECIFIED_SUB_CODE", "channel_code": ""}
        told["reason"] = {**plain, **why}
    return {"message_delivery_report": told}


def message(app: str, user: User, id: str, at: datetime, contact_message: Said, number: str) -> Said:
    return {
        "message": {
            "id": id,
            "direction": "TO_APP",
            "contact_message": contact_message,
            "channel_identity": _identity(app, user),
            "conversation_id": "",
            "contact_id": "",
            "metadata": "",
            "accept_time": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "sender_id": number.removeprefix("+"),
            "processing_mode": "DISPATCH",
            "injected": False,
        }
    }


def said(kind: str, content: Said, *, quoted: str, payloads: Mapping[str, str]) -> Said:
    """What a person sent, from Meta's words."""
    if kind == "button":
        label = str(content.get("text", ""))
        postback = payloads.get(label) or content.get("payload") or f"{quoted}_{label}"
        return {"choice_response_message": {"message_id": quoted, "postback_data": postback}}
    if kind == "interactive":
        pressed = next(iter(value for value in content.values() if isinstance(value, dict)), {})
        return {"choice_response_message": {"message_id": quoted, "postback_data": str(pressed.get("id", ""))}}
    answered = {"reply_to": {"message_id": quoted}} if quoted else {}
    return {**_content(kind, content), **answered}


def _content(kind: str, content: Said) -> Said:
    if kind == "text":
        return {"text_message": {"text": content["body"]}}
    if kind in FILES:
        url = content.get("link") or f"https://media.example/{content.get('id', 'file')}{_SUFFIX[kind]}"
        if content.get("caption"):
            return {"media_card_message": {"url": url, "caption": content["caption"]}}
        return {"media_message": {"url": url, "thumbnail_url": "", "filename_override": ""}}
    if kind == "location":
        coordinates = {key: content.get(key, 0.0) for key in ("latitude", "longitude")}
        return {"location_message": {"coordinates": coordinates, "title": content.get("name", ""), "label": ""}}
    return {"fallback_message": {"raw_message": "{}", "reason": {"code": "UNSUPPORTED_OPERATION"}}}


_SUFFIX = {"image": ".jpg", "video": ".mp4", "document": ".pdf", "audio": ".ogg", "sticker": ".webp"}


def quality(old: str, new: str) -> Said:
    """The event's name is Sinch's; the keys of what comes along are not documented where we read."""
    data = {"previous_quality_rating": old, "quality_rating": new}
    event = {"channel": "WHATSAPP", "event_type": "WHATS_APP_QUALITY_RATING_CHANGED", "additional_data": data}
    return {"channel_event_notification": {"channel_event": event}}


def app(id: str, number: str, settings: Said) -> Said:
    channel = {
        "channel": "WHATSAPP",
        "state": {"status": "ACTIVE", "description": ""},
        "static_bearer": {"claimed_identity": number.removeprefix("+"), "token": "made-up"},
        "callback_secret": "",
        "credential_ordinal_number": 0,
    }
    return {"id": id, "display_name": "Demo GmbH", "channel_credentials": [channel], **settings}


def template(stored: Stored) -> Said:
    """Where the components stand is UNCONFIRMED; see `hub_sinch.wire.template`."""
    named = {"name": stored.name, "language": stored.language, "category": stored.category, "state": stored.status}
    return {**named, "details": {"components": stored.components()}}


def _identity(app: str, user: User) -> Said:
    return {"app_id": app, "channel": "WHATSAPP", "identity": user.digits}
