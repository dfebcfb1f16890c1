# SPDX-License-Identifier: Apache-2.0
"""The rule table purpose x legal basis (legal reference 2.5) as data: what may carry a purpose besides consent.

Consent may carry every purpose but the two confirmations. Nothing but consent carries MARKETING, and a line that is
not here is forbidden.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from hub.contract.words import ClaimKind, LegalBasis, Purpose
from hub.law.facts import EvidenceKind


class Within(Enum):
    """How old the evidence may be; the figures are the policy's."""

    ITS_LIFE = "its_life"  # `valid_until` of the evidence, open where it has none
    SERVICE_WINDOW = "service_window"
    PRE_CONTRACT = "pre_contract"
    AUTHENTICATION = "authentication"


@dataclass(frozen=True, slots=True)
class Ground:
    """One way to carry a purpose: this evidence, this fresh, on this basis.

    `missing`/`ended` are the codes when there is none or only old evidence; `claim` is the CRM's word for the same
    ground, which proves nothing but tells what is missing; `also` is evidence needed besides; `once`: a piece of
    evidence carries one message only.
    """

    basis: LegalBasis
    evidence: tuple[EvidenceKind, ...]
    within: Within
    ok: str
    missing: str
    ended: str
    claim: ClaimKind | None = None
    also: EvidenceKind | None = None
    once: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """What carries a purpose. `otherwise` is the code when nothing is even offered.

    `reply`: it answers the person, so inside the open service window Meta's own opt-in is not asked for.
    """

    grounds: tuple[Ground, ...]
    otherwise: str
    consent: bool = True
    reply: bool = False


def _contract(ok: str = "OK_CONTRACT") -> Ground:
    return Ground(
        LegalBasis.CONTRACT,
        (EvidenceKind.CONTRACT,),
        Within.ITS_LIFE,
        ok,
        missing="CONTRACT_EVIDENCE_MISSING",
        ended="CONTRACT_ENDED",
        claim=ClaimKind.CONTRACT,
    )


def _request(
    evidence: tuple[EvidenceKind, ...],
    within: Within,
    ok: str,
    basis: LegalBasis = LegalBasis.PRE_CONTRACT,
    also: EvidenceKind | None = None,
    once: bool = False,
) -> Ground:
    missing, ended = "REQUEST_MISSING", "REQUEST_TOO_OLD"
    return Ground(basis, evidence, within, ok, missing, ended, also=also, once=once)


def _duty(ok: str) -> Ground:
    return Ground(
        LegalBasis.LEGAL_OBLIGATION,
        (EvidenceKind.LEGAL_DUTY,),
        Within.ITS_LIFE,
        ok,
        missing="BASIS_NONE",
        ended="BASIS_NONE",
    )


INTEREST = Ground(
    LegalBasis.LEGITIMATE_INTEREST,
    (EvidenceKind.ASSESSMENT,),
    Within.ITS_LIFE,
    "OK_LEGITIMATE_INTEREST",
    missing="LI_ASSESSMENT_MISSING",
    ended="LI_ASSESSMENT_MISSING",
    claim=ClaimKind.LEGITIMATE_INTEREST,
)
_ASKED = (EvidenceKind.REQUEST, EvidenceKind.INBOUND)

RULES: dict[Purpose, Rule] = {
    Purpose.MARKETING: Rule((), "CONSENT_MISSING"),
    Purpose.UTILITY: Rule((_contract(), INTEREST), "BASIS_NONE"),
    Purpose.SERVICE: Rule(
        (_contract(), _request(_ASKED, Within.SERVICE_WINDOW, "OK_SERVICE_REPLY")), "REQUEST_MISSING", reply=True
    ),
    Purpose.AUTHENTICATION: Rule(
        (  # either way the person asked for the code just now; who has a contract is served under it
            _request(_ASKED, Within.AUTHENTICATION, "OK_CONTRACT", LegalBasis.CONTRACT, EvidenceKind.CONTRACT),
            _request(_ASKED, Within.AUTHENTICATION, "OK_PRECONTRACT_REQUEST"),
        ),
        "REQUEST_MISSING",
    ),
    Purpose.PRE_CONTRACT: Rule(
        (
            _request((EvidenceKind.REQUEST,), Within.PRE_CONTRACT, "OK_PRECONTRACT_REQUEST"),
            _request((EvidenceKind.INBOUND,), Within.SERVICE_WINDOW, "OK_PRECONTRACT_REQUEST"),
        ),
        "REQUEST_MISSING",
        reply=True,
    ),
    Purpose.LEGAL: Rule((_contract(), _duty("OK_LEGAL_OBLIGATION")), "BASIS_NONE"),
    Purpose.PRIVACY_NOTICE: Rule(
        (
            _contract("OK_PRIVACY_NOTICE"),
            _request(_ASKED, Within.SERVICE_WINDOW, "OK_PRIVACY_NOTICE"),
            _duty("OK_PRIVACY_NOTICE"),
        ),
        "BASIS_NONE",
        reply=True,
    ),
    Purpose.OPT_IN_CONFIRMATION: Rule(
        (
            _request(
                (EvidenceKind.OPT_IN_ATTEMPT,),
                Within.SERVICE_WINDOW,
                "OK_CONSENT_CHECK",
                LegalBasis.LEGITIMATE_INTEREST,
                once=True,
            ),
        ),
        "REQUEST_MISSING",
        consent=False,
        reply=True,
    ),
    Purpose.OPT_OUT_CONFIRMATION: Rule(
        (
            _request(
                (EvidenceKind.STOP_RECEIVED,),
                Within.SERVICE_WINDOW,
                "OK_OPTOUT_CONFIRMATION",
                LegalBasis.LEGAL_OBLIGATION,
                once=True,
            ),
        ),
        "REQUEST_MISSING",
        consent=False,
        reply=True,
    ),
}
