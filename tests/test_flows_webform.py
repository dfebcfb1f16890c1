# SPDX-License-Identifier: Apache-2.0
"""The web form: one question to the number, and only that number's own answer in time is a consent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from hub.contract import BadInput, PlatformCategory, Purpose, Rejected, Template, TemplateContent
from hub.flows import accounts, confirmation, optin, webform
from hub.flows.erasure import erase
from hub.flows.states import State
from hub.law import policies
from hub.store.ledger import Chain
from hub.store.tables import (
    ConsentRow,
    Contact,
    ContactPoint,
    DecisionRow,
    MessageRow,
    OptInPage,
    OptInRequest,
    StopRow,
)
from tests.carriers import OFFER
from tests.forms import ASKING, CONFIRM, Form
from tests.making import ANNA, BEN, CONSENT, OPT_OUT, TOPIC, Shop, bsuid, everything_stored, person, phone

pytest_plugins = ["tests.shops"]

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def form(shop: Shop) -> Form:
    return Form(shop)


def agreed(shop: Shop) -> int:
    return len(shop.events("consent_given"))


def test_form_asks_the_number_once_by_template_and_writes_no_consent(shop: Shop, form: Form) -> None:
    form.fill()
    message = form.asked()
    assert message.outgoing.to.value == ANNA
    assert message.outgoing.purpose is Purpose.OPT_IN_CONFIRMATION
    content = message.outgoing.content
    assert isinstance(content, TemplateContent)
    assert content.name == CONFIRM.name
    code = dict(content.parameters)["1"]
    assert dict(content.parameters) == {"1": code, "payload.1": f"yes.{code}"}
    assert not shop.rows(ConsentRow)
    assert not shop.claim()


def test_question_is_decided_by_the_gate_on_the_attempt_as_its_evidence(shop: Shop, form: Form) -> None:
    form.fill()
    form.asked()
    (row,) = form.questions()
    (requested,) = shop.events("consent_requested")
    assert row.basis == "LEGITIMATE_INTEREST"
    (decision,) = [d for d in decisions(shop) if d["message"] == row.id]
    assert decision["reasons"] == ["OK_CONSENT_CHECK"]
    assert decision["evidence"] == [requested.id]
    assert decision["template"] == "frage/de"
    assert "template" in decision["documents"]


def decisions(shop: Shop) -> list[dict[str, Any]]:
    return [orjson.loads(row.record) for row in shop.rows(DecisionRow)]


def test_attempt_is_in_the_ledger_without_number_or_code_in_clear(shop: Shop, form: Form) -> None:
    form.fill()
    (event,) = shop.events("consent_requested")
    assert '"ConsentRequested"' in event.record
    assert '"pending"' in event.record
    assert event.evidence is not None
    assert ANNA not in event.record
    assert ANNA.removeprefix("+") not in everything_stored(shop.world)
    assert shop.proven()


@pytest.mark.parametrize("answer", ["JA {code}", "ja {lower}", "  Yes, {code}!", "Ja\n{code} 👍"])
def test_yes_with_the_code_from_that_number_is_consent(shop: Shop, form: Form, answer: str) -> None:
    form.fill()
    code = form.code()
    form.says(answer.format(code=code, lower=code.lower()))
    (consent,) = shop.consents(phone(ANNA))
    assert (consent.topic, consent.expression, consent.verification) == (TOPIC, "express_statement", "same_point")
    assert consent.wording_id == form.page.wording_id
    (given,), (requested,) = shop.events("consent_given"), shop.events("consent_requested")
    assert '"flow":"web_form"' in given.record
    assert requested.id in given.record
    assert shop.proven()


def test_button_of_the_question_is_consent(shop: Shop, form: Form) -> None:
    form.fill()
    form.presses(f"yes.{form.code()}")
    assert len(shop.consents(phone(ANNA))) == 1


def test_consent_of_a_form_carries_a_campaign(shop: Shop, form: Form) -> None:
    form.fill()
    form.says(f"JA {form.code()}")
    shop.sync(person("1", ANNA, CONSENT))
    shop.stage("1")
    assert [m.outgoing.purpose for m in shop.claim()] == [Purpose.MARKETING]


def test_other_words_are_no_consent(shop: Shop, form: Form) -> None:
    form.fill()
    code = form.code()
    for text in (
        "Ja",
        code,
        f"Nein {code}",
        f"Ja {code} aber nur per Post",
        f"ja ja {code}",
        f"Ja, ich willige nicht ein. Code {code}",
        f"JA {code[:-1]}",
        "JA ZZZZ9999",
    ):
        form.says(text)
    form.presses("Nein", "Nein")
    form.presses(code)
    form.presses("yes.", "Ja, ich willige ein")
    assert not agreed(shop)


def test_right_code_from_another_number_is_no_consent_for_either(shop: Shop, form: Form) -> None:
    form.fill(ANNA)
    code = form.code()
    form.says(f"JA {code}", BEN)
    form.presses(f"yes.{code}", number=BEN)
    assert not agreed(shop)
    to_ben = [m.outgoing.purpose for m in shop.claim() if m.outgoing.to.value == BEN]
    assert to_ben == [Purpose.PRIVACY_NOTICE], "nor an answer that tells of it"
    form.says(f"JA {code}", ANNA)
    assert len(shop.consents(phone(ANNA))) == 1
    assert not shop.consents(phone(BEN))


def test_answer_that_shows_no_number_is_no_consent(shop: Shop, form: Form) -> None:
    form.fill()
    code = form.code()
    shop.hear(shop.said(f"JA {code}", bsuid()))
    assert not agreed(shop)
    shop.hear(shop.said(f"JA {code}", bsuid(), phone(ANNA)))
    assert len(shop.consents(phone(ANNA))) == 1, "with both, the consent is the number's"


@pytest.mark.parametrize("kind", ["edit", "reaction", "revoke", "system"])
def test_yes_that_is_no_message_of_its_own_is_no_consent(shop: Shop, form: Form, kind: str) -> None:
    form.fill()
    code = form.code()
    shop.hear(shop.said(f"JA {code}", phone(ANNA), kind=kind))
    shop.hear(shop.said(form_statement(shop, form), phone(ANNA), kind=kind))
    shop.hear(shop.said("START", phone(ANNA), kind=kind))
    assert not agreed(shop)
    assert not shop.claim()


def test_answer_to_another_sender_is_no_consent(shop: Shop, form: Form) -> None:
    with shop.write() as session:
        accounts.add_sender(session, shop.provider, "other-number", "+49 30 7654321")
    form.fill()
    code = form.code()
    shop.hear(replace(shop.said(f"JA {code}", phone(ANNA)), sender="other-number"))
    assert not agreed(shop)


def test_answer_after_expiry_is_no_consent_but_asks_anew_in_the_chat(shop: Shop, form: Form) -> None:
    form.fill()
    code = form.code()
    shop.clock.advance(25 * HOUR)
    form.says(f"JA {code}")
    assert not agreed(shop)
    (question,) = [m for m in shop.claim() if m.outgoing.purpose is Purpose.OPT_IN_CONFIRMATION]
    statement = form_statement(shop, form)
    assert statement in question.outgoing.content.body  # type: ignore[union-attr]
    form.says(statement)
    assert agreed(shop) == 1


def form_statement(shop: Shop, form: Form) -> str:
    with shop.world.db.read() as session:
        return optin.invitation(session, session.get_one(OptInPage, form.page.id)).statement


def test_answer_dated_before_the_form_is_no_consent(shop: Shop, form: Form) -> None:
    form.fill()
    form.says(f"JA {form.code()}", at=shop.world.now() - HOUR)
    assert not agreed(shop)


def test_answer_delivered_twice_is_one_consent(shop: Shop, form: Form) -> None:
    form.fill()
    message = shop.said(f"JA {form.code()}", phone(ANNA))
    shop.hear(message)
    shop.hear(message)
    assert agreed(shop) == 1
    assert not shop.claim(), "and no second question"


def test_second_form_asks_no_second_time(shop: Shop, form: Form) -> None:
    form.fill()
    code = form.code()
    for wait in (HOUR, 30 * DAY):
        form.fill()
        form.fill("0151 12345671")
        shop.clock.advance(wait)
    assert len(form.questions()) == 1
    assert len(shop.events("consent_requested")) == 1
    assert not shop.claim()
    form.says(f"JA {code}")
    assert not agreed(shop)


def test_question_that_never_left_may_be_asked_again(shop: Shop, form: Form) -> None:
    form.fill()
    shop.settle({form.asked().outgoing.id: Rejected("number unknown to the platform", code="131026")})
    form.fill()
    form.says(f"JA {form.code()}")
    assert agreed(shop) == 1


def test_question_too_late_to_be_answered_is_not_sent(shop: Shop, form: Form) -> None:
    form.fill()
    shop.clock.advance(25 * HOUR)
    assert not shop.claim()
    assert form.questions()[0].reason == "REQUEST_TOO_OLD"


@pytest.mark.parametrize("text", ["STOP", "Bitte keine Werbung mehr", "alles stoppen"])
def test_stop_as_the_answer_is_a_stop_and_ends_the_request(shop: Shop, form: Form, text: str) -> None:
    form.fill()
    code = form.code()
    form.says(text)
    assert shop.stops(phone(ANNA))
    form.says(f"JA {code}")
    assert not agreed(shop)


def test_stop_meanwhile_keeps_the_question_from_leaving(shop: Shop, form: Form) -> None:
    form.fill()
    shop.stop(phone(ANNA))
    assert Purpose.OPT_IN_CONFIRMATION not in [m.outgoing.purpose for m in shop.claim()]
    assert form.questions()[0].state == State.REFUSED


def test_stop_that_a_crm_told_meanwhile_ends_the_request(shop: Shop, form: Form) -> None:
    form.fill()
    code = form.code()
    shop.sync(person("1", ANNA, OPT_OUT))
    assert shop.rows(StopRow)
    form.says(f"JA {code}")
    assert not agreed(shop)


def test_who_has_said_no_is_not_asked_whoever_types_the_number(shop: Shop, form: Form) -> None:
    shop.stop(phone(ANNA))
    shop.claim()  # the confirmation of the stop
    before = len(shop.rows(OptInRequest))
    form.fill()
    assert len(shop.rows(OptInRequest)) == before
    assert not form.questions()
    assert not shop.events("consent_requested")


def test_who_was_erased_is_not_asked(shop: Shop, form: Form) -> None:
    shop.agree(phone(ANNA))
    with shop.write() as session:
        chain = Chain(session, shop.controller.id, shop.world.now())
        erase(shop.world, session, chain, session.get_one(Contact, shop.contact_of(phone(ANNA)).id), "test")
        chain.write()
    form.fill()
    assert not form.questions()


def test_who_agrees_already_is_not_asked_and_who_lapsed_is(shop: Shop, form: Form) -> None:
    form.says(form_statement(shop, form))
    assert agreed(shop) == 1
    form.fill()
    assert not form.questions()
    shop.clock.advance(timedelta(days=400))
    form.fill()
    assert len(form.questions()) == 1


def test_number_asked_before_is_asked_again_once_it_has_answered_and_lapsed(shop: Shop, form: Form) -> None:
    form.fill()
    form.says(f"JA {form.code()}")
    shop.clock.advance(timedelta(days=400))
    shop.file(approve=True)  # the provider's file would be overdue
    form.fill()
    form.says(f"JA {form.code()}")
    assert agreed(shop) == 2


def test_expired_request_is_forgotten_with_whom_nothing_else_is_known_of(shop: Shop, form: Form) -> None:
    form.fill()
    form.code()
    shop.clock.advance(25 * HOUR)
    with shop.write() as session:
        assert confirmation.forget(shop.world, session, shop.controller) == 1
        assert confirmation.forget(shop.world, session, shop.controller) == 0
    contact = shop.only(Contact)
    assert contact.data_key is None
    assert shop.only(ContactPoint).value == b""
    (row,) = form.questions()
    assert row.parameters is None
    assert len(shop.events("consent_request_expired")) == 1
    assert not shop.rows(StopRow), "no tombstone: nobody asked to be erased"
    form.fill()
    assert len(form.questions()) == 1, "what stays is enough not to ask again"
    assert shop.proven()


def test_expired_request_of_somebody_known_leaves_them_known(shop: Shop, form: Form) -> None:
    form.says("Haben Sie morgen offen?")
    form.fill()
    form.code()
    shop.clock.advance(25 * HOUR)
    with shop.write() as session:
        assert confirmation.forget(shop.world, session, shop.controller) == 1
    assert shop.contact_of(phone(ANNA)).data_key is not None


def test_request_that_is_open_is_not_forgotten(shop: Shop, form: Form) -> None:
    form.fill()
    with shop.write() as session:
        assert confirmation.forget(shop.world, session, shop.controller) == 0
    form.says(f"JA {form.code()}")
    assert agreed(shop) == 1


def test_page_that_was_closed_meanwhile_takes_no_answer(shop: Shop, form: Form) -> None:
    form.fill()
    code = form.code()
    with shop.write() as session:
        page = session.get_one(OptInPage, form.page.id)
        page.closed_at = shop.world.now()
        session.add(page)
    form.says(f"JA {code}")
    assert not agreed(shop)


def test_template_moved_to_marketing_is_not_sent_as_a_question(shop: Shop, form: Form) -> None:
    form.fill()
    with shop.write() as session:
        moved = replace(CONFIRM, category=PlatformCategory.MARKETING)
        accounts.replace_templates(shop.world, session, shop.provider, [OFFER, moved])
    assert not shop.claim()
    assert form.questions()[0].reason == "PURPOSE_CONTRADICTED"


def test_policy_that_asks_nobody_is_obeyed(shop: Shop, form: Form) -> None:
    packaged = policies.load("eu_strict")
    shop.world.policy = packaged.model_copy(update={"opt_in": packaged.opt_in.model_copy(update={"confirmations": 0})})
    form.fill()
    assert not form.questions()


@pytest.mark.parametrize("typed", ["", "call me", "+49 1", "0900 123456", "anna@example.com"])
def test_number_that_cannot_be_asked_names_field_and_remedy(shop: Shop, form: Form, typed: str) -> None:
    with pytest.raises(BadInput) as problem:
        form.fill(typed)
    assert problem.value.field == "number"
    assert problem.value.remedy
    assert not shop.rows(Contact)


def test_address_that_sends_too_many_forms_is_stopped_for_an_hour(shop: Shop, form: Form) -> None:
    def admitted(address: str) -> bool:
        with shop.write() as session:
            return webform.admit(shop.world, session, form.page, address)

    assert [admitted("192.0.2.1") for _ in range(11)] == [True] * 10 + [False]
    assert admitted("192.0.2.2")
    assert "192.0.2.1" not in everything_stored(shop.world)
    shop.clock.advance(HOUR + timedelta(seconds=1))
    assert admitted("192.0.2.1")


@pytest.mark.parametrize(
    ("template", "why"),
    [
        (replace(CONFIRM, category=PlatformCategory.MARKETING), "advertises"),
        (replace(CONFIRM, text=f"{ASKING} Unsere neuen Angebote warten!"), "advertises"),
        (replace(CONFIRM, text="Waren Sie das? Dann antworten Sie JA {{1}}."), "does not name"),
        (replace(CONFIRM, text="Muster Handels GmbH: {{1}}"), "does not ask"),
        (replace(CONFIRM, parameters=("1", "2")), "does not ask"),
        (replace(CONFIRM, language="en"), "there is no"),
    ],
)
def test_template_that_cannot_ask_is_refused_when_the_page_is_made(shop: Shop, template: Template, why: str) -> None:
    with shop.write() as session:
        accounts.replace_templates(shop.world, session, shop.provider, [OFFER, template])
    with pytest.raises(BadInput, match=why) as problem, shop.write() as session:
        optin.create(
            shop.world,
            session,
            shop.controller,
            shop.sender,
            title="x",
            language="de",
            topics=[TOPIC],
            confirm_template=CONFIRM.name,
        )
    assert problem.value.field == "confirm-template"
    assert len(shop.rows(OptInPage)) == 1


def test_question_and_code_are_gone_after_erasure(shop: Shop, form: Form) -> None:
    form.fill()
    assert shop.only(MessageRow).parameters is not None
    with shop.write() as session:
        chain = Chain(session, shop.controller.id, shop.world.now())
        erase(shop.world, session, chain, session.get_one(Contact, shop.contact_of(phone(ANNA)).id), "test")
        chain.write()
    assert not shop.claim()
    assert shop.only(MessageRow).parameters is None
