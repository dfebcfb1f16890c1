# SPDX-License-Identifier: Apache-2.0
"""Short messages that the hub itself owes a person: confirmations, questions, notices. Queued like any other message.

Each still has to pass the gate when it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import orjson
from sqlmodel import Session, select

from hub.contract import Purpose
from hub.flows import contacts
from hub.flows.states import PRIORITY, State
from hub.flows.world import World
from hub.law.facts import EvidenceKind, StopKind
from hub.store.tables import Contact, ContactPoint, Controller, MessageRow, Sender, TemplateRow, new_id
from hub.store.vault import seal

_GERMAN = frozenset({"DE", "AT", "CH", "LI"})
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
    return "de" if point.country in _GERMAN else "en"


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
) -> str:
    """Queue a free text under the person's key. Returns the message id; empty when `dedupe` was queued before."""
    if session.exec(select(MessageRow.id).where(MessageRow.dedupe == dedupe)).first():
        return ""
    row = _row(world, sender, point, purpose, dedupe, evidence)
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
) -> str:
    """Queue a template for who has not written just now, its parameters under the person's key. As `queue` else."""
    if session.exec(select(MessageRow.id).where(MessageRow.dedupe == dedupe)).first():
        return ""
    row = _row(world, sender, point, purpose, dedupe, evidence)
    row.template, row.language, row.approved_category = template.name, template.language, approved_category
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
    """One short answer to a stop, without any advertising. Returns the message id."""
    text = _STOPPED[language_of(point)][kind].format(controller=controller.name)
    heard = [(EvidenceKind.STOP_RECEIVED, stop_ref, at)]
    purpose = Purpose.OPT_OUT_CONFIRMATION
    return queue(world, session, sender, contact, point, purpose, text, dedupe=stop_ref, evidence=heard)
