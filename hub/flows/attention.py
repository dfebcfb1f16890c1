# SPDX-License-Identifier: Apache-2.0
"""What a person should look at: figures of today, and everything that waits for somebody. Counts and ids only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, literal_column
from sqlmodel import Session, col, select

from hub.contract import ReportKind
from hub.flows import outbox, quarantine, subscriptions
from hub.flows.art30 import versions
from hub.flows.facts import REASSIGNED
from hub.flows.rights import receipts, requests
from hub.flows.states import CampaignState
from hub.flows.subscriptions import Why
from hub.flows.world import World
from hub.store.tables import Campaign, Connection, Controller, CrmRecord, Inbox, MessageRow, Review, Sender, StopRow

_MINUTE = timedelta(minutes=1)
_WEEK = timedelta(days=7)
FAILING = 4  # tries in a row: some ten minutes


@dataclass(frozen=True, slots=True)
class Today:
    """Since midnight UTC, and right now."""

    campaigns: tuple[Campaign, ...]  # staging or running
    sent: int  # handed to a provider since midnight; what became of them says the campaign
    per_second: float  # over the last minute
    queued: int  # wait for their turn
    stops: int  # stops that came since midnight


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for a person. `about` is the id of the campaign or connection, where it is about one."""

    what: str
    count: int
    name: str = ""
    about: str = ""
    grave: bool = False


def today(world: World, session: Session, controller: Controller) -> Today:
    now = world.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    moving = (CampaignState.STAGING, CampaignState.RUNNING)
    mine = select(Campaign).where(Campaign.controller_id == controller.id, col(Campaign.state).in_(moving))
    return Today(
        campaigns=tuple(session.exec(mine.order_by(col(Campaign.start_at)))),
        sent=_authorised(session, controller, midnight),
        per_second=_authorised(session, controller, now - _MINUTE) / _MINUTE.total_seconds(),
        queued=_queued(session, controller),
        stops=session.exec(
            select(func.count(func.distinct(StopRow.ledger_id))).where(
                StopRow.controller_id == controller.id, StopRow.event_time >= midnight, StopRow.kind != REASSIGNED
            )
        ).one(),
    )


def _authorised(session: Session, controller: Controller, since: datetime) -> int:
    mine = (MessageRow.controller_id == controller.id, col(MessageRow.authorised_at) >= since)
    return session.exec(select(func.count()).select_from(MessageRow).where(*mine)).one()


def _queued(session: Session, controller: Controller) -> int:
    """By the indexes that the dispatcher reads, which hold what waits and nothing else."""
    direct = (col(MessageRow.sender_id).in_(_ours(Sender, controller)), col(MessageRow.campaign_id).is_(None))
    sent = (col(MessageRow.campaign_id).in_(_ours(Campaign, controller)), col(MessageRow.campaign_id).is_not(None))
    waits = col(MessageRow.next_attempt_at).is_not(None)
    each = (select(func.count()).select_from(MessageRow).where(waits, *which) for which in (direct, sent))
    return sum(session.exec(one).one() for one in each)


def _ours(table: type[Campaign] | type[Connection] | type[Sender], controller: Controller) -> Any:
    return select(table.id).where(table.controller_id == controller.id)


def waiting(world: World, session: Session, controller: Controller) -> list[Waiting]:
    """Everything that waits for somebody, what is grave first."""
    found = [
        *_reviews(session, controller),
        *_unknown(session, controller),
        *_campaigns(session, controller),
        *_connections(session, controller),
        *_reports(session, controller),
        *_notices(world, session, controller),
        *_quarantined(session, controller),
        *_parked(session, controller),
        *_rights(world, session, controller),
        *_record(world, session, controller),
        *_subscribers(session, controller),
    ]
    return sorted(found, key=lambda one: not one.grave)


def _reviews(session: Session, controller: Controller) -> Iterator[Waiting]:
    mine = (Review.controller_id == controller.id, col(Review.closed_at).is_(None))
    count = session.exec(select(func.count()).select_from(Review).where(*mine)).one()
    if count:
        yield Waiting("reviews", count, grave=True)


def _unknown(session: Session, controller: Controller) -> Iterator[Waiting]:
    mine = (MessageRow.controller_id == controller.id, col(MessageRow.state) == literal_column("'unknown'"))
    if count := session.exec(select(func.count()).select_from(MessageRow).where(*mine)).one():
        yield Waiting("unknown", count)


def _campaigns(session: Session, controller: Controller) -> Iterator[Waiting]:
    resting = (CampaignState.WAITING, CampaignState.PAUSED)
    mine = select(Campaign).where(Campaign.controller_id == controller.id, col(Campaign.state).in_(resting))
    for one in session.exec(mine):
        yield Waiting(f"campaign_{one.state}", 1, one.title, one.id)


def _connections(session: Session, controller: Controller) -> Iterator[Waiting]:
    mine = (Connection.controller_id == controller.id, Connection.paused_why != "")
    for one in session.exec(select(Connection).where(*mine)):
        yield Waiting("connection_paused", 1, f"{one.title}: {one.paused_why}", one.id, grave=True)
    for sender in session.exec(select(Sender).where(Sender.controller_id == controller.id, Sender.paused_why != "")):
        yield Waiting("sender_paused", 1, f"{sender.number}: {sender.paused_why}", sender.connection_id, grave=True)


def _reports(session: Session, controller: Controller) -> Iterator[Waiting]:
    for one in outbox.waiting(session, controller):
        if one.failed:
            grave = one.kind is ReportKind.WITHDRAWAL
            yield Waiting("reports_failed", one.failed, f"{one.title}, {one.kind}", one.connection_id, grave=grave)


def _notices(world: World, session: Session, controller: Controller) -> Iterator[Waiting]:
    due = (col(CrmRecord.connection_id).in_(_ours(Connection, controller)), col(CrmRecord.art14_due_at) < world.now())
    if count := session.exec(select(func.count()).select_from(CrmRecord).where(*due)).one():
        yield Waiting("notices_overdue", count, grave=True)


def _quarantined(session: Session, controller: Controller) -> Iterator[Waiting]:
    for batch in quarantine.batches(session, controller):
        yield Waiting("quarantine", batch.people)


def _parked(session: Session, controller: Controller) -> Iterator[Waiting]:
    parked = (
        col(Inbox.state) == literal_column("'parked'"),
        col(Inbox.connection_id).in_(_ours(Connection, controller)),
    )
    if count := session.exec(select(func.count()).select_from(Inbox).where(*parked)).one():
        yield Waiting("webhooks_parked", count)


def _rights(world: World, session: Session, controller: Controller) -> Iterator[Waiting]:
    """Requests of people that are due within a week, and systems that have not heard of one."""
    late, soon = requests.pressing(world, session, controller, _WEEK)
    if late:
        yield Waiting("rights_late", late, grave=True)
    if soon:
        yield Waiting("rights_due", soon)
    if pending := receipts.pending(session, controller):
        yield Waiting("rights_systems", pending)


def _record(world: World, session: Session, controller: Controller) -> Iterator[Waiting]:
    """The record of processing activities: not what is configured now, or to be looked at again."""
    last = versions.newest(session, controller)
    if last is None:
        return
    if changed := len(versions.drift(world, session, controller)):
        yield Waiting("record_changed", changed)
    if versions.overdue(world, last):
        yield Waiting("record_review", 1)


def _subscribers(session: Session, controller: Controller) -> Iterator[Waiting]:
    for one in subscriptions.every(session, controller):
        if one.row.paused_why:
            yield Waiting("events_paused", 1, one.row.title, grave=one.row.paused_why != Why.PERSON)
        elif one.row.failures >= FAILING:
            yield Waiting("events_failing", one.waiting, one.row.title)
        if one.parked:
            yield Waiting("events_parked", one.parked, one.row.title)
        if one.row.lost:
            yield Waiting("events_lost", one.row.lost, one.row.title, grave=True)
