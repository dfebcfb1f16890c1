# SPDX-License-Identifier: Apache-2.0
"""What providers say: about messages and numbers. States only move forward."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlmodel import select

from hub.contract import (
    Can,
    Echoed,
    HubError,
    Provider,
    RecipientCapped,
    RecipientOptedOut,
    ReportKind,
    SenderChanged,
    Status,
    StatusChanged,
)
from hub.flows import drift, notices, reports, watch
from hub.flows.desk import Desk
from hub.flows.platform import capped, opted_out
from hub.flows.states import State, after
from hub.store.direct import fetch, run, table
from hub.store.sets import among
from hub.store.tables import MessageEvent, MessageRow, Sender
from hub.store.tables.columns import UtcTime

EARLY = timedelta(seconds=30)  # so long a status waits for the answer to our send: longer than any send takes
_NO_RECEIPT_YET = (State.QUEUED, State.AUTHORISED, State.UNKNOWN)
_TABLE, _EVENT = table(MessageRow), table(MessageEvent).c
_MESSAGE = _TABLE.c
_COLUMNS: Any = (
    *(_MESSAGE.id, _MESSAGE.contact_id, _MESSAGE.campaign_id, _MESSAGE.sender_id),
    *(_MESSAGE.basis, _MESSAGE.notice_id, _MESSAGE.reference, _MESSAGE.state),
)
_MINE = (  # in the order of their ids, so that two workers never wait for each other
    select(*_COLUMNS).where(_MESSAGE.controller_id == bindparam("controller")).order_by(_MESSAGE.id).with_for_update()
)
_BY_ID, _BY_REFERENCE = _MINE.where(among(_MESSAGE.id)), _MINE.where(among(_MESSAGE.reference))
_SAID = select(_EVENT.message_id, _EVENT.status, _EVENT.at).where(among(_EVENT.message_id))
_REFER = update(_TABLE).where(_MESSAGE.id == bindparam("row")).values(reference=bindparam("known_as"))
_MOVE = (
    update(_TABLE)
    .where(among(_MESSAGE.id))
    .values(
        state=bindparam("new_state"),
        reason=bindparam("new_reason"),
        changed_at=bindparam("now", type_=UtcTime),
        next_attempt_at=None,
    )
)


@dataclass(slots=True)
class _Message:
    """What a status needs to know of a message, and changes."""

    id: str
    contact_id: str
    campaign_id: str | None
    sender_id: str
    basis: str
    notice_id: str | None
    reference: str
    state: str
    reason: str = ""

    def told(self, state: str, at: datetime, reason: str = "") -> reports.Told:
        kind = ReportKind.STATUS
        return reports.Told(self.id, self.contact_id, self.campaign_id, self.basis, kind, state, at, reason)


@dataclass(slots=True)
class _Outcome:
    """What a set of statuses brings about."""

    moved: dict[str, _Message] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)  # message -> reference that it did not have
    accepted: dict[datetime, list[_Message]] = field(default_factory=lambda: defaultdict(list))
    lost: list[tuple[_Message, datetime]] = field(default_factory=list)  # failed after they were accepted
    failed: list[tuple[_Message, StatusChanged]] = field(default_factory=list)  # the platform's word, whatever came


def apply(desk: Desk, events: Sequence[StatusChanged]) -> None:
    """A set of words about messages, in their order. What is known already, or about none of ours, changes nothing."""
    about = _about(desk, events)
    outcome = _Outcome()
    for message, event in _news(desk, about):
        _move(desk, outcome, message, event)
    _write(desk, outcome)
    _follow(desk, outcome)


def _about(desk: Desk, events: Sequence[StatusChanged]) -> list[tuple[_Message, StatusChanged]]:
    """Each event with its message: by our id, else by the provider's."""
    found = _by_id(desk, {event.message_id for event in events if event.message_id})
    called = {event.provider_message_id: found[event.message_id] for event in events if event.message_id in found}
    names = {event.provider_message_id for event in events if event.message_id not in found}
    called |= _by_name(desk, names - called.keys() - {""}, found)
    about = []
    for event in events:
        message = found.get(event.message_id) or called.get(event.provider_message_id)
        if message is not None:
            about.append((message, event))
        elif _may_be_ours(desk, event):
            desk.early.append(event)
    return about


def _may_be_ours(desk: Desk, event: StatusChanged) -> bool:
    """Was it faster than our note of the provider's id? Where providers repeat our own id, that alone tells."""
    cls = desk.world.registry.get(desk.connection.connector)
    if not issubclass(cls, Provider) or Can.OPAQUE_ID in cls.can or not event.provider_message_id:
        return False
    return desk.world.now() - event.at < EARLY


def _by_id(desk: Desk, ids: set[str]) -> dict[str, _Message]:
    if not ids:
        return {}
    return {row.id: _Message(*row) for row in fetch(desk.session, _BY_ID, controller=desk.controller.id, keys=ids)}


def _by_name(desk: Desk, names: set[str], found: dict[str, _Message]) -> dict[str, _Message]:
    """By the provider's ids, which we keep as keyed hashes. The key may have been an older one."""
    vault, owner = desk.world.vault, desk.controller.id
    of = {reference: name for name in names for reference in vault.references(owner, name)}
    if not of:
        return {}
    rows = fetch(desk.session, _BY_REFERENCE, controller=owner, keys=of)
    return {of[row.reference]: found.setdefault(row.id, _Message(*row)) for row in rows}


def _news(desk: Desk, about: Sequence[tuple[_Message, StatusChanged]]) -> list[tuple[_Message, StatusChanged]]:
    """Those not heard before; from now on they are."""
    known = _said(desk, {message.id for message, event in about if not _moves(message, event)})
    news, rows = [], []
    for message, event in about:
        key = (message.id, str(event.status), event.at)
        if key in known:
            continue
        known.add(key)
        news.append((message, event))
        rows.append({"message_id": message.id, "status": event.status, "at": event.at, "code": _code(event)})
    if rows:
        run(desk.session, insert(table(MessageEvent)), rows)
    return news


def _moves(message: _Message, event: StatusChanged) -> bool:
    """What moves a message forward cannot have been heard before: it would be there already."""
    return after(State(message.state), event.status) != message.state


def _said(desk: Desk, message_ids: set[str]) -> set[tuple[str, str, datetime]]:
    if not message_ids:
        return set()
    return {tuple(row) for row in fetch(desk.session, _SAID, keys=message_ids)}


def _move(desk: Desk, outcome: _Outcome, message: _Message, event: StatusChanged) -> None:
    if event.status is Status.FAILED:
        outcome.failed.append((message, event))
    before, state = State(message.state), after(State(message.state), event.status)
    if state is before:
        return
    if before in _NO_RECEIPT_YET:  # faster than the receipt
        desk.told.append(message.told(State.ACCEPTED, event.at))
        if state is not State.FAILED:
            outcome.accepted[event.at].append(message)
            desk.senders.add(message.sender_id)  # what waited for it
    elif state is State.FAILED:
        outcome.lost.append((message, event.at))
    message.state = state
    message.reason = (_code(event) or _name(event.error)) if state is State.FAILED else ""
    if event.provider_message_id and not message.reference:
        message.reference = desk.world.vault.reference(desk.controller.id, event.provider_message_id)
        outcome.named[message.id] = message.reference
    outcome.moved[message.id] = message
    desk.told.append(message.told(state, event.at, message.reason))


def _write(desk: Desk, outcome: _Outcome) -> None:
    ends: dict[tuple[str, str], list[str]] = defaultdict(list)
    for message in outcome.moved.values():
        ends[message.state, message.reason].append(message.id)
    for (state, reason), ids in ends.items():
        moved = {"keys": ids, "new_state": state, "new_reason": reason, "now": desk.world.now()}
        run(desk.session, _MOVE, moved)
    if outcome.named:
        named = [{"row": message_id, "known_as": reference} for message_id, reference in outcome.named.items()]
        run(desk.session, _REFER, named)


def _follow(desk: Desk, outcome: _Outcome) -> None:
    """What it means for people: who was told, who was not after all, and who wants nothing more."""
    for at, messages in outcome.accepted.items():
        notices.accepted(desk.session, desk.chain, [_row(desk, m) for m in messages if m.notice_id], at)
        notices.written_to(desk.session, [m.contact_id for m in messages], at)
    for message, at in outcome.lost:
        if message.notice_id:
            notices.failed(desk.session, desk.chain, _row(desk, message), at)
    for message, event in outcome.failed:
        if isinstance(event.error, RecipientOptedOut):  # an objection counts whatever became of the message
            opted_out(
                desk.world, desk.session, desk.chain, desk.controller.id, _row(desk, message), event.at, _code(event)
            )
        elif isinstance(event.error, RecipientCapped):
            capped(desk.session, _row(desk, message), event.at, event.error)


def _row(desk: Desk, message: _Message) -> MessageRow:
    return desk.session.get_one(MessageRow, message.id)


def sender(desk: Desk, event: SenderChanged) -> None:
    if event.template:
        drift.noted(desk, event.template, event.what, event.at)
    if event.worse or not event.can_send:
        on = {"sender": event.sender, "template": event.template}
        watch.troubled(desk.world, desk.session, desk.chain, desk.connection.id, event.what, **on)
    if event.can_send:
        return
    mine = select(Sender).where(Sender.connection_id == desk.connection.id)
    if event.sender:  # without one, the whole account is meant
        mine = mine.where(Sender.vendor_id == event.sender)
    for sender in desk.session.exec(mine):
        sender.paused_why = event.what[:300]
        desk.session.add(sender)


def echoed(desk: Desk, event: Echoed) -> None:
    """Somebody writes past the gate from the same number: it may carry nothing of ours until an admin has looked."""
    sender = desk.sender(event.sender)
    if sender is not None:
        sender.coexistence = True
        sender.paused_why = sender.paused_why or "messages were sent from the WhatsApp Business app"
        desk.session.add(sender)


def _code(event: StatusChanged) -> str:
    return getattr(event.error, "code", "") if event.error else ""


def _name(error: HubError | None) -> str:
    return type(error).__name__ if error else ""
