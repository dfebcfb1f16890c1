# SPDX-License-Identifier: Apache-2.0
"""What a consent record says beyond the ledger: who receives the data, where, for how long, and what was told.

It comes from the file on the provider that was in force when the consent was recorded, from the connected CRMs, from
the policy that decides now, and from notices in the ledger. What is in none of them stays empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from hub.flows.world import World
from hub.law.facts import RecordState
from hub.store.tables import Connection, Controller, CrmRecord, ProcessorRecord, Sender

YES = frozenset({"consent_given", "consent_imported"})  # by the person here; proved by a CRM under an approved mapping
WHATSAPP = "WhatsApp Ireland Limited"
Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sources:
    """What one consent's record adds. Times as periods of ISO 8601."""

    recipients: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    transfers: tuple[dict[str, Any], ...] = ()
    processor_record: str = ""
    validity: str | None = None
    retention: dict[str, Any] = field(default_factory=dict)
    notices: tuple[dict[str, Any], ...] = ()


def gather(
    world: World, session: Session, controller: Controller, contact_id: str, events: Sequence[Event]
) -> dict[str, Sources]:
    """By the id of each `consent_given` event. `events` are a person's ledger records."""
    crms = _crms(world, session, contact_id)
    notices = tuple(
        {
            "event_id": event["id"],
            "kind": event["notice_kind"],
            "notice_id": event["notice"],
            "version": event["version"],
            "event_time": event["event_time"],
        }
        for event in events
        if event["kind"] == "notice_served"
    )
    policy = world.policy_for(controller.id)
    retention = {"policy": policy.id, "calendar_years": policy.retention.consent_years} if policy else {}
    found = {}
    for consent in (event for event in events if event["kind"] in YES):
        record = _file(session, consent)
        profile = record.profile if record else _profile(world, session, consent)
        through = [profile["legal_entity"], *profile["subprocessors"]] if profile else []
        found[consent["id"]] = Sources(
            recipients=tuple(dict.fromkeys([*through, WHATSAPP, *crms])),
            places=tuple(profile.get("regions", ())),
            transfers=tuple(record.transfers) if record else (),
            processor_record=f"{record.id}:v{record.version}" if record else "",
            validity=f"P{policy.consent.max_unused_days}D" if policy else None,
            retention={**retention, "counted_from": "end or last use"} if retention else {},
            notices=notices,
        )
    return found


def _connection(session: Session, consent: Event) -> str | None:
    """Through which account the consent came: as its event says, or by the number it was sent to."""
    source = consent["source"]
    sender = session.get(Sender, source["sender"]) if source.get("sender") else None
    return source.get("connection") or (sender.connection_id if sender else None)


def _file(session: Session, consent: Event) -> ProcessorRecord | None:
    mine = select(ProcessorRecord).where(
        ProcessorRecord.connection_id == _connection(session, consent),
        ProcessorRecord.state != RecordState.DRAFT,
        col(ProcessorRecord.created_at) <= datetime.fromisoformat(consent["recorded_at"]),
    )
    return session.exec(mine.order_by(col(ProcessorRecord.version).desc())).first()


def _profile(world: World, session: Session, consent: Event) -> dict[str, Any]:
    """Without a file at that time: the account's name, as it is known now."""
    connection_id = _connection(session, consent)
    connection = session.get(Connection, connection_id) if connection_id else None
    if connection is None:
        return {}
    cls = world.registry.connectors.get(connection.connector)
    profile = getattr(cls, "profile", None)
    return {"legal_entity": profile.legal_entity if profile else connection.connector, "subprocessors": ()}


def _crms(world: World, session: Session, contact_id: str) -> list[str]:
    """CRMs that hold a record of the person: statuses and stops are told to them."""
    mine = (
        select(Connection.connector)
        .join(CrmRecord, col(CrmRecord.connection_id) == Connection.id)
        .where(CrmRecord.contact_id == contact_id)
        .distinct()
        .order_by(Connection.connector)
    )
    names = session.exec(mine).all()
    known = world.registry.connectors
    return [known[name].title if name in known else name for name in names]
