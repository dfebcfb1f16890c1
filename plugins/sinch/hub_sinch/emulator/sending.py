# SPDX-License-Identifier: Apache-2.0
"""What `POST /messages:send` looks at before it accepts, and Sinch's error bodies. Source: [1] [2] [3]."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from hub.testing.emulator import answer
from hub.testing.whatsapp import TemplateSend, digits_of

WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
}
# the key of a message to the kind as Meta calls it
KINDS = {
    "text_message": "text",
    "template_message": "template",
    "media_message": "document",
    "choice_message": "interactive",
    "list_message": "interactive",
    "card_message": "interactive",
    "carousel_message": "interactive",
    "location_message": "location",
    "contact_info_message": "contacts",
}
CONTENT_TYPES = ("CONTENT_UNKNOWN", "CONTENT_MARKETING", "CONTENT_NOTIFICATION")
CLOSED = {
    "message_content_type": CONTENT_TYPES,
    "queue": ("NORMAL_PRIORITY", "HIGH_PRIORITY"),
    "processing_strategy": ("DEFAULT", "DISPATCH_ONLY"),
}
USUAL_TTL = "86400s"
LONGEST = {"correlation_id": 128, "message_metadata": 1024}
_TEXT = re.compile(r"(header|body)\[(\d+)\]text")
_FILE = re.compile(r"header\[1\](image|video|document)\.(link|filename)")
_BUTTON = re.compile(r"button\[(\d+)\](url|quick_reply)\[1\](text|payload)")


class Problem(Exception):
    """Sinch refuses."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers

    def response(self) -> Response:
        body = {"code": self.status, "message": self.message, "status": WORDS[self.status], "details": []}
        return answer(self.status, {"error": body}, self.headers)


@dataclass(frozen=True)
class Asked:
    """A well-formed message. `to` is digits, `ttl` in seconds."""

    to: str
    kind: str
    template: TemplateSend | None
    opaque: str
    content_type: str
    ttl: int


def checked(body: dict[str, Any], app: str) -> Asked:
    """Raises `Problem`."""
    if body.get("app_id") != app:
        raise Problem(404, "app not found")
    for field, words in CLOSED.items():
        if body.get(field, words[0]) not in words:
            raise Problem(400, f"invalid value for enum field {field}")
    for field, longest in LONGEST.items():
        if len(str(body.get(field, ""))) > longest:
            raise Problem(400, f"{field} is longer than {longest} characters")
    if not re.fullmatch(r"\d+s", str(body.get("ttl", USUAL_TTL))):
        raise Problem(400, "invalid duration in ttl")
    kind, content = _content(body.get("message"))
    return Asked(
        _recipient(body.get("recipient")),
        kind,
        _template(content) if kind == "template" else None,
        str(body.get("correlation_id", "")),
        str(body.get("message_content_type", "CONTENT_UNKNOWN")),
        int(str(body.get("ttl", USUAL_TTL)).removesuffix("s")),
    )


def _recipient(given: Any) -> str:
    """A contact id is for apps that keep contacts; in dispatch mode there are none."""
    try:
        identities = given["identified_by"]["channel_identities"]
        digits = [digits_of(str(one["identity"])) for one in identities if one["channel"] == "WHATSAPP"]
    except (KeyError, TypeError):
        raise Problem(400, "recipient must be identified by channel identities in dispatch mode") from None
    if not digits or not digits[0]:
        raise Problem(400, "invalid channel identity")
    return digits[0]


def _content(message: Any) -> tuple[str, Any]:
    found = [key for key in KINDS if isinstance(message, dict) and message.get(key)]
    if len(found) != 1:
        raise Problem(400, "message must have exactly one kind of content")
    (key,) = found
    content = message[key]
    if key == "text_message" and not content.get("text"):
        raise Problem(400, "text_message.text is empty")
    if key == "media_message" and not str(content.get("url", "")).startswith("http"):
        raise Problem(400, "media_message.url is invalid")
    if key == "choice_message" and not 1 <= len(content.get("choices", ())) <= 10:
        raise Problem(400, "choices must be between 1 and 10")
    if key == "list_message" and not (content.get("title") and content.get("sections")):
        raise Problem(400, "list_message needs title and sections")
    if key == "location_message" and not (content.get("title") and content.get("coordinates")):
        raise Problem(400, "location_message needs title and coordinates")
    if key == "contact_info_message" and not (content.get("name") and content.get("phone_numbers")):
        raise Problem(400, "contact_info_message needs name and phone_numbers")
    return KINDS[key], content


def _template(content: Any) -> TemplateSend:
    try:
        reference = content["channel_template"]["WHATSAPP"]
        name, language = str(reference["template_id"]), str(reference["language_code"])
    except (KeyError, TypeError):
        raise Problem(400, "channel_template needs template_id and language_code") from None
    return TemplateSend(name, language, _components(reference.get("parameters") or {}))


def _components(parameters: dict[str, str]) -> list[dict[str, Any]]:
    """Sinch's keys in Meta's words; values count from 1, buttons from 0 [3]."""
    texts: dict[str, dict[int, str]] = {}
    found: list[dict[str, Any]] = []
    for key, value in parameters.items():
        if text := _TEXT.fullmatch(key):
            texts.setdefault(text[1], {})[int(text[2])] = value
        elif button := _BUTTON.fullmatch(key):
            filled = {"type": button[3], button[3]: value}
            found.append({"type": "button", "sub_type": button[2], "index": button[1], "parameters": [filled]})
        elif file := _FILE.fullmatch(key):
            if file[2] == "link":
                found.append({"type": "header", "parameters": [{"type": file[1], file[1]: {"link": value}}]})
        else:
            raise Problem(400, "unknown template parameter")
    for place, values in texts.items():
        filled_in = [{"type": "text", "text": values[position]} for position in sorted(values)]
        found.append({"type": place, "parameters": filled_in})
    return found
