# SPDX-License-Identifier: Apache-2.0
"""Opt-ins wait until the walk that brought them is over. Were they many, a person looks first (legal reference 4.5).

A batch belongs to a connection and lives until a walk through the CRM comes to its end, over all its pages and
restarts. Then it is released, or it waits. Released opt-ins are judged again, one by one: a stop given meanwhile wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from sqlmodel import Session, col, func, select, update

from hub.contract import BadInput
from hub.flows import mappings
from hub.flows.world import World
from hub.store.ledger import Chain
from hub.store.tables import ClaimedOptIn, ClaimMapping, Connection, Controller, OptInBatch


class State(StrEnum):
    """Of a batch."""

    COLLECTING = "collecting"
    WAITING = "waiting"  # for a person
    RELEASED = "released"  # too few to ask, or approved
    REJECTED = "rejected"
    SUPERSEDED = "superseded"  # the mapping changed; the CRM is read anew


OPEN = (State.COLLECTING, State.WAITING)


def collecting(world: World, session: Session, connection: Connection, mapping_id: str) -> OptInBatch:
    """The batch of the walk that goes on, made if there is none."""
    mine = select(OptInBatch).where(
        OptInBatch.connection_id == connection.id, OptInBatch.state == State.COLLECTING.value
    )
    found = session.exec(mine).first()
    if found is None:
        found = OptInBatch(
            controller_id=connection.controller_id,
            connection_id=connection.id,
            mapping_id=mapping_id,
            state=State.COLLECTING,
            opened_at=world.now(),
        )
        session.add(found)
        session.flush()
    return found


def close(world: World, session: Session, controller: Controller, connection: Connection) -> OptInBatch | None:
    """A walk came to its end: release its opt-ins, or let them wait. None where there are none, or no policy."""
    chain = Chain(session, controller.id, world.now())
    mine = select(OptInBatch).where(
        OptInBatch.connection_id == connection.id, OptInBatch.state == State.COLLECTING.value
    )
    batch, policy = session.exec(mine).first(), world.policy_for(controller.id)
    if batch is None or policy is None:
        return None
    batch.people = session.exec(
        select(func.count(func.distinct(ClaimedOptIn.token))).where(ClaimedOptIn.batch_id == batch.id)
    ).one()
    many = batch.people + batch.flipped >= policy.imports.opt_ins
    batch.state = State.WAITING if many else State.RELEASED
    if many:
        facts = {"batch": batch.id, "connection": connection.id, "people": batch.people, "flipped": batch.flipped}
        chain.event("opt_ins_quarantined", world.now(), facts)
    else:
        batch.closed_at = world.now()
    session.add(batch)
    session.flush()
    chain.write()
    return batch


def batches(session: Session, controller: Controller, *, everything: bool = False) -> Sequence[OptInBatch]:
    """What waits for a person, the oldest first; `everything`: also what was decided."""
    states = (State.WAITING, State.REJECTED, State.RELEASED, State.SUPERSEDED) if everything else (State.WAITING,)
    mine = select(OptInBatch).where(OptInBatch.controller_id == controller.id, col(OptInBatch.state).in_(states))
    return session.exec(mine.order_by(col(OptInBatch.opened_at), col(OptInBatch.id))).all()


def find(session: Session, controller: Controller, batch_id: str) -> OptInBatch:
    """Raises `BadInput` when it is not known."""
    found = session.get(OptInBatch, batch_id)
    if found is None or found.controller_id != controller.id:
        raise BadInput("is not known", field="batch", remedy="See `hub quarantine list`.")
    return found


def conclude(
    world: World, session: Session, controller: Controller, batch_id: str, *, approve: bool, by: str, reason: str
) -> OptInBatch:
    """A person has looked. Approved opt-ins are then judged again, each at its turn.

    Raises `BadInput` when the batch does not wait, when name or reason is missing, or when who approves is who approved
    the mapping: one wrong mapping must not pass the same eyes twice.
    """
    chain = Chain(session, controller.id, world.now())  # its lock: two people cannot decide one batch
    found = find(session, controller, batch_id)
    session.refresh(found)
    if found.state != State.WAITING:
        raise BadInput(f"is {found.state}", field="batch", remedy="Only one that waits can be decided.")
    for field, value in (("by", by), ("reason", reason)):
        if not value.strip():
            raise BadInput("is empty", field=field, remedy="Say who looked, and what was found.")
    mapping = mappings.latest(session, found.connection_id)
    if approve and mapping is not None and _same(by, mapping):
        raise BadInput("approved the mapping", field="by", remedy="Let a second person look at the batch.")
    found.state = State.RELEASED if approve else State.REJECTED
    found.closed_at, found.closed_by, found.reason = world.now(), by.strip(), reason.strip()
    facts = {"batch": found.id, "people": found.people, "by": world.vault.reference(controller.id, by.strip())}
    chain.event("opt_ins_approved" if approve else "opt_ins_rejected", world.now(), facts)
    if not approve:  # what was rejected is remembered without its evidence, so that it does not come again singly
        rows = update(ClaimedOptIn).where(col(ClaimedOptIn.batch_id) == found.id).values(evidence=None)
        session.exec(rows)
        found.outcomes = {"rejected": found.people}
    session.add(found)
    session.flush()
    chain.write()
    return found


def _same(by: str, mapping: ClaimMapping) -> bool:
    return " ".join(by.split()).casefold() == " ".join(mapping.approved_by.split()).casefold()


def people(session: Session, batch: OptInBatch, limit: int) -> Sequence[ClaimedOptIn]:
    """Some of a batch's opt-ins, the oldest declarations first."""
    mine = select(ClaimedOptIn).where(ClaimedOptIn.batch_id == batch.id)
    return session.exec(mine.order_by(col(ClaimedOptIn.event_time), col(ClaimedOptIn.id)).limit(limit)).all()
