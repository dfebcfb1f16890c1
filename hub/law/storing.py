# SPDX-License-Identifier: Apache-2.0
"""The sync gate (legal reference 4.11): may this CRM record be stored? Storing is processing and needs a basis (Art. 6
GDPR), though not a permission to write. A stop does not end what another basis carries."""

from __future__ import annotations

from dataclasses import replace

from hub.contract.words import ClaimKind, LegalBasis, Purpose
from hub.law.bases import Carried, by_consent, prove
from hub.law.consent import faults
from hub.law.facts import ANY, ClaimFact, Consent
from hub.law.purposes import INTEREST, RULES
from hub.law.question import PURPOSES, Ask, Question
from hub.law.stops import binding, ends_interest

_CONTRACT = RULES[Purpose.UTILITY].grounds[0]
_CLAIMS = {
    ClaimKind.CONSENT: (LegalBasis.CONSENT, "OK_CONSENT"),
    ClaimKind.CONSENT_OTHER_POINT: (LegalBasis.CONSENT, "OK_CONSENT"),
    ClaimKind.CONTRACT: (LegalBasis.CONTRACT, "OK_CONTRACT"),
}


def find(q: Question) -> Carried | tuple[str, ...]:
    """The basis for storing, or why there is none."""
    for consent in q.person.consents:
        if _lives(q, consent):
            return by_consent(consent)
    contract = prove(q, _CONTRACT)
    if isinstance(contract, Carried):
        return contract
    for kind, (basis, ok) in _CLAIMS.items():
        claim = _claim(q, kind)
        if claim:
            return Carried(basis, ok, (claim.id,))
    return _interest(q)


def _interest(q: Question) -> Carried | tuple[str, ...]:
    claim = _claim(q, ClaimKind.LEGITIMATE_INTEREST)
    if claim is None:
        return ("SYNC_NO_BASIS",)
    ended = ends_interest(q.person, q.ask)
    if ended:
        return (ended,)
    proof = prove(q, INTEREST)
    if isinstance(proof, Carried):
        return replace(proof, evidence_ids=(claim.id, *proof.evidence_ids))
    return proof


def _lives(q: Question, consent: Consent) -> bool:
    """A consent that is complete for what it covers itself, and not ended by a stop."""
    scope, wording = consent.scope, consent.wording
    purposes = [scope.purpose] if scope.purpose != ANY else list(wording.purposes if wording else ())
    topics = [scope.topic] if scope.topic != ANY or wording is None else list(wording.topics)
    lifted = consent.event_time if consent.own else None
    for purpose in purposes:
        for topic in topics:
            if purpose in PURPOSES:
                ask = Ask(q.ask.controller, scope.brand, Purpose(purpose), topic)
                if not faults(q._replace(ask=ask), consent) and not binding(q.person, ask, lifted):
                    return True
    return False


def _claim(q: Question, kind: ClaimKind) -> ClaimFact | None:
    return next((claim for claim in q.person.claims if claim.kind is kind), None)
