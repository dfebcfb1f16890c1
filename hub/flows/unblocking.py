# SPDX-License-Identifier: Apache-2.0
"""Why a campaign may not, or did not, reach one record, and what would help: judged now while nothing has begun."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlmodel import Session, select

from hub.contract import Reach, ReportKind
from hub.flows import reach, staging
from hub.flows.records import Explained, explain
from hub.flows.states import State
from hub.flows.world import World
from hub.law.facts import Verdict
from hub.law.reasons import RANKS, Lift, reason
from hub.store.tables import Campaign, Connection, Controller, DecisionRow, MessageRow, ReportRow

STATES = (*Reach, *State)  # what `Why.status` may be


@dataclass(frozen=True, slots=True)
class Hurdle:
    """One reason, and who can change it."""

    words: Explained
    lift: Lift


@dataclass(frozen=True, slots=True)
class Why:
    """Ids and codes only. `status`: a `Reach`, or the state of the message. `live`: judged just now."""

    campaign: Campaign | None
    status: str
    at: datetime
    live: bool
    hurdles: tuple[Hurdle, ...]
    code: str  # a provider's, of a message that failed
    contact_id: str
    decision_id: str


def find(world: World, session: Session, owner: Controller, about: str, language: str) -> Why | None:
    """`about`: a message, or what the CRM was told a record under. None where there is no such thing of `owner`."""
    message = session.get(MessageRow, about)
    if message is not None:
        return _sent(session, message, language) if message.controller_id == owner.id else None
    row = session.get(ReportRow, about)
    campaign = session.get(Campaign, row.campaign_id) if row is not None and row.campaign_id else None
    if row is None or campaign is None or session.get_one(Connection, row.connection_id).controller_id != owner.id:
        return None
    if row.contact_id:
        mine = (MessageRow.campaign_id == campaign.id, MessageRow.contact_id == row.contact_id)
        if (message := session.exec(select(MessageRow).where(*mine)).first()) is not None:
            return _sent(session, message, language)
        if row.kind == ReportKind.REACH and reach.ahead(campaign):
            return _now(world, session, campaign, row, language) or _told(campaign, row, language)
    return _told(campaign, row, language)


def _now(world: World, session: Session, campaign: Campaign, row: ReportRow, language: str) -> Why | None:
    """What the gate says at this moment; None where the record is no longer held."""
    stager = staging.Stager(world, session, campaign)
    found, _ = stager.ask([row.record])
    if not found:
        return None
    decision = found[0].decision
    status = Reach.ELIGIBLE if decision.allowed else Reach.BLOCKED
    status = Reach.WAITING if decision.verdict in (Verdict.HOLD, Verdict.ERROR) else status
    hurdles = _hurdles(decision.reasons, language)
    return Why(campaign, status, stager.sitting.now, True, hurdles, "", found[0].person.id, "")


def _told(campaign: Campaign, row: ReportRow, language: str) -> Why:
    """What the CRM was told."""
    hurdles = _hurdles((row.reason,), language)
    return Why(campaign, row.status, row.at, False, hurdles, "", row.contact_id or "", "")


def _sent(session: Session, message: MessageRow, language: str) -> Why:
    """What became of the message, with all reasons of the decision that ended it."""
    codes = (message.reason,)
    decision = session.get(DecisionRow, message.decision_id) if message.state == State.REFUSED else None
    if decision is not None:
        codes = tuple(orjson.loads(decision.record)["reasons"])
    failed = message.reason if message.state in (State.FAILED, State.UNKNOWN) else ""
    campaign = session.get(Campaign, message.campaign_id) if message.campaign_id else None
    hurdles = _hurdles(codes, language)
    at, who = message.changed_at, message.contact_id
    return Why(campaign, message.state, at, False, hurdles, failed, who, message.decision_id)


def _hurdles(codes: tuple[str, ...], language: str) -> tuple[Hurdle, ...]:
    return tuple(Hurdle(explain(code, language), reason(code).lift) for code in codes if code in RANKS)
