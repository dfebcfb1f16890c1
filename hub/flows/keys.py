# SPDX-License-Identifier: Apache-2.0
"""Keys for programs that use the API: made once, shown once, kept as a hash, with a role and an end."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from hub.contract import BadInput
from hub.flows.roles import Role
from hub.flows.world import World
from hub.store.tables import ApiKey, Controller

LONGEST = timedelta(days=730)
_PREFIX = "hub_"  # so that scanners of source code find a key that was left there


def make(
    world: World, session: Session, controller: Controller, *, title: str, role: str, days: int, by: str
) -> tuple[ApiKey, str]:
    """A new key and its secret, which nobody can read again. Raises `BadInput`."""
    if not title.strip():
        raise BadInput("is empty", field="title", remedy="Say which program uses the key.")
    if role not in set(Role):
        raise BadInput(f"{role!r} is no role", field="role", remedy=f"Use one of: {', '.join(Role)}.")
    if not 0 < days <= LONGEST.days:
        raise BadInput("is out of range", field="days", remedy=f"Give 1 to {LONGEST.days} days.")
    secret = _PREFIX + secrets.token_urlsafe(32)
    now = world.now()
    key = ApiKey(
        controller_id=controller.id,
        title=title.strip(),
        role=role,
        hash=_hash(secret),
        created_by=by,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(key)
    session.flush()
    return key, secret


def find(session: Session, secret: str, now: datetime) -> ApiKey | None:
    """The key with this secret, while it may be used."""
    key = session.exec(select(ApiKey).where(ApiKey.hash == _hash(secret))).first()
    return key if key is not None and key.revoked_at is None and now < key.expires_at else None


def every(session: Session, controller: Controller) -> list[ApiKey]:
    """All keys, the newest first."""
    mine = select(ApiKey).where(ApiKey.controller_id == controller.id)
    return list(session.exec(mine.order_by(col(ApiKey.id).desc())))


def revoke(world: World, session: Session, controller: Controller, key_id: str) -> ApiKey:
    """From the commit on it opens nothing. Raises `BadInput`."""
    key = session.get(ApiKey, key_id)
    if key is None or key.controller_id != controller.id:
        raise BadInput(f"there is no key {key_id!r}", field="key", remedy="See `hub keys list`.")
    key.revoked_at = key.revoked_at or world.now()
    session.add(key)
    return key


def used(session: Session, key_id: str, now: datetime) -> None:
    """Note that somebody used it: one that nobody uses should be revoked."""
    key = session.get_one(ApiKey, key_id)
    key.used_at = now
    session.add(key)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
