# SPDX-License-Identifier: Apache-2.0
"""A contact point that its person no longer has, and one contact that turns out to be two people.

Stops never get lost by either: they stay with the person who said so. Consents end, until they are given anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from hub.contract import Point, PointKind
from hub.flows import contacts, permission
from hub.flows.facts import REASSIGNED, TOMBSTONE
from hub.flows.register import Register
from hub.store.tables import ConsentRow, Contact, ContactPoint, CrmRecord, MessageRow, ReportRow, StopRow


def leave(register: Register, point: Point, at: datetime, source: Mapping[str, Any]) -> None:
    """The point has, or may have, a new holder from `at` on (legal reference 4.5, recycled number).

    The person keeps their stops, and what was consented to on it counts no more. Whoever has the point now starts
    anew: they are bound by what they say themselves.
    """
    session, versions, row = register.session, register.versions(point), register.find(point)
    left = f"left:{row.id}" if row else "left:"
    stops = [s for s in permission.stops_of(session, register.controller, versions) if s.kind != TOMBSTONE]
    facts = {
        "tokens": versions,
        "left": left,
        "stops": sorted({stop.ledger_id for stop in stops}),
        "source": dict(source),
    }
    contact_id = row.contact_id if row else None
    ledger_id = register.chain.event("point_reassigned", at, facts, contact_id=contact_id, token=versions[0])
    if row is not None:
        session.add_all(permission.copied(stop, left, stop.ledger_id) for stop in _once(stops))
        for consent in session.exec(select(ConsentRow).where(col(ConsentRow.token).in_(versions))):
            consent.token = left
            session.add(consent)
        row.former, row.token, row.left_at = row.token, left, at
        session.add(row)
    for stop in stops:
        if stop.event_time <= at:  # a later one may be the new holder's, and binds both
            stop.left_by = left
            session.add(stop)
    session.add_all(
        StopRow(
            controller_id=register.controller.id,
            token=token,
            kind=REASSIGNED,
            event_time=at,
            ledger_id=ledger_id,
        )
        for token in versions
    )
    session.flush()


def _once(stops: Sequence[StopRow]) -> Sequence[StopRow]:
    """One of each, where a stop is kept under several keys of the ring."""
    return list({(stop.kind, stop.channel, stop.purpose, stop.event_time): stop for stop in stops}.values())


def split(
    register: Register, contact: Contact, rows: Sequence[ContactPoint], at: datetime, source: Mapping[str, Any]
) -> Contact:
    """These points are another person's (legal reference 4.5, split). Returns that person.

    The stops of both bind both. Nobody can say who consented, wrote or was called by the name on file: that ends.
    """
    session = register.session
    other = contacts.new(register.world, session, register.controller)
    tokens = register.tokens(contact)
    register.unite_stops(contact)
    facts = {
        "split_off": other.id,
        "tokens": tokens,
        "moved": [row.token for row in rows],
        "consents_unverified": permission.unverify(session, register.controller, tokens),
        "source": dict(source),
    }
    register.chain.event("contact_split", at, facts, contact_id=contact.id)
    hand_over(register, rows, contact, other)
    other.restricted, other.reassigned_at = contact.restricted, contact.reassigned_at
    for one in (contact, other):
        forget_profile(register, one)
    session.flush()
    return other


def hand_over(register: Register, rows: Sequence[ContactPoint], giver: Contact, taker: Contact) -> None:
    """Points go to another person, with what was said and sent there, and the CRM records that name them."""
    session, tokens, moved = register.session, [row.token for row in rows], {row.id for row in rows}
    for row in rows:
        register.move_point(row, giver, taker)
    for consent in session.exec(select(ConsentRow).where(col(ConsentRow.token).in_(tokens))).all():
        consent.contact_id = taker.id
        session.add(consent)
    have = set(session.exec(select(MessageRow.campaign_id).where(MessageRow.contact_id == taker.id)))
    for message in session.exec(select(MessageRow).where(col(MessageRow.point_id).in_(moved))).all():
        if message.campaign_id is None or message.campaign_id not in have:  # a person gets a campaign once
            register.move_message(message, giver, taker)
    for record in session.exec(select(CrmRecord).where(col(CrmRecord.point_id).in_(moved))).all():
        record.contact_id = taker.id
        session.add(record)
        reports = select(ReportRow).where(ReportRow.connection_id == record.connection_id)
        for report in session.exec(reports.where(ReportRow.record == record.record)).all():
            report.contact_id = taker.id
            session.add(report)
    session.flush()


def follow(register: Register, rows: Sequence[ContactPoint], at: datetime, source: Mapping[str, Any]) -> None:
    """The platform shows these points as one person's: BSUIDs go to whoever has the number. Stops bind both."""
    owner = next((row.contact_id for row in rows if row.kind == PointKind.E164), None)
    for row in rows:
        if owner is None or row.contact_id == owner or row.kind == PointKind.E164 or row.left_at:
            continue
        giver, taker = (register.session.get_one(Contact, one) for one in (row.contact_id, owner))
        permission.carry_over(
            register.world, register.session, register.chain, register.controller, register.tokens(giver), row.token
        )
        unverified = permission.unverify(register.session, register.controller, [row.token])
        facts = {"to": taker.id, "tokens": [row.token], "consents_unverified": unverified, "source": dict(source)}
        register.chain.event("point_moved", at, facts, contact_id=giver.id, token=row.token)
        hand_over(register, [row], giver, taker)
        register.unite_stops(taker)


def forget_profile(register: Register, contact: Contact) -> None:
    """Nobody is called by another's name. The CRM's next word on any of their records fills it again."""
    contact.profile, contact.last_inbound_at = None, None
    register.session.add(contact)
    for record in register.session.exec(select(CrmRecord).where(CrmRecord.contact_id == contact.id)).all():
        record.fingerprint = ""
        register.session.add(record)
