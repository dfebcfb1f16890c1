# SPDX-License-Identifier: Apache-2.0
"""The table of reason codes is complete, and the engine uses no other."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import hub.law
from hub.law.facts import Verdict
from hub.law.reasons import RANKS, REASONS, Lift, Reason, reason

ALLOW = """OK_CONSENT OK_CONSENT_EXPLICIT OK_CONTRACT OK_PRECONTRACT_REQUEST OK_SERVICE_REPLY OK_LEGAL_OBLIGATION
OK_PRIVACY_NOTICE OK_OPTOUT_CONFIRMATION OK_CONSENT_CHECK OK_SOFT_OPTIN OK_LEGITIMATE_INTEREST"""
ERROR = "ENGINE_UNAVAILABLE POLICY_UNKNOWN AUDIT_WRITE_FAILED"
HOLD = """NOTICE_13_MISSING NOTICE_14_OVERDUE NOTICE_21_4_MISSING PLATFORM_USER_LIMIT POLICY_QUIET_HOURS
POLICY_FREQUENCY_CAP POLICY_NOT_APPROVED"""
NOTE = "JURISDICTION_UNKNOWN SYNC_ART14_CLOCK_STARTED"
DENY = """DECISION_STALE TOKEN_MISMATCH SUBJECT_UNRESOLVED SUBJECT_AMBIGUOUS SUBJECT_ERASED PROCESSING_RESTRICTED
SUPPRESSED_OBJECTION_MARKETING SUPPRESSED_CONSENT_WITHDRAWN SUPPRESSED_SUBJECT_STOP_ALL SUPPRESSED_OBJECTION_21_1
SUPPRESSED_PLATFORM_PREFERENCE SUPPRESSED_BLOCKLIST_NATIONAL SUPPRESSED_CLAIM_CRM SUPPRESSED_UNKNOWN_KIND
CLAIM_CONFLICT BASIS_NONE BASIS_INSUFFICIENT_FOR_MARKETING BASIS_SWAP_FORBIDDEN CONSENT_MISSING CONSENT_UNPROVEN
CONSENT_NOT_EXPRESS CONSENT_UNVERIFIED CONSENT_VERIFIED_OTHER_CONTACT_POINT CONSENT_PENDING_CONFIRMATION
CONSENT_CONTROLLER_NOT_NAMED CONSENT_CHANNEL_NOT_COVERED CONSENT_PURPOSE_NOT_COVERED CONSENT_TOPIC_NOT_COVERED
CONSENT_COUPLED CONSENT_INFO_INCOMPLETE CONSENT_WORDING_UNKNOWN CONSENT_STALE_UNUSED CONSENT_EXPIRED
CONSENT_NOT_YET_EFFECTIVE CONSENT_REVOKED_BY_CONTROLLER CONSENT_INVALIDATED CONTACT_POINT_REASSIGNED
SOFTOPTIN_DISABLED SOFTOPTIN_NO_SALE SOFTOPTIN_NOT_FROM_CUSTOMER SOFTOPTIN_NOT_SIMILAR SOFTOPTIN_NOT_OWN
SOFTOPTIN_NOTICE_AT_COLLECTION_MISSING SOFTOPTIN_NOTICE_IN_MESSAGE_MISSING CONTRACT_EVIDENCE_MISSING CONTRACT_ENDED
CONTRACT_NOT_NECESSARY REQUEST_MISSING REQUEST_TOO_OLD LI_ASSESSMENT_MISSING LI_NOT_DISCLOSED AGE_UNKNOWN
AGE_BELOW_CONSENT SPECIAL_CATEGORY_NO_BASIS PURPOSE_UNKNOWN PURPOSE_CONTRADICTED TPL_PROMO_IN_NON_MARKETING
TPL_OPTOUT_HINT_MISSING SENDER_IDENTITY_MISSING AI_DISCLOSURE_MISSING JURISDICTION_BLOCKED CONTROLLER_MISMATCH
PROVIDER_NO_DPA PROVIDER_RECORD_INCOMPLETE PROVIDER_REVIEW_OVERDUE PROVIDER_SUSPENDED PROVIDER_SUBPROCESSOR_UNAPPROVED
TRANSFER_MECHANISM_MISSING TRANSFER_MECHANISM_INVALID TRANSFER_MECHANISM_TIA_OVERDUE CONNECTOR_FORBIDDEN
COEXISTENCE_ACTIVE CONTACT_DISCLOSURE SYNC_FIELD_NOT_ALLOWED SYNC_PURPOSE_INCOMPATIBLE SYNC_TOMBSTONE_HIT
PLATFORM_OPTIN_MISSING PLATFORM_WINDOW_CLOSED PLATFORM_TEMPLATE_INVALID PLATFORM_CATEGORY_DRIFT SYNC_NO_BASIS
SYNC_RECIPIENT_NO_CONTRACT SYNC_FREE_TEXT_BLOCKED SYNC_BULK_QUARANTINED SYNC_STOP_NOT_DELIVERED
SYNC_RESUBSCRIBE_FORBIDDEN"""

AREAS = {code.split("_")[0] for code in f"{ALLOW} {ERROR} {HOLD} {NOTE} {DENY}".split()}


@pytest.mark.parametrize(
    ("verdict", "codes"),
    [(Verdict.ALLOW, ALLOW), (Verdict.ERROR, ERROR), (Verdict.HOLD, HOLD), (Verdict.DENY, DENY), (None, NOTE)],
)
def test_table_holds_exactly_the_codes_of_each_verdict(verdict: Verdict | None, codes: str) -> None:
    assert sorted(row.code for row in REASONS if row.verdict is verdict) == sorted(codes.split())


@pytest.mark.parametrize("found", REASONS, ids=lambda found: found.code)
def test_every_code_explains_itself_in_both_languages(found: Reason) -> None:
    assert reason(found.code) is found
    for text in (found.meaning_en, found.meaning_de, found.remedy_en, found.remedy_de):
        assert text.strip() == text
        assert text.endswith(".")
    assert found.source
    assert found.meaning_en != found.meaning_de
    assert found.remedy_en != found.remedy_de
    assert (found.lift is Lift.NOT_NEEDED) is (found.verdict is Verdict.ALLOW or found.code == "PLATFORM_USER_LIMIT")
    assert "compliant" not in f"{found.meaning_en} {found.remedy_en}"


def test_unknown_code_is_refused() -> None:
    with pytest.raises(KeyError):
        reason("OK_ANYTHING")


def test_rank_follows_the_order_in_which_the_law_is_asked() -> None:
    order = [
        "SUBJECT_UNRESOLVED",
        "SUBJECT_ERASED",
        "SUPPRESSED_OBJECTION_MARKETING",
        "CONTROLLER_MISMATCH",
        "PROVIDER_NO_DPA",
        "TRANSFER_MECHANISM_MISSING",
        "CONNECTOR_FORBIDDEN",
        "PURPOSE_UNKNOWN",
        "JURISDICTION_BLOCKED",
        "AGE_UNKNOWN",
        "CONSENT_MISSING",
        "NOTICE_13_MISSING",
        "TPL_PROMO_IN_NON_MARKETING",
        "PLATFORM_OPTIN_MISSING",
        "POLICY_NOT_APPROVED",
    ]
    assert sorted(order, key=RANKS.__getitem__) == order


def test_engine_uses_no_code_outside_the_table() -> None:
    used = set()
    for file in Path(hub.law.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _looks_like_code(node.value):
                used.add(node.value)
    assert len(used) > 60
    assert used <= RANKS.keys()


def _looks_like_code(text: str) -> bool:
    return text.isupper() and "_" in text and " " not in text and text.split("_")[0] in AREAS
