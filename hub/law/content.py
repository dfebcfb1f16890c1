# SPDX-License-Identifier: Apache-2.0
"""Step 13's eyes: does a text name its sender, show the way out, or advertise? Pure, German and English.

A text is only ever refused because of this lint, never allowed because of it: who claims a purpose stays responsible.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

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

# What courts and the platform read as advertising: offers, and also what only keeps a customer warm (BGH VI ZR 225/17:
# satisfaction survey in an invoice e-mail; BGH VI ZR 109/23: "still there for you").
_PROMOTION = _any(
    # price and occasion
    r"(?:discounts?|coupons?|vouchers?|promo|promotions?|clearance|bestseller|special offer|limited (?:offer|time))",
    r"(?:black friday|cyber monday|flash sale|summer sale|winter sale|on sale)",
    r"(?:our|new|latest|great|best|exclusive|personal) (?:\w+ )?(?:offers?|deals?|collection|arrivals|range)",
    r"(?:\d+ (?:percent|prozent)?) ?(?:off|rabatt|reduziert|gunstiger|guenstiger|nachlass)",
    r"(?:buy now|shop now|order now|buy one get one|save up to|free gift|earn points|win a|win an|sweepstake)",
    r"(?:rabatt|rabatte|rabattcode|gutschein|gutscheine|gutscheincode|aktionscode|sonderangebote?|angebotswoche)",
    r"(?:schnappchen|schnaeppchen|ausverkauf|schlussverkauf|preisvorteil|sonderpreis|treuepunkte|gewinnspiel)",
    r"(?:unsere|neue|neuen|neueste|neuesten|exklusive|exklusiven|tolle|beste|besten) (?:\w+ )?"
    r"(?:angebote|angeboten|kollektion|produkte|aktionen|aktion)",
    r"(?:jetzt (?:kaufen|bestellen|shoppen|sparen|zugreifen|sichern|entdecken)|nur fur kurze zeit|nur fuer kurze zeit)",
    r"(?:spare|sparen sie|sichere dir|sichern sie sich) (?:\w+ ){0,4}?(?:\d+|jetzt|rabatt|euro|prozent|vorteil)",
    # more of the same
    r"(?:you (?:may|might) also like|customers also bought|recommended for you|goes well with)",
    r"(?:check out our|discover our)",
    r"(?:das konnte (?:ihnen|dir) (?:auch )?gefallen|kunden kauften auch|passend dazu|entdecken sie (?:unsere|auch))",
    r"(?:entdecke (?:unsere|auch)|empfehlungen fur (?:sie|dich)|unser (?:newsletter|sortiment)|our newsletter)",
    # surveys, reviews, referrals
    r"(?:rate|review) (?:us|your (?:purchase|order|experience|visit)|our (?:service|product|products|shop))",
    r"(?:leave|write|give) (?:us )?(?:a |your )?(?:\w+ )?(?:review|rating|feedback|stars)",
    r"(?:how (?:satisfied|happy) (?:are|were) you|how did we do|how was your (?:experience|visit|order|purchase|stay))",
    r"(?:take (?:\w+ ){0,3}?survey|satisfaction survey|your opinion|customer survey|recommend us|refer a friend)",
    r"(?:bewerten sie|bewerte|bewertet) (?:uns|unseren|unsere|ihren|ihre|deinen|deine|den|die)",
    r"(?:bewertung|rezension|feedback|sterne) (?:\w+ ){0,4}?(?:abgeben|abgebe|hinterlassen|schreiben|freuen|geben)",
    r"(?:wie zufrieden|waren sie zufrieden|warst du zufrieden|wie hat (?:es )?(?:ihnen|dir)|zufriedenheitsumfrage)",
    r"(?:kundenzufriedenheit|kundenbefragung|zufriedenheitsbefragung|(?:an )?(?:unserer|einer) (?:\w+ )?umfrage)",
    r"(?:ihre meinung|deine meinung|weiterempfehlen|empfehlen sie uns|empfiehl uns|freunde werben|sagen sie uns ihre)",
    # keeping warm
    r"(?:we miss you|still (?:here|there) for you|come back|happy birthday)",
    r"(?:forgot something|left in your (?:cart|basket))",
    r"(?:wir vermissen (?:sie|dich)|weiterhin fur (?:sie|dich) da|alles gute zum geburtstag|etwas vergessen)",
    r"(?:im warenkorb|ihr warenkorb wartet|dein warenkorb wartet|warenkorb vergessen)",
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
    return any(_PROMOTION.search(_read(part)) for part in (text, *buttons))


def _read(text: str) -> str:
    """Normal form; a "%" is a word, since "20 %" is an offer and "20" is not."""
    return normal(text.replace("%", " prozent "))
