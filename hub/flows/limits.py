# SPDX-License-Identifier: Apache-2.0
"""How fast a sender may go, as the vendor last let us know. Kept in its row, so that it holds for every process.

Additive increase, multiplicative decrease: told that we are too fast (Meta: 130429), half the pace, then slowly up.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import Session, col

from hub.contract import Scope
from hub.store.tables import Sender

RECOVERY = 60.0  # seconds from a standstill back to the full rate
_ONE = timedelta(seconds=1)  # answers to one burst count once


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
