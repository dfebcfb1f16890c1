# SPDX-License-Identifier: Apache-2.0
"""Does whoever answers say that they are not the person meant? Then the number may have a new holder (Art. 5(1)(d)
GDPR). All languages are matched always. A mistaken yes costs a consent that must be given anew, never a stop."""

from __future__ import annotations

import re

from hub.law.stopwords import normal

_SAID = (
    r"wrong (?:number|person)|im not (?:the person|who) you|number (?:has|got) a new owner",
    r"falsche[nr]? (?:nummer|person)|verwahlt|nummer (?:hat|gehort) (?:jetzt )?(?:einen neuen besitzer|jemand anderem)",
    r"(?:faux|mauvais) numero",
    r"sbagliato numero|numero sbagliato",
    r"numero equivocado|equivocado de numero",
    r"verkeerde? nummer",
    r"zly numer|pomylka",
    r"yanlis numara",
)
_WRONG = re.compile(rf"\b(?:{'|'.join(_SAID)})\b")
_OTHER_NUMBER = re.compile(
    r"\b(?:order|parcel|delivery|invoice|appointment|gave|given|bestellung|paket|lieferung|rechnung|termin|angegeben|"
    r"mitgeteilt|kundennummer|commande|colis|facture|ordine|pacco|fattura|pedido|paquete|factura|bestelling|pakket|"
    r"factuur|zamowieni\w*|paczk\w*|faktur\w*|siparis\w*|fatura\w*)\b"
)
LONGEST = 14  # words: a longer text tells a story of its own, and is an ordinary message


def says_wrong_number(text: str) -> bool:
    """True only for short messages about nothing else: the wrong number of an order or invoice is not this."""
    words = normal(text)
    return len(words.split()) <= LONGEST and bool(_WRONG.search(words)) and not _OTHER_NUMBER.search(words)
