# SPDX-License-Identifier: Apache-2.0
"""What a person sees and changes about their permission, behind a link of their own.

Less takes effect at once and is a stop of the person. More is never given here: it needs the person's own message.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, col, select

from hub.contract import Channel, PointKind, Purpose
from hub.flows import contacts, facts, permission, reports, standing
from hub.flows.links import Opened
from hub.flows.permission import Reach
from hub.flows.standing import Standing
from hub.flows.world import World
from hub.law.facts import StopKind
from hub.law.stops import code_of
from hub.store.ledger import Chain
from hub.store.tables import ConsentRow, OptInPage, StopRow, Wording


class Wish(StrEnum):
    TOPICS = "topics"  # keep some of them
    MARKETING = "marketing"  # no more advertising, on any channel
    EVERYTHING = "everything"  # nothing but what the law orders


@dataclass(frozen=True, slots=True)
class Grant:
    """One consent, and how each of its topics stands today."""

    id: str  # of the ledger
    wording: Wording
    given_at: datetime
    topics: tuple[tuple[str, Standing], ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What is held about a person's permission for one contact point."""

    ending: str  # the last digits of the number
    grants: tuple[Grant, ...]  # newest first
    stops: tuple[StopRow, ...]  # newest first
    offers: tuple[OptInPage, ...]  # texts that the person has not agreed to, or no more

    @property
    def topics(self) -> tuple[str, ...]:
        """What the person agrees to today."""
        agreed = {topic for grant in self.grants for topic, stands in grant.topics if stands is Standing.AGREED}
        return tuple(sorted(agreed))


def held(world: World, session: Session, opened: Opened) -> Held:
    """Read everything. Changes nothing."""
    person = facts.people(session, opened.controller, [opened.point.id], world.now())[opened.point.id]
    given = select(ConsentRow).where(ConsentRow.token == opened.point.token)
    rows = session.exec(given.order_by(col(ConsentRow.event_time).desc(), col(ConsentRow.topic))).all()
    grants: dict[str, list[ConsentRow]] = {}
    for row in rows:
        grants.setdefault(row.ledger_id, []).append(row)
    stops = select(StopRow).where(
        StopRow.controller_id == opened.controller.id,
        StopRow.token == opened.point.token,
        StopRow.kind != facts.TOMBSTONE,
    )
    found = tuple(
        Grant(
            ledger_id,
            session.get_one(Wording, group[0].wording_id),
            group[0].event_time,
            tuple((row.topic, standing.of(world, opened.controller, person, row.topic)) for row in group),
        )
        for ledger_id, group in grants.items()
    )
    now = Held(
        _ending(world, opened),
        found,
        tuple(session.exec(stops.order_by(col(StopRow.event_time).desc()))),
        (),
    )
    return Held(now.ending, now.grants, now.stops, _offers(session, opened, now))


def _ending(world: World, opened: Opened) -> str:
    if opened.point.kind != PointKind.E164:
        return ""
    return contacts.value_of(world, opened.contact, opened.point).value[-3:]


def _offers(session: Session, opened: Opened, now: Held) -> tuple[OptInPage, ...]:
    """Open pages whose text is not what the person agrees to today: a new wording shows here first."""
    standing_texts = {g.wording.id for g in now.grants if all(s is Standing.AGREED for _, s in g.topics)}
    pages = session.exec(
        select(OptInPage)
        .where(OptInPage.controller_id == opened.controller.id, col(OptInPage.closed_at).is_(None))
        .order_by(col(OptInPage.created_at))
    )
    return tuple(page for page in pages if page.wording_id not in standing_texts)


def change(world: World, session: Session, opened: Opened, wish: Wish, keep: Collection[str] = ()) -> int:
    """Take back what the person no longer wants, at once. Returns how many stops that made.

    `keep` are topics to go on with; what was not agreed to before does not begin by being named.
    """
    chain = Chain(session, opened.controller.id, world.now())
    agreed = held(world, session, opened).topics
    if wish is Wish.TOPICS:
        dropped = [topic for topic in agreed if topic not in keep]
        kind = StopKind.CONSENT_WITHDRAWN
        reaches = [Reach(Channel.WHATSAPP, Purpose.MARKETING, topic) for topic in dropped]
        nothing_left = len(dropped) == len(agreed)
    else:
        everything = wish is Wish.EVERYTHING
        kind = StopKind.STOP_ALL if everything else StopKind.OBJECTION_MARKETING
        reaches = [permission.EVERYTHING if everything else permission.ALL_MARKETING]
        nothing_left = True
    made = [_stop(world, session, chain, opened, kind, reach) for reach in reaches]
    if made and nothing_left:  # a CRM knows only yes and no: told of a part, it would stop the rest
        at = world.now()
        reports.tell_withdrawal(session, opened.contact.id, f"stop:{made[-1]}", code_of(kind), at, at)
    session.flush()
    chain.write()
    return len(made)


def _stop(world: World, session: Session, chain: Chain, opened: Opened, kind: StopKind, reach: Reach) -> str:
    return permission.stop(
        world,
        session,
        chain,
        opened.controller,
        contacts.tokens_of(session, opened.contact.id),
        kind,
        world.now(),
        reach,
        {"page": "preferences", "link_made_at": opened.link.made_at.isoformat()},
        contact_id=opened.contact.id,
    )
