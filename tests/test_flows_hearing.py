# SPDX-License-Identifier: Apache-2.0
"""What people say in ways other than a plain message, and answers to what we offered."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from hub.contract import MessageReceived, Purpose, Receipt
from hub.flows import review
from hub.law.facts import StopKind
from hub.store.tables import Contact, MessageRow, Review
from tests.making import ANNA, BEN, SECOND, Shop, phone

pytest_plugins = ["tests.shops"]

OBJECTION, UNSURE = StopKind.OBJECTION_MARKETING, StopKind.UNSURE


def kinds(shop: Shop) -> list[str]:
    return [stop.kind for stop in shop.stops(phone(ANNA))]


def hear(shop: Shop, text: str, kind: str = "text", **more: str) -> MessageReceived:
    message = replace(shop.said(text, phone(ANNA), kind=kind), **more)
    shop.hear(message)
    shop.clock.advance(2 * SECOND)
    return message


def rule(shop: Shop, kind: str) -> str:
    (event,) = shop.events(kind)
    return str(orjson.loads(event.record)["source"]["rule"])


# other kinds of messages


@pytest.mark.parametrize("kind", ["image", "video", "document", "order"])
def test_caption_that_says_stop_stops(shop: Shop, kind: str) -> None:
    hear(shop, "Bitte keine Werbung mehr", kind)
    assert kinds(shop) == [OBJECTION]


@pytest.mark.parametrize("kind", ["image", "sticker", "location", "contacts", "revoke", "system", "interactive"])
def test_message_without_words_changes_nothing(shop: Shop, kind: str) -> None:
    hear(shop, "", kind)
    assert kinds(shop) == []
    assert not shop.rows(Review)


@pytest.mark.parametrize(("kind", "why"), [("audio", "unheard"), ("unsupported", "unreadable"), ("edit", "unreadable")])
def test_words_that_did_not_reach_us_freeze_marketing_until_somebody_looks(shop: Shop, kind: str, why: str) -> None:
    hear(shop, "", kind)
    assert kinds(shop) == [UNSURE]
    assert rule(shop, "unclear_message") == why
    assert shop.only(Review).kind == review.UNCLEAR


def test_edit_that_now_says_stop_stops(shop: Shop) -> None:
    first = hear(shop, "Danke")
    hear(shop, "Danke, aber keine Werbung mehr", "edit", in_reply_to=first.provider_message_id)
    assert kinds(shop) == [OBJECTION]


def test_stop_that_is_edited_away_or_deleted_still_binds(shop: Shop) -> None:
    first = hear(shop, "STOP")
    hear(shop, "Danke", "edit", in_reply_to=first.provider_message_id)
    hear(shop, "", "revoke", in_reply_to=first.provider_message_id)
    assert kinds(shop) == [OBJECTION]


@pytest.mark.parametrize(("kind", "text"), [("revoke", ""), ("edit", "Hallo")])
def test_consent_whose_message_is_deleted_or_edited_rests(shop: Shop, kind: str, text: str) -> None:
    consent = hear(shop, shop.statement)
    assert shop.consents(phone(ANNA))
    hear(shop, text, kind, in_reply_to="wamid.another")
    assert kinds(shop) == []
    hear(shop, text, kind, in_reply_to=consent.provider_message_id)
    assert kinds(shop) == [UNSURE]
    assert rule(shop, "unclear_message") == "consent_message_changed"


@pytest.mark.parametrize("kind", ["edit", "reaction", "system"])
def test_consent_is_given_by_a_message_and_not_by_what_happens_to_one(shop: Shop, kind: str) -> None:
    hear(shop, shop.statement, kind)
    assert not shop.consents(phone(ANNA))


def test_window_belongs_to_the_number_they_wrote_to_last(shop: Shop) -> None:
    late = shop.said("Hallo", phone(ANNA), at=shop.world.now().replace(microsecond=0) - 60 * SECOND)
    hear(shop, "Guten Tag")
    shop.hear(replace(late, sender="unknown"), late)
    contact = shop.only(Contact)
    assert (contact.wrote_to, contact.last_inbound_at) != ("", late.at)


# answers to what we offered


def ask(shop: Shop, text: str) -> str:
    """The last thing we said to Anna. Returns the provider's id of it."""
    message_id = shop.reply(phone(ANNA), text=text)
    shop.claim()
    shop.settle({message_id: Receipt(f"wamid.{message_id}")})
    shop.clock.advance(2 * SECOND)
    return f"wamid.{message_id}"


@pytest.mark.parametrize("answer", ["2", "2 bitte", "„2“"])
def test_offered_number_is_a_stop_and_another_is_not(shop: Shop, answer: str) -> None:
    ask(shop, "Antworten Sie 1 für einen Rückruf, 2 für keine Werbung mehr.")
    hear(shop, "1")
    assert kinds(shop) == []
    hear(shop, answer)
    assert kinds(shop) == [OBJECTION]
    assert rule(shop, "objection") == "offered"


def test_number_that_the_last_message_did_not_offer_is_a_number(shop: Shop) -> None:
    ask(shop, "Antworten Sie 2 für keine Werbung mehr.")
    ask(shop, "Wie viele Stühle dürfen es sein?")
    hear(shop, "2")
    assert kinds(shop) == []


def test_answer_to_an_older_message_counts_as_that_message_offered(shop: Shop) -> None:
    older = ask(shop, "Antworten Sie 2 für keine Werbung mehr.")
    ask(shop, "Wie viele Stühle dürfen es sein?")
    hear(shop, "2", in_reply_to=older)
    assert kinds(shop) == [OBJECTION]


def test_word_that_the_template_offered_is_a_stop(shop: Shop) -> None:
    shop.set_template(
        text="Hallo {{1}}, Muster Handels GmbH. Antworten Sie AUS oder STOPP, um keine Angebote mehr zu erhalten."
    )
    shop.reach(ANNA)
    hear(shop, "aus")
    assert kinds(shop) == [], "nothing was sent yet"
    shop.claim()
    hear(shop, "Aus!")
    assert kinds(shop) == [OBJECTION]


def test_button_of_the_template_that_ends_advertising_stops_whatever_its_payload(shop: Shop) -> None:
    shop.set_template(buttons=["Angebote ansehen", "Nicht mehr senden", "Keine Angebote mehr"])
    shop.reach(ANNA)
    shop.claim()
    hear(shop, "Angebote ansehen", "button", button="payload-1")
    assert kinds(shop) == []
    hear(shop, "Keine Angebote mehr", "button", button="payload-2")
    assert kinds(shop) == [OBJECTION]


def test_stop_to_a_number_that_is_not_set_up_binds_and_nothing_else_is_kept(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    elsewhere = replace(shop.said("STOP", phone(ANNA)), sender="a number of the account")
    shop.hear(replace(shop.said("Hallo", phone(BEN)), sender="a number of the account"))
    assert len(shop.rows(Contact)) == 1
    shop.hear(elsewhere)
    assert [stop.kind for stop in shop.stops(phone(ANNA))] == [StopKind.OBJECTION_MARKETING]
    assert [row for row in shop.rows(MessageRow) if row.purpose == Purpose.OPT_OUT_CONFIRMATION] == []
    shop.hear(replace(shop.said("STOP", phone(BEN)), sender="a number of the account"))
    assert shop.stops(phone(BEN))
    assert shop.proven()
