# SPDX-License-Identifier: Apache-2.0
"""The only place that says yes.

How a decision is made, for a lawyer with a developer beside them:

0.  An engine that is not well itself (`Case.fault`: the database was restored from a backup) answers ERROR, to all.
1.  A `Case` holds everything that may be looked at: the phase, the time, the policy, the person with stops, consents,
    claims and evidence, the message and the route. Nothing else is read, so the same case always gets the same answer.
2.  The checks run in the order of the law's weight: is it one known person (Art. 5(1)(d) GDPR)? erased or restricted
    (Art. 17, 18)? stopped (Art. 7(3), 21; § 7 UWG)? may this sender, provider, transfer and connection be used
    (Art. 28, 32, 44 ff.)? is the purpose what it claims to be (Art. 5(1)(b))? whose rules count, is the person old
    enough, is a special category touched (Art. 8, 9)? which basis carries the purpose (Art. 6; § 7(2) UWG)? was the
    person told what must be told (Art. 13, 14, 21(4))? does the text name its sender, the way out, and a machine that
    wrote it? does the platform take it? do the operator's own limits, and has somebody approved the campaign?
3.  All checks are made. Every objection is a reason code (`reasons`), sorted by that order: the first is *the* reason,
    the others are listed too. One objection is enough to refuse; what is unknown is an objection.
4.  Without any objection, and only with a legal basis found, the answer is ALLOW. It names the basis, the consent or
    evidence it rests on, the countries and the policy, so that it can be explained years later.

A consent lifts older stops only if it is complete (each predicate in `consent`), strictly later, and covers exactly
what is asked. A stop binds its own kind of message and no other: who objects to advertising still gets the invoice.

Phases STAGE and TRANSMIT ask about a message; SYNC_IN asks whether a CRM record may be stored (`storing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hub.contract.words import Purpose
from hub.law import bases, limits, message, notice, route, stops, storing
from hub.law.bases import Carried
from hub.law.consent import lifts_until, newest_complete, too_young
from hub.law.facts import Case, Decision, Phase, Verdict
from hub.law.jurisdiction import UNKNOWN
from hub.law.question import Question, prepare
from hub.law.reasons import HOLDS, RANKS
from hub.law.stops import binding

Check = Callable[[Question], str | None]


def decide(case: Case) -> Decision:
    """May this happen to this person, now? Pure; never raises: what cannot be decided is an ERROR, and so a no."""
    try:
        if case.fault:
            return Decision(Verdict.ERROR, ("ENGINE_UNAVAILABLE",), notes=(case.fault,))
        if case.policy is None:
            return Decision(Verdict.ERROR, ("POLICY_UNKNOWN",))
        q = prepare(case, case.policy)
        if case.phase is Phase.SYNC_IN:
            return _store(q)
        if case.phase in (Phase.STAGE, Phase.TRANSMIT):
            return _send(q)
        return Decision(Verdict.ERROR, ("ENGINE_UNAVAILABLE",), notes=("unknown phase",))
    except Exception as error:
        return Decision(Verdict.ERROR, ("ENGINE_UNAVAILABLE",), notes=(type(error).__name__,))


def _send(q: Question) -> Decision:
    consent = newest_complete(q)
    bound = binding(q.person, q.ask, lifts_until(q, consent))
    basis = bases.find(q, consent, bound)
    objections = [code for check in RECIPIENT if (code := check(q))]
    objections += [code for check in MESSAGE if (code := check(q))]
    objections += route.faults(q)
    if bound:
        objections += [stop.code for stop in bound]
        objections += stops.conflicts(q.person, bound)
    if isinstance(basis, Carried):
        if not objections:
            return _allow(q, basis)
    else:
        objections += basis
    return _refuse(q, objections, stop_ids=tuple([stop.id for stop in bound]))


def _store(q: Question) -> Decision:
    objections = [code for check in RECORD if (code := check(q))]
    basis = storing.find(q)
    if isinstance(basis, Carried):
        if not objections:
            return _allow(q, basis)
    else:
        objections += basis
    return _refuse(q, objections)


def resolved(q: Question) -> str | None:
    """Exactly one valid contact point."""
    return None if q.person.resolved else "SUBJECT_UNRESOLVED"


def unambiguous(q: Question) -> str | None:
    """One person, not perhaps another."""
    return "SUBJECT_AMBIGUOUS" if q.person.ambiguous else None


def still_theirs(q: Question) -> str | None:
    """The contact point is still this person's: a stranger must not read whatever it is (Art. 5(1)(d), (f))."""
    return "CONTACT_POINT_REASSIGNED" if q.person.left else None


def unrestricted(q: Question) -> str | None:
    """Art. 18 GDPR binds everything but legal duties."""
    return "PROCESSING_RESTRICTED" if q.restricted and q.ask.purpose is not Purpose.LEGAL else None


def erased(q: Question) -> str | None:
    """Art. 17 GDPR binds everything."""
    return "SUBJECT_ERASED" if q.erased else None


def buried(q: Question) -> str | None:
    """Who was erased is not imported again."""
    return "SYNC_TOMBSTONE_HIT" if q.erased else None


def country_open(q: Question) -> str | None:
    """No country that counts is barred by the policy."""
    return "JURISDICTION_BLOCKED" if q.rule.blocked else None


def old_enough(q: Question) -> str | None:
    """Advertising reaches nobody who cannot agree to it alone (Art. 8 GDPR)."""
    return too_young(q) if q.ask.purpose is Purpose.MARKETING else None


RECIPIENT: tuple[Check, ...] = (resolved, unambiguous, still_theirs, unrestricted, erased)
RECORD: tuple[Check, ...] = (resolved, unambiguous, still_theirs, unrestricted, buried)
MESSAGE: tuple[Check, ...] = (
    country_open,
    old_enough,
    *notice.PREDICATES,
    *message.PREDICATES,
    *limits.PREDICATES,
)


def _allow(q: Question, basis: Carried) -> Decision:
    optin = q.person.platform_optin
    with_optin = q.case.phase is not Phase.SYNC_IN and optin and optin not in basis.evidence_ids
    return Decision(
        Verdict.ALLOW,
        (basis.ok,),
        basis=basis.basis,
        consent_id=basis.consent_id,
        evidence_ids=(*basis.evidence_ids, optin) if with_optin else basis.evidence_ids,
        stop_ids=tuple([stop.id for stop in q.person.stops]),  # looked at, none of them binds here
        jurisdictions=q.countries,
        purpose=q.ask.purpose.value if q.ask.purpose else "",
        policy=q.policy.id,
        notes=_notes(q),
    )


def _refuse(q: Question, objections: Iterable[str], stop_ids: tuple[str, ...] = ()) -> Decision:
    """All codes by rank; the verdict is the most severe. No basis and no objection is still no basis."""
    codes = tuple(sorted(set(objections), key=RANKS.__getitem__)) or ("BASIS_NONE",)
    return Decision(
        Verdict.HOLD if HOLDS.issuperset(codes) else Verdict.DENY,
        codes,
        stop_ids=stop_ids,
        jurisdictions=q.countries,
        purpose=q.ask.purpose.value if q.ask.purpose else "",
        policy=q.policy.id,
        notes=_notes(q),
    )


def _notes(q: Question) -> tuple[str, ...]:
    notes = () if q.country_known else (UNKNOWN,)
    storing = q.case.phase is Phase.SYNC_IN
    return (*notes, notice.CLOCK) if storing and notice.clock_started(q) else notes
