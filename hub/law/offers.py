# SPDX-License-Identifier: Apache-2.0
"""Which answers does a message of ours offer as the way out? "Reply 2 to opt out" makes "2" a stop (reference 4.8).

Pure. An offered answer is written in capitals, in quotation marks or as a small number, at the begin of a clause or
behind a word such as "reply", and its clause or the one beside it speaks of ending messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hub.law import content
from hub.law.stopwords import normal

_SENTENCE = re.compile(r"[.!\n]+")
_CLAUSE = re.compile(r"[?;,:|/()=–—]+|\s(?:oder|or|ou|oppure|o|of|lub|veya)\s", re.IGNORECASE)
_WORD = re.compile(r"""["'„“”‚‘’«»]([^"'„“”‚‘’«»]{1,30})["'“”‘’«»]|(\S+)""")
_ASK = re.compile(
    r"antwort\w*|schreib\w*|send\w*|tipp\w*|druck\w*|reply|text|type|answer|press|write|repond\w*|envoy\w*|tap\w*"
    r"|rispond\w*|invia\w*|scriv\w*|respond\w*|envi\w*|escrib\w*|antwoord\w*|stuur|typ|odpisz|odpowiedz|wyslij"
    r"|yanit\w*|cevap\w*|gonder\w*|yaz\w*"
)
_FILLER = re.compile(
    r"sie|bitte|einfach|mit|uns|nur|dem|wort|an|zu|and|und|please|just|with|us|the|word|by|par|le|mot|con|la|palabra"
    r"|parola|met|het|woord|to|back|a"
)
_END = re.compile(
    r"\b(?:ab(?:zu)?meld\w*|ab(?:zu)?bestell\w*|aus(?:zu)?tragen|widerruf\w*|widersprechen|(?:zum )?beenden"
    r"|keine? (?:\w+ )?(?:werbung|nachrichten|angebote|infos|mitteilungen|newsletter)|nichts? mehr"
    r"|unsubscribe|opt out|optout|no more|no longer|(?:to|will) (?:stop|end)|stop (?:receiving|these|messages|ads)"
    r"|desabonn\w*|desinscri\w*|ne plus recevoir|plus (?:de )?(?:pub|publicite|messages)"
    r"|disiscri\w*|non ricevere|niente piu|dar\w* de baja|no recibir|no quiere\w*"
    r"|afmelden|uitschrijven|geen (?:\w+ )?(?:berichten|reclame|aanbiedingen)|wypisa\w*|zrezygnowa\w*|nie otrzymywa\w*"
    r"|abonelikten|istemiyor\w*|almamak)\b"
)
_MISS = re.compile(r"\b(?:verpass\w*|versaum\w*|miss\w*|rat\w* rien|manquer|perd\w*)\b")  # "never miss offers again"
_SMALL = re.compile(r"\d{1,2}")


def offered(text: str, buttons: Iterable[str] = ()) -> frozenset[str]:
    """The answers, in normal form, by which this message offers to receive no more."""
    found = {normal(label) for label in buttons if content.stop_hint("", [label]) or _ends(normal(label))}
    if any(_ASK.fullmatch(word) for word in normal(text).split()):
        found |= _of(_parts(text))
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class _Part:
    """A clause, the answer it offers, and whether it says nothing else."""

    sentence: int
    text: str
    answer: str
    alone: bool

    @property
    def ends(self) -> bool:
        return _ends(normal(self.text))


def _parts(text: str) -> list[_Part]:
    return [
        _Part(index, clause, *_answer(clause))
        for index, sentence in enumerate(_SENTENCE.split(text))
        for clause in _CLAUSE.split(sentence)
        if clause.strip()
    ]


def _of(parts: Sequence[_Part]) -> set[str]:
    found = set()
    for at, part in enumerate(parts):
        near = [part, *(_beside(parts, at) if part.alone else ())]
        if part.answer and any(one.ends for one in near):
            found.add(part.answer)
    return found


def _beside(parts: Sequence[_Part], at: int) -> list[_Part]:
    """The clauses around one that offer nothing themselves, past others that are but an answer ("STOP or END").

    What comes before may be the sentence before: "No more offers? Reply END." What comes after may not.
    """
    first = last = at
    while first > 0 and parts[first - 1].alone and parts[first - 1].sentence == parts[at].sentence:
        first -= 1
    while last + 1 < len(parts) and parts[last + 1].alone:
        last += 1
    before, after = parts[max(first - 1, 0) : first], parts[last + 1 : last + 2]
    return [one for one in before if not one.answer] + [
        one for one in after if not one.answer and one.sentence == parts[at].sentence
    ]


def _ends(clause: str) -> bool:
    return bool(_END.search(clause)) and not _MISS.search(clause)


def _answer(clause: str) -> tuple[str, bool]:
    """The answer a clause offers, and whether the clause says nothing else."""
    words = [(quoted or plain, bool(quoted)) for quoted, plain in _WORD.findall(clause)]
    last_ask = max((i for i, (word, _) in enumerate(words) if _ASK.fullmatch(normal(word))), default=-1)
    start = last_ask + 1
    while start < len(words) and not _named(*words[start]) and _FILLER.fullmatch(normal(words[start][0])):
        start += 1
    if start == len(words) or not _named(*words[start]):
        return "", False
    rest = [*words[: max(last_ask, 0)], *words[start + 1 :]]
    return normal(words[start][0]), all(_FILLER.fullmatch(normal(word)) for word, _ in rest)


def _named(word: str, quoted: bool) -> bool:
    bare = word.strip("*_~")
    return quoted or bool(_SMALL.fullmatch(bare)) or (len(bare) > 1 and bare.isalpha() and bare.isupper())
