# SPDX-License-Identifier: Apache-2.0
"""Vendor webhooks, in our words, applied in sets. Withdrawals first: they take effect with this transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from hub.contract import (
    ContactChanged,
    Event,
    HubError,
    IdentityChanged,
    MessageReceived,
    Point,
    PreferenceChanged,
    PrivacyDeletion,
    Purpose,
    RecipientOptedOut,
    ReportKind,
    SenderChanged,
    Status,
    StatusChanged,
    TemplateChanged,
)
from hub.flows import contacts, optin, permission, reports
from hub.flows.dispatch import opted_out
from hub.flows.erasure import erase
from hub.flows.points import locate
from hub.flows.states import PRIORITY, State, after
from hub.flows.world import World
from hub.law.facts import EvidenceKind, StopKind
from hub.law.stops import code_of
from hub.law.withdrawal import Wish, classify
from hub.store.ledger import Chain, canonical
from hub.store.tables import (
    Connection,
    Contact,
    ContactPoint,
    Controller,
    CrmRecord,
    MessageEvent,
    MessageRow,
    Sender,
    TemplateRow,
    new_id,
)
from hub.store.vault import seal

_NO_MESSAGE = frozenset({"reaction", "edit", "revoke", "system"})  # they open no service window
_GERMAN = frozenset({"DE", "AT", "CH", "LI"})
_STOPPED = {
    "de": "Sie erhalten von {controller} keine Werbung mehr auf WhatsApp.",
    "en": "You will receive no more advertising from {controller} on WhatsApp.",
}


@dataclass(frozen=True, slots=True)
class Applied:
    """What needs a nudge afterwards."""

    senders: frozenset[str] = frozenset()
    sync: bool = False


def apply(world: World, session: Session, connection: Connection, events: Sequence[Event]) -> Applied:
    """Apply a set of events of one connection in one transaction."""
    controller = session.get_one(Controller, connection.controller_id)
    chain = Chain(session, controller.id, world.now())
    desk = _Desk(world, session, chain, controller, connection)
    for event in sorted(events, key=_order):
        desk.take(event)
    session.flush()
    reports.tell(session, desk.told, world.now())
    chain.write()
    return Applied(frozenset(desk.senders), desk.sync)


def _order(event: Event) -> tuple[int, datetime]:
    """What people say comes before what providers count."""
    person = isinstance(event, (MessageReceived, PreferenceChanged, IdentityChanged, PrivacyDeletion))
    return (0 if person else 1, event.at)


class _Desk:
    def __init__(
        self, world: World, session: Session, chain: Chain, controller: Controller, connection: Connection
    ) -> None:
        self.world, self.session, self.chain = world, session, chain
        self.controller, self.connection = controller, connection
        self.told: list[reports.Told] = []
        self.senders: set[str] = set()
        self.sync = False
        self._known: dict[str, Sender | None] = {}

    def take(self, event: Event) -> None:
        match event:
            case StatusChanged():
                self._status(event)
            case MessageReceived():
                self._message(event)
            case PreferenceChanged():
                self._preference(event)
            case IdentityChanged():
                self._identity(event)
            case TemplateChanged():
                self._template(event)
            case SenderChanged():
                self._sender(event)
            case PrivacyDeletion():
                self._privacy_deletion(event)
                self.sync = True
            case ContactChanged():
                self.sync = True
            case _:
                pass  # kept raw in the inbox

    # what providers say

    def _status(self, event: StatusChanged) -> None:
        row = self._message_of(event)
        if row is None:
            return
        code = getattr(event.error, "code", "") if event.error else ""
        known = self.session.exec(
            select(MessageEvent.id).where(
                MessageEvent.message_id == row.id, MessageEvent.status == event.status, MessageEvent.at == event.at
            )
        ).first()
        if known is not None:
            return
        self.session.add(MessageEvent(message_id=row.id, status=event.status, code=code, at=event.at))
        if event.status is Status.FAILED and isinstance(event.error, RecipientOptedOut):
            # an objection counts whatever became of the message
            opted_out(self.world, self.session, self.chain, row, event.at, code)
        state = after(State(row.state), event.status)
        if state == row.state:
            return
        if row.state in (State.QUEUED, State.AUTHORISED, State.UNKNOWN):  # faster than the receipt
            self.told.append(reports.Told.of(row, ReportKind.STATUS, State.ACCEPTED, event.at))
        row.state, row.changed_at = state, self.world.now()
        row.reason = (code or _name(event.error)) if state is State.FAILED else ""
        if event.provider_message_id and not row.reference:
            row.reference = self.world.vault.reference(self.controller.id, event.provider_message_id)
        self.session.add(row)
        self.told.append(reports.Told.of(row, ReportKind.STATUS, row.state, event.at, reason=row.reason))

    def _message_of(self, event: StatusChanged) -> MessageRow | None:
        if event.message_id:
            row = self.session.get(MessageRow, event.message_id)
            if row is not None and row.controller_id == self.controller.id:
                return row
        if not event.provider_message_id:
            return None
        references = self.world.vault.references(self.controller.id, event.provider_message_id)
        return self.session.exec(select(MessageRow).where(col(MessageRow.reference).in_(references))).first()

    def _template(self, event: TemplateChanged) -> None:
        row = self.session.get(TemplateRow, (self.connection.id, event.name, event.language))
        if row is None:
            return
        row.state = event.state or row.state
        row.category = event.category or row.category
        row.read_at = self.world.now()
        self.session.add(row)

    def _sender(self, event: SenderChanged) -> None:
        if event.can_send:
            return
        mine = select(Sender).where(Sender.connection_id == self.connection.id)
        if event.sender:  # without one, the whole account is meant
            mine = mine.where(Sender.vendor_id == event.sender)
        for sender in self.session.exec(mine):
            sender.paused_why = event.what[:300]
            self.session.add(sender)

    def _find_sender(self, vendor_id: str) -> Sender | None:
        if vendor_id not in self._known:
            self._known[vendor_id] = self.session.exec(
                select(Sender).where(Sender.connection_id == self.connection.id, Sender.vendor_id == vendor_id)
            ).first()
        return self._known[vendor_id]

    # what people say

    def _message(self, event: MessageReceived) -> None:
        sender = self._find_sender(event.sender)
        if sender is None or not event.points:
            return
        contact, point = contacts.meet(self.world, self.session, self.controller, event.points)
        if event.kind not in _NO_MESSAGE:
            contact.last_inbound_at = max(event.at, contact.last_inbound_at or event.at)
            self.session.add(contact)
        agreed = optin.agreed(self.session, sender, event.text)
        if agreed is not None:
            page, wording = agreed
            source = {"page": page.id, "sender": sender.id, "flow": "inbound_first", "connection": self.connection.id}
            evidence = self._evidence(contact, event)
            permission.give(
                self.session, self.chain, self.controller, contact.id, point.token, wording, event.at, source, evidence
            )
            return
        said = classify(event.text, button=event.button)
        if said.wish is Wish.NONE:
            return
        self._stop(event, sender, contact, point, said.wish, said.rule)

    def _stop(
        self, event: MessageReceived, sender: Sender, contact: Contact, point: ContactPoint, said: Wish, rule: str
    ) -> None:
        kind, reach = {
            Wish.STOP: (StopKind.OBJECTION_MARKETING, permission.MARKETING_ON_WHATSAPP),
            Wish.STOP_ALL: (StopKind.STOP_ALL, permission.EVERYTHING),
            Wish.UNSURE: (StopKind.UNSURE, permission.MARKETING_ON_WHATSAPP),
        }[said]
        fresh = permission.stop(
            self.session,
            self.chain,
            self.controller,
            contacts.tokens_of(self.session, contact.id),
            kind,
            event.at,
            reach,
            {"rule": rule, "connection": self.connection.id, "sender": sender.id},
            contact_id=contact.id,
            evidence=self._evidence(contact, event),
        )
        if not fresh or said is Wish.UNSURE:
            return
        ledger_ref = f"stop:{self.world.vault.reference(self.controller.id, event.provider_message_id)}"
        reports.tell_withdrawal(self.session, contact.id, ledger_ref, code_of(kind), event.at, self.world.now())
        self._confirm(sender, contact, point, ledger_ref, event.at)

    def _confirm(self, sender: Sender, contact: Contact, point: ContactPoint, stop_ref: str, at: datetime) -> None:
        """One short answer, in German where the number is from there."""
        if self.session.exec(select(MessageRow.id).where(MessageRow.dedupe == stop_ref)).first():
            return  # redelivered after a further point of the person became known
        language = "de" if point.country in _GERMAN else "en"
        text = _STOPPED[language].format(controller=self.controller.name)
        message_id, now = new_id(), self.world.now()
        self.session.add(
            MessageRow(
                id=message_id,
                controller_id=self.controller.id,
                sender_id=sender.id,
                contact_id=contact.id,
                point_id=point.id,
                dedupe=stop_ref,
                purpose=Purpose.OPT_OUT_CONFIRMATION,
                text=seal(contacts.key_of(self.world, contact), text.encode(), f"message:{message_id}"),
                evidence=[[EvidenceKind.STOP_RECEIVED, stop_ref, at.isoformat()]],
                state=State.QUEUED,
                priority=PRIORITY[Purpose.OPT_OUT_CONFIRMATION],
                next_attempt_at=now,
                created_at=now,
                changed_at=now,
            )
        )
        self.senders.add(sender.id)

    def _evidence(self, contact: Contact, event: MessageReceived) -> bytes:
        """The person's own words and their message id, sealed under their key."""
        said = {
            "provider_message_id": event.provider_message_id,
            "points": [[p.kind, p.value] for p in event.points],
            "text": event.text,
            "button": event.button,
            "at": event.at,
            "received_by": event.sender,
        }
        return seal(contacts.key_of(self.world, contact), canonical(said).encode(), f"evidence:{contact.id}")

    def _preference(self, event: PreferenceChanged) -> None:
        """The app's own switch. `resume` clears no objection: it is no informed consent."""
        if not event.stopped or not event.points:
            return
        contact, _ = contacts.meet(self.world, self.session, self.controller, event.points)
        tokens = contacts.tokens_of(self.session, contact.id)
        kind, reach = StopKind.PLATFORM_PREFERENCE, permission.MARKETING_ON_WHATSAPP
        source = {"connection": self.connection.id, "switch": "user_preferences"}
        if permission.stop(
            self.session, self.chain, self.controller, tokens, kind, event.at, reach, source, contact_id=contact.id
        ):
            reference = f"preference:{contact.id}:{event.at.isoformat()}"
            reason = "SUPPRESSED_PLATFORM_PREFERENCE"
            reports.tell_withdrawal(self.session, contact.id, reference, reason, event.at, self.world.now())

    def _privacy_deletion(self, event: PrivacyDeletion) -> None:
        record = self.session.get(CrmRecord, (self.connection.id, event.record))
        contact = self.session.get(Contact, record.contact_id) if record else None
        if contact is not None and contact.erased_at is None:
            erase(self.world, self.session, self.chain, contact, f"crm:{self.connection.id}")

    def _identity(self, event: IdentityChanged) -> None:
        """A new number or BSUID. Stops carry over; consent must be given anew."""
        old = self._tokens(event.old)
        for point in event.new:
            permission.carry_over(
                self.session,
                self.chain,
                self.controller,
                old,
                self.world.vault.token(self.controller.id, locate(point).point),
            )

    def _tokens(self, points: Sequence[Point]) -> list[str]:
        """Every token of whoever these points belong to."""
        tokens: list[str] = []
        for point in points:
            row = contacts.find_point(self.world, self.session, self.controller, locate(point).point)
            tokens += contacts.tokens_of(self.session, row.contact_id) if row else []
            tokens += self.world.vault.tokens(self.controller.id, locate(point).point)
        return list(dict.fromkeys(tokens))


def _name(error: HubError | None) -> str:
    return type(error).__name__ if error else ""
