# SPDX-License-Identifier: Apache-2.0
"""What people say: consent, stops, requests, and the app's own switch. A no takes effect with this transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, update
from sqlmodel import col, select

from hub.contract import MessageReceived, PreferenceChanged
from hub.flows import (
    answers,
    confirmation,
    contacts,
    happenings,
    identity,
    notices,
    optin,
    permission,
    question,
    receipts,
    reports,
    review,
    said,
)
from hub.flows.desk import Desk
from hub.flows.happenings import Kind
from hub.law.facts import StopKind
from hub.law.stops import code_of
from hub.law.withdrawal import Reading, Wish, classify, sign
from hub.law.wrongnumber import says_wrong_number
from hub.store.ledger import canonical
from hub.store.tables import Contact, ContactPoint, Sender
from hub.store.vault import seal

_NO_MESSAGE = frozenset({"reaction", "edit", "revoke", "system"})  # they open no service window and give no consent
# words that did not reach us: somebody must listen or look
_UNHEARD = {"audio": "unheard", "unsupported": "unreadable", "edit": "unreadable"}
_STOP_KIND = {
    Wish.STOP: StopKind.OBJECTION_MARKETING,
    Wish.STOP_ALL: StopKind.STOP_ALL,
    Wish.UNSURE: StopKind.UNSURE,
}
_REACH = {
    "whatsapp_marketing": permission.MARKETING_ON_WHATSAPP,
    "all_marketing": permission.ALL_MARKETING,
    "all": permission.EVERYTHING,
}


def message(desk: Desk, event: MessageReceived) -> None:
    sender = desk.sender(event.sender)
    if not event.points:
        return
    if sender is None:
        _elsewhere(desk, event)
        return
    contact, point = identity.meet(desk, event.points, event.at)
    wrote = event.kind not in _NO_MESSAGE
    if wrote and event.at >= (contact.last_inbound_at or event.at):
        contact.last_inbound_at, contact.wrote_to = event.at, sender.id
        desk.session.add(contact)
    if wrote:
        facts = happenings.Facts(person=contact.id, sender=sender.id)
        happenings.note(desk.world, desk.session, desk.controller.id, Kind.REPLY, event.at, facts)
    if wrote and _consent(desk, event, sender, contact, point):
        notices.greet(desk, sender, contact, point, event)  # the page may have shown none
        return
    if wrote and says_wrong_number(event.text):
        _wrong_number(desk, event, contact)
    read = _read(desk, event, sender, contact)
    if wrote and read.wish in (Wish.NONE, Wish.UNSURE):  # a no gets its confirmation alone
        notices.greet(desk, sender, contact, point, event)
    heard = _stop(desk, event, sender, contact, point, read) if read.wish is not Wish.NONE else ""
    _ask(desk, event, contact, read, heard)
    if wrote and read.wish is Wish.NONE:
        question.answer(desk, event, sender, contact, point)


def _elsewhere(desk: Desk, event: MessageReceived) -> None:
    """Written to a number of the account that is not set up here: nothing of it is kept, but a no binds us."""
    read = sign(event.text) if event.kind == "reaction" else classify(event.text, button=event.button)
    if read.wish is Wish.NONE:
        return
    contact, point = identity.meet(desk, event.points, event.at)
    heard = _stop(desk, event, None, contact, point, read)
    _ask(desk, event, contact, read, heard)


def count(desk: Desk, events: Sequence[MessageReceived]) -> None:
    """Note how many came to each of our numbers in its newest second: the platform counts them against its rate."""
    now = int(desk.world.now().timestamp())
    heard: dict[str, Counter[int]] = defaultdict(Counter)
    for event in events:
        if (sender := desk.sender(event.sender)) is not None:
            heard[sender.id][min(int(event.at.timestamp()), now)] += 1
    for sender_id, seconds in heard.items():
        newest = max(seconds)
        before = case((col(Sender.heard_second) == newest, col(Sender.heard)), else_=0)
        mine = update(Sender).where(col(Sender.id) == sender_id, col(Sender.heard_second) <= newest)
        counted = mine.values(heard=before + seconds[newest], heard_second=newest)
        desk.session.execute(counted, execution_options={"synchronize_session": False})


def _wrong_number(desk: Desk, event: MessageReceived, contact: Contact) -> None:
    if contact.reassigned_at is not None and contact.reassigned_at >= event.at:
        return  # a redelivery
    tokens = contacts.tokens_of(desk.session, contact.id)
    facts = {"tokens": tokens, "source": {"connection": desk.connection.id}}
    evidence = _evidence(desk, contact, event)
    heard = desk.chain.event("wrong_number_heard", event.at, facts, contact_id=contact.id, evidence=evidence)
    identity.wrong_person(desk, contact, event.at, heard)


def _consent(desk: Desk, event: MessageReceived, sender: Sender, contact: Contact, point: ContactPoint) -> bool:
    """Whether the message is a consent: the statement of a page, or the yes to the question after a web form."""
    agreed = optin.agreed(desk.session, sender, event.text, event.at)
    if agreed is None:
        completed = confirmation.confirmed(desk.world, desk.session, desk.controller, sender, event)
        if completed is None:
            return False
        agreed, point = completed  # the number that was typed, whatever else the message came with
    source = {"page": agreed.page.id, "sender": sender.id, "flow": agreed.flow, "connection": desk.connection.id}
    if agreed.request:
        source["request"] = agreed.request
    given = permission.give(
        desk.session,
        desk.chain,
        desk.controller,
        contact.id,
        point.token,
        agreed.wording,
        event.at,
        source,
        _evidence(desk, contact, event),
        agreed.flow,
    )
    reports.tell_consent(desk.session, contact.id, given, event.at, desk.world.now())
    facts = happenings.Facts(person=contact.id, wording=agreed.wording.id, ledger=given)
    happenings.note(desk.world, desk.session, desk.controller.id, Kind.CONSENT, event.at, facts)
    notices.shown(desk.session, desk.chain, contact.id, point.token, agreed.page, event.at, agreed.flow)
    if agreed.page.receipts and receipts.send(desk, sender, contact, point, agreed.wording, given, event.at):
        desk.senders.add(sender.id)
    return True


def _read(desk: Desk, event: MessageReceived, sender: Sender, contact: Contact) -> Reading:
    """What the person wants. What cannot be heard, or takes back a consent's own words, is unclear."""
    if event.kind == "reaction":
        return sign(event.text)
    read = classify(event.text, button=event.button, offered=said.offers(desk, sender, contact, event))
    if read.wish is not Wish.NONE:
        return read
    if event.kind in _UNHEARD and not event.text:
        return Reading(Wish.UNSURE, _UNHEARD[event.kind])
    if event.kind in ("edit", "revoke") and said.gave_consent(desk, contact, event):
        return Reading(Wish.UNSURE, "consent_message_changed", read.asks)
    return read


def _ask(desk: Desk, event: MessageReceived, contact: Contact, read: Reading, heard: str) -> None:
    """What a person must read. `heard` is the ledger id of the stop, empty if there is none or it is not new."""
    if read.wish is not Wish.NONE and not heard:
        return
    kinds = [*([review.UNCLEAR] if read.wish is Wish.UNSURE else []), *sorted(read.asks)]
    if kinds and not heard:
        if review.asked(desk.session, contact, event.at):
            return  # a redelivery
        facts = {"requests": kinds, "source": {"connection": desk.connection.id}}
        evidence = _evidence(desk, contact, event)
        heard = desk.chain.event("request_heard", event.at, facts, contact_id=contact.id, evidence=evidence)
    for kind in kinds:
        review.open_for(desk.session, desk.controller, contact, kind, heard, event.at)


def _stop(
    desk: Desk, event: MessageReceived, sender: Sender | None, contact: Contact, point: ContactPoint, read: Reading
) -> str:
    """Returns the ledger id, or nothing if the stop was there already. Without a sender nobody can answer it."""
    kind = _STOP_KIND[read.wish]
    reach = _REACH[read.scope]
    tokens = desk.tokens(event.points, event.at)
    heard = permission.stop(
        desk.world,
        desk.session,
        desk.chain,
        desk.controller,
        tokens,
        kind,
        event.at,
        reach,
        {"rule": read.rule, "connection": desk.connection.id, "sender": sender.id if sender else ""},
        contact_id=contact.id,
        evidence=_evidence(desk, contact, event),
    )
    if not heard or read.wish is Wish.UNSURE:
        return heard
    ledger_ref = f"stop:{desk.world.vault.reference(desk.controller.id, event.provider_message_id)}"
    _tell_withdrawal(desk, tokens, ledger_ref, code_of(kind), event.at)
    if sender is not None:
        world, session, owner = desk.world, desk.session, desk.controller
        answers.confirm_stop(world, session, owner, sender, contact, point, kind, ledger_ref, event.at)
        desk.senders.add(sender.id)
    return heard


def _evidence(desk: Desk, contact: Contact, event: MessageReceived) -> bytes:
    """The person's own words and their message id, sealed under their key."""
    words = {
        "provider_message_id": event.provider_message_id,
        "points": [[p.kind, p.value] for p in event.points],
        "text": event.text,
        "button": event.button,
        "at": event.at,
        "received_by": event.sender,
    }
    return seal(contacts.key_of(desk.world, contact), canonical(words).encode(), f"evidence:{contact.id}")


def preference(desk: Desk, event: PreferenceChanged) -> None:
    """The app's own switch. `resume` clears no objection: it is no informed consent."""
    if not event.stopped or not event.points:
        return
    contact, _ = identity.meet(desk, event.points, event.at)
    tokens = desk.tokens(event.points, event.at)
    kind, reach = StopKind.PLATFORM_PREFERENCE, permission.MARKETING_ON_WHATSAPP
    source = {"connection": desk.connection.id, "switch": "user_preferences"}
    if permission.stop(
        desk.world,
        desk.session,
        desk.chain,
        desk.controller,
        tokens,
        kind,
        event.at,
        reach,
        source,
        contact_id=contact.id,
    ):
        reference = f"preference:{contact.id}:{event.at.isoformat()}"
        reason = "SUPPRESSED_PLATFORM_PREFERENCE"
        _tell_withdrawal(desk, tokens, reference, reason, event.at)


def _tell_withdrawal(desk: Desk, tokens: Sequence[str], reference: str, reason: str, at: datetime) -> None:
    """To the CRMs of everybody behind these points: number and BSUID may have come to us as two contacts."""
    owners = select(ContactPoint.contact_id).where(col(ContactPoint.token).in_(tokens)).distinct()
    for contact_id in desk.session.exec(owners).all():
        reports.tell_withdrawal(desk.session, contact_id, reference, reason, at, desk.world.now())
