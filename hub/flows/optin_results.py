# SPDX-License-Identifier: Apache-2.0
"""What became of opt-ins: by page, how many asked by form, confirmed, agreed, and what of it still stands.

How often a page was looked at is not counted: it would mean to watch people who have not agreed to anything yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from hub.flows.world import World
from hub.law.facts import ConsentState
from hub.store.tables import ConsentRow, FormerCode, OptInPage, OptInRequest

_STANDING = (ConsentState.GIVEN, ConsentState.RENEWED)


@dataclass(frozen=True, slots=True)
class Result:
    """Of one page. `requested` to `waiting` are web forms; `agreed` are people by any way, under its wordings."""

    requested: int
    confirmed: int
    waiting: int  # may still confirm
    agreed: int
    standing: int  # of those, who did not take it back


def of_page(world: World, session: Session, page: OptInPage) -> Result:
    """Counted now. A wording that several pages show counts for each of them."""
    mine = OptInRequest.page_id == page.id
    confirmed = col(OptInRequest.answered_at).is_not(None)
    open_ = (col(OptInRequest.answered_at).is_(None), col(OptInRequest.expires_at) > world.now())
    wordings = wordings_of(session, page)
    return Result(
        requested=_requests(session, mine),
        confirmed=_requests(session, mine, confirmed),
        waiting=_requests(session, mine, *open_),
        agreed=_people(session, wordings),
        standing=_people(session, wordings, col(ConsentRow.state).in_(_STANDING)),
    )


def wordings_of(session: Session, page: OptInPage) -> list[str]:
    """The ids of all wordings that the page has shown, its present one first."""
    earlier = select(FormerCode.wording_id).where(FormerCode.page_id == page.id)
    former = session.exec(earlier.order_by(col(FormerCode.until).desc()))
    return list(dict.fromkeys((page.wording_id, *former)))


def _requests(session: Session, *which: object) -> int:
    return session.exec(select(func.count()).select_from(OptInRequest).where(*which)).one()  # type: ignore[arg-type]


def _people(session: Session, wordings: Sequence[str], *which: object) -> int:
    """A person who agreed to several topics counts once."""
    counted = select(func.count(col(ConsentRow.token).distinct())).where(col(ConsentRow.wording_id).in_(wordings))
    return session.exec(counted.where(*which)).one()  # type: ignore[arg-type]
