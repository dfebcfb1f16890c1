# SPDX-License-Identifier: Apache-2.0
"""The form about what a CRM's fields mean: what it shows at first, and what it says when it comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hub.contract import Channel, Expression, Purpose
from hub.flows import wizard
from hub.flows.candidates import PARTS, meaning
from hub.flows.wizard import Ground, Parts
from hub.web.console.rooms import Visitor

BLANK = 2  # rows for values that nobody knew of
MOST = 60  # rows of one part
EXPRESSIONS = tuple(Expression)
KINDS = ("confirmed_at", "inbound_message", "email_confirmed_at")
# what a value of these parts may mean; wordings are the company's own
MEANINGS: dict[str, tuple[str, ...]] = {
    "consent": ("yes", "no"),
    "purpose": (Purpose.MARKETING, Purpose.UTILITY),
    "channel": tuple(Channel),
    "basis": ("CONSENT", "CONTRACT", "LEGITIMATE_INTEREST"),
}
VALUED = ("consent", "purpose", "channel", "wording", "basis")
_KEYS = {"purpose": "values", "channel": "values", "wording": "versions", "basis": "names"}
_GUESS: dict[str, Callable[[str], str]] = {
    "consent": meaning,
    "channel": lambda value: value.casefold(),
    "purpose": lambda value: value.upper(),
}

Rows = list[tuple[str, str]]  # value and meaning


def fields(visitor: Visitor) -> dict[str, str]:
    """Part to property, as chosen."""
    return {part: visitor.typed(f"f.{part}")[:255] for part in PARTS}


def first_rows(ground: Ground, chosen: Mapping[str, str], seen: Mapping[str, list[str]]) -> dict[str, Rows]:
    """The values of the chosen fields, with what is mapped now or likely. `seen`: what the CRM's records hold."""
    return {part: _first(ground, part, chosen[part], seen.get(chosen[part], [])) for part in VALUED if chosen[part]}


def _first(ground: Ground, part: str, name: str, seen: list[str]) -> Rows:
    mapped = ground.present.parts.get(part) if ground.present else None
    present = ground.present.meanings(part) if ground.present and mapped and mapped.property == name else {}
    values = dict.fromkeys([*present, *ground.property(name).options, *seen])
    likely = _likely(part, values)
    return [(value, present.get(value) or likely.get(value, "")) for value in list(values)[:MOST]]


def _likely(part: str, values: Iterable[str]) -> dict[str, str]:
    """What values say by themselves."""
    guess = _GUESS.get(part)
    return {value: guess(value) for value in values if guess(value) in MEANINGS[part]} if guess else {}


def rows(visitor: Visitor) -> dict[str, Rows]:
    """The values as the form came back with them."""
    found = {}
    for part in VALUED:
        pairs = [(visitor.said(f"{part}.value.{i}"), visitor.said(f"{part}.means.{i}")) for i in range(MOST + BLANK)]
        found[part] = [(value, means) for value, means in pairs if value]
    return found


def text(visitor: Visitor) -> str:
    """The mapping that the form says. Raises `BadInput` with the part and field."""
    return wizard.compose(_parts(visitor))


def _parts(visitor: Visitor) -> Parts:
    chosen, said = fields(visitor), rows(visitor)
    parts: Parts = {"basis": _valued("basis", chosen, said)} if chosen["basis"] else {}
    if not chosen["consent"]:
        return parts
    flag: dict[str, Any] = {
        "property": chosen["consent"],
        "expression": visitor.said("expression"),
        "yes": [value for value, means in said["consent"] if means == "yes"],
        "no": [value for value, means in said["consent"] if means == "no"],
    }
    parts |= {"consent": flag, "time": {"property": chosen["time"], "zone": visitor.said("zone")}}
    parts |= {"point": {"property": chosen["point"]}}
    parts |= {"verification": {"property": chosen["verification"], "kind": visitor.said("kind")}}
    for part in ("purpose", "channel", "wording"):
        always = visitor.said(f"{part}.always")
        if chosen[part]:
            parts[part] = _valued(part, chosen, said)
        elif always:
            same = wizard.always(flag, always)
            parts[part] = {"property": same["property"], _KEYS[part]: same["values"]}
    return parts


def _valued(part: str, chosen: Mapping[str, str], said: Mapping[str, Rows]) -> dict[str, Any]:
    return {"property": chosen[part], _KEYS[part]: {value: means for value, means in said[part] if means}}
