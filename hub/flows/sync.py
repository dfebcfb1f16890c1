# SPDX-License-Identifier: Apache-2.0
"""CRM to hub: each page through the gate. What has a basis is stored, the rest is counted and forgotten.

A claim is never consent. An opt-out claim acts at once, also for people whose record is not stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from hub.contract import ContactsMerged, ContactSnapshot, Page, Unavailable
from hub.flows import admission, facts, gate, imports, mappings, optouts, permission, told
from hub.flows.admission import Kept, Record, Writer
from hub.flows.intake import Admitted, Intake
from hub.flows.mappings import Mapped
from hub.flows.reading import Reader
from hub.flows.world import World
from hub.law.facts import Case, Notice, Person, Phase, Source
from hub.law.notice import CLOCK
from hub.store.ledger import Chain
from hub.store.tables import Connection, Controller, SyncProblem, SyncRun

_BATCH = 1000


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


def joined(pages: Iterable[Page[ContactSnapshot]]) -> Iterator[Page[ContactSnapshot]]:
    """Pages made of small ones, each with the cursor of its last. One that tells of deletions, or tells of a record
    again, comes after what was read before it."""
    held: list[Page[ContactSnapshot]] = []
    for page in pages:
        if held and not _fit([*held, page]):
            yield _one(held)
            held = []
        held.append(page)
    if held:
        yield _one(held)


def _one(pages: Sequence[Page[ContactSnapshot]]) -> Page[ContactSnapshot]:
    items = tuple(item for page in pages for item in page.items)
    cursors = [page.cursor for page in pages if page.cursor]
    return Page(items, cursors[-1] if cursors else None, tuple(bad for page in pages for bad in page.unusable))


def _fit(pages: Sequence[Page[ContactSnapshot]]) -> bool:
    items = [item for page in pages for item in page.items]
    return len(items) <= _BATCH and len({item.record for item in items if not item.deleted}) == len(items)


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
    desk = _Desk(world, session, chain, controller, connection, run, mapped, counts)
    for start in range(0, len(page.items), _BATCH):
        desk.take(page.items[start : start + _BATCH])
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


class _Desk:
    """Where the records of a page go through the gate, many at once."""

    def __init__(
        self,
        world: World,
        session: Session,
        chain: Chain,
        controller: Controller,
        connection: Connection,
        run: SyncRun,
        mapped: Mapped | None,
        counts: Counts,
    ) -> None:
        self.world, self.session, self.chain = world, session, chain
        self.controller, self.connection, self.run = controller, connection, run
        self.mapped, self.counts = mapped, counts
        self.sitting, self.source = gate.sit(world, controller, Phase.SYNC_IN), Source(connection.source)
        self.assessed = facts.assessment(controller)

    def take(self, items: Sequence[ContactSnapshot]) -> None:
        last = {item.record: item for item in items}
        stored = admission.stored(self.session, self.connection, last)
        read = Reader(self.world, self.controller, self.mapped).read(last.values(), stored)
        # a record twice on a page counts as it stands last
        self.counts.unchanged += len(items) - len(last) + read.unchanged
        for place, why in read.unusable:
            self._problem(place, why)
        if gone := len(read.unusable) + len(read.deleted):
            self.counts.excluded["SUBJECT_UNRESOLVED"] += gone
        admission.drop(self.session, self.connection, [record for record in read.deleted if record in stored])
        if read.fresh:
            self._judge(read.fresh, stored)

    def _problem(self, place: str, why: str) -> None:
        self.session.add(SyncProblem(run_id=self.run.id, place=place, field="phone", why=why))

    def _judge(self, records: Sequence[Record], stored: Mapping[str, Any]) -> None:
        """What is new, or says something new."""
        session, controller, connection = self.session, self.controller, self.connection
        tokens = [token for record in records for token in record.tokens]
        known, points = facts.permission(session, controller, tokens), admission.points(session, controller, tokens)
        for record in records:
            self._find(record, known, points)
        writer = Writer(self.world, session, controller, connection, points)
        judged = self._who_stayed(records, stored, writer)
        heard = optouts.note(self.world, session, self.chain, controller, connection, records, stored)
        served = told.served(session, tokens)
        admitted = list[Admitted]()
        for record in judged:
            person = self._person(record, points.get(record.token), known, served)
            admitted += self._ask(record, person, stored.get(record.snapshot.record), writer)
        writer.flush()
        optouts.tell(session, connection, heard, self.sitting.now)
        stopped = {one.token for one in heard}
        doubtful = [one for one in admitted if self.mapped or not one.alone or one.record.token in stopped]
        Intake(self.world, session, self.chain, controller, connection, self.mapped).take(doubtful)

    def _find(self, record: Record, known: facts.Permission, points: Mapping[str, Kept]) -> None:
        """Under which key of the ring the number is known."""
        if len(record.tokens) == 1:
            return
        record.token = next((t for t in record.tokens if t in points or known.of(t)), record.token)
        if len([t for t in record.tokens if t in known.stops]) > 1:
            permission.carry_over(self.world, self.session, self.chain, self.controller, record.tokens, record.token)

    def _ask(self, record: Record, person: Person, before: Any, writer: Writer) -> Iterator[Admitted]:
        case = self.sitting.put(person)
        decision = gate.judge(case)
        if not decision.allowed:
            self.counts.excluded[decision.reasons[0]] += 1
            if before is not None:
                writer.drop(record.snapshot.record)  # its basis is gone
            return
        self.counts.admitted += 1
        if self.mapped and record.told:
            imports.weigh(self.mapped, record.claims, record.told, case)
        starts = CLOCK in decision.notes and (before is None or before.art14_due_at is None)
        if starts:
            self.counts.notes[CLOCK] += 1
        unknown = writer.admit(self.chain, record, before, _due(case) if starts else None)
        alone = unknown and not person.stops
        claims, stopped = (before.claims, ()) if before else ((), person.stops)
        yield Admitted(record, claims, record.told, stopped, alone)

    def _who_stayed(self, records: Sequence[Record], stored: Mapping[str, Any], writer: Writer) -> list[Record]:
        """Without those that have a number which now is, or may be, a stranger's: they stay with their person,
        unreachable."""
        left = admission.left(self.session, [row for one in records if (row := stored.get(one.snapshot.record))])
        stayed = []
        for record in records:
            before = stored.get(record.snapshot.record)
            if before is None or left.get(before.point_id) not in record.tokens:
                stayed.append(record)
                continue
            self.counts.excluded["CONTACT_POINT_REASSIGNED"] += 1
            record.token = f"left:{before.point_id}"
            writer.note(record)
            self._problem(record.place, "has a new holder; ask for the new number")
        return stayed

    def _person(
        self,
        record: Record,
        point: Kept | None,
        known: facts.Permission,
        served: Mapping[str, Sequence[Notice]],
    ) -> Person:
        item, token = record.snapshot, record.token
        return Person(
            id=point.contact_id if point else "",
            erased=token in known.tombstones,
            reassigned_at=known.reassigned.get(token),
            stops=tuple(known.stops.get(token, ())),
            consents=tuple(known.consents.get(token, ())),
            claims=facts.claims_of(item.record, record.claims),
            countries=facts.countries(
                item.country, item.residence_stated, [(record.located.point.kind, record.located.country)]
            ),
            evidence=self.assessed,
            source=self.source,
            notices=tuple(served.get(token, ())),
        )


def _due(case: Case) -> datetime | None:
    return case.now + timedelta(days=case.policy.clock.art_14_days) if case.policy else None
