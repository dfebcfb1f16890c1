# SPDX-License-Identifier: Apache-2.0
"""Messages in the queue end with the stop that binds them, in its transaction, and not only when their turn comes.

The gate is asked again about each; what it would refuse because of a stop is refused now, with its decision.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from hub.contract import ReportKind
from hub.flows import documents, facts, gate, reports, variants
from hub.flows.campaigns import asked
from hub.flows.states import State
from hub.flows.variants import Variant
from hub.flows.world import World
from hub.law.facts import Message, Phase, Route, Verdict
from hub.store.ledger import Chain
from hub.store.tables import Campaign, ContactPoint, Controller, MessageRow, Sender, StopRow

_WAITING = (State.QUEUED, State.HELD)


def queued(world: World, session: Session, chain: Chain, controller: Controller, tokens: Sequence[str]) -> int:
    """Refuse what waits for whoever these points belong to and a stop binds. Returns how many messages that were."""
    people = select(ContactPoint.contact_id).where(col(ContactPoint.token).in_(tokens))
    waiting = col(MessageRow.state).in_(_WAITING)
    mine = select(MessageRow).where(col(MessageRow.contact_id).in_(people), waiting).with_for_update()
    return _refuse(world, session, chain, controller, session.exec(mine).all())


def returned(world: World, session: Session, chain: Chain, controller: Controller, rows: Sequence[MessageRow]) -> int:
    """The same for messages that came back into the queue: a stop may have been heard while they were out."""
    back = [row for row in rows if row.state in _WAITING]
    if not back:
        return 0
    of_stopped = (
        select(ContactPoint.contact_id)
        .join(StopRow, col(StopRow.token) == col(ContactPoint.token))
        .where(col(ContactPoint.contact_id).in_({row.contact_id for row in back}))
    )
    stopped = set(session.exec(of_stopped))
    return _refuse(world, session, chain, controller, [row for row in back if row.contact_id in stopped])


def _refuse(world: World, session: Session, chain: Chain, controller: Controller, rows: Sequence[MessageRow]) -> int:
    if not rows:
        return 0
    people = facts.people(session, controller, [row.point_id for row in rows], world.now())
    told = []
    for row in rows:
        sender, variant, route, message = _asked(session, controller, row)
        person = facts.with_evidence(people[row.point_id], row.evidence)
        case = gate.put(world, controller, Phase.TRANSMIT, person, message, route)
        decision = gate.judge(case)
        if decision.verdict is not Verdict.DENY or not decision.stop_ids:
            continue
        extra = {
            "campaign": row.campaign_id,
            "sender": sender.id,
            "template": variant.name if variant else "",
            "documents": documents.keep(world, session, sender, variant, case.policy),
        }
        row.decision_id = gate.record(chain, case, decision, extra, row.id)
        row.state, row.reason, row.changed_at = State.REFUSED, decision.reasons[0], world.now()
        session.add(row)
        told.append(reports.Told.of(row, ReportKind.REFUSED, row.state, row.changed_at, reason=row.reason))
    session.flush()
    reports.tell(session, told, world.now())
    return len(told)


def _asked(session: Session, controller: Controller, row: MessageRow) -> tuple[Sender, Variant | None, Route, Message]:
    sender = session.get_one(Sender, row.sender_id)
    campaign = session.get(Campaign, row.campaign_id) if row.campaign_id else None
    if campaign is not None:
        variant = variants.carried(campaign, row)
        return sender, variant, *asked(session, controller, campaign, variant)
    return sender, None, gate.route_of(session, controller, sender), Message(row.purpose, row.topic)
