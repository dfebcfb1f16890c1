# SPDX-License-Identifier: Apache-2.0
"""The campaign part of what workers do: stage, preview, look after what runs. Every job may run twice, anywhere."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import structlog

from hub.bridge import Bridge
from hub.contract import Audience, BadInput, Crm, HubError
from hub.flows import accounts, preview, staging, steering, watch, waves
from hub.flows.preview import Preview
from hub.flows.states import CampaignState
from hub.flows.world import World
from hub.store.ledger import Chain
from hub.store.tables import Campaign, Connection
from hub.work import leases

log = structlog.get_logger("hub.work")
LEASE = 30.0  # seconds


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
            with self.world.db.read() as session:
                stager = staging.Stager(self.world, session, session.get_one(Campaign, campaign.id))
                preview.preview_page(stager, records, seen, result)
        with self.world.db.read() as session:
            preview.conclude(self.world, session, session.get_one(Campaign, campaign.id), result, tier, at)
        return result

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

    def _alone(self, campaign_id: str, work: Callable[[str, Callable[[], bool]], str | None]) -> str | None:
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
