# SPDX-License-Identifier: Apache-2.0
"""CRM to hub: each page through the gate. What has a basis is stored, the rest is counted and forgotten.

A claim is never consent. An opt-out claim acts at once, also for people whose record is not stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlmodel import Session, col, select

from hub.contract import Claim, ClaimKind, ContactSnapshot, Page, Purpose
from hub.flows import facts, gate, permission
from hub.flows.admission import Record, Writer
from hub.flows.points import read_number
from hub.flows.world import World
from hub.law.facts import ANY, Person, Phase, StopKind
from hub.store.ledger import Chain, digest
from hub.store.tables import (
    Connection,
    ContactPoint,
    Controller,
    CrmRecord,
    SyncProblem,
    SyncRun,
)

_BATCH = 500


@dataclass(slots=True)
class Counts:
    """What one page came to."""

    seen: int = 0
    admitted: int = 0
    unchanged: int = 0
    excluded: Counter[str] = field(default_factory=Counter)


def apply_page(
    world: World,
    session: Session,
    controller: Controller,
    connection: Connection,
    run: SyncRun,
    page: Page[ContactSnapshot],
) -> Counts:
    """One page, one transaction, with the cursor that continues after it."""
    counts = Counts(seen=len(page.items))
    for problem in page.unusable:
        session.add(SyncProblem(run_id=run.id, place=problem.place, field=problem.field, why=problem.why))
        counts.seen += 1
        counts.excluded["SUBJECT_UNRESOLVED"] += 1
    chain = Chain(session, controller.id, world.now())
    for start in range(0, len(page.items), _BATCH):
        _apply(world, session, chain, controller, connection, run, page.items[start : start + _BATCH], counts)
    if page.items:
        summary = {
            "connection": connection.id,
            "seen": counts.seen,
            "admitted": counts.admitted,
            "unchanged": counts.unchanged,
            "excluded": dict(counts.excluded),
            "policy": policy.id if (policy := world.policy_for(controller.id)) else "",
        }
        chain.decision(Phase.SYNC_IN, "BATCH", summary)
    chain.write()
    run.seen += counts.seen
    run.admitted += counts.admitted
    run.unchanged += counts.unchanged
    run.excluded = dict(Counter(run.excluded) + counts.excluded)
    connection.sync_cursor = page.cursor or connection.sync_cursor
    session.add(run)
    session.add(connection)
    return counts


def _apply(
    world: World,
    session: Session,
    chain: Chain,
    controller: Controller,
    connection: Connection,
    run: SyncRun,
    items: Sequence[ContactSnapshot],
    counts: Counts,
) -> None:
    last = {item.record: item for item in items}
    counts.unchanged += len(items) - len(last)  # a record twice on a page counts as it stands last
    stored = {
        row.record: row
        for row in session.exec(
            select(CrmRecord).where(CrmRecord.connection_id == connection.id, col(CrmRecord.record).in_(list(last)))
        )
    }
    records: list[Record] = []
    for item in last.values():
        if item.deleted:
            if item.record in stored:
                session.delete(stored[item.record])
            counts.excluded["SUBJECT_UNRESOLVED"] += 1
            continue
        read = _read(world, controller, item)
        if isinstance(read, str):
            place = f"row {item.row}" if item.row else f"record {item.record}"
            session.add(SyncProblem(run_id=run.id, place=place, field="phone", why=read))
            counts.excluded["SUBJECT_UNRESOLVED"] += 1
        else:
            records.append(read)
    session.flush()
    tokens = [token for record in records for token in record.tokens]
    known, points = facts.permission(session, controller, tokens), _points(session, controller, tokens)
    left = _left(session, stored.values())
    for record in records:
        record.token = next((t for t in record.tokens if t in points or known.of(t)), record.token)
        if len([t for t in record.tokens if t in known.stops]) > 1:  # kept under several keys of the ring
            permission.carry_over(session, chain, controller, record.tokens, record.token)
    writer = Writer(world, session, controller, connection, points)
    for record in records:
        before = stored.get(record.snapshot.record)
        if before is not None and before.fingerprint == record.fingerprint:
            counts.unchanged += 1
            continue
        if before is not None and left.get(before.point_id) in record.tokens:
            counts.excluded["CONTACT_POINT_REASSIGNED"] += 1
            _still_names(world, session, chain, controller, connection, run, record, before, known)
            continue
        _note_opt_out(world, session, chain, controller, connection, record, before, known)
        decision = gate.judge(gate.put(world, controller, Phase.SYNC_IN, _person(controller, record, points, known)))
        if decision.allowed:
            counts.admitted += 1
            writer.admit(chain, record, before)
        else:
            counts.excluded[decision.reasons[0]] += 1
            if before is not None:
                session.delete(before)  # its basis is gone
    writer.flush()


def _read(world: World, controller: Controller, item: ContactSnapshot) -> Record | str:
    located = read_number(item.phone, item.country or controller.country)
    if isinstance(located, str):
        return located
    tokens = world.vault.tokens(controller.id, located.point)
    claims = [_stored(claim) for claim in item.claims]
    body = orjson.dumps([tokens[0], item.country, item.residence_stated, claims, item.properties])
    return Record(item, located, tokens[0], tokens, claims, world.vault.reference(controller.id, digest(body)))


def _stored(claim: Claim) -> dict[str, Any]:
    return {
        "kind": claim.kind,
        "source_field": claim.source_field,
        "channel": claim.channel,
        "purpose": claim.purpose,
        "claimed_at": claim.claimed_at.isoformat() if claim.claimed_at else None,
        "evidence": claim.evidence,
    }


def _points(session: Session, controller: Controller, tokens: Sequence[str]) -> dict[str, ContactPoint]:
    rows = session.exec(
        select(ContactPoint).where(ContactPoint.controller_id == controller.id, col(ContactPoint.token).in_(tokens))
    )
    return {row.token: row for row in rows}


def _left(session: Session, stored: Iterable[CrmRecord]) -> dict[str, str]:
    """Points that records name though their person no longer has them, with the token they had."""
    ids = {row.point_id for row in stored}
    points = select(ContactPoint.id, ContactPoint.former).where(col(ContactPoint.id).in_(ids))
    return dict(session.exec(points.where(col(ContactPoint.left_at).is_not(None))).all())


def _still_names(
    world: World,
    session: Session,
    chain: Chain,
    controller: Controller,
    connection: Connection,
    run: SyncRun,
    record: Record,
    before: CrmRecord,
    known: facts.Permission,
) -> None:
    """The record still has the number that now is, or may be, a stranger's. It stays with its person, unreachable."""
    record.token = f"left:{before.point_id}"
    _note_opt_out(world, session, chain, controller, connection, record, before, known)
    before.claims, before.fingerprint = record.claims, record.fingerprint
    session.add(before)
    place = f"row {record.snapshot.row}" if record.snapshot.row else f"record {before.record}"
    session.add(SyncProblem(run_id=run.id, place=place, field="phone", why="has a new holder; ask for the new number"))


def _person(controller: Controller, record: Record, points: dict[str, ContactPoint], known: facts.Permission) -> Person:
    point = points.get(record.token)
    item = record.snapshot
    return Person(
        id=point.contact_id if point else "",
        erased=record.token in known.tombstones,
        reassigned_at=known.reassigned.get(record.token),
        stops=tuple(known.stops.get(record.token, ())),
        consents=tuple(known.consents.get(record.token, ())),
        claims=facts.claims_of(item.record, record.claims),
        countries=facts.countries(item.country, item.residence_stated, record.located.country),
        evidence=facts.assessment(controller),
    )


def _note_opt_out(
    world: World,
    session: Session,
    chain: Chain,
    controller: Controller,
    connection: Connection,
    record: Record,
    before: CrmRecord | None,
    known: facts.Permission,
) -> None:
    """An opt-out flag binds from when we first see it. A flag that merely stays set is not a new objection."""
    claim = next((c for c in record.snapshot.claims if c.kind is ClaimKind.OPT_OUT), None)
    if claim is None:
        return
    had = any(c["kind"] == ClaimKind.OPT_OUT for c in before.claims) if before else False
    stopped = any(s.kind == StopKind.CLAIM_CRM for s in known.stops.get(record.token, ()))
    if had or (stopped and before is None):
        return
    when: datetime = claim.claimed_at or world.now()
    reach = permission.Reach(claim.channel or ANY, Purpose.MARKETING)
    source = {"connection": connection.id, "field": claim.source_field}
    tokens = [record.token, *(record.tokens if record.token in record.tokens else [])]
    permission.stop(session, chain, controller, list(dict.fromkeys(tokens)), StopKind.CLAIM_CRM, when, reach, source)
