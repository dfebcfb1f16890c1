# SPDX-License-Identifier: Apache-2.0
"""Step 9: whose rules count. The recipient's country matters, not the sender's (Art. 6(1) Rome II), so all that may
be it are asked, and the controller's own; the strictest answer counts (legal reference 4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from hub.law.facts import CountrySignal, SignalKind
from hub.law.policy import Country, Policy

UNKNOWN = "JURISDICTION_UNKNOWN"
_MONTH = timedelta(days=30.4375)


def rules(
    policy: Policy, signals: Sequence[CountrySignal], controller_country: str, now: datetime
) -> tuple[tuple[str, ...], Country, bool]:
    """The countries that count (sorted), the strictest of their rules, and whether the person's country is known.

    People keep numbers when they move, and an old country only makes the rule stricter. So no signal is dropped but the
    country before a move, once the policy's months are over.
    """
    own = {s.country for s in signals if s.kind is not SignalKind.FORMER or not _past(policy, s, now)}
    stated = SignalKind.STATED_RESIDENCE in [signal.kind for signal in signals]
    known = bool(own) and own <= policy.countries.keys() and (stated or len(own) == 1)
    countries = own | {controller_country}
    found = [policy.countries.get(country, policy.fallback) for country in countries]
    if not known:
        found.append(policy.fallback)
    return tuple(sorted(countries)), _strictest(found), known


def _past(policy: Policy, signal: CountrySignal, now: datetime) -> bool:
    """Is the move behind this signal longer ago than the policy's months? Not if its time is unknown."""
    return signal.at is not None and now - signal.at > policy.jurisdiction.old_country_months * _MONTH


def _strictest(found: Sequence[Country]) -> Country:
    first = found[0]
    if all(country is first or country == first for country in found):
        return first
    return Country(
        express_consent=any(country.express_consent for country in found),
        age=max(country.age for country in found),
        blocked=any(country.blocked for country in found),
    )
