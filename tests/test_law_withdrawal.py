# SPDX-License-Identifier: Apache-2.0
"""Labelled messages as people write them. Exact labels: a changed label is a changed promise."""

from __future__ import annotations

import pytest

from hub.law.withdrawal import Wish, classify

STOP = """
STOP
stop
Stopp!
StOp 🛑
STOP STOP STOP
Stop bitte
bitte stop
Bitte Stopp, danke
please stop
Stop it
Stop now please
Stop sending me these
unsubscribe
Unsubscribe me
please unsubscribe me from this list
UNSUBSCRIBE PLEASE!!!
opt out
Opt-out
I want to opt out of these messages
optout
abmelden
Abmelden bitte
Bitte abmelden
Hallo, bitte abmelden.
Ich möchte mich abmelden
Ich möchte mich vom Newsletter abmelden
Melden Sie mich bitte ab
Meldet mich vom Verteiler ab
austragen
Bitte tragen Sie mich aus
abbestellen
Newsletter abbestellen
Ich will den Newsletter kündigen
kündigen
Kuendigen
beenden
cancel
Quit.
end
Remove me
remove me from your list
Take me off your list please
Please take my name off, I don't want any more texts
Widerruf
widerspruch
Ich widerspreche der Nutzung meiner Daten zu Werbezwecken.
Ich widerrufe meine Einwilligung
Hiermit widerrufe ich meine Zustimmung zum Erhalt von WhatsApp-Nachrichten.
I withdraw my consent
I object to direct marketing
keine Werbung
Keine Werbung mehr!
Bitte keine Werbung mehr schicken
Ich möchte keine Nachrichten mehr von Ihnen bekommen.
Ich will keine Werbung
Bitte keine weiteren Nachrichten
keine nachrichten mehr bitte
Hört auf mir zu schreiben
Hören Sie auf damit
hör auf
Bitte nicht mehr schreiben
Schreibt mir nicht mehr
Bitte schreiben Sie mir nicht mehr.
Schicken Sie mir nichts mehr
Kontaktieren Sie mich bitte nicht mehr
Lasst mich in Ruhe
Lassen Sie mich bitte in Ruhe!
Nehmen Sie mich aus dem Verteiler
nehmt mich von der liste
Löschen Sie meine Nummer
Bitte meine Nummer löschen
delete my number
Please erase my data
no more messages
No more texts please
I don't want any more of your ads
I do not wish to receive marketing messages
don't text me
Don’t message me again
Do not contact me
Leave me alone
stop texting me
Can you please stop sending me promotions?
How do I unsubscribe from this newsletter?
Danke für die Lieferung. Bitte keine Werbung mehr.
Zu viele Nachrichten. STOP.
Schluss jetzt
Genug!
no ads
ARRÊT
arrêter
désabonner
afmelden
Baja
basta
disiscrivimi
стоп
wypisz
iptal
Ich brauche keine Angebote mehr
Eure Werbung ist unerwünscht
Bitte unterlassen Sie diese Werbung
will keine infos mehr
Hallo, ich hätte gerne keine WhatsApp Werbung mehr
Könnt ihr mich bitte aus der Liste rausnehmen?
bitte rausnehmen
Bitte Nummer entfernen
Ich bitte um Löschung meiner Daten
Will nichts mehr von euch hören
bitte keine mehr
Nicht mehr melden
Bitte den Newsletter stornieren
Abmeldung vom Newsletter
bitte abstellen
Newsletter bitte ab sofort nicht mehr
Ich möchte von Ihnen keine Werbung bekommen, aber die Lieferbenachrichtigungen gerne
i dont want to receive these anymore
Please discontinue these messages
pls stop msging me
Take my number off your list
lose my number
not interested, stop
unsub
enough with the ads
No more!
"""

STOP_ALL = """
STOP ALL
stopall
stop everything
Alles stoppen
Stop all messages
Never contact me again
never text me again!!
Ich möchte nie wieder von euch angeschrieben werden
Schreibt mir nie wieder
Bitte gar nicht mehr kontaktieren
Ich will überhaupt keine Nachrichten mehr von euch
Ich wünsche keinerlei Kontakt
"""

UNSURE = """
nervt
Ihr nervt
Das nervt langsam
This is spam
So annoying
Kein Interesse
Not interested
No thanks
Nein danke
Ich will das nicht
I don't want this
How do I unsubscribe?
Wie kann ich mich abmelden?
Ich habe mich doch schon abgemeldet
I already unsubscribed weeks ago
Woher haben Sie meine Nummer?
Warum bekomme ich Werbung von euch?
Who is this?
Ich möchte kündigen
Bitte keine Nachrichten mehr zu meiner Bestellung
Can you stop please
Ich schalte sonst meinen Anwalt ein
I told you to stop
ich möchte das nicht mehr
hab keine Lust mehr auf eure Nachrichten
Das ist Belästigung!
Ihr geht mir auf die Nerven
kann man das auch abstellen?
Ich habe mich nie angemeldet
I never signed up for this
how to opt out?
wrong number
Können Sie mir bitte nicht mehr so spät schreiben
cancel my subscription
please send no more than two messages per week
Weniger Nachrichten bitte
Stop! Falsche Lieferung!
Kündigen Sie meinen Vertrag zum Monatsende
End my contract
"""

NONE = """
Please don't stop the delivery
Bitte die Lieferung nicht stoppen
Bitte nicht stoppen!
Don't unsubscribe me
bitte nicht abmelden
Stop the delivery please
Stop my order
Cancel my order please
Cancel the appointment on Monday
cancel my appointment
Bitte stornieren Sie meine Bestellung
Können Sie die Lieferung stoppen?
Stoppen Sie bitte die Bestellung 4711
Hiermit widerrufe ich meinen Kaufvertrag
Ich widerspreche der Rechnung
Ich möchte mein Kind vom Kurs abmelden
Ich kann den Termin morgen nicht wahrnehmen
End of the week works for me
Quit smoking course, when does it start?
Remove the second item from my order
Ich habe keine Nachricht bekommen
Ich habe noch keine Rechnung erhalten
Warum bekomme ich keine Nachrichten mehr?
Why did you stop the deliveries?
I didn't get any message from you
I got off at the bus stop
Wo ist die nächste Haltestelle?
Ja
Yes please
ok
nein
Danke!
👍
Hallo
Guten Morgen, wann kommt mein Paket?
When does your store close?
Haben Sie das auch in Größe 42?
Do you have this in red?
red or blue, which one is in stock?
baja california ist schön
Ich freue mich auf die Lieferung
Please don't send the package before Monday
Nicht vor 10 Uhr liefern bitte
Das Ende der Aktion ist wann?
Ich melde mich morgen
Melden Sie sich bitte bei mir
Können Sie mich anrufen?
Bitte senden Sie mir die Rechnung
Send me more offers!
Ich möchte mehr Angebote bekommen
Der Stoppknopf an der Maschine klemmt
Non-stop flight to Rome?
Ich habe mich versehentlich abgemeldet
Unsubscribed by mistake, sign me up again
Der Artikel ist nicht mehr auf Lager?
Kann ich die Zahlung beenden und das Geld zurück bekommen?
My address has changed
Meine Nummer hat sich geändert
Warum kam das Paket nicht?
Ist das Angebot noch gültig?
START
Ich möchte keine Nachricht verpassen
Don't want to miss any offers!
Bitte keine Anrufe mehr, lieber per WhatsApp
Bitte schicken Sie mir keine Rechnung per Post, lieber per Mail
Ich brauche den Termin nicht mehr
Please cancel, I ordered the wrong size
Meine neue Nummer lautet anders, bitte die alte löschen
Kontakt nicht mehr möglich?
Ihr Angebot habe ich leider nicht mehr gefunden
Das Angebot gilt nicht mehr?
Der Zug hat einen Stop in Köln
Stop by tomorrow
Bitte stoppt den Versand
Kein Problem, danke für die Nachricht
Keine Sorge, ich melde mich wegen der Nachricht
Ich erhalte keine Nachrichten
Ich habe keine Werbung bekommen
No more stock?
"""


def _rows(block: str, wish: Wish) -> list[tuple[str, Wish]]:
    return [(line, wish) for line in block.strip().splitlines()]


LABELLED = [
    *_rows(STOP, Wish.STOP),
    *_rows(STOP_ALL, Wish.STOP_ALL),
    *_rows(UNSURE, Wish.UNSURE),
    *_rows(NONE, Wish.NONE),
]


@pytest.mark.parametrize(("text", "wish"), LABELLED)
def test_message_is_read_as_a_human_would(text: str, wish: Wish) -> None:
    reading = classify(text)
    assert reading.wish is wish, reading.rule
    assert bool(reading.rule) is (wish is not Wish.NONE)


@pytest.mark.parametrize(
    ("text", "button", "wish"),
    [
        ("Werbung beenden", "stop_promotions", Wish.STOP),
        ("Keine Werbung", "btn-2", Wish.STOP),
        ("Abbestellen", "OPTOUT", Wish.STOP),
        ("Alles", "stop_all", Wish.STOP_ALL),
        ("Ja, bestellen", "confirm_order", Wish.NONE),
        ("Lieferung stoppen", "stop_delivery", Wish.NONE),
    ],
)
def test_pressed_button_counts_by_payload_then_label(text: str, button: str, wish: Wish) -> None:
    assert classify(text, button=button).wish is wish


def test_rule_never_holds_text_of_the_message() -> None:
    names = {classify(text).rule for text, _ in LABELLED}
    assert all(name.replace("_", "").isalpha() for name in names if name)
    assert len(names) < 30


@pytest.mark.parametrize("text", ["habe kein " * 400, "keine werbung " * 300, "a" * 4096, "\x00\ud800", "   "])
def test_strange_text_is_read_without_failing(text: str) -> None:
    assert classify(text).wish in Wish
