# SPDX-License-Identifier: Apache-2.0
"""A made-up population as HubSpot contacts: what somebody at the company would have filled in for each story."""

from __future__ import annotations

from hub.testing.population import Someone, Story

CONSENT, CONTRACT = "Freely given consent from contact", "Performance of a contract"
INTEREST = ("Legitimate interest – prospect/lead", "Legitimate interest – existing customer")
_COUNTRIES = {
    "DE": "Germany",
    "AT": "Österreich",
    "CH": "Switzerland",
    "FR": "France",
    "NL": "Netherlands",
    "IT": "Italy",
}


def properties(person: Someone, confirmed_at: str) -> dict[str, str]:
    """One contact. `confirmed_at` is when an e-mail double opt-in was confirmed, ISO 8601."""
    filled = {
        "email": person.email,
        "firstname": person.first,
        "lastname": person.last,
        "country": _COUNTRIES.get(person.country, person.country),
        "mobilephone" if person.index % 3 else "phone": person.typed,
        "hs_legal_basis": _basis(person),
    }
    if person.story is Story.EMAIL_DOI:
        filled["hub_email_double_opt_in_at"] = confirmed_at
    if person.story is Story.OPTED_IN_BUT_CRM_STOP:
        filled["hub_whatsapp_opt_out"] = "true"
    return filled


def _basis(person: Someone) -> str:
    if person.story in (Story.FLAG_ONLY, Story.EMAIL_DOI):
        return CONSENT
    if person.story is Story.LEGITIMATE_INTEREST:
        return INTEREST[person.index % 2]
    if person.story is Story.NO_BASIS:
        return ""
    if person.story in (Story.CONTRACT, Story.BAD_NUMBER):
        return CONTRACT
    return (CONTRACT, CONSENT)[person.index % 2]
