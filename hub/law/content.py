# SPDX-License-Identifier: Apache-2.0
"""Step 13's eyes: does a text name its sender, show the way out, or advertise? Pure, German and English.

A text is only ever refused because of this lint, never allowed because of it: who claims a purpose stays responsible.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hub.law.promotion import PROMOTION
from hub.law.sensitive import SENSITIVE
from hub.law.stopwords import normal


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(alternatives)})\b")


_WAY_OUT = _any(  # a verb of ending with the word or link that does it
    r"(?:reply|text|send|write|type|answer|tap|press) (?:\w+ ){0,3}?(?:stop|unsubscribe|optout)",
    r"(?:stop|unsubscribe|optout) (?:to|and you) (?:\w+ ){0,2}?(?:unsubscribe|opt out|end|stop|no longer|receive no)",
    r"(?:to|can) (?:unsubscribe|opt out|stop (?:receiving|these|messages))",
    r"unsubscribe (?:at any time|anytime|any time|here|with|by|via|using)",
    r"opt out (?:at any time|anytime|any time|here|with|by|via|using)",
    r"(?:abmelden|abmeldung|abbestellen|abbestellung|austragen|widerruf|widerspruch|widerrufen|widersprechen)"
    r" (?:\w+ ){0,3}?(?:mit|per|uber|ueber|durch|via|unter|hier|jederzeit|stop|stopp)",
    r"(?:jederzeit|mit stopp?|per stopp?|uber den link) (?:\w+ ){0,3}?"
    r"(?:abmelden|abbestellen|widerrufen|widersprechen)",
    r"(?:antworte|antworten sie|schreib|schreibe|schreiben sie|sende|senden sie|tippe|tippen sie)"
    r" (?:\w+ ){0,4}?(?:stopp?|abmelden|ende)",
    r"stopp? (?:\w+ ){0,3}?(?:abmelden|abbestellen|beenden|antworten|senden|schreiben)",
    r"keine (?:\w+ )?(?:werbung|nachrichten|angebote|infos) mehr (?:\w+ ){0,4}?stopp?",
    r"no more (?:\w+ )?(?:messages|offers|ads) (?:\w+ ){0,4}?stop",
)
_WAY_OUT_BUTTON = _any(
    r"stopp?",
    r"unsubscribe|opt out|stop promotions",
    r"abmelden|abbestellen|austragen|widerrufen|keine werbung(?: mehr)?|werbung (?:beenden|stoppen|abbestellen)",
)


def stop_hint(text: str, buttons: Iterable[str] = ()) -> bool:
    """Does the message say how to stop it (§ 7(2) no. 3 UWG; Art. 7(3) GDPR)? A button with that label is enough."""
    if any(_WAY_OUT_BUTTON.search(normal(button)) for button in buttons):
        return True
    return bool(_WAY_OUT.search(_read(text)))


def names_sender(text: str, controller_names: Iterable[str]) -> bool:
    """Does the message name the company (§ 7(2) no. 3 UWG; § 6(1) DDG)? Any of its known names is enough."""
    read = f" {_read(text)} "
    return any(name and f" {name} " in read for name in map(normal, controller_names))


def promotional(text: str, buttons: Iterable[str] = ()) -> bool:
    """Does the message advertise? Satisfaction surveys and review requests do (BGH VI ZR 225/17)."""
    return any(PROMOTION.search(_read(part)) for part in (text, *buttons))


def sensitive(text: str, buttons: Iterable[str] = ()) -> bool:
    """Does the message itself reveal a special category of data (Art. 9 GDPR), even as a probability (C-21/23)?"""
    return any(SENSITIVE.search(_read(part)) for part in (text, *buttons))


def _read(text: str) -> str:
    """Normal form; a "%" is a word, since "20 %" is an offer and "20" is not."""
    return normal(text.replace("%", " prozent "))
