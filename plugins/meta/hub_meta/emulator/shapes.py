# SPDX-License-Identifier: Apache-2.0
"""The `value` of each webhook, in the shapes of [6] as of autumn 2026. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub_meta.emulator.graph import failure
from hub_meta.emulator.people import User
from hub_meta.emulator.sending import Sent

Value = dict[str, Any]
SAYS = {"stop": "User requested to stop marketing messages", "resume": "User requested to resume marketing messages"}


def inbound(metadata: Value, user: User, wamid: str, at: datetime, content: Value) -> Value:
    message = {**user.ids("from", "from_user_id", "from_parent_user_id"), "id": wamid, "timestamp": _seconds(at)}
    return _value(metadata, contacts=[user.contact()], messages=[{**message, **content}])


def status(metadata: Value, user: User, sent: Sent, word: str, at: datetime, *, category: str, code: int) -> Value:
    """Contacts come with good news only; a failure of a message sent to a number names no user id."""
    ids = user.ids("recipient_id", "recipient_user_id", "recipient_parent_user_id")
    if word == "failed" and sent.to.startswith("+"):
        ids = {"recipient_id": user.digits}
    told: Value = {"id": sent.wamid, "status": word, "timestamp": _seconds(at), **ids}
    if sent.opaque:
        told["biz_opaque_callback_data"] = sent.opaque
    if word == "failed":
        return _value(metadata, statuses=[{**told, "errors": [failure(code)]}])
    if word in ("sent", "delivered"):
        told["pricing"] = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": category.lower()}
    return _value(metadata, contacts=[user.contact()], statuses=[told])


def preference(metadata: Value, user: User, value: str, at: datetime) -> Value:
    wish = {
        **user.ids("wa_id", "user_id", "parent_user_id"),
        "detail": SAYS.get(value, value),
        "category": "marketing_messages",
        "value": value,
        "timestamp": int(at.timestamp()),
    }
    return _value(metadata, contacts=[user.contact()], user_preferences=[wish])


def number_changed(metadata: Value, old: User, new: User, wamid: str, at: datetime) -> Value:
    """A system message; it has no contacts."""
    system = {
        "type": "user_changed_number",
        "body": f"User {new.name} changed from {old.digits} to {new.digits}",
        **new.ids("wa_id", "user_id", "parent_user_id"),
        **({"previous_user_id": old.bsuid} if old.bsuid else {}),
    }
    sender = {} if old.hides_number else {"from": old.digits}
    message = {**sender, "id": wamid, "timestamp": _seconds(at), "type": "system", "system": system}
    return _value(metadata, messages=[message])


def _value(metadata: Value, **items: Any) -> Value:
    return {"messaging_product": "whatsapp", "metadata": metadata, **items}


def _seconds(at: datetime) -> str:
    return str(int(at.timestamp()))
