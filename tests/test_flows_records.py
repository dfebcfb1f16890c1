# SPDX-License-Identifier: Apache-2.0
"""Why: every decision can be explained, without a number, a name or anybody's words."""

from __future__ import annotations

import pytest

from hub.contract import BadInput, Receipt, Status, StatusChanged
from hub.flows import records
from hub.flows.records import Why
from hub.law.reasons import reason
from hub.store.tables import ConsentRow, Wording
from tests.making import ANNA, BEN, COMPANY, CONSENT, OPT_OUT, Shop, person, phone

pytest_plugins = ["tests.shops"]


def why(shop: Shop, subject: str, language: str = "en") -> Why:
    with shop.world.db.read() as session:
        return records.why(shop.world, session, shop.controller, subject, language)


def test_allowed_message_is_explained_by_consent_wording_events_and_statuses(shop: Shop) -> None:
    shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    shop.settle({sent: Receipt("wamid.1")})
    shop.hear(StatusChanged(Status.DELIVERED, shop.world.now(), message_id=sent))
    found = why(shop, sent)
    assert found.state == "delivered"
    (decision,) = found.decisions
    assert (decision["verdict"], decision["reasons"]) == ("ALLOW", ["OK_CONSENT"])
    assert decision["consent"] == shop.only(ConsentRow).id
    assert [r.code for r in found.reasons] == ["OK_CONSENT"]
    (wording,) = found.wordings
    assert wording["text"] == shop.only(Wording).text
    assert COMPANY in wording["text"]
    assert [e["kind"] for e in found.events] == ["consent_given", "notice_served", "notice_served"]
    assert [(status, code) for status, code, _ in found.statuses] == [("delivered", "")]


@pytest.mark.parametrize("language", ["en", "de"])
def test_refused_message_is_explained_by_reasons_with_source_and_remedy(shop: Shop, language: str) -> None:
    shop.reach(ANNA)
    shop.stop(phone(ANNA))
    shop.claim()
    (row,) = shop.campaign_messages()
    found = why(shop, row.id, language)
    assert found.state == "refused"
    first = found.reasons[0]
    assert first.code == "SUPPRESSED_OBJECTION_MARKETING"
    assert "21" in first.source
    known = reason(first.code)
    assert (first.meaning, first.remedy) == {
        "en": (known.meaning_en, known.remedy_en),
        "de": (known.meaning_de, known.remedy_de),
    }[language]
    assert [e["kind"] for e in found.events] == ["consent_given", "notice_served", "notice_served", "objection"]
    assert found.decisions[-1]["stops"]


@pytest.mark.parametrize("subject", ["17", ANNA, "0151 12345671"])
def test_person_is_found_by_record_number_or_id(shop: Shop, subject: str) -> None:
    shop.sync(person("17", ANNA, CONSENT))
    contact = shop.contact_of(phone(ANNA)).id
    assert why(shop, subject).subject == why(shop, contact).subject == f"contact {contact}"


def test_stop_that_came_before_the_person_was_known_is_part_of_the_story(shop: Shop) -> None:
    shop.sync(person("17", ANNA, OPT_OUT))
    shop.sync(person("17", ANNA, CONSENT))
    assert [e["kind"] for e in why(shop, "17").events] == ["opt_out_claimed"]


def test_explanation_shows_no_number_name_or_words(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("17", ANNA, CONSENT, properties=(("firstname", "Anneliese"),)))
    shop.stage("17")
    sent = shop.claim_one().outgoing.id
    shop.stop(phone(ANNA), text="Bitte keine Werbung mehr, Frau Blaubart!")
    for subject in (sent, "17", ANNA):
        told = repr(why(shop, subject))
        for secret in ("15112345671", "Anneliese", "Blaubart"):
            assert secret not in told


@pytest.mark.parametrize("subject", ["", "nobody", "+4915199999999", "0" * 32])
def test_unknown_subject_names_what_can_be_asked_for(shop: Shop, subject: str) -> None:
    with pytest.raises(BadInput) as problem:
        why(shop, subject)
    assert problem.value.field == "subject"
    assert "phone number" in problem.value.remedy
    assert not subject or subject not in str(problem.value)


def test_what_belongs_to_another_company_is_not_shown(shop: Shop) -> None:
    shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    other = Shop(shop.world, "Andere Handels GmbH", ("paper2", "pigeon2"))
    for subject in (sent, shop.contact_of(phone(ANNA)).id, "1", ANNA):
        with pytest.raises(BadInput):
            why(other, subject)
    other.sync(person("1", BEN, CONSENT))
    assert why(other, "1").subject == f"contact {other.contact_of(phone(BEN)).id}"
    assert why(shop, "1").subject == f"contact {shop.contact_of(phone(ANNA)).id}"
