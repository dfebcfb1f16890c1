# SPDX-License-Identifier: Apache-2.0
"""Parts of a message that several vendors want alike, and what WhatsApp or a vendor does not show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from hub.contract import (
    LocationContent,
    Media,
    MediaContent,
    MediaKind,
    Outgoing,
    Rejected,
    TemplateProblem,
    Texts,
    not_carried,
)
from hub.whatsapp.reading import Fields

T = TypeVar("T")
CAPTIONED = frozenset({MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.DOCUMENT})
_EMPTY: tuple[object, ...] = ("", None, [], {}, ())


def built(outgoing: Outgoing, builders: Mapping[type, Callable[[Any], T]]) -> T:
    """What the plugin's builder for this kind of content makes of it. Raises `Rejected` for a kind without one."""
    build = builders.get(type(outgoing.content))
    if build is None:
        raise not_carried(outgoing)
    return build(outgoing.content)


def present(fields: Fields) -> Fields:
    """The fields without those that are empty. 0 and False are not."""
    return {key: value for key, value in fields.items() if value not in _EMPTY}


def place(content: LocationContent) -> Fields:
    """A location in Meta's words."""
    degrees = {"latitude": content.latitude, "longitude": content.longitude}
    return {**degrees, **present({"name": content.name, "address": content.address})}


def caption(content: MediaContent) -> str:
    """Raises `Rejected` where WhatsApp would not show the one that is given."""
    if content.caption and content.media.kind not in CAPTIONED:
        raise Rejected(f"WhatsApp shows no caption with {content.media.kind}")
    return content.caption


def shown_name(media: Media) -> str:
    """The name that people see: of documents alone."""
    return media.name if media.kind is MediaKind.DOCUMENT else ""


def link(media: Media, vendor: str) -> str:
    """Raises `Rejected` for a file that lies at the vendor: it stores none."""
    if not media.link:
        raise Rejected(f"{vendor} stores no files; give a link")
    return media.link


def positional(texts: Texts, vendor: str) -> tuple[str, ...]:
    """The values of a vendor that fills by position. Raises `TemplateProblem` for named ones, and for a gap: it would
    put a value in another's place."""
    if [name for name, _ in texts.pairs] != [str(place) for place, _ in enumerate(texts.pairs, 1)]:
        raise TemplateProblem(f"{vendor} fills variables by position: give 1, 2, ... without a gap")
    return texts.values
