# SPDX-License-Identifier: Apache-2.0
"""What `POST /{phone number id}/messages` looks at before it accepts: envelope, limits, window."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub_meta.emulator.graph import Refused
from hub_meta.emulator.people import digits_of, is_bsuid

FREE_FORM = frozenset(
    ("text", "image", "video", "document", "audio", "sticker", "location", "contacts", "reaction", "interactive")
)
LONGEST_TEXT = 4096
LONGEST_OPAQUE = 512
SECOND = timedelta(seconds=1)
PAIR_PACE = timedelta(seconds=6)
PAIR_BURST = 45


@dataclass(frozen=True)
class Sent:
    """A message the platform accepted. `to` is a +number or a BSUID."""

    at: datetime
    to: str
    type: str
    template: str
    opaque: str
    wamid: str
    parameters: tuple[str, ...] = ()


class Limits:
    """Throughput of the sender, and pace towards one person: lent in bursts, repaid by waiting."""

    def __init__(self, throughput: int, *, pair_rate: bool) -> None:
        self.throughput, self.pair_rate = throughput, pair_rate
        self._recent: deque[datetime] = deque()
        self._owed: dict[str, datetime] = {}

    def take(self, now: datetime) -> None:
        """Raises `Refused` 130429 when the last second is full."""
        while self._recent and now - self._recent[0] >= SECOND:
            self._recent.popleft()
        if len(self._recent) >= self.throughput:
            raise Refused(130429, "Message failed to send because there were too many messages in a short time")
        self._recent.append(now)

    def take_pair(self, person: str, now: datetime) -> None:
        """Raises `Refused` 131056."""
        if not self.pair_rate:
            return
        free_at = max(self._owed.get(person, now), now)
        if free_at - now > PAIR_PACE * (PAIR_BURST - 1):
            raise Refused(131056, "Too many messages sent from this phone number to the same user")
        self._owed[person] = free_at + PAIR_PACE


def envelope(body: Any) -> dict[str, Any]:
    """The message, checked as far as it can be without knowing people or templates. Raises `Refused`."""
    if not isinstance(body, dict):
        raise Refused(100, "the body must be a JSON object")
    if body.get("messaging_product") != "whatsapp":
        raise Refused(100, "The parameter messaging_product is required.")
    kind = body.get("type", "text")
    if kind != "template" and kind not in FREE_FORM:
        raise Refused(131051, "message type is not supported")
    if kind not in body:
        raise Refused(131008, f"Parameter '{kind}' is mandatory for type '{kind}'")
    if kind != "contacts" and not isinstance(body[kind], dict):
        raise Refused(100, f"Param {kind} must be a JSON object.")
    if len(str(body.get("biz_opaque_callback_data", ""))) > LONGEST_OPAQUE:
        raise Refused(131009, "biz_opaque_callback_data is longer than 512 characters")
    if kind == "text":
        _check_text(body["text"])
    return body


def _check_text(text: dict[str, Any]) -> None:
    words = text.get("body")
    if not words:
        raise Refused(131008, "Parameter 'text.body' is mandatory for type 'text'")
    if not isinstance(words, str):
        raise Refused(100, "Param text['body'] must be a string.")
    if len(words) > LONGEST_TEXT:
        raise Refused(131009, "text.body is longer than 4096 characters")


def address(body: dict[str, Any]) -> tuple[str, str]:
    """Digits of `to`, and the BSUID of `recipient`; where both are given, `to` wins. Raises `Refused`."""
    to, recipient = body.get("to"), body.get("recipient")
    if to:
        digits = digits_of(str(to))
        if not digits:
            raise Refused(131009, "to is not a valid WhatsApp number")
        return digits, ""
    if not recipient:
        raise Refused(131008, "Parameter 'to' or 'recipient' is mandatory")
    if not is_bsuid(str(recipient)):
        raise Refused(131009, "recipient is not a user id")
    return "", str(recipient)


def template_of(body: dict[str, Any]) -> tuple[str, str, list[Any]]:
    """Name, language and components of a template send. Raises `Refused`."""
    template = body["template"]
    language = template.get("language")
    if not template.get("name") or not isinstance(language, dict) or not language.get("code"):
        raise Refused(131008, "Parameters 'template.name' and 'template.language.code' are mandatory")
    components = template.get("components") or []
    if not isinstance(components, list):
        raise Refused(100, "Param template['components'] must be an array.")
    return str(template["name"]), str(language["code"]), components
