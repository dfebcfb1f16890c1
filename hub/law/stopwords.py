# SPDX-License-Identifier: Apache-2.0
"""Keywords by which people say "no more", in the normal form of `normal`. Sentences are in `stopsentences`.

All lists are matched whatever the language of the message. Native speakers should look through them before a release.
"""

from __future__ import annotations

import unicodedata


def normal(text: str) -> str:
    """Case, accents, emoji and punctuation away, so that "ARRÊT!!" and "arret" are one word. "ß" becomes "ss"."""
    text = text.replace("'", "").replace("’", "").replace("`", "").replace("´", "")
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = (char if char.isalnum() else " " for char in plain if not unicodedata.combining(char))
    return " ".join("".join(kept).split())


def _words(text: str) -> frozenset[str]:
    return frozenset(normal(word) for word in text.split(","))


# Words that mean nothing else: they act as the first of a few words.
STRONG = _words(
    "stop, stopp, stops, stopall, unsubscribe, unsubscribed, unsub, optout,"
    "abmelden, abmeldung, désabonner, désabonnement, désinscription, désinscrire, desuscribir, descadastrar,"
    "disiscrivi, disiscrivimi, afmelden, uitschrijven, wypisz, rezygnuję, odhlásit, afmeld, avmeld, avregistrera,"
    "dezabonare, leiratkozás, leiratkozom, стоп, отписаться, відписатися, توقف"
)

# Words and phrases that act only as the whole message, since they open ordinary sentences too: as first words they made
# 5 % false stops on a labelled set (legal reference 4.8).
WHOLE = _words(
    "cancel, end, quit, remove, remove me, revoke, opt out, opt me out, enough, no more, go away, stop it, stop this,"
    "no ads, no spam,"
    "abbestellen, austragen, abstellen, entfernen, rausnehmen, löschen, beenden, widerruf, widerspruch, ich widerrufe,"
    "ich widerspreche, kündigen, kuendigen, aufhören, aufhoeren, stoppen, schluss, schluss damit, ende, genug, raus,"
    "keine, nichts mehr, nicht mehr, keine mehr, keine werbung, werbung aus, werbung stoppen,"
    "arrêt, arrêter, résilier, plus de pub, alto, baja, cancelar, parar, detener, sair, remover, ferma, basta,"
    "cancella, annulla, annuleren, anuluj, koniec, konec, dur, durdur, iptal, çık, ret, red, zrušit, avsluta, renunț,"
    "vége, отмена, الغاء"
)
WHOLE_ALL = _words(
    "stop all, stopall, stop everything, end all, cancel all, alles stoppen, alles stop, stop alles, stoppt alles,"
    "alles beenden, alles abbestellen, alles abmelden, gar nichts mehr, gar keine nachrichten,"
    "tout arrêter, parar todo, parar tudo, stop a tutto, zatrzymaj wszystko, hepsini durdur"
)

# Polite words around the message proper.
FILLER = _words(
    "please, pls, plz, kindly, hi, hello, hey, dear, team, ok, okay, thanks, thank, you, thx, now, immediately, again,"
    "bitte, danke, hallo, guten, tag, morgen, abend, moin, servus, liebes, sofort, jetzt, endlich, mal, doch, einfach,"
    "und, mfg, lg, vielen, dank, no, nein"
)
