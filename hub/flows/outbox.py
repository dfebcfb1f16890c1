# SPDX-License-Identifier: Apache-2.0
"""What the CRMs have not been told yet, for people who look after it. Ids and codes only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select, text, update
from sqlmodel import Session, col

from hub.contract import ReportKind
from hub.flows.world import World
from hub.store.tables import Connection, Controller, ReportRow

# as the indexes over a part of the rows say it: most reports are done
_OPEN = text(
    "(report.state = 'pending' AND report.kind = 'withdrawal' "
    "OR report.state = 'pending' AND report.kind != 'withdrawal' AND report.kind != 'reach' "
    "OR report.state = 'pending' AND report.kind = 'reach' OR report.state = 'failed')"
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Reports of one kind that one CRM has not confirmed. `failed` ones are tried again only when somebody asks."""

    connection_id: str
    title: str
    kind: ReportKind
    pending: int
    failed: int
    oldest: datetime
    error: str  # the CRM's last word on one of them


def waiting(session: Session, controller: Controller) -> list[Waiting]:
    """By connection and kind, withdrawals first: a stop that a CRM does not know yet is what matters most."""
    mine = (col(Connection.controller_id) == controller.id, _OPEN)
    which = (col(Connection.id), col(Connection.title), col(ReportRow.kind))
    counted = (_count("pending"), _count("failed"), func.min(ReportRow.recorded_at), func.max(ReportRow.error))
    open_ = (
        select(*which, *counted)
        .join(Connection, col(Connection.id) == ReportRow.connection_id)
        .where(*mine)
        .group_by(*which)
    )
    found = [Waiting(row[0], row[1], ReportKind(row[2]), *row[3:]) for row in session.execute(open_)]
    return sorted(found, key=lambda one: (one.kind is not ReportKind.WITHDRAWAL, one.title, one.kind))


def retry(world: World, session: Session, connection: Connection) -> int:
    """Try everything again that failed for good. Returns how many."""
    failed = update(ReportRow).where(col(ReportRow.connection_id) == connection.id, col(ReportRow.state) == "failed")
    found = session.execute(failed.values(state="pending", attempts=0, next_attempt_at=world.now()))
    return int(found.rowcount)  # type: ignore[attr-defined]


def _count(state: str) -> Any:
    return func.sum(case((col(ReportRow.state) == state, 1), else_=0))
