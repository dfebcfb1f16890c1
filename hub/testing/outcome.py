# SPDX-License-Identifier: Apache-2.0
"""What came of a journey: the emulator's own log against the people's stories, and the hub's counts beside them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from hub.flows import campaigns, records
from hub.flows.states import State
from hub.store import ledger
from hub.store.ledger import Verification
from hub.store.tables import Campaign, DecisionRow, LedgerRow, MessageRow, ReportRow, StopRow, SyncRun
from hub.testing.journey import Journey
from hub.testing.population import Story

_MARGIN = timedelta(seconds=2)  # an authorisation older than this is void


@dataclass(frozen=True, slots=True)
class Outcome:
    """`counts` are the keys that `hub demo --json` prints. `doubled` counts messages beyond the first per person."""

    counts: dict[str, Any]
    doubled: int
    verification: Verification
    explained: records.Why | None


def outcome(way: Journey, seconds: float) -> Outcome:
    """Compare what was received with what people may receive by their stories."""
    sends = way.campaign_sends()
    truth = {p.number: p.may_receive_marketing for p in way.people if p.number}
    got = Counter(s.to for s in sends)
    confirmed = Counter(s.to for s in list(way.meta.received) if not s.template)
    said = _stops_said(way)
    missed = [n for n, may in truth.items() if may and n not in got and n not in way.stopped]
    counts, verification = _counts(way)
    counts |= {
        "stops_injected": len(way.stopped),
        "sends_after_stop": sum(_late(way, s.to, s.at) for s in sends if s.to in way.stopped),
        "wrongly_sent": sum(not truth.get(number) for number in got) + len(set(confirmed) - set(said)),
        "wrongly_refused": len(missed),
        "seconds": round(seconds, 1),
    }
    doubled = sum(n - 1 for n in got.values()) + sum(max(0, n - said[to]) for to, n in confirmed.items())
    return Outcome({key: counts[key] for key in KEYS}, doubled, verification, _explained(way))


KEYS = (
    "contacts_seen",
    "contacts_admitted",
    "contacts_excluded",
    "audience",
    "allowed",
    "refused",
    "sent",
    "delivered",
    "read",
    "failed",
    "unknown",
    "stops_injected",
    "sends_after_stop",
    "crm_reports",
    "ledger_verified",
    "wrongly_sent",
    "wrongly_refused",
    "seconds",
)


def _counts(way: Journey) -> tuple[dict[str, Any], Verification]:
    """The hub's own numbers. `sent`, `delivered` and `read` are a funnel: who read also received."""
    with way.world.db.read() as session:
        progress = campaigns.progress(session, session.get_one(Campaign, way.campaign.id))
        run = session.get_one(SyncRun, way.run.id)
        verification = ledger.verify(session, way.controller.id)
        reported = session.exec(select(func.count()).where(ReportRow.state == "done")).one()
    states = Counter(progress.states)
    delivered = states[State.DELIVERED] + states[State.READ]
    sent = states[State.ACCEPTED] + states[State.SENT] + delivered
    return {
        "contacts_seen": run.seen,
        "contacts_admitted": run.admitted,
        "contacts_excluded": run.excluded,
        "audience": progress.campaign.audience_size,
        "allowed": sent + states[State.FAILED] + states[State.UNKNOWN],
        "refused": progress.refused,
        "sent": sent,
        "delivered": delivered,
        "read": states[State.READ],
        "failed": states[State.FAILED],
        "unknown": states[State.UNKNOWN],
        "crm_reports": reported,
        "ledger_verified": verification.ok,
    }, verification


def _stops_said(way: Journey) -> Counter[str]:
    """How often each person said stop; each deserves one confirmation at most."""
    before = {p.number for p in way.people if p.story in (Story.WITHDRAWN, Story.OPTED_IN_AGAIN)}
    return Counter([*before, *way.stopped])


def _late(way: Journey, number: str, at: Any) -> bool:
    """Was a send authorised after the stop was committed (by the chain's order), or begun too long after it arrived?"""
    answered = way.meta.acks.get(way.stopped[number])
    if answered is not None and at > answered + _MARGIN:
        return True
    with way.world.db.read() as session:
        contact = records.find_contact(way.world, session, way.controller, number)
        return contact is not None and _authorised_after_stop(session, way.campaign.id, contact.id)


def _authorised_after_stop(session: Session, campaign_id: str, contact_id: str) -> bool:
    message = session.exec(
        select(MessageRow).where(MessageRow.campaign_id == campaign_id, MessageRow.contact_id == contact_id)
    ).first()
    decision = session.get(DecisionRow, message.decision_id) if message else None
    stopped = session.exec(
        select(func.max(LedgerRow.seq))
        .join(StopRow, col(StopRow.ledger_id) == LedgerRow.id)
        .where(LedgerRow.contact_id == contact_id)
    ).one()
    return decision is not None and decision.verdict == "ALLOW" and stopped is not None and decision.seq > stopped


def _explained(way: Journey) -> records.Why | None:
    """A message of somebody who stopped, else any."""
    with way.world.db.read() as session:
        query = select(MessageRow).where(MessageRow.campaign_id == way.campaign.id)
        stopped = query.where(MessageRow.reason == "SUPPRESSED_OBJECTION_MARKETING")
        one = session.exec(stopped).first() or session.exec(query).first()
        return records.why(way.world, session, way.controller, one.id) if one else None
