# SPDX-License-Identifier: Apache-2.0
"""Webhooks out: collected for a moment, sent as one POST, signed over the escaped bytes."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import random
import threading
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import orjson

from hub.testing.emulator import Webhooks

SIGNATURE = "x-hub-signature-256"
Entry = dict[str, Any]
Acknowledged = Callable[[str, datetime], None]


class Outbox(Webhooks):
    """Batches entries. `target()` gives URL and app secret when a batch leaves."""

    def __init__(
        self,
        rng: random.Random,
        target: Callable[[], tuple[str, str]],
        now: Callable[[], datetime],
        acknowledged: Acknowledged,
    ) -> None:
        super().__init__(rng)
        self.batch = 100  # updates per POST; Meta's limit is 1,000
        self.gather = 0.01  # seconds an update waits for company
        self.signed_by = (SIGNATURE,)
        self._target, self._now, self._acknowledged = target, now, acknowledged
        self._entries: list[tuple[Entry, str]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._own_loop: asyncio.AbstractEventLoop | None = None
        self._own_thread = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with super().running():
            self._own_loop, self._own_thread = asyncio.get_running_loop(), threading.get_ident()
            yield

    def put(self, entry: Entry, *, after: float = 0.0, key: str = "") -> None:
        """Send an entry, from any thread. `key` is named to `acknowledged` once the hub answered 2xx."""
        if self._own_loop is None:
            raise RuntimeError("the emulator is not running")
        if threading.get_ident() == self._own_thread:  # nobody needs to be woken
            self._own_loop.call_later(after, self._add, entry, key)
        else:
            self._own_loop.call_soon_threadsafe(self._own_loop.call_later, after, self._add, entry, key)

    def _add(self, entry: Entry, key: str) -> None:
        self._entries.append((entry, key))
        if len(self._entries) >= self.batch:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self.gather, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        entries, self._entries = self._entries, []
        url, app_secret = self._target()
        if not url or not entries:
            return  # nobody subscribed: Meta sends nothing
        keys = [key for _, key in entries if key]
        body = escaped({"object": "whatsapp_business_account", "entry": [entry for entry, _ in entries]})
        headers = {"content-type": "application/json", **self.proof(body, app_secret)}

        def done(at: datetime) -> None:
            for key in keys:
                self._acknowledged(key, at)

        self.post(url, body, lambda _: headers, done=done, now=self._now)

    def proof(self, body: bytes, secret: str) -> dict[str, str]:
        """The headers that show who sends. A provider that passes Meta's webhooks on has its own."""
        return {SIGNATURE: signature(body, secret)}


def escaped(payload: Entry) -> bytes:
    r"""JSON as Meta signs it: non-ASCII as `\uXXXX` in lower case, "/" as "\/"."""
    body = orjson.dumps(payload)
    if not body.isascii() or b"\x7f" in body:  # then there is something to escape
        body = json.dumps(payload, separators=(",", ":")).encode()
    return body.replace(b"/", b"\\/")


def signature(body: bytes, app_secret: str) -> str:
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()
