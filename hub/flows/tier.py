# SPDX-License-Identifier: Apache-2.0
"""The portfolio's tier: how many people an account may begin to write to in any 24 hours.

Counted by the hour, in the transaction that claims: an hour counts until all of it is over, so that the vendor's moving
window is never exceeded, whichever process or sender of the account sends. Source: Meta, messaging limits: unique users
outside a customer service window, per business portfolio.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from hub.store.direct import fetch, run, table
from hub.store.sets import among
from hub.store.tables import Opening, OpeningHour
from hub.store.tables.columns import UtcTime

DAY = timedelta(hours=24)
_HOUR = 3600

_OPENING, _HOURS = table(Opening), table(OpeningHour)
_MINE = _HOURS.c.connection_id == bindparam("connection")
_COUNTED = select(_HOURS.c.hour, _HOURS.c.people).where(_MINE, _HOURS.c.hour >= bindparam("since")).order_by("hour")
_OPEN = select(_OPENING.c.point_id).where(
    _OPENING.c.connection_id == bindparam("connection"),
    _OPENING.c.at > bindparam("since", type_=UtcTime),
    among(_OPENING.c.point_id),
)
_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Tier:
    """What is left of one account's tier. `most` is None where there is no limit, and nothing is counted."""

    def __init__(
        self, session: Session, connection_id: str, most: int | None, now: datetime, point_ids: Iterable[str]
    ) -> None:
        self._session, self._connection, self._now = session, connection_id, now
        self._most, self._taken = most, set[str]()
        if most is None:
            return
        hour = int(now.timestamp()) // _HOUR
        counted = fetch(session, _COUNTED, connection=connection_id, since=hour - 24)
        self._left = most - sum(people for _, people in counted)
        self._oldest = counted[0].hour if counted else hour
        known = fetch(session, _OPEN, connection=connection_id, since=now - DAY, keys=set(point_ids))
        self._open = {point_id for (point_id,) in known}

    def full(self, point_id: str) -> datetime | None:
        """None if this person may be written to first; else when to look again."""
        if self._most is None or point_id in self._open or self._left > 0:
            return None
        return datetime.fromtimestamp((self._oldest + 25) * _HOUR, UTC)

    def take(self, point_id: str) -> None:
        """This person is written to first now."""
        if self._most is not None and point_id not in self._open:
            self._open.add(point_id)
            self._taken.add(point_id)
            self._left -= 1

    def write(self) -> None:
        if not self._taken:
            return
        insert = _INSERTS[self._session.get_bind().dialect.name]
        opened = insert(_OPENING)
        again = opened.on_conflict_do_update(
            index_elements=["connection_id", "point_id"], set_={"at": opened.excluded.at}
        )
        rows = [{"connection_id": self._connection, "point_id": one, "at": self._now} for one in sorted(self._taken)]
        run(self._session, again, rows)
        hour = insert(_HOURS)
        more = {"people": _HOURS.c.people + hour.excluded.people}
        hour = hour.on_conflict_do_update(index_elements=["connection_id", "hour"], set_=more)
        this = {"connection_id": self._connection, "hour": int(self._now.timestamp()) // _HOUR}
        run(self._session, hour, this | {"people": len(self._taken)})


def forget(session: Session, now: datetime) -> None:
    """Delete what counts no more."""
    session.execute(delete(_OPENING).where(_OPENING.c.at <= now - DAY))
    session.execute(delete(_HOURS).where(_HOURS.c.hour < int(now.timestamp()) // _HOUR - 25))
