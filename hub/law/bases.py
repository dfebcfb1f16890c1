# SPDX-License-Identifier: Apache-2.0
"""Step 11: on which legal basis the message rests, by the rule table in `purposes`, or why on none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from hub.contract.words import ClaimKind, LegalBasis, Purpose
from hub.law import softoptin
from hub.law.consent import nearest_faults
from hub.law.facts import Consent, Evidence, EvidenceKind
from hub.law.purposes import INTEREST, RULES, Ground, Rule, Within
from hub.law.question import Question
from hub.law.reasons import RANKS
from hub.law.stops import Binding, ends_interest, last_no

WITHDRAWN = "SUPPRESSED_CONSENT_WITHDRAWN"


@dataclass(frozen=True, slots=True)
class Carried:
    """The message rests on this basis; `ok` is the code that says so."""

    basis: LegalBasis
    ok: str
    evidence_ids: tuple[str, ...]
    consent_id: str = ""


def find(q: Question, consent: Consent | None, bound: tuple[Binding, ...]) -> Carried | tuple[str, ...]:
    """The basis, or the codes that say why there is none. `consent` is the newest complete one.

    A purpose whose consent was withdrawn is never carried by another basis (EDPB 05/2020): that would make the
    withdrawal worthless.
    """
    if q.ask.purpose is None:
        return ("BASIS_NONE",)
    rule = RULES[q.ask.purpose]
    if any(binding.code == WITHDRAWN for binding in bound):
        return ("BASIS_SWAP_FORBIDDEN",) if _others_offered(q, rule) else ()
    if consent is not None and rule.consent and not q.restricted:
        return by_consent(consent, explicit=q.message.sensitive)
    if q.message.sensitive:  # Art. 9: no other basis of the table is enough
        return ("SPECIAL_CATEGORY_NO_BASIS", *nearest_faults(q))
    if q.ask.purpose is Purpose.MARKETING:
        return nearest_faults(q) or _without_consent(q)
    return _by_ground(q, rule)


def by_consent(consent: Consent, *, explicit: bool = False) -> Carried:
    """A complete consent carries what it covers; its evidence is the stored wording."""
    wording = (consent.wording.id,) if consent.wording else ()
    if explicit:
        return Carried(LegalBasis.CONSENT_EXPLICIT, "OK_CONSENT_EXPLICIT", wording, consent.id)
    return Carried(LegalBasis.CONSENT, "OK_CONSENT", wording, consent.id)


def _by_ground(q: Question, rule: Rule) -> Carried | tuple[str, ...]:
    codes: list[str] = []
    for ground in rule.grounds:
        if q.restricted and ground.basis is not LegalBasis.LEGAL_OBLIGATION:
            continue  # Art. 18(2): of all messages only a documented duty goes on
        proof = prove(q, ground)
        if isinstance(proof, Carried):
            return proof
        codes += proof
    return tuple(codes) or (rule.otherwise,)


def prove(q: Question, ground: Ground) -> Carried | tuple[str, ...]:
    """Look for evidence of this ground. Empty when nobody even offers it."""
    also = _newest_live(q, ground.also) if ground.also else None
    if ground.also and also is None:
        return ()
    codes: tuple[str, ...] = ()
    best: Evidence | None = None
    for evidence in q.person.evidence:
        if evidence.kind not in ground.evidence:
            continue
        code = _evidence_fault(q, ground, evidence)
        if code:
            codes = (*codes, code)
        elif best is None or evidence.at > best.at:
            best = evidence
    if best is not None:
        return Carried(ground.basis, ground.ok, (best.id, also.id) if also else (best.id,))
    if not codes and ground.claim and any(claim.kind is ground.claim for claim in q.person.claims):
        return (ground.missing,)
    return codes


def _evidence_fault(q: Question, ground: Ground, evidence: Evidence) -> str | None:
    """What is wrong with this piece of evidence for this ground: the first predicate that objects."""
    return next((code for predicate in EVIDENCE if (code := predicate(q, ground, evidence))), None)


def on_file(q: Question, ground: Ground, evidence: Evidence) -> str | None:
    """The evidence exists, and not only in the future."""
    return ground.missing if evidence.at > q.now or not evidence.id else None


def of_this_holder(q: Question, ground: Ground, evidence: Evidence) -> str | None:
    """The number has had no new holder since (Art. 5(1)(d) GDPR)."""
    reassigned = q.person.reassigned_at
    return "CONTACT_POINT_REASSIGNED" if reassigned is not None and evidence.at <= reassigned else None


def alive(q: Question, ground: Ground, evidence: Evidence) -> str | None:
    """A contract lives to its end and the policy's tail; a request is answered within its time."""
    tail = timedelta(days=q.policy.contract.tail_days) if ground.basis is LegalBasis.CONTRACT else timedelta()
    if evidence.valid_until is not None and evidence.valid_until + tail < q.now:
        return ground.ended
    limit = _limit(q, ground.within)
    return ground.ended if limit is not None and q.now - evidence.at > limit else None


def necessary(q: Question, ground: Ground, evidence: Evidence) -> str | None:
    """Objectively needed for the contract (C-394/23), or expected by a customer: C(3) and C(4)."""
    if evidence.kind not in (EvidenceKind.CONTRACT, EvidenceKind.ASSESSMENT):
        return None
    judged = evidence.necessary is not None or not q.policy.contract.necessity
    if judged and evidence.necessary is not False:
        return None
    return "CONTRACT_NOT_NECESSARY" if evidence.kind is EvidenceKind.CONTRACT else ground.missing


def interest_stands(q: Question, ground: Ground, evidence: Evidence) -> str | None:
    """A legitimate interest was named at collection (C-394/23), and nobody has objected to it (Art. 21(1) GDPR)."""
    if ground is not INTEREST:
        return None
    return ends_interest(q.person, q.ask) or (None if evidence.disclosed else "LI_NOT_DISCLOSED")


def unspent(q: Question, ground: Ground, evidence: Evidence) -> str | None:
    """A confirmation is sent once."""
    return ground.ended if ground.once and evidence.answered else None


def not_taken_back(q: Question, ground: Ground, evidence: Evidence) -> str | None:
    """Who said no after asking to be asked is not asked again over WhatsApp."""
    if evidence.kind is not EvidenceKind.OPT_IN_ATTEMPT:
        return None
    no = last_no(q.person, q.ask)
    return ground.ended if no is not None and evidence.at <= no else None


EVIDENCE: tuple[Callable[[Question, Ground, Evidence], str | None], ...] = (
    on_file,
    of_this_holder,
    alive,
    necessary,
    interest_stands,
    unspent,
    not_taken_back,
)


def _limit(q: Question, within: Within) -> timedelta | None:
    request = q.policy.request
    if within is Within.SERVICE_WINDOW:
        return timedelta(hours=request.service_window_hours)
    if within is Within.PRE_CONTRACT:
        return timedelta(days=request.pre_contract_days)
    if within is Within.AUTHENTICATION:
        return timedelta(minutes=request.authentication_minutes)
    return None


def _newest_live(q: Question, kind: EvidenceKind) -> Evidence | None:
    found = None
    for evidence in q.person.evidence:
        live = evidence.valid_until is None or evidence.valid_until >= q.now
        if evidence.kind is kind and evidence.at <= q.now and live and (found is None or evidence.at > found.at):
            found = evidence
    return found


def _without_consent(q: Question) -> Carried | tuple[str, ...]:
    """What is offered for advertising instead of a consent, and why it does not do (§ 7(2) no. 2 UWG).

    Only § 7(3) UWG may carry it, and never where a consent exists: a controller may not fall back (EDPB 05/2020).
    """
    claims = {claim.kind for claim in q.person.claims}
    kinds = {evidence.kind for evidence in q.person.evidence}
    customer = ClaimKind.CONTRACT in claims or EvidenceKind.CONTRACT in kinds or bool(q.person.sales)
    soft = softoptin.faults(q)
    if not soft and customer:
        sale = softoptin.newest(q)
        return Carried(LegalBasis.EPRIVACY_13_2, "OK_SOFT_OPTIN", (sale.id, q.policy.soft_opt_in.legal_approval))
    codes = []
    if customer or ClaimKind.LEGITIMATE_INTEREST in claims or EvidenceKind.ASSESSMENT in kinds:
        codes.append("BASIS_INSUFFICIENT_FOR_MARKETING")
    if ClaimKind.CONSENT_OTHER_POINT in claims:  # the proof that comes with the flag says more than the flag
        codes.append("CONSENT_VERIFIED_OTHER_CONTACT_POINT")
    elif ClaimKind.CONSENT in claims:
        codes.append("CONSENT_UNPROVEN")
    codes += [code for claim in q.person.claims for code in claim.lacks if code in RANKS and code not in codes]
    if not codes:
        codes.append("CONSENT_MISSING")
    return (*codes, *soft) if customer else tuple(codes)


def _others_offered(q: Question, rule: Rule) -> bool:
    if q.ask.purpose is Purpose.MARKETING:
        offered = _without_consent(q)
        return isinstance(offered, Carried) or "BASIS_INSUFFICIENT_FOR_MARKETING" in offered
    return any(prove(q, ground) for ground in rule.grounds)
