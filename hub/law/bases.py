# SPDX-License-Identifier: Apache-2.0
"""Step 11: on which legal basis the message rests, by the rule table in `purposes`, or why on none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hub.contract.words import ClaimKind, LegalBasis, Purpose
from hub.law.consent import nearest_faults
from hub.law.facts import Consent, Evidence, EvidenceKind
from hub.law.purposes import INTEREST, RULES, Ground, Rule, Within
from hub.law.question import Question
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
        return by_consent(consent, explicit=q.message.special_category)
    if q.message.special_category:  # Art. 9: no other basis of the table is enough
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
    if evidence.at > q.now or not evidence.id:
        return ground.missing
    if q.person.reassigned_at is not None and evidence.at <= q.person.reassigned_at:
        return "CONTACT_POINT_REASSIGNED"
    if evidence.valid_until is not None and evidence.valid_until < q.now:
        return ground.ended
    limit = _limit(q, ground.within)
    if limit is not None and q.now - evidence.at > limit:
        return ground.ended
    if ground is INTEREST:
        return ends_interest(q.person, q.ask) or (None if evidence.disclosed else "LI_NOT_DISCLOSED")
    if evidence.kind is EvidenceKind.OPT_IN_ATTEMPT:
        # Who said no after asking to be asked is not asked again over WhatsApp.
        no = last_no(q.person, q.ask)
        return ground.ended if no is not None and evidence.at <= no else None
    return None


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


def _without_consent(q: Question) -> tuple[str, ...]:
    """What is offered for advertising instead of a consent, and why it does not do (§ 7(2) no. 2 UWG)."""
    claims = {claim.kind for claim in q.person.claims}
    kinds = {evidence.kind for evidence in q.person.evidence}
    customer = ClaimKind.CONTRACT in claims or EvidenceKind.CONTRACT in kinds
    codes = []
    if customer or ClaimKind.LEGITIMATE_INTEREST in claims or EvidenceKind.ASSESSMENT in kinds:
        codes.append("BASIS_INSUFFICIENT_FOR_MARKETING")
    if ClaimKind.CONSENT_OTHER_POINT in claims:  # the proof that comes with the flag says more than the flag
        codes.append("CONSENT_VERIFIED_OTHER_CONTACT_POINT")
    elif ClaimKind.CONSENT in claims:
        codes.append("CONSENT_UNPROVEN")
    if not codes:
        codes.append("CONSENT_MISSING")
    if customer:
        # No facts prove the four conditions of § 7(3) UWG yet, so even a policy that allows it finds none.
        enabled = q.policy.soft_opt_in.enabled
        codes.append("SOFTOPTIN_NOTICE_AT_COLLECTION_MISSING" if enabled else "SOFTOPTIN_DISABLED")
    return tuple(codes)


def _others_offered(q: Question, rule: Rule) -> bool:
    if q.ask.purpose is Purpose.MARKETING:
        return "BASIS_INSUFFICIENT_FOR_MARKETING" in _without_consent(q)
    return any(prove(q, ground) for ground in rule.grounds)
