# SPDX-License-Identifier: Apache-2.0
"""The JSON of the emulated CM.com's webhooks [4]. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub.testing.whatsapp import Sent, User

Value = dict[str, Any]
CODES = {"sent": "0", "delivered": "2", "failed": "3", "read": "4"}
WINDOW = "40"
# what WhatsApp refuses only after CM.com has taken the message: everything about people, templates and standing
LATE = (
    *(100, 368, 131008, 131047, 131048, 131056, 131057, 131062),
    *(132000, 132001, 132005, 132012, 132015, 132016, 132018),
)
_TYPES = {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/ogg", "document": "application/pdf"}


def report(user: User, sent: Sent, status: str, code: int) -> Value:
    """`code` is Meta's, 0 for none; what CM.com makes of most is not known."""
    why = {"errorCode": WINDOW if code == 131047 else "", "errorDescription": "not delivered" if code else ""}
    told = {"code": CODES[status], **why}
    message = {"received": _written(sent.at), "to": f"00{user.digits}", "reference": sent.opaque, "status": told}
    return {"messages": {"msg": {**message, "operator": ""}}}


def inbound(number: str, user: User, at: datetime, message: Value, quoted: str) -> Value:
    return {
        "reference": quoted,
        "from": {"number": user.number, "name": user.name},
        "to": {"number": number},
        "message": message,
        "messageContext": "",
        "groupings": ["", "", ""],
        "timeUtc": _written(at),
        "channel": "WhatsApp",
    }


def said(kind: str, content: Value) -> Value:
    """What a person sent, from Meta's words to CM.com's. How a pressed button comes is not documented: as its label."""
    empty = {"mediaUri": "", "contentType": "", "title": ""}
    if kind in _TYPES:
        link = content.get("link") or f"https://media.example.org/{content.get('id', 'file-1')}"
        file = {"mediaUri": link, "contentType": _TYPES[kind], "title": ""}
        return {"text": content.get("caption", ""), "media": file}
    if kind == "location":
        return {"text": "", "media": empty, "custom": {"location": content}}
    reply = content.get(str(content.get("type")), {}) if kind == "interactive" else content
    return {"text": reply.get("body") or reply.get("text") or reply.get("title") or "", "media": empty}


def _written(at: datetime) -> str:
    """UTC without saying so; a fraction of a second is not documented, and not needed."""
    return at.strftime("%Y-%m-%dT%H:%M:%S")
