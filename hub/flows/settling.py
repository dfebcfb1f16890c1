# SPDX-License-Identifier: Apache-2.0
"""What came of the messages that left: written down together, each by the kind of its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from hub.contract import (
    BadConfig,
    HubError,
    Receipt,
    RecipientCapped,
    RecipientOptedOut,
    Rejected,
    ReportKind,
    Scope,
    Throttled,
    Unavailable,
)
from hub.flows import accounts, limits, notices, platform, purge, reports
from hub.flows.states import State
from hub.flows.world import World
from hub.store.direct import fetch, run, table
from hub.store.ledger import Chain
from hub.store.sets import among
from hub.store.tables import Contact, MessageRow, Sender
from hub.store.vault import Sealed, seal

TRIES = 8
THROTTLES = 100  # of one message; a vendor that says so more often has a fault that only a person finds
_LONGEST = 900.0  # seconds between two tries


@dataclass(frozen=True, slots=True)
class Stale:
    """An authorisation that grew old before the request began: nothing left."""


Result = Receipt | HubError | Stale

_TABLE, _CONTACT = table(MessageRow), table(Contact)
_MESSAGE = _TABLE.c
_OUT = (
    select(
        _MESSAGE.id,
        _MESSAGE.contact_id,
        _MESSAGE.point_id,
        _MESSAGE.campaign_id,
        _MESSAGE.purpose,
        _MESSAGE.basis,
        _MESSAGE.notice_id,
        _MESSAGE.state,
        _MESSAGE.attempts,
        _MESSAGE.throttled,
        _CONTACT.c.data_key,
    )
    .join_from(_TABLE, _CONTACT, _MESSAGE.contact_id == _CONTACT.c.id)
    .where(among(_MESSAGE.id))
)
_TAKEN = (
    update(_TABLE)
    .where(_MESSAGE.id == bindparam("row"))
    .values({name: bindparam(f"new_{name}") for name in ("state", "reason", "reference", "provider_id", "changed_at")})
)
_OTHERWISE = (
    update(_TABLE)
    .where(_MESSAGE.id == bindparam("row"))
    .values({name: bindparam(f"new_{name}") for name in ("state", "reason", "attempts", "throttled", "owner")})
    .values(next_attempt_at=bindparam("new_next_attempt_at"))
    .values(changed_at=bindparam("new_changed_at"))
)


def settle(world: World, session: Session, chain: Chain, sender: Sender, results: dict[str, Result]) -> None:
    """Write down what came of a batch. Call it with the chain open."""
    if results:
        _Settling(world, session, chain, sender).run(fetch(session, _OUT, keys=results), results)


class _Settling:
    def __init__(self, world: World, session: Session, chain: Chain, sender: Sender) -> None:
        self.world, self.session, self.chain, self.sender = world, session, chain, sender
        self.now = world.now()
        self.told: list[reports.Told] = []
        self.accepted: list[Any] = []
        self.taken: list[dict[str, Any]] = []
        self.otherwise: list[dict[str, Any]] = []
        self.back: list[str] = []

    def run(self, rows: Sequence[Any], results: dict[str, Result]) -> None:
        for row in rows:
            result = results[row.id]
            if isinstance(result, Receipt):
                self._taken(row, result)
            elif row.state in (State.AUTHORISED, State.UNKNOWN):  # else a status webhook was faster
                self._not_taken(row, result)
        # by id: one order for all writers
        for statement, changes in ((_TAKEN, self.taken), (_OTHERWISE, self.otherwise)):
            if changes:
                run(self.session, statement, sorted(changes, key=lambda change: str(change["row"])))
        limits.watch(self.session, self.sender, map(_answered, results.values()), self.now)
        if self.accepted:
            notices.accepted(self.session, self.chain, self.accepted, self.now)
        reports.tell(self.world, self.session, self.sender.controller_id, self.told)
        if self.back:
            purge.returned(self.world, self.session, self.chain, self.sender.controller_id, self.back)

    def _taken(self, row: Any, receipt: Receipt) -> None:
        """Keep the provider's id. A status may have been faster, and have said that it was accepted."""
        first = row.state in (State.AUTHORISED, State.UNKNOWN)
        try:
            key = self.world.vault.key_of(row.contact_id, row.data_key)
            sealed = seal(key, receipt.provider_message_id.encode(), f"provider:{row.id}")
        except Sealed:
            sealed = None  # erased meanwhile: the id is not kept either
        self.taken.append(
            {
                "row": row.id,
                "new_state": State.ACCEPTED if first else row.state,
                "new_reason": receipt.note if first else "",
                "new_reference": self.world.vault.reference(self.sender.controller_id, receipt.provider_message_id),
                "new_provider_id": sealed,
                "new_changed_at": self.now,
            }
        )
        if first:
            self.accepted.append(row)
            self._tell(row, State.ACCEPTED)

    def _not_taken(self, row: Any, result: HubError | Stale) -> None:
        if isinstance(result, Rejected):
            self._end(row, State.FAILED, result.code or type(result).__name__)
            if isinstance(result, RecipientOptedOut):
                controller, at, code = self.sender.controller_id, self.now, result.code
                platform.opted_out(self.world, self.session, self.chain, controller, row, at, code)
            elif isinstance(result, RecipientCapped):
                platform.capped(self.session, row, self.now, result)
        elif isinstance(result, (Stale, Unavailable, BadConfig)):
            self._again(row, result)
        else:
            self._end(row, State.UNKNOWN, type(result).__name__)

    def _again(self, row: Any, result: Stale | Unavailable | BadConfig) -> None:
        """Nothing was accepted: back into the queue, later."""
        if isinstance(result, Stale):
            self._queue(row, row.attempts, self.now)
        elif isinstance(result, BadConfig):
            accounts.pause(self.session, self.sender.connection_id, str(result))
            self._queue(row, row.attempts + 1, self.now + timedelta(minutes=1))
        elif isinstance(result, Throttled):
            self._slower(row, result)
        elif row.attempts + 1 >= TRIES:
            self._end(row, State.FAILED, "Unavailable", row.attempts + 1)
        else:
            tried = row.attempts + 1
            self._queue(row, tried, self.now + timedelta(seconds=min(2.0**tried, _LONGEST)))

    def _slower(self, row: Any, result: Throttled) -> None:
        """Too fast is our mistake, not the message's: it costs no attempt."""
        wait = result.after
        if result.scope is Scope.PAIR:  # Meta: 4^X seconds, X being the number of failures before
            wait = max(wait, min(4.0 ** min(row.throttled, 10), _LONGEST))
        until = self.now + timedelta(seconds=wait)
        if result.scope is not Scope.PAIR:
            limits.rest(self.session, self.sender, result.scope, until, self.now)
        if row.throttled + 1 >= THROTTLES:
            self._end(row, State.FAILED, "Throttled", throttled=row.throttled + 1)
        else:
            self._queue(row, row.attempts, until, row.throttled + 1)

    def _queue(self, row: Any, attempts: int, at: datetime, throttled: int | None = None) -> None:
        self.back.append(row.id)
        self._change(row, State.QUEUED, "", attempts, at, throttled)

    def _end(
        self, row: Any, state: State, reason: str, attempts: int | None = None, throttled: int | None = None
    ) -> None:
        self._change(row, state, reason, attempts, None, throttled)
        self._tell(row, state, reason)

    def _change(
        self, row: Any, state: State, reason: str, attempts: int | None, at: datetime | None, throttled: int | None
    ) -> None:
        self.otherwise.append(
            {
                "row": row.id,
                "new_state": state,
                "new_reason": reason,
                "new_attempts": row.attempts if attempts is None else attempts,
                "new_throttled": row.throttled if throttled is None else throttled,
                "new_next_attempt_at": at,
                "new_owner": "",
                "new_changed_at": self.now,
            }
        )

    def _tell(self, row: Any, state: State, reason: str = "") -> None:
        self.told.append(reports.Told.of(row, ReportKind.STATUS, state, self.now, reason=reason))


def _answered(result: Result) -> bool | None:
    """Did the vendor answer? What it refused, it answered; what we held back or sent too fast says nothing."""
    if isinstance(result, (Stale, Throttled, BadConfig)):
        return None
    return isinstance(result, (Receipt, Rejected))
