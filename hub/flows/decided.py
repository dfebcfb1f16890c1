# SPDX-License-Identifier: Apache-2.0
"""Decisions as people look for them, and all that can be said about one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import orjson
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from hub.flows import records, traces
from hub.flows.records import Explained
from hub.flows.timeline import Place, older, read_cursor
from hub.law.facts import Verdict
from hub.law.reasons import RANKS, reason
from hub.law.trace import meaning
from hub.store.tables import Campaign, ChainHead, ChainLink, Controller, DecisionRow, MessageEvent, MessageRow

_STEP = 200  # decisions at once
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
    rows: list[Found] = []
    step = min(_STEP, LOOKED_AT)
    for _ in range(0, LOOKED_AT, step):
        seen = _chain(session, controller, first, place, step)
        ids = [row.id for row in seen if row.contact_id is not None and _may_fit(row.verdict, wanted)]
        rows += _read(session, ids, wanted.reason) if ids else ()
        if len(rows) > limit:
            return Page(rows[:limit], rows[limit - 1].cursor)
        if len(seen) < step:
            return Page(rows, "")
        place = (seen[-1].seq, seen[-1].position)
    return Page(rows, f"{place[0]}.{place[1]}" if place else "")


def _chain(session: Session, controller: Controller, first: int, place: Place | None, most: int) -> Sequence[Any]:
    """Decisions before `place`, down to the link `first`; without their records, which are long."""
    columns = (DecisionRow.id, DecisionRow.seq, DecisionRow.position, DecisionRow.verdict, DecisionRow.contact_id)
    mine = core_select(*(col(one) for one in columns)).where(
        col(DecisionRow.controller_id) == controller.id, col(DecisionRow.seq) >= first, *older(DecisionRow, place)
    )
    newest = mine.order_by(col(DecisionRow.seq).desc(), col(DecisionRow.position).desc())
    return session.execute(newest.limit(most)).all()


def _may_fit(verdict: str, wanted: Filter) -> bool:
    """A reason that says no stands in no decision that says yes, nor the other way round."""
    if not wanted.reason:
        return wanted.verdict in ("", verdict)
    says_yes = wanted.reason in RANKS and reason(wanted.reason).verdict is Verdict.ALLOW
    return wanted.verdict in ("", verdict) and (verdict == Verdict.ALLOW) == says_yes


def _read(session: Session, ids: Sequence[str], code: str) -> Iterator[Found]:
    """Those with this reason, in the order of the chain, the newest first."""
    mine = select(DecisionRow).where(col(DecisionRow.id).in_(ids))
    for row in session.exec(mine.order_by(col(DecisionRow.seq).desc(), col(DecisionRow.position).desc())):
        if code not in row.record:  # before it is parsed
            continue
        record = orjson.loads(row.record)
        if code and code not in record["reasons"]:
            continue
        yield Found(
            id=row.id,
            cursor=f"{row.seq}.{row.position}",
            at=datetime.fromisoformat(record["recorded_at"]),
            verdict=row.verdict,
            reason=record["reasons"][0],
            purpose=record["purpose"] or "",
            contact_id=row.contact_id or "",
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
