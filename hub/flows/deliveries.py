# SPDX-License-Identifier: Apache-2.0
"""Events on their way to those who subscribed: first a row, then tries, each with the same id and the same body.

A delivery holds up to `BATCH` events in the order in which they happened. The next one is made when this one has
arrived or was parked. Its form is that of Standard Webhooks (https://www.standardwebhooks.com).
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson
from sqlalchemy import and_, delete, func, literal_column, or_
from sqlmodel import Session, col, select

from hub.flows import subscriptions
from hub.flows.subscriptions import Target, Why
from hub.flows.world import World
from hub.store.tables import Delivery, Happening, Subscription

BATCH = 100  # events of one delivery
# seconds between tries: the last one comes a good day after the first
WAITS = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800)
PAUSED_AFTER = 20  # tries in a row that failed, whatever the delivery
KEPT = timedelta(days=7)  # events, and deliveries that arrived
PARKED_KEPT = timedelta(days=30)
GONE = "410"  # the receiver says: never again (Standard Webhooks)
_OPEN = col(Delivery.state) == literal_column("'pending'")


@dataclass(frozen=True, slots=True)
class Letter:
    """A delivery as it leaves. `body` are the exact bytes that are signed."""

    id: str
    target: Target
    body: bytes = field(repr=False)

    def headers(self, at: datetime) -> dict[str, str]:
        """The headers of a try at this time."""
        stamp = str(int(at.timestamp()))
        signed = hmac.digest(self.target.key, b".".join((self.id.encode(), stamp.encode(), self.body)), "sha256")
        return {
            "content-type": "application/json",
            "webhook-id": self.id,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
        }


def due(world: World, session: Session) -> list[str]:
    """Subscriptions for which something is to be sent, or looked through."""
    mine = select(Delivery.id).where(Delivery.subscription_id == Subscription.id, _OPEN)
    later = col(Delivery.next_attempt_at) > world.now()
    news = select(Happening.seq).where(
        Happening.controller_id == Subscription.controller_id, col(Happening.seq) > Subscription.cursor
    )
    ready = or_(mine.where(~later).exists(), and_(~mine.exists(), news.exists()))
    return list(session.exec(select(Subscription.id).where(Subscription.paused_why == "", ready)))


def following(world: World, session: Session, subscription_id: str) -> Letter | None:
    """What is to be sent now; makes the next delivery where none is open. None: nothing, or not yet."""
    row = session.get(Subscription, subscription_id, with_for_update=True)
    if row is None or row.paused_why:
        return None
    mine = select(Delivery).where(Delivery.subscription_id == row.id, _OPEN).order_by(col(Delivery.id)).limit(1)
    found = session.exec(mine).first() or _make(world, session, row)
    if found is None or found.next_attempt_at > world.now():
        return None
    return Letter(found.id, subscriptions.target(world, row), found.body)


def _make(world: World, session: Session, row: Subscription) -> Delivery | None:
    """The events after the cursor, as a delivery. The cursor passes what it does not want."""
    seq, mine = col(Happening.seq), col(Happening.controller_id) == row.controller_id
    newest = session.exec(select(func.max(seq)).where(mine)).one() or 0  # up to here everything is there: see its table
    wanted = select(Happening).where(mine, seq > row.cursor, seq <= newest, col(Happening.kind).in_(row.kinds))
    events = session.exec(wanted.order_by(seq).limit(BATCH)).all()
    row.cursor = (events[-1].seq or 0) if len(events) == BATCH else max(row.cursor, newest)
    session.add(row)
    if not events:
        return None
    now = world.now()
    body = orjson.dumps({"type": "events", "timestamp": now, "data": {"events": [_said(one) for one in events]}})
    made = Delivery(subscription_id=row.id, body=body, events=len(events), next_attempt_at=now, made_at=now)
    session.add(made)
    session.flush()
    return made


def _said(event: Happening) -> dict[str, object]:
    return {"seq": event.seq, "type": event.kind, "at": event.at, **event.data}


def settle(world: World, session: Session, delivery_id: str, answer: str, after: float = 0.0) -> bool:
    """Write down how a try ended: `answer` is its HTTP status, or why there was none. Returns whether it arrived.

    `after`: seconds that the receiver asked us to wait.
    """
    held = select(Subscription).join(Delivery).where(Delivery.id == delivery_id).with_for_update(of=Subscription)
    row = session.exec(held).first()  # first this, then its deliveries: everybody locks in this order
    found = session.get(Delivery, delivery_id, with_for_update=True)
    if row is None or found is None or found.state != "pending":
        return False  # removed, or settled by another
    found.attempts, found.answer = found.attempts + 1, answer
    arrived = answer.startswith("2") and len(answer) == 3
    if arrived:
        found.state, found.ended_at, row.failures = "done", world.now(), 0
    elif found.attempts > len(WAITS):
        found.state, found.ended_at, row.failures = "parked", world.now(), row.failures + 1
    else:
        wait = max(WAITS[found.attempts - 1], min(after, WAITS[-1]))
        found.next_attempt_at, row.failures = world.now() + timedelta(seconds=wait), row.failures + 1
    if answer == GONE or row.failures >= PAUSED_AFTER:
        subscriptions.pause(session, row, Why.GONE if answer == GONE else Why.FAILURES)
    session.add_all((found, row))
    return arrived


def forget(world: World, session: Session) -> None:
    """Delete what was kept long enough. What a subscription did not get by then is counted as lost to it."""
    now = world.now()
    old = col(Happening.at) < now - KEPT
    for row in session.exec(select(Subscription)).all():
        mine = col(Happening.controller_id) == row.controller_id
        missed = select(func.count(), func.max(Happening.seq)).where(
            mine, old, col(Happening.seq) > row.cursor, col(Happening.kind).in_(row.kinds)
        )
        count, last = session.exec(missed).one()
        if last is not None:
            row.lost, row.cursor = row.lost + count, last
            session.add(row)
    session.execute(delete(Happening).where(old))
    for state, kept in (("done", KEPT), ("parked", PARKED_KEPT)):
        session.execute(delete(Delivery).where(col(Delivery.state) == state, col(Delivery.made_at) < now - kept))
