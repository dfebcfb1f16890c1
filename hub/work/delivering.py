# SPDX-License-Identifier: Apache-2.0
"""Delivers events to subscribers: takes the next row, calls the address, writes down the answer."""

from __future__ import annotations

import asyncio
import socket
import threading

import anyio
import httpx
import structlog

from hub import http
from hub.bridge import Bridge
from hub.flows import addresses, deliveries
from hub.flows.deliveries import Letter
from hub.flows.world import World
from hub.work.leases import Held

log = structlog.get_logger("hub.work")
TIMEOUT = 15.0  # seconds for a whole try
LEASE = 60.0


class Deliverer:
    """Delivers to one subscriber at a time, in order."""

    def __init__(self, world: World, bridge: Bridge, stopping: threading.Event) -> None:
        self.world, self.bridge, self.stopping = world, bridge, stopping

    def deliver(self, subscription_id: str) -> int:
        """Send until nothing is due. Returns how many deliveries arrived."""
        lease = Held(self.world, f"events:{subscription_id}", LEASE)
        if not lease.take():
            return 0
        try:
            return self._deliver(subscription_id, lease)
        finally:
            lease.release()

    def _deliver(self, subscription_id: str, lease: Held) -> int:
        arrived = 0
        while not self.stopping.is_set() and lease.take():
            with self.world.db.write() as session:
                letter = deliveries.following(self.world, session, subscription_id)
            if letter is None:
                break
            answer, after = self.bridge.run(self._post, letter)
            with self.world.db.write() as session:
                ok = deliveries.settle(self.world, session, letter.id, answer, after)
            log.info("delivered" if ok else "not delivered", delivery=letter.id, answer=answer)
            arrived += ok
        return arrived

    async def _post(self, letter: Letter) -> tuple[str, float]:
        """The answer's status, or why there is none; and the seconds it asks us to wait."""
        inside = self.world.settings.events_inside
        try:
            with anyio.fail_after(TIMEOUT):
                return await post(letter.target.url, letter.headers(self.world.now()), letter.body, inside=inside)
        except TimeoutError:
            return "timeout", 0.0
        except Inside:
            return "inside our own network", 0.0
        except (OSError, httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return type(error).__name__, 0.0


class Inside(Exception):
    """The name stands for an address that may not be called."""


async def post(url: str, headers: dict[str, str], body: bytes, *, inside: bool) -> tuple[str, float]:
    """Call the address that was looked at, and no other: a name may stand for another one a moment later.

    Its certificate must be that of the name. Redirects are not followed and bodies not read. Raises `Inside`,
    `OSError`, `httpx.HTTPError`.
    """
    asked = httpx.URL(url)
    address = await _resolve(asked, inside=inside)
    there = asked.copy_with(host=address)
    headers = {**headers, "host": asked.netloc.decode()}
    more = {"sni_hostname": asked.host}
    async with (
        http.passing() as client,
        client.stream("POST", there, headers=headers, content=body, extensions=more) as answer,
    ):
        after = answer.headers.get("retry-after", "")
        return str(answer.status_code), float(after) if after.isdecimal() else 0.0


async def _resolve(url: httpx.URL, *, inside: bool) -> str:
    loop = asyncio.get_running_loop()
    port = url.port or (443 if url.scheme == "https" else 80)
    found = [str(one[4][0]) for one in await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)]
    if not inside and not all(addresses.outside(one) for one in found):
        raise Inside
    return found[0]
