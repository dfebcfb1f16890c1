# SPDX-License-Identifier: Apache-2.0
"""What workers do: open a connector, call it over the bridge, hand the answer to a flow, say what to nudge next.

Every job may run twice, anywhere: rows and leases decide who works.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import structlog

from hub.bridge import Bridge
from hub.contract import (
    BadConfig,
    BadInput,
    ContactSnapshot,
    Crm,
    Event,
    Health,
    HubError,
    KnowsSenders,
    Outcome,
    Page,
    Property,
    Provider,
    SenderState,
    Template,
    Throttled,
)
from hub.flows import absent, accounts, handover, happenings, inbound, mappings, quarantine, releases, sync, watching
from hub.flows.happenings import Kind
from hub.flows.mappings import Mapped
from hub.flows.sync import Counts
from hub.flows.trial import Trial
from hub.flows.world import World
from hub.store.tables import Connection, Controller, SyncRun
from hub.work import trying
from hub.work.delivering import Deliverer
from hub.work.leases import Held
from hub.work.listening import Listener
from hub.work.planning import LEASE, Planning
from hub.work.receiving import Receiver
from hub.work.rehearsing import rehearse
from hub.work.sending import Dispatcher

log = structlog.get_logger("hub.work")

_AHEAD = 10  # pages of a CRM that wait to be stored


class Jobs(Planning):
    """The jobs of one process. `stopping` ends long ones early; whatever is left stays in rows."""

    def __init__(self, world: World, bridge: Bridge, stopping: threading.Event | None = None) -> None:
        super().__init__(world, bridge, stopping or threading.Event())
        self.dispatcher = Dispatcher(world, bridge, self.stopping)
        self.receiver = Receiver(world, bridge, self.stopping)
        self.listener = Listener(world, bridge, self.stopping)
        self.deliverer = Deliverer(world, bridge, self.stopping)

    # webhooks

    def receive(self, ids: Sequence[str], ready: Callable[[str], object] = lambda sender: None) -> set[str]:
        """Apply raw webhooks: all that wait where these came from. `ready` is told each sender that has something to
        send now; they are returned, too."""
        return self.receiver.receive(ids, ready)

    # CRM to hub

    def sync(self, connection_id: str, progress: Callable[[SyncRun], None] | None = None) -> SyncRun | None:
        """Read a CRM from its cursor on, until its end or until somebody stops it. None when another process reads."""
        lease = Held(self.world, f"sync:{connection_id}", LEASE)
        if not lease.take():
            return None
        try:
            return self._sync(connection_id, lease, progress)
        finally:
            lease.release()

    def _sync(self, connection_id: str, lease: Held, progress: Callable[[SyncRun], None] | None) -> SyncRun:
        with self.world.db.write() as session:
            connection = session.get_one(Connection, connection_id)
            controller = session.get_one(Controller, connection.controller_id)
            row = mappings.latest(session, connection_id)
            watching.broken_off(self.world, session, connection_id)
            run = SyncRun(
                connection_id=connection_id, started_at=self.world.now(), mapping_id=row.id if row and row.text else ""
            )
            session.add(run)
        crm = self._crm(connection)
        error: HubError | None = None
        ended = False
        try:
            crm.asked = self._asked(controller, connection_id)
            for page in self._pages(crm, connection.sync_cursor):
                self._take(connection_id, sync.merges(page, self.world.now()))
                with self.world.db.write() as session:
                    run = session.get_one(SyncRun, run.id)
                    current = session.get_one(Connection, connection_id)
                    sync.apply_page(self.world, session, controller, current, run, page)
                if progress:
                    progress(run)
                if run.stopped or self.stopping.is_set() or not lease.take():
                    break
            else:
                ended = True
        except HubError as problem:
            error = problem
        if ended:
            self._judge_opt_ins(controller, connection_id, run.mapping_id)
            self._look_for_absent(crm, connection_id)
        return self._synced(connection_id, run.id, error, stopped=not ended and error is None)

    def _pages(self, crm: Crm[Any], cursor: str | None) -> Iterator[Page[ContactSnapshot]]:
        """What the CRM tells while a page is stored waits, and is stored together."""
        for pages in self.bridge.ahead(crm.contacts(cursor), _AHEAD):
            yield from sync.joined(pages)

    def rehearse(
        self, connection_id: str, progress: Callable[[Counts], None] | None = None, *, most: int | None = None
    ) -> Counts:
        """What the next sync would store and exclude; `most` as in `rehearsing`."""
        with self.world.db.read() as session:
            crm = self._crm(session.get_one(Connection, connection_id))
        return rehearse(self.world, self.bridge, connection_id, crm, progress, most)

    def _asked(self, controller: Controller, connection_id: str) -> tuple[str, ...]:
        with self.world.db.read() as session:
            mapped = mappings.current(session, controller, connection_id)
        return mapped.mapping.properties if mapped else ()

    def _judge_opt_ins(self, controller: Controller, connection_id: str, mapping_id: str) -> None:
        """The walk is over: what it brought is released, or waits for a person. A mapping that changed meanwhile has
        the CRM read anew, and only that walk counts."""
        with self.world.db.write() as session:
            row = mappings.latest(session, connection_id)
            if (row.id if row and row.text else "") == mapping_id:
                quarantine.close(self.world, session, controller, session.get_one(Connection, connection_id))
        self.release(controller, connection_id)

    def _look_for_absent(self, crm: Crm[Any], connection_id: str) -> None:
        """Some of the records, each time others. If the CRM does not answer, the next walk asks about the next ones."""
        with self.world.db.write() as session:
            records = absent.turn(session, session.get_one(Connection, connection_id))
        try:
            events = self.bridge.run(crm.gone, records) if records else []
        except HubError as error:
            log.warning("absent records not asked about", connection=connection_id, error=type(error).__name__)
            return
        self._take(connection_id, events)

    def _take(self, connection_id: str, events: Sequence[Event]) -> None:
        """What a walk found out about who is who."""
        if events:
            with self.world.db.write() as session:
                inbound.apply(self.world, session, session.get_one(Connection, connection_id), events)

    def release(self, controller: Controller, connection_id: str, progress: Callable[[int], None] | None = None) -> int:
        """Judge the opt-ins whose turn has come. Returns how many those were."""
        done = 0
        while not self.stopping.is_set():
            with self.world.db.write() as session:
                count = releases.step(self.world, session, controller, session.get_one(Connection, connection_id))
            if not count:
                break
            done += count
            if progress:
                progress(done)
        return done

    def _synced(self, connection_id: str, run_id: str, error: HubError | None, *, stopped: bool) -> SyncRun:
        now = self.world.now()
        with self.world.db.write() as session:
            connection = session.get_one(Connection, connection_id)
            happenings.turn(self.world, session, connection.controller_id, Kind.SYNC)
            run = session.get_one(SyncRun, run_id)
            run.finished_at, run.error, run.stopped = now, str(error or "")[:300], stopped
            if isinstance(error, BadConfig):
                accounts.pause(session, connection_id, str(error))
            wait, due = _wait(error, connection.sync_every_s), connection.next_sync_at
            if error or due is None or due <= run.started_at:  # else somebody has asked for another one meanwhile
                connection.next_sync_at = now + timedelta(seconds=wait) if wait else None
            session.add(run)
            session.add(connection)
            happenings.synced(self.world, session, connection, run)
        return run

    def properties(self, connection: Connection) -> list[Property]:
        """What a CRM says that its records may hold; empty when it cannot tell."""
        return list(self.bridge.run(self._crm(connection).properties))

    def try_mapping(self, connection: Connection, mapped: Mapped) -> Trial:
        """What a sample of the CRM's records would mean by a mapping."""
        with self.world.db.read() as session:
            controller = session.get_one(Controller, connection.controller_id)
        return trying.try_mapping(self.world, self.bridge, controller, self._crm(connection), mapped)

    def vocabulary(self, connection: Connection, names: Sequence[str]) -> dict[str, list[str]]:
        """The values that some fields hold in the CRM's first records."""
        return trying.vocabulary(self.bridge, self._crm(connection), names)

    # hub to CRM

    def report(self, connection_id: str) -> int:
        """Write results back until nothing is due. Returns how many the CRM accepted."""
        lease = Held(self.world, f"report:{connection_id}", LEASE)
        if not lease.take():
            return 0
        try:
            return self._report(connection_id, lease)
        finally:
            lease.release()

    def _report(self, connection_id: str, lease: Held) -> int:
        with self.world.db.read() as session:
            connection = session.get_one(Connection, connection_id)
        crm, accepted = self._crm(connection), 0
        while not self.stopping.is_set() and lease.take():
            with self.world.db.read() as session:
                batch = handover.due(self.world, session, connection_id)
            if not batch:
                break
            try:
                outcomes = self.bridge.run(crm.report, batch)
            except HubError as error:
                self._report_later(connection_id, error)
                break
            silent = {report.key for report in batch} - {outcome.key for outcome in outcomes}
            outcomes += [Outcome(key, "the plugin gave no outcome", retry=True) for key in sorted(silent)]
            with self.world.db.write() as session:
                accepted += handover.settle(self.world, session, outcomes, batch)
        return accepted

    def _report_later(self, connection_id: str, error: HubError) -> None:
        with self.world.db.write() as session:
            connection = session.get_one(Connection, connection_id)
            connection.next_report_at = self.world.now() + timedelta(seconds=_wait(error, 5))
            session.add(connection)
            if isinstance(error, BadConfig):
                accounts.pause(session, connection_id, str(error))

    # accounts

    def health(self, connection: Connection) -> Health:
        """Is the account alive? The vendor is asked."""
        return self.bridge.run(accounts.open_connector(self.world, connection, self.bridge.http).check)

    def prepare(self, connection: Connection) -> list[str]:
        """Make at a CRM or vendor what the hub needs there. Returns a line for each thing that was made."""
        return self.bridge.run(accounts.open_connector(self.world, connection, self.bridge.http).prepare)

    def numbers(self, connection: Connection) -> list[SenderState]:
        """An account's numbers as the vendor sees them; empty where its plugin cannot tell."""
        live = accounts.open_connector(self.world, connection, self.bridge.http)
        return list(self.bridge.run(live.senders)) if isinstance(live, KnowsSenders) else []

    def templates(self, connection_id: str) -> int:
        """Read a provider's templates. Returns how many."""
        with self.world.db.read() as session:
            connection = session.get_one(Connection, connection_id)
        provider = accounts.open_connector(self.world, connection, self.bridge.http)
        if not isinstance(provider, Provider):
            raise BadInput(f"{connection.title} sends nothing", field="connection", remedy="Name a provider.")
        found: list[Template] = list(self.bridge.iterate(provider.templates()))
        with self.world.db.write() as session:
            return accounts.replace_templates(self.world, session, connection, found)


def _wait(error: HubError | None, usual: float) -> float:
    """Seconds until the next try."""
    if isinstance(error, Throttled):
        return error.after
    return 60.0 if error is not None else usual
