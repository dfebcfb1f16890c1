# SPDX-License-Identifier: Apache-2.0
"""Does this message say "no more"? An objection needs no form (Art. 7(3), 21(2) GDPR; LG Paderborn 2 O 325/23), so
anything a human would read as a no counts. The lists only speed things up; what is unclear rests until it is read.

Order: a pressed button; an answer that we offered; a sign or keyword as the whole message; an unambiguous word at the
start of a short one; then, clause by clause, a will to receive no more. A clause about a delivery, order or appointment
is not about messages, and "please don't stop" is no stop. Nothing leaves the process, and the rule's name never holds
text of the message.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from hub.law.languages import STOP_SIGNS, UNWILLING_SIGNS
from hub.law.lexicon import Lexicon, lexicon
from hub.law.phrases import ADS, MESSAGES, OTHER
from hub.law.stopwords import normal

SHORT = 4  # words; longer messages are read as clauses
CLAUSE = 60  # words of one clause that are read together, so that no text can be slow to read
_SENTENCE = re.compile(r"(?<=[.!?\n])")
_CLAUSE = re.compile(r"[.!?;:,\n]+")
_QUOTED = re.compile(r'"[^"]*"|„[^“”"]*[“”"]|“[^“”]*”|«[^«»]*»')
_SPACED = frozenset({"stop", "stopp"})  # "s t o p"


class Wish(StrEnum):
    """What the person wants, weakest first."""

    NONE = "none"  # nothing of the kind
    UNSURE = "unsure"  # marketing rests until a person has read it; never recorded as a stop
    STOP = "stop"  # no more marketing
    STOP_ALL = "stop_all"  # nothing at all but what the law orders


class Ask(StrEnum):
    """What else a person must read and do something about."""

    ERASURE = "erasure"  # Art. 17
    ACCESS = "access"  # Art. 15
    TERMINATION = "termination"  # the end of a contract


@dataclass(frozen=True, slots=True)
class Reading:
    """How a message was read, and the name of the rule that read it so."""

    wish: Wish
    rule: str = ""
    asks: frozenset[Ask] = frozenset()

    @property
    def scope(self) -> str:
        """What the stop binds (legal reference 2.7): an objection binds every channel, "STOP" in a chat this one."""
        match self.wish:
            case Wish.STOP_ALL:
                return "all"
            case Wish.STOP if self.rule == "objection":
                return "all_marketing"
            case Wish.STOP | Wish.UNSURE:
                return "whatsapp_marketing"
        return ""


_NOTHING = Reading(Wish.NONE)
_WEIGHT = {wish: weight for weight, wish in enumerate(Wish)}


def classify(text: str, *, button: str = "", offered: Collection[str] = ()) -> Reading:
    """Read an inbound message. `button` is the payload id of a pressed button.

    `offered` are answers by which our own message before this one offered to stop, as in "answer 1 for no more".
    """
    reader = _Reader(lexicon())
    if button:
        pressed = reader.keyword(normal(button)) or reader.clause(normal(button))
        if pressed and pressed.wish is not Wish.UNSURE:
            return Reading(pressed.wish, "button")
    whole = normal(text)
    if not whole:
        return _sign(text)
    if {whole, reader.bare(whole)} & {normal(answer) for answer in offered}:
        return Reading(Wish.STOP, "offered")
    own = _QUOTED.sub(" ", text)
    if not normal(own):
        return _read(reader, text)
    read = _read(reader, own)
    quotes = [_read(reader, quote) for quote in _QUOTED.findall(text)]
    if read.wish is Wish.NONE and any(quote.wish is not Wish.NONE for quote in quotes):
        return replace(read, wish=Wish.UNSURE, rule="quoted")  # somebody's words, perhaps not the person's own
    return read


def _read(reader: _Reader, text: str) -> Reading:
    whole = normal(text)
    found = reader.keyword(whole)
    if found:
        return found
    read = [reader.sentence(sentence, whole) for sentence in _SENTENCE.split(text)]
    strongest = max(read, key=lambda one: _WEIGHT[one.wish])
    return replace(strongest, asks=frozenset(ask for one in read for ask in one.asks))


def sign(text: str) -> Reading:
    """A reaction to a message of ours: a sign of displeasure is never more than unsure."""
    read = _sign(text)
    return Reading(Wish.UNSURE, "reaction") if read.wish is not Wish.NONE else _NOTHING


def _sign(text: str) -> Reading:
    if any(char in STOP_SIGNS for char in text):
        return Reading(Wish.STOP, "sign")
    return Reading(Wish.UNSURE, "sign") if any(char in UNWILLING_SIGNS for char in text) else _NOTHING


def _clauses(text: str) -> Iterator[str]:
    for part in _CLAUSE.split(text):
        words = normal(part).split()
        for start in range(0, len(words), CLAUSE):
            yield " ".join(words[start : start + CLAUSE])


@dataclass(frozen=True, slots=True)
class _Reader:
    known: Lexicon

    def keyword(self, whole: str) -> Reading | None:
        """Keywords as the whole message, and unambiguous words at the start of a short one."""
        bare = self.bare(whole)
        for form in (whole, bare):
            if form in self.known.whole_all:
                return Reading(Wish.STOP_ALL, "keyword_all")
            if form in self.known.strong or form in self.known.whole:
                ends = form in self.known.ending
                return Reading(Wish.STOP, "keyword", frozenset({Ask.TERMINATION} if ends else ()))
        words = bare.split()
        if "".join(words) in _SPACED:
            return Reading(Wish.STOP, "keyword")
        if not words or words[0] not in self.known.strong or len(words) > SHORT:
            return None
        marked = self.known.marked(bare)
        full = self.known.marked(whole)
        turned = any(found.search(full) for found in (self.known.everything, self.known.negated, self.known.undone))
        return None if turned or _about(marked, OTHER) else Reading(Wish.STOP, "short")

    def alone(self, clause: str, whole: str) -> Reading | None:
        """An unambiguous word that is a clause of its own; unsure where the rest is about an order or the like."""
        if self.bare(clause) not in self.known.strong:
            return None
        other = _about(self.known.marked(whole), OTHER)
        return Reading(Wish.UNSURE if other else Wish.STOP, "keyword_sentence")

    def sentence(self, sentence: str, whole: str) -> Reading:
        """What its clauses say together."""
        clauses = list(_clauses(sentence))
        read = [self.alone(clause, whole) or self.clause(clause) or _NOTHING for clause in clauses]
        strongest = max(read, key=lambda one: _WEIGHT[one.wish], default=_NOTHING)
        rest = clauses[read.index(strongest) + 1 :] if strongest.rule == "no_more" else []
        if any(_about(self.known.marked(clause), OTHER) for clause in rest):  # "no ads, I want my invoice"
            strongest = Reading(Wish.UNSURE, "no_more_mixed")
        if strongest.rule == "no_more" and sentence.rstrip().endswith("?"):  # "no ads for this film?"
            strongest = Reading(Wish.UNSURE, "no_more_asked")
        return replace(strongest, asks=frozenset(ask for one in read for ask in one.asks))

    def clause(self, clause: str) -> Reading | None:
        """What a clause says, and what else it asks for."""
        marked = self.known.marked(clause)
        if self.known.missed.search(marked):
            return None
        asks = self._asks(marked)
        said = self._said(marked)
        if self.known.undone.search(
            marked
        ):  # "signed up by mistake, remove me" is a stop, "stopped by mistake" is none
            return Reading(Wish.UNSURE, "undone") if said and said.wish in (Wish.STOP, Wish.STOP_ALL) else None
        if said is None and Ask.TERMINATION in asks:
            said = Reading(Wish.UNSURE, "termination")
        if said is None and asks:
            said = _NOTHING
        return replace(said, asks=asks) if said else None

    def _asks(self, marked: str) -> frozenset[Ask]:
        patterns = {
            Ask.ERASURE: self.known.will["erase_me"],
            Ask.ACCESS: self.known.access,
            Ask.TERMINATION: self.known.terminates,
        }
        negated = self.known.negated.search(marked)
        return frozenset(ask for ask, pattern in patterns.items() if not negated and pattern.search(marked))

    def _said(self, marked: str) -> Reading | None:
        known, ads = self.known, _about(marked, ADS)
        if known.negated.search(marked):
            return None
        if known.why.search(marked):  # a complaint about too much or about too little
            return Reading(Wish.UNSURE, "why") if ads or known.unsure.search(marked) else None
        other, about = _about(marked, OTHER), ads or _about(marked, MESSAGES)
        if known.everything.search(marked) and not ads and not other:
            return Reading(Wish.STOP_ALL, "all")
        rule = self._will(marked)
        if rule is None and not other:
            if known.unsure.search(marked):
                return Reading(Wish.UNSURE, "unwilling")
            hinted = known.hinted(marked) and not known.not_received.search(marked)
            return Reading(Wish.UNSURE, "hint") if hinted else None
        if rule is None:
            return None
        if other:  # about an order, or about messages about an order
            return Reading(Wish.UNSURE, f"{rule}_mixed") if about else None
        if known.limited.search(marked) or (known.how.search(marked) and not about):
            return Reading(Wish.UNSURE, f"{rule}_limited")
        return Reading(Wish.STOP, rule)

    def _will(self, marked: str) -> str | None:
        """The rule by which this clause wants to receive no more."""
        for name, pattern in self.known.will.items():
            if pattern.search(marked) and not (name == "no_more" and self.known.not_received.search(marked)):
                return name
        return None

    def bare(self, clause: str) -> str:
        """Spelled as meant, without polite words at either end and without saying it twice."""
        words = [self.known.spelled(word) for word in clause.split()]
        while words and words[0] in self.known.filler:
            words = words[1:]
        while words and words[-1] in self.known.filler:
            words = words[:-1]
        return words[0] if len(set(words)) == 1 else " ".join(words)


def _about(marked: str, mark: str) -> bool:
    return any(mark in word.partition("/")[2] for word in marked.split())
