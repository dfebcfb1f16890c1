# SPDX-License-Identifier: Apache-2.0
"""A post office between the vendor and the hub: webhooks are kept, and delivered as often and in what order we like."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.contract import Inbound
from hub.flows import inbox
from hub.testing.emulator import serve

SIGNATURE = "x-hub-signature-256"


@dataclass(frozen=True, slots=True)
class Letter:
    """A webhook as the vendor sent it."""

    body: bytes = field(repr=False)
    signature: str = field(repr=False)

    def digest(self, connection_id: str) -> bytes:
        """What the inbox of this connection knows it by."""
        return inbox.digest(inbox.Arrived(connection_id, Inbound("POST", "", {}, self.body)))

    def signed(self, secret: str) -> Letter:
        """The same with a signature of its own."""
        return replace(self, signature="sha256=" + hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest())


def deliver(url: str, letter: Letter) -> int:
    """The status that the hub answers; 0 where it does not."""
    headers = {"content-type": "application/json"} | ({SIGNATURE: letter.signature} if letter.signature else {})
    try:
        return httpx.post(url, content=letter.body, headers=headers, timeout=40, trust_env=False).status_code
    except httpx.HTTPError:
        return 0


def deliver_all(doors: Sequence[str], letters: Sequence[Letter], at_once: int = 8) -> list[int]:
    """Deliver them in this order, several at once, to the doors in turn. Returns the answers."""
    with ThreadPoolExecutor(at_once) as couriers:
        jobs = [couriers.submit(deliver, doors[i % len(doors)], letter) for i, letter in enumerate(letters)]
        return [job.result() for job in jobs]


class PostOffice:
    """Takes every webhook and keeps it."""

    def __init__(self) -> None:
        self.kept: list[Letter] = []

    async def take(self, request: Request) -> Response:
        self.kept.append(Letter(await request.body(), request.headers.get(SIGNATURE, "")))
        return Response()

    def holds(self, word: bytes) -> int:
        """How often a word stands in the letters."""
        return sum(letter.body.count(word) for letter in list(self.kept))


@contextmanager
def post_office() -> Iterator[tuple[PostOffice, str]]:
    """Open; yields the address for webhooks too."""
    office = PostOffice()
    app = Starlette(routes=[Route("/", office.take, methods=["POST"])])
    with serve(app) as url:
        yield office, f"{url}/"
