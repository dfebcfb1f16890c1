# SPDX-License-Identifier: Apache-2.0
"""Webhooks that could not be applied in several tries: which there are, and another try.

What they say is sealed and is not shown: nobody knows what it is. It may be a stop, so none is thrown away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlmodel import Session, col

from hub.contract import BadInput
from hub.store.direct import table
from hub.store.sets import among
from hub.store.tables import Connection, Controller, Inbox


@dataclass(frozen=True, slots=True)
class Parked:
    """A webhook as far as it can be told without reading it. `error`: the kind of the last one; `size` in bytes."""

    id: str
    connection_id: str
    connection: str
    connector: str
    received_at: datetime
    attempts: int
    error: str
    size: int


def every(session: Session, controller: Controller) -> list[Parked]:
    """All of them, the oldest first."""
    return [Parked(*row) for row in session.execute(_parked(controller).order_by(col(Inbox.id)))]


def find(session: Session, controller: Controller, ids: Sequence[str]) -> list[Parked]:
    """Those with these ids. Raises `BadInput` for the first that is not parked, or not this controller's."""
    rows = session.execute(_parked(controller).where(among(col(Inbox.id), ids)).order_by(col(Inbox.id)))
    found = [Parked(*row) for row in rows]
    missing = set(ids) - {one.id for one in found}
    if missing:
        raise BadInput(f"{min(missing)} is not parked", field="webhook", remedy="See `hub webhooks parked`.")
    return found


def retry(session: Session, some: Sequence[Parked]) -> None:
    """They wait again and have all their tries; workers find them within seconds."""
    rows = among(col(Inbox.id), [one.id for one in some]), col(Inbox.state) == "parked"
    again = update(Inbox).where(*rows).values(state="pending", attempts=0, error="")
    session.execute(again, execution_options={"synchronize_session": False})


def _parked(controller: Controller) -> Select[Any]:
    inbox, connection = table(Inbox).c, table(Connection).c
    whose = (connection.id, connection.title, connection.connector)
    tried = (inbox.received_at, inbox.attempts, inbox.error, func.length(inbox.request))
    return (
        select(inbox.id, *whose, *tried)
        .join_from(table(Inbox), table(Connection), connection.id == inbox.connection_id)
        .where(connection.controller_id == controller.id, inbox.state == "parked")
    )
