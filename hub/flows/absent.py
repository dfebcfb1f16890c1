# SPDX-License-Identifier: Apache-2.0
"""Records that a CRM may no longer have: asked about in turns, for merges and erasures whose webhook never came."""

from __future__ import annotations

from sqlmodel import Session, col, select

from hub.store.tables import Connection, CrmRecord

TURN = 500  # records asked about after each walk


def turn(session: Session, connection: Connection) -> list[str]:
    """The next records to ask about, from the first again once all had their turn."""
    mine = select(CrmRecord.record).where(CrmRecord.connection_id == connection.id).order_by(CrmRecord.record)
    found = list(session.exec(mine.where(col(CrmRecord.record) > connection.asked_up_to).limit(TURN)))
    connection.asked_up_to = found[-1] if len(found) == TURN else ""
    session.add(connection)
    return found
