# SPDX-License-Identifier: Apache-2.0
"""A database from a backup: what it has lost by the journal, and how its stops come back.

Stops, erasures and requests are replayed. Consents and messages of the lost time are not: the first must be given
anew, the second must not go out again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from hub.flows import standstill
from hub.flows.loss import Loss, survey
from hub.flows.replayed import again, binds
from hub.flows.world import World
from hub.store.catch_up import CatchUp
from hub.store.journal import RESTORED, Journal, journaled
from hub.store.ledger import Chain
from hub.store.tables import ChainHead, Controller

Progress = Callable[[int, int], None]  # events done, of how many


@dataclass(slots=True)
class Replayed:
    """What a replay came to. `open`: decisions are made again."""

    loss: Loss
    events: Counter[str] = field(default_factory=Counter)  # by kind
    remembered: Counter[str] = field(default_factory=Counter)  # of these, such as have no effect here any more
    messages: int = 0  # made unknown
    campaigns: list[str] = field(default_factory=list)  # paused, by id
    open: bool = False


def sources(world: World, others: Sequence[Journal] = ()) -> list[Journal]:
    """The journal of this machine, and those of others."""
    own = [world.db.journal] if world.db.journal else []
    return [*own, *others]


def replay(
    world: World,
    controller: Controller,
    others: Sequence[Journal] = (),
    *,
    accept_damage: bool = False,
    progress: Progress | None = None,
) -> Replayed:
    """Bring back what the journals know, in one transaction, and open sending again. Repeating it changes nothing.

    `accept_damage`: open also if the journals have gaps, so that somebody's stop may be lost. Raises `OSError`.
    """
    with world.db.write() as session:
        chain = Chain(session, controller.id, world.now())
        done = Replayed(survey(session, controller.id, sources(world, others)))
        loss = done.loss
        for number, event in enumerate(loss.events, 1):
            again(session, chain, controller.id, event, world.now())
            done.events[event.kind] += 1
            if not binds(event):
                done.remembered[event.kind] += 1
            if progress:
                progress(number, len(loss.events))
        if loss.behind and not loss.told:
            done.messages, done.campaigns = standstill.freeze(world, session, controller.id)
        done.open = accept_damage or loss.told or not loss.incomplete
        if done.open and loss.behind and not loss.told:
            chain.event(RESTORED, world.now(), _account(done))
        head = session.get_one(ChainHead, controller.id, populate_existing=True)
        head.behind_since = None if done.open else head.behind_since or world.now()
        session.add(head)
        session.flush()
        chain.write()
        _journal_first(world, session)
    if done.open and world.db.journal is not None:
        CatchUp(world.db, world.db.journal, controller.id).run()
    world.continuity.look_again()
    return done


def _journal_first(world: World, session: Session) -> None:
    """This once before the commit: else another process could see the open database and not yet why it is open."""
    lines = journaled(session)
    if world.db.journal is not None and lines:
        world.db.journal.append(lines)
        del lines[:]


def _account(done: Replayed) -> dict[str, Any]:
    """What the chain shall say of its own loss, for ever. No person is in it."""
    loss = done.loss
    return {
        "last": {"seq": loss.last[0], "hash": loss.last[1]},
        "first_seq": loss.links[0].seq if loss.links else 0,
        "links": len(loss.links),
        "replayed": dict(done.events),
        "lost": dict(loss.rest),
        "gaps": loss.gaps,
        "damaged": [[one.file, one.number, one.why] for one in loss.damaged],
        "roots": [root.plain() for root in loss.roots],
        "messages": done.messages,
        "campaigns": done.campaigns,
    }
