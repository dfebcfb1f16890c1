# SPDX-License-Identifier: Apache-2.0
"""Change Data Capture: which records changed, as it happens. An event only names them; they are read as they are now.

So an event that came twice, late or without its content is as good as any, and our own writing is known again as in
every sync. What events cannot name any more (a replay id that expired, an overflow) is a gap.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from hub import BadConfig, Changes, ContactSnapshot, HubError, Memory, Rejected, Unavailable
from hub_salesforce import org as orgs
from hub_salesforce import people, permissions
from hub_salesforce.api import Api
from hub_salesforce.consents import KINDS
from hub_salesforce.ids import full
from hub_salesforce.login import Session, session
from hub_salesforce.lookups import IDS, by
from hub_salesforce.org import Org
from hub_salesforce.rows import Row
from hub_salesforce.settings import Config
from hub_salesforce.walk import Walk

SILENCE = 300.0  # seconds; Salesforce says something at least every 270
BUNDLE = 1.0  # seconds in which changes are collected, to be read together
_INSTALL = "change_events needs more than is installed: pip install 'consent-hub-salesforce[cdc]'"
_OURS = frozenset({*orgs.PEOPLE, "Account", "Individual", *KINDS})


@dataclass
class Told:
    """What some events name: records by object, those that were deleted, and whether that is all."""

    records: dict[str, dict[str, None]] = field(default_factory=dict)
    deleted: dict[str, None] = field(default_factory=dict)
    gap: bool = False

    def __len__(self) -> int:
        return sum(len(ids) for ids in self.records.values())

    def add(self, header: dict[str, Any]) -> None:
        """What the header of an event names. An overflow names nothing, a mass change a pattern."""
        name, kind = header.get("entityName"), header.get("changeType")
        if name not in _OURS:
            return
        ids = [full(str(one)) for one in header.get("recordIds") or ()]
        if kind == "GAP_OVERFLOW" or not ids or not all(ids):
            self.gap = True
            return
        self.records.setdefault(str(name), {}).update(dict.fromkeys(ids))
        if kind in ("DELETE", "GAP_DELETE") and name in orgs.PEOPLE:
            self.deleted.update(dict.fromkeys(ids))

    def of(self, name: str) -> list[str]:
        return list(self.records.get(name, ()))


class Feed:
    """The changes of one org."""

    def __init__(self, config: Config, http: httpx.AsyncClient, memory: Memory, asked: Sequence[str]) -> None:
        self.config, self.http, self.memory, self.asked = config, http, memory, tuple(asked)
        self.api = Api(config, http, memory)

    async def pages(self, since: str | None) -> AsyncIterator[Changes]:
        """As `Crm.changes` says. A session that ended is replaced once; a replay id that expired begins anew."""
        pubsub, replay, refused = _pubsub(), self._replay(since), False
        while True:
            current = await session(self.config, self.http, self.memory)
            try:
                async with _opened(self.config, current) as bus, contextlib.aclosing(self._told(bus, replay)) as pages:
                    async for page in pages:
                        refused, replay = False, self._replay(page.cursor)
                        yield page
            except pubsub.Ended:
                if refused:
                    raise BadConfig("Salesforce refused the session: check organization and the app's user") from None
                refused = True
                await session(self.config, self.http, self.memory, spoilt=current.token)
            except pubsub.Lost:
                replay = b""

    async def _told(self, bus: Any, replay: bytes) -> AsyncGenerator[Changes]:
        await subscribable(bus, self.config)
        seen = await orgs.see(self.api, self.config)
        stream = await bus.subscribe(self.config.change_events, replay)
        try:
            yield Changes((), self._cursor(replay), gap=not replay)
            while True:
                told, replay = await self._collect(bus, stream)
                yield await self._page(seen, told, self._cursor(replay))
                await stream.more()
        finally:
            await stream.close()

    async def _collect(self, bus: Any, stream: Any) -> tuple[Told, bytes]:
        """What came within a moment, and the replay id behind it."""
        answer = await stream.read(SILENCE)
        if answer is None:
            raise Unavailable(f"Salesforce was silent for {SILENCE:.0f} seconds")
        told, until = Told(), time.monotonic() + BUNDLE
        while True:
            for one in answer.events:
                await self._add(bus, told, one.event)
            replay = answer.events[-1].replay_id if answer.events else answer.latest_replay_id
            left = until - time.monotonic()
            if not told or len(told) >= IDS or not answer.pending_num_requested or left <= 0:
                return told, bytes(replay)
            if (following := await stream.read(left)) is None:
                return told, bytes(replay)
            answer = following

    async def _add(self, bus: Any, told: Told, event: Any) -> None:
        try:
            told.add(await bus.header(event))
        except _pubsub().Unreadable:
            told.gap = True

    async def _page(self, seen: Org, told: Told, cursor: str | None) -> Changes:
        """The people that changed, as they are now."""
        try:
            rows = await self._rows(seen, told)
            walk = Walk(self.api, self.config, seen, permissions.mark(self.memory), self.asked)
            items, unusable = await walk.snapshots(list(rows.values()))
        except Rejected:  # the same again would not help: let a sync find out
            return Changes((), cursor, gap=True)
        gone = tuple(ContactSnapshot(record, deleted=True) for record in told.deleted if record not in rows)
        return Changes((*items, *gone), cursor, unusable, gap=told.gap)

    async def _rows(self, seen: Org, told: Told) -> dict[str, Row]:
        """Contacts and leads by id: those that changed, and those whose account, Individual or consent record did."""
        owners = dict.fromkeys(told.of("Individual"))
        for name in seen.kinds:
            async for row in by(self.api, name, ["Id", "PartyId"], "Id", told.of(name), deleted=True):
                owners[row["PartyId"]] = None
        rows: dict[str, Row] = {}
        for name in seen.people:
            wanted = people.fields(seen, name, self.config, self.asked)
            ways = [("Id", told.of(name), "")]
            if seen.has(name, "IndividualId"):
                ways.append(("IndividualId", [one for one in owners if one], ""))
            if seen.has(name, "IsPersonAccount"):
                ways.append(("AccountId", told.of("Account"), " AND IsPersonAccount = true"))
            for where, ids, more in ways:
                async for row in by(self.api, name, wanted, where, ids, more, deleted=where == "Id"):
                    rows[full(row.get("Id", ""))] = row
        return rows

    def _cursor(self, replay: bytes) -> str | None:
        """Replay ids are of one channel."""
        return f"{self.config.change_events} {base64.b64encode(replay).decode()}" if replay else None

    def _replay(self, cursor: str | None) -> bytes:
        """Empty where there is none, or one of another channel."""
        channel, _, replay = (cursor or "").partition(" ")
        if channel != self.config.change_events:
            return b""
        try:
            return base64.b64decode(replay, validate=True)
        except binascii.Error:
            return b""


async def subscribable(bus: Any, config: Config) -> None:
    """Raises `BadConfig` unless the user may listen to the channel."""
    if not (await bus.topic(config.change_events)).can_subscribe:
        raise BadConfig(f"the app's user may not subscribe to {config.change_events}: give it the right to the objects")


async def trouble(config: Config, http: httpx.AsyncClient, memory: Memory) -> str:
    """Why changes cannot be listened to; "" where they can."""
    try:
        ended = _pubsub().Ended
        current = await session(config, http, memory)
        async with _opened(config, current) as bus:
            await subscribable(bus, config)
    except HubError as error:
        return str(error)
    except ended as refused:
        return f"Salesforce refused the session ({refused}): check organization and the app's user"
    return ""


def _opened(config: Config, current: Session) -> Any:
    return _pubsub().Bus(config.pubsub_url, current, full(config.organization))


def _pubsub() -> Any:
    """The module that needs the extra. Raises `BadConfig` without it."""
    try:
        from hub_salesforce import pubsub
    except ImportError:
        raise BadConfig(_INSTALL) from None
    return pubsub
