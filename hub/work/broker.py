# SPDX-License-Identifier: Apache-2.0
"""Which broker carries the nudges. Chosen before actors exist; the database stays the truth with either."""

from __future__ import annotations

import dramatiq
from dramatiq.broker import Broker
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import Callbacks, Middleware, ShutdownNotifications, TimeLimit

from hub.settings import Settings


def choose(settings: Settings) -> Broker:
    """Redis if there is one, else in this process. No retries and no delays: those live in rows."""
    middleware: list[Middleware] = [TimeLimit(time_limit=3_600_000), ShutdownNotifications(), Callbacks()]
    broker: Broker
    if settings.redis_url:
        from dramatiq.brokers.redis import RedisBroker  # here, since its client is large and few need it

        # the defaults need nine minutes to give a killed worker's jobs back; these need about eight seconds
        broker = RedisBroker(  # type: ignore[no-untyped-call]
            url=settings.redis_url, middleware=middleware, heartbeat_timeout=5_000, maintenance_chance=1_000_000
        )
    else:
        broker = StubBroker(middleware=middleware)
    dramatiq.set_broker(broker)
    return broker
