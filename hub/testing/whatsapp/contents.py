# SPDX-License-Identifier: Apache-2.0
"""What the platform refuses of a free message: `content` is what Meta takes under the key `kind`.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/messages
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.testing.whatsapp.media import MediaStore
from hub.testing.whatsapp.refusals import Refused

FILES = ("image", "video", "document", "audio", "sticker")
FREE_FORM = frozenset((*FILES, "text", "location", "contacts", "reaction", "interactive"))
LONGEST_TEXT, LONGEST_CAPTION = 4096, 1024
LONGEST_BODY, LONGEST_LIST_BODY, LONGEST_HEADER, LONGEST_FOOTER = 1024, 4096, 60, 60
CAPTIONED = ("image", "video", "document")


def check(kind: str, content: Any, media: MediaStore) -> None:
    """Raises `Refused`. A template is checked where it is stored."""
    if kind == "text":
        _text(content)
    elif kind in FILES:
        _file(kind, content, media)
    elif kind == "location":
        _location(content)
    elif kind == "contacts":
        _contacts(content)
    elif kind == "reaction":
        _needs(content, "message_id", where="reaction")
        if not isinstance(content.get("emoji"), str):
            raise Refused(131008, "Parameter 'reaction.emoji' is mandatory")
    elif kind == "interactive":
        _interactive(content, media)


def _text(text: dict[str, Any]) -> None:
    words = text.get("body")
    if not words:
        raise Refused(131008, "Parameter 'text.body' is mandatory for type 'text'")
    if not isinstance(words, str):
        raise Refused(100, "Param text['body'] must be a string.")
    if len(words) > LONGEST_TEXT:
        raise Refused(131009, "text.body is longer than 4096 characters")


def _file(kind: str, content: dict[str, Any], media: MediaStore) -> None:
    if bool(content.get("id")) == bool(content.get("link")):
        raise Refused(131008, f"{kind} needs either an id or a link")
    if content.get("id") and media.get(str(content["id"])) is None:
        raise Refused(131009, f"{kind}.id is no stored file")
    if "caption" in content and kind not in CAPTIONED:
        raise Refused(131009, f"{kind} has no caption")
    if len(str(content.get("caption", ""))) > LONGEST_CAPTION:
        raise Refused(131009, "caption is longer than 1024 characters")


def _location(content: dict[str, Any]) -> None:
    for key, most in (("latitude", 90.0), ("longitude", 180.0)):
        try:
            fits = abs(float(content[key])) <= most
        except (KeyError, TypeError, ValueError):
            raise Refused(131008, f"Parameter 'location.{key}' is mandatory") from None
        if not fits:
            raise Refused(131009, f"location.{key} is out of range")


def _contacts(content: Any) -> None:
    if not isinstance(content, list) or not content:
        raise Refused(131008, "contacts must be a list")
    for card in content:
        name = card.get("name") or {}
        if not name.get("formatted_name"):
            raise Refused(131008, "contacts.name.formatted_name is mandatory")
        if len(name) < 2:  # seen, not documented
            raise Refused(131009, "contacts.name needs one more part beside formatted_name")


def _interactive(content: dict[str, Any], media: MediaStore) -> None:
    kind, action = content.get("type"), content.get("action")
    if not isinstance(action, dict):
        raise Refused(131008, "interactive.action is mandatory")
    _words(content.get("body"), LONGEST_LIST_BODY if kind == "list" else LONGEST_BODY, "body", needed=True)
    _words(content.get("footer"), LONGEST_FOOTER, "footer")
    header = content.get("header") or {"type": "text", "text": "-"}
    if header.get("type") == "text":
        _words(header, LONGEST_HEADER, "header")
    elif kind == "list":
        raise Refused(131009, "a list has a text header only")
    else:
        _file(str(header.get("type")), header.get(str(header.get("type"))) or {}, media)
    match kind:
        case "button":
            _buttons(action.get("buttons") or [])
        case "list":
            _list(action)
        case "cta_url":
            _needs(action.get("parameters"), "display_text", "url", where="cta_url")
            _short(action["parameters"]["display_text"], 20, "display_text")
        case "flow":
            _flow(action.get("parameters") or {})
        case _:
            raise Refused(131009, "interactive.type is not supported")


def _words(part: Any, most: int, where: str, *, needed: bool = False) -> None:
    words = str((part or {}).get("text", ""))
    if needed and not words:
        raise Refused(131008, f"interactive.{where}.text is mandatory")
    _short(words, most, where)


def _buttons(buttons: Sequence[Any]) -> None:
    replies = [button.get("reply") or {} for button in buttons if button.get("type") == "reply"]
    if not 1 <= len(replies) <= 3 or len(replies) != len(buttons):
        raise Refused(131009, "there must be 1 to 3 reply buttons")
    for reply in replies:
        _needs(reply, "id", "title", where="reply")
        _short(reply["title"], 20, "title")
        _short(reply["id"], 256, "id")
    for key in ("id", "title"):
        if len({reply[key] for reply in replies}) < len(replies):
            raise Refused(131009, f"two buttons have the same {key}")


def _list(action: dict[str, Any]) -> None:
    _needs(action, "button", "sections", where="list")
    _short(action["button"], 20, "button")
    sections = action["sections"]
    rows = [row for section in sections for row in section.get("rows", ())]
    if not 1 <= len(sections) <= 10 or not 1 <= len(rows) <= 10:
        raise Refused(131009, "a list has 1 to 10 sections and 1 to 10 rows in all")
    for section in sections:
        if len(sections) > 1 and not section.get("title"):
            raise Refused(131008, "each of several sections needs a title")
        _short(str(section.get("title", "")), 24, "section.title")
    for row in rows:
        _needs(row, "id", "title", where="row")
        _short(row["title"], 24, "row.title")
        _short(row["id"], 200, "row.id")
        _short(str(row.get("description", "")), 72, "row.description")


def _flow(parameters: dict[str, Any]) -> None:
    _needs(parameters, "flow_message_version", "flow_cta", where="flow")
    if bool(parameters.get("flow_id")) == bool(parameters.get("flow_name")):
        raise Refused(131008, "flow needs either flow_id or flow_name")
    _short(parameters["flow_cta"], 30, "flow_cta")
    payload = parameters.get("flow_action_payload")
    if parameters.get("flow_action") == "data_exchange" and payload:
        raise Refused(131009, "data_exchange takes no payload")
    if payload and "data" in payload and not payload["data"]:
        raise Refused(131009, "flow_action_payload.data must not be empty")


def _needs(part: Any, *keys: str, where: str) -> None:
    for key in keys:
        if not isinstance(part, dict) or not part.get(key):
            raise Refused(131008, f"{where}.{key} is mandatory")


def _short(words: Any, most: int, where: str) -> None:
    if len(str(words)) > most:
        raise Refused(131009, f"{where} is longer than {most} characters")
