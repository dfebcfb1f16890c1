# SPDX-License-Identifier: Apache-2.0
"""The campaign part of what workers do: stage, preview, look after what runs. Every job may run twice, anywhere."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import structlog

from hub.bridge import Bridge
from hub.contract import Audience, BadInput, Crm, HubError
from hub.flows import accounts, outlook, preview, reach, staging, steering, watch, waves
from hub.flows.preview import Preview
from hub.flows.staging import Asked
from hub.flows.states import CampaignState
from hub.flows.world import World
from hub.store.ledger import Chain
from hub.store.tables import Campaign, Connection, Controller
from hub.work import leases

log = structlog.get_logger("hub.work")
LEASE = 30.0  # seconds
T = TypeVar("T")


class Planning:
    """Campaign jobs of one process."""

    def __init__(self, world: World, bridge: Bridge, stopping: threading.Event) -> None:
        self.world, self.bridge, self.stopping = world, bridge, stopping

    def members(self, campaign: Campaign) -> Iterable[tuple[str, ...]]:
        """CRM record ids of a campaign's audience, in sets of a size that suits us, whatever the CRM's pages hold."""
        with self.world.db.read() as session:
            connection = session.get_one(Connection, campaign.connection_id)
        pages = self.bridge.iterate(self._crm(connection).members(campaign.audience))
        records = itertools.chain.from_iterable(page.items for page in pages)
        while some := tuple(itertools.islice(records, staging.BATCH)):
            yield some

    def size(self, campaign: Campaign) -> int:
        """How many records an audience holds, as the CRM says, else counted."""
        with self.world.db.read() as session:
            connection = session.get_one(Connection, campaign.connection_id)
        lists = self.bridge.run(self._crm(connection).audiences)
        told = next((one.size for one in lists if one.id == campaign.audience), None)
        return told if told is not None else sum(len(page) for page in self.members(campaign))

    def audiences(self, connection: Connection) -> list[Audience]:
        """The lists of a CRM."""
        return list(self.bridge.run(self._crm(connection).audiences))

    def stage(self, campaign_id: str) -> str | None:
        """Turn an audience into messages. Returns the sender to nudge. A restart begins anew and adds nobody twice."""
        return self._alone(campaign_id, self._stage)

    def _stage(self, campaign_id: str, keep: Callable[[], bool]) -> str | None:
        with self.world.db.write() as session:
            campaign = staging.begin(self.world, session, campaign_id)
        if campaign is None:
            return None
        try:
            for records in self.members(campaign):
                with self.world.db.write() as session:
                    current = session.get_one(Campaign, campaign_id)
                    staging.stage_page(self.world, session, current, records)
                if current.state != CampaignState.STAGING or self.stopping.is_set() or not keep():
                    return None
        except HubError as error:
            log.warning("staging waits", campaign=campaign_id, error=type(error).__name__)
            return None
        with self.world.db.write() as session:
            staging.end(self.world, session, campaign_id)
        return campaign.sender_id

    def preview(self, campaign: Campaign, tier: int | None = None, at: datetime | None = None) -> Preview:
        """Ask the gate about everybody in the audience; nobody is written to. `tier` and `at`: see `flows.preview`."""
        result, seen = Preview(), set[str]()
        for records in self.members(campaign):
            self._ask(campaign, records, seen, result)
        with self.world.db.read() as session:
            preview.conclude(self.world, session, session.get_one(Campaign, campaign.id), result, tier, at)
        return result

    def _ask(self, campaign: Campaign, records: Sequence[str], seen: set[str], result: Preview) -> list[Asked]:
        with self.world.db.read() as session:
            stager = staging.Stager(self.world, session, session.get_one(Campaign, campaign.id))
            return preview.preview_page(stager, records, seen, result)

    def reach(self, campaign_id: str) -> None:
        """Tell the CRM whom a campaign would reach, before it begins; or that it was cancelled."""
        self._alone(campaign_id, self._reach)

    def _reach(self, campaign_id: str, keep: Callable[[], bool]) -> None:
        with self.world.db.read() as session:
            campaign = session.get_one(Campaign, campaign_id)
        try:
            if reach.over(campaign):
                self._call_off(campaign, keep)
            elif reach.ahead(campaign):
                self._foretell(campaign, keep)
        except HubError as error:
            log.warning("the CRM cannot be told whom it reaches", campaign=campaign_id, error=type(error).__name__)
            with self.world.db.write() as session:
                reach.later(self.world, session, campaign_id)

    def _foretell(self, campaign: Campaign, keep: Callable[[], bool]) -> None:
        now, anew = self.world.now(), not campaign.outlook
        if not reach.told(campaign, now):
            result, seen, keys = Preview(), set[str](), set[str]()
            for records in self.members(campaign):
                found = self._ask(campaign, records, seen, result)
                rows = reach.answers(self.world, campaign, records, found, now)
                with self.world.db.write() as session:
                    kept = reach.keep(session, campaign.id, rows, anew=anew, still=reach.ahead)
                keys.update(row["key"] for row in rows)
                if not kept or self.stopping.is_set() or not keep():
                    return
            with self.world.db.read() as session:
                preview.conclude(self.world, session, session.get_one(Campaign, campaign.id), result)
            with self.world.db.write() as session:
                reach.gone(self.world, session, campaign.id, keys)
                if not reach.conclude(self.world, session, campaign.id, result, now):
                    return
        self._show(campaign.id)

    def _call_off(self, campaign: Campaign, keep: Callable[[], bool]) -> None:
        """Everybody in the list if nothing had begun; else those whose message waited."""
        if campaign.begun_at is None:
            for records in self.members(campaign):
                with self.world.db.write() as session:
                    rows = reach.withdrawn(self.world, session, campaign, records)
                    reach.keep(session, campaign.id, rows, anew=False, still=reach.over)
                if self.stopping.is_set() or not keep():
                    return
        after: str | None = None
        while after != "":
            with self.world.db.write() as session:
                after = reach.cancelled_page(self.world, session, campaign, after or "")
            if self.stopping.is_set() or not keep():
                return
        if campaign.outlook:
            self._show(campaign.id)
        with self.world.db.write() as session:
            reach.closed(session, campaign.id)

    def _show(self, campaign_id: str) -> None:
        with self.world.db.read() as session:
            campaign = session.get_one(Campaign, campaign_id)
            controller = session.get_one(Controller, campaign.controller_id)
            connection = session.get_one(Connection, campaign.connection_id)
        problem = ""
        try:
            self.bridge.run(self._crm(connection).show, outlook.of(self.world, controller, campaign))
        except HubError as error:
            problem = str(error)[:300]
            log.warning("the CRM does not show the outlook", campaign=campaign_id, error=type(error).__name__)
        with self.world.db.write() as session:
            reach.shown(self.world, session, campaign_id, problem)

    def tend(self, campaign_id: str) -> str | None:
        """Keep a running campaign's rules, and let those go who wait for its canary. Returns the sender to nudge."""
        return self._alone(campaign_id, self._tend)

    def _tend(self, campaign_id: str, keep: Callable[[], bool]) -> str | None:
        with self.world.db.write() as session:
            campaign = session.get_one(Campaign, campaign_id)
            if campaign.state != CampaignState.RUNNING:
                return None
            broken = watch.look(self.world, session, campaign)
            if broken is None and waves.waiting(campaign):
                found = waves.judge(self.world, session, campaign)
                if found is True:
                    waves.let_go(self.world, session, campaign)
                broken = found if isinstance(found, tuple) else None
            if broken is not None:
                chain = Chain(session, campaign.controller_id, self.world.now())
                if steering.hold(self.world, session, chain, campaign, *broken):
                    log.warning("campaign paused by a rule", campaign=campaign_id, rule=broken[0], counts=broken[1])
                chain.write()
                return None
        return campaign.sender_id if campaign.rest_at is not None and self._let_go(campaign_id, keep) else None

    def _let_go(self, campaign_id: str, keep: Callable[[], bool]) -> bool:
        """Page by page; what a crash leaves, the next call finds."""
        after, any_page = "", False
        while not self.stopping.is_set() and keep():
            with self.world.db.write() as session:
                campaign = session.get_one(Campaign, campaign_id)
                if campaign.state != CampaignState.RUNNING:
                    break
                after = waves.release_page(self.world, session, campaign, after)
            if not after:
                break
            any_page = True
        return any_page

    def _alone(self, campaign_id: str, work: Callable[[str, Callable[[], bool]], T | None]) -> T | None:
        """One process at a time works on a campaign."""
        held = leases.Held(self.world, f"campaign:{campaign_id}", LEASE)
        if not held.take():
            return None
        try:
            return work(campaign_id, held.take)
        finally:
            held.release()

    def _crm(self, connection: Connection) -> Crm[Any]:
        crm = accounts.open_connector(self.world, connection, self.bridge.http)
        if not isinstance(crm, Crm):
            raise BadInput(f"{connection.title} is no CRM", field="connection", remedy="Name a CRM connection.")
        return crm
