# SPDX-License-Identifier: Apache-2.0
"""All languages as one: keywords, marks for what words are about, spelling, and a pattern for each kind of phrase."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache

from hub.law.languages import LANGUAGES, WILL, Language
from hub.law.languages.others import SHARED
from hub.law.phrases import ADS, MESSAGES, OTHER, listed, pattern, spellings, words_of
from hub.law.stopwords import normal

_STRETCHED = re.compile(r"(\w)\1{2,}")
_MIN_SPELLED = 6  # letters; shorter words are too close to others


@dataclass(frozen=True, slots=True)
class Marks:
    """Which words are about what: `exact` words, and beginnings and ends of words."""

    exact: dict[str, str]
    begins: tuple[tuple[str, str], ...]
    ends: tuple[tuple[str, str], ...]

    def of(self, word: str) -> str:
        found = self.exact.get(word, "")
        found += "".join(mark for begin, mark in self.begins if word.startswith(begin))
        return found + "".join(mark for end, mark in self.ends if word.endswith(end))


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What the reader looks things up in."""

    strong: frozenset[str]
    whole: frozenset[str]
    whole_all: frozenset[str]
    ending: frozenset[str]
    filler: frozenset[str]
    marks: Marks
    misspelled: dict[str, str]  # a word with a letter missing -> the word
    short: dict[str, str]  # as typed in haste -> the word
    real: frozenset[str]
    will: dict[str, re.Pattern[str]]
    everything: re.Pattern[str]
    unsure: re.Pattern[str]
    hints: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]  # of one language: refusing, and being written to
    negated: re.Pattern[str]
    undone: re.Pattern[str]
    missed: re.Pattern[str]
    why: re.Pattern[str]
    how: re.Pattern[str]
    limited: re.Pattern[str]
    not_received: re.Pattern[str]
    access: re.Pattern[str]
    terminates: re.Pattern[str]

    def marked(self, clause: str) -> str:
        """A clause in normal form, as patterns read it."""
        words = ((word, self.marks.of(word)) for word in map(self.spelled, clause.split()))
        return "".join(f" {word}/{marks}" if marks else f" {word}" for word, marks in words)

    def hinted(self, marked: str) -> bool:
        """Does a marked clause refuse something, and speak of advertising or of being written to?"""
        return any(refusing.search(marked) and reaching.search(marked) for refusing, reaching in self.hints)

    def spelled(self, word: str) -> str:
        """The word that is probably meant: "stooop" is "stop", "abmeldn" is "abmelden"."""
        word = _STRETCHED.sub(r"\1", word)
        word = self.short.get(word, word)
        if len(word) < _MIN_SPELLED or word in self.real or self.marks.of(word):
            return word
        return next((self.misspelled[way] for way in _shortened(word) if way in self.misspelled), word)


@cache
def lexicon() -> Lexicon:
    """Built at first use."""
    spelled = {way for language in LANGUAGES for word in listed(language.spelled) for way in spellings(word)}
    return Lexicon(
        strong=_forms("strong"),
        whole=_forms("whole"),
        whole_all=_forms("whole_all"),
        ending=_forms("ending"),
        filler=_forms("filler"),
        marks=_marks(),
        misspelled={way: word for word in sorted(spelled) for way in _shortened(word)},
        short={
            normal(hasty): normal(word)
            for language in LANGUAGES
            for hasty, _, word in (pair.partition("=") for pair in listed(language.short))
        },
        real=frozenset(words_of(*(text for language in LANGUAGES for text in texts(language)))),
        hints=tuple(_hint(language) for language in LANGUAGES if language.refusing),
        will={name: _pattern(name) for name in WILL},
        **{name: _pattern(name) for name in _PATTERNS},
    )


_PATTERNS = (
    "everything",
    "unsure",
    "negated",
    "undone",
    "missed",
    "why",
    "how",
    "limited",
    "not_received",
    "access",
    "terminates",
)


def _hint(language: Language) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Within one language: "ne" refuses in French and asks in Turkish."""
    advertising = "|".join([*listed(language.ads), *listed(SHARED.ads)])
    about = f"({advertising})\n{language.reaching}"
    return pattern([(language.refusing, language.words)]), pattern([(about, language.words)])


def _pattern(name: str) -> re.Pattern[str]:
    return pattern((getattr(language, name), language.words) for language in LANGUAGES)


def _forms(name: str) -> frozenset[str]:
    return frozenset(
        way for language in LANGUAGES for word in listed(getattr(language, name)) for way in spellings(word)
    )


def _marks() -> Marks:
    exact: dict[str, str] = {}
    begins, ends = set(), set()
    for language in LANGUAGES:
        for mark, text in ((ADS, language.ads), (MESSAGES, language.messages), (OTHER, language.other)):
            for word in listed(text):
                for way in spellings(word.strip("*")):
                    if word.endswith("*"):
                        begins.add((way, mark))
                    elif word.startswith("*"):
                        ends.add((way, mark))
                    elif mark not in exact.get(way, ""):
                        exact[way] = exact.get(way, "") + mark
    return Marks(exact, tuple(sorted(begins)), tuple(sorted(ends)))


def texts(language: Language) -> Iterable[str]:
    """Every list and phrase of a language."""
    yield from language.words.values()
    for part in fields(language):
        value = getattr(language, part.name)
        if isinstance(value, str):
            yield value


def _shortened(word: str) -> list[str]:
    """The word, and the word without each one of its letters: two words are one letter apart where these meet."""
    return [word, *(word[:at] + word[at + 1 :] for at in range(len(word)))]
