# SPDX-License-Identifier: Apache-2.0
"""What the people of a made-up population look like in an org, from 100 to a million of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hub.testing.population import Someone, Story, population
from hub_salesforce.emulator.objects import PREFIXES
from hub_salesforce.emulator.tables import SEEDED, Row, Seeded, numbered

SPREAD = timedelta(days=20)  # over which the seeded records were last changed, until yesterday
_BLOCK, _BLOCKS = 32, 64  # people are made in blocks, each from its own seed, of which so many are remembered

_COUNTRIES = {"DE": "Germany", "AT": "Österreich", "CH": "Schweiz", "FR": "France", "NL": "Nederland", "IT": "Italia"}


def contact(one: Someone) -> Row:
    """Fields of a contact."""
    return {
        "FirstName": one.first,
        "LastName": one.last,
        "Email": one.email,
        "MobilePhone": one.typed or None,
        "MailingCountry": _COUNTRIES.get(one.country, one.country),
        "DoNotCall": one.story is Story.OPTED_IN_BUT_CRM_STOP,
        "HasOptedOutOfEmail": False,
        "HasOptedOutOfFax": False,
    }


_BASES = {Story.FLAG_ONLY: "consent", Story.LEGITIMATE_INTEREST: "", Story.CONTRACT: "contract"}


def consent(one: Someone, at: datetime) -> Row | None:
    """The consent record of a person, where the org has one."""
    if one.story not in (Story.FLAG_ONLY, Story.EMAIL_DOI):
        return None
    email = one.story is Story.EMAIL_DOI
    return {
        "Name": "Newsletter" if email else "Contact",
        "ContactPointType": "Email" if email else "Phone",
        "PrivacyConsentStatus": "OptIn",
        "CaptureDate": at,
        "EffectiveFrom": at,
        "CaptureContactPointType": "Web",
        "CaptureSource": "Web form",
        "DoubleConsentCaptureDate": at if email else None,
    }


def basis(one: Someone) -> str | None:
    """The legal-basis field."""
    return _BASES.get(one.story) or None


class Crowd:
    """A population by number, without keeping much of it."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._blocks: dict[int, list[Someone]] = {}

    def at(self, number: int) -> Someone:
        block, place = divmod(number, _BLOCK)
        if block not in self._blocks:
            while len(self._blocks) >= _BLOCKS:
                self._blocks.pop(next(iter(self._blocks)))
            self._blocks[block] = population(_BLOCK, self._seed + block)
        return self._blocks[block][place]

    def phone(self, number: int) -> str:
        """A German number of its own: those of a block would come again in the next."""
        return f"+4915{number:09d}"


def seeded(count: int, seed: int, now: datetime, *, privacy: bool, custom: bool, campaign: str) -> dict[str, Seeded]:
    """Contacts, with their Individuals and memberships of one campaign, by object."""
    crowd = Crowd(seed)
    first, step = now - SPREAD - timedelta(days=1), SPREAD / max(count, 1)

    def person(number: int) -> Row:
        one = crowd.at(number)
        row = contact(one) | {"Email": f"person{number}@example.org"}
        if one.number:
            row["MobilePhone"] = crowd.phone(number)
        if custom:
            row |= {"Legal_Basis__c": basis(one)}
        if privacy:
            row |= {"IndividualId": numbered(PREFIXES["Individual"], SEEDED, number)}
        return row | {"IsPersonAccount": False}

    def individual(number: int) -> Row:
        one = crowd.at(number)
        flags = dict.fromkeys(("HasOptedOutProcessing", "HasOptedOutSolicit", "ShouldForget"), False)
        return {"FirstName": one.first, "LastName": one.last, **flags}

    def member(number: int) -> Row:
        of = numbered(PREFIXES["Contact"], SEEDED, number)
        return {"CampaignId": campaign, "ContactId": of, "Status": "Sent", "HasResponded": False}

    made: dict[str, Any] = {"Contact": (person, "IndividualId", {"IsDeleted": False})}
    made["CampaignMember"] = (member, "ContactId", {"CampaignId": campaign})
    if privacy:
        made["Individual"] = (individual, "", {})
    return {name: Seeded(count, first, step, make, owner, fixed) for name, (make, owner, fixed) in made.items()}
