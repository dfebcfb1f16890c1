# SPDX-License-Identifier: Apache-2.0
"""Dramatiq actors: three lines each. They carry ids, never payloads; losing one loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import dramatiq
from dramatiq.broker import Broker

from hub.work.jobs import Jobs

RECEIVE_BATCH = 500


class Nudges:
    """Ways to say "there is something to do". Safe to call at any time, after commit."""

    def __init__(self, broker: Broker, jobs: Callable[[], Jobs]) -> None:
        """`jobs` is asked only in a process that runs workers."""

        @dramatiq.actor(actor_name="receive", queue_name="webhooks", broker=broker)
        def receive(ids: list[str]) -> None:
            jobs().receive(ids, dispatch.send)

        @dramatiq.actor(actor_name="dispatch", queue_name="sending", broker=broker)
        def dispatch(sender_id: str) -> None:
            jobs().dispatcher.drain(sender_id)

        @dramatiq.actor(actor_name="stage", queue_name="planning", broker=broker)
        def stage(campaign_id: str) -> None:
            sender = jobs().stage(campaign_id)
            if sender:
                dispatch.send(sender)

        @dramatiq.actor(actor_name="reach", queue_name="planning", broker=broker)
        def reach(campaign_id: str) -> None:
            jobs().reach(campaign_id)

        @dramatiq.actor(actor_name="tend", queue_name="planning", broker=broker)
        def tend(campaign_id: str) -> None:
            sender = jobs().tend(campaign_id)
            if sender:
                dispatch.send(sender)

        @dramatiq.actor(actor_name="sync", queue_name="planning", broker=broker)
        def sync(connection_id: str) -> None:
            jobs().sync(connection_id)

        @dramatiq.actor(actor_name="listen", queue_name="planning", broker=broker)
        def listen(connection_id: str) -> None:
            jobs().listener.begin(connection_id)

        @dramatiq.actor(actor_name="report", queue_name="reporting", broker=broker)
        def report(connection_id: str) -> None:
            jobs().report(connection_id)

        @dramatiq.actor(actor_name="deliver", queue_name="reporting", broker=broker)
        def deliver(subscription_id: str) -> None:
            jobs().deliverer.deliver(subscription_id)

        self.deliver = deliver
        self._receive, self.dispatch, self.sync, self.report = receive, dispatch, sync, report
        self.stage, self.tend, self.listen, self.reach = stage, tend, listen, reach

    def receive(self, ids: Iterable[str]) -> None:
        """Webhooks wait in the inbox."""
        every = list(ids)
        for start in range(0, len(every), RECEIVE_BATCH):
            self._receive.send(every[start : start + RECEIVE_BATCH])
