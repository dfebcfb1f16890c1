# SPDX-License-Identifier: Apache-2.0
"""Which answers a message of ours offers as the way out."""

from __future__ import annotations

import pytest

from hub.law.offers import offered
from hub.law.withdrawal import Wish, classify


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("Keine Werbung mehr? Antworten Sie STOPP.", {"stopp"}),
        ("Antworten Sie mit ENDE, um sich abzumelden.", {"ende"}),
        ("Zum Abmelden einfach „Nein danke“ schreiben: Antworten Sie „Nein danke“.", {"nein danke"}),
        ("Antworten Sie 1 für einen Rückruf oder 2 für keine Werbung mehr.", {"2"}),
        ("Antworten Sie mit 1 für ja, 2 für nein.", set()),
        ("Reply 2 to opt out.", {"2"}),
        ("Reply YES to confirm your table or NO to cancel it", set()),
        ("To unsubscribe, reply END.", {"end"}),
        ("Antworten Sie STOPP oder AUS, um keine Angebote mehr zu erhalten.", {"stopp", "aus"}),
        ("Antworten Sie JA oder NEIN. Keine Angebote mehr? Antworten Sie STOPP.", {"stopp"}),
        ("Keine Angebote mehr? Antworten Sie ENDE. Passt der Termin? Antworten Sie JA oder NEIN.", {"ende"}),
        ("Text *OUT* to stop receiving offers", {"out"}),
        ("Antworten Sie JA, um keine Angebote mehr zu verpassen.", set()),
        ("MEGA SALE nur heute, 20 Prozent auf alles!", set()),
        ("Répondez FIN pour ne plus recevoir de messages", {"fin"}),
        ("Responda BAJA para no recibir más mensajes", {"baja"}),
        ("Ihr Termin ist am 12. März um 10 Uhr.", set()),
    ],
)
def test_answer_is_offered_only_where_the_message_says_what_it_ends(text: str, answers: set[str]) -> None:
    assert offered(text) == answers


def test_button_that_ends_messages_is_an_offer_and_any_other_is_not() -> None:
    assert offered("", ["Mehr erfahren", "Keine Werbung mehr", "Unsubscribe"]) == {"keine werbung mehr", "unsubscribe"}


@pytest.mark.parametrize("said", ["2", "2.", "2 bitte", "„2“"])
def test_offered_answer_counts_with_polite_words_around_it(said: str) -> None:
    assert classify(said, offered=["2"]).wish is Wish.STOP
    assert classify(said).wish is Wish.NONE
