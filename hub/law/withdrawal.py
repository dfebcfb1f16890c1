# SPDX-License-Identifier: Apache-2.0
"""Does this message say "no more"? An objection needs no form (Art. 7(3), 21(2) GDPR; LG Paderborn 2 O 325/23), so
anything a human would read as a no counts. The lists only speed things up; what is unclear rests until it is read.

Order: a pressed button; a keyword as the whole message; an unambiguous word at the start of a short one; then, sentence
by sentence, a will to receive no more. A sentence about a delivery, order or appointment is not about messages, and
"please don't stop" is no stop. Nothing leaves the process, and the rule's name never holds text of the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from hub.law.stopsentences import (
    ADS,
    ALL,
    HOW,
    LIMITED,
    MESSAGES,
    NEGATED,
    NOT_RECEIVED,
    OTHER,
    UNDONE,
    UNSURE,
    WHY,
    WILL,
)
from hub.law.stopwords import FILLER, STRONG, WHOLE, WHOLE_ALL, normal

SHORT = 4  # words; longer messages are read as sentences
CLAUSE = 60  # words of one clause that are read together, so that no text can be slow to read
_CLAUSE = re.compile(r"[.!?;:,\n]+")


class Wish(StrEnum):
    """What the person wants, weakest first."""

    NONE = "none"  # nothing of the kind
    UNSURE = "unsure"  # marketing rests until a person has read it; never recorded as a stop
    STOP = "stop"  # no more marketing
    STOP_ALL = "stop_all"  # nothing at all but what the law orders


@dataclass(frozen=True, slots=True)
class Reading:
    """How a message was read, and the name of the rule that read it so."""

    wish: Wish
    rule: str = ""


_NOTHING = Reading(Wish.NONE)
_WEIGHT = {wish: weight for weight, wish in enumerate(Wish)}


def classify(text: str, *, button: str = "") -> Reading:
    """Read an inbound message. `button` is the payload id of a pressed button."""
    if button:
        pressed = _keyword(normal(button)) or _sentence(normal(button))
        if pressed and pressed.wish is not Wish.UNSURE:
            return Reading(pressed.wish, "button")
    whole = normal(text)
    if not whole:
        return _NOTHING
    found = _keyword(whole)
    if found:
        return found
    readings = [reading for clause in _clauses(text) if (reading := _alone(clause, whole) or _sentence(clause))]
    return max(readings, key=lambda reading: _WEIGHT[reading.wish], default=_NOTHING)


def _clauses(text: str) -> Iterator[str]:
    for part in _CLAUSE.split(text):
        words = normal(part).split()
        for start in range(0, len(words), CLAUSE):
            yield " ".join(words[start : start + CLAUSE])


def _keyword(whole: str) -> Reading | None:
    """Keywords as the whole message, and unambiguous words at the start of a short one."""
    bare = _bare(whole)
    for form in (whole, bare):
        if form in WHOLE_ALL:
            return Reading(Wish.STOP_ALL, "keyword_all")
        if form in STRONG or form in WHOLE:
            return Reading(Wish.STOP, "keyword")
    words = bare.split()
    opens = bool(words) and words[0] in STRONG and len(words) <= SHORT
    if opens and not OTHER.search(bare) and not ALL.search(bare) and not NEGATED.search(whole):
        return Reading(Wish.STOP, "short")
    return None


def _alone(sentence: str, whole: str) -> Reading | None:
    """An unambiguous word that is a sentence of its own; unsure where the rest is about an order or the like."""
    if _bare(sentence) not in STRONG:
        return None
    return Reading(Wish.UNSURE if OTHER.search(whole) else Wish.STOP, "keyword_sentence")


def _sentence(sentence: str) -> Reading | None:
    if UNDONE.search(sentence) or NEGATED.search(sentence):
        return None
    if WHY.search(sentence):  # a complaint about too much or about too little
        return Reading(Wish.UNSURE, "why") if ADS.search(sentence) or UNSURE.search(sentence) else None
    other = bool(OTHER.search(sentence))
    about = bool(ADS.search(sentence) or MESSAGES.search(sentence))
    if ALL.search(sentence) and not ADS.search(sentence) and not other:
        return Reading(Wish.STOP_ALL, "all")
    rule = _will(sentence)
    if rule is None:
        unsure = UNSURE.search(sentence) and not other
        return Reading(Wish.UNSURE, "unwilling") if unsure else None
    if other:  # about an order, or about messages about an order
        return Reading(Wish.UNSURE, f"{rule}_mixed") if about else None
    if LIMITED.search(sentence) or (HOW.search(sentence) and not about):
        return Reading(Wish.UNSURE, f"{rule}_limited")
    return Reading(Wish.STOP, rule)


def _will(sentence: str) -> str | None:
    """The rule by which this sentence wants to receive no more."""
    for name, pattern in WILL.items():
        if pattern.search(sentence) and not (name == "no_more" and NOT_RECEIVED.search(sentence)):
            return name
    return None


def _bare(sentence: str) -> str:
    """Without polite words at either end."""
    words = sentence.split()
    while words and words[0] in FILLER:
        words = words[1:]
    while words and words[-1] in FILLER:
        words = words[:-1]
    return " ".join(words)
