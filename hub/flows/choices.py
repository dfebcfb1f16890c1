# SPDX-License-Identifier: Apache-2.0
"""What a campaign of a controller can be made of: CRMs, numbers, approved templates, topics and notices."""

from __future__ import annotations

from sqlmodel import Session, col, select

from hub.contract import BadInput, Crm, TemplateState
from hub.flows.world import World
from hub.store.tables import Connection, Controller, Sender, TemplateRow, Wording


def crms(world: World, session: Session, controller: Controller) -> list[Connection]:
    """Connections whose plugin reads people."""
    mine = select(Connection).where(Connection.controller_id == controller.id).order_by(col(Connection.title))
    known = world.registry.connectors
    return [one for one in session.exec(mine) if (cls := known.get(one.connector)) and issubclass(cls, Crm)]


def senders(session: Session, controller: Controller) -> list[tuple[Sender, Connection]]:
    """Numbers that were not moved to another provider, each with its account."""
    mine = select(Sender, Connection).join(Connection).where(Sender.controller_id == controller.id)
    return list(session.exec(mine.where(Sender.moved_to == "").order_by(col(Sender.id))).all())


def sender(session: Session, controller: Controller, sender_id: str) -> Sender:
    """One of these numbers. Raises `BadInput`."""
    found = next((one for one, _ in senders(session, controller) if one.id == sender_id), None)
    if found is None:
        raise BadInput("is no number", field="sender", remedy="Choose one of the list.")
    return found


def templates(session: Session, controller_id: str) -> list[TemplateRow]:
    """Approved ones, each name and language once."""
    listed = (
        select(TemplateRow)
        .join(Connection, col(Connection.id) == TemplateRow.connection_id)
        .where(Connection.controller_id == controller_id, TemplateRow.state == TemplateState.APPROVED)
        .order_by(TemplateRow.name, TemplateRow.language, TemplateRow.connection_id)
    )
    return list({(row.name, row.language): row for row in session.exec(listed)}.values())


def topics(session: Session, controller_id: str) -> list[str]:
    """What people were asked to agree to, as wordings name it."""
    shown = select(Wording).where(Wording.controller_id == controller_id)
    return sorted({topic for wording in session.exec(shown) for topic in wording.topics})
