# SPDX-License-Identifier: Apache-2.0
"""What happens, written down in the transaction in which it does, for programs that subscribed to it. Else nothing is.

A row holds ids and codes: no number, no name, no words of anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import select as core_select
from sqlmodel import Session

from hub.flows.states import State
from hub.flows.world import World
from hub.store.direct import fetch, insert_all, table
from hub.store.tables import Campaign, ChainHead, Connection, Happening, SyncRun

if TYPE_CHECKING:
    from hub.flows.reports import Told

_HEAD = table(ChainHead).c
_TURN = core_select(_HEAD.seq).with_for_update()


class Kind(StrEnum):
    """What can be subscribed to."""

    MESSAGE_STATUS = "message.status"
    MESSAGE_REFUSED = "message.refused"
    REPLY = "reply.received"
    CONSENT = "consent.given"
    STOP = "stop.recorded"
    CAMPAIGN = "campaign.changed"
    SYNC = "sync.finished"


Facts = dict[str, str | int | bool | None]


def note(world: World, session: Session, controller_id: str, kind: Kind, at: datetime, facts: Facts) -> None:
    """Something happened. Call it with the chain open, or before anything else is locked."""
    _write(world, session, controller_id, [(kind, at, facts)])


def messages(world: World, session: Session, controller_id: str, told: Iterable[Told]) -> None:
    """Messages changed their state, or were refused."""
    if {Kind.MESSAGE_STATUS, Kind.MESSAGE_REFUSED} & world.wanted.kinds(controller_id):
        _write(world, session, controller_id, [_message(one) for one in told])


def _message(told: Told) -> tuple[Kind, datetime, Facts]:
    facts = Facts(message=told.message_id, campaign=told.campaign_id, person=told.contact_id)
    if told.status == State.REFUSED:
        return Kind.MESSAGE_REFUSED, told.at, {**facts, "reason": told.reason}
    return Kind.MESSAGE_STATUS, told.at, {**facts, "status": str(told.status), "reason": told.reason}


def campaign(world: World, session: Session, changed: Campaign, why: str = "") -> None:
    """A campaign is in another state, or somebody did something to it."""
    facts = Facts(campaign=changed.id, state=str(changed.state), why=why)
    note(world, session, changed.controller_id, Kind.CAMPAIGN, world.now(), facts)


def synced(world: World, session: Session, connection: Connection, run: SyncRun) -> None:
    """A walk through a CRM has ended."""
    counts = {"seen": run.seen, "admitted": run.admitted, "excluded": sum(run.excluded.values())}
    facts = Facts(connection=connection.id, run=run.id, **counts, failed=bool(run.error))
    note(world, session, connection.controller_id, Kind.SYNC, world.now(), facts)


def turn(world: World, session: Session, controller_id: str, *kinds: Kind) -> None:
    """Lock the chain, as everybody does before anything else, where one of these kinds is wanted."""
    if world.wanted.kinds(controller_id).intersection(kinds):
        fetch(session, _TURN.where(_HEAD.controller_id == controller_id))


def _write(world: World, session: Session, controller_id: str, items: Iterable[tuple[Kind, datetime, Facts]]) -> None:
    wanted = world.wanted.kinds(controller_id)
    if not wanted:
        return
    rows = [
        {"controller_id": controller_id, "kind": str(kind), "at": at, "data": facts}
        for kind, at, facts in items
        if kind in wanted
    ]
    if rows:
        fetch(session, _TURN.where(_HEAD.controller_id == controller_id))  # numbers in the order of commits
        insert_all(session, Happening, rows)
