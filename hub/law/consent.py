# SPDX-License-Identifier: Apache-2.0
"""Condition C(1): when a consent carries a message (legal reference 2.6). Each predicate returns a reason code or None.

A consent is complete when no predicate objects. A record about consent is evidence, not validity by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from hub.contract.words import Channel, Expression, Purpose
from hub.law.facts import ANY, Consent, ConsentState, Verification
from hub.law.question import Question

_STATES = {
    ConsentState.UNKNOWN: "CONSENT_UNPROVEN",
    ConsentState.REQUESTED: "CONSENT_PENDING_CONFIRMATION",
    ConsentState.REFUSED: "SUPPRESSED_CONSENT_WITHDRAWN",
    ConsentState.WITHDRAWN: "SUPPRESSED_CONSENT_WITHDRAWN",
    ConsentState.REVOKED: "CONSENT_REVOKED_BY_CONTROLLER",
    ConsentState.EXPIRED: "CONSENT_EXPIRED",
    ConsentState.INVALIDATED: "CONSENT_INVALIDATED",
}
_VERIFICATIONS = {
    Verification.OTHER_POINT: "CONSENT_VERIFIED_OTHER_CONTACT_POINT",
    Verification.PENDING: "CONSENT_PENDING_CONFIRMATION",
}
_ENOUGH: dict[str, frozenset[Verification]] = {
    "same_point": frozenset({Verification.SAME_POINT}),
    "other_point": frozenset({Verification.SAME_POINT, Verification.OTHER_POINT}),
    "none": frozenset({Verification.SAME_POINT, Verification.OTHER_POINT, Verification.NONE}),
}


def state(q: Question, consent: Consent) -> str | None:
    """Only a given or renewed consent is one."""
    if consent.state is ConsentState.GIVEN or consent.state is ConsentState.RENEWED:
        return None
    return _STATES.get(consent.state, "CONSENT_UNPROVEN")


def verified(q: Question, consent: Consent) -> str | None:
    """It was shown that the holder of this very contact point consented (BGH I ZR 164/09), or what else the policy
    accepts from such an opt-in."""
    if consent.verification in _ENOUGH[getattr(q.policy.verification, consent.origin)]:
        return None
    return _VERIFICATIONS.get(consent.verification, "CONSENT_UNVERIFIED")


def same_holder(q: Question, consent: Consent) -> str | None:
    """The number has had no new holder since (Art. 5(1)(d) GDPR)."""
    reassigned = q.person.reassigned_at
    return "CONTACT_POINT_REASSIGNED" if reassigned is not None and consent.event_time <= reassigned else None


def wording_known(q: Question, consent: Consent) -> str | None:
    """The text shown is stored, and was in use when the person consented (Art. 7(1) GDPR)."""
    wording = consent.wording
    if wording is None or not wording.id or wording.valid_from > consent.event_time:
        return "CONSENT_WORDING_UNKNOWN"
    return None


def informed(q: Question, consent: Consent) -> str | None:
    """The text says that consent can be withdrawn (Art. 7(3) GDPR)."""
    return "CONSENT_INFO_INCOMPLETE" if consent.wording and not consent.wording.withdrawal_hint else None


def controller_named(q: Question, consent: Consent) -> str | None:
    """The consent and its text name this controller, and the brand where the message has one (BGH I ZR 7/16)."""
    ask, scope, wording = q.ask, consent.scope, consent.wording
    if scope.controller != ask.controller or scope.brand not in (ANY, ask.brand):
        return "CONSENT_CONTROLLER_NOT_NAMED"
    if wording and ask.controller not in wording.controllers:
        return "CONSENT_CONTROLLER_NOT_NAMED"
    return None


def channel_covered(q: Question, consent: Consent) -> str | None:
    """The consent and its text name WhatsApp: agreeing to "ads" in general is not enough (BGH I ZR 25/19)."""
    wording = consent.wording
    if consent.scope.channel not in (ANY, Channel.WHATSAPP) or (wording and Channel.WHATSAPP not in wording.channels):
        return "CONSENT_CHANNEL_NOT_COVERED"
    return None


def purpose_covered(q: Question, consent: Consent) -> str | None:
    """The consent covers and its text names this purpose (Art. 6(1)(a) GDPR: specific purposes)."""
    purpose, wording = q.ask.purpose, consent.wording
    if purpose is None or consent.scope.purpose not in (ANY, purpose) or (wording and purpose not in wording.purposes):
        return "CONSENT_PURPOSE_NOT_COVERED"
    return None


def topic_covered(q: Question, consent: Consent) -> str | None:
    """The topic lies within the consent and its text; a message without a topic needs a consent for all topics."""
    topic, wording = q.ask.topic, consent.wording
    if consent.scope.topic not in (ANY, topic):
        return "CONSENT_TOPIC_NOT_COVERED"
    if wording and ANY not in wording.topics and (topic == ANY or topic not in wording.topics):
        return "CONSENT_TOPIC_NOT_COVERED"
    return None


def express(q: Question, consent: Consent) -> str | None:
    """An active statement (C-673/17); for advertising an express one, where the countries ask for it (§ 7(2) UWG)."""
    given = consent.expression
    if given is Expression.EXPRESS_STATEMENT:
        return None
    strict = q.ask.purpose is Purpose.MARKETING and q.rule.express_consent
    return None if given is Expression.AFFIRMATIVE_ACT and not strict else "CONSENT_NOT_EXPRESS"


def uncoupled(q: Question, consent: Consent) -> str | None:
    """Not the price of a contract, discount or competition (Art. 7(4) GDPR)."""
    return "CONSENT_COUPLED" if consent.coupled else None


def in_effect(q: Question, consent: Consent) -> str | None:
    """Now lies within its time; a consent from the future is none, and so never beats a stop."""
    if consent.event_time > q.now or (consent.effective_from is not None and consent.effective_from > q.now):
        return "CONSENT_NOT_YET_EFFECTIVE"
    return "CONSENT_EXPIRED" if consent.expires_at is not None and consent.expires_at <= q.now else None


def current(q: Question, consent: Consent) -> str | None:
    """Not lapsed by long non-use (AG München 161 C 12736/22); use is a send that relied on it."""
    used = consent.event_time
    if consent.last_used_at is not None and consent.last_used_at > used:
        used = consent.last_used_at
    return "CONSENT_STALE_UNUSED" if q.now - used > timedelta(days=q.policy.consent.max_unused_days) else None


def explicit(q: Question, consent: Consent) -> str | None:
    """Content that reveals special categories needs explicit consent (Art. 9(2)(a) GDPR)."""
    return "SPECIAL_CATEGORY_NO_BASIS" if q.message.sensitive and not consent.explicit_special_category else None


def too_young(q: Question) -> str | None:
    """Step 10: below the age of the strictest country (Art. 8 GDPR); an unknown age matters for children's offers.

    A parent's own authorisation on file stands in for the age.
    """
    age = q.person.age
    if age is None:
        return "AGE_UNKNOWN" if q.message.child_directed else None
    return "AGE_BELOW_CONSENT" if age < q.rule.age and not q.person.parental_authorisation else None


def old_enough(q: Question, consent: Consent) -> str | None:
    """The person can consent alone."""
    return too_young(q)


PREDICATES: tuple[Callable[[Question, Consent], str | None], ...] = (
    state,
    verified,
    same_holder,
    wording_known,
    informed,
    controller_named,
    channel_covered,
    purpose_covered,
    topic_covered,
    express,
    uncoupled,
    in_effect,
    current,
    explicit,
    old_enough,
)


def faults(q: Question, consent: Consent) -> tuple[str, ...]:
    """All codes that keep this consent from carrying the message; empty for a complete one."""
    return tuple([code for predicate in PREDICATES if (code := predicate(q, consent))])


def newest_complete(q: Question, *, own: bool = False) -> Consent | None:
    """The complete consent with the latest event time; `own`: of those that the person gave before our own eyes."""
    newest = None
    for consent in q.person.consents:
        if own and not consent.own:
            continue
        if (newest is None or consent.event_time > newest.event_time) and not faults(q, consent):
            newest = consent
    return newest


def lifts_until(q: Question, newest: Consent | None) -> datetime | None:
    """The time of the newest complete consent that can lift a stop. A consent out of a CRM never does: a stop must not
    end because a file says so (C-129/21)."""
    lifting = newest if newest is None or newest.own else newest_complete(q, own=True)
    return lifting.event_time if lifting else None


def nearest_faults(q: Question) -> tuple[str, ...]:
    """What the most nearly complete consent lacks; among equals the newest speaks. Empty without any consent."""
    best: tuple[str, ...] = ()
    for consent in sorted(q.person.consents, key=lambda c: c.event_time, reverse=True):
        found = faults(q, consent)
        if not best or len(found) < len(best):
            best = found
    return best
