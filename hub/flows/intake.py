# SPDX-License-Identifier: Apache-2.0
"""Consents that admitted records claim: a conflict goes back to the CRM, what lacks proof is refused, the rest waits.

Nothing here writes consent: that is for `releases`, when the walk through the CRM is over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlmodel import Session, col, select

from hub.contract import ClaimKind
from hub.flows import contacts, facts, gate, quarantine, reports
from hub.flows.admission import Record
from hub.flows.imports import OptIn
from hub.flows.mappings import Mapped
from hub.flows.quarantine import State
from hub.flows.world import World
from hub.law import imported
from hub.law.facts import Case, ConsentState, Origin, Person, Phase, Stop
from hub.law.stops import Binding
from hub.store.ledger import Chain
from hub.store.tables import (
    ClaimedOptIn,
    Connection,
    ConsentRow,
    Contact,
    ContactPoint,
    Controller,
    CrmRecord,
    OptInBatch,
    Wording,
)
from hub.store.vault import seal

_CONSENTS = (ClaimKind.CONSENT, ClaimKind.CONSENT_OTHER_POINT)
_REMEMBERED = (State.COLLECTING, State.WAITING, State.REJECTED)


@dataclass(frozen=True, slots=True)
class Admitted:
    """A record that was stored. `before` are its claims until now, if it is not new; `stopped` is what its person had
    stopped before, if it is."""

    record: Record
    before: Sequence[dict[str, Any]]
    told: OptIn | None  # None: nothing is mapped
    stopped: Sequence[Stop]

    @property
    def fresh(self) -> bool:
        """Does it claim a consent that it did not claim before?"""
        return bool(_consents(self.record.claims) - _consents(self.before))

    @property
    def flipped(self) -> bool:
        """Did it say no before, and says yes now?"""
        return _says_no(self.before) and not _says_no(self.record.claims) and bool(_consents(self.record.claims))


class Intake:
    """Takes in one batch of a page."""

    def __init__(
        self,
        world: World,
        session: Session,
        chain: Chain,
        controller: Controller,
        connection: Connection,
        mapped: Mapped | None,
    ) -> None:
        self._world, self._session, self._chain = world, session, chain
        self._controller, self._connection, self._mapped = controller, connection, mapped
        self._waiting: dict[str, list[tuple[ClaimedOptIn, str]]] = defaultdict(list)

    def take(self, admitted: Sequence[Admitted]) -> None:
        """Look at them all. Call it once their contacts are in the database."""
        wanted = {one.record.snapshot.record: one for one in admitted if self._mapped or one.fresh or one.stopped}
        if not wanted:
            return
        here = CrmRecord.connection_id == self._connection.id
        rows = self._session.exec(select(CrmRecord).where(here, col(CrmRecord.record).in_(list(wanted)))).all()
        people = facts.people(self._session, self._controller, [row.point_id for row in rows], self._world.now())
        if self._mapped:
            self._load_waiting(list(wanted))
        for row in rows:
            self._one(wanted[row.record], row, people[row.point_id])
        self._session.flush()

    def _load_waiting(self, names: list[str]) -> None:
        mine = (
            select(ClaimedOptIn, OptInBatch.state)
            .join(OptInBatch, col(OptInBatch.id) == ClaimedOptIn.batch_id)
            .where(
                ClaimedOptIn.connection_id == self._connection.id,
                col(ClaimedOptIn.record).in_(names),
                col(OptInBatch.state).in_(_REMEMBERED),
            )
        )
        for row, state in self._session.exec(mine):
            self._waiting[row.record].append((row, state))

    def _one(self, one: Admitted, row: CrmRecord, person: Person) -> None:
        case = gate.put(self._world, self._controller, Phase.SYNC_IN, person)
        yes = one.told if one.told and one.told.yes else None
        held = imported.held_by(case, yes.text if yes else None)
        if held and one.fresh and not _says_no(one.record.claims):
            conflict(self._world, self._session, self._chain, case, row, held)
        elif held and one.stopped and not _says_no(one.record.claims):
            self._tell(row, one.stopped, held)
        if self._mapped is None:
            return
        if one.flipped:
            self._batch().flipped += 1
        lacks = _lacks(one.record.claims)
        if yes and lacks and (one.fresh or lacks != _lacks(one.before)):
            gate.record(self._chain, case, gate.refused(case, lacks), _about(row))
        kept = self._kept(yes, row) if yes and not lacks and not held else None
        for old, state in self._waiting[row.record]:
            if old is not kept and state != State.REJECTED:
                self._session.delete(old)
                self._session.flush()
        if yes and not lacks and not held and kept is None:
            self._add(yes, one.record, row)

    def _tell(self, row: CrmRecord, stopped: Sequence[Stop], held: Sequence[Binding]) -> None:
        """What the other CRMs heard when the person said it."""
        codes, now = {stop.id: stop.code for stop in held}, self._world.now()
        for stop in stopped:
            if stop.id in codes:
                reports.tell_stop(self._session, row, stop.id, codes[stop.id], stop.event_time, now)

    def _batch(self) -> OptInBatch:
        assert self._mapped is not None
        batch = quarantine.collecting(self._world, self._session, self._connection, self._mapped.id)
        self._session.add(batch)
        return batch

    def _kept(self, yes: OptIn, row: CrmRecord) -> ClaimedOptIn | None:
        """What waits already, or was rejected, and says the same."""
        return next((old for old, _ in self._waiting[row.record] if _of(old) == _of_told(yes, row)), None)

    def _add(self, yes: OptIn, record: Record, row: CrmRecord) -> None:
        assert yes.wording is not None
        assert yes.reading.at is not None
        point = self._session.get_one(ContactPoint, row.point_id)
        if self._known(point.token, yes.wording, yes):
            return
        # who waits for a person goes on waiting, also with a corrected record
        waits = next((old.batch_id for old, state in self._waiting[row.record] if state == State.WAITING), "")
        self._session.add(
            ClaimedOptIn(
                batch_id=waits or self._batch().id,
                connection_id=row.connection_id,
                record=row.record,
                contact_id=row.contact_id,
                point_id=row.point_id,
                token=point.token,
                wording_id=yes.wording.id,
                channel=yes.reading.channel,
                expression=yes.reading.expression,
                verification=yes.reading.verification,
                event_time=yes.reading.at,
                evidence=self._evidence(record, row),
            )
        )

    def _known(self, token: str, wording: Wording, yes: OptIn) -> bool:
        """Is it in the ledger already, or something newer?"""
        mine = select(ConsentRow.id).where(
            ConsentRow.controller_id == self._controller.id,
            ConsentRow.token == token,
            ConsentRow.origin == Origin.IMPORTED.value,
            ConsentRow.state == ConsentState.GIVEN.value,  # what was revoked may come again, by a better mapping
            ConsentRow.wording_id == wording.id,
            col(ConsentRow.event_time) >= yes.reading.at,
        )
        return self._session.exec(mine).first() is not None

    def _evidence(self, record: Record, row: CrmRecord) -> bytes:
        """What the CRM showed, as it stood there, under the person's key."""
        assert self._mapped is not None
        shown = {"record": row.record, "mapping": self._mapped.id, "values": dict(record.snapshot.evidence)}
        contact = self._session.get_one(Contact, row.contact_id)
        return seal(contacts.key_of(self._world, contact), orjson.dumps(shown), f"evidence:{contact.id}")


def conflict(world: World, session: Session, chain: Chain, case: Case, row: CrmRecord, held: Iterable[Binding]) -> None:
    """The CRM says yes where the ledger holds a no. The no wins, and goes back (C-129/21)."""
    codes = dict.fromkeys(("CLAIM_CONFLICT", *(stop.code for stop in held)))
    decision_id = gate.record(chain, case, gate.refused(case, tuple(codes)), _about(row))
    reports.tell_conflict(session, row, decision_id, world.now())


def _about(row: CrmRecord) -> dict[str, str]:
    return {"connection": row.connection_id, "crm_record": row.record}


def _of(row: ClaimedOptIn) -> tuple[object, ...]:
    return row.point_id, row.wording_id, row.channel, row.event_time, row.verification


def _of_told(yes: OptIn, row: CrmRecord) -> tuple[object, ...]:
    wording = yes.wording.id if yes.wording else ""
    return row.point_id, wording, yes.reading.channel, yes.reading.at, yes.reading.verification


def _consents(stored: Sequence[dict[str, Any]]) -> set[tuple[object, ...]]:
    return {
        (claim["kind"], claim["source_field"], claim.get("claimed_at"))
        for claim in stored
        if claim["kind"] in _CONSENTS
    }


def _says_no(stored: Sequence[dict[str, Any]]) -> bool:
    return any(claim["kind"] == ClaimKind.OPT_OUT for claim in stored)


def _lacks(stored: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(code for claim in stored for code in claim.get("lacks", ()))
