# SPDX-License-Identifier: Apache-2.0
"""How a template reads to somebody of whom nothing is known: filled with the fallbacks of a campaign. Nobody's data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hub.store.tables import TemplateRow

_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_MEDIA = ("image", "video", "document", "location")


@dataclass(frozen=True, slots=True)
class Sample:
    """A message as it would be seen. `media`: the kind of file on top; empty: none."""

    media: str
    text: str
    buttons: tuple[str, ...]


def fill(template: TemplateRow, given: Mapping[str, str]) -> Sample:
    """`given` as a campaign has it: parameter to `property` or `property|fallback`.

    Where there is no fallback, the property stands in angle quotes.
    """
    header, newline, rest = template.text.partition("\n")
    media = next((kind for kind in _MEDIA if f"header.{kind}" in template.parameters), "")
    if any(name.startswith("header.") and name.partition(".")[2] not in _MEDIA for name in template.parameters):
        text = _filled(header, "header.", given) + newline + _filled(rest, "", given)
    else:
        text = _filled(template.text, "", given)
    return Sample(media, text, tuple(template.buttons))


def _filled(text: str, prefix: str, given: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda found: _value(found[1], given.get(prefix + found[1], "")), text)


def _value(name: str, source: str) -> str:
    known, _, fallback = source.partition("|")
    return fallback.strip() or f"‹{known.strip() or name}›"
