# SPDX-License-Identifier: Apache-2.0
"""Sentences by which people say "no more", in German and English: a will to receive no more, and what it is about.

Patterns read one clause in the normal form of `stopwords.normal`: lower case, no accents, no punctuation.
"""

from __future__ import annotations

import re


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(alternatives)})")


# --- What a sentence is about ----------------------------------------------------------------------------------------

_ADS = (
    "(?:ads?|adverts?|advertising|advertisements?|promos?|promotions?|promotional|marketing|newsletters?|spam|offers|"
    r"campaigns?|werbung|werbe\w*|reklame|angebote?n?|rundmails?|spamnachrichten|aktionen)"
)
_MESSAGES = (
    "(?:messages?|msgs?|texts?|texting|notifications?|updates|mails?|emails?|whatsapps?|list|subscriptions?|number|"
    "contacts?|nachrichten?|mitteilung(?:en)?|benachrichtigung(?:en)?|sms|infos?|verteiler|verteilerliste|liste|abo|"
    "abonnement|nummer|handynummer|telefonnummer|rufnummer|kontakt|zusendung(?:en)?)"
)
_OTHER = (
    "(?:delivery|deliver|deliveries|shipping|shipment|parcel|package|orders?|ordered|appointments?|bookings?|"
    "reservation|invoices?|payments?|refund|return|contract|meeting|table|flight|class|course|bus|train|store|shop|"
    "insurance|account|address|"
    "lieferung(?:en)?|liefern|sendung|sendungen|pakete?|versand|bestellung(?:en)?|bestellen|bestellt|auftrage?|termine?n?|"
    "buchung(?:en)?|reservierung|rechnung(?:en)?|zahlung(?:en)?|lastschrift|vertrag|vertrages|kaufvertrag|kaufvertrages|"
    "kauf|versicherung|konto|adresse|kurse?|unterricht|kind|sohn|tochter|auto|fahrzeug|veranstaltung|seminar|bahn|zug|"
    "haltestelle|heizung|wartung|reparatur|ware|artikel|produkt|geld|strom)"
)
_ABOUT = f"(?:{_ADS}|{_MESSAGES})"
ADS = _any(rf"{_ADS}\b")
MESSAGES = _any(rf"{_MESSAGES}\b")
OTHER = _any(rf"{_OTHER}\b")  # neither advertising nor messages

# --- Verbs -----------------------------------------------------------------------------------------------------------

_END = (
    "(?:stop|stopp|stopping|end|cancel|unsubscribe|remove|delete|quit|discontinue|"
    "stoppen|stoppt|stoppe|beenden|beendet|abbestellen|abmelden|einstellen|unterlassen|unterlasst|kundigen|kuendigen|"
    "kundige|loschen|loscht|losche|loeschen|loescht|loschung|loeschung|entfernen|entfernt|austragen|streichen|streicht|"
    "stornieren|abstellen|stellt ab|rausnehmen|herausnehmen)"
)
_TELL = "(?:text|message|contact|write|write to|send|spam|bother|disturb|email|whatsapp|ping)"
_TELLING = "(?:texting|messaging|contacting|writing|sending|spamming|bothering|disturbing|emailing|harassing)"
_REACH = (
    "(?:schreiben|schreibt|schreib|anschreiben|angeschrieben|kontaktieren|kontaktiert|schicken|schickt|schick|senden|"
    "sendet|zusenden|zuschicken|melden|belastigen|belaestigen|nerven|storen|stoeren|texten|bekommen|erhalten|haben|"
    "kriegen|empfangen|horen|hoeren)"
)
_LET = "(?:losch|loscht|loschen sie|loesch|loescht|loeschen sie|entfernt|entfernen sie|streich|streicht|streichen sie)"
_MY_DATA = "meiner? (?:nummer|handynummer|telefonnummer|rufnummer|daten|kontaktdaten)"
_FEW = r"(?:\w+ ){0,3}?"  # a few words between
_SOME = r"(?: \w+){0,6}? "

# --- What turns a sentence round, or limits it -----------------------------------------------------------------------

NEGATED = _any(  # the stopping itself is negated, or is no stopping
    rf"(?:dont|do not|didnt|did not|never|not|wont|nicht|niemals|nie) (?:\w+ ){{0,2}}?{_END}\b",
    rf"{_END}\b(?: \w+){{0,4}} nicht$",
    r"keep\b.*\bcoming\b",
    r"(?:nonstop|non stop|one stop)\b",
    r"stops? (?:by|over|off|at)\b",
)
UNDONE = _any(
    r"(?:versehentlich|aus versehen|irrtumlich|wieder anmelden|verpassen|versaumen)\b",
    r"(?:accident\w*|by mistake|resubscribe|sign me up again|miss)\b",
)
WHY = re.compile(r"^(?:why|how come|warum|wieso|weshalb|since when|seit wann)\b")
HOW = _any(
    r"(?:how (?:do|can|to|would|could)|where (?:do|can)|can i|could i)\b",
    r"(?:wie (?:kann|melde|geht)|wo (?:kann|melde)|kann ich|muss ich)\b",
)
LIMITED = _any(  # perhaps only a part: a time, a number of messages, or a paid subscription
    r"(?:before|until|till|unless|because|at night|so late|so early|so often|so many|more than|i cant)\b",
    r"(?:vor|bis|ausser|weil|erst ab|nach \d+ uhr|nachts|abends|so spat|so fruh|so oft|so viele|ich kann)\b",
    r"(?:subscriptions?|abo|abonnement)\b",
)
NOT_RECEIVED = _any(  # "I got no message" is a complaint of another kind
    r"(?:habe?|haben|hab|bekam|kam|kamen|erhielt)\b.*\b(?:kein\w*|nicht)\b"
    r".*\b(?:bekommen|erhalten|gekriegt|angekommen|gekommen|nachricht)\b",
    r"(?:have|has|did|didnt|havent|got|received)\b.*\b(?:no|not|any)\b.*\b(?:get|got|received|message|email|mail)\b",
    r"(?:bekomme|kriege|erhalte) (?:\w+ ){0,2}?(?:keine|nicht)\b",
)

# --- Nothing at all, or never again ----------------------------------------------------------------------------------

ALL = _any(
    r"stop (?:all (?:messages|texts|contact|communications?|notifications)|everything)\b",
    rf"never (?:ever )?{_TELL} (?:to )?me (?:again|anymore|any more|ever)\b",
    rf"(?:dont|do not) (?:ever )?{_TELL} me ever again\b",
    r"never want to hear from you\b",
    r"(?:no messages|nothing) (?:at all|whatsoever)\b",
    r"cease all (?:contact|communication)\b",
    rf"nie (?:wieder|mehr) {_FEW}{_REACH}\b",
    r"(?:schreibt|schreiben|kontaktiert|kontaktieren)\b.*\bnie (?:wieder|mehr)\b",
    r"(?:gar|uberhaupt|ueberhaupt) (?:keine?|nicht mehr|nichts mehr)\b"
    r".*(?:nachrichten|kontakt|schreib|erhalten|bekommen|horen|hoeren|wissen)",
    r"(?:keinerlei|jeglichen?) (?:nachrichten|kontakt|kontaktaufnahme|mitteilungen)\b",
    r"alles (?:stoppen|beenden|abbestellen|abmelden)\b",
)

# --- A will to receive no more ---------------------------------------------------------------------------------------

WILL = {
    "remove_me": _any(
        r"(?:take|remove|get|drop) (?:me|my number|my name) (?:off|from|out)\b",
        r"(?:unsubscribe|unsubscribe me|remove me|opt me out|opt out|opting out|lose my number)\b",
        r"(?:meldet?n?|melden sie) mich\b.*\bab\b",
        r"(?:tragt?|trage|tragen sie) mich\b.*\baus\b",
        r"(?:nimm|nehmt|nehmen sie|schmeisst|werft) (?:bitte )?mich\b(?! mit)",
        rf"{_LET} (?:bitte )?mich\b",
        r"mich (?:\w+ ){0,5}?(?:abmelden|austragen)\b",
        r"(?:bitte|sofort) (?:abmelden|austragen|abbestellen)\b",
    ),
    "erase_me": _any(
        r"(?:delete|erase|remove|forget) (?:all )?(?:of )?my (?:phone number|number|data|details|contact)\b",
        rf"{_MY_DATA}\b.*\b(?:loschen|loeschen|entfernen|geloscht|streichen|raus)\b",
        rf"(?:loschung|loeschung) (?:aller |all )?{_MY_DATA}\b",
        rf"{_LET} (?:bitte )?(?:sofort )?(?:alle )?{_MY_DATA}\b",
    ),
    "objection": _any(
        r"(?:widerspreche|widerrufe|widerruf|widerspruch|object to)\b",
        r"(?:withdraw|revoke) (?:my )?(?:consent|permission)\b",
        r"(?:einwilligung|zustimmung)\b.*\b(?:zuruck|zurueck|widerrufen|zuruckziehen|zurueckziehen)\b",
    ),
    "leave_me": _any(
        r"leave me (?:alone|in peace)\b",
        r"(?:lass|lasst|lassen sie) mich\b.*\bin ruhe\b",
        r"in ruhe lassen\b",
    ),
    "do_not_write": _any(
        rf"(?:dont|do not|never|no longer|not) (?:ever )?{_TELL} (?:to )?(?:me|us|this number|here)\b",
        rf"(?:stop|quit|cease|refrain from) {_TELLING}\b",
        rf"nicht (?:mehr|langer|laenger|wieder|weiter) {_FEW}{_REACH}\b",
        rf"{_REACH} (?:sie )?(?:mir|mich|uns)\b(?: \w+){{0,3}} (?:nicht|nichts)(?: mehr)?$",
        rf"nichts mehr {_FEW}{_REACH}\b",
        r"(?:hort?|horen sie|hoert?|hoeren sie) (?:\w+ )?auf\b",
    ),
    "no_more": _any(
        rf"no (?:more(?! than)|further)\b.*\b{_ABOUT}\b",
        rf"(?:dont|do not|no longer) (?:want|wish|need|like)\b.*\b{_ABOUT}\b",
        r"(?:dont|do not|no longer) (?:want|wish) to (?:receive|get|hear)\b.*\b(?:these|anymore|any more|from you)\b",
        rf"enough (?:of|with)\b.*\b{_ABOUT}\b",
        rf"(?:no|without) {_ADS}\b",
        rf"(?:unwanted|unsolicited|unerwunschte|unerwuenschte) {_ABOUT}\b",
        rf"{_ABOUT}\b.*\b(?:unwanted|not welcome|unerwunscht|unerwuenscht)\b",
        rf"kein(?:e|en|er)? {_FEW}{_ABOUT}\b(?: \w+){{0,3}} mehr\b",
        rf"kein(?:e|en)? (?:\w+ ){{0,2}}?{_ADS}\b",
        rf"(?:will|mochte|moechte|wunsche|wuensche|wollen|brauche|bitte)\b.*\bkein(?:e|en)? (?:\w+ ){{0,2}}?{_ABOUT}\b",
        rf"kein(?:e|en)? (?:weiteren?|mehr|zukunftigen?) {_ABOUT}\b",
        rf"{_ABOUT}\b.*(?<!gilt )(?<!geht )(?<!ist )\bnicht (?:mehr|langer)(?: {_FEW}{_REACH})?$",
    ),
    "ends": _any(
        rf"{_END}\b{_SOME}{_ABOUT}\b", rf"{_END} {_ABOUT}\b", rf"{_ABOUT}\b{_SOME}{_END}\b", rf"{_ABOUT} {_END}\b"
    ),
}

# --- Unwilling, but perhaps about something else ---------------------------------------------------------------------

UNSURE = _any(
    r"(?:nerv(?:t|en|ig|st)?|annoy\w*|spam\w*|harass\w*|belastig\w*|belaestig\w*)\b",
    r"(?:kein(?:e|erlei)? interesse|keine(?:n)? (?:lust|bock)|not interested|no longer interested|no interest)\b",
    r"(?:will|mochte|moechte) (?:das|dies|sowas) (?:alles )?nicht\b",
    r"(?:dont|do not) want (?:this|that|it|these)\b",
    r"(?:no thanks?|no thank you|nein danke)\b",
    r"(?:zu|so) viele? (?:nachrichten|werbung)\b",
    r"(?:too|so) many (?:messages|texts)\b",
    r"(?:weniger|fewer|less|no more than)\b.*\b(?:nachrichten|werbung|messages|texts)\b",
    r"(?:abgemeldet|abbestellt|widersprochen|widerrufen|unsubscribed|opted out)\b",
    r"(?:told|asked) you to stop\b",
    r"(?:can|could|would|will|please|to|must|just|should) (?:you )?(?:please )?(?:just )?stop\b",
    r"(?:stoppen|stoppt|kundigen|kuendigen|kundige)\b",
    r"stop$",
    r"das (?:auch )?(?:abstellen|beenden)\b",
    r"(?:never|nie|niemals) (?:signed up|subscribed|agreed|consented|angemeldet|zugestimmt|eingewilligt)\b",
    r"(?:wrong|falsche) (?:number|person|nummer)\b",
    r"(?:blocked|blocking|blockiert|blockiere|reported)\b",
    r"(?:woher ha(?:bt|ben) (?:ihr|sie) meine|where did you get my)\b",
    r"(?:wer sind sie|wer seid ihr|who is this|who are you)\b",
    r"(?:dont (?:call|ring)|ruft mich nicht|rufen sie mich nicht)\b",
    r"(?:anwalt|lawyer|datenschutzbehorde|verbraucherzentrale|abmahnung)\b",
)
