# SPDX-License-Identifier: Apache-2.0
"""A controller's chain, looked at and checked on demand: what somebody asks for on a page or through the API.

A whole chain is read from its start. A long one is checked on the command line, beside the process that takes webhooks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlmodel import Session, col, func, select

from hub.flows import signing
from hub.flows.loss import restores_of
from hub.flows.world import World
from hub.store import ledger
from hub.store.tables import ChainHead, ChainLink, Controller, DailyRoot

MOST = 200_000  # rows that are checked while somebody waits


@dataclass(frozen=True, slots=True)
class Standing:
    """How long the chain is, and up to where it is signed."""

    links: int
    head: str
    signed_to: int
    signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Restored:
    """The database was restored from a backup; so many links are lost."""

    at: datetime
    links: int
    event: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. `problems` is empty when everything holds."""

    at: datetime
    links: int
    rows: int
    head: str
    roots: int
    signed_to: int
    problems: tuple[str, ...]
    restored: tuple[Restored, ...]


def standing(session: Session, controller: Controller) -> Standing:
    head = session.get_one(ChainHead, controller.id)
    newest = select(DailyRoot).where(DailyRoot.controller_id == controller.id)
    root = session.exec(newest.order_by(col(DailyRoot.first_seq).desc()).limit(1)).first()
    return Standing(
        links=head.seq,
        head=head.hash,
        signed_to=root.last_seq if root else 0,
        signed_at=root.signed_at if root else None,
    )


def rows(session: Session, controller: Controller, since: datetime | None = None) -> int:
    """How many rows were appended, since then or ever. Reads every link of that time."""
    counted = select(func.coalesce(func.sum(ChainLink.count), 0)).where(ChainLink.controller_id == controller.id)
    return session.exec(counted.where(ChainLink.at >= since) if since else counted).one()


def check(world: World, session: Session, controller: Controller) -> Checked:
    """Every link, row and signed root, from the start."""
    found, roots = ledger.verify(session, controller.id), signing.verify_roots(session, controller.id)
    restored = []
    for row in restores_of(session, controller.id):
        told = orjson.loads(row.record)
        restored.append(Restored(datetime.fromisoformat(told["event_time"]), told["links"], row.id))
    return Checked(
        at=world.now(),
        links=found.links,
        rows=found.rows,
        head=found.head,
        roots=roots.roots,
        signed_to=roots.last_seq,
        problems=tuple(filter(None, (found.problem, roots.problem))),
        restored=tuple(restored),
    )
