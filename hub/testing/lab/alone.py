# SPDX-License-Identifier: Apache-2.0
"""The emulated vendor alone: how fast it answers, and how fast it tells statuses. No other bench can be faster."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from starlette.types import Receive, Scope, Send

from hub.testing.clock import until
from hub.testing.emulator import serve
from hub.testing.lab.flood import STATUSES, fire, messages
from hub.testing.lab.stand import FLAT_OUT
from hub.testing.lab.vendor import emulated

_VERSION = "v23.0"
_TELL = 120.0  # seconds the vendor gets to tell everything


def alone(count: int, *, heard: bool) -> tuple[float, float]:
    """Messages answered a second, and statuses told a second: 0 where nobody hears them."""
    ear = _Ear()
    with emulated(throughput=FLAT_OUT, pair_rate=False) as vendor, serve(ear) as url:
        meta = vendor.settings
        vendor.tell(url if heard else "")
        fired = fire(f"{meta['base_url']}/{_VERSION}/{meta['phone_number_id']}/messages", messages(meta, count))
        if fired.accepted != count:
            raise RuntimeError(f"the emulator refused {fired.refused} of {count}")
        if heard:
            until(lambda: sum(ear.heard) == count * len(STATUSES), "the statuses", _TELL)
    return fired.accepted / fired.seconds, ear.rate


@dataclass
class _Ear:
    """Takes every webhook and counts the statuses in it."""

    heard: list[int] = field(default_factory=list)
    began: float = 0.0
    last: float = 0.0

    @property
    def rate(self) -> float:
        return sum(self.heard) / (self.last - self.began) if self.heard else 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": f"{message['type']}.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.last = time.perf_counter()
        self.began = self.began or self.last
        self.heard.append(body.count(b'"status":'))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
