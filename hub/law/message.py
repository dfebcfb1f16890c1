# SPDX-License-Identifier: Apache-2.0
"""Steps 8, 13, 14 and 15: what the message says it is, what it holds, and whether the platform takes it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from hub.contract.words import PlatformCategory, Purpose, TemplateState
from hub.law.purposes import RULES
from hub.law.question import Question


def check(q: Question) -> Iterator[str]:
    """Codes of all that is wrong with the message itself."""
    yield from _purpose(q)
    if q.ask.purpose is Purpose.MARKETING:
        yield from _advertising(q)
    yield from _platform(q)
    if not q.message.approved:
        yield "POLICY_NOT_APPROVED"


def _purpose(q: Question) -> Iterator[str]:
    """The claimed purpose must hold. A contradiction is refused, not downgraded."""
    if q.ask.purpose is None:
        yield "PURPOSE_UNKNOWN"
    elif q.ask.purpose is not Purpose.MARKETING:
        template = q.message.template
        if template and PlatformCategory.MARKETING in (template.category, template.approved_category):
            yield "PURPOSE_CONTRADICTED"
        if q.message.free_text_promotional or (template and template.promotional):
            yield "TPL_PROMO_IN_NON_MARKETING"


def _advertising(q: Question) -> Iterator[str]:
    """§ 7(2) no. 3 UWG: who advertises, and how to stop it. Free text has not been looked through for either."""
    template = q.message.template
    if template is None or not template.stop_hint:
        yield "TPL_OPTOUT_HINT_MISSING"
    if template is None or not template.sender_identity:
        yield "SENDER_IDENTITY_MISSING"


def _platform(q: Question) -> Iterator[str]:
    """Meta's own demands: an opt-in, templates outside the service window, and templates as approved."""
    window_open = _window_open(q)
    answers = window_open and q.ask.purpose is not None and RULES[q.ask.purpose].reply
    if not q.person.platform_optin and not answers:
        yield "PLATFORM_OPTIN_MISSING"
    template = q.message.template
    if template is None:
        if not window_open:
            yield "PLATFORM_WINDOW_CLOSED"
        return
    if template.state is not TemplateState.APPROVED:
        yield "PLATFORM_TEMPLATE_INVALID"
    if template.category is not template.approved_category:
        yield "PLATFORM_CATEGORY_DRIFT"


def _window_open(q: Question) -> bool:
    last = q.person.last_inbound_at
    return last is not None and last <= q.now < last + timedelta(hours=q.policy.request.service_window_hours)
