# SPDX-License-Identifier: Apache-2.0
"""A workflow of the CRM asks for one message to one record. The gate decides when it is sent, as for any other; what
cannot even be asked is refused at once, and the workflow is told why."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import Session, select

from hub.contract import Option, Options, PointKind, Purpose, SendRequested
from hub.flows import answers, choices, reports, routing
from hub.flows.desk import Desk
from hub.store.tables import (
    Connection,
    Contact,
    ContactPoint,
    CrmRecord,
    Sender,
    TemplateRow,
    WorkflowRequest,
    new_id,
)

PATIENCE = timedelta(minutes=15)  # a record that is new in the CRM may start a workflow before the hub has read it


class _Refused(Exception):
    """It cannot be asked. The reason code."""


def requested(desk: Desk, event: SendRequested) -> None:
    """Queue the message, or tell the workflow why not. The same request again changes nothing."""
    asked = select(WorkflowRequest.id).where(
        WorkflowRequest.connection_id == desk.connection.id, WorkflowRequest.event == event.event
    )
    if desk.session.exec(asked).first() is not None:
        return
    record = desk.session.get(CrmRecord, (desk.connection.id, event.record))
    if record is None and desk.world.now() - event.at < PATIENCE:
        desk.early.append(event)
        desk.sync = True
        return
    row = WorkflowRequest(
        id=new_id(),
        controller_id=desk.controller.id,
        connection_id=desk.connection.id,
        event=event.event,
        record=event.record,
        title=event.template,
        callback=event.callback,
        created_at=desk.world.now(),
    )
    desk.session.add(row)
    try:
        row.message_id = _queue(desk, event, record, row)
    except _Refused as refused:
        _refuse(desk, event, record, row, str(refused))


def _queue(desk: Desk, event: SendRequested, record: CrmRecord | None, row: WorkflowRequest) -> str:
    """Returns the message id."""
    if record is None:
        raise _Refused("SUBJECT_UNRESOLVED")
    if event.purpose not in set(Purpose):
        raise _Refused("PURPOSE_UNKNOWN")
    if event.purpose == Purpose.MARKETING and event.topic in ("", "*"):
        raise _Refused("CONSENT_TOPIC_NOT_COVERED")
    contact = desk.session.get_one(Contact, record.contact_id)
    point = _point(desk.session, record)
    sender, template = _way(desk, event)
    given = dict(event.parameters)
    if any(not given.get(name, "").strip() for name in template.parameters):
        raise _Refused("PLATFORM_TEMPLATE_INVALID")
    filled = [(name, " ".join(value.split())) for name, value in event.parameters]
    message_id = answers.queue_template(
        desk.world,
        desk.session,
        sender,
        contact,
        point,
        Purpose(event.purpose),
        template,
        filled,
        approved_category=template.category,
        dedupe=f"workflow:{row.id}",
        evidence=(),
        topic=event.topic or "*",
    )
    desk.senders.add(sender.id)
    return message_id


def _point(session: Session, record: CrmRecord) -> ContactPoint:
    """The number that the record names."""
    point = session.get(ContactPoint, record.point_id) if record.point_id else None
    if point is None or point.left_at is not None or point.kind == PointKind.EMAIL:
        raise _Refused("SUBJECT_UNRESOLVED")
    return point


def _way(desk: Desk, event: SendRequested) -> tuple[Sender, TemplateRow]:
    """The template, and the preferred number whose account has it. Without a language, the only one there is."""
    name, _, language = event.template.partition("/")
    offers = routing.offers(desk.world, desk.session, desk.controller, event.purpose)
    found = [(offer, row) for offer in offers for row in _templates(desk.session, offer.connection, name, language)]
    if not found or len({row.language for _, row in found}) > 1:
        raise _Refused("PLATFORM_TEMPLATE_INVALID")
    offer, row = min(found, key=lambda pair: not pair[0].fits)  # if none can, the gate says why
    return offer.sender, row


def _templates(session: Session, connection: Connection, name: str, language: str) -> list[TemplateRow]:
    mine = select(TemplateRow).where(TemplateRow.connection_id == connection.id, TemplateRow.name == name)
    return [row for row in session.exec(mine) if language in ("", row.language)]


def _refuse(desk: Desk, event: SendRequested, record: CrmRecord | None, row: WorkflowRequest, reason: str) -> None:
    facts = {"connection": desk.connection.id, "request": row.id, "reason": reason}
    contact_id = record.contact_id if record else None
    desk.chain.event("workflow_refused", event.at, facts, contact_id=contact_id)
    reports.tell_workflow(desk.session, row, contact_id, reason, desk.world.now())


def options(session: Session, connection: Connection) -> Options:
    """What a workflow of this CRM may choose from: approved templates, purposes, and topics people agreed to."""
    listed = choices.templates(session, connection.controller_id)
    topics = choices.topics(session, connection.controller_id)
    return Options(
        templates=tuple(Option(f"{one.name}/{one.language}", f"{one.name} ({one.language})") for one in listed),
        purposes=tuple(Option(purpose, purpose.replace("_", " ").capitalize()) for purpose in ASKED),
        topics=tuple(Option(topic, topic) for topic in topics),
    )


# what a company may ask for; the others are answers of the hub itself
ASKED = (
    Purpose.MARKETING,
    Purpose.UTILITY,
    Purpose.SERVICE,
    Purpose.AUTHENTICATION,
    Purpose.PRE_CONTRACT,
    Purpose.LEGAL,
)
