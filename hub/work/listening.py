# SPDX-License-Identifier: Apache-2.0
"""Keeps the connections open over which CRMs tell what changes: each in a thread of its own, in one process at a time.

A killed process loses its lease, and the next one goes on behind the cursor of what was applied last.
"""

from __future__ import annotations

import threading
import time

import structlog

from hub.bridge import Bridge
from hub.contract import Crm
from hub.flows import accounts, changes
from hub.flows.changes import Listening
from hub.flows.world import World
from hub.work.leases import Held

log = structlog.get_logger("hub.work")
LEASE = 6.0  # seconds; who listened in a process that was killed is missed no longer
_BEAT = 1.0  # seconds between two looks whether to go on
_LONGEST = 3600.0  # seconds; then the connection is opened anew


class Listener:
    """The listening side of one process. `stopping` ends it within a second."""

    def __init__(self, world: World, bridge: Bridge, stopping: threading.Event) -> None:
        self.world, self.bridge, self.stopping = world, bridge, stopping
        self._threads: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def begin(self, connection_id: str) -> None:
        """Listen, unless this process does so already. Returns at once: a worker's thread would be gone for an hour."""
        with self._lock:
            if connection_id in self._threads or self.stopping.is_set():
                return
            thread = threading.Thread(target=self._alone, args=(connection_id,), name="listen", daemon=True)
            self._threads[connection_id] = thread
            thread.start()

    def close(self) -> None:
        """Wait until no thread is left, once `stopping` is set."""
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(timeout=10)

    def _alone(self, connection_id: str) -> None:
        try:
            self.listen(connection_id)
        except Exception as error:  # of the database: the sweep comes again
            log.error("not listening", connection=connection_id, error=type(error).__name__)
        finally:
            with self._lock:
                del self._threads[connection_id]

    def listen(self, connection_id: str) -> None:
        """Take in what a CRM tells, until it ends, fails, has to be opened anew, or another process does so."""
        lease = Held(self.world, lease_of(connection_id), LEASE)
        if not lease.take():
            return
        try:
            self._listen(connection_id, lease)
        finally:
            lease.release()

    def _listen(self, connection_id: str, lease: Held) -> None:
        with self.world.db.read() as session:
            listening = changes.begin(self.world, session, connection_id)
        trouble: Exception | None = None
        try:
            if self._hear(listening, lease):
                return
        except Exception as error:
            log.warning("a CRM tells no changes", connection=connection_id, error=type(error).__name__)
            trouble = error
        with self.world.db.write() as session:
            changes.ended(self.world, session, connection_id, trouble)

    def _hear(self, listening: Listening, lease: Held) -> bool:
        """Whether it is to be opened anew at once, here or elsewhere; else it came to its end."""
        crm = accounts.open_connector(self.world, listening.connection, self.bridge.http)
        assert isinstance(crm, Crm)
        crm.asked = listening.asked
        told = crm.changes(listening.connection.change_cursor)
        if told is None:
            with self.world.db.write() as session:
                changes.silent(session, listening.connection.id)
            return True
        opened = time.monotonic()
        for some in self.bridge.listen(told, _BEAT):
            if self.stopping.is_set() or not lease.take():
                return True
            if some is not None:
                with self.world.db.write() as session:
                    changes.identities(self.world, session, listening, some)
                with self.world.db.write() as session:
                    changes.take(self.world, session, listening, some)
            with self.world.db.read() as session:
                if changes.stale(session, listening) or time.monotonic() - opened > _LONGEST:
                    return True
        return False


def lease_of(connection_id: str) -> str:
    """What only one process at a time may hold."""
    return f"listen:{connection_id}"
