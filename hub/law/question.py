# SPDX-License-Identifier: Apache-2.0
"""A case made ready: what every check needs, worked out once."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from hub.contract.words import ClaimKind, Purpose
from hub.law.facts import ANY, Case, Message, Person
from hub.law.jurisdiction import rules
from hub.law.policy import Country, Policy

PURPOSES = frozenset(Purpose)


class Ask(NamedTuple):
    """What is asked for: the key a stop may bind and a consent must cover. The channel is always WhatsApp."""

    controller: str
    brand: str
    purpose: Purpose | None  # None: cannot be read
    topic: str


class Question(NamedTuple):
    """May `message` go to `person` now, under `policy` and the strictest `rule` of all `countries`?

    A named tuple, since one is made for every decision.
    """

    case: Case
    policy: Policy
    now: datetime
    person: Person
    message: Message
    ask: Ask
    countries: tuple[str, ...]
    rule: Country
    country_known: bool
    erased: bool
    restricted: bool


_NO_MESSAGE = Message(purpose="")


def prepare(case: Case, policy: Policy) -> Question:
    """Read the case. A missing message becomes one without a purpose, which no rule carries."""
    message = case.message or _NO_MESSAGE
    purpose = Purpose(message.purpose) if message.purpose in PURPOSES else None
    ask = Ask(case.controller, message.brand or ANY, purpose, message.topic or ANY)
    countries, rule, known = rules(policy, case.person.countries, case.controller_country, case.now)
    person = case.person
    claims = [claim.kind for claim in person.claims]
    return Question(
        case,
        policy,
        case.now,
        person,
        message,
        ask,
        countries,
        rule,
        known,
        erased=person.erased or ClaimKind.ERASURE in claims,  # a CRM's word for either counts at once
        restricted=person.restricted or ClaimKind.RESTRICTION in claims,
    )
