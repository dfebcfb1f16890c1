# SPDX-License-Identifier: Apache-2.0
"""When a held message is asked about again: the earliest moment at which the answer can be another one."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from hub.contract import Purpose
from hub.flows.facts import RECENT
from hub.flows.notices import WAITS
from hub.flows.states import MAY_HAVE_ARRIVED
from hub.law.facts import Case, Decision
from hub.law.hours import loud_from
from hub.store.tables import MessageRow

_USUAL = timedelta(minutes=15)
_NOTICE = timedelta(days=1)  # serving the notice asks at once; this is for notices that nobody serves


def until(session: Session, case: Case, decision: Decision) -> datetime:
    """All that holds the message must be over."""
    return max(_until(session, case, reason) for reason in decision.reasons)


def _until(session: Session, case: Case, reason: str) -> datetime:
    if case.policy is not None and reason == "POLICY_QUIET_HOURS":
        return loud_from(case.policy.quiet_hours, case.person.zone, case.now)
    if reason == "POLICY_FREQUENCY_CAP":
        return _below_cap(session, case)
    if reason == "PLATFORM_USER_LIMIT":
        return case.person.platform_limited_until or case.now + _USUAL
    return case.now + (_NOTICE if reason in WAITS else _USUAL)


def _below_cap(session: Session, case: Case) -> datetime:
    """When the oldest of the counted messages is no longer counted."""
    oldest = session.exec(
        select(func.min(MessageRow.authorised_at)).where(
            MessageRow.contact_id == case.person.id,
            MessageRow.purpose == Purpose.MARKETING,
            col(MessageRow.state).in_(MAY_HAVE_ARRIVED),
            col(MessageRow.authorised_at) > case.now - RECENT,
        )
    ).one()
    return oldest + RECENT if oldest else case.now + _USUAL
