# SPDX-License-Identifier: Apache-2.0
"""What a sync would do: each page is applied as always, and taken back at once. Nothing is stored, nobody is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub.bridge import Bridge
from hub.contract import Crm
from hub.flows import mappings, sync
from hub.flows.sync import Counts
from hub.flows.world import World
from hub.store.tables import Connection, Controller, SyncRun


def rehearse(
    world: World,
    bridge: Bridge,
    connection_id: str,
    crm: Crm[Any],
    progress: Callable[[Counts], None] | None = None,
    most: int | None = None,
) -> Counts:
    """Read a CRM from its cursor on, as the next sync would. Raises what the CRM's plugin raises.

    `most`: it ends with the page on which so many records were seen; None: with the last one.
    Pages do not see one another: somebody who stands on two of them counts twice.
    """
    with world.db.read() as session:
        connection = session.get_one(Connection, connection_id)
        controller = session.get_one(Controller, connection.controller_id)
        mapped = mappings.current(session, controller, connection_id)
    crm.asked = mapped.mapping.properties if mapped else ()
    total = Counts()
    for page in bridge.iterate(crm.contacts(connection.sync_cursor)):
        with world.db.rehearse() as session:
            current = session.get_one(Connection, connection_id)
            run = SyncRun(connection_id=connection_id, started_at=world.now())
            session.add(run)
            session.flush()
            total += sync.apply_page(world, session, controller, current, run, page)
        if progress:
            progress(total)
        if most is not None and total.seen >= most:
            break
    return total
