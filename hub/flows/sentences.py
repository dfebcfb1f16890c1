# SPDX-License-Identifier: Apache-2.0
"""Why a message may go or may not, was sent or was not: one sentence for people who read it in their CRM."""

from __future__ import annotations

from functools import lru_cache

from hub.contract import LegalBasis, Reach, ReportKind
from hub.flows.states import State
from hub.law.reasons import RANKS, reason

# reasons that allow are named for the basis they found, but for two
_NAMED = {LegalBasis.PRE_CONTRACT: "PRECONTRACT_REQUEST", LegalBasis.EPRIVACY_13_2: "SOFT_OPTIN"}
CANCELLED = "cancelled"  # as a CRM is told of a message whose campaign was
_OVER = {
    "de": "Die Kampagne geht nicht an diesen Datensatz: Sie wurde abgebrochen, oder er ist nicht mehr in ihrer Liste.",
    "en": "This campaign does not go to this record: it was cancelled, or the record is not in its list any more.",
}
_OFF = {
    "de": "Die Kampagne wurde abgebrochen, bevor diese Nachricht an der Reihe war.",
    "en": "The campaign was cancelled before this message had its turn.",
}
_ENDS = {
    State.FAILED: {
        "de": "Sie durfte gesendet werden, aber der Anbieter hat sie nicht zugestellt.",
        "en": "It could be sent, but the provider did not deliver it.",
    },
    State.UNKNOWN: {
        "de": "Der Anbieter hat nicht geantwortet. Ob sie ankam, ist offen; sie wird nicht noch einmal gesendet.",
        "en": "The provider did not answer. Whether it arrived is open; it is not sent again.",
    },
}


@lru_cache(1024)
def why(kind: str, status: str, code: str, basis: str, language: str) -> str:
    """Empty where there is nothing to say. `code`: a reason code, or a provider's of a message that failed."""
    if status in (CANCELLED, Reach.OVER):
        return _OFF[language] if status == CANCELLED else _OVER[language]
    if status in _ENDS and kind == ReportKind.STATUS:
        said = _ENDS[State(status)][language]
        return f"{said} ({code})" if code else said
    if kind == ReportKind.STATUS:
        code = f"OK_{_NAMED.get(basis, basis)}"  # type: ignore[call-overload]
    if code not in RANKS:
        return ""
    found = reason(code)
    return found.meaning_de if language == "de" else found.meaning_en


def needs_help(kind: str, status: str) -> bool:
    """Is it about somebody whom a message may not reach, or did not?"""
    if kind == ReportKind.REACH:
        return status in (Reach.BLOCKED, Reach.WAITING)
    return (kind == ReportKind.REFUSED and status != CANCELLED) or (kind == ReportKind.STATUS and status in _ENDS)
