# SPDX-License-Identifier: Apache-2.0
"""The review queue: messages that a person must read, the oldest first, and what they may find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session
from starlette.routing import Route

from hub.flows import review
from hub.flows.review import UNCLEAR, Verdict
from hub.flows.rights import arrivals
from hub.flows.roles import May
from hub.law.advice import advice, spoken
from hub.store.tables import Controller, Review
from hub.web.console.rooms import Made, NotFound, Rooms, Visitor

_HERE = "/console/reviews"
_PAGE = 25  # each shows a person's own words: not more than somebody reads at once
_UNCLEAR = (Verdict.STOP, Verdict.STOP_ALL, Verdict.NO_STOP)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message to read."""

    row: Review
    words: str = field(repr=False)  # empty once the person was erased, or where only a kind came
    language: str
    advice: str
    verdicts: tuple[Verdict, ...]  # that fit; none where it is about who is who


def routes(rooms: Rooms) -> list[Route]:
    return [
        rooms.show(_HERE, May.PEOPLE, "reviews.html", _queue),
        *(
            rooms.act(f"{_HERE}/{{id}}/{verdict}", May.PEOPLE, f"review.{verdict}", _close(verdict))
            for verdict in Verdict
        ),
        rooms.act(f"{_HERE}/{{id}}/rights", May.PEOPLE, "rights.open", _rights),
    ]


def _rights(visitor: Visitor, session: Session, owner: Controller) -> Made:
    found = session.get(Review, visitor.path["id"])
    if found is None or found.controller_id != owner.id:
        raise NotFound
    row = arrivals.from_message(visitor.world, session, owner, found.id, visitor.actor.id)
    return Made(f"/console/rights/{row.id}", row.id)


def _queue(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    rows = review.waiting(session, owner, _PAGE + 1)
    return {
        "waiting": [_waiting(visitor, session, row) for row in rows[:_PAGE]],
        "more": len(rows) > _PAGE,
        "now": visitor.world.now(),
    }


def _waiting(visitor: Visitor, session: Session, row: Review) -> Waiting:
    words = review.words(visitor.world, session, row)
    verdicts = () if row.other_id else _UNCLEAR if row.kind == UNCLEAR else (Verdict.DONE,)
    hint = advice(row.kind, review.rule(session, row), visitor.language)
    return Waiting(row, words, spoken(words), hint, verdicts)


def _close(verdict: Verdict) -> Callable[[Visitor, Session, Controller], str]:
    def deed(visitor: Visitor, session: Session, owner: Controller) -> str:
        found = session.get(Review, visitor.path["id"])
        if found is None or found.controller_id != owner.id:
            raise NotFound
        review.close(visitor.world, session, owner, found.id, verdict, visitor.actor.id)
        return _HERE

    return deed
