# SPDX-License-Identifier: Apache-2.0
"""Short messages that the hub itself owes a person: confirmations, questions, notices. Queued like any other message.

Each still has to pass the gate when it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import orjson
from sqlmodel import Session, col, select

from hub.contract import PointKind, Purpose
from hub.flows import contacts, routing
from hub.flows.languages import language_in
from hub.flows.states import PRIORITY, State
from hub.flows.world import World
from hub.law.facts import ConsentState, EvidenceKind, StopKind
from hub.store.tables import (
    ConsentRow,
    Contact,
    ContactPoint,
    Controller,
    MessageRow,
    Sender,
    StopRow,
    TemplateRow,
    new_id,
)
from hub.store.vault import seal

_STOPPED = {
    "de": {
        StopKind.OBJECTION_MARKETING: "Sie erhalten von {controller} keine Werbung mehr auf WhatsApp.",
        StopKind.STOP_ALL: "Sie erhalten von {controller} keine Nachrichten mehr auf WhatsApp.",
    },
    "en": {
        StopKind.OBJECTION_MARKETING: "You will receive no more advertising from {controller} on WhatsApp.",
        StopKind.STOP_ALL: "You will receive no more messages from {controller} on WhatsApp.",
    },
}


def language_of(point: ContactPoint) -> str:
    """German where the number is from there."""
    return language_in(point.country)


def queue(
    world: World,
    session: Session,
    sender: Sender,
    contact: Contact,
    point: ContactPoint,
    purpose: Purpose,
    text: str,
    *,
    dedupe: str,
    evidence: Sequence[tuple[EvidenceKind, str, datetime]] = (),
    notice_id: str | None = None,
) -> str:
    """Queue a free text under the person's key. Returns the message id; empty when `dedupe` was queued before.

    `notice_id` is the notice that it serves.
    """
    if session.exec(select(MessageRow.id).where(MessageRow.dedupe == dedupe)).first():
        return ""
    row = _row(world, sender, point, purpose, dedupe, evidence)
    row.notice_id = notice_id
    row.text = seal(contacts.key_of(world, contact), text.encode(), f"message:{row.id}")
    session.add(row)
    return row.id


def queue_template(
    world: World,
    session: Session,
    sender: Sender,
    contact: Contact,
    point: ContactPoint,
    purpose: Purpose,
    template: TemplateRow,
    parameters: Sequence[tuple[str, str]],
    *,
    approved_category: str,
    dedupe: str,
    evidence: Sequence[tuple[EvidenceKind, str, datetime]],
    topic: str = "*",
) -> str:
    """Queue a template for who has not written just now, its parameters under the person's key. As `queue` else."""
    if session.exec(select(MessageRow.id).where(MessageRow.dedupe == dedupe)).first():
        return ""
    row = _row(world, sender, point, purpose, dedupe, evidence)
    row.template, row.language, row.approved_category = template.name, template.language, approved_category
    row.topic = topic
    row.parameters = seal(contacts.key_of(world, contact), orjson.dumps(parameters), f"parameters:{row.id}")
    session.add(row)
    return row.id


def _row(
    world: World,
    sender: Sender,
    point: ContactPoint,
    purpose: Purpose,
    dedupe: str,
    evidence: Sequence[tuple[EvidenceKind, str, datetime]],
) -> MessageRow:
    now = world.now()
    return MessageRow(
        id=new_id(),
        controller_id=sender.controller_id,
        sender_id=sender.id,
        contact_id=point.contact_id,
        point_id=point.id,
        dedupe=dedupe,
        purpose=purpose,
        evidence=[[kind, evidence_id, at.isoformat()] for kind, evidence_id, at in evidence],
        state=State.QUEUED,
        priority=PRIORITY[purpose],
        next_attempt_at=now,
        created_at=now,
        changed_at=now,
    )


def confirm_stop(
    world: World,
    session: Session,
    controller: Controller,
    sender: Sender,
    contact: Contact,
    point: ContactPoint,
    kind: StopKind,
    stop_ref: str,
    at: datetime,
) -> str:
    """One short answer to a stop, without any advertising.

    Returns the message id; empty where the policy's time for one answer has not passed, whoever passed the stop on.
    """
    if _confirmed(world, session, controller, contact, kind, at):
        return ""
    text = _STOPPED[language_of(point)][kind].format(controller=controller.name)
    heard = [(EvidenceKind.STOP_RECEIVED, stop_ref, at)]
    purpose = Purpose.OPT_OUT_CONFIRMATION
    return queue(world, session, sender, contact, point, purpose, text, dedupe=stop_ref, evidence=heard)


def confirm_passed_on(
    world: World, session: Session, controller: Controller, contact_id: str, kind: StopKind, stop_ref: str, at: datetime
) -> str:
    """Confirm a stop that did not come by chat: told to staff, or found by a reviewer.

    Only as a free text to the number they wrote to, while their service window is open. Outside it none is sent: a
    template to somebody who has just said stop would be one message more than they asked for. Returns the message id.
    """
    contact = session.get_one(Contact, contact_id)
    wrote_to = session.get(Sender, contact.wrote_to) if contact.wrote_to else None
    sender = routing.successor(session, wrote_to) if wrote_to else None
    policy, last = world.policy_for(controller.id), contact.last_inbound_at
    if sender is None or policy is None or last is None:
        return ""
    if world.now() >= min(last, at) + timedelta(hours=policy.request.service_window_hours):
        return ""
    theirs = (ContactPoint.contact_id == contact_id, col(ContactPoint.left_at).is_(None))
    points = session.exec(select(ContactPoint).where(*theirs)).all()
    point = min(points, key=lambda one: (one.kind != PointKind.E164, one.id), default=None)
    if point is None:
        return ""
    return confirm_stop(world, session, controller, sender, contact, point, kind, stop_ref, at)


def _confirmed(
    world: World, session: Session, controller: Controller, contact: Contact, kind: StopKind, at: datetime
) -> bool:
    """Was this answered lately? A consent in between, or a wider stop, is news and is answered again."""
    policy = world.policy_for(controller.id)
    since = world.now() - timedelta(hours=policy.withdrawal.confirm_hours if policy else 0)
    mine = (
        MessageRow.contact_id == contact.id,
        MessageRow.purpose == Purpose.OPT_OUT_CONFIRMATION,
        col(MessageRow.created_at) > since,
        col(MessageRow.state).not_in([State.REFUSED, State.FAILED]),
    )
    last = session.exec(select(MessageRow).where(*mine).order_by(col(MessageRow.created_at).desc())).first()
    if last is None:
        return False
    answered = max(datetime.fromisoformat(when) for _, _, when in last.evidence)
    given = select(ConsentRow.id).where(
        ConsentRow.contact_id == contact.id,
        ConsentRow.state == ConsentState.GIVEN,
        col(ConsentRow.event_time) > answered,
        col(ConsentRow.event_time) < at,
    )
    if session.exec(given).first() is not None:
        return False
    return kind is not StopKind.STOP_ALL or _told_all(session, contact, answered, at)


def _told_all(session: Session, contact: Contact, answered: datetime, at: datetime) -> bool:
    """Was it a stop of everything that was answered, or one that came since?"""
    tokens = contacts.tokens_of(session, contact.id)
    wide = select(StopRow.id).where(
        col(StopRow.token).in_(tokens),
        StopRow.kind == StopKind.STOP_ALL,
        col(StopRow.event_time) >= answered,
        col(StopRow.event_time) < at,
    )
    return session.exec(wide).first() is not None
