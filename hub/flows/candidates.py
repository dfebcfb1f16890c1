# SPDX-License-Identifier: Apache-2.0
"""Which of a CRM's fields may say something about consent, by their kind and by German and English names. A proposal,
never an answer: a person says what a field means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hub.contract import Property, PropertyKind

FLAG, CHOICE, MOMENT = PropertyKind.FLAG, PropertyKind.CHOICE, PropertyKind.MOMENT
PHONE, TEXT, UNKNOWN = PropertyKind.PHONE, PropertyKind.TEXT, PropertyKind.UNKNOWN

_WHATSAPP = re.compile(r"whats ?app|\bwa\b")
_CONSENT = re.compile(r"opt ?in|einwillig|einverst|zustimm|erlaub|consent|permission|agree")
_ADVERTISING = re.compile(r"newsletter|werb|marketing|advertis|subscri|abonn|anmeld")
_AGAINST = re.compile(r"opt(ed)? ?out|unsubscri|abmeld|abgemeld|widerr|widerspr|withdr|revoke|objection|sperr|bounce")
_WHEN = re.compile(r"dat(e|um)\b|\b(at|am|time|since|seit)\b|zeit|stamp")
_WORDS = re.compile(r"text|wortlaut|wording|version|fassung|form(ular)?\b")
_CHANNEL = re.compile(r"channel|kanal|kanäl")
_PURPOSE = re.compile(r"purpose|zweck")
_NUMBER = re.compile(r"number|nummer|phone|telefon|mobil|handy")
_CONFIRMED = re.compile(r"confirm|bestätig|bestaetig|verifi|double|\bdoi\b")
_BASIS = re.compile(r"legal ?basis|lawful|rechtsgrundlage")
_NAMES_MORE = (_WHEN, _WORDS, _CHANNEL, _PURPOSE, _NUMBER, _CONFIRMED, _BASIS)


@dataclass(frozen=True, slots=True)
class _Sought:
    """What a field of this part is like: of one of these kinds, the likeliest first, and its name says `word`."""

    kinds: tuple[PropertyKind, ...]
    word: re.Pattern[str] | None = None  # None: consent itself, and nothing about it
    alone: bool = False  # the word says enough; else the name speaks of consent or advertising too


_SOUGHT = {
    "consent": _Sought((FLAG, CHOICE, TEXT, UNKNOWN)),
    "time": _Sought((MOMENT, UNKNOWN, TEXT), _WHEN),
    "wording": _Sought((CHOICE, TEXT, UNKNOWN), _WORDS),
    "channel": _Sought((CHOICE, TEXT, UNKNOWN), _CHANNEL),
    "purpose": _Sought((CHOICE, TEXT, UNKNOWN), _PURPOSE),
    "point": _Sought((PHONE, TEXT, UNKNOWN), _NUMBER),
    "verification": _Sought((MOMENT, TEXT, UNKNOWN), _CONFIRMED),
    "basis": _Sought((CHOICE, TEXT, UNKNOWN), _BASIS, alone=True),
}
PARTS = tuple(_SOUGHT)

_YES = frozenset(
    {"true", "yes", "ja", "j", "y", "x", "1", "opt in", "optin", "opted in", "granted", "given", "subscribed"}
)
_YES_DE = frozenset({"erteilt", "ja erteilt", "eingewilligt", "zugestimmt", "angemeldet"})
_NO = frozenset({"no", "nein", "opt out", "optout", "opted out", "declined", "refused", "unsubscribed"})
_NO_DE = frozenset({"abgelehnt", "verweigert", "widerrufen", "abgemeldet", "nicht erteilt"})


def propose(part: str, properties: Sequence[Property]) -> tuple[Property, ...]:
    """Fields that may be this part of a mapping, the likeliest first."""
    sought = _SOUGHT[part]
    found = [(score, one) for one in properties if (score := _score(sought, one))]
    return tuple(one for _, one in sorted(found, key=lambda pair: (-pair[0], pair[1].name)))


def meaning(value: str) -> str:
    """`yes`, `no`, or empty where a value says neither by itself; "false" does not: an empty tick is no refusal."""
    said = _plain(value)
    if said in _YES | _YES_DE:
        return "yes"
    return "no" if said in _NO | _NO_DE else ""


def _score(sought: _Sought, one: Property) -> int:
    """0: it is none. WhatsApp in the name counts most, then consent, then values that say yes or no, then the kind."""
    # of an object's field the object says what the field is about, but not that it is the consent itself
    name = one.name if sought.word else one.name.rpartition(".")[2]
    said = _plain(f"{name} {one.label}")
    if one.kind not in sought.kinds or _AGAINST.search(said):
        return 0
    subject = 8 * bool(_WHATSAPP.search(said)) + 4 * bool(_CONSENT.search(said)) + 2 * bool(_ADVERTISING.search(said))
    if not subject and not sought.alone:
        return 0
    if sought.word is None:
        fits = not any(more.search(said) for more in _NAMES_MORE)
        subject += 3 * (one.kind is CHOICE and any(meaning(value) for value in one.options))
    else:
        fits = bool(sought.word.search(said)) or (sought.kinds[0] is one.kind is MOMENT and sought.word is _WHEN)
        fits = fits and (sought.word is _CONFIRMED or not _CONFIRMED.search(said))
    return subject + len(sought.kinds) - sought.kinds.index(one.kind) if fits else 0


def _plain(text: str) -> str:
    """Words in lower case, apart: of `WhatsApp_OptIn__c` "whatsapp opt in c"."""
    apart = re.sub(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])", " ", text)
    return " ".join(re.sub(r"[\W_]+", " ", apart).split()).casefold().replace("whats app", "whatsapp")
