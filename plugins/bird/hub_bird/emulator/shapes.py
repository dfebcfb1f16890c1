# SPDX-License-Identifier: Apache-2.0
"""What Bird's emulator says: messages, events, numbers, templates. Pure. Source: [1] models."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub.testing.whatsapp import Stored, User, variables

Said = dict[str, Any]
# Meta's codes in Bird's words; the rest is undeliverable
REASONS = {
    130429: "rate_limited",
    131047: "service_window_expired",
    131048: "rate_limited",
    131052: "media_rejected",
    131053: "media_rejected",
    131056: "rate_limited",
}
FILES = ("image", "video", "document", "audio", "sticker")
CONTENT = (*FILES, "text", "template", "location", "interactive", "contact_cards")


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def event(kind: str, data: Said, at: datetime) -> Said:
    return {"type": kind, "timestamp": stamp(at), "data": data}


def accepted(id_: str, body: Said, now: datetime) -> Said:
    """A message as Bird shows it. The filled-in values of a template come back, its preview does not."""
    content = {key: dict(body[key]) if isinstance(body[key], dict) else body[key] for key in CONTENT if key in body}
    if "text" in content:
        content["text"].pop("preview_url", None)
    if "template" in content:
        asked = content["template"]
        shown = {"slug": asked.get("slug", "made-up"), "category": "marketing", "language": asked.get("language", "de")}
        content["template"] = {**shown, "components": asked.get("components", [])}
    whom = "phone_number" if str(body["to"]).startswith("+") else "bsuid"
    return {
        "id": id_,
        "direction": "outbound",
        "from": {"phone_number": body.get("from", "")},
        "to": {whom: body["to"]},
        "status": "accepted",
        "created_at": stamp(now),
        "sent_at": None,
        "delivered_at": None,
        "read_at": None,
        "cost": None,
        "tags": body.get("tags"),
        "metadata": body.get("metadata"),
        **({"in_reply_to_message_id": body["in_reply_to_message_id"]} if "in_reply_to_message_id" in body else {}),
        **content,
    }


def moved(status: str, at: datetime) -> Said:
    """There is no status read: it shows in its time alone."""
    return {f"{status}_at": stamp(at), **({} if status == "read" else {"status": status})}


def outbound(workspace: str, message: Said) -> Said:
    kept = {key: message[key] for key in ("direction", "from", "to", "tags", "metadata")}
    return {"whatsapp_id": message["id"], "workspace_id": workspace, **kept}


def error(code: str, at: datetime) -> Said:
    return {"code": code, "description": "made up", "occurred_at": stamp(at)}


def refused(code: int, at: datetime) -> Said:
    return {**error(REASONS.get(code, "undeliverable"), at), "meta_error_code": str(code)}


def person(user: User) -> Said:
    number = {} if user.hides_number else {"phone_number": user.number}
    return {**number, **({"bsuid": user.bsuid} if user.bsuid else {})}


def inbound(workspace: str, user: User, id_: str, number: str, kind: str, content: Said, *, quoted: str) -> Said:
    return {
        "whatsapp_id": id_,
        "workspace_id": workspace,
        "direction": "inbound",
        "from": person(user),
        "to": {"phone_number": number},
        "tags": None,
        "metadata": None,
        **({"in_reply_to_message_id": quoted} if quoted else {}),
        **_said(kind, content),
    }


def _said(kind: str, content: Said) -> Said:
    """What a person sent, from Meta's words."""
    if kind == "text":
        return {"text": {"body": content["body"]}}
    if kind == "button":  # of a template: the payload is the label
        return _reply("button", content["text"], content["text"])
    if kind == "interactive":
        word = "list" if "list_reply" in content else "button"
        pressed = content.get(f"{word}_reply", {})
        return _reply(word, pressed.get("id", ""), pressed.get("title", ""))
    if kind in FILES:
        id_ = str(content.get("id", "waf_01krdgeqcxet5s7t44vh8rt9mg"))
        file = {"id": id_, "url": f"https://eu1.platform.bird.com/v1/media/{id_}"}
        return {kind: {**file, **({"caption": content["caption"]} if content.get("caption") else {})}}
    if kind == "location":
        return {"location": content}
    if kind == "contacts":
        return {"contact_cards": [{"origin": "other"}]}
    return {"unsupported": {"type": kind if kind in ("order", "system") else "unsupported"}}


def _reply(word: str, slug: str, label: str) -> Said:
    return {"interactive_reply": {"type": word, word: {"slug": slug, "text": label}}}


def reacted(workspace: str, user: User, number: str, content: Said) -> Said:
    return {
        "whatsapp_id": content.get("message_id", ""),
        "emoji": content.get("emoji") or None,
        "from": person(user),
        "to": {"phone_number": number},
        "workspace_id": workspace,
    }


def number(phone_number: str, now: datetime, quality: str, *, app: bool) -> Said:
    """`app`: the number is in use on the WhatsApp Business app, too."""
    return {
        "id": "wan_01krdgeqcxet5s7t44vh8rt9mg",
        "waba": "900800700600500",
        "phone_number": phone_number,
        "name": "Demo GmbH",
        "scope": "workspace",
        "data_localization_region": "DE",
        "status": "connected",
        "quality_rating": quality.lower(),
        "is_on_business_app": app,
        "created_at": stamp(now),
        "updated_at": stamp(now),
    }


def template(slug: str, translations: list[Stored], version: str, now: datetime) -> Said:
    """One identity for all languages; where each stands is told here, its content is not."""
    first = translations[0]
    live = [_tag(one) for one in translations if one.status == "APPROVED"]
    return {
        "id": f"wat_{version.removeprefix('wav_')}",
        "slug": slug,
        "slug_editable": False,
        "name": slug,
        "description": None,
        "scope": "workspace",
        "waba": "900800700600500",
        "category": first.category.lower(),
        "status": "active" if live else "inactive",
        "default_language": _tag(first),
        "on_missing_language": "fail",
        "language_source_required": False,
        "available_languages": live,
        "languages": {_tag(one): {"status": one.status.lower()} for one in translations},
        "draft_version_id": None,
        "live_version_id": version,
        "pending_version_id": None,
        "last_submitted_at": stamp(now),
        "created_at": stamp(now),
        "updated_at": stamp(now),
    }


def language(stored: Stored, now: datetime) -> Said:
    return {
        "language": _tag(stored),
        "components": [_block(part) for part in stored.components()],
        "status": stored.status.lower(),
        "revision": 1,
        "content_hash": f"sha256:{stored.id}",
        "category": stored.category.lower(),
        "submitted_at": stamp(now),
        "updated_at": stamp(now),
    }


def _tag(stored: Stored) -> str:
    return stored.language.replace("_", "-")


def _block(part: Said) -> Said:
    """A component of Meta's in Bird's words."""
    block: Said = {"type": str(part["type"]).lower()}
    if part.get("format"):
        block["format"] = str(part["format"]).lower()
    if part.get("text"):
        block["text"] = part["text"]
        if named := variables(part["text"]):
            block["example_parameters"] = [_example(name) for name in named]
    if part.get("buttons"):
        block["buttons"] = [{**button, "type": str(button["type"]).lower()} for button in part["buttons"]]
    if part.get("cards"):
        block["cards"] = [{"components": [_block(one) for one in card["components"]]} for card in part["cards"]]
    return block


def _example(name: str) -> Said:
    return {"type": "text", "text": "x", **({} if name.isdecimal() else {"name": name})}
