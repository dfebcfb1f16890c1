# SPDX-License-Identifier: Apache-2.0
"""Stores the CRM records that the gate admitted, table by table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import insert
from sqlmodel import Session, col, select

from hub.contract import ContactSnapshot
from hub.flows import contacts, permission
from hub.flows.imports import OptIn
from hub.flows.points import Located
from hub.flows.world import World
from hub.store.ledger import Chain
from hub.store.tables import Connection, Contact, ContactPoint, Controller, CrmRecord, new_id
from hub.store.vault import seal


@dataclass(slots=True)
class Record:
    """A snapshot with a number that can be looked up."""

    snapshot: ContactSnapshot
    located: Located
    token: str  # under which the point is kept
    tokens: list[str]  # under which it may be kept, after a key was rotated
    claims: list[dict[str, Any]]
    fingerprint: str
    told: OptIn | None = None  # its consent as the admin mapped it


class Writer:
    """Collects what a batch stores and writes it table by table."""

    def __init__(
        self,
        world: World,
        session: Session,
        controller: Controller,
        connection: Connection,
        points: dict[str, ContactPoint],
    ) -> None:
        self._world, self._session, self._controller, self._connection = world, session, controller, connection
        self._now = world.now()
        self._points = points
        self._owners = self._load(points)
        self._new: dict[type[Any], list[dict[str, Any]]] = {Contact: [], ContactPoint: [], CrmRecord: []}
        self._changed: list[tuple[CrmRecord, dict[str, Any]]] = []

    def _load(self, points: dict[str, ContactPoint]) -> dict[str, Contact]:
        ids = {p.contact_id for p in points.values()}
        return {c.id: c for c in self._session.exec(select(Contact).where(col(Contact.id).in_(ids)))}

    def admit(self, chain: Chain, record: Record, before: CrmRecord | None, due: datetime | None = None) -> None:
        """`due` is when the person must have been told where the data come from, where that time starts now."""
        point = self._points.get(record.token)
        if point is None:
            point = self._known_person(before, record) or self._new_person(record)
            self._points[record.token] = point
        else:
            self._refresh(point, record)
        if before is not None and before.point_id != point.id:
            old = self._session.exec(
                select(ContactPoint.token).where(ContactPoint.contact_id == before.contact_id)
            ).all()
            permission.carry_over(self._world, self._session, chain, self._controller, old, record.token)
        row = {
            "connection_id": self._connection.id,
            "record": record.snapshot.record,
            "contact_id": point.contact_id,
            "point_id": point.id,
            "fingerprint": record.fingerprint,
            "claims": record.claims,
            "seen_at": self._now,
            "first_seen_at": before.first_seen_at if before else self._now,
            "art14_due_at": due or (before.art14_due_at if before else None),
        }
        if before is None:
            self._new[CrmRecord].append(row)
        else:
            self._changed.append((before, row))  # its new point is not in the database yet

    def _known_person(self, before: CrmRecord | None, record: Record) -> ContactPoint | None:
        """The record's number changed: the person keeps their contact, and their stops."""
        if before is None:
            return None
        contact = self._session.get(Contact, before.contact_id)
        if contact is None or contact.data_key is None:
            return None
        self._owners[contact.id] = contact
        point = self._point(contact.id, self._world.vault.key_of(contact.id, contact.data_key), record)
        self._refresh(point, record)
        return point

    def _new_person(self, record: Record) -> ContactPoint:
        contact_id = new_id()
        key, wrapped = self._world.vault.new_key(contact_id)
        self._new[Contact].append(
            {
                "id": contact_id,
                "controller_id": self._controller.id,
                "data_key": wrapped,
                "profile": _profile(key, contact_id, record),
                "country": record.snapshot.country,
                "residence_stated": record.snapshot.residence_stated,
                "created_at": self._now,
            }
        )
        return self._point(contact_id, key, record)

    def _point(self, contact_id: str, key: Any, record: Record) -> ContactPoint:
        point_id = new_id()
        row: dict[str, Any] = {
            "id": point_id,
            "controller_id": self._controller.id,
            "contact_id": contact_id,
            "kind": record.located.point.kind,
            "token": record.token,
            "value": seal(key, record.located.point.value.encode(), f"point:{point_id}"),
            "country": record.located.country,
            "zone": record.located.zone,
        }
        self._new[ContactPoint].append(row)
        return ContactPoint(**row)

    def _refresh(self, point: ContactPoint, record: Record) -> None:
        contact = self._owners.get(point.contact_id)
        if contact is None or contact.data_key is None:
            return
        key = self._world.vault.key_of(contact.id, contact.data_key)
        contact.profile = _profile(key, contact.id, record)
        contacts.reside(contact, record.snapshot.country, record.snapshot.residence_stated, self._now)
        self._session.add(contact)

    def flush(self) -> None:
        self._insert(Contact, ContactPoint)
        for record, values in self._changed:
            for name, value in values.items():
                setattr(record, name, value)
            self._session.add(record)
        self._changed.clear()
        self._session.flush()
        self._insert(CrmRecord)

    def _insert(self, *tables: type[Any]) -> None:
        for table in tables:
            rows = self._new[table]
            if rows:
                self._session.execute(insert(table), rows)
                rows.clear()


def _profile(key: Any, contact_id: str, record: Record) -> bytes:
    return seal(key, orjson.dumps(dict(record.snapshot.properties)), f"profile:{contact_id}")
