# SPDX-License-Identifier: Apache-2.0
"""The parameters of a template, read once for every plugin. One flat list of keys and values, so that a campaign, a
CRM workflow and a command line can fill any template:

    1, 2, ... or name       a variable of the body, by position or by name (one template uses one of the two ways)
    header.1, header.name   the variable of a text header
    header.image            a file above the text, also video and document: an https link, or id:... of an uploaded one
    header.document.name    the name shown for a document
    header.location         LATITUDE,LONGITUDE[,NAME[,ADDRESS]]
    button.0                the variable part of the link of the button at that index, or the code of a code button
    payload.0               what comes back as `MessageReceived.button` when the quick reply at that index is pressed
    copy.0                  the coupon code that the button at that index copies
    card.0.KEY              any of the above for the card at that index of a carousel
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from hub.contract.contents import LocationContent, Media, MediaKind
from hub.contract.errors import BadInput

_CARD = re.compile(r"card\.(\d+)\.(.+)")
_BUTTON = re.compile(r"(button|payload|copy)\.(\d+)")
_FILES = {f"header.{kind}": kind for kind in (MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.DOCUMENT)}


class ButtonKind(StrEnum):
    """Which part of a button a parameter fills."""

    LINK = "button"
    REPLY = "payload"
    COUPON = "copy"


@dataclass(frozen=True, slots=True)
class Button:
    """What fills the button at `index`."""

    index: int
    kind: ButtonKind
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Texts:
    """Variables of a text: pairs of name and value. `positional` ones are in order, and their names are numbers."""

    pairs: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def positional(self) -> bool:
        return all(name.isdecimal() for name, _ in self.pairs)

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(value for _, value in self.pairs)

    def __bool__(self) -> bool:
        return bool(self.pairs)


@dataclass(frozen=True, slots=True)
class Parts:
    """A template's parameters by where they go."""

    body: Texts = Texts()
    header: Texts | Media | LocationContent = Texts()
    buttons: tuple[Button, ...] = ()
    cards: tuple[Parts, ...] = ()


def parts(parameters: Iterable[tuple[str, str]]) -> Parts:
    """Sort the keys. Raises `BadInput` for a key that names no place."""
    own: list[tuple[str, str]] = []
    cards: dict[int, list[tuple[str, str]]] = {}
    for key, value in parameters:
        found = _CARD.fullmatch(key)
        if found:
            cards.setdefault(int(found[1]), []).append((found[2], value))
        else:
            own.append((key, value))
    if sorted(cards) != list(range(len(cards))):
        raise BadInput("a card is left out", field="card", remedy="Number the cards from 0.")
    return _parts(own, tuple(_parts(cards[index], ()) for index in range(len(cards))))


def _parts(parameters: list[tuple[str, str]], cards: tuple[Parts, ...]) -> Parts:
    body: list[tuple[str, str]] = []
    header: list[tuple[str, str]] = []
    buttons: list[Button] = []
    for key, value in parameters:
        button = _BUTTON.fullmatch(key)
        if button:
            buttons.append(Button(int(button[2]), ButtonKind(button[1]), value))
        elif key.startswith("header."):
            header.append((key, value))
        elif "." in key:
            raise BadInput("names no place in a template", field=key, remedy="Use the keys of `hub templates --help`.")
        else:
            body.append((key, value))
    return Parts(_texts(body), _header(header), tuple(sorted(buttons, key=lambda one: one.index)), cards)


def _texts(pairs: list[tuple[str, str]]) -> Texts:
    if all(name.isdecimal() for name, _ in pairs):
        pairs = sorted(pairs, key=lambda pair: int(pair[0]))
    return Texts(tuple(pairs))


def _header(given: list[tuple[str, str]]) -> Texts | Media | LocationContent:
    fields = dict(given)
    for key, kind in _FILES.items():
        if key in fields:
            return _file(kind, fields[key], fields.get("header.document.name", ""))
    if "header.location" in fields:
        return _place(fields["header.location"])
    return _texts([(key.removeprefix("header."), value) for key, value in given])


def _file(kind: MediaKind, value: str, name: str) -> Media:
    if value.startswith("id:"):
        return Media(kind, id=value.removeprefix("id:"), name=name)
    if not value.startswith("https://"):
        raise BadInput("is no file", field=f"header.{kind}", remedy="Give an https link, or id:... of an upload.")
    return Media(kind, link=value, name=name)


def _place(value: str) -> LocationContent:
    latitude, _, rest = value.partition(",")
    longitude, _, rest = rest.partition(",")
    name, _, address = rest.partition(",")
    try:
        return LocationContent(float(latitude), float(longitude), name.strip(), address.strip())
    except ValueError:
        remedy = "Write LATITUDE,LONGITUDE, as 52.52,13.40."
        raise BadInput("is no place", field="header.location", remedy=remedy) from None
