# SPDX-License-Identifier: Apache-2.0
"""What the CRM shows of a campaign before anything is sent: on each member whether they may be written to, and why not;
for the whole audience how many, and when it would be over.

Asked again it replaces itself, and only what has changed is told. Stored are the CRM's own id, a code, and for whom the
hub knows the contact: nothing about anybody else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import literal_column, update
from sqlmodel import Session, col, select

from hub.contract import BadInput, Reach, ReportKind
from hub.flows import campaigns, reports, sentences
from hub.flows.preview import Preview
from hub.flows.staging import BATCH, Asked
from hub.flows.states import CANCELLED, CampaignState, State
from hub.flows.world import World
from hub.law.facts import Verdict
from hub.store.direct import put
from hub.store.sets import among
from hub.store.tables import Campaign, Connection, MessageRow, ReportRow

FRESH = timedelta(days=14)  # a draft that nobody has planned or asked about for so long rests
AGAIN = timedelta(minutes=5)  # when the CRM did not take it
FRESH_COUNTS = timedelta(hours=1)
_AHEAD = (CampaignState.DRAFT, CampaignState.WAITING, CampaignState.STAGING)
_SAME = ("kind", "status", "reason")
_STATUS = {Verdict.ALLOW: Reach.ELIGIBLE, Verdict.DENY: Reach.BLOCKED}


def ahead(campaign: Campaign) -> bool:
    """Has nothing of it begun?"""
    return campaign.state in _AHEAD and campaign.begun_at is None


def over(campaign: Campaign) -> bool:
    """Was it cancelled, and the CRM is to be told?"""
    return campaign.state == CampaignState.CANCELLED and campaign.next_reach_at is not None


def due(world: World, session: Session) -> list[str]:
    """Campaigns whose CRM shall be told now."""
    states = (*_AHEAD, CampaignState.CANCELLED)
    waits = (col(Campaign.state).in_(states), col(Campaign.next_reach_at) <= world.now(), Connection.paused_why == "")
    mine = select(Campaign).join(Connection, col(Connection.id) == Campaign.connection_id).where(*waits)
    return [one.id for one in session.exec(mine) if ahead(one) or over(one)]


def ask(world: World, session: Session, campaign: Campaign) -> None:
    """Tell the CRM about everybody anew, soon. Raises `BadInput` where it has begun."""
    current = campaigns.locked(session, campaign.id)
    if not ahead(current):
        raise BadInput(
            "has begun, or is over", field="campaign", remedy="From now on its messages tell what becomes of them."
        )
    current.next_reach_at, current.outlook = world.now(), {}
    session.add(current)


def told(campaign: Campaign, now: datetime) -> bool:
    """Were all told, and only the audience's own place is not written yet?"""
    seen = campaign.outlook
    return bool(seen.get("problem")) and datetime.fromisoformat(seen["at"]) + FRESH_COUNTS > now


def answers(
    world: World, campaign: Campaign, records: Sequence[str], found: Sequence[Asked], now: datetime
) -> list[dict[str, Any]]:
    """A row for each record of a page; `found` are those that the hub holds."""
    held = {item.record: item for item in found}
    rows = []
    for record in dict.fromkeys(records):
        row = reports.of_record(world, campaign, record, ReportKind.REACH, now) | {"status": Reach.BLOCKED}
        if (item := held.get(record)) is not None:
            status = _STATUS.get(item.decision.verdict, Reach.WAITING)
            row |= {"contact_id": item.person.id, "status": status, "reason": item.decision.reasons[0]}
        rows.append(row)
    return rows


def keep(
    session: Session, campaign_id: str, rows: Sequence[dict[str, Any]], *, anew: bool, still: Callable[[Campaign], bool]
) -> bool:
    """Put them into the outbox, `anew` also those that have not changed. False, and nothing kept, if the campaign is
    not `still` what it was."""
    if not still(campaigns.locked(session, campaign_id)):
        return False
    put(session, ReportRow, rows, () if anew else _SAME)
    return True


def withdrawn(world: World, session: Session, campaign: Campaign, records: Sequence[str]) -> list[dict[str, Any]]:
    """It was cancelled before it began: what was said of these records, if anything, holds no more."""
    now, end = world.now(), {"status": Reach.OVER, "reason": ""}
    rows = [reports.of_record(world, campaign, one, ReportKind.REACH, now) | end for one in dict.fromkeys(records)]
    known = session.exec(select(ReportRow.key).where(among(col(ReportRow.key), [row["key"] for row in rows]))).all()
    said = set(known)
    return [row for row in rows if row["key"] in said]


def gone(world: World, session: Session, campaign_id: str, seen: set[str]) -> None:
    """Records that were told about and are not in the list any more; `seen` are the keys of those that are. Of whoever
    the hub holds nothing about it knows no record to tell."""
    about = (ReportRow.campaign_id == campaign_id, ReportRow.kind == literal_column("'reach'"))
    left = (ReportRow.status != Reach.OVER, ReportRow.record != "")
    rows = session.exec(select(ReportRow.key).where(*about, *left)).all()
    keys = [key for key in rows if key not in seen]
    if keys and ahead(campaigns.locked(session, campaign_id)):
        now = world.now()
        news = {"status": Reach.OVER, "reason": "", "at": now, "recorded_at": now, "next_attempt_at": now}
        session.execute(update(ReportRow).where(among(col(ReportRow.key), keys)).values(**news, state="pending"))


def cancelled_page(world: World, session: Session, campaign: Campaign, after: str = "") -> str:
    """Tell of messages that waited when their campaign was cancelled, in the order of their ids. Returns the last id;
    empty: all told. Told again, it changes nothing."""
    mine = (MessageRow.campaign_id == campaign.id, MessageRow.state == State.REFUSED, MessageRow.reason == CANCELLED)
    waited = select(MessageRow).where(*mine, col(MessageRow.id) > after).order_by(col(MessageRow.id)).limit(BATCH)
    rows = session.exec(waited).all()
    told = [reports.Told.of(row, ReportKind.REFUSED, sentences.CANCELLED, row.changed_at) for row in rows]
    reports.tell_crm(session, told, world.now())  # who subscribed heard of the campaign
    return rows[-1].id if rows else ""


def conclude(world: World, session: Session, campaign_id: str, seen: Preview, now: datetime) -> Campaign | None:
    """Everybody was asked about. The campaign with its outlook; None once it has begun."""
    campaign = campaigns.locked(session, campaign_id)
    if not ahead(campaign):
        return None
    forecast = seen.forecast
    campaign.outlook = {
        "at": now.isoformat(),
        "records": seen.audience,
        "eligible": seen.reachable,
        "same_person": seen.same_person,
        "waiting": seen.held,
        "blocked": dict(seen.blocked.most_common()),
        "first": forecast.first.isoformat() if forecast.first else "",
        "finish": forecast.finish.isoformat() if forecast.finish else "",
    }
    campaign.next_reach_at = _next(world, campaign, now)
    session.add(campaign)
    return campaign


def shown(world: World, session: Session, campaign_id: str, problem: str) -> None:
    """The CRM shows the outlook; or it does not, and is asked again."""
    campaign = campaigns.locked(session, campaign_id)
    if not campaign.outlook:
        return  # somebody asked for everything anew meanwhile
    campaign.outlook = {**campaign.outlook, "problem": problem}
    again = world.now() + AGAIN
    if problem and ahead(campaign) and (campaign.next_reach_at is None or campaign.next_reach_at > again):
        campaign.next_reach_at = again
    session.add(campaign)


def later(world: World, session: Session, campaign_id: str) -> None:
    """The CRM did not answer."""
    campaign = campaigns.locked(session, campaign_id)
    campaign.next_reach_at = world.now() + AGAIN
    session.add(campaign)


def closed(session: Session, campaign_id: str) -> None:
    """The CRM knows that it was cancelled."""
    campaign = campaigns.locked(session, campaign_id)
    campaign.next_reach_at = None
    session.add(campaign)


def _next(world: World, campaign: Campaign, now: datetime) -> datetime | None:
    every = timedelta(minutes=world.settings.reach_minutes)
    rests = campaign.start_at is None and now - campaign.created_at > FRESH
    return None if rests or not every else now + every
