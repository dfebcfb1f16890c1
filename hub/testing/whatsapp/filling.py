# SPDX-License-Identifier: Apache-2.0
"""What the platform refuses when a template is filled. `components` are those of a send, in Meta's words.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/templates/components and support/error-codes
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hub.testing.whatsapp.refusals import Refused

Part = dict[str, Any]
LONGEST_BODY = 1024
LONGEST_CODE = 15
_VARIABLE = re.compile(r"\{\{(\w+)\}\}")
_FILES = ("image", "video", "document")
_COUPON = ("copy_code", "coupon_code")


def variables(text: str) -> list[str]:
    """Names of the variables, each once, in order."""
    return list(dict.fromkeys(_VARIABLE.findall(text)))


def check(template: Sequence[Part], given: Sequence[Any], *, named: bool) -> None:
    """Raises `Refused` when a send does not fit the template's own components."""
    parts = [part for part in given if isinstance(part, dict)]
    filled = {_word(part.get("type")): part for part in parts}
    own = {_word(part.get("type")): part for part in template}
    _header(own.get("header", {}), filled.get("header"), named)
    if len(_texts(str(own.get("body", {}).get("text", "")), filled.get("body"), "body", named)) > LONGEST_BODY:
        raise Refused(132005, "body is longer than 1024 characters")
    _buttons(own.get("buttons", {}).get("buttons", ()), parts)
    _cards(own.get("carousel", {}).get("cards", ()), filled.get("carousel"), named)


def _header(own: Part, part: Part | None, named: bool) -> None:
    kind = _word(own.get("format") or "text")
    if kind == "text":
        _texts(str(own.get("text", "")), part, "header", named)
        return
    parameters = _parameters(part)
    if len(parameters) != 1:
        raise Refused(132012, f"header: Format mismatch, expected {kind.upper()}, received UNKNOWN")
    if parameters[0].get("type") != kind:
        raise Refused(132012, f"header: Format mismatch, expected {kind.upper()}")
    value = parameters[0].get(kind)
    if kind in _FILES and not (isinstance(value, dict) and bool(value.get("id")) != bool(value.get("link"))):
        raise Refused(131008, f"header: {kind} needs an id or a link")
    if kind == "location" and not (isinstance(value, dict) and {"latitude", "longitude"} <= value.keys()):
        raise Refused(131008, "header: location needs latitude and longitude")


def _texts(text: str, part: Part | None, where: str, named: bool) -> str:
    """The text as it will be read."""
    parameters = _parameters(part)
    names = variables(text)
    if len(parameters) != len(names):
        raise Refused(132000, f"{where}: localizable_params ({len(parameters)}) != expected ({len(names)})")
    for position, parameter in enumerate(parameters):
        if parameter.get("type") != "text":
            raise Refused(132012, f"{where}: expected a text parameter")
        if not parameter.get("text"):
            raise Refused(131008, f"{where}: parameter of type text is missing text value")
        name = parameter.get("parameter_name") if named else names[position]
        if name is None:
            raise Refused(132012, f"{where}: parameter name is missing or empty")
        if name not in names:
            raise Refused(100, f"{where}: unknown parameter name")
        text = text.replace("{{" + name + "}}", parameter["text"])
    return text


def _buttons(buttons: Sequence[Part], parts: Sequence[Part]) -> None:
    given = {str(part.get("index")): part for part in parts if _word(part.get("type")) == "button"}
    if unknown := given.keys() - {str(index) for index in range(len(buttons))}:
        raise Refused(132018, f"buttons: there is no button at index {min(unknown)}")
    for index, button in enumerate(buttons):
        part = given.get(str(index), {})
        parameters = _parameters(part)
        kind = str(button.get("type"))
        needed = bool(variables(str(button.get("url", "")))) or kind in ("OTP", "COPY_CODE")
        if needed and len(parameters) != 1:
            raise Refused(131008, f"buttons: button at index {index} requires a parameter")
        if kind == "OTP" and len(str(parameters[0].get("text", ""))) > LONGEST_CODE:
            raise Refused(132012, "buttons: the code is longer than 15 characters")
        if kind == "COPY_CODE" and (_word(part.get("sub_type")), _word(parameters[0].get("type"))) != _COUPON:
            raise Refused(132012, f"buttons: button at index {index} expects a coupon_code")


def _cards(own: Sequence[Part], part: Part | None, named: bool) -> None:
    cards = [card for card in (part or {}).get("cards", ()) if isinstance(card, dict)]
    if len(cards) != len(own):
        raise Refused(132000, f"carousel: cards ({len(cards)}) != expected ({len(own)})")
    for index, (template, card) in enumerate(zip(own, cards, strict=True)):
        if card.get("card_index") != index:
            raise Refused(132012, f"carousel: card_index {index} is missing")
        check(template.get("components", ()), card.get("components") or (), named=named)


def _parameters(part: Part | None) -> list[Part]:
    return [one for one in (part or {}).get("parameters") or () if isinstance(one, dict)]


def _word(value: object) -> str:
    return str(value or "").lower()
