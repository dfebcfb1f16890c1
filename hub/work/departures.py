# SPDX-License-Identifier: Apache-2.0
"""Authorised messages on their way: each by itself on the bridge's loop, its result into a queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from queue import SimpleQueue
from typing import Any

import structlog

from hub.contract import ClearedMessage, HubError, Provider, Uncertain
from hub.flows.dispatch import FRESH
from hub.flows.settling import Result, Stale

log = structlog.get_logger("hub.send")

Arrivals = SimpleQueue[tuple[str, Result]]


async def depart(
    provider: Provider[Any],
    batch: list[ClearedMessage],
    began: datetime,
    clock: Callable[[], datetime],
    delay: float,
    left: Callable[[], None],
    arrivals: Arrivals,
) -> None:
    """Send a batch in `delay` seconds. Each result arrives by itself: a slow one holds up nobody.

    `left` is called when it leaves. `began`: a moment before the batch was authorised. A process that slept since then
    sends nothing.
    """
    await asyncio.sleep(delay)
    left()

    async def one(message: ClearedMessage) -> None:
        arrivals.put((message.outgoing.id, await _send(provider, message, began, clock)))

    await asyncio.gather(*map(one, batch))


async def _send(
    provider: Provider[Any], message: ClearedMessage, began: datetime, clock: Callable[[], datetime]
) -> Result:
    if abs(clock() - began) > FRESH:  # a clock that was set back makes nothing young again
        return Stale()
    try:
        return await provider.send(message)
    except HubError as error:
        return error
    except BaseException as error:
        if isinstance(error, asyncio.CancelledError):
            raise
        # a plugin broke, perhaps with SystemExit, which must not end the loop; whether the request left is not known
        log.error("provider raised", connector=provider.name, error=type(error).__name__)
        return Uncertain(type(error).__name__)
