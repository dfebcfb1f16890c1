# SPDX-License-Identifier: Apache-2.0
"""Conditions beyond consent, one at a time: soft opt-in, necessity, "once", notices, limits, age, sensitive content."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.contract.words import ClaimKind, LegalBasis
from hub.law.decide import decide
from hub.law.facts import (
    Case,
    ClaimFact,
    CountrySignal,
    Decision,
    EvidenceKind,
    Message,
    Notice,
    NoticeKind,
    Phase,
    Sale,
    SignalKind,
    Source,
    StopKind,
    Verdict,
)
from hub.law.policy import Policy
from tests.test_law_decide import (
    CASE,
    CONSENT,
    CONTRACT,
    DAY,
    HOUR,
    MARKETING,
    NOW,
    PERSON,
    PLAIN,
    ROUTE,
    STRICT,
    TEMPLATE,
    TOLD_NOW,
    WORDING,
    ask,
    ask_purpose,
    evidence,
    stop,
)


def policy_with(section: str, **values: Any) -> Policy:
    changed = getattr(STRICT, section).model_copy(update=values)
    return STRICT.model_copy(update={section: changed})


# --- C(2): soft opt-in -----------------------------------------------------------------------------------------------

OPEN = policy_with(
    "soft_opt_in", enabled=True, legal_approval="lawyer-1", similar_version="2026-10 by M. Roth", similar=(("a", "b"),)
)
SALE = Sale("sale-1", "acme", "a", NOW - 20 * DAY, given_by_customer=True, remunerated=True, objection_hint=True)
CUSTOMER = replace(PERSON, consents=(), sales=(SALE,))
OFFER = replace(MARKETING, category="b")
SOFT = replace(CASE, policy=OPEN, person=CUSTOMER, message=OFFER)


def sold(**changes: Any) -> Decision:
    return decide(replace(SOFT, person=replace(CUSTOMER, sales=(replace(SALE, **changes),))))


def test_soft_opt_in_carries_when_all_four_conditions_and_both_approvals_are_there() -> None:
    answer = decide(SOFT)
    assert (answer.reasons, answer.basis) == (("OK_SOFT_OPTIN",), LegalBasis.EPRIVACY_13_2)
    assert answer.evidence_ids == ("sale-1", "lawyer-1", "optin-1")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"given_by_customer": False}, "SOFTOPTIN_NOT_FROM_CUSTOMER"),
        ({"remunerated": False}, "SOFTOPTIN_NO_SALE"),  # edge case 28
        ({"at": NOW + DAY}, "SOFTOPTIN_NO_SALE"),
        ({"controller": "partner"}, "SOFTOPTIN_NOT_OWN"),
        ({"category": "c"}, "SOFTOPTIN_NOT_SIMILAR"),
        ({"objection_hint": False}, "SOFTOPTIN_NOTICE_AT_COLLECTION_MISSING"),
    ],
)
def test_condition_of_the_sale_fails_alone(change: dict[str, Any], code: str) -> None:
    assert sold(**change).reasons == ("BASIS_INSUFFICIENT_FOR_MARKETING", code)


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        (STRICT, "SOFTOPTIN_DISABLED"),
        ({"enabled": False}, "SOFTOPTIN_DISABLED"),
        ({"legal_approval": ""}, "SOFTOPTIN_DISABLED"),
        ({"similar_version": ""}, "SOFTOPTIN_NOT_SIMILAR"),
        ({"similar": ()}, "SOFTOPTIN_NOT_SIMILAR"),
    ],
)
def test_soft_opt_in_needs_what_the_policy_lacks(policy: Policy | dict[str, Any], code: str) -> None:
    if isinstance(policy, dict):
        policy = STRICT.model_copy(update={"soft_opt_in": OPEN.soft_opt_in.model_copy(update=policy)})
    answer = decide(replace(SOFT, policy=policy))
    assert answer.reasons == ("BASIS_INSUFFICIENT_FOR_MARKETING", code)


def test_soft_opt_in_needs_the_notice_in_the_message_too() -> None:
    message = replace(OFFER, template=replace(TEMPLATE, stop_hint=False))
    answer = decide(replace(SOFT, message=message))
    assert answer.reasons == (
        "BASIS_INSUFFICIENT_FOR_MARKETING",
        "SOFTOPTIN_NOTICE_IN_MESSAGE_MISSING",
        "TPL_OPTOUT_HINT_MISSING",
    )


def test_soft_opt_in_needs_metas_own_opt_in() -> None:
    answer = decide(replace(SOFT, person=replace(CUSTOMER, platform_optin="")))
    assert answer.reasons == ("PLATFORM_OPTIN_MISSING",)


def test_soft_opt_in_ends_with_a_new_holder_of_the_number() -> None:
    answer = decide(replace(SOFT, person=replace(CUSTOMER, reassigned_at=NOW - DAY, notices=TOLD_NOW)))
    assert answer.reasons == ("BASIS_INSUFFICIENT_FOR_MARKETING", "CONTACT_POINT_REASSIGNED")


def test_national_list_must_have_been_asked_where_the_policy_names_one() -> None:
    austrian = STRICT.model_copy(update={"soft_opt_in": OPEN.soft_opt_in.model_copy(update={"lists": ("AT-ECG",)})})
    unasked = decide(replace(SOFT, policy=austrian))
    assert unasked.reasons == ("SUPPRESSED_BLOCKLIST_NATIONAL", "BASIS_INSUFFICIENT_FOR_MARKETING")
    person = replace(CUSTOMER, lists_checked=("AT-ECG",))
    assert decide(replace(SOFT, policy=austrian, person=person)).allowed


@pytest.mark.parametrize("kind", [StopKind.OBJECTION_MARKETING, StopKind.CONSENT_WITHDRAWN, StopKind.CLAIM_CRM])
def test_objection_ends_the_soft_opt_in(kind: StopKind) -> None:
    assert not decide(replace(SOFT, person=replace(CUSTOMER, stops=(stop(kind),)))).allowed


def test_soft_opt_in_never_replaces_a_consent_that_failed() -> None:
    lapsed = replace(CONSENT, expires_at=NOW - DAY)
    answer = decide(replace(SOFT, person=replace(CUSTOMER, consents=(lapsed,))))
    assert answer.reasons == ("CONSENT_EXPIRED",)


def test_newest_complete_sale_is_relied_on() -> None:
    newer = replace(SALE, id="newer", at=NOW - DAY)
    broken = replace(SALE, id="broken", at=NOW - HOUR, objection_hint=False)
    answer = decide(replace(SOFT, person=replace(CUSTOMER, sales=(SALE, broken, newer))))
    assert answer.evidence_ids[0] == "newer"


# --- C(3), C(4), C(8): evidence --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "necessary", "enforced", "code"),
    [
        (EvidenceKind.CONTRACT, None, False, "OK_CONTRACT"),
        (EvidenceKind.CONTRACT, True, True, "OK_CONTRACT"),
        (EvidenceKind.CONTRACT, None, True, "CONTRACT_NOT_NECESSARY"),
        (EvidenceKind.CONTRACT, False, False, "CONTRACT_NOT_NECESSARY"),
        (EvidenceKind.ASSESSMENT, True, True, "OK_LEGITIMATE_INTEREST"),
        (EvidenceKind.ASSESSMENT, False, False, "LI_ASSESSMENT_MISSING"),
        (EvidenceKind.ASSESSMENT, None, True, "LI_ASSESSMENT_MISSING"),
    ],
)
def test_message_must_be_needed(kind: EvidenceKind, necessary: bool | None, enforced: bool, code: str) -> None:
    person = replace(PERSON, consents=(), evidence=(evidence(kind, necessary=necessary),))
    case = replace(CASE, person=person, message=Message("UTILITY", template=PLAIN))
    assert decide(replace(case, policy=policy_with("contract", necessity=enforced))).reasons == (code,)


@pytest.mark.parametrize(("tail", "allowed"), [(0, False), (4, False), (5, True)])
def test_contract_carries_to_the_end_of_its_tail(tail: int, allowed: bool) -> None:
    ended = replace(CONTRACT, valid_until=NOW - 5 * DAY)
    case = replace(CASE, person=replace(PERSON, consents=(), evidence=(ended,)))
    case = replace(case, message=Message("UTILITY", template=PLAIN), policy=policy_with("contract", tail_days=tail))
    assert decide(case).allowed is allowed


@pytest.mark.parametrize(
    ("purpose", "kind"),
    [
        ("OPT_IN_CONFIRMATION", EvidenceKind.OPT_IN_ATTEMPT),
        ("OPT_OUT_CONFIRMATION", EvidenceKind.STOP_RECEIVED),
    ],
)
def test_confirmation_is_sent_once(purpose: str, kind: EvidenceKind) -> None:
    assert ask_purpose(purpose, evidence(kind)).allowed
    assert ask_purpose(purpose, evidence(kind, answered=True)).reasons == ("REQUEST_TOO_OLD",)
    assert ask_purpose("SERVICE", evidence(EvidenceKind.INBOUND, answered=True)).allowed, "an answer may follow another"


def test_claim_that_is_later_than_the_stop_is_a_conflict_and_revives_nothing() -> None:
    objection = stop(StopKind.OBJECTION_MARKETING, NOW - 5 * DAY)
    later = ClaimFact("c", ClaimKind.CONSENT, claimed_at=NOW - DAY)
    assert ask(stops=(objection,), consents=(), claims=(later,)).reasons == (
        "SUPPRESSED_OBJECTION_MARKETING",
        "CLAIM_CONFLICT",
        "CONSENT_UNPROVEN",
    )
    earlier = replace(later, claimed_at=NOW - 6 * DAY)
    assert "CLAIM_CONFLICT" not in ask(stops=(objection,), consents=(), claims=(earlier,)).reasons
    assert ask(claims=(later,)).allowed


# --- Age and special categories --------------------------------------------------------------------------------------


def test_parent_may_authorise_for_a_child() -> None:
    assert ask(age=15).reasons == ("AGE_BELOW_CONSENT",)
    assert ask(age=15, parental_authorisation="form-7").allowed


def test_choice_of_recipients_may_reveal_a_special_category() -> None:
    message = replace(MARKETING, segment_special_category=True)
    assert decide(replace(CASE, message=message)).reasons == ("SPECIAL_CATEGORY_NO_BASIS",)
    explicit = replace(PERSON, consents=(replace(CONSENT, explicit_special_category=True),))
    assert decide(replace(CASE, message=message, person=explicit)).reasons == ("OK_CONSENT_EXPLICIT",)


# --- Route and message -----------------------------------------------------------------------------------------------


def test_23_address_book_upload_is_refused() -> None:
    answer = decide(replace(CASE, route=replace(ROUTE, discloses_contacts=True)))
    assert answer.reasons == ("CONTACT_DISCLOSURE",)


def test_30_machine_that_does_not_say_so_is_refused() -> None:
    bot = Message("SERVICE", by_ai=True)
    person = replace(PERSON, evidence=(evidence(EvidenceKind.INBOUND),), last_inbound_at=NOW - HOUR)
    assert decide(replace(CASE, person=person, message=bot)).reasons == ("AI_DISCLOSURE_MISSING",)
    assert decide(replace(CASE, person=person, message=replace(bot, ai_disclosed=True))).allowed


def test_variable_that_may_hold_anything_is_refused() -> None:
    assert decide(replace(CASE, message=replace(MARKETING, free_text_variables=True))).reasons == (
        "SYNC_FREE_TEXT_BLOCKED",
    )


def test_platforms_own_cap_holds_advertising_until_it_ends() -> None:
    answer = ask(platform_limited_until=NOW + HOUR)
    assert (answer.verdict, answer.reasons) == (Verdict.HOLD, ("PLATFORM_USER_LIMIT",))
    assert ask(platform_limited_until=NOW).allowed
    assert ask_purpose("UTILITY", CONTRACT, platform_limited_until=NOW + HOUR).allowed


# --- Step 12: notices ------------------------------------------------------------------------------------------------

TELLING = policy_with("notice", enforce=True)
TOLD = tuple(Notice(kind, f"n-{kind}", NOW - DAY) for kind in (NoticeKind.ART_13, NoticeKind.ART_21_4))


def told(notices: tuple[Notice, ...], source: Source = Source.PERSON, case: Case = CASE) -> Decision:
    return decide(replace(case, policy=TELLING, person=replace(case.person, notices=notices, source=source)))


@pytest.mark.parametrize(
    ("notices", "source", "code"),
    [
        (TOLD, Source.PERSON, "OK_CONSENT"),
        (TOLD, Source.UNKNOWN, "OK_CONSENT"),
        (TOLD[1:], Source.PERSON, "NOTICE_13_MISSING"),
        (TOLD[1:], Source.UNKNOWN, "NOTICE_13_MISSING"),
        (TOLD, Source.OTHER, "NOTICE_14_OVERDUE"),
        (TOLD[:1], Source.PERSON, "NOTICE_21_4_MISSING"),
        ((replace(TOLD[0], at=NOW + HOUR), TOLD[1]), Source.PERSON, "NOTICE_13_MISSING"),
        ((replace(TOLD[0], kind=NoticeKind.ART_14), TOLD[1]), Source.OTHER, "OK_CONSENT"),
    ],
)
def test_missing_notice_holds_advertising(notices: tuple[Notice, ...], source: Source, code: str) -> None:
    answer = told(notices, source)
    assert answer.reasons == (code,)
    assert answer.verdict is (Verdict.ALLOW if code == "OK_CONSENT" else Verdict.HOLD)


def test_notice_itself_and_duties_do_not_wait_for_a_notice() -> None:
    duty = evidence(EvidenceKind.LEGAL_DUTY)
    case = replace(CASE, person=replace(PERSON, consents=(), evidence=(duty, CONTRACT)))
    for purpose in ("PRIVACY_NOTICE", "LEGAL"):
        assert told((), case=replace(case, message=Message(purpose, template=PLAIN))).allowed
    invoice = replace(case, message=Message("UTILITY", template=PLAIN))
    assert told((), case=invoice).reasons == ("NOTICE_13_MISSING",)
    assert told(TOLD[:1], case=invoice).allowed, "the hint about objections is for advertising"


# --- Step 15: what the operator decided ------------------------------------------------------------------------------

QUIET = policy_with("quiet_hours", enforce=True)


@pytest.mark.parametrize(
    ("hour", "zone", "quiet"),
    [
        (6, "", True),  # 7 o'clock in Berlin
        (7, "", False),
        (18, "", False),
        (19, "", True),
        (19, "America/New_York", False),
        (12, "America/Los_Angeles", True),
    ],
)
def test_quiet_hours_are_the_persons_own(hour: int, zone: str, quiet: bool) -> None:
    case = replace(CASE, policy=QUIET, now=NOW.replace(hour=hour), person=replace(PERSON, zone=zone))
    answer = decide(case)
    assert answer.reasons == (("POLICY_QUIET_HOURS",) if quiet else ("OK_CONSENT",))
    invoice = replace(case, message=Message("UTILITY", template=PLAIN))
    assert decide(replace(invoice, person=replace(case.person, evidence=(CONTRACT,)))).allowed


def test_sunday_is_quiet_where_the_policy_says_so() -> None:
    sunday: datetime = NOW - DAY
    assert sunday.weekday() == 6
    person = replace(PERSON, consents=(replace(CONSENT, event_time=NOW - 30 * DAY),))
    case = replace(CASE, now=sunday, person=person, policy=QUIET)
    assert decide(case).reasons == ("POLICY_QUIET_HOURS",)
    assert decide(replace(case, policy=policy_with("quiet_hours", enforce=True, sundays=False))).allowed


def test_quiet_hours_need_not_cross_midnight() -> None:
    noon = policy_with("quiet_hours", enforce=True, start=12, end=15)
    assert decide(replace(CASE, policy=noon)).reasons == ("POLICY_QUIET_HOURS",)  # 13 o'clock in Berlin
    assert decide(replace(CASE, policy=noon, now=NOW + timedelta(hours=2))).allowed


def test_unknown_zone_is_an_error_and_so_a_no() -> None:
    answer = decide(replace(CASE, policy=QUIET, person=replace(PERSON, zone="Nowhere/At_All")))
    assert answer.verdict is Verdict.ERROR


@pytest.mark.parametrize(
    ("received", "promised", "allowed"),
    [
        (0, None, True),
        (7, None, True),
        (8, None, False),
        (None, None, False),
        (3, 4, True),
        (4, 4, False),
        (8, 20, False),
    ],
)
def test_no_more_advertising_than_allowed_and_promised(
    received: int | None, promised: int | None, allowed: bool
) -> None:
    consent = replace(CONSENT, wording=replace(WORDING, promised_per_30_days=promised))
    person = replace(PERSON, consents=(consent,), marketing_received=received)
    answer = decide(replace(CASE, person=person, policy=policy_with("frequency", enforce=True)))
    assert answer.reasons == (("OK_CONSENT",) if allowed else ("POLICY_FREQUENCY_CAP",))
    assert answer.verdict is (Verdict.ALLOW if allowed else Verdict.HOLD)
    invoice = replace(CASE, message=Message("UTILITY", template=PLAIN), policy=policy_with("frequency", enforce=True))
    assert decide(replace(invoice, person=replace(person, evidence=(CONTRACT,)))).allowed


# --- Steps 9 and 12 when a record is stored --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "notices", "notes"),
    [
        (Source.OTHER, (), ("SYNC_ART14_CLOCK_STARTED",)),
        (Source.OTHER, (Notice(NoticeKind.ART_14, "n", NOW),), ()),
        (Source.OTHER, (Notice(NoticeKind.ART_13, "n", NOW),), ("SYNC_ART14_CLOCK_STARTED",)),
        (Source.PERSON, (), ()),
        (Source.UNKNOWN, (), ()),
    ],
)
def test_storing_data_from_elsewhere_starts_the_clock(
    source: Source, notices: tuple[Notice, ...], notes: tuple[str, ...]
) -> None:
    person = replace(PERSON, source=source, notices=notices)
    answer = decide(replace(CASE, phase=Phase.SYNC_IN, person=person, message=None, route=None))
    assert (answer.verdict, answer.notes) == (Verdict.ALLOW, notes)


@pytest.mark.parametrize(("age", "counts"), [(0 * DAY, True), (365 * DAY, True), (366 * DAY, False)])
def test_country_before_a_move_counts_for_a_year(age: timedelta, counts: bool) -> None:
    signals = (*PERSON.countries, CountrySignal(SignalKind.FORMER, "FR", NOW - age))
    answer = ask(countries=(CountrySignal(SignalKind.STATED_RESIDENCE, "DE"), *signals))
    assert answer.allowed
    assert ("FR" in answer.jurisdictions) is counts
