# SPDX-License-Identifier: Apache-2.0
"""Messages in the queue end with the stop that binds them, in its transaction, and not only when their turn comes.

The gate would refuse them anyway. What a person agreed to after the stop is left to the gate: a stop that arrives
late must not end what a newer consent carries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from hub.contract import Purpose, ReportKind
from hub.flows import reports
from hub.flows.facts import TOMBSTONE
from hub.flows.states import State
from hub.law.facts import ANY, ConsentState, Scope, Stop
from hub.law.question import Ask
from hub.law.stops import binds
from hub.store.tables import ConsentRow, ContactPoint, Controller, MessageRow, StopRow

_WAITING = (State.QUEUED, State.HELD)


def queued(session: Session, controller: Controller, tokens: Sequence[str], stop: Stop, now: datetime) -> list[str]:
    """Refuse what waits for whoever these points belong to and is bound by `stop`. Returns the ids of the messages."""
    people = set(session.exec(select(ContactPoint.contact_id).where(col(ContactPoint.token).in_(tokens))))
    if not people:
        return []
    waiting = col(MessageRow.state).in_(_WAITING)
    rows = session.exec(
        select(MessageRow).where(col(MessageRow.contact_id).in_(people), waiting).with_for_update()
    ).all()
    return _refuse(session, controller, {row.contact_id: [stop] for row in rows}, rows, now)


def returned(session: Session, controller: Controller, rows: Sequence[MessageRow], now: datetime) -> list[str]:
    """Refuse messages that came back into the queue, if a stop was heard while they were out."""
    back = [row for row in rows if row.state in _WAITING]
    people = {row.contact_id for row in back}
    found = session.exec(
        select(ContactPoint.contact_id, StopRow)
        .join(StopRow, col(StopRow.token) == col(ContactPoint.token))
        .where(col(ContactPoint.contact_id).in_(people), StopRow.kind != TOMBSTONE)
    ).all()
    stops: dict[str, list[Stop]] = defaultdict(list)
    for contact_id, row in found:
        scope = Scope(controller.name, row.brand, row.channel, row.purpose, row.topic)
        stops[contact_id].append(Stop(row.id, row.kind, scope, row.event_time))
    return _refuse(session, controller, stops, back, now)


def _refuse(
    session: Session,
    controller: Controller,
    stops: dict[str, list[Stop]],
    rows: Sequence[MessageRow],
    now: datetime,
) -> list[str]:
    agreed = _agreed(session, stops)
    told = []
    for row in rows:
        purpose = Purpose(row.purpose) if row.purpose in set(Purpose) else None
        ask = Ask(controller.name, ANY, purpose, row.topic)
        newest = agreed.get(row.contact_id)
        held = (stop for stop in stops.get(row.contact_id, ()) if newest is None or stop.event_time >= newest)
        reason = next((code for stop in held if (code := binds(stop, ask))), "")
        if reason:
            row.state, row.reason, row.changed_at = State.REFUSED, reason, now
            session.add(row)
            told.append(reports.Told.of(row, ReportKind.REFUSED, row.state, now, reason=reason))
    session.flush()
    reports.tell(session, told, now)
    return [item.message_id for item in told]


def _agreed(session: Session, people: dict[str, list[Stop]]) -> dict[str, datetime]:
    """When each person last agreed to anything."""
    given = select(ConsentRow).where(
        col(ConsentRow.contact_id).in_(list(people)), ConsentRow.state == ConsentState.GIVEN
    )
    newest: dict[str, datetime] = {}
    for row in session.exec(given):
        newest[row.contact_id] = max(row.event_time, newest.get(row.contact_id, row.event_time))
    return newest
