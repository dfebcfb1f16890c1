# SPDX-License-Identifier: Apache-2.0
"""The answer packet: one JSON file with everything that is held of a person, and what they must be told about it.

It is kept under the person's key, so that what was handed over can be shown again, and is gone with an erasure. A PDF
is made from these bytes and carries them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import orjson
from sqlmodel import Session, col, delete, select

from hub.contract import BadInput
from hub.flows import contacts
from hub.flows.rights import around, requests
from hub.flows.rights.held import SECTIONS, Subject
from hub.flows.rights.requests import PENDING, State
from hub.flows.world import World
from hub.law.rights import ANSWERED_BY_DATA, ARTICLES, Right
from hub.proof.chain import digest, told
from hub.store.ledger import Chain
from hub.store.tables import Controller, RightsPacket, RightsRequest
from hub.store.vault import Sealed, seal, unseal

FORMAT = "consent-hub/answer/1"
KEPT = timedelta(days=90)  # after the answer, for questions about it


def make(world: World, session: Session, controller: Controller, request_id: str, by: str) -> RightsPacket:
    """The packet as things stand now, instead of an earlier one. Raises `BadInput` before the identity is known."""
    chain = Chain(session, controller.id, world.now())
    row = requests.find(session, controller, request_id)
    if Right(row.kind) not in ANSWERED_BY_DATA:
        raise BadInput(f"asks for {row.kind}", field="request", remedy="Only access and portability have a packet.")
    if row.state != State.WORK:
        raise BadInput(f"is {row.state}", field="request", remedy="Say first how you know who asks.")
    contact = requests.whose(session, row)
    if contact.erased_at is not None:
        remedy = "Refuse it as not applicable: nothing that can be read is held of this person any more."
        raise BadInput("is about somebody who was erased", field="request", remedy=remedy)
    packet = collect(Subject(world, session, controller, contact), row)
    body = write(packet)
    sha256 = digest(body)
    counts = {name: len(rows) for name, rows in packet["data"].items()}
    key = contacts.key_of(world, contact)
    session.execute(delete(RightsPacket).where(col(RightsPacket.request_id) == row.id))
    made = RightsPacket(
        request_id=row.id,
        sha256=sha256,
        counts=counts,
        body=seal(key, body, f"packet:{row.id}"),
        made_at=world.now(),
        made_by=by,
    )
    session.add(made)
    session.flush()
    facts = {"request": row.id, "packet": sha256, "by": by}
    chain.event("right_packet_made", world.now(), facts, contact_id=row.contact_id)
    chain.write()
    return made


def read(world: World, session: Session, controller: Controller, request_id: str) -> bytes:
    """The packet that was made last, which is what was handed over once the request is answered. Raises `BadInput`."""
    row = requests.find(session, controller, request_id)
    made = session.get(RightsPacket, row.id)
    if made is None:
        raise BadInput("has no packet", field="request", remedy="Make it first; it is kept for 90 days.")
    try:
        body = unseal(contacts.key_of(world, requests.whose(session, row)), made.body, f"packet:{row.id}")
    except Sealed:
        raise BadInput("cannot be read any more", field="request", remedy="The person was erased.") from None
    return body


def forget(session: Session, now: datetime) -> None:
    """Remove packets whose request has been over for long enough."""
    over = select(RightsRequest.id).where(
        col(RightsRequest.state).not_in(PENDING), col(RightsRequest.closed_at) < now - KEPT
    )
    session.execute(delete(RightsPacket).where(col(RightsPacket.request_id).in_(over)))


def collect(of: Subject, row: RightsRequest) -> dict[str, Any]:
    """Everything; for portability what the person gave (Art. 20(1) GDPR), which is less."""
    right = Right(row.kind)
    wanted = [one for one in SECTIONS if one.provided or right is Right.ACCESS]
    recipients = around.recipients(of)
    return {
        "format": FORMAT,
        "controller": of.controller.model_dump(include={"name", "country"}),
        "request": {
            "id": row.id,
            "right": right,
            "article": ARTICLES[right],
            "received_at": row.received_at,
            "due_on": row.due_on,
        },
        "made_at": of.world.now(),
        "person": of.contact.id,
        "about": {
            "purposes": around.purposes(of),
            "categories": around.categories(recipients),
            "recipients": recipients,
            "sources": around.sources(of),
            "storage": around.storage(of.world, of.controller.id),
            "texts": around.texts(),
        },
        "data": {section.name: section.find(of) for section in wanted},
    }


def write(packet: dict[str, Any]) -> bytes:
    """For people to read as well: indented, times in UTC as ISO 8601."""
    return orjson.dumps(packet, default=_told, option=orjson.OPT_INDENT_2 | orjson.OPT_PASSTHROUGH_DATETIME)


def _told(value: object) -> str:
    if isinstance(value, datetime):
        return told(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
