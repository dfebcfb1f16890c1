# SPDX-License-Identifier: Apache-2.0
"""Asking again: only who writes for it is answered, once, and only the exact statement that follows agrees."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.contract import BadInput, ClearedMessage, Purpose, TextContent
from hub.flows import capsules, optin
from hub.flows.optin import Reworded
from hub.law.startwords import Opening, opening
from hub.store.tables import MessageRow, OptInPage, OptInRequest, Wording
from tests.making import ANNA, BEN, CONSENT, TOPIC, Shop, person, phone

pytest_plugins = ["tests.shops"]

NEW = "Termine"


def reword(shop: Shop, *topics: str, text: str = "") -> Reworded:
    with shop.write() as session:
        page = session.get_one(OptInPage, shop.page.id)
        made = optin.reword(shop.world, session, shop.controller, page, topics or (TOPIC, NEW), text)
    shop.clock.advance(timedelta(seconds=2))
    return made


def statement(shop: Shop) -> str:
    with shop.world.db.read() as session:
        return optin.invitation(session, session.get_one(OptInPage, shop.page.id)).statement


def says(shop: Shop, text: str, number: str = ANNA) -> None:
    shop.hear(shop.said(text, phone(number)))
    shop.clock.advance(timedelta(seconds=2))


def asked(shop: Shop) -> list[str]:
    return [body(message) for message in shop.claim() if message.outgoing.purpose is Purpose.OPT_IN_CONFIRMATION]


def body(message: ClearedMessage) -> str:
    assert isinstance(message.outgoing.content, TextContent)
    return message.outgoing.content.body


@pytest.mark.parametrize("word", ["START", "start!", "Anmelden", "SUBSCRIBE", "Abonnieren 🙂", "S'inscrire"])
def test_start_word_is_answered_with_the_text_and_agrees_to_nothing(shop: Shop, word: str) -> None:
    says(shop, word)
    (text,) = asked(shop)
    assert shop.statement in text
    assert shop.only(Wording).text in text
    assert not shop.consents(phone(ANNA))
    says(shop, "Ja")
    assert not shop.consents(phone(ANNA))
    says(shop, shop.statement)
    assert len(shop.consents(phone(ANNA))) == 1


@pytest.mark.parametrize(
    "text", ["Start der Lieferung?", "Wann ist Anmeldeschluss?", "Don't start", "Ja", "", "stop start"]
)
def test_other_words_are_no_start(text: str) -> None:
    assert opening(text) is None


def test_words_for_the_settings_are_their_own() -> None:
    assert opening("Einstellungen") is Opening.SETTINGS
    assert opening("SETTINGS") is Opening.SETTINGS


def test_question_is_asked_once_in_its_time(shop: Shop) -> None:
    for _ in range(3):
        says(shop, "START")
    assert len(asked(shop)) == 1
    shop.clock.advance(timedelta(hours=25))
    says(shop, "START")
    assert len(asked(shop)) == 1


def test_start_after_an_objection_is_answered_since_the_person_began(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.stop(phone(ANNA))
    shop.claim()
    says(shop, "START")
    assert len(asked(shop)) == 1
    says(shop, shop.statement)
    shop.sync(person("1", ANNA, CONSENT))
    shop.stage("1")
    assert [message.outgoing.purpose for message in shop.claim()] == [Purpose.MARKETING]


def test_stop_after_start_keeps_the_question_from_leaving(shop: Shop) -> None:
    says(shop, "START")
    shop.stop(phone(ANNA))
    assert not asked(shop)


def test_start_after_stop_everything_is_not_answered(shop: Shop) -> None:
    shop.stop(phone(ANNA), text="alles stoppen")
    shop.claim()
    says(shop, "START")
    assert not asked(shop)


def test_start_is_not_answered_without_an_open_page(shop: Shop) -> None:
    with shop.write() as session:
        page = session.get_one(OptInPage, shop.page.id)
        page.closed_at = shop.world.now()
        session.add(page)
    says(shop, "START")
    assert not asked(shop)


def test_question_comes_in_the_language_of_the_number(shop: Shop) -> None:
    with shop.write() as session:
        optin.create(
            shop.world, session, shop.controller, shop.sender, title="Offers", language="en", topics=["Offers"]
        )
    says(shop, "START", "+447400123456")
    says(shop, "START", ANNA)
    english, german = asked(shop)
    assert "reply exactly" in english
    assert "antworten Sie genau so" in german


def test_text_that_the_gate_would_read_as_advertising_is_only_linked(shop: Shop) -> None:
    reword(shop, "Rabatte")
    says(shop, "START")
    (text,) = asked(shop)
    assert "Rabatte" not in text
    assert text.endswith(f"/o/{shop.page.id}")


def test_settings_are_answered_with_a_link_of_ones_own(shop: Shop) -> None:
    says(shop, "Einstellungen")
    (message,) = shop.claim_after_notice()
    assert message.outgoing.purpose is Purpose.SERVICE
    assert f"{shop.world.settings.public_url}/p/" in body(message)


# a wording changes


def test_reworded_page_has_another_code_and_version(shop: Shop) -> None:
    old = statement(shop)
    made = reword(shop)
    assert made.wording.version == 2
    assert made.new_topics == (NEW,)
    assert statement(shop) != old
    assert len(shop.rows(Wording)) == 2
    says(shop, statement(shop))
    assert {row.topic for row in shop.consents(phone(ANNA))} == {TOPIC, NEW}


def test_consent_to_the_earlier_text_stays_what_it_says_and_no_more(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    assert reword(shop).people == 1
    shop.sync(person("1", ANNA, CONSENT))
    shop.stage("1", topic=NEW)
    shop.stage("1", topic=TOPIC)
    assert [row.reason for row in shop.campaign_messages()] == ["CONSENT_TOPIC_NOT_COVERED", ""]


def test_nobody_is_asked_again_because_a_text_changed(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    reword(shop)
    shop.clock.advance(timedelta(days=400))
    assert not shop.rows(MessageRow)
    assert not shop.rows(OptInRequest)


def test_message_written_before_the_change_agrees_to_the_text_of_then(shop: Shop) -> None:
    before, old = shop.world.now(), statement(shop)
    shop.clock.advance(timedelta(seconds=5))
    reword(shop)
    shop.hear(shop.said(old, phone(ANNA), at=before + timedelta(seconds=2)))
    (consent,) = shop.consents(phone(ANNA))
    assert (consent.topic, consent.wording_id) == (TOPIC, shop.page.wording_id)


def test_old_code_after_the_change_agrees_to_nothing_and_is_shown_the_new_text(shop: Shop) -> None:
    old = statement(shop)
    reword(shop)
    says(shop, old)
    assert not shop.consents(phone(ANNA))
    (text,) = asked(shop)
    assert NEW in text
    assert statement(shop) in text


def test_new_consent_names_the_one_it_supersedes(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.agree(phone(BEN))
    reword(shop)
    says(shop, statement(shop))
    first, _, second = shop.events("consent_given")
    assert f'"supersedes":["{first.id}"]' in second.record
    made = capsules.make(shop.world, shop.controller, capsules.CONSENT, second.id)
    assert f'"supersedes":"{first.id}"'.encode() in made.replace(b": ", b":")
    assert shop.proven()


def test_page_may_go_back_to_an_earlier_text(shop: Shop) -> None:
    reword(shop)
    made = reword(shop, TOPIC)
    assert made.wording.id == shop.page.wording_id
    says(shop, statement(shop))
    assert len(shop.consents(phone(ANNA))) == 1


def test_rewording_that_says_the_same_or_comes_too_late_is_refused(shop: Shop) -> None:
    with pytest.raises(BadInput, match="same"):
        reword(shop, TOPIC)
    with pytest.raises(BadInput, match="controller"):
        reword(shop, text="Jemand darf mir per WhatsApp schreiben.")
    with shop.write() as session:
        page = session.get_one(OptInPage, shop.page.id)
        page.closed_at = shop.world.now()
        session.add(page)
    with pytest.raises(BadInput, match="closed"):
        reword(shop)
    assert len(shop.rows(Wording)) == 1
