# SPDX-License-Identifier: Apache-2.0
"""Phrases of the language modules, made into patterns. The signs are explained in `hub.law.languages.language`.

A pattern reads a marked clause: every word behind a space, and behind a word of a list the letters of its lists, as in
" keine werbung/a mehr".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from hub.law.stopwords import normal

ADS, MESSAGES, OTHER = "a", "m", "o"
_LISTS = {"ads": ADS, "messages": MESSAGES, "about": f"[{ADS}{MESSAGES}]", "other": OTHER}
_FIXED = {"^": "^", "$": "$", "..": r"(?: \S+){0,2}?", "...": r"(?: \S+){0,6}?"}
_PART = re.compile(r"\([^)]*\)|\[[^\]]*\]|\{\w+\}|\S+")
_SIGNS = re.compile(r"[()\[\]{}|!^$]")
_TWO_WAYS = {"ä": "ae", "ö": "oe", "ü": "ue"}  # as typed without a German keyboard


def spellings(word: str) -> set[str]:
    """The normal forms of a word, with and without the German way of writing umlauts."""
    ways = [(char, _TWO_WAYS[char]) if char in _TWO_WAYS else (char,) for char in word.casefold()]
    return {normal("".join(way)) for way in product(*ways)}


def listed(text: str) -> list[str]:
    """The words of a comma-separated list, as written."""
    return [word.strip() for word in text.split(",") if word.strip()]


def pattern(phrases: Iterable[tuple[str, Mapping[str, str]]]) -> re.Pattern[str]:
    """One pattern for phrases, one per line, each text with the lists its phrases may name."""
    lines = [_sequence(line, lists) for text, lists in phrases for line in text.splitlines() if line.strip()]
    return re.compile("|".join(rf"{line}(?= |$)" for line in lines) if lines else r"(?!)")


def _sequence(phrase: str, lists: Mapping[str, str]) -> str:
    return "".join(_part(part, lists) for part in _PART.findall(phrase))


def _part(part: str, lists: Mapping[str, str]) -> str:
    if part in _FIXED:
        return _FIXED[part]
    inner = part[1:-1]
    match part[0]:
        case "(":
            return f"(?:{'|'.join(_sequence(way, lists) for way in inner.split('|'))})"
        case "[":
            return f"(?:{'|'.join(_sequence(way, lists) for way in inner.split('|'))})?"
        case "{" if inner in _LISTS:
            return rf" \w+/\w*{_LISTS[inner]}\w*"
        case "{":
            return f"(?:{'|'.join(_sequence(way, lists) for way in listed(lists[inner]))})"
        case "!":
            return f"(?!{_word(part[1:])})"
    return _word(part)


def _word(written: str) -> str:
    if _SIGNS.search(written):
        raise ValueError(f"{written!r}: signs stand alone, and brackets hold no brackets")
    begin = r"\w*" if written.startswith("*") else ""
    end = r"\w*" if written.endswith("*") else ""
    ways = "|".join(sorted(begin + way + end for way in spellings(written.strip("*"))))
    return rf" (?:{ways})(?:/\w+)?(?= |$)"


def words_of(*texts: str) -> Iterator[str]:
    """Every plain word in lists or phrases, in normal form."""
    for text in texts:
        for word in re.findall(r"(?<![\w{*])[\w']+(?![\w}*])", text):
            yield from spellings(word)
