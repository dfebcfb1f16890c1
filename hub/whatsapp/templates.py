# SPDX-License-Identifier: Apache-2.0
"""Templates as the platform lists them, whichever vendor passes them on: `components` stay in Meta's words.

Source: Meta [3] templates/components, [9] templates/template-management.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hub.contract import (
    BadInput,
    Parts,
    PlatformCategory,
    Template,
    TemplateContent,
    TemplateProblem,
    TemplateState,
    parts,
)
from hub.whatsapp.reading import Fields, mappings, text

TEMPLATE_STATES = {
    "APPROVED": TemplateState.APPROVED,
    "PENDING": TemplateState.PENDING,
    "IN_APPEAL": TemplateState.PENDING,
    "REJECTED": TemplateState.REJECTED,
    "LIMIT_EXCEEDED": TemplateState.REJECTED,
    "PAUSED": TemplateState.PAUSED,
    "LOCKED": TemplateState.PAUSED,
    "DISABLED": TemplateState.DISABLED,
    "PENDING_DELETION": TemplateState.GONE,
    "DELETED": TemplateState.GONE,
    "ARCHIVED": TemplateState.GONE,
}
POOR = frozenset({"YELLOW", "RED"})  # ratings of quality, of templates and numbers alike
VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_PLACE = re.compile(r"(^|\.)(button\.\d+|copy\.\d+|header\.(image|video|document|location))$")
_SHOWN = ("HEADER", "BODY", "FOOTER")
_HEADERS = ("IMAGE", "VIDEO", "DOCUMENT", "LOCATION")


def template(listed: Fields) -> Template | None:
    """A template of Meta's list; None when its name, language or category cannot be read."""
    state = template_state(listed.get("status"))
    return assembled(
        text(listed.get("name")),
        locale(listed.get("language")),
        listed.get("category"),
        state,
        listed.get("components"),
    )


def assembled(name: str, language: str, category: object, state: TemplateState, components: object) -> Template | None:
    """A template from its pieces, for vendors that list them in their own way; None like `template`."""
    known = platform_category(category)
    if not name or not language or known is None:
        return None
    own = mappings(components)
    texts = [text(part.get("text")) for part in own if _type(part) in _SHOWN]
    labels = tuple(text(button.get("text")) for button in _buttons(own))
    shown = "\n".join(part for part in texts if part)
    return Template(name, language, known, state, shown, tuple(variables(own)), labels)


def filled(content: TemplateContent) -> Parts:
    """What fills a template, by where it goes. Raises `TemplateProblem` for a key that names no place."""
    try:
        return parts(content.parameters)
    except BadInput as error:
        raise TemplateProblem(str(error)) from None


def template_state(word: object) -> TemplateState:
    """Only APPROVED may be sent, so a state this version cannot read is treated as disabled."""
    return TEMPLATE_STATES.get(text(word).upper(), TemplateState.DISABLED)


def variables(components: Sequence[Fields], prefix: str = "") -> Iterator[str]:
    """The keys of a template's parameters, as `hub.contract.parts` spells them."""
    for part in components:
        if _type(part) == "HEADER" and _format(part) in _HEADERS:
            yield f"{prefix}header.{_format(part).lower()}"
        elif _type(part) in ("HEADER", "BODY"):
            place = f"{prefix}header." if _type(part) == "HEADER" else prefix
            yield from dict.fromkeys(place + found for found in VARIABLE.findall(text(part.get("text"))))
    for index, button in enumerate(_buttons(components)):
        if _type(button) == "COPY_CODE":
            yield f"{prefix}copy.{index}"
        elif VARIABLE.search(text(button.get("url"))) or _type(button) == "OTP":
            yield f"{prefix}button.{index}"
    cards = [card for part in components for card in mappings(part.get("cards"))]
    for index, card in enumerate(cards):
        yield from variables(mappings(card.get("components")), f"{prefix}card.{index}.")


def named(components: Sequence[Fields]) -> bool:
    """Are variables named, and not numbered?"""
    keys = (key.rpartition(".")[2] for key in variables(components) if not _PLACE.search(key))
    return any(not key.isdecimal() for key in keys)


def locale(language: object) -> str:
    """Meta writes en_US in lists and en-US in webhooks."""
    return text(language).replace("-", "_")


def platform_category(word: object) -> PlatformCategory | None:
    return PlatformCategory.__members__.get(text(word).upper())


def _buttons(components: Sequence[Fields]) -> list[Fields]:
    return [button for part in components for button in mappings(part.get("buttons"))]


def _type(component: Fields) -> str:
    return text(component.get("type")).upper()


def _format(component: Fields) -> str:
    return text(component.get("format")).upper()
