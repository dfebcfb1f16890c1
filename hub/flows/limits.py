# SPDX-License-Identifier: Apache-2.0
"""How fast a sender may go, as the vendor last let us know. Kept in its row, so that it holds for every process.

Additive increase, multiplicative decrease: told that we are too fast (Meta: 130429), half the pace, then slowly up.
A vendor that fails again and again is left alone for a while and then tried with one message a second: whatever goes
out meanwhile may end unknown, for good.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import or_, update
from sqlmodel import Session, col

from hub.contract import Scope
from hub.store.tables import Sender

log = structlog.get_logger("hub.send")

RECOVERY = 60.0  # seconds from a standstill back to the full rate
_ONE = timedelta(seconds=1)  # answers to one burst count once
PATIENCE = 10  # failed calls in a row
_REST, _LONGEST_REST = 5.0, 60.0  # seconds; doubled each time


def pace(sender: Sender, now: datetime) -> int:
    """Messages per second that this sender may send now; at least one."""
    if sender.slowed_at is None:
        return sender.rate
    since = max(0.0, (now - sender.slowed_at).total_seconds())
    return min(sender.rate, max(1, int(sender.slowed_to + sender.rate * since / RECOVERY)))


def rest(session: Session, sender: Sender, scope: Scope, until: datetime, now: datetime) -> None:
    """Nothing before `until`: from this number, or from the whole account. The number is slower afterwards."""
    sender.paused_until = max(until, sender.paused_until or now)
    if scope is Scope.ACCOUNT:
        waits = col(Sender.paused_until)
        others: Any = update(Sender).where(col(Sender.connection_id) == sender.connection_id)
        session.execute(others.where(or_(waits.is_(None), waits < until)).values(paused_until=until))
    elif sender.slowed_at is None or now - sender.slowed_at >= _ONE:
        sender.slowed_to, sender.slowed_at = pace(sender, now) // 2, now
    session.add(sender)


def watch(session: Session, sender: Sender, calls: Iterable[bool | None], now: datetime) -> None:
    """What became of calls, in their order: True answered, False failed or not answered, None says nothing."""
    failing = sender.failing
    for answered in calls:
        if answered is not None:
            failing = 0 if answered else failing + 1
    if failing == sender.failing == 0:
        return
    sender.failing = failing
    if not failing:
        sender.rests = 0
    elif failing >= PATIENCE and not (sender.paused_until and sender.paused_until > now):
        wait = min(_LONGEST_REST, _REST * 2**sender.rests)
        sender.rests += 1
        sender.paused_until = now + timedelta(seconds=wait)
        sender.slowed_to, sender.slowed_at = 0, sender.paused_until  # then one a second, to see
        log.warning("the vendor does not answer", sender=sender.id, failed=failing, seconds=wait)
    session.add(sender)
