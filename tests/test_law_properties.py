# SPDX-License-Identifier: Apache-2.0
"""Random histories against an oracle written here from the law, not from the engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
from hub.law.policy import Policy
from hub.law.reasons import RANKS, reason

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
STRICT = load("eu_strict")
MARKETING_TEMPLATE = TemplateFacts(
    "t", TemplateState.APPROVED, PlatformCategory.MARKETING, PlatformCategory.MARKETING, True, True, False
)
UTILITY_TEMPLATE = replace(
    MARKETING_TEMPLATE, category=PlatformCategory.UTILITY, approved_category=PlatformCategory.UTILITY
)
ROUTE = Route(
    "s", "acme", True, False, "r", RecordState.APPROVED, True, NOW + DAY, True, (Transfer("US", "A45-3", NOW + DAY),)
)
TOLD = tuple(Notice(kind, f"told-{kind}", NOW - 90 * DAY) for kind in (NoticeKind.ART_13, NoticeKind.ART_21_4))
CONTRACT = Evidence(EvidenceKind.CONTRACT, "contract-1", NOW - 50 * DAY)

# Few values, so that equal times and matching scopes are common.
times = st.integers(1, 12).map(lambda days: NOW - days * DAY)
purposes = st.sampled_from(["*", "MARKETING", "UTILITY"])
scopes = st.builds(
    Scope,
    controller=st.sampled_from(["acme", "acme", "acme", "partner", "*"]),
    brand=st.sampled_from(["*", "*", "north", "south"]),
    channel=st.sampled_from(["*", "whatsapp", "email"]),
    purpose=purposes,
    topic=st.sampled_from(["*", "*", "shoes", "hats"]),
)
wordings = st.builds(
    WordingFacts,
    id=st.just("w"),
    controllers=st.sampled_from([("acme",), ("acme", "partner"), ("partner",)]),
    channels=st.sampled_from([(Channel.WHATSAPP,), (Channel.EMAIL, Channel.WHATSAPP), (Channel.EMAIL,)]),
    purposes=st.sampled_from([("MARKETING",), ("MARKETING", "UTILITY"), ("UTILITY",)]),
    topics=st.sampled_from([("*",), ("shoes",), ("shoes", "hats"), ("hats",)]),
    withdrawal_hint=st.sampled_from([True, True, True, False]),
    valid_from=st.just(NOW - 90 * DAY),
)
origins = st.sampled_from([Origin.INBOUND_FIRST, Origin.INBOUND_FIRST, *Origin])
consents = st.builds(
    Consent,
    id=st.uuids().map(str),
    state=st.sampled_from([ConsentState.GIVEN] * 4 + list(ConsentState)),
    scope=scopes,
    expression=st.sampled_from([Expression.EXPRESS_STATEMENT] * 4 + list(Expression)),
    verification=st.sampled_from([Verification.SAME_POINT] * 4 + list(Verification)),
    wording=st.one_of(wordings, wordings, wordings, st.none()),
    event_time=times,
    coupled=st.sampled_from([False, False, False, True]),
    origin=origins,
)
good_wording = WordingFacts("w", ("acme",), (Channel.WHATSAPP,), ("MARKETING",), ("*",), True, NOW - 90 * DAY)
good_consents = st.builds(  # the random ones above are seldom complete
    Consent,
    id=st.uuids().map(str),
    state=st.sampled_from([ConsentState.GIVEN, ConsentState.RENEWED]),
    scope=st.builds(
        Scope,
        controller=st.just("acme"),
        brand=st.sampled_from(["*", "*", "north"]),
        topic=st.sampled_from(["*", "*", "shoes"]),
    ),
    expression=st.just(Expression.EXPRESS_STATEMENT),
    verification=st.just(Verification.SAME_POINT),
    wording=st.just(good_wording),
    event_time=times,
    origin=origins,
)
stops = st.builds(
    Stop,
    id=st.uuids().map(str),
    kind=st.sampled_from([str(kind) for kind in StopKind if kind is not StopKind.UNKNOWN]),
    scope=scopes,
    event_time=times,
)
claims = st.builds(
    ClaimFact,
    id=st.uuids().map(str),
    kind=st.sampled_from(
        [
            ClaimKind.CONSENT,
            ClaimKind.CONSENT_OTHER_POINT,
            ClaimKind.CONTRACT,
            ClaimKind.LEGITIMATE_INTEREST,
            ClaimKind.UNKNOWN,
        ]
    ),
    channel=st.sampled_from([None, Channel.WHATSAPP]),
    purpose=st.sampled_from([None, "MARKETING"]),
    claimed_at=st.one_of(st.none(), times),
)
evidences = st.builds(Evidence, kind=st.sampled_from(EvidenceKind), id=st.uuids().map(str), at=times)
messages = st.builds(
    Message,
    purpose=st.just("MARKETING"),
    topic=st.sampled_from(["shoes", "hats", "*"]),
    brand=st.sampled_from(["north", "south", "*"]),
    template=st.just(MARKETING_TEMPLATE),
)
histories = st.fixed_dictionaries(
    {
        "consents": st.lists(st.one_of(good_consents, good_consents, consents), max_size=4).map(tuple),
        "stops": st.lists(stops, max_size=3).map(tuple),
        "claims": st.lists(claims, max_size=3).map(tuple),
        "evidence": st.lists(evidences, max_size=3).map(tuple),
    }
)
thorough = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def case_of(person: Person, message: Message, phase: Phase = Phase.TRANSMIT) -> Case:
    return Case(phase, NOW, STRICT, "acme", "DE", person, message, ROUTE)


def person_of(history: dict[str, Any]) -> Person:
    return Person(
        "p",
        countries=(CountrySignal(SignalKind.NUMBER, "DE"),),
        platform_optin="optin",
        notices=TOLD,
        marketing_received=0,
        **history,
    )


# --- The oracle ------------------------------------------------------------------------------------------------------


def said_no(person: Person, message: Message) -> list[datetime]:
    """When this person said no to this advertising, by whatever word."""
    own = [(stop.scope, stop.event_time, stop.kind) for stop in person.stops]
    for consent in person.consents:
        if consent.state in (ConsentState.WITHDRAWN, ConsentState.REFUSED):
            own.append((consent.scope, consent.event_time, "consent_withdrawn"))
    return [at for scope, at, kind in own if touches(scope, kind, message)]


def touches(scope: Scope, kind: str, message: Message) -> bool:
    if scope.controller == "partner" or scope.channel == "email":
        return False
    if scope.brand != "*" and message.brand != "*" and scope.brand != message.brand:
        return False
    if scope.topic != "*" and message.topic != "*" and scope.topic != message.topic:
        return False
    if kind in ("consent_withdrawn", "stop_all"):  # these alone may mean something else than advertising
        return scope.purpose != "UTILITY"
    return True


def carries(consent: Consent, message: Message) -> bool:
    """Would a court accept this consent for this message, had the person never said no?"""
    wording, scope = consent.wording, consent.scope
    return (
        consent.state in (ConsentState.GIVEN, ConsentState.RENEWED)
        and consent.expression is Expression.EXPRESS_STATEMENT
        and consent.verification is Verification.SAME_POINT
        and not consent.coupled
        and wording is not None
        and wording.withdrawal_hint
        and "acme" in wording.controllers
        and Channel.WHATSAPP in wording.channels
        and "MARKETING" in wording.purposes
        and ("*" in wording.topics or message.topic in wording.topics)
        and scope.controller == "acme"
        and scope.brand in ("*", message.brand)
        and scope.channel in ("*", "whatsapp")
        and scope.purpose in ("*", "MARKETING")
        and scope.topic in ("*", message.topic)
    )


def lawful(person: Person, message: Message) -> bool:
    yes = [consent.event_time for consent in person.consents if carries(consent, message)]
    own = [c.event_time for c in person.consents if carries(c, message) and c.origin in ("inbound_first", "web_form")]
    no = said_no(person, message)
    return bool(yes) and (not no or max(own, default=NOW - 999 * DAY) > max(no))


# --- Properties ------------------------------------------------------------------------------------------------------


@thorough
@given(history=histories, message=messages)
def test_advertising_is_allowed_exactly_when_the_last_word_was_a_complete_yes(
    history: dict[str, Any], message: Message
) -> None:
    person = person_of(history)
    answer = decide(case_of(person, message))
    assert answer.allowed is lawful(person, message), answer
    if answer.allowed:
        relied = next(consent for consent in person.consents if consent.id == answer.consent_id)
        assert carries(relied, message)
        assert answer.basis is LegalBasis.CONSENT
        assert answer.stop_ids == tuple(stop.id for stop in person.stops)


@thorough
@given(history=histories, message=messages)
def test_contract_and_interest_never_carry_advertising(history: dict[str, Any], message: Message) -> None:
    person = replace(person_of(history), consents=(), evidence=(*history["evidence"], CONTRACT))
    answer = decide(case_of(person, message))
    assert not answer.allowed
    assert answer.basis is None


@thorough
@given(history=histories, more=st.lists(claims, min_size=1, max_size=3), message=messages)
def test_crm_claim_never_turns_a_no_into_a_yes(
    history: dict[str, Any], more: list[ClaimFact], message: Message
) -> None:
    person = person_of(history)
    with_claims = replace(person, claims=(*person.claims, *more))
    assert decide(case_of(with_claims, message)).allowed is decide(case_of(person, message)).allowed


@thorough
@given(history=histories, extra=stops, message=messages)
def test_one_more_stop_never_allows_more(history: dict[str, Any], extra: Stop, message: Message) -> None:
    person = person_of(history)
    stopped = replace(person, stops=(*person.stops, extra))
    assert decide(case_of(person, message)).allowed or not decide(case_of(stopped, message)).allowed


@thorough
@given(history=histories, kinds=st.lists(stops, max_size=4))
def test_advertising_stop_never_blocks_what_a_live_contract_needs(history: dict[str, Any], kinds: list[Stop]) -> None:
    advertising = tuple(
        replace(stop, scope=replace(stop.scope, purpose="*" if stop.kind == "consent_withdrawn" else "MARKETING"))
        for stop in kinds
        if stop.kind != "stop_all"
    )
    person = replace(
        person_of(history),
        stops=advertising,
        consents=tuple(consent for consent in history["consents"] if consent.scope.purpose != "UTILITY"),
        evidence=(*history["evidence"], CONTRACT),
    )
    answer = decide(case_of(person, Message("UTILITY", template=UTILITY_TEMPLATE)))
    assert answer.allowed, answer
    assert answer.basis in (LegalBasis.CONTRACT, LegalBasis.CONSENT)


@thorough
@given(
    history=histories,
    kind=st.text(max_size=12).filter(lambda kind: kind not in set(StopKind)) | st.just("unknown"),
    purpose=st.sampled_from(Purpose),
    at=times,
)
def test_unreadable_stop_denies_everything(history: dict[str, Any], kind: str, purpose: Purpose, at: datetime) -> None:
    person = person_of(history)
    person = replace(person, stops=(*person.stops, Stop("u", kind, Scope("acme"), at)), evidence=(CONTRACT,))
    template = MARKETING_TEMPLATE if purpose is Purpose.MARKETING else UTILITY_TEMPLATE
    answer = decide(case_of(person, Message(purpose, template=template)))
    assert answer.verdict is Verdict.DENY
    assert "SUPPRESSED_UNKNOWN_KIND" in answer.reasons


@thorough
@given(history=histories, purpose=st.sampled_from(Purpose), code=st.sampled_from(["ambiguous", "left"]))
def test_point_that_may_be_another_persons_gets_nothing_at_all(
    history: dict[str, Any], purpose: Purpose, code: str
) -> None:
    person = replace(person_of(history), evidence=(*history["evidence"], CONTRACT), **{code: True})
    template = MARKETING_TEMPLATE if purpose is Purpose.MARKETING else UTILITY_TEMPLATE
    answer = decide(case_of(person, Message(purpose, "shoes", template=template)))
    assert not answer.allowed
    assert {"ambiguous": "SUBJECT_AMBIGUOUS", "left": "CONTACT_POINT_REASSIGNED"}[code] in answer.reasons


@thorough
@given(history=histories, message=messages, since=times)
def test_consent_of_a_former_holder_carries_nothing(history: dict[str, Any], message: Message, since: datetime) -> None:
    person = replace(person_of(history), reassigned_at=since)
    own = tuple(consent for consent in person.consents if consent.event_time > since)
    answer = decide(case_of(person, message))
    assert not answer.allowed or answer.consent_id in {consent.id for consent in own}
    # a former holder's "withdrawn" still counts against sending, their "given" no more
    assert not answer.allowed or lawful(replace(person, consents=own), message)


# --- Any case at all -------------------------------------------------------------------------------------------------

st.register_type_strategy(Policy, st.just(STRICT))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(case=st.from_type(Case))
def test_any_case_gets_a_known_answer(case: Case) -> None:
    answer = decide(case)
    assert isinstance(answer, Decision)
    assert answer.reasons
    assert set(answer.reasons) <= RANKS.keys()
    first = reason(answer.reasons[0]).verdict
    assert first is answer.verdict or (first is Verdict.HOLD and answer.verdict is Verdict.DENY)
    assert (answer.basis is not None) is answer.allowed
    assert not answer.allowed or answer.consent_id or answer.evidence_ids


@pytest.mark.parametrize("broken", ["phase", "now", "policy", "person", "countries"])
def test_broken_case_is_an_error_and_no_exception(broken: str) -> None:
    case: Any = case_of(person_of({}), Message("MARKETING", template=MARKETING_TEMPLATE))
    if broken == "countries":
        case = replace(case, person=replace(case.person, countries=(object(),)))
    else:
        case = replace(case, **{broken: object()})
    answer = decide(case)
    assert (answer.verdict, answer.reasons) == (Verdict.ERROR, ("ENGINE_UNAVAILABLE",))
