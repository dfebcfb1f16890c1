# SPDX-License-Identifier: Apache-2.0
"""Messages in the queue end with the stop that binds them, in its transaction, and not only when their turn comes.

The gate is asked again about each; what it would refuse because of a stop is refused now, with its decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlmodel import Session, col, select

from hub.contract import ReportKind
from hub.flows import envelope, facts, gate, reports
from hub.flows.asking import Asking
from hub.flows.queue import WAITING
from hub.flows.states import CampaignState, State
from hub.flows.world import World
from hub.law.facts import Phase, Verdict
from hub.store.ledger import Chain
from hub.store.sets import among
from hub.store.tables import Campaign, ContactPoint, Controller, MessageRow, Sender, StopRow


def queued(world: World, session: Session, chain: Chain, controller: Controller, tokens: Sequence[str]) -> int:
    """Refuse what waits for whoever these points belong to and a stop binds. Returns how many messages that were."""
    people = select(ContactPoint.contact_id).where(among(col(ContactPoint.token), tokens))
    waiting = col(MessageRow.state).in_(WAITING)
    mine = select(MessageRow).where(col(MessageRow.contact_id).in_(people), waiting).with_for_update()
    return _refuse(world, session, chain, controller, session.exec(mine).all())


def returned(world: World, session: Session, chain: Chain, controller_id: str, message_ids: Sequence[str]) -> int:
    """The same for messages that came back into the queue: a stop may have been heard, or their campaign cancelled,
    while they were out."""
    back = among(col(MessageRow.id), message_ids)
    stopped = (
        select(MessageRow)
        .join(ContactPoint, col(ContactPoint.contact_id) == col(MessageRow.contact_id))
        .join(StopRow, col(StopRow.token) == col(ContactPoint.token))
        .where(back)
    )
    over = select(MessageRow).join(Campaign).where(back, Campaign.state == CampaignState.CANCELLED)
    rows = {row.id: row for found in (stopped, over) for row in session.exec(found)}
    controller = session.get_one(Controller, controller_id)
    return _refuse(world, session, chain, controller, list(rows.values()))


def _refuse(world: World, session: Session, chain: Chain, controller: Controller, rows: Sequence[MessageRow]) -> int:
    if not rows:
        return 0
    points = [row.point_id for row in rows]
    people, letters = facts.people(session, controller, points, world.now()), envelope.letters(session, points)
    asking = {
        sender_id: Asking(world, session, controller, session.get_one(Sender, sender_id))
        for sender_id in {row.sender_id for row in rows}
    }
    told = []
    for row in rows:
        campaign = session.get(Campaign, row.campaign_id) if row.campaign_id else None
        asked, letter = asking[row.sender_id], letters[row.point_id]
        message = asked.message(row, campaign, partial(envelope.text_of, world, letter, row))
        person = facts.with_evidence(people[row.point_id], row.evidence)
        case = gate.put(world, controller, Phase.TRANSMIT, person, message, asked.route)
        decision = gate.judge(case)
        over = campaign is not None and campaign.state == CampaignState.CANCELLED
        stopped = decision.verdict is Verdict.DENY and decision.stop_ids
        if not (stopped or (over and not decision.allowed)):
            continue
        extra = {
            "campaign": row.campaign_id,
            "sender": row.sender_id,
            "template": asked.named(row, campaign),
            "documents": asked.documents(row, campaign, case.policy),
        }
        row.decision_id = gate.record(chain, case, decision, extra, row.id)
        row.state, row.reason, row.changed_at = State.REFUSED, decision.reasons[0], world.now()
        row.next_attempt_at = None
        session.add(row)
        told.append(reports.Told.of(row, ReportKind.REFUSED, row.state, row.changed_at, reason=row.reason))
    session.flush()
    reports.tell(world, session, controller.id, told)
    return len(told)
