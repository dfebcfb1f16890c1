# SPDX-License-Identifier: Apache-2.0
"""What was said before: the answers that our own message offered, and the message that gave a consent."""

from __future__ import annotations

import orjson
from sqlmodel import Session, col, select

from hub.contract import MessageReceived
from hub.flows import contacts, variants
from hub.flows.desk import Desk
from hub.flows.states import State
from hub.law.offers import offered
from hub.store.tables import Campaign, Contact, LedgerRow, MessageRow, Sender, TemplateRow
from hub.store.vault import Sealed, unseal

_LEFT = (State.AUTHORISED, State.UNKNOWN, State.ACCEPTED, State.SENT, State.DELIVERED, State.READ)


def offers(desk: Desk, sender: Sender, contact: Contact, event: MessageReceived) -> frozenset[str]:
    """The answers by which the message of ours that is answered, or else our last one, offered to stop."""
    row = _answered(desk, contact, event) or _last(desk.session, sender, contact)
    if row is None:
        return frozenset()
    campaign = desk.session.get(Campaign, row.campaign_id) if row.campaign_id else None
    if campaign is None:
        return offered(_text(desk, contact, row))
    variant = variants.carried(campaign, row)
    through = desk.session.get_one(Sender, campaign.sender_id)  # whose templates the campaign names by now
    template = desk.session.get(TemplateRow, (through.connection_id, variant.template, variant.language))
    return offered(template.text, template.buttons) if template else frozenset()


def _answered(desk: Desk, contact: Contact, event: MessageReceived) -> MessageRow | None:
    if not event.in_reply_to:
        return None
    references = desk.world.vault.references(desk.controller.id, event.in_reply_to)
    mine = select(MessageRow).where(col(MessageRow.reference).in_(references), MessageRow.contact_id == contact.id)
    return desk.session.exec(mine).first()


def _last(session: Session, sender: Sender, contact: Contact) -> MessageRow | None:
    left = col(MessageRow.state).in_(_LEFT)
    same = select(Sender.id).where((col(Sender.id) == sender.id) | (col(Sender.moved_to) == sender.id))
    mine = select(MessageRow).where(MessageRow.contact_id == contact.id, col(MessageRow.sender_id).in_(same), left)
    return session.exec(mine.order_by(col(MessageRow.authorised_at).desc()).limit(1)).first()


def _text(desk: Desk, contact: Contact, row: MessageRow) -> str:
    if row.text is None:
        return ""
    try:
        return unseal(contacts.key_of(desk.world, contact), row.text, f"message:{row.id}").decode()
    except Sealed:
        return ""


def gave_consent(desk: Desk, contact: Contact, event: MessageReceived) -> bool:
    """Is the message that was edited or deleted one by which this person consented?"""
    if not event.in_reply_to:
        return False
    mine = select(LedgerRow).where(LedgerRow.contact_id == contact.id, LedgerRow.kind == "consent_given")
    return any(event.in_reply_to == _message_id(desk, contact, row) for row in desk.session.exec(mine))


def _message_id(desk: Desk, contact: Contact, row: LedgerRow) -> str:
    if row.evidence is None:
        return ""
    try:
        said = unseal(contacts.key_of(desk.world, contact), row.evidence, f"evidence:{contact.id}")
    except Sealed:
        return ""
    return str(orjson.loads(said).get("provider_message_id", ""))
