# SPDX-License-Identifier: Apache-2.0
"""What the emulated Infobip looks at before it takes a message, field by field. Source: [1], [2]."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

BLANK, MISSING = "must not be blank", "must not be null"


class Invalid(Exception):
    """`errors`: for each field what is wrong with it."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(", ".join(sorted(errors)))
        self.errors = errors


@dataclass(frozen=True)
class Text:
    """A text of a length; with `low` 0 it may be left out."""

    path: str
    low: int
    high: int

    def problems(self, at: str, value: Any) -> Iterator[tuple[str, str]]:
        if value is None or value == "":
            if self.low:
                yield at, BLANK
                yield at, f"size must be between {self.low} and {self.high}"
        elif not isinstance(value, str) or len(value) > self.high:
            yield at, f"size must be between {self.low} and {self.high}"


@dataclass(frozen=True)
class Number:
    """Degrees."""

    path: str
    most: float

    def problems(self, at: str, value: Any) -> Iterator[tuple[str, str]]:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            yield at, MISSING
        elif abs(value) > self.most:
            yield at, f"must be between -{self.most:g} and {self.most:g}"


@dataclass(frozen=True)
class Each:
    """A list, and what each of its items must be."""

    path: str
    low: int
    high: int
    rules: tuple[Text | Number | Each, ...] = ()

    def problems(self, at: str, value: Any) -> Iterator[tuple[str, str]]:
        if not isinstance(value, list):
            yield at, MISSING
            return
        if not self.low <= len(value) <= self.high:
            yield at, f"size must be between {self.low} and {self.high}"
        for index, item in enumerate(value):
            if not self.rules and (not isinstance(item, str) or not item):
                yield f"{at}[{index}]", BLANK
            for rule in self.rules:
                yield from _follow(rule, item, f"{at}[{index}].")


Rule = Text | Number | Each
ENVELOPE: tuple[Rule, ...] = (
    Text("from", 1, 24),
    Text("to", 1, 150),
    Text("messageId", 0, 200),
    Text("callbackData", 0, 4000),
    Text("notifyUrl", 0, 2048),
)
_URL, _CAPTION = Text("content.mediaUrl", 1, 2048), Text("content.caption", 0, 3000)
_BODY, _FOOTER = Text("content.body.text", 1, 1024), Text("content.footer.text", 0, 60)
_HEADER = Text("content.header.text", 0, 60)
_ROWS = Each("rows", 1, 10, (Text("id", 1, 200), Text("title", 1, 24), Text("description", 0, 72)))
# path below /whatsapp/1/message/: Meta's word for the kind, and the rules
KINDS: dict[str, tuple[str, tuple[Rule, ...]]] = {
    "text": ("text", (Text("content.text", 1, 4096),)),
    "image": ("image", (_URL, _CAPTION)),
    "video": ("video", (_URL, _CAPTION)),
    "document": ("document", (_URL, _CAPTION, Text("content.filename", 0, 240))),
    "audio": ("audio", (_URL,)),
    "sticker": ("sticker", (_URL,)),
    "location": ("location", (Number("content.latitude", 90), Number("content.longitude", 180))),
    "contact": ("contacts", (Each("content.contacts", 1, 257, (Text("name.formattedName", 1, 1024),)),)),
    "interactive/buttons": (
        "interactive",
        (
            *(_BODY, _FOOTER, _HEADER),
            Each("content.action.buttons", 1, 3, (Text("id", 1, 256), Text("title", 1, 20))),
        ),
    ),
    "interactive/list": (
        "interactive",
        (
            *(_BODY, _FOOTER, _HEADER, Text("content.action.title", 1, 20)),
            Each("content.action.sections", 1, 10, (Text("title", 0, 24), _ROWS)),
        ),
    ),
}
TEMPLATE: tuple[Rule, ...] = (
    Text("content.templateName", 1, 512),
    Text("content.language", 1, 20),
    Each("content.templateData.body.placeholders", 0, 1024),
)


def check(body: Any, rules: tuple[Rule, ...], prefix: str = "") -> None:
    """Raises `Invalid` naming every field."""
    errors: dict[str, list[str]] = defaultdict(list)
    for rule in (*ENVELOPE, *rules):
        for at, problem in _follow(rule, body, prefix):
            errors[at].append(problem)
    if errors:
        raise Invalid(dict(errors))


def _follow(rule: Rule, value: Any, prefix: str) -> Iterator[tuple[str, str]]:
    for name in rule.path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    yield from rule.problems(prefix + rule.path, value)
