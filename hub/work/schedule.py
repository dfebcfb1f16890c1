# SPDX-License-Identifier: Apache-2.0
"""The sweep: every second, whatever rows say is due gets a nudge. This alone brings a lost broker back to work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session, col, or_, select

from hub.flows import (
    campaigns,
    confirmation,
    deliveries,
    dispatch,
    inbox,
    lanes,
    queue,
    reach,
    repeats,
    signing,
    staff,
    steering,
    switching,
    tier,
)
from hub.flows.lanes import Lane
from hub.flows.rights import packets, receipts
from hub.flows.states import CampaignState
from hub.flows.watch import Rules
from hub.flows.world import World
from hub.store.catch_up import SETTLED, CatchUp
from hub.store.continuity import note
from hub.store.ledger import Chain
from hub.store.tables import Campaign, Connection, Controller, Lease, MessageRow, ReportRow, Sender, new_id
from hub.work import leases
from hub.work.actors import Nudges
from hub.work.listening import lease_of

log = structlog.get_logger("hub.schedule")
EVERY = 1.0  # seconds
AGAIN = 2.0  # seconds before the same thing is nudged again
LEASE = 5.0
SIGN = timedelta(minutes=5)
WATCH = timedelta(seconds=5)
ORPHAN = timedelta(seconds=60)
TEND = timedelta(seconds=5)
TIDY = timedelta(hours=1)


class Schedule:
    """One leader over all processes; the others stand by."""

    def __init__(self, world: World, nudges: Nudges) -> None:
        self.world, self.nudges, self.owner = world, nudges, new_id()
        self._nudged: dict[str, float] = {}
        self._tidied: datetime | None = None
        self._signed: datetime | None = None
        self._watched: datetime | None = None
        self._tended: datetime | None = None
        self._catching_up: dict[str, CatchUp] = {}

    def run(self, stopping: threading.Event) -> None:
        while not stopping.wait(EVERY):
            try:
                if leases.take(self.world, "schedule", self.owner, LEASE):
                    self.watch()
                    self.sweep()
                    self.tend()
                    self.sign()
                    self.tidy()
            except Exception as error:
                log.error("sweep failed", error=type(error).__name__)
        leases.release(self.world, "schedule", self.owner)

    def sweep(self) -> None:
        with self.world.db.read() as session:
            waiting = inbox.oldest(session)
            senders = self._senders(session)
            syncs = self._connections(session, col(Connection.next_sync_at))
            listening = self._silent(session, self._connections(session, col(Connection.next_listen_at)))
            reporting = self._reporting(session)
            telling = deliveries.due(self.world, session)
            due = col(Campaign.start_at) <= self.world.now()
            starting = session.exec(select(Campaign).where(Campaign.state == CampaignState.STAGING, due)).all()
            running = session.exec(select(Campaign.id).where(Campaign.state == CampaignState.RUNNING)).all()
        self.nudges.receive(self._fresh("inbox", waiting))
        for lane in senders:
            self._each(lane.lease, [lane.sender_id], self.nudges.dispatch.send)
        self._each("sync", syncs, self.nudges.sync.send)
        self._each("listen", listening, self.nudges.listen.send)
        self._each("report", reporting, self.nudges.report.send)
        self._each("deliver", telling, self.nudges.deliver.send)
        self._each("stage", self._on_time(starting), self.nudges.stage.send)
        for campaign_id in running:
            with self.world.db.write() as session:
                campaigns.finish(self.world, session, session.get_one(Campaign, campaign_id))

    def _on_time(self, starting: Iterable[Campaign]) -> list[str]:
        """Those that may start by themselves. The others were missed by too much, and wait for a person."""
        ready = []
        for campaign in starting:
            if not steering.late(self.world, campaign):
                ready.append(campaign.id)
                continue
            with self.world.db.write() as session:
                chain = Chain(session, campaign.controller_id, self.world.now())
                if steering.late(self.world, campaigns.locked(session, campaign.id)):
                    steering.hold(self.world, session, chain, campaign, steering.Why.LATE)
                chain.write()
        return ready

    def tend(self) -> None:
        """Every few seconds, look after what runs under rules or waits for its canary."""
        now = self.world.now()
        if self._tended is not None and now - self._tended < TEND:
            return
        self._tended = now
        switching.tend(self.world)
        with self.world.db.read() as session:
            running = session.exec(select(Campaign).where(Campaign.state == CampaignState.RUNNING)).all()
            reaching = reach.due(self.world, session)
        self._each("reach", reaching, self.nudges.reach.send)
        self._each("tend", [one.id for one in running if one.canary or Rules.of(one).any], self.nudges.tend.send)

    def watch(self) -> None:
        """Is the database older than its journal? If not, the journal gets what a crash kept from it."""
        now, journal = self.world.now(), self.world.db.journal
        if journal is None or (self._watched is not None and now - self._watched < WATCH):
            return
        self._watched = now
        with self.world.db.read() as session:
            controllers = session.exec(select(Controller.id)).all()
        for controller_id in controllers:
            if fault := self.world.continuity.fault(controller_id):
                log.error("nothing is decided", controller=controller_id, why=fault)
                note(self.world.db, controller_id, now)
                continue
            if controller_id not in self._catching_up:
                self._catching_up[controller_id] = CatchUp(self.world.db, journal, controller_id)
            self._catching_up[controller_id].run(now - SETTLED)

    def sign(self) -> None:
        """Sign the days that have ended. Looked at again and again, since a link may come late."""
        now = self.world.now()
        if self._signed is not None and now - self._signed < SIGN:
            return
        self._signed = now
        with self.world.db.read() as session:
            controllers = session.exec(select(Controller.id)).all()
        for controller_id in controllers:
            signing.sign_days(self.world, controller_id)

    def tidy(self) -> None:
        """Once an hour, delete what has been kept long enough."""
        now = self.world.now()
        if self._tidied is not None and now - self._tidied < TIDY:
            return
        self._tidied = now
        with self.world.db.write() as session:
            tier.forget(session, now)
            repeats.forget(self.world, session)
            deliveries.forget(self.world, session)
            staff.forget(self.world, session)
            receipts.follow(self.world, session)
            packets.forget(session, now)
            inbox.purge(session, now - timedelta(days=self.world.settings.webhook_days))
            owners = session.exec(select(Controller)).all()
        for owner in owners:
            with self.world.db.write() as session:
                confirmation.forget(self.world, session, owner)

    def _senders(self, session: Session) -> list[Lane]:
        """Lanes with something due, or with authorised messages that nobody holds any more."""
        now = self.world.now()
        resting = select(Connection.id).where(Connection.paused_why != "")
        awake = select(Sender).where(Sender.paused_why == "", col(Sender.connection_id).not_in(resting))
        ready = []
        for sender in session.exec(awake):
            taken = lanes.held(session, sender.id, now)
            free = [lane for lane in lanes.every(sender) if lane.lease not in taken]
            ready += [lane for lane in free if queue.due(session, lane, now)]
            if len(free) == sender.lanes and self._left(session, sender.id):
                ready.append(free[0])
        return ready

    def _left(self, session: Session, sender_id: str) -> bool:
        old = (col(MessageRow.sender_id) == sender_id, col(MessageRow.authorised_at) < self.world.now() - ORPHAN)
        return session.exec(dispatch.authorised(select(MessageRow.id)).where(*old).limit(1)).first() is not None

    def _connections(self, session: Session, due: object) -> list[str]:
        statement = select(Connection.id).where(due <= self.world.now(), Connection.paused_why == "")  # type: ignore[operator]
        return list(session.exec(statement))

    def _silent(self, session: Session, connections: Sequence[str]) -> list[str]:
        """Those to which no process listens."""
        leases_of = {lease_of(one): one for one in connections}
        mine = select(Lease.name).where(col(Lease.name).in_(leases_of), Lease.until > self.world.now())
        return [leases_of[name] for name in leases_of.keys() - set(session.exec(mine))]

    def _reporting(self, session: Session) -> list[str]:
        now = self.world.now()
        waiting = (
            select(ReportRow.connection_id)
            .where(ReportRow.state == "pending", col(ReportRow.next_attempt_at) <= now)
            .distinct()
        )
        rows = session.exec(
            select(Connection.id).where(
                col(Connection.id).in_(waiting),
                Connection.paused_why == "",
                or_(col(Connection.next_report_at).is_(None), col(Connection.next_report_at) <= now),
            )
        )
        return list(rows)

    def _each(self, kind: str, ids: Iterable[str], nudge: Callable[[str], object]) -> None:
        for one in self._fresh(kind, ids):
            nudge(one)

    def _fresh(self, kind: str, ids: Iterable[str]) -> list[str]:
        """Those not nudged a moment ago: a slow worker is not helped by a longer queue."""
        now = time.monotonic()
        self._nudged = {key: at for key, at in self._nudged.items() if now - at < AGAIN}
        fresh = [one for one in ids if f"{kind}:{one}" not in self._nudged]
        self._nudged |= {f"{kind}:{one}": now for one in fresh}
        return fresh
