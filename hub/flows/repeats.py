# SPDX-License-Identifier: Apache-2.0
"""Requests that may come twice: the same key and the same request get the first answer again, and nothing is done.

Source: draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlalchemy import delete
from sqlmodel import Session, col

from hub.contract import BadInput
from hub.flows.world import World
from hub.store.tables import Repeat

KEPT = timedelta(hours=24)


def fingerprint(method: str, path: str, body: bytes) -> str:
    """What makes a request the same request."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()


def answered(world: World, session: Session, who: str, key: str, request: str) -> Repeat | None:
    """The answer that this request had. Raises `BadInput` when the key belonged to another request."""
    known = session.get(Repeat, (who, key))
    if known is None or world.now() - known.at > KEPT:
        return None
    if known.request != request:
        raise BadInput(
            "was used for another request", field="Idempotency-Key", remedy="Take a new key for each new request."
        )
    return known


def keep(world: World, session: Session, who: str, key: str, request: str, status: int, answer: bytes) -> None:
    """Remember the answer, in the transaction that did the work."""
    session.merge(Repeat(who=who, key=key, request=request, status=status, answer=answer, at=world.now()))


def forget(world: World, session: Session) -> None:
    """Remove what is older than a repetition may be."""
    session.execute(delete(Repeat).where(col(Repeat.at) < world.now() - KEPT))
