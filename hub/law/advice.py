# SPDX-License-Identifier: Apache-2.0
"""What a person who reads the review queue is advised, in German and English. A hint, never a verdict."""

from __future__ import annotations

from collections import Counter
from functools import cache

from hub.law.languages import LANGUAGES
from hub.law.lexicon import texts
from hub.law.phrases import words_of
from hub.law.stopwords import normal

_DOUBT = {
    "de": "verärgert oder ablehnend; im Zweifel stop",
    "en": "annoyed or unwilling; in doubt, stop",
}
_BY_RULE = {
    "unheard": {
        "de": "Sprachnachricht: beim Anbieter anhören, dann entscheiden",
        "en": "voice message: listen to it at the provider, then decide",
    },
    "unreadable": {
        "de": "Inhalt kam nicht an: beim Anbieter nachsehen oder nachfragen",
        "en": "the content did not arrive: look at the provider, or ask",
    },
    "consent_message_changed": {
        "de": "die Nachricht mit der Einwilligung wurde gelöscht oder geändert; im Zweifel stop",
        "en": "the message that gave consent was deleted or edited; in doubt, stop",
    },
    "quoted": {
        "de": "zitiert oder weitergeleitet: fremde Worte? dann no_stop",
        "en": "quoted or forwarded: somebody else's words? then no_stop",
    },
    "undone": {
        "de": "spricht von einem Versehen: welches? im Zweifel stop",
        "en": "speaks of a mistake: which? in doubt, stop",
    },
    "reaction": {
        "de": "nur ein Zeichen des Unmuts; im Zweifel stop",
        "en": "only a sign of displeasure; in doubt, stop",
    },
    "termination": {
        "de": "will einen Vertrag beenden; Werbung danach nur, wenn sie gewollt ist",
        "en": "wants to end a contract; advertising afterwards only if they want it",
    },
}
_BY_END = {
    "mixed": {
        "de": "nennt auch Bestellung, Lieferung oder Rechnung: ist Werbung gemeint? dann stop",
        "en": "also about an order, delivery or invoice: is advertising meant? then stop",
    },
    "limited": {
        "de": "will weniger, anderes oder wissen wie: wenn Sie das nicht einhalten können, stop",
        "en": "wants less, other things, or to know how: if you cannot keep to that, stop",
    },
    "asked": {"de": "eine Frage: ist ein Ende gemeint? dann stop", "en": "a question: is an end meant? then stop"},
}
_BY_KIND = {
    "erasure": {
        "de": "Löschung (Art. 17 DSGVO) binnen eines Monats erledigen, dann done",
        "en": "erase (Art. 17 GDPR) within one month, then done",
    },
    "access": {
        "de": "Auskunft (Art. 15 DSGVO) binnen eines Monats geben, dann done",
        "en": "answer the access request (Art. 15 GDPR) within one month, then done",
    },
    "termination": {
        "de": "Kündigung an den Vertrag weitergeben, dann done",
        "en": "pass the termination on to the contract, then done",
    },
}


def advice(kind: str, rule: str, language: str) -> str:
    """For a review of this kind, whose message was read by `rule`. `language` is "de" or "en"."""
    by = _BY_KIND.get(kind) or _BY_RULE.get(rule) or _BY_END.get(rule.rpartition("_")[2]) or _DOUBT
    return by[language]


def spoken(text: str) -> str:
    """The language a message is probably in, of those with phrases; empty where that is anybody's guess."""
    words = set(normal(text).split())
    hits = Counter({code: len(words & known) for code, known in _known().items()})
    (first, most), (_, next_most) = hits.most_common(2)
    return first if most > next_most else ""


@cache
def _known() -> dict[str, frozenset[str]]:
    spoken_ones = (language for language in LANGUAGES if language.code.isalpha())
    return {language.code: frozenset(words_of(*texts(language))) for language in spoken_ones}
