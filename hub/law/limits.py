# SPDX-License-Identifier: Apache-2.0
"""Step 15: what the operator promised or decided: quiet hours, how often, and whose approval. All of it can wait."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from hub.contract.words import Purpose
from hub.law.facts import Person, Phase
from hub.law.hours import is_quiet
from hub.law.policy import Policy
from hub.law.question import Question


def quiet_hours(q: Question) -> str | None:
    """No advertising at night or on Sundays, where the person is."""
    hours = q.policy.quiet_hours
    kept = hours.enforce or (q.message.keeps_quiet_hours and q.case.phase is Phase.TRANSMIT)
    if not kept or q.ask.purpose is not Purpose.MARKETING:
        return None
    local = q.now.astimezone(ZoneInfo(q.person.zone or hours.zone))
    return "POLICY_QUIET_HOURS" if is_quiet(hours, local) else None


def frequency(q: Question) -> str | None:
    """No more advertising than the policy allows, and no more than any wording promised; uncounted is too many."""
    cap = q.policy.frequency
    if not cap.enforce or q.ask.purpose is not Purpose.MARKETING:
        return None
    received = q.person.marketing_received
    return "POLICY_FREQUENCY_CAP" if received is None or received >= most(q.policy, q.person) else None


def most(policy: Policy, person: Person) -> int:
    """How many advertising messages the person may receive in 30 days."""
    fewest = policy.frequency.per_30_days
    for consent in person.consents:
        promised = consent.wording.promised_per_30_days if consent.wording else None
        if promised is not None and promised < fewest:
            fewest = promised
    return fewest


def approved(q: Question) -> str | None:
    """Somebody approved the campaign, and nobody has cancelled it."""
    return None if q.message.approved else "POLICY_NOT_APPROVED"


PREDICATES: tuple[Callable[[Question], str | None], ...] = (quiet_hours, frequency, approved)
