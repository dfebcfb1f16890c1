# SPDX-License-Identifier: Apache-2.0
"""CRM to hub: each page through the gate. What has a basis is stored, the rest is counted and forgotten.

A claim is never consent. An opt-out claim acts at once, also for people whose record is not stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlmodel import Session, col, select

from hub.contract import Claim, ContactsMerged, ContactSnapshot, Page, Unavailable
from hub.flows import facts, gate, imports, mappings, optouts, permission, told
from hub.flows.admission import Record, Writer
from hub.flows.intake import Admitted, Intake
from hub.flows.mappings import Mapped
from hub.flows.optouts import Heard
from hub.flows.points import read_number
from hub.flows.world import World
from hub.law.facts import Case, Notice, Person, Phase, Source
from hub.law.notice import CLOCK
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
    notes: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, other: Counts) -> Counts:
        self.seen += other.seen
        self.admitted += other.admitted
        self.unchanged += other.unchanged
        self.excluded.update(other.excluded)
        self.notes.update(other.notes)
        return self


def merges(page: Page[ContactSnapshot], now: datetime) -> list[ContactsMerged]:
    """Records of a page that are gone because another took their place; to be applied before the page."""
    gone = [item for item in page.items if item.deleted and item.merged_into]
    return [ContactsMerged(item.merged_into, (item.record,), item.modified_at or now) for item in gone]


def apply_page(
    world: World,
    session: Session,
    controller: Controller,
    connection: Connection,
    run: SyncRun,
    page: Page[ContactSnapshot],
) -> Counts:
    """One page, one transaction, with the cursor that continues after it. Raises `Unavailable` if none can be taken."""
    if fault := world.continuity.fault(controller.id):
        raise Unavailable(fault)  # nothing can be decided, and the cursor must not move on
    counts = Counts(seen=len(page.items))
    for problem in page.unusable:
        session.add(SyncProblem(run_id=run.id, place=problem.place, field=problem.field, why=problem.why))
        counts.seen += 1
        counts.excluded["SUBJECT_UNRESOLVED"] += 1
    chain = Chain(session, controller.id, world.now())
    mapped = mappings.current(session, controller, connection.id)
    for start in range(0, len(page.items), _BATCH):
        _apply(world, session, chain, controller, connection, run, mapped, page.items[start : start + _BATCH], counts)
    if page.items:
        summary = {
            "connection": connection.id,
            "seen": counts.seen,
            "admitted": counts.admitted,
            "unchanged": counts.unchanged,
            "excluded": dict(counts.excluded),
            "notes": dict(counts.notes),
            "policy": policy.id if (policy := world.policy_for(controller.id)) else "",
        }
        chain.decision(Phase.SYNC_IN, "BATCH", summary)
    chain.write()
    run.seen += counts.seen
    run.admitted += counts.admitted
    run.unchanged += counts.unchanged
    run.excluded = dict(Counter(run.excluded) + counts.excluded)
    run.notes = dict(Counter(run.notes) + counts.notes)
    if run.mapping_id == (mapped.id if mapped else ""):  # else the CRM is to be read anew, by the new mapping
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
    mapped: Mapped | None,
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
        read = _read(world, controller, mapped, item)
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
            permission.carry_over(world, session, chain, controller, record.tokens, record.token)
    writer = Writer(world, session, controller, connection, points)
    source, served = Source(connection.source), told.served(session, tokens)
    known_outs, now = optouts.known(session, controller, tokens), world.now()
    heard, admitted = list[Heard](), list[Admitted]()
    for record in records:
        before = stored.get(record.snapshot.record)
        if before is not None and before.fingerprint == record.fingerprint:
            counts.unchanged += 1
            continue
        if before is not None and left.get(before.point_id) in record.tokens:
            counts.excluded["CONTACT_POINT_REASSIGNED"] += 1
            _still_names(session, run, record, before)
            heard += optouts.note(world, session, chain, controller, connection, record, before, known_outs, now)
            before.claims, before.fingerprint = record.claims, record.fingerprint
            continue
        heard += optouts.note(world, session, chain, controller, connection, record, before, known_outs, now)
        person = _person(controller, record, points, known, source, served)
        case = gate.put(world, controller, Phase.SYNC_IN, person)
        decision = gate.judge(case)
        if decision.allowed:
            counts.admitted += 1
            if mapped and record.told:
                imports.weigh(mapped, record.claims, record.told, case)
            stopped = known.stops.get(record.token, ()) if before is None else ()
            admitted.append(Admitted(record, before.claims if before else (), record.told, stopped))
            starts = CLOCK in decision.notes and (before is None or before.art14_due_at is None)
            if starts:
                counts.notes[CLOCK] += 1
            writer.admit(chain, record, before, _due(case) if starts else None)
        else:
            counts.excluded[decision.reasons[0]] += 1
            if before is not None:
                session.delete(before)  # its basis is gone
    writer.flush()
    optouts.tell(session, connection, heard, now)
    Intake(world, session, chain, controller, connection, mapped).take(admitted)


def _read(world: World, controller: Controller, mapped: Mapped | None, item: ContactSnapshot) -> Record | str:
    located = read_number(item.phone, item.country or controller.country)
    if isinstance(located, str):
        return located
    told = imports.opt_in(world, mapped, item, located, controller.country) if mapped else None
    if mapped and told:
        item = replace(item, claims=(*item.claims, *imports.claims(mapped, told)))
    tokens = world.vault.tokens(controller.id, located.point)
    claims = [_stored(claim) for claim in item.claims]
    by = [item.evidence, mapped.id] if mapped else []
    body = orjson.dumps([tokens[0], item.country, item.residence_stated, claims, item.properties, *by])
    fingerprint = world.vault.reference(controller.id, digest(body))
    return Record(item, located, tokens[0], tokens, claims, fingerprint, told)


def _stored(claim: Claim) -> dict[str, Any]:
    return {
        "kind": claim.kind,
        "source_field": claim.source_field,
        "channel": claim.channel,
        "purpose": claim.purpose,
        "claimed_at": claim.claimed_at.isoformat() if claim.claimed_at else None,
        "evidence": claim.evidence,
        "limited": claim.limited,
    }


def _points(session: Session, controller: Controller, tokens: Sequence[str]) -> dict[str, ContactPoint]:
    rows = session.exec(
        select(ContactPoint).where(ContactPoint.controller_id == controller.id, col(ContactPoint.token).in_(tokens))
    )
    return {row.token: row for row in rows}


def _due(case: Case) -> datetime | None:
    return case.now + timedelta(days=case.policy.clock.art_14_days) if case.policy else None


def _left(session: Session, stored: Iterable[CrmRecord]) -> dict[str, str]:
    """Points that records name though their person no longer has them, with the token they had."""
    ids = {row.point_id for row in stored}
    points = select(ContactPoint.id, ContactPoint.former).where(col(ContactPoint.id).in_(ids))
    return dict(session.exec(points.where(col(ContactPoint.left_at).is_not(None))).all())


def _still_names(session: Session, run: SyncRun, record: Record, before: CrmRecord) -> None:
    """The record still has the number that now is, or may be, a stranger's. It stays with its person, unreachable."""
    record.token = f"left:{before.point_id}"
    session.add(before)
    place = f"row {record.snapshot.row}" if record.snapshot.row else f"record {before.record}"
    session.add(SyncProblem(run_id=run.id, place=place, field="phone", why="has a new holder; ask for the new number"))


def _person(
    controller: Controller,
    record: Record,
    points: dict[str, ContactPoint],
    known: facts.Permission,
    source: Source,
    served: Mapping[str, Sequence[Notice]],
) -> Person:
    point = points.get(record.token)
    item = record.snapshot
    return Person(
        id=point.contact_id if point else "",
        erased=record.token in known.tombstones,
        reassigned_at=known.reassigned.get(record.token),
        stops=tuple(known.stops.get(record.token, ())),
        consents=tuple(known.consents.get(record.token, ())),
        claims=facts.claims_of(item.record, record.claims),
        countries=facts.countries(
            item.country, item.residence_stated, [(record.located.point.kind, record.located.country)]
        ),
        evidence=facts.assessment(controller),
        source=source,
        notices=tuple(served.get(record.token, ())),
    )
