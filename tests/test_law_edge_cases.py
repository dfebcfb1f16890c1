# SPDX-License-Identifier: Apache-2.0
"""The edge cases a lawyer tests first (legal reference, section 7), one test each, by its number.

What is a question of law alone is a file in `cases/decisions`; what is one of memory goes through the real flows.
25 (one export as of then) is in `test_flows_exports`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hub.cli.decide import load
from hub.contract import Claim, ClaimKind, ContactSnapshot, IdentityChanged, LegalBasis, PreferenceChanged, Purpose
from hub.flows import clerk, restore
from hub.flows.states import State
from hub.flows.world import World
from hub.law.decide import decide
from hub.law.facts import Decision, StopKind, Verdict
from hub.law.withdrawal import Wish, classify
from hub.store.tables import ConsentRow, Contact, MessageRow, Sender, StopRow
from tests.backups import backup
from tests.making import ANNA, BEN, CONSENT, CONTRACT, SECOND, VENDOR_ID, Shop, bsuid, person, phone

FOLDER = Path(__file__).parent / "cases" / "decisions"


def first(name: str) -> str:
    """*The* reason of a published case."""
    return decided(name).reasons[0]


def decided(name: str) -> Decision:
    return decide(load(FOLDER / f"{name}.json")[1])


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


def now(shop: Shop) -> datetime:
    return shop.world.now().replace(microsecond=0)


def reached(shop: Shop, *numbers: str) -> list[str]:
    """Who would get a campaign now."""
    records = [f"r{number}" for number in numbers]
    shop.sync(*(person(r, n, CONSENT) for r, n in zip(records, numbers, strict=True)))
    shop.stage(*records)
    return [m.outgoing.to.value for m in shop.claim() if m.outgoing.purpose is Purpose.MARKETING]


def test_01_survey_in_an_invoice_is_advertising() -> None:
    assert first("edge-01-survey-in-an-invoice") == "TPL_PROMO_IN_NON_MARKETING"


def test_02_legitimate_interest_of_a_crm_carries_no_offer() -> None:
    assert first("edge-02-legitimate-interest-existing-customer") == "BASIS_INSUFFICIENT_FOR_MARKETING"


def test_03_hint_in_the_privacy_policy_alone_opens_no_soft_opt_in() -> None:
    assert "SOFTOPTIN_NOTICE_AT_COLLECTION_MISSING" in decided("edge-03-hint-only-in-the-privacy-policy").reasons


def test_04_email_double_opt_in_proves_no_number() -> None:
    assert first("edge-04-verified-by-email") == "CONSENT_VERIFIED_OTHER_CONTACT_POINT"


def test_05_objection_after_staging_stops_what_is_queued(shop: Shop) -> None:
    shop.reach(ANNA, BEN)
    shop.sync(person("1", ANNA, CONSENT, shop_opt_out()))
    shop.clock.advance(2 * SECOND)
    assert [m.outgoing.to.value for m in shop.claim()] == [BEN]
    (refused,) = [row for row in shop.campaign_messages() if row.state == State.REFUSED]
    assert refused.reason.startswith("SUPPRESSED_")
    assert refused.decision_id


def shop_opt_out() -> Claim:
    """What staff entered in the CRM after a letter or a call."""
    return Claim(ClaimKind.OPT_OUT, "entered_by_staff")


def test_06_opt_out_survives_deletion_and_a_trade_fair_list(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("17", ANNA, CONSENT))
    shop.stop(phone(ANNA))
    shop.sync(ContactSnapshot(record="17", deleted=True))
    assert not shop.holds("17")
    shop.sync(person("fair-1", ANNA, Claim(ClaimKind.CONSENT, "fair", claimed_at=shop.world.now())))
    shop.stage("fair-1")
    assert not [m for m in shop.claim() if m.outgoing.purpose is Purpose.MARKETING]
    assert shop.campaign_messages()[0].reason == "SUPPRESSED_OBJECTION_MARKETING"


def test_07_stop_of_one_duplicate_binds_the_merged_person(shop: Shop) -> None:
    shop.stop(phone(ANNA))
    shop.agree(bsuid())
    shop.hear(shop.said("Hallo", bsuid(), phone(ANNA)))
    assert shop.contact_of(bsuid()).id == shop.contact_of(phone(ANNA)).id
    assert [stop.kind for stop in shop.stops(bsuid())] == [StopKind.OBJECTION_MARKETING]
    shop.sync(person("1", ANNA, CONSENT), person("2", ANNA, CONSENT))
    shop.stage("1", "2")
    assert not [m for m in shop.claim() if m.outgoing.purpose is Purpose.MARKETING]


def test_08_resume_in_the_app_is_no_new_consent(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    for stopped in (True, False):
        shop.hear(PreferenceChanged(VENDOR_ID, (phone(ANNA),), now(shop), stopped=stopped))
        shop.clock.advance(2 * SECOND)
    assert not reached(shop, ANNA)
    shop.agree(phone(ANNA))
    assert reached(shop, ANNA) == [ANNA]


def test_09_username_is_matched_by_its_bsuid_or_not_written_to(shop: Shop) -> None:
    shop.hear(shop.said("Hallo", bsuid(), phone(ANNA)))
    shop.stop(phone(ANNA))
    assert [stop.kind for stop in shop.stops(bsuid())] == [StopKind.OBJECTION_MARKETING]
    assert first("edge-09-username-without-number") == "SUBJECT_AMBIGUOUS"


def test_10_new_number_takes_the_stop_along_and_not_the_consent(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.stop(phone(ANNA))
    shop.hear(IdentityChanged(VENDOR_ID, (phone(ANNA),), (phone(BEN),), now(shop)))
    assert [stop.kind for stop in shop.stops(phone(BEN))] == [StopKind.OBJECTION_MARKETING]
    assert not shop.consents(phone(BEN))
    assert shop.stops(phone(ANNA)), "the old person's stop stays"
    assert first("edge-10b-number-with-a-new-holder") == "CONTACT_POINT_REASSIGNED"
    assert first("edge-10c-number-the-person-has-left") == "CONTACT_POINT_REASSIGNED"
    shop.agree(phone(BEN))
    assert reached(shop, BEN) == [BEN], "consent given anew"


def test_10_number_of_a_stranger_carries_no_old_consent_and_keeps_the_old_stop(shop: Shop) -> None:
    shop.agree(phone(ANNA), bsuid())
    with shop.write() as session:
        clerk.recycled(shop.world, session, shop.controller, ANNA, clerk.Word("Dana Schutz", "undeliverable"))
    assert not reached(shop, ANNA)
    shop.stop(bsuid())
    assert [stop.kind for stop in shop.stops(bsuid())] == [StopKind.OBJECTION_MARKETING]
    assert not shop.consents(phone(ANNA))
    shop.agree(phone(ANNA))
    shop.stage(f"r{ANNA}")
    assert [m.outgoing.to.value for m in shop.claim() if m.outgoing.purpose is Purpose.MARKETING] == [ANNA]


def test_11_strictest_of_all_countries_decides() -> None:
    answer = decided("edge-11-three-countries")
    assert answer.jurisdictions == ("AT", "CH", "DE")
    assert answer.reasons == ("AGE_BELOW_CONSENT",)


def test_12_consent_never_used_lapses_and_is_not_asked_for_over_whatsapp(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.clock.advance(timedelta(days=366))
    shop.file(approve=True)
    assert not reached(shop, ANNA)
    assert shop.campaign_messages()[0].reason == "CONSENT_STALE_UNUSED"
    assert not decided("edge-12b-asking-again-over-whatsapp").allowed


def test_13_consent_without_its_text_carries_nothing(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    with shop.write() as session:
        row = session.get_one(ConsentRow, shop.consents(phone(ANNA))[0].id)
        row.wording_id = None
        session.add(row)
    assert not reached(shop, ANNA)
    assert shop.campaign_messages()[0].reason == "CONSENT_WORDING_UNKNOWN"


def test_14_consent_names_this_company_and_does_not_travel(world: World) -> None:
    assert first("edge-14-group-and-partners") == "CONSENT_CONTROLLER_NOT_NAMED"
    assert first("edge-14b-brand-sold") == "CONSENT_CONTROLLER_NOT_NAMED"
    seller = Shop(world)
    seller.agree(phone(ANNA))
    buyer = Shop(world, "Käufer AG", ("paper2", "pigeon2"))
    assert not reached(buyer, ANNA)


def test_15_consent_as_the_price_of_a_discount_is_none() -> None:
    assert first("edge-15-price-of-the-discount") == "CONSENT_COUPLED"


def test_16_health_by_inference_needs_explicit_consent() -> None:
    assert first("edge-16-pharmacy-offer") == "SPECIAL_CATEGORY_NO_BASIS"
    assert first("edge-16c-clinic-reminder") == "SPECIAL_CATEGORY_NO_BASIS"
    assert decided("edge-16b-pharmacy-offer-with-explicit-consent").basis is LegalBasis.CONSENT_EXPLICIT


def test_17_age_of_consent_is_that_of_the_country() -> None:
    assert first("edge-17-age-15-in-germany") == "AGE_BELOW_CONSENT"
    assert decided("edge-17b-age-14-in-austria").allowed
    assert decided("edge-17c-parents-agreed").allowed


def test_18_question_may_be_answered_and_not_followed_by_a_coupon(shop: Shop) -> None:
    answer = shop.reply(phone(ANNA), text="Ja, in Größe 42 ist noch einer da.")
    coupon = shop.reply(phone(BEN), text="Nur heute: 20 % Rabatt auf alle Mützen!")
    assert [m.outgoing.id for m in shop.claim()] == [answer]
    assert shop.message(coupon).reason == "TPL_PROMO_IN_NON_MARKETING"
    assert not decided("edge-18b-coupon-after-a-question").allowed


def test_19_erased_person_stays_stopped_without_being_known(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.stop(phone(ANNA))
    contact = shop.contact_of(phone(ANNA))
    with shop.write() as session:  # what an erasure leaves
        row = session.get_one(Contact, contact.id)
        row.data_key, row.profile, row.erased_at = None, None, shop.world.now()
        session.add(row)
    assert [stop.kind for stop in shop.stops(phone(ANNA))] == [StopKind.OBJECTION_MARKETING]
    assert first("edge-19-erased") == "SUBJECT_ERASED"
    assert first("edge-19b-reimport-after-erasure") == "SYNC_TOMBSTONE_HIT"


def test_20_no_presumed_consent_among_businesses() -> None:
    assert first("edge-20-managing-director") == "BASIS_INSUFFICIENT_FOR_MARKETING"


def test_21_fallen_framework_stops_what_has_no_fallback() -> None:
    assert first("edge-21-framework-annulled") == "TRANSFER_MECHANISM_INVALID"
    assert decided("edge-21b-clauses-as-fallback").allowed


def test_22_number_that_the_phone_app_uses_too_sends_nothing(shop: Shop) -> None:
    shop.reach(ANNA)
    with shop.write() as session:
        sender = session.get_one(Sender, shop.sender.id)
        sender.coexistence = True
        session.add(sender)
    assert not shop.claim()
    assert shop.campaign_messages()[0].reason == "COEXISTENCE_ACTIVE"


def test_23_address_book_is_never_disclosed() -> None:
    assert first("edge-23-address-book") == "CONTACT_DISCLOSURE"


def test_24_opt_out_since_the_backup_binds_after_the_restore(shop: Shop) -> None:
    for number in (ANNA, BEN):
        shop.agree(phone(number))
    with backup(shop) as saved:
        shop.clock.advance(timedelta(days=7))
        shop.stop(phone(ANNA))
        (known,) = shop.stops(phone(ANNA))
        saved.restore(shop)
        restore.replay(shop.world, shop.controller)
        assert reached(shop, ANNA, BEN) == [BEN]
        (stop,) = shop.stops(phone(ANNA))
        assert (stop.kind, stop.event_time, stop.ledger_id) == (known.kind, known.event_time, known.ledger_id)


@pytest.mark.parametrize("text", ["Please don't stop the delivery", "Bitte die Lieferung nicht stoppen"])
def test_26_stop_inside_another_sentence_is_no_withdrawal(shop: Shop, text: str) -> None:
    assert classify(text).wish in (Wish.NONE, Wish.UNSURE)
    shop.agree(phone(ANNA))
    shop.hear(shop.said(text, phone(ANNA)))
    assert not [row for row in shop.rows(StopRow) if row.kind != StopKind.UNSURE]


def test_27_consent_entered_by_a_third_person_is_invalid_and_one_apology_goes_out() -> None:
    answer = decided("edge-27-entered-by-a-third-person")
    assert (answer.verdict, answer.purpose) == (Verdict.ALLOW, "OPT_OUT_CONFIRMATION")
    assert first("consent-invalidated") == "CONSENT_INVALIDATED"
    assert first("opt-out-confirmed-twice") == "REQUEST_TOO_OLD"


def test_28_free_account_is_no_sale() -> None:
    assert "SOFTOPTIN_NO_SALE" in decided("edge-28-free-account-as-sale").reasons


def test_29_interest_must_have_been_named() -> None:
    assert first("edge-29-interest-not-named") == "LI_NOT_DISCLOSED"


def test_30_bot_says_that_it_is_one() -> None:
    assert first("edge-30-bot-without-disclosure") == "AI_DISCLOSURE_MISSING"
    assert decided("edge-30b-bot-that-says-so").allowed


def test_31_first_message_is_not_notice_and_advertisement_at_once() -> None:
    answer = decided("edge-31-lead-vendor")
    assert answer.verdict is Verdict.DENY
    assert "NOTICE_14_OVERDUE" in answer.reasons


def test_32_invoice_reaches_who_objected_to_advertising(shop: Shop) -> None:
    answer = decided("edge-32-invoice-to-an-objector")
    assert (answer.verdict, answer.basis) == (Verdict.ALLOW, LegalBasis.CONTRACT)
    shop.agree(phone(ANNA))
    shop.stop(phone(ANNA))
    shop.sync(person("1", ANNA, CONTRACT))
    service = shop.reply(phone(ANNA))
    assert service in [m.outgoing.id for m in shop.claim()]
    row: MessageRow = shop.message(service)
    assert row.basis == LegalBasis.PRE_CONTRACT
