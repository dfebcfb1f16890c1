# SPDX-License-Identifier: Apache-2.0
"""Watches a hub from outside its code: when a webhook arrives, when a stop commits, when a request begins.

All times are `time.monotonic()` of one process.
"""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlmodel import Session
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.contract import ClearedMessage, Provider, Purpose, Receipt
from hub.flows import permission
from hub.store.direct import insert_all
from hub.store.tables import StopRow

_FROM = re.compile(rb'"from":\s*"(\d+)"')


class Probes:
    """What was seen. Keys are phone numbers, or tokens where only the database was watched."""

    def __init__(self) -> None:
        self.arrived: dict[str, float] = {}  # number -> first webhook since `listen`
        self.committed: dict[str, float] = {}  # token -> its stop is in the database
        self.begun: dict[str, list[float]] = defaultdict(list)  # number -> requests with advertising
        self.listening = False
        self._lock = threading.Lock()

    def door(self, app: ASGIApp) -> ASGIApp:
        """The same app, noting when a webhook about a person arrives."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            at = time.monotonic()

            async def seen() -> Message:
                message = await receive()
                for digits in _FROM.findall(message.get("body", b"")) if self.listening else ():
                    self.arrived.setdefault(f"+{digits.decode()}", at)
                return message

            await app(scope, seen, send)

        return watched

    def provider(self, cls: type[Provider[Any]]) -> type[Provider[Any]]:
        """The same provider, noting when a request begins."""
        begun, lock = self.begun, self._lock

        class Watched(cls):  # type: ignore[valid-type,misc]
            async def send(self, message: ClearedMessage) -> Receipt:
                if message.outgoing.purpose is Purpose.MARKETING:
                    with lock:
                        begun[message.outgoing.to.value].append(time.monotonic())
                sent: Receipt = await super().send(message)
                return sent

        return Watched

    @contextmanager
    def database(self) -> Iterator[None]:
        """Note when the commit of a stop has ended."""

        def flushed(session: Session, _: Any) -> None:
            fresh = [row.token for row in session.new if isinstance(row, StopRow)]
            session.info.setdefault("stops", []).extend(fresh)

        def committed(session: Session) -> None:
            at = time.monotonic()
            for token in session.info.pop("stops", ()):
                self.committed.setdefault(token, at)

        def stored(session: Session, model: Any, rows: Any) -> None:
            session.info.setdefault("stops", []).extend(row["token"] for row in rows)
            insert_all(session, model, rows)

        permission.insert_all = stored  # type: ignore[attr-defined]
        event.listen(Session, "after_flush", flushed)
        event.listen(Session, "after_commit", committed)
        try:
            yield
        finally:
            permission.insert_all = insert_all  # type: ignore[attr-defined]
            event.remove(Session, "after_flush", flushed)
            event.remove(Session, "after_commit", committed)
