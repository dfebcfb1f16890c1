# SPDX-License-Identifier: Apache-2.0
"""Condition C(2): advertising to an existing customer without consent (§ 7(3) UWG; Art. 13(2) Directive 2002/58/EC).

E1 a sale in which the customer gave the number, E2 own similar goods, E3 no objection (the stops are asked elsewhere),
E4 a notice at collection and in the message. Off unless a policy enables it and a lawyer approved that. Meta's own
opt-in is asked for besides, as for every message.
"""

from __future__ import annotations

from collections.abc import Callable

from hub.law.facts import Sale
from hub.law.question import Question


def enabled(q: Question) -> str | None:
    """Switched on by the policy, with a lawyer's approval on file."""
    switch = q.policy.soft_opt_in
    return None if switch.enabled and switch.legal_approval else "SOFTOPTIN_DISABLED"


def sold(q: Question) -> str | None:
    """E1: there was a sale, for money or what a lawyer accepted as such (C-654/23)."""
    return None if any(sale.remunerated and sale.at <= q.now for sale in q.person.sales) else "SOFTOPTIN_NO_SALE"


def from_customer(q: Question, sale: Sale) -> str | None:
    """E1: the customer gave the number in that sale."""
    return None if sale.given_by_customer else "SOFTOPTIN_NOT_FROM_CUSTOMER"


def same_holder(q: Question, sale: Sale) -> str | None:
    """The number has had no new holder since (Art. 5(1)(d) GDPR)."""
    reassigned = q.person.reassigned_at
    return "CONTACT_POINT_REASSIGNED" if reassigned is not None and sale.at <= reassigned else None


def own(q: Question, sale: Sale) -> str | None:
    """E2: the seller itself advertises."""
    return None if sale.controller == q.ask.controller else "SOFTOPTIN_NOT_OWN"


def similar(q: Question, sale: Sale) -> str | None:
    """E2: what is advertised is in the same group of goods as what was sold, in a table that a person approved."""
    switch, wanted = q.policy.soft_opt_in, q.message.category
    grouped = any(wanted in group and sale.category in group for group in switch.similar)
    return None if switch.similar_version and wanted and grouped else "SOFTOPTIN_NOT_SIMILAR"


def told_at_collection(q: Question, sale: Sale) -> str | None:
    """E4, first half: a clear notice when the number was given (LG Paderborn 2 O 325/23)."""
    return None if sale.objection_hint else "SOFTOPTIN_NOTICE_AT_COLLECTION_MISSING"


def told_in_message(q: Question) -> str | None:
    """E4, second half: a clear notice in this message."""
    template = q.message.template
    return None if template is not None and template.stop_hint else "SOFTOPTIN_NOTICE_IN_MESSAGE_MISSING"


def lists_checked(q: Question) -> str | None:
    """The person was looked for on every national list that the policy names (§ 174(4) TKG 2021, § 7(2) ECG)."""
    missing = set(q.policy.soft_opt_in.lists) - set(q.person.lists_checked)
    return "SUPPRESSED_BLOCKLIST_NATIONAL" if missing else None


AROUND: tuple[Callable[[Question], str | None], ...] = (sold, told_in_message, lists_checked)
OF_SALE: tuple[Callable[[Question, Sale], str | None], ...] = (
    from_customer,
    same_holder,
    own,
    similar,
    told_at_collection,
)


def faults(q: Question) -> tuple[str, ...]:
    """All codes that keep a soft opt-in from carrying the message; only the switch where that is off."""
    off = enabled(q)
    if off:
        return (off,)
    around = tuple(code for predicate in AROUND if (code := predicate(q)))
    return (*around, *_of_sale(q, newest(q))) if _paid(q) else around


def newest(q: Question) -> Sale:
    """The sale that lacks the least; among equals the newest. Raises `ValueError` where there is none."""
    return min(_paid(q), key=lambda sale: (len(_of_sale(q, sale)), q.now - sale.at))


def _paid(q: Question) -> list[Sale]:
    return [sale for sale in q.person.sales if sale.remunerated and sale.at <= q.now]


def _of_sale(q: Question, sale: Sale) -> tuple[str, ...]:
    return tuple(code for predicate in OF_SALE if (code := predicate(q, sale)))
