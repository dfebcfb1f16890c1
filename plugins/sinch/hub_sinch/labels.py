# SPDX-License-Identifier: Apache-2.0
"""Labels of quick replies, remembered from the newest list of templates for those who send."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from hub import Memory, TemplateContent
from hub.whatsapp.reading import mapping, parsed, text
from hub.whatsapp.templates import locale

_KEY = "labels"


class Labels:
    """By name and language of the template, then by the index of the button."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._known: Mapping[str, object] | None = None  # saves asking the memory for every message

    def of(self, content: TemplateContent) -> dict[str, str]:
        if self._known is None:
            self._known = parsed((self._memory.get(_KEY) or "").encode())
        found = mapping(self._known.get(key(content.name, content.language)))
        return {index: text(label) for index, label in found.items() if index.isdecimal()}

    def keep(self, listed: Mapping[str, Mapping[str, str]]) -> None:
        """All that were listed; what was known before is forgotten."""
        kept = {template: labels for template, labels in listed.items() if labels}
        written = orjson.dumps(kept, option=orjson.OPT_SORT_KEYS).decode()
        if written != self._memory.get(_KEY):
            self._memory.set(_KEY, written)
        self._known = kept


def key(template: str, language: str) -> str:
    return f"{template}/{locale(language)}"
