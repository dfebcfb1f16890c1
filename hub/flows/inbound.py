# SPDX-License-Identifier: Apache-2.0
"""Vendor webhooks, in our words, applied in sets. Withdrawals first: they take effect with this transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from hub.contract import (
    ContactChanged,
    ContactsMerged,
    Echoed,
    Event,
    IdentityChanged,
    MessageReceived,
    PreferenceChanged,
    PrivacyDeletion,
    SenderChanged,
    SendRequested,
    StatusChanged,
    TemplateChanged,
)
from hub.flows import drift, hearing, identity, reports, statuses, workflows
from hub.flows.desk import Desk
from hub.flows.rights import arrivals, receipts
from hub.flows.world import World
from hub.store.ledger import Chain
from hub.store.tables import Connection, Contact, Controller, CrmRecord

_PEOPLE = (MessageReceived, PreferenceChanged, IdentityChanged, ContactsMerged, PrivacyDeletion)


@dataclass(frozen=True, slots=True)
class Applied:
    """What needs a nudge afterwards, and what must be heard again: it came before what it is about."""

    senders: frozenset[str] = frozenset()
    sync: bool = False
    early: tuple[StatusChanged | SendRequested, ...] = ()


def apply(world: World, session: Session, connection: Connection, events: Sequence[Event]) -> Applied:
    """Apply a set of events of one connection in one transaction."""
    controller = session.get_one(Controller, connection.controller_id)
    chain = Chain(session, controller.id, world.now())
    desk = Desk(world, session, chain, controller, connection)
    ordered = sorted(events, key=lambda event: event.at)
    for event in ordered:
        if isinstance(event, _PEOPLE):  # what people say comes before what providers count
            _take(desk, event)
    statuses.apply(desk, [event for event in ordered if isinstance(event, StatusChanged)])
    for event in ordered:
        if not isinstance(event, (*_PEOPLE, StatusChanged)):
            _take(desk, event)
    hearing.count(desk, [event for event in ordered if isinstance(event, MessageReceived)])
    session.flush()
    reports.tell(world, session, controller.id, desk.told)
    chain.write()
    return Applied(frozenset(desk.senders), desk.sync, tuple(desk.early))


def _take(desk: Desk, event: Event) -> None:
    match event:
        case MessageReceived():
            hearing.message(desk, event)
        case PreferenceChanged():
            hearing.preference(desk, event)
        case IdentityChanged():
            identity.changed(desk, event)
        case ContactsMerged():
            identity.merged(desk, event)
        case TemplateChanged():
            drift.heard(desk, event)
        case SenderChanged():
            statuses.sender(desk, event)
        case Echoed():
            statuses.echoed(desk, event)
        case SendRequested():
            workflows.requested(desk, event)
        case PrivacyDeletion():
            _privacy_deletion(desk, event)
            desk.sync = True
        case ContactChanged():
            desk.sync = True
        case _:
            pass  # kept raw in the inbox


def _privacy_deletion(desk: Desk, event: PrivacyDeletion) -> None:
    receipts.heard(desk.world, desk.session, desk.connection, event.record)
    record = desk.session.get(CrmRecord, (desk.connection.id, event.record))
    contact = desk.session.get(Contact, record.contact_id) if record else None
    if contact is not None and contact.erased_at is None:
        arrivals.erased_by_crm(desk, contact, event)
