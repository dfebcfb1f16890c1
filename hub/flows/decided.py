# SPDX-License-Identifier: Apache-2.0
"""Decisions as people look for them, and all that can be said about one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import orjson
from sqlmodel import Session, col, select

from hub.flows import records, traces
from hub.flows.records import Explained
from hub.flows.timeline import older, read_cursor
from hub.law.trace import meaning
from hub.store.tables import Campaign, ChainHead, ChainLink, Controller, DecisionRow, MessageEvent, MessageRow

LOOKED_AT = 5_000  # decisions that one page looks at, at most: a rare reason may be many pages back


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for; empty means all. `day` in UTC."""

    verdict: str = ""
    reason: str = ""
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One decision of a list."""

    id: str
    cursor: str
    at: datetime
    verdict: str
    reason: str
    purpose: str
    contact_id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Page:
    """`more` is the cursor to go on from, also where this page has nothing; empty at the end."""

    rows: Sequence[Found]
    more: str


@dataclass(frozen=True, slots=True)
class Step:
    """One check, what it asks, its objections, and the id of what it looked at."""

    check: str
    asks: str
    codes: Sequence[str]
    about: str


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision, explained. `steps` is empty where its facts cannot be judged again today."""

    row: DecisionRow
    at: datetime
    record: dict[str, Any] = field(repr=False)
    reasons: Sequence[Explained]
    steps: Sequence[Step]
    wordings: Sequence[dict[str, Any]]
    message: MessageRow | None
    campaign: Campaign | None
    statuses: Sequence[MessageEvent]


def listing(session: Session, controller: Controller, wanted: Filter, before: str, limit: int) -> Page:
    """Decisions about people, the newest first: after at most `LOOKED_AT` of them, the page ends where it is."""
    place, first = read_cursor(before), 0
    if wanted.day is not None:
        midnight = datetime.combine(wanted.day, time.min, UTC)
        first = _link_at(session, controller, midnight)
        end = (_link_at(session, controller, midnight + timedelta(days=1)), 0)
        place = min(place, end) if place else end
    within = select(DecisionRow).where(
        DecisionRow.controller_id == controller.id,
        col(DecisionRow.seq) >= first,
        *older(DecisionRow, place),
    )
    newest = within.order_by(col(DecisionRow.seq).desc(), col(DecisionRow.position).desc())
    rows: list[Found] = []
    looked, last = 0, None
    for row in session.exec(newest.limit(LOOKED_AT).execution_options(yield_per=200)):
        looked, last = looked + 1, row
        if found := _fitting(row, wanted):
            rows.append(found)
            if len(rows) > limit:
                return Page(rows[:limit], rows[limit - 1].cursor)
    more = f"{last.seq}.{last.position}" if last is not None and looked == LOOKED_AT else ""
    return Page(rows, more)


def _fitting(row: DecisionRow, wanted: Filter) -> Found | None:
    # the text is searched before it is read: most rows of a page are others
    if row.contact_id is None or wanted.verdict not in ("", row.verdict) or wanted.reason not in row.record:
        return None
    record = orjson.loads(row.record)
    if wanted.reason and wanted.reason not in record["reasons"]:
        return None
    return Found(
        id=row.id,
        cursor=f"{row.seq}.{row.position}",
        at=datetime.fromisoformat(record["recorded_at"]),
        verdict=row.verdict,
        reason=record["reasons"][0],
        purpose=record["purpose"] or "",
        contact_id=row.contact_id,
        message_id=row.message_id or "",
    )


def _link_at(session: Session, controller: Controller, at: datetime) -> int:
    """The first link that is not older than `at`, by halving: links stand in the order of time."""
    low, high = 1, session.get_one(ChainHead, controller.id).seq + 1
    while low < high:
        middle = (low + high) // 2
        mine = (ChainLink.controller_id == controller.id, ChainLink.seq == middle)
        link = session.exec(select(ChainLink.at).where(*mine)).first()
        if link is not None and link < at:
            low = middle + 1
        else:
            high = middle
    return low


def word(language: str) -> Callable[[str], Explained]:
    """Explains codes in one language."""
    return lambda code: records.explain(code, language)


def find(session: Session, controller: Controller, decision_id: str) -> DecisionRow | None:
    """A decision about a person; another company's is none."""
    row = session.get(DecisionRow, decision_id)
    mine = row is not None and row.controller_id == controller.id and row.contact_id is not None
    return row if mine else None


def explain(session: Session, row: DecisionRow, language: str) -> Decided:
    """All that is recorded, in words, with every check that was made."""
    record = orjson.loads(row.record)
    (traced,) = traces.of(session, [row])
    steps = [
        Step(one["check"], meaning(one["check"], language), one["objections"], one["about"]) for one in traced["steps"]
    ]
    message = session.get(MessageRow, row.message_id) if row.message_id else None
    of_message = select(MessageEvent).where(MessageEvent.message_id == row.message_id)
    return Decided(
        row=row,
        at=datetime.fromisoformat(record["recorded_at"]),
        record=record,
        reasons=[records.explain(code, language) for code in record["reasons"]],
        steps=steps,
        wordings=records.wordings_of(session, [record]),
        message=message,
        campaign=session.get(Campaign, message.campaign_id) if message and message.campaign_id else None,
        statuses=session.exec(of_message.order_by(col(MessageEvent.at))).all() if message else (),
    )
