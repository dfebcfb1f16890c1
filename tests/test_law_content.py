# SPDX-License-Identifier: Apache-2.0
"""The template lint, on texts as companies write them."""

from __future__ import annotations

import pytest

from hub.law.content import names_sender, promotional, stop_hint


@pytest.mark.parametrize(
    ("text", "buttons"),
    [
        ("Hallo {{1}}, neue Ware ist da. Abmelden mit STOP.", ()),
        ("Antworte mit STOPP, um keine Nachrichten mehr zu erhalten.", ()),
        ("Antworten Sie einfach STOP", ()),
        ("Keine Werbung mehr? Schreib uns STOP", ()),
        ("Sie können Ihre Einwilligung jederzeit widerrufen.", ()),
        ("Abbestellen jederzeit über diesen Link", ()),
        ("STOP zum Abmelden senden", ()),
        ("Reply STOP to unsubscribe", ()),
        ("To opt out, text STOP", ()),
        ("You can unsubscribe at any time", ()),
        ("Our new shoes are here", ("Shop", "Stop promotions")),
        ("Unsere neuen Schuhe", ("Ansehen", "Werbung abbestellen")),
        ("Unsere neuen Schuhe", ("Abmelden",)),
    ],
)
def test_way_out_is_found(text: str, buttons: tuple[str, ...]) -> None:
    assert stop_hint(text, buttons)


@pytest.mark.parametrize(
    ("text", "buttons"),
    [
        ("Unsere neuen Schuhe sind da", ("Ansehen",)),
        ("Next stop: Berlin. Visit our store", ("Directions",)),
        ("Mehr in unserer Datenschutzerklärung", ()),
        ("Don't stop dreaming", ()),
        ("Melden Sie sich jetzt an", ("Anmelden",)),
        ("", ()),
    ],
)
def test_missing_way_out_is_seen(text: str, buttons: tuple[str, ...]) -> None:
    assert not stop_hint(text, buttons)


@pytest.mark.parametrize(
    "text",
    [
        "Ihre Müller & Söhne GmbH",
        "MÜLLER & SÖHNE GMBH informiert",
        "Gruß, Mueller-Shop",
        "Neues von müller & söhne gmbh!",
    ],
)
def test_sender_is_named_by_any_of_its_names(text: str) -> None:
    assert names_sender(text, ("Müller & Söhne GmbH", "Mueller-Shop"))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ihre Müllerei Söhnlein", ("Müller",)),
        ("Ein Angebot für Sie", ("Müller",)),
        ("Ein Angebot für Sie", ("", "  ", "!")),
        ("Ein Angebot für Sie", ()),
    ],
)
def test_hidden_sender_is_seen(text: str, names: tuple[str, ...]) -> None:
    assert not names_sender(text, names)


@pytest.mark.parametrize(
    "text",
    [
        "Nur heute 20 % Rabatt auf alles",
        "Get 15% off your next order",
        "Ihr persönlicher Gutschein wartet",
        "Ihre Rechnung finden Sie anbei. Wie zufrieden waren Sie mit uns?",  # BGH VI ZR 225/17
        "Ihre Sendung ist da. Wir freuen uns über Ihre Bewertung: Feedback hier abgeben",
        "Bewerten Sie uns bitte",
        "Bitte nehmen Sie an unserer kurzen Umfrage teil",
        "Your parcel has arrived. How was your experience?",
        "Please leave us a review",
        "Rate your purchase",
        "Wir sind weiterhin für Sie da!",  # facts of BGH VI ZR 109/23
        "Alles Gute zum Geburtstag!",
        "Etwas vergessen? Ihr Warenkorb wartet",
        "We miss you",
        "Entdecken Sie unsere neue Kollektion",
        "Check out our latest deals",
        "Jetzt bestellen und sparen",
        "Your order shipped. You might also like these shoes",
        "Black Friday ist da",
        "Empfehlen Sie uns weiter",
        "Sparen Sie jetzt 10 Euro",
    ],
)
def test_advertising_is_recognised(text: str) -> None:
    assert promotional(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ihre Bestellung 4711 wurde versandt.",
        "Your order has been shipped and arrives on Friday.",
        "Ihr Termin am 3. Mai um 10 Uhr ist bestätigt.",
        "Your appointment is confirmed for Monday, 9 am.",
        "Ihre Rechnung über 49,90 EUR ist fällig am 1.6.",
        "Payment failed. Please update your payment details.",
        "Ihr Code lautet 123456.",
        "Rückruf: Bitte benutzen Sie das Produkt nicht mehr.",
        "Wir haben Ihr Angebot wie angefragt beigefügt.",
        "Der Akku ist zu 20 % geladen.",
        "Wartungsarbeiten am Sonntag von 2 bis 4 Uhr.",
        "Danke, wir haben Ihre Abmeldung erhalten.",
    ],
)
def test_plain_service_message_is_no_advertising(text: str) -> None:
    assert not promotional(text)


def test_advertising_button_makes_a_message_advertising() -> None:
    assert promotional("Ihre Sendung ist da.", ("Jetzt bewerten", "Gutschein einlösen"))
    assert not promotional("Ihre Sendung ist da.", ("Sendung verfolgen",))
