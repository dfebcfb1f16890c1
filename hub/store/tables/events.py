# SPDX-License-Identifier: Apache-2.0
"""What happened, for programs that subscribed to it, and how far each of them was told. Ids and codes only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Integer
from sqlmodel import Field, Index, SQLModel, text

from hub.store.tables.columns import json, key, maybe_time, ref, sealed, time

PENDING = text("state = 'pending'")  # the condition of an index: a query must say it likewise


class Subscription(SQLModel, table=True):
    """An address that is told about some kinds of events, in the order in which they happened."""

    id: str = key()
    controller_id: str = ref("controller.id")
    title: str
    host: str  # of the address; the rest of it may be a secret
    target: bytes = sealed()  # address and signing secret: see `hub.flows.subscriptions`
    kinds: list[str] = json(default_factory=list)
    cursor: int = Field(sa_type=BigInteger)  # the last event that was looked at for it
    failures: int = 0  # tries in a row without success
    lost: int = 0  # events that were too old before they could be delivered
    paused_why: str = ""  # a `hub.flows.subscriptions.Why`; not empty: nothing is sent
    made_by: str
    created_at: datetime = time()


class Happening(SQLModel, table=True):
    """Something that happened. Only kept where somebody had subscribed to its kind.

    `seq` is given while the controller's chain is locked, so for one controller its order is that of the commits.
    """

    __table_args__ = (
        Index("ix_happening_next", "controller_id", "seq"),
        {"sqlite_autoincrement": True},  # the number of a deleted row must not come again
    )
    seq: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    controller_id: str = ref("controller.id", index=False)
    kind: str  # a `hub.flows.happenings.Kind`
    at: datetime = time()
    data: dict[str, Any] = json()


class Delivery(SQLModel, table=True):
    """Some events on their way to a subscriber. Its id is the `webhook-id`, the same at each try, as is `body`."""

    __table_args__ = (
        Index("ix_delivery_pending", "subscription_id", "id", sqlite_where=PENDING, postgresql_where=PENDING),
        Index("ix_delivery_of", "subscription_id", "state"),
    )
    id: str = key()
    subscription_id: str = ref("subscription.id", index=False)
    body: bytes
    events: int  # how many
    state: str = "pending"  # pending, done, parked
    attempts: int = 0
    answer: str = ""  # of the last try: an HTTP status, or why there was none
    next_attempt_at: datetime = time()
    made_at: datetime = time()
    ended_at: datetime | None = maybe_time()
