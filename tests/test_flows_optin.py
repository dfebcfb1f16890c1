# SPDX-License-Identifier: Apache-2.0
"""Inbound first: only the statement of the page, by the person's own message, is a consent."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from hub.contract import BadInput, Purpose
from hub.flows import accounts, optin
from hub.store.tables import OptInPage, Wording
from tests.making import ANNA, COMPANY, TOPIC, Shop, person, phone

pytest_plugins = ["tests.shops"]

GOOD_TEXT = f"{COMPANY} darf mir per WhatsApp Angebote schicken. Widerruf jederzeit mit STOPP."


def create(shop: Shop, **changes: object) -> OptInPage:
    wanted: dict[str, object] = {"title": "Angebote", "language": "de", "topics": [TOPIC], **changes}
    with shop.write() as session:
        return optin.create(shop.world, session, shop.controller, shop.sender, **wanted)  # type: ignore[arg-type]


def hears(shop: Shop, text: str) -> bool:
    """Does this message make a consent? From somebody new each time."""
    before = len(shop.events("consent_given"))
    shop.hear(shop.said(text, phone(f"+49151{before:04d}{abs(hash(text)) % 10_000:04d}")))
    return len(shop.events("consent_given")) > before


def test_statement_of_the_page_is_consent_with_its_wording(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    (consent,) = shop.consents(phone(ANNA))
    assert (consent.channel, consent.purpose, consent.topic) == ("whatsapp", Purpose.MARKETING, TOPIC)
    assert (consent.expression, consent.verification) == ("express_statement", "same_point")
    assert consent.wording_id == shop.page.wording_id
    (event,) = shop.events("consent_given")
    assert event.evidence is not None
    assert ANNA not in event.record
    assert shop.statement not in event.record
    assert shop.proven()


def test_case_spacing_and_punctuation_of_the_statement_are_free(shop: Shop) -> None:
    code = shop.page.token
    for text in (
        shop.statement,
        shop.statement.upper(),
        f"ja ich willige ein code {code.lower()}",
        f"  Ja,\n ich willige ein!!  Code: {code} 👍",
        f"Ja ich willige ein Code {code}",
    ):
        assert hears(shop, text), text


def test_wrong_partial_or_negated_statement_is_no_consent(shop: Shop) -> None:
    code = shop.page.token
    for text in (
        f"Nein, ich willige nicht ein. Code {code}",
        f"Ja, ich willige nicht ein. Code {code}",
        f"Code {code}",
        f"Ja. Code {code}",
        "Ja, ich willige ein.",
        "Ja, ich willige ein. Code ZZZZ9999",
        f"Ja, ich willige ein. Code {code[:-1]}",
        f"{shop.statement} Aber nur per Post.",
        f"Muss ich das schicken: {shop.statement}?",
        f"Yes, I consent. Code {code}",
        "",
    ):
        assert not hears(shop, text), text


def test_page_that_was_closed_takes_no_more_consent(shop: Shop) -> None:
    with shop.write() as session:
        page = session.get_one(OptInPage, shop.page.id)
        page.closed_at = shop.world.now()
        session.add(page)
    assert not hears(shop, shop.statement)


def test_statement_sent_to_another_number_is_no_consent(shop: Shop) -> None:
    with shop.write() as session:
        accounts.add_sender(session, shop.provider, "other-number", "+49 30 7654321")
    message = shop.said(shop.statement, phone(ANNA))
    shop.hear(type(message)("other-number", message.points, message.at, "wamid.1", "text", message.text))
    assert not shop.events("consent_given")


def test_invitation_opens_the_chat_with_the_statement_filled_in(shop: Shop) -> None:
    with shop.world.db.read() as session:
        invited = optin.invitation(session, session.get_one(OptInPage, shop.page.id))
    link = urlsplit(invited.link)
    assert (link.netloc, link.path) == ("wa.me", "/49301234567")
    assert parse_qs(link.query) == {"text": [invited.statement]}
    assert shop.page.token in invited.statement
    for named in (COMPANY, TOPIC, "WhatsApp", "widerrufen", "STOPP"):
        assert named in invited.wording.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"language": "fr"}, "language"),
        ({"topics": []}, "topics"),
        ({"topics": ["  "]}, "topics"),
        ({"text": "Wir dürfen Ihnen per WhatsApp schreiben."}, "text"),
        ({"text": f"{COMPANY} darf mir E-Mails schicken."}, "text"),
    ],
)
def test_wording_that_cannot_carry_consent_names_field_and_remedy(
    shop: Shop, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(BadInput) as problem:
        create(shop, **changes)
    assert problem.value.field == field
    assert problem.value.remedy
    assert len(shop.rows(OptInPage)) == 1


def test_same_wording_twice_is_one_version_and_a_new_text_the_next(shop: Shop) -> None:
    create(shop)
    assert [w.version for w in shop.rows(Wording)] == [1]
    page = create(shop, text=GOOD_TEXT)
    wordings = {w.id: w for w in shop.rows(Wording)}
    assert sorted(w.version for w in wordings.values()) == [1, 2]
    assert wordings[page.wording_id].text == GOOD_TEXT
    assert page.token != shop.page.token


def test_consent_to_a_text_that_hides_the_withdrawal_carries_nothing(shop: Shop) -> None:
    page = create(shop, text=f"{COMPANY} darf mir per WhatsApp Angebote schicken.")
    with shop.world.db.read() as session:
        statement = optin.invitation(session, page).statement
    shop.hear(shop.said(statement, phone(ANNA)))
    shop.sync(person("1", ANNA))
    assert not shop.holds("1"), "an incomplete consent is no basis for storing either"
    with shop.world.db.read() as session:
        assert not session.get_one(Wording, page.wording_id).withdrawal_hint


def test_consent_is_bound_to_its_topic(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA))
    shop.stage("1", topic="Gewinnspiele")
    assert [row.reason for row in shop.campaign_messages()] == ["CONSENT_TOPIC_NOT_COVERED"]


def test_consent_older_than_its_wording_carries_nothing(shop: Shop) -> None:
    shop.agree(phone(ANNA), at=shop.world.now() - timedelta(days=1))
    assert shop.sync(person("1", ANNA)).excluded == {"SYNC_NO_BASIS": 1}
