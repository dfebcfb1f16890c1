# SPDX-License-Identifier: Apache-2.0
"""Stores the CRM records that the gate admitted, table by table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import bindparam, delete, update
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from hub.contract import ContactSnapshot
from hub.flows import contacts, permission
from hub.flows.imports import OptIn
from hub.flows.points import Located
from hub.flows.world import World
from hub.store.direct import fetch, insert_all, run, table
from hub.store.ledger import Chain
from hub.store.sets import among
from hub.store.tables import Connection, Contact, ContactPoint, Controller, CrmRecord, new_id
from hub.store.vault import seal

_TABLE, _POINT = table(CrmRecord), table(ContactPoint).c
_RECORD = _TABLE.c
_STORED = core_select(
    _RECORD.record,
    _RECORD.contact_id,
    _RECORD.point_id,
    _RECORD.fingerprint,
    _RECORD.claims,
    _RECORD.first_seen_at,
    _RECORD.art14_due_at,
).where(_RECORD.connection_id == bindparam("connection"), among(_RECORD.record))
# by token alone: asked for those of a controller, a server that knows little of the table yet reads all of them
_POINTS = core_select(_POINT.controller_id, _POINT.id, _POINT.contact_id, _POINT.token).where(among(_POINT.token))
_LEFT = core_select(_POINT.id, _POINT.former).where(_POINT.left_at.is_not(None), among(_POINT.id))
_SAID = ("fingerprint", "claims")
_HELD = (*_SAID, "contact_id", "point_id", "seen_at", "art14_due_at")
_DROP = delete(_TABLE).where(_RECORD.connection_id == bindparam("connection"), among(_RECORD.record))


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

    @property
    def place(self) -> str:
        """Where the admin finds it."""
        return place_of(self.snapshot)


class Kept(NamedTuple):
    """A point that the hub has, or is about to store."""

    id: str
    contact_id: str


def place_of(item: ContactSnapshot) -> str:
    return f"row {item.row}" if item.row else f"record {item.record}"


def stored(session: Session, connection: Connection, records: Iterable[str]) -> dict[str, Any]:
    """What the hub holds of some records, by record."""
    return {row.record: row for row in fetch(session, _STORED, connection=connection.id, keys=records)}


def points(session: Session, controller: Controller, tokens: Sequence[str]) -> dict[str, Kept]:
    """The points that the hub holds, by token."""
    rows = fetch(session, _POINTS, keys=tokens)
    return {row.token: Kept(row.id, row.contact_id) for row in rows if row.controller_id == controller.id}


def left(session: Session, held: Iterable[Any]) -> dict[str, str]:
    """Points that records name though their person no longer has them, with the token they had."""
    ids = {row.point_id for row in held}
    return {row.id: row.former for row in fetch(session, _LEFT, keys=ids)} if ids else {}


def drop(session: Session, connection: Connection, records: Sequence[str]) -> None:
    """Forget records; their people stay."""
    if records:
        run(session, _DROP, {"connection": connection.id, "keys": records})


class Writer:
    """Collects what a batch stores and writes it table by table."""

    def __init__(
        self, world: World, session: Session, controller: Controller, connection: Connection, points: dict[str, Kept]
    ) -> None:
        self._world, self._session, self._controller, self._connection = world, session, controller, connection
        self._now = world.now()
        self._points = points
        self._owners = self._load(points)
        self._new: dict[type[Any], list[dict[str, Any]]] = {Contact: [], ContactPoint: [], CrmRecord: []}
        self._changed: list[dict[str, Any]] = []
        self._said: list[dict[str, Any]] = []
        self._dropped: list[str] = []

    def _load(self, points: dict[str, Kept]) -> dict[str, Contact]:
        ids = {point.contact_id for point in points.values()}
        if not ids:
            return {}
        return {one.id: one for one in self._session.exec(select(Contact).where(among(col(Contact.id), ids)))}

    def admit(self, chain: Chain, record: Record, before: Any, due: datetime | None = None) -> bool:
        """`before`: what was stored of it. `due`: when the person must have been told where the data come from, where
        that time starts now. Returns whether the person was unknown."""
        point, unknown = self._points.get(record.token), False
        if point is None:
            point = self._known_person(before, record)
            unknown = point is None
            point = self._points[record.token] = point or self._new_person(record)
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
            self._changed.append(row)  # its new point is not in the database yet
        return unknown

    def note(self, record: Record) -> None:
        """Remember what a stored record says now, and change nothing else about it."""
        row = {"record": record.snapshot.record, "fingerprint": record.fingerprint, "claims": record.claims}
        self._said.append(row)

    def drop(self, record: str) -> None:
        """Forget a record."""
        self._dropped.append(record)

    def _known_person(self, before: Any, record: Record) -> Kept | None:
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

    def _new_person(self, record: Record) -> Kept:
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
                "former_country": "",
                "wrote_to": "",
                "restricted": False,
                "created_at": self._now,
            }
        )
        return self._point(contact_id, key, record)

    def _point(self, contact_id: str, key: Any, record: Record) -> Kept:
        point_id = new_id()
        self._new[ContactPoint].append(
            {
                "id": point_id,
                "controller_id": self._controller.id,
                "contact_id": contact_id,
                "kind": record.located.point.kind,
                "token": record.token,
                "value": seal(key, record.located.point.value.encode(), f"point:{point_id}"),
                "country": record.located.country,
                "zone": record.located.zone,
                "former": "",
            }
        )
        return Kept(point_id, contact_id)

    def _refresh(self, point: Kept, record: Record) -> None:
        contact = self._owners.get(point.contact_id)
        if contact is None or contact.data_key is None:
            return
        key = self._world.vault.key_of(contact.id, contact.data_key)
        contact.profile = _profile(key, contact.id, record)
        contacts.reside(contact, record.snapshot.country, record.snapshot.residence_stated, self._now)
        self._session.add(contact)

    def flush(self) -> None:
        """Write what was collected."""
        for model in (Contact, ContactPoint):
            insert_all(self._session, model, self._new.pop(model))
        self._update(_HELD, self._changed)
        self._update(_SAID, self._said)
        drop(self._session, self._connection, self._dropped)
        insert_all(self._session, CrmRecord, self._new.pop(CrmRecord))

    def _update(self, names: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
        if not rows:
            return
        own = (_RECORD.connection_id == bindparam("of"), _RECORD.record == bindparam("named"))
        change = update(_TABLE).where(*own).values({name: bindparam(f"new_{name}") for name in names})
        these = {"of": self._connection.id}
        run(
            self._session,
            change,
            [these | {"named": row["record"]} | {f"new_{name}": row[name] for name in names} for row in rows],
        )


def _profile(key: Any, contact_id: str, record: Record) -> bytes:
    return seal(key, orjson.dumps(dict(record.snapshot.properties)), f"profile:{contact_id}")
