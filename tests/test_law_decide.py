# SPDX-License-Identifier: Apache-2.0
"""The gate, one fact at a time: from one complete, allowed case, each check fails alone. Numbers in test names are the
edge cases of the legal reference, section 7."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.contract.words import Channel, ClaimKind, Expression, LegalBasis, PlatformCategory, Purpose, TemplateState
from hub.law.decide import decide
from hub.law.facts import (
    Case,
    ClaimFact,
    Consent,
    ConsentState,
    CountrySignal,
    Decision,
    Evidence,
    EvidenceKind,
    Message,
    Notice,
    NoticeKind,
    Origin,
    Person,
    Phase,
    RecordState,
    Route,
    Sale,
    Scope,
    SignalKind,
    Stop,
    StopKind,
    TemplateFacts,
    Transfer,
    Verdict,
    Verification,
    WordingFacts,
)
from hub.law.policies import load
from hub.law.snapshot import Thaw, freeze
from hub.law.trace import trace

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
STRICT = load("eu_strict")

WORDING = WordingFacts("w1", ("acme",), (Channel.WHATSAPP,), ("MARKETING",), ("shoes",), True, NOW - 100 * DAY)
CONSENT = Consent(
    id="consent-1",
    state=ConsentState.GIVEN,
    scope=Scope("acme", "north", "whatsapp", "MARKETING", "shoes"),
    expression=Expression.EXPRESS_STATEMENT,
    verification=Verification.SAME_POINT,
    wording=WORDING,
    event_time=NOW - 30 * DAY,
)
KINDS = (NoticeKind.ART_13, NoticeKind.ART_21_4)
TOLD = tuple(Notice(kind, f"told-{kind}", NOW - 30 * DAY) for kind in KINDS)
TOLD_NOW = tuple(replace(notice, at=NOW) for notice in TOLD)
PERSON = Person(
    id="p1",
    consents=(CONSENT,),
    countries=(CountrySignal(SignalKind.NUMBER, "DE"),),
    platform_optin="optin-1",
    notices=TOLD,
    marketing_received=0,
)
TEMPLATE = TemplateFacts(
    "t1", TemplateState.APPROVED, PlatformCategory.MARKETING, PlatformCategory.MARKETING, True, True, False
)
MARKETING = Message("MARKETING", topic="shoes", brand="north", template=TEMPLATE)
PLAIN = replace(
    TEMPLATE,
    category=PlatformCategory.UTILITY,
    approved_category=PlatformCategory.UTILITY,
    stop_hint=False,
    sender_identity=False,
)
ROUTE = Route(
    sender_id="s1",
    sender_controller="acme",
    official_api=True,
    coexistence=False,
    record_id="r1",
    record_state=RecordState.APPROVED,
    dpa_signed=True,
    record_valid_until=NOW + 90 * DAY,
    subprocessors_approved=True,
    transfers=(Transfer("US", "A45-3", NOW + 90 * DAY),),
)
CASE = Case(Phase.STAGE, NOW, STRICT, "acme", "DE", PERSON, MARKETING, ROUTE)


def ask(**person: Any) -> Decision:
    return decide(replace(CASE, person=replace(PERSON, **person)))


def ask_purpose(purpose: str, *evidence: Evidence, **person: Any) -> Decision:
    """A message without advertising to somebody who has consented to nothing."""
    subject = replace(PERSON, consents=(), evidence=evidence, **person)
    return decide(replace(CASE, person=subject, message=Message(purpose, template=PLAIN)))


def stop(kind: str, at: datetime = NOW - DAY, **scope: str) -> Stop:
    return Stop(f"stop-{kind}", kind, Scope("acme", **scope), at)


def evidence(kind: EvidenceKind, age: timedelta = HOUR, **fields: Any) -> Evidence:
    return Evidence(kind, f"ev-{kind}", NOW - age, **fields)


CONTRACT = evidence(EvidenceKind.CONTRACT, 10 * DAY)


@pytest.mark.parametrize("phase", [Phase.STAGE, Phase.TRANSMIT])
def test_complete_consent_is_allowed_and_named(phase: Phase) -> None:
    answer = decide(replace(CASE, phase=phase))
    assert answer.verdict is Verdict.ALLOW
    assert answer.reasons == ("OK_CONSENT",)
    assert answer.basis is LegalBasis.CONSENT
    assert answer.consent_id == "consent-1"
    assert answer.evidence_ids == ("w1", "optin-1")
    assert answer.jurisdictions == ("DE",)
    assert answer.purpose == "MARKETING"
    assert answer.policy == STRICT.id
    assert answer.stop_ids == answer.notes == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"state": ConsentState.UNKNOWN}, "CONSENT_UNPROVEN"),
        ({"state": ConsentState.REQUESTED}, "CONSENT_PENDING_CONFIRMATION"),
        ({"state": ConsentState.REFUSED}, "SUPPRESSED_CONSENT_WITHDRAWN"),
        ({"state": ConsentState.WITHDRAWN}, "SUPPRESSED_CONSENT_WITHDRAWN"),
        ({"state": ConsentState.REVOKED}, "CONSENT_REVOKED_BY_CONTROLLER"),
        ({"state": ConsentState.EXPIRED}, "CONSENT_EXPIRED"),
        ({"state": ConsentState.INVALIDATED}, "CONSENT_INVALIDATED"),
        ({"verification": Verification.OTHER_POINT}, "CONSENT_VERIFIED_OTHER_CONTACT_POINT"),
        ({"verification": Verification.PENDING}, "CONSENT_PENDING_CONFIRMATION"),
        ({"verification": Verification.NONE}, "CONSENT_UNVERIFIED"),
        ({"expression": Expression.AFFIRMATIVE_ACT}, "CONSENT_NOT_EXPRESS"),
        ({"expression": Expression.IMPLIED}, "CONSENT_NOT_EXPRESS"),
        ({"expression": Expression.OPT_OUT_NOT_USED}, "CONSENT_NOT_EXPRESS"),
        ({"wording": None}, "CONSENT_WORDING_UNKNOWN"),
        ({"wording": replace(WORDING, valid_from=NOW - 29 * DAY)}, "CONSENT_WORDING_UNKNOWN"),
        ({"wording": replace(WORDING, withdrawal_hint=False)}, "CONSENT_INFO_INCOMPLETE"),
        ({"wording": replace(WORDING, controllers=("partner",))}, "CONSENT_CONTROLLER_NOT_NAMED"),
        ({"wording": replace(WORDING, controllers=("*",))}, "CONSENT_CONTROLLER_NOT_NAMED"),
        ({"wording": replace(WORDING, channels=(Channel.EMAIL,))}, "CONSENT_CHANNEL_NOT_COVERED"),
        ({"wording": replace(WORDING, purposes=("SERVICE",))}, "CONSENT_PURPOSE_NOT_COVERED"),
        ({"wording": replace(WORDING, topics=("hats",))}, "CONSENT_TOPIC_NOT_COVERED"),
        ({"wording": replace(WORDING, topics=())}, "CONSENT_TOPIC_NOT_COVERED"),
        ({"scope": replace(CONSENT.scope, controller="partner")}, "CONSENT_CONTROLLER_NOT_NAMED"),
        ({"scope": replace(CONSENT.scope, controller="*")}, "CONSENT_CONTROLLER_NOT_NAMED"),
        ({"scope": replace(CONSENT.scope, brand="south")}, "CONSENT_CONTROLLER_NOT_NAMED"),
        ({"scope": replace(CONSENT.scope, channel="email")}, "CONSENT_CHANNEL_NOT_COVERED"),
        ({"scope": replace(CONSENT.scope, purpose="UTILITY")}, "CONSENT_PURPOSE_NOT_COVERED"),
        ({"scope": replace(CONSENT.scope, topic="hats")}, "CONSENT_TOPIC_NOT_COVERED"),
        ({"coupled": True}, "CONSENT_COUPLED"),
        ({"effective_from": NOW + HOUR}, "CONSENT_NOT_YET_EFFECTIVE"),
        ({"event_time": NOW + HOUR}, "CONSENT_NOT_YET_EFFECTIVE"),
        ({"expires_at": NOW}, "CONSENT_EXPIRED"),
    ],
)
def test_consent_predicate_fails_alone(change: dict[str, Any], code: str) -> None:
    answer = ask(consents=(replace(CONSENT, **change),))
    assert answer.verdict is Verdict.DENY
    assert answer.reasons == (code,)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"resolved": False}, "SUBJECT_UNRESOLVED"),
        ({"ambiguous": True}, "SUBJECT_AMBIGUOUS"),
        ({"erased": True}, "SUBJECT_ERASED"),
        ({"claims": (ClaimFact("c", ClaimKind.ERASURE),)}, "SUBJECT_ERASED"),
        ({"reassigned_at": CONSENT.event_time, "notices": TOLD_NOW}, "CONTACT_POINT_REASSIGNED"),
        ({"age": 15}, "AGE_BELOW_CONSENT"),
        ({"platform_optin": ""}, "PLATFORM_OPTIN_MISSING"),
        ({"claims": (ClaimFact("c", ClaimKind.OPT_OUT),)}, "SUPPRESSED_CLAIM_CRM"),
    ],
)
def test_fact_about_the_person_fails_alone(change: dict[str, Any], code: str) -> None:
    answer = ask(**change)
    assert answer.verdict is Verdict.DENY
    assert answer.reasons == (code,)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sender_controller": "partner"}, "CONTROLLER_MISMATCH"),
        ({"record_state": None}, "PROVIDER_RECORD_INCOMPLETE"),
        ({"record_state": RecordState.DRAFT}, "PROVIDER_RECORD_INCOMPLETE"),
        ({"record_state": RecordState.IN_REVIEW}, "PROVIDER_RECORD_INCOMPLETE"),
        ({"record_id": ""}, "PROVIDER_RECORD_INCOMPLETE"),
        ({"record_state": RecordState.SUSPENDED}, "PROVIDER_SUSPENDED"),
        ({"record_state": RecordState.ENDED}, "PROVIDER_SUSPENDED"),
        ({"dpa_signed": False}, "PROVIDER_NO_DPA"),
        ({"record_valid_until": None}, "PROVIDER_REVIEW_OVERDUE"),
        ({"record_valid_until": NOW - HOUR}, "PROVIDER_REVIEW_OVERDUE"),
        ({"subprocessors_approved": False}, "PROVIDER_SUBPROCESSOR_UNAPPROVED"),
        ({"transfers": ()}, "TRANSFER_MECHANISM_MISSING"),
        ({"transfers": (Transfer("US", "A45-3", NOW - HOUR),)}, "TRANSFER_MECHANISM_INVALID"),
        ({"transfers": (Transfer("US", "A45-3"),)}, "TRANSFER_MECHANISM_INVALID"),
        ({"transfers": (Transfer("US", "A49-1-a", NOW + DAY),)}, "TRANSFER_MECHANISM_INVALID"),
        ({"transfers": (Transfer("US", "A46-2-c"),)}, "TRANSFER_MECHANISM_TIA_OVERDUE"),
        (
            {"transfers": (Transfer("US", "A46-2-c", tia_review_at=NOW - HOUR),)},
            "TRANSFER_MECHANISM_TIA_OVERDUE",
        ),
        ({"transfers": (*ROUTE.transfers, Transfer("IN", "A45-3", NOW - HOUR))}, "TRANSFER_MECHANISM_INVALID"),
        ({"official_api": False}, "CONNECTOR_FORBIDDEN"),
        ({"coexistence": True}, "COEXISTENCE_ACTIVE"),
    ],
)
def test_fact_about_the_route_fails_alone(change: dict[str, Any], code: str) -> None:
    answer = decide(replace(CASE, route=replace(ROUTE, **change)))
    assert answer.verdict is Verdict.DENY
    assert answer.reasons == (code,)


@pytest.mark.parametrize(
    ("change", "verdict", "code"),
    [
        ({"topic": "*"}, Verdict.DENY, "CONSENT_TOPIC_NOT_COVERED"),
        ({"brand": "*"}, Verdict.DENY, "CONSENT_CONTROLLER_NOT_NAMED"),
        ({"child_directed": True}, Verdict.DENY, "AGE_UNKNOWN"),
        ({"special_category": True}, Verdict.DENY, "SPECIAL_CATEGORY_NO_BASIS"),
        ({"template": replace(TEMPLATE, stop_hint=False)}, Verdict.DENY, "TPL_OPTOUT_HINT_MISSING"),
        ({"template": replace(TEMPLATE, sender_identity=False)}, Verdict.DENY, "SENDER_IDENTITY_MISSING"),
        ({"template": replace(TEMPLATE, state=TemplateState.PAUSED)}, Verdict.DENY, "PLATFORM_TEMPLATE_INVALID"),
        (
            {"template": replace(TEMPLATE, approved_category=PlatformCategory.UTILITY)},
            Verdict.DENY,
            "PLATFORM_CATEGORY_DRIFT",
        ),
        ({"approved": False}, Verdict.HOLD, "POLICY_NOT_APPROVED"),
    ],
)
def test_fact_about_the_message_fails_alone(change: dict[str, Any], verdict: Verdict, code: str) -> None:
    answer = decide(replace(CASE, message=replace(MARKETING, **change)))
    assert answer.verdict is verdict
    assert answer.reasons == (code,)


def test_every_objection_is_listed_highest_rank_first() -> None:
    answer = decide(
        replace(
            CASE,
            person=replace(PERSON, resolved=False, consents=(), platform_optin=""),
            message=replace(MARKETING, approved=False),
            route=replace(ROUTE, coexistence=True),
        )
    )
    assert answer.verdict is Verdict.DENY
    assert answer.reasons == (
        "SUBJECT_UNRESOLVED",
        "COEXISTENCE_ACTIVE",
        "CONSENT_MISSING",
        "PLATFORM_OPTIN_MISSING",
        "POLICY_NOT_APPROVED",
    )


# --- Engine, purpose, country, age -----------------------------------------------------------------------------------


def test_without_policy_nothing_is_decided() -> None:
    answer = decide(replace(CASE, policy=None))
    assert (answer.verdict, answer.reasons) == (Verdict.ERROR, ("POLICY_UNKNOWN",))


def test_failure_inside_is_a_no() -> None:
    naive = datetime(2026, 11, 2)  # noqa: DTZ001 - a naive time cannot be compared, which is the point
    answer = decide(replace(CASE, now=naive))
    assert (answer.verdict, answer.reasons, answer.notes) == (Verdict.ERROR, ("ENGINE_UNAVAILABLE",), ("TypeError",))


@pytest.mark.parametrize("purpose", ["", "NEWS", "marketing"])
def test_unreadable_purpose_is_refused(purpose: str) -> None:
    answer = decide(replace(CASE, message=replace(MARKETING, purpose=purpose)))
    assert answer.reasons[0] == "PURPOSE_UNKNOWN"
    assert answer.purpose == ""


def test_missing_message_or_route_is_refused() -> None:
    assert decide(replace(CASE, message=None)).reasons[0] == "PURPOSE_UNKNOWN"
    assert decide(replace(CASE, route=None)).reasons == ("PROVIDER_RECORD_INCOMPLETE",)


def test_marketing_template_contradicts_another_purpose() -> None:
    message = Message("UTILITY", template=replace(PLAIN, category=PlatformCategory.MARKETING))
    answer = decide(replace(CASE, person=replace(PERSON, evidence=(CONTRACT,)), message=message))
    assert answer.reasons == ("PURPOSE_CONTRADICTED", "PLATFORM_CATEGORY_DRIFT")


def test_01_survey_in_an_invoice_is_refused() -> None:
    message = Message("UTILITY", template=replace(PLAIN, promotional=True))
    answer = decide(replace(CASE, person=replace(PERSON, evidence=(CONTRACT,)), message=message))
    assert answer.reasons == ("TPL_PROMO_IN_NON_MARKETING",)


def test_11_all_countries_count_and_the_strictest_decides() -> None:
    signals = (CountrySignal(SignalKind.STATED_RESIDENCE, "AT"), CountrySignal(SignalKind.NUMBER, "DE"))
    person = replace(PERSON, countries=signals, age=15)
    answer = decide(replace(CASE, controller_country="CH", person=person))
    assert answer.jurisdictions == ("AT", "CH", "DE")
    assert answer.reasons == ("AGE_BELOW_CONSENT",)
    assert answer.notes == ()


@pytest.mark.parametrize("countries", [(), ("US",), ("AT", "FR")])
def test_uncertain_country_uses_the_strict_profile_and_says_so(countries: tuple[str, ...]) -> None:
    signals = tuple(CountrySignal(SignalKind.NUMBER, country) for country in countries)
    person = replace(PERSON, countries=signals, age=15)
    answer = decide(replace(CASE, controller_country="AT", person=person))
    assert answer.notes == ("JURISDICTION_UNKNOWN",)
    assert answer.reasons == ("AGE_BELOW_CONSENT",)


def test_blocked_country_is_refused() -> None:
    blocked = STRICT.countries["DE"].model_copy(update={"blocked": True})
    policy = STRICT.model_copy(update={"countries": {**STRICT.countries, "DE": blocked}})
    assert decide(replace(CASE, policy=policy)).reasons == ("JURISDICTION_BLOCKED",)


def test_affirmative_act_is_enough_only_where_no_country_asks_for_express_consent() -> None:
    countries = {"CH": STRICT.countries["CH"].model_copy(update={"express_consent": False})}
    policy = STRICT.model_copy(update={"countries": countries})
    person = replace(
        PERSON,
        consents=(replace(CONSENT, expression=Expression.AFFIRMATIVE_ACT),),
        countries=(CountrySignal(SignalKind.CRM, "CH"),),
    )
    case = replace(CASE, policy=policy, person=person)
    assert decide(replace(case, controller_country="CH")).allowed
    assert decide(replace(case, controller_country="DE")).reasons == ("CONSENT_NOT_EXPRESS",)


def test_17_age_of_own_consent_follows_the_country() -> None:
    austrian = (CountrySignal(SignalKind.STATED_RESIDENCE, "AT"),)
    person = replace(PERSON, age=14, countries=austrian)
    assert decide(replace(CASE, controller_country="AT", person=person)).allowed
    assert decide(replace(CASE, person=person)).reasons == ("AGE_BELOW_CONSENT",)


def test_16_special_category_needs_explicit_consent() -> None:
    message = replace(MARKETING, special_category=True)
    explicit = replace(PERSON, consents=(replace(CONSENT, explicit_special_category=True),))
    answer = decide(replace(CASE, person=explicit, message=message))
    assert (answer.reasons, answer.basis) == (("OK_CONSENT_EXPLICIT",), LegalBasis.CONSENT_EXPLICIT)
    clinic = Message("UTILITY", template=PLAIN, special_category=True)
    patient = replace(PERSON, consents=(), evidence=(CONTRACT,))
    assert decide(replace(CASE, person=patient, message=clinic)).reasons == ("SPECIAL_CATEGORY_NO_BASIS",)


# --- Consent ---------------------------------------------------------------------------------------------------------


def test_12_unused_consent_lapses_and_use_keeps_it() -> None:
    old = replace(CONSENT, wording=replace(WORDING, valid_from=NOW - 900 * DAY), event_time=NOW - 800 * DAY)
    assert ask(consents=(old,)).reasons == ("CONSENT_STALE_UNUSED",)
    assert ask(consents=(replace(old, last_used_at=NOW - 365 * DAY),)).allowed
    assert ask(consents=(replace(old, last_used_at=NOW - 366 * DAY),)).reasons == ("CONSENT_STALE_UNUSED",)


def test_wide_consent_covers_the_narrow_where_its_text_says_so() -> None:
    wide = replace(CONSENT, scope=Scope("acme"), wording=replace(WORDING, topics=("*",)))
    assert ask(consents=(wide,)).allowed


def test_newest_complete_consent_is_relied_on() -> None:
    newer = replace(CONSENT, id="newer", event_time=NOW - DAY)
    broken = replace(CONSENT, id="broken", event_time=NOW - HOUR, coupled=True)
    assert ask(consents=(CONSENT, broken, newer)).consent_id == "newer"


def test_reasons_come_from_the_most_nearly_complete_consent() -> None:
    far = replace(CONSENT, id="far", wording=None, coupled=True, event_time=NOW - DAY)
    near = replace(CONSENT, id="near", verification=Verification.PENDING)
    assert ask(consents=(far, near)).reasons == ("CONSENT_PENDING_CONFIRMATION",)


@pytest.mark.parametrize(
    ("kinds", "codes"),
    [
        ((), ("CONSENT_MISSING",)),
        ((ClaimKind.UNKNOWN,), ("CONSENT_MISSING",)),
        ((ClaimKind.CONSENT,), ("CONSENT_UNPROVEN",)),
        ((ClaimKind.CONSENT_OTHER_POINT,), ("CONSENT_VERIFIED_OTHER_CONTACT_POINT",)),  # 4
        ((ClaimKind.LEGITIMATE_INTEREST,), ("BASIS_INSUFFICIENT_FOR_MARKETING",)),  # 2
        ((ClaimKind.CONTRACT,), ("BASIS_INSUFFICIENT_FOR_MARKETING", "SOFTOPTIN_DISABLED")),
        ((ClaimKind.LEGITIMATE_INTEREST, ClaimKind.CONSENT), ("BASIS_INSUFFICIENT_FOR_MARKETING", "CONSENT_UNPROVEN")),
    ],
)
def test_claim_never_carries_advertising(kinds: tuple[ClaimKind, ...], codes: tuple[str, ...]) -> None:
    claims = tuple(ClaimFact(str(kind), kind, Channel.WHATSAPP, "MARKETING") for kind in kinds)
    assert ask(consents=(), claims=claims).reasons == codes


def test_03_soft_opt_in_stays_closed_even_when_switched_on() -> None:
    switch = STRICT.soft_opt_in.model_copy(update={"enabled": True})
    policy = STRICT.model_copy(update={"soft_opt_in": switch})
    person = replace(PERSON, consents=(), evidence=(CONTRACT,))
    answer = decide(replace(CASE, policy=policy, person=person))
    assert answer.reasons == ("BASIS_INSUFFICIENT_FOR_MARKETING", "SOFTOPTIN_DISABLED"), "nobody has approved it"
    approved = switch.model_copy(
        update={"legal_approval": "lawyer-1", "similar_version": "1", "similar": (("shoes", "boots"),)}
    )
    sale = Sale("sale-1", "acme", "boots", NOW - DAY, True, True, objection_hint=False)
    case = replace(CASE, policy=STRICT.model_copy(update={"soft_opt_in": approved}))
    case = replace(case, message=replace(MARKETING, category="shoes"), person=replace(person, sales=(sale,)))
    answer = decide(case)
    assert answer.reasons == ("BASIS_INSUFFICIENT_FOR_MARKETING", "SOFTOPTIN_NOTICE_AT_COLLECTION_MISSING")


# --- Stops -----------------------------------------------------------------------------------------------------------

ADVERTISING_STOPS = {
    StopKind.OBJECTION_MARKETING: "SUPPRESSED_OBJECTION_MARKETING",
    StopKind.CONSENT_WITHDRAWN: "SUPPRESSED_CONSENT_WITHDRAWN",
    StopKind.OBJECTION_21_1: "SUPPRESSED_OBJECTION_21_1",
    StopKind.PLATFORM_PREFERENCE: "SUPPRESSED_PLATFORM_PREFERENCE",
    StopKind.BLOCKLIST_NATIONAL: "SUPPRESSED_BLOCKLIST_NATIONAL",
    StopKind.CLAIM_CRM: "SUPPRESSED_CLAIM_CRM",
    StopKind.UNSURE: "SUPPRESSED_OBJECTION_MARKETING",
}


@pytest.mark.parametrize(("kind", "code"), ADVERTISING_STOPS.items())
def test_stop_binds_advertising_and_names_itself(kind: StopKind, code: str) -> None:
    answer = ask(stops=(stop(kind),))
    assert answer.reasons == (code,)
    assert answer.stop_ids == (f"stop-{kind}",)


@pytest.mark.parametrize("kind", ADVERTISING_STOPS)
def test_32_advertising_stop_never_blocks_an_invoice(kind: StopKind) -> None:
    answer = ask_purpose("UTILITY", CONTRACT, stops=(stop(kind),))
    assert (answer.reasons, answer.basis) == (("OK_CONTRACT",), LegalBasis.CONTRACT)
    assert answer.evidence_ids == (CONTRACT.id, "optin-1")
    assert answer.stop_ids == (f"stop-{kind}",)


@pytest.mark.parametrize("kind", [*ADVERTISING_STOPS, StopKind.STOP_ALL])
@pytest.mark.parametrize(("age", "allowed"), [(31 * DAY, True), (30 * DAY, False), (29 * DAY, False)])
def test_only_a_strictly_later_consent_lifts_a_stop(kind: StopKind, age: timedelta, allowed: bool) -> None:
    assert ask(stops=(stop(kind, NOW - age),)).allowed is allowed


def test_later_incomplete_consent_lifts_nothing() -> None:
    pending = replace(CONSENT, verification=Verification.PENDING, event_time=NOW - HOUR)
    answer = ask(consents=(CONSENT, pending), stops=(stop(StopKind.CONSENT_WITHDRAWN),))
    assert answer.reasons == ("SUPPRESSED_CONSENT_WITHDRAWN",)


def test_consent_dated_in_the_future_lifts_nothing() -> None:
    future = replace(CONSENT, event_time=NOW + HOUR)
    answer = ask(consents=(future,), stops=(stop(StopKind.OBJECTION_MARKETING),))
    assert answer.reasons[0] == "SUPPRESSED_OBJECTION_MARKETING"


def test_withdrawn_record_binds_like_a_stop_until_a_later_consent() -> None:
    withdrawn = replace(CONSENT, id="old", state=ConsentState.WITHDRAWN, event_time=NOW - DAY)
    assert ask(consents=(CONSENT, withdrawn)).reasons == ("SUPPRESSED_CONSENT_WITHDRAWN",)
    assert ask(consents=(replace(CONSENT, event_time=NOW - HOUR), withdrawn)).allowed


@pytest.mark.parametrize(
    ("scope", "binds"),
    [
        ({}, True),
        ({"brand": "north", "channel": "whatsapp", "purpose": "MARKETING", "topic": "shoes"}, True),
        ({"brand": "south"}, False),
        ({"channel": "email"}, False),
        ({"channel": "unheard-of"}, True),
        ({"topic": "hats"}, False),
        ({"purpose": "UTILITY"}, True),  # an objection to advertising can mean nothing but advertising
        ({"purpose": "unheard-of"}, True),
    ],
)
def test_wider_stop_binds_the_narrower(scope: dict[str, str], binds: bool) -> None:
    assert ask(stops=(stop(StopKind.OBJECTION_MARKETING, **scope),)).allowed is not binds


def test_stop_of_another_controller_does_not_bind() -> None:
    other = Stop("s", StopKind.STOP_ALL, Scope("partner"), NOW - DAY)
    answer = ask(stops=(other,))
    assert answer.allowed
    assert answer.stop_ids == ("s",)


@pytest.mark.parametrize("part", [{"topic": "hats"}, {"brand": "south"}])
def test_narrow_stop_binds_a_message_that_does_not_say_which_it_is(part: dict[str, str]) -> None:
    wide = replace(CONSENT, scope=Scope("acme"), wording=replace(WORDING, topics=("*",)))
    person = replace(PERSON, consents=(wide,), stops=(stop(StopKind.CONSENT_WITHDRAWN, **part),))
    assert decide(replace(CASE, person=person)).allowed
    unnamed = replace(MARKETING, **dict.fromkeys(part, "*"))
    assert not decide(replace(CASE, person=person, message=unnamed)).allowed


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("kind", ["unknown", "a kind of tomorrow", ""])
def test_unknown_kind_binds_everything_and_forever(kind: str, purpose: Purpose) -> None:
    everything = tuple(evidence(one, timedelta(minutes=1)) for one in EvidenceKind)
    person = replace(PERSON, evidence=everything, stops=(stop(kind, NOW - 900 * DAY),))
    template = TEMPLATE if purpose is Purpose.MARKETING else PLAIN
    message = replace(MARKETING, purpose=purpose, template=template)
    assert decide(replace(CASE, person=person, message=message)).reasons == ("SUPPRESSED_UNKNOWN_KIND",)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_stop_everything_leaves_only_duties(purpose: Purpose) -> None:
    everything = tuple(evidence(one, timedelta(minutes=1)) for one in EvidenceKind)
    answer = ask_purpose(purpose, *everything, stops=(stop(StopKind.STOP_ALL),), last_inbound_at=NOW - HOUR)
    duties = {Purpose.LEGAL, Purpose.PRIVACY_NOTICE, Purpose.OPT_OUT_CONFIRMATION}
    assert answer.allowed is (purpose in duties)
    assert answer.allowed or answer.reasons[0] == "SUPPRESSED_SUBJECT_STOP_ALL"


def test_withdrawn_purpose_is_not_carried_by_another_basis() -> None:
    answer = ask_purpose("UTILITY", CONTRACT, stops=(stop(StopKind.CONSENT_WITHDRAWN, purpose="UTILITY"),))
    assert answer.reasons == ("SUPPRESSED_CONSENT_WITHDRAWN", "BASIS_SWAP_FORBIDDEN")
    claims = (ClaimFact("c", ClaimKind.LEGITIMATE_INTEREST),)
    assert ask(stops=(stop(StopKind.CONSENT_WITHDRAWN),), claims=claims).reasons == (
        "SUPPRESSED_CONSENT_WITHDRAWN",
        "BASIS_SWAP_FORBIDDEN",
    )


def test_opt_out_claim_counts_once_its_stop_is_made() -> None:
    claim = ClaimFact("c", ClaimKind.OPT_OUT)
    learned_before = stop(StopKind.CLAIM_CRM, NOW - 31 * DAY)
    assert ask(claims=(claim,), stops=(learned_before,)).allowed
    assert ask(claims=(replace(claim, channel=Channel.EMAIL, limited=True),)).allowed


def test_opt_out_claim_of_another_channel_binds_unless_it_is_clearly_limited() -> None:
    claim = ClaimFact("c", ClaimKind.OPT_OUT, channel=Channel.EMAIL)
    assert ask(claims=(claim,)).reasons == ("SUPPRESSED_CLAIM_CRM",)
    email_only = stop(StopKind.CLAIM_CRM, channel=Channel.EMAIL)
    assert ask(claims=(claim,), stops=(email_only,)).reasons == ("SUPPRESSED_CLAIM_CRM",), "that stop says less"
    assert ask(claims=(replace(claim, limited=True),), stops=(email_only,)).allowed


# --- Where a consent came from ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", list(Origin))
def test_only_a_consent_of_the_persons_own_lifts_a_stop(origin: Origin) -> None:
    given = replace(CONSENT, origin=origin)
    assert ask(consents=(given,)).allowed, "all of them carry, where nothing stops"
    older = stop(StopKind.OBJECTION_MARKETING, CONSENT.event_time - DAY)
    own = origin in (Origin.INBOUND_FIRST, Origin.WEB_FORM)
    assert ask(consents=(given,), stops=(older,)).allowed is own


def test_imported_consent_beside_an_own_one_neither_lifts_nor_binds() -> None:
    imported = replace(CONSENT, id="imported", origin=Origin.IMPORTED, event_time=NOW - HOUR)
    between = stop(StopKind.OBJECTION_MARKETING, NOW - 2 * HOUR)
    assert ask(consents=(CONSENT, imported), stops=(between,)).reasons == ("SUPPRESSED_OBJECTION_MARKETING",)
    before = stop(StopKind.OBJECTION_MARKETING, CONSENT.event_time - DAY)
    assert ask(consents=(CONSENT, imported), stops=(before,)).allowed


@pytest.mark.parametrize(
    ("proof", "accepted"),
    [
        ("same_point", {Verification.SAME_POINT}),
        ("other_point", {Verification.SAME_POINT, Verification.OTHER_POINT}),
        ("none", {Verification.SAME_POINT, Verification.OTHER_POINT, Verification.NONE}),
    ],
)
def test_policy_says_what_proof_an_imported_consent_needs(proof: str, accepted: set[Verification]) -> None:
    changed = STRICT.model_copy(update={"verification": STRICT.verification.model_copy(update={"imported": proof})})
    for verification in Verification:
        given = replace(CONSENT, origin=Origin.IMPORTED, verification=verification)
        case = replace(CASE, policy=changed, person=replace(PERSON, consents=(given,)))
        assert decide(case).allowed is (verification in accepted)
        own = replace(case, person=replace(PERSON, consents=(replace(given, origin=Origin.INBOUND_FIRST),)))
        assert decide(own).allowed is (verification is Verification.SAME_POINT)


def test_claim_that_lacks_proof_says_which() -> None:
    lacking = ClaimFact("c", ClaimKind.CONSENT, lacks=("CONSENT_WORDING_UNKNOWN", "CONSENT_UNVERIFIED", "no code"))
    answer = ask(consents=(), claims=(lacking,))
    assert set(answer.reasons) == {"CONSENT_UNPROVEN", "CONSENT_WORDING_UNKNOWN", "CONSENT_UNVERIFIED"}


# --- Erasure and restriction -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", list(Purpose))
def test_restriction_leaves_only_a_documented_duty(purpose: Purpose) -> None:
    everything = tuple(evidence(one, timedelta(minutes=1)) for one in EvidenceKind)
    answer = ask_purpose(purpose, *everything, restricted=True, last_inbound_at=NOW - HOUR)
    assert answer.allowed is (purpose is Purpose.LEGAL)
    assert answer.allowed or answer.reasons[0] == "PROCESSING_RESTRICTED"
    assert not ask_purpose("LEGAL", CONTRACT, restricted=True).allowed


def test_restriction_in_the_crm_counts_at_once() -> None:
    restricted = ClaimFact("c", ClaimKind.RESTRICTION)
    assert ask_purpose("UTILITY", CONTRACT, claims=(restricted,)).reasons == ("PROCESSING_RESTRICTED", "BASIS_NONE")


def test_restricted_person_gets_a_legal_notice_on_the_duty_and_not_on_consent() -> None:
    covered = replace(CONSENT, scope=Scope("acme"), wording=replace(WORDING, purposes=("LEGAL",), topics=("*",)))
    notice = Message("LEGAL", template=PLAIN)
    duty = evidence(EvidenceKind.LEGAL_DUTY)
    free = replace(PERSON, consents=(covered,), evidence=(duty,))
    assert decide(replace(CASE, person=free, message=notice)).basis is LegalBasis.CONSENT
    restricted = decide(replace(CASE, person=replace(free, restricted=True), message=notice))
    assert (restricted.basis, restricted.evidence_ids) == (LegalBasis.LEGAL_OBLIGATION, ("ev-legal_duty", "optin-1"))


# --- Bases other than consent ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("purpose", "kind", "age", "ok", "basis"),
    [
        ("UTILITY", EvidenceKind.CONTRACT, 900 * DAY, "OK_CONTRACT", LegalBasis.CONTRACT),
        ("UTILITY", EvidenceKind.ASSESSMENT, DAY, "OK_LEGITIMATE_INTEREST", LegalBasis.LEGITIMATE_INTEREST),
        ("SERVICE", EvidenceKind.CONTRACT, DAY, "OK_CONTRACT", LegalBasis.CONTRACT),
        ("SERVICE", EvidenceKind.INBOUND, 24 * HOUR, "OK_SERVICE_REPLY", LegalBasis.PRE_CONTRACT),
        ("AUTHENTICATION", EvidenceKind.REQUEST, HOUR / 6, "OK_PRECONTRACT_REQUEST", LegalBasis.PRE_CONTRACT),
        ("PRE_CONTRACT", EvidenceKind.REQUEST, 14 * DAY, "OK_PRECONTRACT_REQUEST", LegalBasis.PRE_CONTRACT),
        ("PRE_CONTRACT", EvidenceKind.INBOUND, DAY, "OK_PRECONTRACT_REQUEST", LegalBasis.PRE_CONTRACT),
        ("LEGAL", EvidenceKind.LEGAL_DUTY, DAY, "OK_LEGAL_OBLIGATION", LegalBasis.LEGAL_OBLIGATION),
        ("PRIVACY_NOTICE", EvidenceKind.LEGAL_DUTY, DAY, "OK_PRIVACY_NOTICE", LegalBasis.LEGAL_OBLIGATION),
        ("OPT_IN_CONFIRMATION", EvidenceKind.OPT_IN_ATTEMPT, HOUR, "OK_CONSENT_CHECK", LegalBasis.LEGITIMATE_INTEREST),
        (
            "OPT_OUT_CONFIRMATION",
            EvidenceKind.STOP_RECEIVED,
            HOUR,
            "OK_OPTOUT_CONFIRMATION",
            LegalBasis.LEGAL_OBLIGATION,
        ),
    ],
)
def test_evidence_carries_its_purpose(
    purpose: str, kind: EvidenceKind, age: timedelta, ok: str, basis: LegalBasis
) -> None:
    proof = evidence(kind, age)
    answer = ask_purpose(purpose, proof)
    assert (answer.reasons, answer.basis) == ((ok,), basis)
    assert answer.evidence_ids == (proof.id, "optin-1")
    assert not ask_purpose(purpose).allowed
    stranger = ask_purpose(purpose, proof, reassigned_at=NOW)
    free = ("LEGAL", "PRIVACY_NOTICE", "OPT_OUT_CONFIRMATION", "OPT_IN_CONFIRMATION")
    untold = () if purpose in free else ("NOTICE_13_MISSING",)
    assert stranger.reasons == ("CONTACT_POINT_REASSIGNED", *untold)


@pytest.mark.parametrize(
    ("purpose", "proof", "code"),
    [
        ("UTILITY", evidence(EvidenceKind.CONTRACT, 9 * DAY, valid_until=NOW - HOUR), "CONTRACT_ENDED"),
        ("UTILITY", evidence(EvidenceKind.CONTRACT, -HOUR), "CONTRACT_EVIDENCE_MISSING"),
        ("UTILITY", evidence(EvidenceKind.ASSESSMENT, valid_until=NOW - DAY), "LI_ASSESSMENT_MISSING"),
        ("UTILITY", evidence(EvidenceKind.ASSESSMENT, disclosed=False), "LI_NOT_DISCLOSED"),  # 29
        ("UTILITY", evidence(EvidenceKind.REQUEST), "BASIS_NONE"),
        ("SERVICE", evidence(EvidenceKind.INBOUND, 25 * HOUR), "REQUEST_TOO_OLD"),
        ("SERVICE", evidence(EvidenceKind.LEGAL_DUTY), "REQUEST_MISSING"),
        ("AUTHENTICATION", evidence(EvidenceKind.REQUEST), "REQUEST_TOO_OLD"),
        ("AUTHENTICATION", evidence(EvidenceKind.CONTRACT), "REQUEST_MISSING"),
        ("PRE_CONTRACT", evidence(EvidenceKind.REQUEST, 15 * DAY), "REQUEST_TOO_OLD"),
        ("PRE_CONTRACT", evidence(EvidenceKind.ASSESSMENT), "REQUEST_MISSING"),
        ("LEGAL", evidence(EvidenceKind.ASSESSMENT), "BASIS_NONE"),
        ("OPT_IN_CONFIRMATION", evidence(EvidenceKind.OPT_IN_ATTEMPT, 25 * HOUR), "REQUEST_TOO_OLD"),
        ("OPT_OUT_CONFIRMATION", evidence(EvidenceKind.INBOUND), "REQUEST_MISSING"),
    ],
)
def test_wrong_or_old_evidence_carries_nothing(purpose: str, proof: Evidence, code: str) -> None:
    assert ask_purpose(purpose, proof).reasons == (code,)


def test_code_for_a_customer_rests_on_the_contract() -> None:
    answer = ask_purpose("AUTHENTICATION", CONTRACT, evidence(EvidenceKind.REQUEST, HOUR / 60))
    assert (answer.reasons, answer.basis) == (("OK_CONTRACT",), LegalBasis.CONTRACT)
    assert answer.evidence_ids == ("ev-request", "ev-contract", "optin-1")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ClaimKind.CONTRACT, "CONTRACT_EVIDENCE_MISSING"),
        (ClaimKind.LEGITIMATE_INTEREST, "LI_ASSESSMENT_MISSING"),
        (ClaimKind.CONSENT, "BASIS_NONE"),
    ],
)
def test_claim_without_evidence_carries_no_service_message(kind: ClaimKind, code: str) -> None:
    assert ask_purpose("UTILITY", claims=(ClaimFact("c", kind),)).reasons == (code,)


def test_objection_ends_a_legitimate_interest_but_no_contract() -> None:
    interest = evidence(EvidenceKind.ASSESSMENT)
    objection = stop(StopKind.OBJECTION_21_1)
    assert ask_purpose("UTILITY", interest, stops=(objection,)).reasons == ("SUPPRESSED_OBJECTION_21_1",)
    assert ask_purpose("UTILITY", interest, CONTRACT, stops=(objection,)).basis is LegalBasis.CONTRACT


def test_check_message_is_not_sent_to_who_said_no_after_asking_for_it() -> None:
    attempt = evidence(EvidenceKind.OPT_IN_ATTEMPT, HOUR)
    said_no = stop(StopKind.OBJECTION_MARKETING, NOW - HOUR / 2)
    assert ask_purpose("OPT_IN_CONFIRMATION", attempt, stops=(said_no,)).reasons == ("REQUEST_TOO_OLD",)
    earlier = replace(said_no, event_time=NOW - DAY)
    assert ask_purpose("OPT_IN_CONFIRMATION", attempt, stops=(earlier,)).allowed


def test_18_answer_is_allowed_and_a_coupon_next_day_is_not() -> None:
    inbound = evidence(EvidenceKind.INBOUND, HOUR)
    person = replace(PERSON, consents=(), evidence=(inbound,), platform_optin="", last_inbound_at=NOW - HOUR)
    answer = decide(replace(CASE, person=person, message=Message("SERVICE")))
    assert (answer.reasons, answer.evidence_ids) == (("OK_SERVICE_REPLY",), (inbound.id,))
    coupon = decide(replace(CASE, person=person, message=Message("SERVICE", free_text_promotional=True)))
    assert coupon.reasons == ("TPL_PROMO_IN_NON_MARKETING",)
    assert decide(replace(CASE, person=person)).reasons == ("CONSENT_MISSING", "PLATFORM_OPTIN_MISSING")


# --- Platform --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "open_"), [(HOUR, True), (24 * HOUR, False), (-HOUR, False)])
def test_free_text_needs_the_open_window(age: timedelta, open_: bool) -> None:
    person = replace(PERSON, evidence=(CONTRACT,), last_inbound_at=NOW - age)
    answer = decide(replace(CASE, person=person, message=Message("UTILITY")))
    assert answer.reasons == (("OK_CONTRACT",) if open_ else ("PLATFORM_WINDOW_CLOSED",))


def test_business_initiated_message_needs_metas_optin_even_in_the_window() -> None:
    answer = ask_purpose("UTILITY", CONTRACT, platform_optin="", last_inbound_at=NOW - HOUR)
    assert answer.reasons == ("PLATFORM_OPTIN_MISSING",)


def test_advertising_in_free_text_is_refused() -> None:
    person = replace(PERSON, last_inbound_at=NOW - HOUR)
    answer = decide(replace(CASE, person=person, message=replace(MARKETING, template=None)))
    assert answer.reasons == ("SENDER_IDENTITY_MISSING", "TPL_OPTOUT_HINT_MISSING")


# --- Section 7, the rest that these facts allow ----------------------------------------------------------------------


def test_05_objection_entered_after_staging_denies_transmission() -> None:
    assert decide(CASE).allowed
    person = replace(PERSON, stops=(stop(StopKind.OBJECTION_MARKETING, NOW),))
    assert not decide(replace(CASE, phase=Phase.TRANSMIT, person=person)).allowed


def test_08_resuming_in_the_app_is_no_new_consent() -> None:
    platform_then_objection = (stop(StopKind.OBJECTION_MARKETING, NOW - DAY),)  # what `stop` left in the ledger
    assert ask(stops=platform_then_objection).reasons == ("SUPPRESSED_OBJECTION_MARKETING",)


def test_14_consent_given_to_the_seller_of_a_brand_does_not_travel() -> None:
    sold = replace(CONSENT, scope=replace(CONSENT.scope, controller="seller"))
    assert ask(consents=(sold,)).reasons == ("CONSENT_CONTROLLER_NOT_NAMED",)


def test_21_fallen_adequacy_stops_all_but_routes_with_a_completed_fallback() -> None:
    fallen = Transfer("US", "A45-3", NOW - HOUR)
    clauses = Transfer("US", "A46-2-c", tia_review_at=NOW + DAY)
    assert decide(replace(CASE, route=replace(ROUTE, transfers=(fallen,)))).reasons == ("TRANSFER_MECHANISM_INVALID",)
    assert decide(replace(CASE, route=replace(ROUTE, transfers=(fallen, clauses)))).allowed


# --- Storing (SYNC_IN) -----------------------------------------------------------------------------------------------


def store(**person: Any) -> Decision:
    subject = replace(Person(id="p1", countries=PERSON.countries), **person)
    return decide(Case(Phase.SYNC_IN, NOW, STRICT, "acme", "DE", subject))


@pytest.mark.parametrize(
    ("kind", "ok", "basis"),
    [
        (ClaimKind.CONTRACT, "OK_CONTRACT", LegalBasis.CONTRACT),
        (ClaimKind.CONSENT, "OK_CONSENT", LegalBasis.CONSENT),
        (ClaimKind.CONSENT_OTHER_POINT, "OK_CONSENT", LegalBasis.CONSENT),
    ],
)
def test_claim_is_enough_for_storing(kind: ClaimKind, ok: str, basis: LegalBasis) -> None:
    answer = store(claims=(ClaimFact("claim-1", kind),))
    assert (answer.reasons, answer.basis, answer.evidence_ids) == ((ok,), basis, ("claim-1",))
    stopped = store(claims=(ClaimFact("claim-1", kind),), stops=(stop(StopKind.OBJECTION_MARKETING),))
    assert stopped.allowed
    assert stopped.stop_ids == ("stop-objection_marketing",)


def test_ledger_consent_is_enough_for_storing_until_withdrawn() -> None:
    answer = store(consents=(CONSENT,))
    assert (answer.reasons, answer.consent_id) == (("OK_CONSENT",), "consent-1")
    assert store(consents=(CONSENT,), stops=(stop(StopKind.CONSENT_WITHDRAWN),)).reasons == ("SYNC_NO_BASIS",)
    wide = replace(CONSENT, scope=Scope("acme"))
    assert store(consents=(wide,)).allowed


@pytest.mark.parametrize("kind", [None, ClaimKind.UNKNOWN, ClaimKind.OPT_OUT])
def test_record_without_basis_is_not_stored(kind: ClaimKind | None) -> None:
    claims = (ClaimFact("c", kind),) if kind else ()
    assert store(claims=claims).reasons == ("SYNC_NO_BASIS",)


def test_legitimate_interest_is_enough_for_storing_only_when_assessed_and_disclosed() -> None:
    claims = (ClaimFact("c", ClaimKind.LEGITIMATE_INTEREST),)
    assessment = evidence(EvidenceKind.ASSESSMENT)
    assert store(claims=claims).reasons == ("LI_ASSESSMENT_MISSING",)
    assert store(claims=claims, evidence=(replace(assessment, disclosed=False),)).reasons == ("LI_NOT_DISCLOSED",)
    answer = store(claims=claims, evidence=(assessment,))
    assert (answer.reasons, answer.evidence_ids) == (("OK_LEGITIMATE_INTEREST",), ("c", "ev-assessment"))
    for kind in (StopKind.OBJECTION_21_1, StopKind.STOP_ALL, StopKind.UNKNOWN):
        assert not store(claims=claims, evidence=(assessment,), stops=(stop(kind),)).allowed


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"resolved": False}, "SUBJECT_UNRESOLVED"),
        ({"ambiguous": True}, "SUBJECT_AMBIGUOUS"),
        ({"erased": True}, "SYNC_TOMBSTONE_HIT"),
        ({"restricted": True}, "PROCESSING_RESTRICTED"),
    ],
)
def test_record_that_must_not_be_stored_is_refused(change: dict[str, Any], code: str) -> None:
    answer = store(claims=(ClaimFact("c", ClaimKind.CONTRACT),), **change)
    assert (answer.verdict, answer.reasons) == (Verdict.DENY, (code,))


def test_engine_that_is_not_well_decides_nothing() -> None:
    ill = replace(CASE, fault="restored")
    answer = decide(ill)
    assert (answer.verdict, answer.reasons, answer.notes) == (Verdict.ERROR, ("ENGINE_UNAVAILABLE",), ("restored",))
    assert [step.codes for step in trace(ill)] == [("ENGINE_UNAVAILABLE",)]
    frozen = freeze(ill)
    parts = {part.sha256: part.json for part in frozen.parts}
    assert Thaw(parts.__getitem__).case(ill.phase, frozen.facts) == ill
    assert "fault" not in freeze(CASE).facts, "what is well is not written down"
