# SPDX-License-Identifier: Apache-2.0
"""Looks through a template before it is handed in: what the platform is known to refuse is found here, for nothing.

Source: Meta [3] templates/components, [9] templates/template-management. Meta also weighs the number of variables
against the length of the text (2388293); it publishes no formula, so that is left to Meta.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub.contract import PlatformCategory, TemplateDraft
from hub.whatsapp.reading import Fields, mapping, mappings, text
from hub.whatsapp.templates import VARIABLE

LONGEST_NAME, LONGEST_HEADER, LONGEST_BODY, LONGEST_FOOTER = 512, 60, 1024, 60
LONGEST_LABEL, LONGEST_URL, LONGEST_PHONE, LONGEST_COUPON = 25, 2000, 20, 15
MOST_BUTTONS = 10
MOST_OF = {"URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1}
MOST_CARDS = 10
ONE_BUTTON = "a one-time code has one button, of type OTP"
PARTS = ("HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL")
MEDIA = ("IMAGE", "VIDEO", "DOCUMENT", "GIF")
_NAME = re.compile(r"[a-z0-9_]+")
_NAMED = re.compile(r"[a-z_][a-z0-9_]*")
_ADJACENT = re.compile(r"\}\}\s*\{\{")
_AT_THE_END = re.compile(r"\{\{\s*\w+\s*\}\}$")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def problems(draft: TemplateDraft) -> list[Problem]:
    """Everything known to be refused; empty when nothing is."""
    return [Problem(place, what) for place, what in _draft(draft)]


Found = Iterator[tuple[str, str]]


def _draft(draft: TemplateDraft) -> Found:
    if not _NAME.fullmatch(draft.name) or len(draft.name) > LONGEST_NAME:
        yield "name", f"write small letters, digits and underscores, {LONGEST_NAME} at most"
    if not re.fullmatch(r"[a-z]{2,3}(_[A-Z]{2,3})?", draft.language):
        yield "language", "write it as de or en_US"
    kinds = [text(part.get("type")).upper() for part in draft.components]
    for kind in sorted(set(kinds)):
        if kind not in PARTS:
            yield "components", f"{kind or 'a component without type'} is none of {', '.join(PARTS)}"
        elif kinds.count(kind) > 1:
            yield "components", f"there are {kinds.count(kind)} of {kind}"
    if "BODY" not in kinds:
        yield "body", "is missing"
    if draft.category is PlatformCategory.AUTHENTICATION and "BUTTONS" not in kinds:
        yield "buttons", ONE_BUTTON
    yield from _mixed(draft.components)
    for part, kind in zip(draft.components, kinds, strict=True):
        if draft.category is PlatformCategory.AUTHENTICATION:
            yield from _one_time_code(part, kind)
        else:
            yield from _part(part, kind, "")


def _part(part: Fields, kind: str, prefix: str) -> Found:
    match kind:
        case "HEADER":
            yield from _header(part, f"{prefix}header")
        case "BODY":
            yield from _text(part, f"{prefix}body", LONGEST_BODY, "body_text")
        case "FOOTER":
            yield from _footer(text(part.get("text")))
        case "BUTTONS":
            yield from _buttons(mappings(part.get("buttons")), f"{prefix}buttons")
        case "CAROUSEL":
            yield from _cards(mappings(part.get("cards")))


def _mixed(components: Sequence[Fields]) -> Found:
    """One template numbers its variables or names them."""
    names = [name for part in components for name in _names(text(part.get("text")))]
    numbered = [name for name in names if name.isdecimal()]
    if numbered and len(numbered) < len(names):
        yield "variables", "some are numbered and some are named"
    for name in names:
        if not name.isdecimal() and not _NAMED.fullmatch(name):
            yield "variables", f"{name}: write small letters, digits and underscores"


def _header(part: Fields, place: str) -> Found:
    form = text(part.get("format")).upper()
    if form == "TEXT":
        yield from _text(part, place, LONGEST_HEADER, "header_text")
        if len(_names(text(part.get("text")))) > 1:
            yield place, "holds one variable at most"
    elif form in MEDIA:
        if not mapping(part.get("example")).get("header_handle"):
            yield place, "needs a sample: example.header_handle, from Meta's resumable upload"
    elif form != "LOCATION":
        yield place, f"format is none of TEXT, LOCATION, {', '.join(MEDIA)}"


def _text(part: Fields, place: str, longest: int, key: str) -> Found:
    words = text(part.get("text"))
    names = _names(words)
    if not words.strip():
        yield place, "is empty"
    if len(words) > longest:
        yield place, f"has {len(words)} characters, {longest} are allowed"
    if key == "body_text" and (VARIABLE.match(words.strip()) or _AT_THE_END.search(words.strip())):
        yield place, "begins or ends with a variable"
    if _ADJACENT.search(words):
        yield place, "has two variables with nothing between them"
    numbers = [int(name) for name in names if name.isdecimal()]
    if numbers and sorted(numbers) != list(range(1, len(numbers) + 1)):
        yield place, "numbers its variables other than 1, 2, 3"
    if len(_examples(mapping(part.get("example")), key)) < len(names):
        yield place, "needs an example for each variable"


def _examples(example: Fields, key: str) -> list[object]:
    """Positional examples of a header are a list, those of a body a list of lists."""
    named = mappings(example.get(f"{key}_named_params"))
    if named:
        return list(named)
    given = example.get(key)
    if not isinstance(given, list):
        return []
    return given[0] if given and isinstance(given[0], list) else given


def _footer(words: str) -> Found:
    if not words.strip() or len(words) > LONGEST_FOOTER:
        yield "footer", f"must have 1 to {LONGEST_FOOTER} characters"
    if _names(words):
        yield "footer", "holds no variable"


def _buttons(buttons: Sequence[Fields], place: str) -> Found:
    kinds = [text(button.get("type")).upper() for button in buttons]
    if not 1 <= len(buttons) <= MOST_BUTTONS:
        yield place, f"must be 1 to {MOST_BUTTONS}"
    for kind, most in MOST_OF.items():
        if kinds.count(kind) > most:
            yield place, f"{kinds.count(kind)} of {kind}, {most} allowed"
    replies = [index for index, kind in enumerate(kinds) if kind == "QUICK_REPLY"]
    if replies and replies[-1] - replies[0] >= len(replies):
        yield place, "quick replies must stand together"
    for index, (button, kind) in enumerate(zip(buttons, kinds, strict=True)):
        yield from _button(button, kind, f"{place}.{index}")


def _button(button: Fields, kind: str, place: str) -> Found:
    label = text(button.get("text"))
    if kind in ("QUICK_REPLY", "URL", "PHONE_NUMBER") and not 1 <= len(label) <= LONGEST_LABEL:
        yield place, f"the label must have 1 to {LONGEST_LABEL} characters"
    if kind == "PHONE_NUMBER" and not 1 <= len(text(button.get("phone_number"))) <= LONGEST_PHONE:
        yield place, f"phone_number must have 1 to {LONGEST_PHONE} characters"
    if kind == "COPY_CODE" and not 1 <= len(_first(button.get("example"))) <= LONGEST_COUPON:
        yield place, f"needs an example of 1 to {LONGEST_COUPON} characters"
    if kind == "URL":
        url = text(button.get("url"))
        variables = _names(url)
        if not url or len(url) > LONGEST_URL:
            yield place, f"url must have 1 to {LONGEST_URL} characters"
        if len(variables) > 1 or (variables and not _AT_THE_END.search(url)):
            yield place, "url holds one variable, at its end"
        if variables and not _first(button.get("example")):
            yield place, "needs an example"


def _cards(cards: Sequence[Fields]) -> Found:
    if not 1 <= len(cards) <= MOST_CARDS:
        yield "carousel", f"must have 1 to {MOST_CARDS} cards"
    for index, card in enumerate(cards):
        for part in mappings(card.get("components")):
            yield from _part(part, text(part.get("type")).upper(), f"card.{index}.")


def _one_time_code(part: Fields, kind: str) -> Found:
    """The text is Meta's own: there is nothing to write but how long a code lasts and how it is copied."""
    if kind == "BODY" and part.get("text"):
        yield "body", "is written by Meta for one-time codes; leave text out"
    if kind == "FOOTER" and part.get("text"):
        yield "footer", "is written by Meta for one-time codes; give code_expiration_minutes"
    if kind in ("HEADER", "CAROUSEL"):
        yield kind.lower(), "is not allowed for one-time codes"
    if kind == "BUTTONS":
        kinds = [text(button.get("type")).upper() for button in mappings(part.get("buttons"))]
        if kinds != ["OTP"]:
            yield "buttons", ONE_BUTTON


def _names(words: str) -> list[str]:
    return list(dict.fromkeys(VARIABLE.findall(words)))


def _first(example: object) -> str:
    return text(example[0] if isinstance(example, list) and example else example)
