# SPDX-License-Identifier: Apache-2.0
"""Opt-ins whose turn has come: each is judged again, now, and written as consent or refused. In small transactions."""

from __future__ import annotations

from collections import Counter

from sqlmodel import Session, col, select

from hub.contract import Expression
from hub.flows import facts, gate, permission
from hub.flows.intake import conflict
from hub.flows.quarantine import State
from hub.flows.world import World
from hub.law import imported
from hub.law.facts import Consent, ConsentState, Origin, Person, Phase, Scope, Verification
from hub.store.ledger import Chain
from hub.store.tables import ClaimedOptIn, Connection, Controller, CrmRecord, OptInBatch, Wording

STEP = 200
GONE = "SUBJECT_UNRESOLVED"
WRITTEN = "OK_CONSENT"


def step(world: World, session: Session, controller: Controller, connection: Connection, limit: int = STEP) -> int:
    """Handle some that were released, or note that they wait for a person. Returns how many; 0: nothing is left."""
    mine = (
        select(ClaimedOptIn, OptInBatch)
        .join(OptInBatch, col(OptInBatch.id) == ClaimedOptIn.batch_id)
        .where(
            ClaimedOptIn.connection_id == connection.id,
            (col(OptInBatch.state) == State.RELEASED)
            | ((col(OptInBatch.state) == State.WAITING) & (col(ClaimedOptIn.decision_id) == "")),
        )
        .order_by(col(ClaimedOptIn.id))
        .limit(limit)
    )
    chain = Chain(session, controller.id, world.now())
    found = session.exec(mine).all()
    records = _records(session, connection, [row for row, _ in found])
    people = facts.people(session, controller, [row.point_id for row, _ in found], world.now())
    for row, batch in found:
        one = _One(world, session, chain, controller, records.get(row.record), people.get(row.point_id), row)
        if batch.state == State.WAITING:
            one.note()
        else:
            batch.outcomes = dict(Counter(batch.outcomes) + Counter([one.settle(batch)]))
            session.add(batch)
            session.delete(row)
    session.flush()
    chain.write()
    return len(found)


def _records(session: Session, connection: Connection, rows: list[ClaimedOptIn]) -> dict[str, CrmRecord]:
    names = [row.record for row in rows]
    here = CrmRecord.connection_id == connection.id
    return {row.record: row for row in session.exec(select(CrmRecord).where(here, col(CrmRecord.record).in_(names)))}


class _One:
    """One opt-in, with its record and person as they are now."""

    def __init__(
        self,
        world: World,
        session: Session,
        chain: Chain,
        controller: Controller,
        record: CrmRecord | None,
        person: Person | None,
        row: ClaimedOptIn,
    ) -> None:
        self._world, self._session, self._chain, self._controller = world, session, chain, controller
        self._record, self._row = record, row
        self._case = gate.put(world, controller, Phase.SYNC_IN, person or Person(row.contact_id, resolved=False))
        self._wording = session.get_one(Wording, row.wording_id)

    def note(self) -> None:
        """It waits for a person: one decision says so."""
        self._row.decision_id = self._refuse(("SYNC_BULK_QUARANTINED",))
        self._session.add(self._row)

    def settle(self, batch: OptInBatch) -> str:
        """Write it as consent, or refuse it. Returns the code of what came of it."""
        record, row = self._record, self._row
        if record is None or (record.point_id, record.contact_id) != (row.point_id, row.contact_id):
            return GONE  # the CRM says something else by now
        assert row.evidence is not None
        given = self._consent()
        held = imported.held_by(self._case, given.wording)
        if held:
            conflict(self._world, self._session, self._chain, self._case, record, held)
            return "CLAIM_CONFLICT"
        codes = imported.judge(self._case, given)
        if codes:
            self._refuse(codes)
            return codes[0]
        source = {
            "flow": Origin.IMPORTED.value,
            "connection": row.connection_id,
            "mapping": batch.mapping_id,
            "batch": batch.id,
        }
        proof = permission.Proof(Origin.IMPORTED, given.expression, given.verification)
        permission.take_over(
            self._session,
            self._chain,
            self._controller,
            row.contact_id,
            row.token,
            self._wording,
            row.channel,
            row.event_time,
            proof,
            source,
            row.evidence,
        )
        return WRITTEN

    def _consent(self) -> Consent:
        row = self._row
        return Consent(
            id="",
            state=ConsentState.GIVEN,
            scope=Scope(self._controller.name, channel=row.channel),
            expression=Expression(row.expression),
            verification=Verification(row.verification),
            wording=facts.wording_facts(self._wording),
            event_time=row.event_time,
            origin=Origin.IMPORTED,
        )

    def _refuse(self, codes: tuple[str, ...]) -> str:
        row = self._row
        about = {"connection": row.connection_id, "crm_record": row.record, "batch": row.batch_id}
        return gate.record(self._chain, self._case, gate.refused(self._case, codes), about)
