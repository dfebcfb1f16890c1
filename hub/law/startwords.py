# SPDX-License-Identifier: Apache-2.0
"""Words by which a person asks to hear from us, or for their settings. The whole message; neither is a consent.

They open only the question: the current text is sent back, and only the statement that follows agrees to it.
"""

from __future__ import annotations

from enum import StrEnum

from hub.law.stopwords import normal


class Opening(StrEnum):
    START = "start"
    SETTINGS = "settings"


_WORDS = {
    Opening.START: """start, unstop, subscribe, sign up, signup, opt in, optin, anmelden, anmeldung, abonnieren,
        einwilligen, abonner, inscription, s'inscrire, iscrivimi, iscrizione, iscriviti, suscribir, suscribirme,
        suscripción, aanmelden, inschrijven, zapisz, zapisz mnie, abone ol, kaydol, başlat""",
    Opening.SETTINGS: """settings, preferences, my preferences, my data, einstellungen, meine einstellungen,
        einwilligung, meine einwilligung, meine einwilligungen, consent, my consent, my consents""",
}
_MEANT = {normal(word): opening for opening, words in _WORDS.items() for word in words.split(",")}


def opening(text: str) -> Opening | None:
    """What the whole message asks for, if it is one of these words."""
    return _MEANT.get(normal(text))
