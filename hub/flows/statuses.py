# SPDX-License-Identifier: Apache-2.0
"""What providers say: about messages, templates and numbers. States only move forward."""

from __future__ import annotations

from sqlmodel import col, select

from hub.contract import (
    HubError,
    RecipientCapped,
    RecipientOptedOut,
    ReportKind,
    SenderChanged,
    Status,
    StatusChanged,
    TemplateChanged,
    TemplateState,
)
from hub.flows import notices, reports, watch
from hub.flows.desk import Desk
from hub.flows.platform import capped, opted_out
from hub.flows.states import State, after
from hub.store.tables import MessageEvent, MessageRow, Sender, TemplateRow


def status(desk: Desk, event: StatusChanged) -> None:
    row = _message_of(desk, event)
    if row is None:
        return
    code = getattr(event.error, "code", "") if event.error else ""
    known = desk.session.exec(
        select(MessageEvent.id).where(
            MessageEvent.message_id == row.id, MessageEvent.status == event.status, MessageEvent.at == event.at
        )
    ).first()
    if known is not None:
        return
    desk.session.add(MessageEvent(message_id=row.id, status=event.status, code=code, at=event.at))
    if event.status is Status.FAILED and isinstance(event.error, RecipientOptedOut):
        # an objection counts whatever became of the message
        opted_out(desk.world, desk.session, desk.chain, desk.controller.id, row, event.at, code)
    if event.status is Status.FAILED and isinstance(event.error, RecipientCapped):
        capped(desk.session, row, event.at, event.error)
    state = after(State(row.state), event.status)
    if state == row.state:
        return
    if row.state in (State.QUEUED, State.AUTHORISED, State.UNKNOWN):  # faster than the receipt
        desk.told.append(reports.Told.of(row, ReportKind.STATUS, State.ACCEPTED, event.at))
        if state is not State.FAILED:
            notices.accepted(desk.session, desk.chain, [row], event.at)
            desk.senders.add(row.sender_id)  # what waited for it
    elif state is State.FAILED:
        notices.failed(desk.session, desk.chain, row, event.at)
    row.state, row.changed_at = state, desk.world.now()
    row.reason = (code or _name(event.error)) if state is State.FAILED else ""
    if event.provider_message_id and not row.reference:
        row.reference = desk.world.vault.reference(desk.controller.id, event.provider_message_id)
    desk.session.add(row)
    desk.told.append(reports.Told.of(row, ReportKind.STATUS, row.state, event.at, reason=row.reason))


def _message_of(desk: Desk, event: StatusChanged) -> MessageRow | None:
    if event.message_id:
        row = desk.session.get(MessageRow, event.message_id)
        if row is not None and row.controller_id == desk.controller.id:
            return row
    if not event.provider_message_id:
        return None
    references = desk.world.vault.references(desk.controller.id, event.provider_message_id)
    return desk.session.exec(select(MessageRow).where(col(MessageRow.reference).in_(references))).first()


def template(desk: Desk, event: TemplateChanged) -> None:
    row = desk.session.get(TemplateRow, (desk.connection.id, event.name, event.language))
    if row is None:
        return
    moved = event.category not in (None, row.category) or event.state not in (None, TemplateState.APPROVED)
    row.state = event.state or row.state
    row.category = event.category or row.category
    row.read_at = desk.world.now()
    desk.session.add(row)
    if moved:
        name = f"{event.name}/{event.language}"
        what = f"template {name} is {event.state or event.category} now"
        watch.troubled(desk.world, desk.session, desk.chain, desk.connection.id, what, template=name)


def sender(desk: Desk, event: SenderChanged) -> None:
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


def _name(error: HubError | None) -> str:
    return type(error).__name__ if error else ""
