# SPDX-License-Identifier: Apache-2.0
"""What cannot be used, told in the language of who typed it: the code says it in English, `mistakes.toml` in German."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from hub.contract import BadInput

_HOLE = "{}"


class Said(NamedTuple):
    """A mistake in words. `language` is "en" where a sentence has no German yet."""

    field: str
    problem: str
    remedy: str
    language: str

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}. {self.remedy}"


def said(mistake: BadInput, language: str) -> Said:
    """The mistake in a language, whole: two languages in one sentence help nobody."""
    own = Said(mistake.field, mistake.problem, mistake.remedy, "en")
    if language != "de":
        return own
    problem, remedy = german(mistake.problem), german(mistake.remedy)
    return Said(_words()["fields"].get(own.field, own.field), problem, remedy, "de") if problem and remedy else own


def german(sentence: str) -> str:
    """The German of an English sentence, with what was filled in; empty where there is none."""
    known = _words()["sentences"]
    if sentence in known:
        return known[sentence]
    for pattern, translated in _patterns():
        if found := pattern.fullmatch(sentence):
            return translated.format(*found.groups())
    return ""


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("hub.web.console").joinpath("mistakes.toml").read_text("utf-8"))


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Sentences with holes; those that say most of themselves come first."""
    holed = [one for one in _words()["sentences"].items() if _HOLE in one[0]]
    holed.sort(key=lambda one: -len(one[0]))
    return [(re.compile("(.*?)".join(map(re.escape, one.split(_HOLE))), re.DOTALL), to) for one, to in holed]
