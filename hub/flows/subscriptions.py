# SPDX-License-Identifier: Apache-2.0
"""Programs that want to be told what happens: an address, some kinds of events, and a secret that signs them."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import delete, func, literal_column
from sqlmodel import Session, col, select

from hub.contract import BadInput
from hub.flows import addresses
from hub.flows.happenings import Kind
from hub.flows.world import World
from hub.store.tables import Controller, Delivery, Happening, Subscription, new_id

MOST = 20  # of one company
_PREFIX = "whsec_"  # as Standard Webhooks writes a secret
_PARKED: Any = literal_column("'parked'")
_PENDING: Any = literal_column("'pending'")  # both literal, as the index over them


class Why(StrEnum):
    """Why a subscription is told nothing."""

    PERSON = "person"
    GONE = "gone"  # the receiver said so
    FAILURES = "failures"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a subscription's deliveries go. `key` signs them."""

    url: str = field(repr=False)
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """A subscription, what waits for it, and what it did not take."""

    row: Subscription
    waiting: int
    parked: int
    oldest: datetime | None  # of what was tried and waits


def make(
    world: World, session: Session, controller: Controller, *, title: str, url: str, kinds: Sequence[str], by: str
) -> tuple[Subscription, str]:
    """A new subscription and its secret, which nobody can read again. It is told what happens from now on.

    Raises `BadInput`.
    """
    parts = addresses.read(url.strip(), inside=world.settings.events_inside)
    unknown = sorted(set(kinds) - set(Kind))
    if unknown or not kinds:
        problem = f"{unknown[0]!r} is no kind of event" if unknown else "is empty"
        raise BadInput(problem, field="kinds", remedy=f"Choose from: {', '.join(Kind)}.")
    if len(_mine(session, controller)) >= MOST:
        raise BadInput(f"there are {MOST} already", field="subscription", remedy="Remove one that nobody needs.")
    key = secrets.token_bytes(32)
    made = Subscription(
        id=new_id(),
        controller_id=controller.id,
        title=title.strip()[:100] or (parts.hostname or ""),
        host=parts.hostname or "",
        target=b"",
        kinds=[kind for kind in Kind if kind in kinds],
        cursor=session.exec(select(func.max(Happening.seq))).one() or 0,
        made_by=by,
        created_at=world.now(),
    )
    sealed = orjson.dumps({"url": url.strip(), "key": base64.b64encode(key).decode()})
    made.target = world.vault.seal(sealed, f"subscription:{made.id}")
    session.add(made)
    session.flush()
    world.wanted.reload()
    return made, _PREFIX + base64.b64encode(key).decode()


def target(world: World, row: Subscription) -> Target:
    """Raises `Sealed` when the key ring has lost its key."""
    held = orjson.loads(world.vault.open(row.target, f"subscription:{row.id}"))
    return Target(held["url"], base64.b64decode(held["key"]))


def _mine(session: Session, controller: Controller) -> Sequence[Subscription]:
    mine = select(Subscription).where(Subscription.controller_id == controller.id)
    return session.exec(mine.order_by(col(Subscription.id))).all()


def every(session: Session, controller: Controller) -> list[Standing]:
    """All of a company, with what waits."""
    return [standing(session, row) for row in _mine(session, controller)]


def standing(session: Session, row: Subscription) -> Standing:
    count = (func.coalesce(func.sum(Delivery.events), 0), func.min(Delivery.made_at))
    open_ = select(*count).where(Delivery.subscription_id == row.id, col(Delivery.state) == _PENDING)
    parked = select(func.count()).where(Delivery.subscription_id == row.id, col(Delivery.state) == _PARKED)
    mine = (Happening.controller_id == row.controller_id, col(Happening.kind).in_(row.kinds))
    behind = select(func.count()).where(*mine, col(Happening.seq) > row.cursor)
    waiting, oldest = session.exec(open_).one()
    return Standing(row, int(waiting) + session.exec(behind).one(), session.exec(parked).one(), oldest)


def find(session: Session, controller: Controller, subscription_id: str) -> Subscription:
    """Raises `BadInput`, also for another company's."""
    found = session.get(Subscription, subscription_id)
    if found is None or found.controller_id != controller.id:
        raise BadInput("there is no such subscription", field="subscription", remedy="See `hub events list`.")
    return found


def pause(session: Session, row: Subscription, why: Why = Why.PERSON) -> None:
    """Nothing is sent from now on; what happens is kept, as long as events are kept."""
    row.paused_why = row.paused_why or why
    session.add(row)


def resume(world: World, session: Session, row: Subscription) -> None:
    """Go on where it stood, at once."""
    row.paused_why, row.failures = "", 0
    session.add(row)
    for waiting in _deliveries(session, row, _PENDING):
        waiting.next_attempt_at = world.now()
        session.add(waiting)


def remove(world: World, session: Session, row: Subscription) -> None:
    """Forget it, and what was not delivered."""
    session.execute(delete(Delivery).where(col(Delivery.subscription_id) == row.id))
    session.delete(row)
    session.flush()
    world.wanted.reload()


def parked(session: Session, row: Subscription, limit: int = 100) -> Sequence[Delivery]:
    """What it did not take until the last try, the oldest first."""
    return _deliveries(session, row, _PARKED)[:limit]


def _deliveries(session: Session, row: Subscription, state: Any) -> Sequence[Delivery]:
    mine = select(Delivery).where(Delivery.subscription_id == row.id, col(Delivery.state) == state)
    return session.exec(mine.order_by(col(Delivery.id))).all()


def again(world: World, session: Session, row: Subscription, delivery_id: str = "") -> int:
    """Send what was parked once more, one delivery or all; what fails again is parked at once. Returns how many.

    Raises `BadInput`.
    """
    found = [one for one in _deliveries(session, row, _PARKED) if delivery_id in ("", one.id)]
    if delivery_id and not found:
        raise BadInput("is not parked", field="delivery", remedy="See `hub events parked`.")
    for one in found:
        one.state, one.next_attempt_at, one.ended_at = "pending", world.now(), None
        session.add(one)
    return len(found)
