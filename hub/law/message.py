# SPDX-License-Identifier: Apache-2.0
"""Steps 8, 13 and 14: what the message says it is, what it holds, and whether the platform takes it.

Each predicate returns a reason code or None.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hub.contract.words import PlatformCategory, Purpose, TemplateState
from hub.law.purposes import RULES
from hub.law.question import Question

# --- The claimed purpose must hold. A contradiction is refused, not downgraded. --------------------------------------


def purpose_known(q: Question) -> str | None:
    """The purpose is one of the closed list."""
    return "PURPOSE_UNKNOWN" if q.ask.purpose is None else None


def purpose_fits_category(q: Question) -> str | None:
    """What the platform calls marketing is nothing else here."""
    template = q.message.template
    if template is None or q.ask.purpose in (None, Purpose.MARKETING):
        return None
    marketing = PlatformCategory.MARKETING in (template.category, template.approved_category)
    return "PURPOSE_CONTRADICTED" if marketing else None


def no_promotion(q: Question) -> str | None:
    """Nothing but advertising may advertise (BGH VI ZR 225/17)."""
    template = q.message.template
    if q.ask.purpose in (None, Purpose.MARKETING):
        return None
    promotional = q.message.free_text_promotional or (template is not None and template.promotional)
    return "TPL_PROMO_IN_NON_MARKETING" if promotional else None


# --- § 7(2) no. 3 UWG: who advertises, and how to stop it. Free text has not been looked through for either. ---------


def shows_way_out(q: Question) -> str | None:
    """Advertising says how to stop it."""
    template = q.message.template
    shown = q.ask.purpose is not Purpose.MARKETING or (template is not None and template.stop_hint)
    return None if shown else "TPL_OPTOUT_HINT_MISSING"


def names_sender(q: Question) -> str | None:
    """Advertising names who sends it (§ 6(1) DDG)."""
    template = q.message.template
    named = q.ask.purpose is not Purpose.MARKETING or (template is not None and template.sender_identity)
    return None if named else "SENDER_IDENTITY_MISSING"


# --- Content of its own kind -----------------------------------------------------------------------------------------


def machine_disclosed(q: Question) -> str | None:
    """Who is answered by a machine is told so (Art. 50(1) Regulation (EU) 2024/1689)."""
    return "AI_DISCLOSURE_MISSING" if q.message.by_ai and not q.message.ai_disclosed else None


def variables_bounded(q: Question) -> str | None:
    """No template variable is filled from a field that may hold anything (Art. 5(1)(c), 9 GDPR)."""
    return "SYNC_FREE_TEXT_BLOCKED" if q.message.free_text_variables else None


# --- Meta's own demands ----------------------------------------------------------------------------------------------


def platform_optin(q: Question) -> str | None:
    """An opt-in for every message that is no answer within the service window."""
    answers = q.ask.purpose is not None and RULES[q.ask.purpose].reply and _window_open(q)
    return None if q.person.platform_optin or answers else "PLATFORM_OPTIN_MISSING"


def window_open(q: Question) -> str | None:
    """Outside the service window only templates."""
    return "PLATFORM_WINDOW_CLOSED" if q.message.template is None and not _window_open(q) else None


def template_approved(q: Question) -> str | None:
    """The platform has approved the template, and still does."""
    template = q.message.template
    fits = template is None or template.state is TemplateState.APPROVED
    return None if fits else "PLATFORM_TEMPLATE_INVALID"


def category_stable(q: Question) -> str | None:
    """The platform has not moved the template to another category since the campaign was approved."""
    template = q.message.template
    fits = template is None or template.category is template.approved_category
    return None if fits else "PLATFORM_CATEGORY_DRIFT"


def below_user_limit(q: Question) -> str | None:
    """The platform does not cap marketing to this person just now; there is no point in trying before."""
    until = q.person.platform_limited_until
    capped = until is not None and q.now < until and q.ask.purpose is Purpose.MARKETING
    return "PLATFORM_USER_LIMIT" if capped else None


def _window_open(q: Question) -> bool:
    last = q.person.last_inbound_at
    return last is not None and last <= q.now < last + timedelta(hours=q.policy.request.service_window_hours)


PREDICATES: tuple[Callable[[Question], str | None], ...] = (
    purpose_known,
    purpose_fits_category,
    no_promotion,
    shows_way_out,
    names_sender,
    machine_disclosed,
    variables_bounded,
    platform_optin,
    window_open,
    template_approved,
    category_stable,
    below_user_limit,
)
