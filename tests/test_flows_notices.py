# SPDX-License-Identifier: Apache-2.0
"""People are told first: Art. 13 on the first message, Art. 14 for data from elsewhere, Art. 21(4) before adverts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import orjson
import pytest

from hub.contract import (
    BadInput,
    ClearedMessage,
    PlatformCategory,
    Purpose,
    Receipt,
    RecipientUnreachable,
    Status,
    StatusChanged,
    Template,
    TemplateState,
    Uncertain,
)
from hub.flows import accounts, contacts, declarations, erasure, facts, notices
from hub.flows.answers import queue
from hub.flows.states import State
from hub.law.facts import EvidenceKind, NoticeKind, Person, Source
from hub.store.ledger import Chain
from hub.store.tables import Campaign, CrmRecord, MessageRow, NoticeServed, NoticeText
from tests.making import ANNA, BEN, COMPANY, CONSENT, CONTRACT, SECOND, Shop, bsuid, person, phone

pytest_plugins = ["tests.shops"]
DAY = timedelta(days=1)
HI = "Hallo, habt ihr Größe 42?"


def hi(shop: Shop, number: str = ANNA, wamid: str = "") -> None:
    shop.hear(shop.said(HI, phone(number), wamid=wamid))
    shop.clock.advance(2 * SECOND)


def told(shop: Shop, number: str = ANNA) -> Person:
    with shop.world.db.read() as session:
        row = contacts.find_point(shop.world, session, shop.controller, phone(number))
        assert row is not None
        return facts.people(session, shop.controller, [row.id], shop.world.now())[row.id]


def kinds(shop: Shop, number: str = ANNA) -> set[NoticeKind]:
    return {notice.kind for notice in told(shop, number).notices}


def accept(shop: Shop, *cleared: ClearedMessage) -> None:
    shop.settle({one.outgoing.id: Receipt(f"pigeon.{one.outgoing.id}") for one in cleared})
    shop.clock.advance(2 * SECOND)


def answer(shop: Shop, number: str = ANNA, text: str = "Ja, haben wir.") -> str:
    """A colleague answers what the person wrote just now."""
    with shop.write() as session:
        contact, point = contacts.meet(shop.world, session, shop.controller, [phone(number)])
        wrote = [(EvidenceKind.INBOUND, f"in:{contact.id}", contact.last_inbound_at)]
        dedupe = f"answer:{shop.world.now().isoformat()}"
        return queue(
            shop.world, session, shop.sender, contact, point, Purpose.SERVICE, text, dedupe=dedupe, evidence=wrote
        )


def write_notice(shop: Shop, kind: NoticeKind, text: str = "", language: str = "de") -> NoticeText:
    with shop.write() as session:
        body = text or f"{COMPANY}: {kind} in {language}."
        return notices.create(shop.world, session, shop.controller, kind, language, body)


def bought(shop: Shop) -> None:
    """The CRM's people come from a lead vendor."""
    with shop.write() as session:
        crm = session.get_one(type(shop.crm), shop.crm.id)
        declarations.came_from(shop.world, session, shop.controller, crm, Source.OTHER, by="Dana Schutz")


def declare(
    shop: Shop,
    notice: NoticeText,
    since: timedelta = DAY,
    until: timedelta | None = None,
    by: str = "Dana Schutz",
    evidence: str = "form of 3 May, folder 12",
) -> str:
    now = shop.world.now()
    with shop.write() as session:
        made = declarations.told_elsewhere(
            shop.world,
            session,
            shop.controller,
            session.get_one(type(shop.crm), shop.crm.id),
            notice,
            since=now - since,
            until=now - until if until else None,
            by=by,
            evidence=evidence,
        )
        return made.id


# Art. 13, on the first message


def test_first_message_is_answered_with_a_short_notice_and_its_link(shop: Shop) -> None:
    hi(shop)
    notice = shop.claim_one()
    assert notice.outgoing.purpose is Purpose.PRIVACY_NOTICE
    text = notice.outgoing.content.body  # type: ignore[union-attr]
    assert COMPANY in text
    assert notices.path(shop.notice.id) in text
    assert "STOPP" in text
    assert kinds(shop) == set(), "claimed is not accepted"
    accept(shop, notice)
    assert kinds(shop) == {NoticeKind.ART_13}
    (event,) = shop.events("notice_served")
    record = orjson.loads(event.record)
    assert (record["notice"], record["source"]) == (shop.notice.id, {"message": notice.outgoing.id})
    assert shop.proven()


def test_notice_goes_out_once_however_often_the_person_writes_and_the_vendor_repeats(shop: Shop) -> None:
    first = shop.said(HI, phone(ANNA), wamid="wamid.1")
    shop.hear(first, first, shop.said("Oder 43?", phone(ANNA)))
    shop.hear(first)
    accept(shop, shop.claim_one())
    shop.hear(first, shop.said("Danke", phone(ANNA)))
    assert not shop.claim()
    assert len(shop.rows(MessageRow)) == 1


def test_two_first_messages_at_once_bring_one_notice(shop: Shop) -> None:
    said = [shop.said(HI, phone(ANNA)), shop.said("Oder 43?", phone(ANNA))]
    shop.hear(shop.said("egal", phone(BEN), kind="reaction"))
    with shop.write() as session:
        contacts.meet(shop.world, session, shop.controller, [phone(ANNA)])
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(shop.hear, said))
    assert len(shop.rows(MessageRow)) == 1


def test_notice_that_was_refused_is_not_served_and_comes_with_the_next_message(shop: Shop) -> None:
    hi(shop)
    lost = shop.claim_one()
    shop.settle({lost.outgoing.id: RecipientUnreachable("gone", code="131026")})
    assert kinds(shop) == set()
    hi(shop)
    accept(shop, shop.claim_one())
    assert kinds(shop) == {NoticeKind.ART_13}


def test_notice_that_fails_after_acceptance_was_not_served(shop: Shop) -> None:
    hi(shop)
    sent = shop.claim_one()
    accept(shop, sent)
    failed = StatusChanged(
        Status.FAILED, shop.world.now(), message_id=sent.outgoing.id, error=RecipientUnreachable("gone", code="131026")
    )
    shop.hear(failed, failed)
    assert kinds(shop) == set()
    assert not shop.rows(NoticeServed)
    assert len(shop.events("notice_not_delivered")) == 1
    hi(shop)
    assert shop.claim_one().outgoing.purpose is Purpose.PRIVACY_NOTICE


def test_notice_nobody_knows_of_is_served_once_a_status_says_so(shop: Shop) -> None:
    hi(shop)
    sent = shop.claim_one()
    shop.settle({sent.outgoing.id: Uncertain("no answer")})
    hi(shop)
    assert not shop.claim(), "what may have arrived is not repeated on a guess"
    shop.hear(StatusChanged(Status.DELIVERED, shop.world.now(), message_id=sent.outgoing.id))
    assert kinds(shop) == {NoticeKind.ART_13}
    assert len(shop.events("notice_served")) == 1


def test_answer_waits_for_the_notice_and_goes_out_by_itself(shop: Shop) -> None:
    hi(shop)
    waiting = answer(shop)
    notice = shop.claim_one()
    assert (shop.message(waiting).state, shop.message(waiting).reason) == (State.HELD, "NOTICE_13_MISSING")
    accept(shop, notice)
    assert shop.claim_one().outgoing.id == waiting


def test_stop_as_first_message_gets_its_confirmation_alone(shop: Shop) -> None:
    shop.stop(phone(ANNA))
    assert shop.claim_one().outgoing.purpose is Purpose.OPT_OUT_CONFIRMATION


@pytest.mark.parametrize(("number", "language"), [(ANNA, "de"), ("+33612345678", "en")])
def test_notice_speaks_the_language_of_the_number(shop: Shop, number: str, language: str) -> None:
    english = write_notice(shop, NoticeKind.ART_13, language="en")
    hi(shop, number)
    path = notices.path(english.id if language == "en" else shop.notice.id)
    assert path in shop.claim_one().outgoing.content.body  # type: ignore[union-attr]


def test_new_holder_of_a_number_is_told_anew(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    with shop.write() as session:
        contact = session.merge(shop.contact_of(phone(ANNA)))
        contact.reassigned_at = shop.world.now()
    shop.clock.advance(2 * SECOND)
    hi(shop)
    assert shop.claim_one().outgoing.purpose is Purpose.PRIVACY_NOTICE


def test_erased_person_who_comes_back_is_told_anew(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    with shop.write() as session:
        chain = Chain(session, shop.controller.id, shop.world.now())
        erasure.erase(shop.world, session, chain, session.merge(shop.contact_of(phone(ANNA))), "test")
        chain.write()
    assert not shop.rows(NoticeServed)
    hi(shop)
    assert shop.claim_one().outgoing.purpose is Purpose.PRIVACY_NOTICE


def test_notice_on_the_number_counts_for_the_username_of_the_same_person(shop: Shop) -> None:
    hi(shop)
    accept(shop, shop.claim_one())
    shop.hear(shop.said("Und in Rot?", bsuid(), phone(ANNA)))
    assert not shop.claim()


# on the page


def test_consent_over_the_page_proves_which_notices_it_showed(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    assert kinds(shop) == {NoticeKind.ART_13, NoticeKind.ART_21_4}
    served = {orjson.loads(event.record)["notice"] for event in shop.events("notice_served")}
    assert served == {shop.page.notice_id, shop.page.hint_id}
    assert not shop.claim(), "who was told on the page needs no message"


def test_page_keeps_to_the_notice_it_was_made_with(shop: Shop) -> None:
    newer = write_notice(shop, NoticeKind.ART_13, f"{COMPANY}: neu.")
    shop.agree(phone(ANNA))
    served = {row.notice_id for row in shop.rows(NoticeServed)}
    assert newer.version == shop.notice.version + 1
    assert newer.id not in served


def test_consent_over_a_page_without_notices_waits_for_them(shop: Shop) -> None:
    with shop.write() as session:
        page = session.merge(shop.page)
        page.notice_id = page.hint_id = None
    shop.reach(ANNA)
    (row,) = shop.campaign_messages()
    assert (row.state, row.reason) == (State.HELD, "NOTICE_13_MISSING")
    accept(shop, shop.claim_one())
    (row,) = shop.campaign_messages()
    assert not shop.claim()
    assert shop.message(row.id).reason == "NOTICE_21_4_MISSING"
    declare(shop, write_notice(shop, NoticeKind.ART_21_4))
    assert shop.claim_one().outgoing.id == row.id


# Art. 14


def test_bought_contacts_start_the_clock_once_and_wait_for_the_notice(shop: Shop) -> None:
    bought(shop)
    counts = shop.sync(person("1", ANNA, CONTRACT))
    assert counts.notes == {"SYNC_ART14_CLOCK_STARTED": 1}
    due = shop.only(CrmRecord).art14_due_at
    assert due is not None
    assert abs(due - shop.world.now() - 30 * DAY) < timedelta(minutes=1)
    shop.clock.advance(DAY)
    assert not shop.sync(person("1", ANNA, CONTRACT, country="AT")).notes
    assert shop.only(CrmRecord).art14_due_at == due
    assert told(shop).source is Source.OTHER


def test_source_told_later_counts_from_when_the_people_came(shop: Shop) -> None:
    shop.sync(person("1", ANNA, CONTRACT))
    came = shop.only(CrmRecord).first_seen_at
    shop.clock.advance(10 * DAY)
    bought(shop)
    assert shop.only(CrmRecord).art14_due_at == came + 30 * DAY
    assert len(shop.events("source_declared")) == 1


def test_overdue_people_are_listed_until_they_are_told(shop: Shop) -> None:
    bought(shop)
    shop.sync(person("1", ANNA, CONTRACT), person("2", BEN, CONTRACT))
    shop.clock.advance(31 * DAY)
    with shop.world.db.read() as session:
        (late,) = declarations.due(shop.world, session, shop.controller, 1)
    assert (late.people, late.waiting, late.overdue, late.records) == (2, 2, 2, ("1",))
    statement = declare(shop, write_notice(shop, NoticeKind.ART_14), 40 * DAY)
    with shop.world.db.read() as session:
        (done,) = declarations.due(shop.world, session, shop.controller, 1)
    assert (done.people, done.waiting, done.overdue, done.next_due) == (2, 0, 0, None)
    with shop.write() as session:
        declarations.revoke(shop.world, session, shop.controller, statement, by="Dana Schutz", why="wrong mailing")
    assert kinds(shop) == set()
    assert told(shop).source is Source.OTHER
    assert shop.proven()


def test_answer_to_a_bought_contact_waits_for_the_notice_about_the_source(shop: Shop) -> None:
    write_notice(shop, NoticeKind.ART_14)
    bought(shop)
    shop.sync(person("1", ANNA, CONTRACT))
    hi(shop)
    waiting = answer(shop)
    notice = shop.claim_one()
    assert "nicht von Ihnen" in notice.outgoing.content.body  # type: ignore[union-attr]
    assert shop.message(waiting).reason == "NOTICE_14_OVERDUE"
    accept(shop, notice)
    assert kinds(shop) == {NoticeKind.ART_14}
    assert shop.claim_one().outgoing.id == waiting


def test_first_communication_ends_the_month(shop: Shop) -> None:
    bought(shop)
    shop.sync(person("1", ANNA, CONTRACT))
    shop.stop(phone(ANNA))
    accept(shop, shop.claim_one())
    due = shop.only(CrmRecord).art14_due_at
    assert due is not None
    assert due <= shop.world.now()


def test_31_bought_contact_gets_no_advertisement_that_would_be_notice_too(shop: Shop) -> None:
    bought(shop)
    shop.sync(person("1", ANNA, CONSENT))
    shop.stage("1")
    (row,) = shop.campaign_messages()
    assert (row.state, row.reason) == (State.REFUSED, "CONSENT_UNPROVEN")


def test_31_even_own_consent_waits_until_the_source_was_told(shop: Shop) -> None:
    bought(shop)
    shop.reach(ANNA)
    (row,) = shop.campaign_messages()
    assert (row.state, row.reason) == (State.HELD, "NOTICE_14_OVERDUE")
    declare(shop, write_notice(shop, NoticeKind.ART_14))
    assert shop.claim_one().outgoing.id == row.id


def test_stop_to_advertising_leaves_the_invoice_of_a_bought_contact_alone_once_told(shop: Shop) -> None:
    bought(shop)
    declare(shop, write_notice(shop, NoticeKind.ART_14))
    shop.sync(person("1", ANNA, CONTRACT))
    shop.stop(phone(ANNA))
    accept(shop, shop.claim_one())
    sent = answer(shop, text="Ihre Rechnung liegt bei.")
    assert shop.claim_one().outgoing.id == sent


# a template that serves a notice


def template(shop: Shop, text: str) -> None:
    letter = Template("hinweis", "de", PlatformCategory.UTILITY, TemplateState.APPROVED, text)
    with shop.write() as session:
        provider = session.get_one(type(shop.provider), shop.provider.id)
        accounts.replace_templates(shop.world, session, provider, [letter])


def letter(shop: Shop, notice: NoticeText) -> Campaign:
    wanted = {"purpose": Purpose.PRIVACY_NOTICE, "notice": notice.id, "template": "hinweis", "parameters": {}}
    return shop.stage("1", topic="", **wanted)


def test_template_serves_the_notice_it_leads_to(shop: Shop) -> None:
    notice = write_notice(shop, NoticeKind.ART_14)
    bought(shop)
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONTRACT))
    template(shop, f"{COMPANY}: woher wir Ihre Nummer haben, steht hier: https://x.example{notices.path(notice.id)}")
    letter(shop, notice)
    accept(shop, shop.claim_one())
    assert NoticeKind.ART_14 in kinds(shop)
    letter(shop, notice)
    assert not shop.claim(), "the duty is done"


def test_template_that_leads_elsewhere_serves_nothing(shop: Shop) -> None:
    notice = write_notice(shop, NoticeKind.ART_14)
    template(shop, f"{COMPANY}: alles steht auf https://x.example/privacy")
    with pytest.raises(BadInput, match="is not what the template leads to"):
        letter(shop, notice)


def test_notice_over_whatsapp_needs_metas_opt_in_like_everything(shop: Shop) -> None:
    notice = write_notice(shop, NoticeKind.ART_14)
    bought(shop)
    shop.sync(person("1", ANNA, CONTRACT))
    template(shop, f"{COMPANY}: {notices.path(notice.id)}")
    letter(shop, notice)
    (row,) = shop.campaign_messages()
    assert (row.state, row.reason) == (State.REFUSED, "PLATFORM_OPTIN_MISSING")


# statements of persons


def test_statement_covers_whom_the_crm_brought_in_its_time(shop: Shop) -> None:
    shop.sync(person("1", ANNA, CONTRACT))
    shop.clock.advance(5 * DAY)
    shop.sync(person("2", BEN, CONTRACT))
    declare(shop, shop.notice, since=DAY)
    assert (kinds(shop, ANNA), kinds(shop, BEN)) == (set(), {NoticeKind.ART_13})
    declare(shop, shop.notice, since=9 * DAY, until=4 * DAY)
    assert kinds(shop, ANNA) == {NoticeKind.ART_13}
    (event, _) = shop.events("notice_declared")
    assert not any(word in event.record for word in ("Dana", "folder")), "the ledger keeps no names"


@pytest.mark.parametrize(("by", "evidence", "field"), [("", "f", "by or evidence"), ("Dana", " ", "by or evidence")])
def test_statement_without_a_person_or_proof_is_refused(shop: Shop, by: str, evidence: str, field: str) -> None:
    with pytest.raises(BadInput, match=field):
        declare(shop, shop.notice, by=by, evidence=evidence)
    assert not shop.events("notice_declared")


# texts


def test_notice_is_found_by_its_content_and_never_changes(shop: Shop) -> None:
    again = write_notice(shop, NoticeKind.ART_13, shop.notice.text)
    assert again.id == shop.notice.id
    with shop.world.db.read() as session:
        shown = notices.shown_at(session, notices.path(shop.notice.id).removeprefix("/n/"))
        assert shown is not None
        assert shown.text == shop.notice.text
        assert notices.shown_at(session, shop.notice.id[:8]) is None, "too short to be sure"
        assert notices.newest(session, shop.controller.id, NoticeKind.ART_14) is None


def test_notice_that_names_nobody_is_refused(shop: Shop) -> None:
    with pytest.raises(BadInput, match="does not name the controller"):
        write_notice(shop, NoticeKind.ART_13, "Wir nehmen Datenschutz ernst.")
