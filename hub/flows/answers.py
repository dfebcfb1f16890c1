# SPDX-License-Identifier: Apache-2.0
"""Short messages that the hub itself owes a person: confirmations, questions, notices. Queued like any other message.

Each still has to pass the gate when it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, select

from hub.contract import Purpose
from hub.flows import contacts
from hub.flows.states import PRIORITY, State
from hub.flows.world import World
from hub.law.facts import EvidenceKind, StopKind
from hub.store.tables import Contact, ContactPoint, Controller, MessageRow, Sender, new_id
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
    notice_id: str | None = None,
) -> str:
    """Queue a free text under the person's key. Returns the message id; empty when `dedupe` was queued before."""
    if session.exec(select(MessageRow.id).where(MessageRow.dedupe == dedupe)).first():
        return ""
    message_id, now = new_id(), world.now()
    session.add(
        MessageRow(
            id=message_id,
            controller_id=sender.controller_id,
            sender_id=sender.id,
            contact_id=contact.id,
            point_id=point.id,
            dedupe=dedupe,
            purpose=purpose,
            text=seal(contacts.key_of(world, contact), text.encode(), f"message:{message_id}"),
            evidence=[[kind, evidence_id, at.isoformat()] for kind, evidence_id, at in evidence],
            notice_id=notice_id,
            state=State.QUEUED,
            priority=PRIORITY[purpose],
            next_attempt_at=now,
            created_at=now,
            changed_at=now,
        )
    )
    return message_id


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
