# SPDX-License-Identifier: Apache-2.0
"""The `value` of each webhook, in the shapes of [6] as of autumn 2026. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from hub.testing.whatsapp import Sent, Stored, User
from hub_meta.emulator.graph import failure
from hub_meta.emulator.sending import MARKETING

Value = dict[str, Any]
SAYS = {"stop": "User requested to stop marketing messages", "resume": "User requested to resume marketing messages"}


def contact(user: User) -> Value:
    profile = {"profile": {"name": user.name}} if user.name else {}
    return {**profile, **user.ids("wa_id", "user_id", "parent_user_id")}


def inbound(metadata: Value, user: User, wamid: str, at: datetime, content: Value) -> Value:
    message = {**user.ids("from", "from_user_id", "from_parent_user_id"), "id": wamid, "timestamp": _seconds(at)}
    return _value(metadata, contacts=[contact(user)], messages=[{**message, **content}])


def status(metadata: Value, user: User, sent: Sent, word: str, at: datetime, *, category: str, code: int) -> Value:
    """Contacts come with good news only; a failure of a message sent to a number names no user id."""
    ids = user.ids("recipient_id", "recipient_user_id", "recipient_parent_user_id")
    if word == "failed" and sent.to.startswith("+"):
        ids = {"recipient_id": user.digits}
    told: Value = {"id": sent.id, "status": word, "timestamp": _seconds(at), **ids}
    if sent.opaque:
        told["biz_opaque_callback_data"] = sent.opaque
    if word == "failed":
        return _value(metadata, statuses=[{**told, "errors": [failure(code)]}])
    if word in ("sent", "delivered"):
        told["pricing"] = {
            "billable": True,
            "pricing_model": "PMP",
            "type": "regular",
            "category": _priced(sent, category),
        }
    return _value(metadata, contacts=[contact(user)], statuses=[told])


def _priced(sent: Sent, category: str) -> str:
    return "marketing_lite" if sent.via == MARKETING else category.lower()


def preference(metadata: Value, user: User, value: str, at: datetime) -> Value:
    wish = {
        **user.ids("wa_id", "user_id", "parent_user_id"),
        "detail": SAYS.get(value, value),
        "category": "marketing_messages",
        "value": value,
        "timestamp": int(at.timestamp()),
    }
    return _value(metadata, contacts=[contact(user)], user_preferences=[wish])


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


def listed(template: Stored, fields: Iterable[str]) -> Value:
    """As `GET /{WABA}/message_templates` shows it; without `fields`, everything."""
    whole = {
        "id": template.id,
        "name": template.name,
        "language": template.language,
        "status": template.status,
        "category": template.category,
        "parameter_format": "NAMED" if template.named else "POSITIONAL",
        "quality_score": {"score": template.quality, "date": 1763629200},
        "rejected_reason": "NONE",
        "components": template.components(),
    }
    wanted = set(fields) | {"id"}
    return whole if wanted == {"id"} else {key: value for key, value in whole.items() if key in wanted}


def template_event(template: Stored, what: str, old: str, new: str, now: datetime) -> tuple[str, Value]:
    """Field and value of a webhook about a template: the id as a number, the language with a hyphen."""
    named = {
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language.replace("_", "-"),
    }
    if what == "status":
        event = {"event": new, **named, "message_template_category": template.category, "reason": "NONE"}
        return "message_template_status_update", event
    if what == "quality":
        return "message_template_quality_update", {"previous_quality_score": old, "new_quality_score": new, **named}
    if what == "category":
        return "template_category_update", {**named, "previous_category": old, "new_category": new}
    coming = {"correct_category": new, "category_update_timestamp": int(now.timestamp()) + 86_400}
    return "template_category_update", {**named, "new_category": old, **coming}


def sender_event(number: str, what: str, new: str) -> tuple[str, Value] | None:
    """Field and value of a webhook about the number. Of its quality Meta tells nothing; that must be asked for."""
    if what == "tier":
        return "business_capability_update", {"max_daily_conversations_per_business": int(new)}
    if what == "throughput":
        return "phone_number_quality_update", {"display_phone_number": number, "event": "THROUGHPUT_UPGRADE"}
    if what == "restricted":
        until = int(datetime.fromisoformat(new).timestamp())
        restriction = {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": until}
        return "account_update", {"event": "ACCOUNT_RESTRICTION", "restriction_info": [restriction]}
    return None


def _value(metadata: Value, **items: Any) -> Value:
    return {"messaging_product": "whatsapp", "metadata": metadata, **items}


def _seconds(at: datetime) -> str:
    return str(int(at.timestamp()))
