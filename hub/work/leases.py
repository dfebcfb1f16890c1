# SPDX-License-Identifier: Apache-2.0
"""Leases: what only one process at a time may do. Kept as rows, so a killed holder loses its lease by itself.

They end by the database's clock, whatever a worker's own says.
"""

from __future__ import annotations

import time
from datetime import timedelta

from sqlalchemy import DateTime, func
from sqlalchemy import select as core_select
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from hub.flows.world import World
from hub.store.tables import Lease, new_id

_CLOCK = core_select(func.clock_timestamp(type_=DateTime(timezone=True)))


def take(world: World, name: str, owner: str, seconds: float) -> bool:
    """Take or renew a lease. False while somebody else holds it."""
    try:
        with world.db.write() as session:
            if not world.db.sqlite:  # whose file lies on this machine
                world.listen(session.execute(_CLOCK).scalar_one())
            now = world.now()
            lease = session.exec(select(Lease).where(Lease.name == name).with_for_update()).first()
            if lease is None:
                lease = Lease(name=name, owner=owner, until=now)
            elif lease.owner != owner and lease.until > now:
                return False
            lease.owner, lease.until = owner, now + timedelta(seconds=seconds)
            session.add(lease)
    except IntegrityError:
        return False  # another process made it in the same moment
    return True


def release(world: World, name: str, owner: str) -> None:
    with world.db.write() as session:
        lease = session.exec(select(Lease).where(Lease.name == name).with_for_update()).first()
        if lease is not None and lease.owner == owner:
            session.delete(lease)


class Held:
    """A lease that is renewed when a third of it is over."""

    def __init__(self, world: World, name: str, seconds: float) -> None:
        self.world, self.name, self.seconds, self.owner = world, name, seconds, new_id()
        self._renew_at = 0.0

    def take(self) -> bool:
        """Take or keep it. False when somebody else has it."""
        if time.monotonic() < self._renew_at:
            return True
        held = take(self.world, self.name, self.owner, self.seconds)
        self._renew_at = time.monotonic() + self.seconds / 3 if held else 0.0
        return held

    def release(self) -> None:
        release(self.world, self.name, self.owner)
