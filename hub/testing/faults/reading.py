# SPDX-License-Identifier: Apache-2.0
"""Collects what the oracle judges by: the provider's own log, and the hub's database. Everybody is a token here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import orjson
from sqlmodel import Session, col, select

from hub.contract import Purpose
from hub.store import ledger
from hub.store.tables import ContactPoint, DecisionRow, LedgerRow, MessageRow, StopRow
from hub.testing.faults.commits import committed
from hub.testing.faults.oracle import Allowed, History, Kept, Request, Stopped
from hub.testing.lab import Lab, number

Times = dict[str, datetime]
Log = dict[str, list[dict[str, str]]]


def history(
    lab: Lab, log: Log, expected: frozenset[str], *, statuses_arrive: bool = True, one_clock: bool = True
) -> History:
    """What happened in a lab. `log` is the vendor's; `expected` are tokens."""
    tokens = {number(index).lstrip("+"): lab.token(number(index)) for index in range(lab.people)}
    times = committed(lab.world.settings.data_dir)
    with lab.world.db.read() as session:
        return History(
            requests=tuple(_requests(log, tokens)),
            allowed=tuple(_allowed(session, times)),
            stopped=tuple(_stopped(session, times)),
            messages=tuple(_messages(session)),
            expected=expected,
            statuses_arrive=statuses_arrive,
            one_clock=one_clock,
            chain=ledger.verify(session, lab.owner.id).problem,
        )


def _requests(log: Log, tokens: dict[str, str]) -> Iterator[Request]:
    """Of several requests with one message, the last ones are those that were taken."""
    taken = Counter(one["message"] for one in log["taken"])
    for one in reversed(log["requests"]):
        got = taken[one["message"]] > 0
        taken[one["message"]] -= got
        digits = one["to"].lstrip("+")
        yield Request(datetime.fromisoformat(one["at"]), one["message"], tokens.get(digits, digits), got)


def _allowed(session: Session, times: Times) -> Iterator[Allowed]:
    mine = select(DecisionRow).where(DecisionRow.phase == "transmit", DecisionRow.verdict == "ALLOW")
    for row in session.exec(mine):
        at = _recorded(row.record)
        yield Allowed(row.message_id or "", row.seq, at, times.get(row.id, at))


def _stopped(session: Session, times: Times) -> Iterator[Stopped]:
    for stop, row in session.exec(select(StopRow, LedgerRow).where(StopRow.ledger_id == LedgerRow.id)):
        yield Stopped(stop.token, row.seq, times.get(stop.id, _recorded(row.record)))


def _recorded(record: str) -> datetime:
    return datetime.fromisoformat(orjson.loads(record)["recorded_at"])


def _messages(session: Session) -> Iterator[Kept]:
    columns = (MessageRow.id, ContactPoint.token, MessageRow.campaign_id, MessageRow.purpose, MessageRow.state)
    rows = select(*columns, MessageRow.reason).join(ContactPoint, col(ContactPoint.id) == MessageRow.point_id)  # type: ignore[call-overload]
    for row_id, token, campaign, purpose, state, reason in session.exec(rows):
        yield Kept(row_id, token, campaign or "", purpose == Purpose.MARKETING, state, reason)
