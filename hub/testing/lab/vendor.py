# SPDX-License-Identifier: Apache-2.0
"""Emulated Meta in a process of its own, and what it saw arrive."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from typing import Any, NamedTuple

import orjson

from hub.plugins import emulators
from hub.testing.emulator import Fault, serve
from hub.testing.lab.company import BODY, COMPANY, TEMPLATE

_START = 120.0  # seconds the process gets to answer
_SHOWN = ("access_token", "app_secret", "verify_token", "waba_id", "phone_number_id", "display_number")


class Arrival(NamedTuple):
    """A request to send a message, as it reached the vendor. `wamid` is empty where it was refused."""

    at: float  # seconds since 1970, before the vendor's latency
    opaque: str  # our id of the message
    to: str  # digits
    wamid: str


class Vendor:
    """A handle on the process. `settings` are what a connection to it needs."""

    def __init__(self, pipe: Pipe, pid: int) -> None:
        self._pipe, self.pid = pipe, pid
        if not pipe.poll(_START):
            raise RuntimeError("the emulator did not start")
        self.settings: dict[str, str] = pipe.recv()

    def tell(self, url: str) -> None:
        """Send webhooks to this URL from now on; empty: none."""
        self._ask("tell", url)

    def count(self) -> int:
        """How many messages it accepted."""
        return int(self._ask("count"))

    def arrivals(self) -> list[Arrival]:
        """Every request to send, in the order of arrival."""
        return [Arrival(*one) for one in self._ask("arrivals")]

    def _ask(self, *words: str) -> Any:
        self._pipe.send(words)
        return self._pipe.recv()


@contextmanager
def emulated(latency: float = 0.0, port: int = 0, per_webhook: int = 100, **options: Any) -> Iterator[Vendor]:
    """Emulated Meta in a process of its own. The same port brings back the same account, with an empty memory.

    latency: seconds before every answer to a message. per_webhook: statuses that one webhook tells at most; Meta's
    limit is 1,000. options: as `MetaEmulator` takes them.
    """
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    child = spawn.Process(target=_play, args=(theirs, options, latency, port, per_webhook), daemon=True)
    child.start()
    assert child.pid is not None
    try:
        yield Vendor(ours, child.pid)
    finally:
        child.terminate()
        child.join(timeout=5)


def _play(pipe: Pipe, options: dict[str, Any], latency: float, port: int, per_webhook: int) -> None:
    """The child process."""
    gc.disable()  # its log only grows; the collector would walk through it again and again
    meta: Any = emulators()["meta"].load()(seed=1, **options)
    meta.outbox.batch = per_webhook
    meta.add_template(TEMPLATE, "de", category="MARKETING", body=BODY, footer=COMPANY)
    if latency:
        meta.faults.append(Fault("latency", match="POST .*/messages", seconds=latency))
    with serve(meta.app(), port=port) as url:
        pipe.send({"base_url": url, **{name: getattr(meta, name) for name in _SHOWN}})
        while True:
            match pipe.recv():
                case ("tell", url):
                    meta.webhook_url = url
                    pipe.send(None)
                case ("count",):
                    pipe.send(len(meta.received))
                case ("arrivals",):
                    pipe.send(_arrivals(meta))


def _arrivals(meta: Any) -> list[tuple[float, str, str, str]]:
    accepted = {sent.opaque: sent.id for sent in list(meta.received)}
    found = []
    for call in list(meta.log):
        if call.method == "POST" and call.path.endswith("/messages"):
            body = orjson.loads(call.body)
            opaque = body.get("biz_opaque_callback_data", "")
            wamid = accepted.get(opaque, "") if call.status < 300 else ""
            found.append((call.at.timestamp(), opaque, str(body.get("to", "")), wamid))
    return sorted(found)
