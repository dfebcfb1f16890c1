# SPDX-License-Identifier: Apache-2.0
"""Step 9: whose rules count. The recipient's country matters, not the sender's (Art. 6(1) Rome II), so all that may
be it are asked, and the controller's own; the strictest answer counts (legal reference 4.3)."""

from __future__ import annotations

from collections.abc import Sequence

from hub.law.facts import CountrySignal, SignalKind
from hub.law.policy import Country, Policy

UNKNOWN = "JURISDICTION_UNKNOWN"


def rules(
    policy: Policy, signals: Sequence[CountrySignal], controller_country: str
) -> tuple[tuple[str, ...], Country, bool]:
    """The countries that count (sorted), the strictest of their rules, and whether the person's country is known.

    No signal is ever dropped: people keep numbers when they move, and an old country only makes the rule stricter.
    """
    own = {signal.country for signal in signals}
    stated = SignalKind.STATED_RESIDENCE in [signal.kind for signal in signals]
    known = bool(own) and own <= policy.countries.keys() and (stated or len(own) == 1)
    countries = own | {controller_country}
    found = [policy.countries.get(country, policy.fallback) for country in countries]
    if not known:
        found.append(policy.fallback)
    return tuple(sorted(countries)), _strictest(found), known


def _strictest(found: Sequence[Country]) -> Country:
    first = found[0]
    if all(country is first or country == first for country in found):
        return first
    return Country(
        express_consent=any(country.express_consent for country in found),
        age=max(country.age for country in found),
        blocked=any(country.blocked for country in found),
    )
