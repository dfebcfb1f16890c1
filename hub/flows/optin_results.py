# SPDX-License-Identifier: Apache-2.0
"""What became of opt-ins: by page, how many asked by form, confirmed, agreed, and what of it still stands.

How often a page was looked at is not counted: it would mean to watch people who have not agreed to anything yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists
from sqlmodel import Session, col, func, select

from hub.flows.world import World
from hub.law.facts import ConsentState
from hub.store.tables import ConsentRow, FormerCode, OptInPage, OptInRequest, StopRow

_STANDING = (ConsentState.GIVEN, ConsentState.RENEWED)


@dataclass(frozen=True, slots=True)
class Result:
    """Of one page. `requested` to `waiting` are web forms; `agreed` are people by any way, under its wordings."""

    requested: int
    confirmed: int
    waiting: int  # may still confirm
    agreed: int
    standing: int  # of those, who have neither taken it back nor been stopped since


def of_page(world: World, session: Session, page: OptInPage) -> Result:
    """Counted now. A wording that several pages show counts for each of them."""
    mine = col(OptInRequest.page_id) == page.id
    confirmed = col(OptInRequest.answered_at).is_not(None)
    open_ = (col(OptInRequest.answered_at).is_(None), col(OptInRequest.expires_at) > world.now())
    wordings = wordings_of(session, page)
    return Result(
        requested=_requests(session, mine),
        confirmed=_requests(session, mine, confirmed),
        waiting=_requests(session, mine, *open_),
        agreed=_people(session, wordings),
        standing=_people(session, wordings, col(ConsentRow.state).in_(_STANDING), ~_stopped()),
    )


def _stopped() -> ColumnElement[bool]:
    """Anything that came after the consent, or with it: at the same time the stop wins, as it does at the gate."""
    return exists().where(
        col(StopRow.token) == col(ConsentRow.token),
        col(StopRow.controller_id) == col(ConsentRow.controller_id),
        col(StopRow.event_time) >= col(ConsentRow.event_time),
    )


def wordings_of(session: Session, page: OptInPage) -> list[str]:
    """The ids of all wordings that the page has shown, its present one first."""
    earlier = select(FormerCode.wording_id).where(FormerCode.page_id == page.id)
    former = session.exec(earlier.order_by(col(FormerCode.until).desc()))
    return list(dict.fromkeys((page.wording_id, *former)))


def _requests(session: Session, *which: ColumnElement[bool]) -> int:
    return session.exec(select(func.count()).select_from(OptInRequest).where(*which)).one()


def _people(session: Session, wordings: Sequence[str], *which: ColumnElement[bool]) -> int:
    """A person who agreed to several topics counts once."""
    counted = select(func.count(col(ConsentRow.token).distinct())).where(col(ConsentRow.wording_id).in_(wordings))
    return session.exec(counted.where(*which)).one()
