# SPDX-License-Identifier: Apache-2.0
"""Change events of an org: what changed, in Avro, kept for three days under replay ids that say nothing."""

from __future__ import annotations

import hashlib
import io
import threading
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from hub_salesforce.emulator.objects import Field
from hub_salesforce.emulator.tables import Database, Row, numbered

KEPT = timedelta(hours=72)
EVERYTHING = "/data/ChangeEvents"
KINDS = ("CREATE", "UPDATE", "DELETE", "UNDELETE", "SNAPSHOT")
GAPS = ("GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW")
_HEADER = {
    "type": "record",
    "name": "ChangeEventHeader",
    "namespace": "com.sforce.eventbus",
    "fields": [
        {"name": "entityName", "type": "string"},
        {"name": "recordIds", "type": {"type": "array", "items": "string"}},
        {"name": "changeType", "type": {"type": "enum", "name": "ChangeType", "symbols": [*KINDS, *GAPS]}},
        {"name": "changeOrigin", "type": "string"},
        {"name": "transactionKey", "type": "string"},
        {"name": "sequenceNumber", "type": "int"},
        {"name": "commitTimestamp", "type": "long"},
        {"name": "commitNumber", "type": "long"},
        {"name": "commitUser", "type": "string"},
        {"name": "nulledFields", "type": {"type": "array", "items": "string"}},
        {"name": "diffFields", "type": {"type": "array", "items": "string"}},
        {"name": "changedFields", "type": {"type": "array", "items": "string"}},
    ],
}
_TYPES = {"boolean": "boolean", "datetime": "long", "int": "int"}


@dataclass(frozen=True)
class ChangeEvent:
    """One event in the log."""

    at: datetime
    replay: bytes
    entity: str
    schema: str
    payload: bytes


class Events:
    """The change events of one org. `selected`: objects whose changes are told; `channels`: an admin's own choices."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.selected = {name for name in db.tables if name not in ("CampaignMemberStatus", "Task")}
        self.channels: dict[str, Sequence[str]] = {}
        self.schemas: dict[str, str] = {}
        self.came = threading.Condition()
        self._log: list[ChangeEvent] = []
        self._number = 0
        self.damaged = False  # payloads arrive as nonsense

    def begin(self) -> None:
        """From now on, whatever changes is told."""
        for table in self.db.tables.values():
            table.told = self._changed

    def entities(self, channel: str) -> set[str] | None:
        """What a channel tells of; None where there is none of that name."""
        if channel == EVERYTHING:
            return self.selected
        if channel in self.channels:
            return set(self.channels[channel]) & self.selected
        name = channel.removeprefix("/data/").removesuffix("ChangeEvent")
        return {name} if name in self.selected and channel == f"/data/{name}ChangeEvent" else None

    def knows(self, replay: bytes) -> bool:
        """Is this a replay id, and not too old?"""
        with self.came:
            self._forget()
            return replay == self.latest or any(one.replay == replay for one in self._log)

    def behind(self, replay: bytes, channel: str) -> list[ChangeEvent]:
        """Events of a channel behind a replay id; all there are without one."""
        entities = self.entities(channel) or set()
        with self.came:
            self._forget()
            first = bisect_right(self._log, replay, key=lambda one: one.replay)
            return [one for one in self._log[first:] if one.entity in entities]

    @property
    def latest(self) -> bytes:
        """Behind everything that was told so far."""
        return _replay(self._number)

    def gap(self, entity: str, records: Sequence[str], kind: str = "GAP_UPDATE") -> None:
        """Salesforce could make no event of a change: only a header is told."""
        self._tell(entity, kind, records, {}, ())

    def _changed(self, entity: str, kind: str, row: Row, names: Sequence[str]) -> None:
        if entity in self.selected:
            changed = {name: row.get(name) for name in names} if kind != "DELETE" else {}
            self._tell(entity, kind, [row["Id"]], changed, list(changed))

    def _tell(
        self, entity: str, kind: str, records: Sequence[str], changed: Mapping[str, Any], names: Sequence[str]
    ) -> None:
        import fastavro  # only whoever listens needs it

        schema_id, schema = self._schema(entity)
        now = self.db.now()
        with self.came:
            self._number += 1
            header = {
                "entityName": entity,
                "recordIds": list(records),
                "changeType": kind,
                "changeOrigin": "com/salesforce/api/rest/68.0",
                "transactionKey": f"{self._number:08x}-0000-0000-0000-000000000000",
                "sequenceNumber": 1,
                "commitTimestamp": int(now.timestamp() * 1000),
                "commitNumber": 10_000_000 + self._number,
                "commitUser": numbered("005", "M00", 1),
                "nulledFields": _bitmap(schema, [name for name in names if changed[name] is None]),
                "diffFields": [],
                "changedFields": _bitmap(schema, names),
            }
            body = {name: _plain(value) for name, value in changed.items()}
            empty = {one["name"]: None for one in schema["fields"]}
            written = io.BytesIO()
            fastavro.schemaless_writer(written, schema, {**empty, **body, "ChangeEventHeader": header})
            payload = b"\xff" if self.damaged else written.getvalue()
            self._log.append(ChangeEvent(now, _replay(self._number), entity, schema_id, payload))
            self.came.notify_all()

    def _schema(self, entity: str) -> tuple[str, Any]:
        fields = self.db[entity].fields
        named = [_described(one) for name, one in fields.items() if name not in ("Id", "IsDeleted", "SystemModstamp")]
        schema = {
            "type": "record",
            "name": f"{entity}ChangeEvent",
            "namespace": "com.sforce.eventbus",
            "fields": [{"name": "ChangeEventHeader", "type": _HEADER}, *named],
        }
        text = orjson.dumps(schema).decode()
        schema_id = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:22]
        self.schemas[schema_id] = text
        return schema_id, schema

    def _forget(self) -> None:
        oldest = self.db.now() - KEPT
        if self._log and self._log[0].at <= oldest:
            self._log = [one for one in self._log if one.at > oldest]


def _replay(number: int) -> bytes:
    """In order, with holes."""
    return (number * 37 + 1_000).to_bytes(8, "big")


def _described(one: Field) -> dict[str, Any]:
    return {"name": one.name, "type": ["null", _TYPES.get(one.type, "string")], "default": None}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    return value if isinstance(value, bool | int) or value is None else str(value)


def _bitmap(schema: Any, names: Sequence[str]) -> list[str]:
    """Which fields of the schema, as bits from its first one on."""
    places = [place for place, one in enumerate(schema["fields"]) if one["name"] in names]
    return [f"0x{sum(1 << place for place in places):02X}"] if places else []
