# SPDX-License-Identifier: Apache-2.0
"""Status webhooks as Meta signs them, and a client that fires them at a door as fast as it answers."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from hub.testing.lab.vendor import Arrival

STATUSES = ("sent", "delivered", "read")
CONNECTIONS = 64
_OK = b"HTTP/1.1 200"


class Fired(NamedTuple):
    """What came of a flood. Times in seconds."""

    accepted: int
    refused: int
    seconds: float
    waits: list[float]  # from request to answer


def statuses(meta: dict[str, str], arrivals: Sequence[Arrival]) -> Iterator[tuple[bytes, str]]:
    """One webhook per status of each message, all `sent` first: the body and its signature."""
    from hub_meta.emulator import outbox, shapes
    from hub_meta.emulator.people import User
    from hub_meta.emulator.sending import Sent

    metadata = {"display_phone_number": meta["display_number"], "phone_number_id": meta["phone_number_id"]}
    for word in STATUSES:
        for one in arrivals:
            at = datetime.fromtimestamp(one.at, UTC)
            sent = Sent(at, f"+{one.to}", "template", "", one.opaque, one.wamid)
            value = shapes.status(metadata, User(f"+{one.to}"), sent, word, at, category="MARKETING", code=0)
            entry = {"id": meta["waba_id"], "changes": [{"field": "messages", "value": value}]}
            body = outbox.escaped({"object": "whatsapp_business_account", "entry": [entry]})
            yield body, outbox.signature(body, meta["app_secret"])


def made_up(count: int) -> list[Arrival]:
    """Messages that nobody sent: the door does not look into what it keeps."""
    now = time.time()
    return [Arrival(now, f"{index:032x}", f"49151{index:08d}", f"wamid.{index:040d}") for index in range(count)]


def fire(url: str, meta: dict[str, str], arrivals: Sequence[Arrival], core: int | None = None) -> Fired:
    """Every status of these messages to the door at `url`, from a process of its own; `core` is where that one runs."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    child = spawn.Process(target=_child, args=(theirs, url, meta, list(arrivals), core), daemon=True)
    child.start()
    try:
        theirs.close()
        return Fired(*ours.recv())
    finally:
        child.join(timeout=5)
        child.terminate()


def _child(pipe: multiprocessing.connection.Connection, url: str, meta: dict[str, str], *rest: object) -> None:
    arrivals, core = rest
    if core is not None:
        os.sched_setaffinity(0, {core})  # type: ignore[arg-type]
    host, _, path = url.removeprefix("http://").partition("/")
    requests = [_request(host, f"/{path}", *one) for one in statuses(meta, arrivals)]  # type: ignore[arg-type]
    pipe.send(tuple(asyncio.run(_fire(host, requests))))


def _request(host: str, path: str, body: bytes, signature: str) -> bytes:
    lines = (f"POST {path} HTTP/1.1", f"host: {host}", "content-type: application/json")
    head = (*lines, f"content-length: {len(body)}", f"x-hub-signature-256: {signature}", "", "")
    return "\r\n".join(head).encode() + body


async def _fire(host: str, requests: Sequence[bytes]) -> Fired:
    name, _, port = host.partition(":")
    left, answers, waits = iter(requests), list[bytes](), list[float]()

    async def one() -> None:
        reader, writer = await asyncio.open_connection(name, int(port))
        for request in left:
            began = time.perf_counter()
            writer.write(request)
            answers.append(await _answer(reader))
            waits.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    accepted = sum(answer.startswith(_OK) for answer in answers)
    return Fired(accepted, len(answers) - accepted, time.perf_counter() - began, waits)


async def _answer(reader: asyncio.StreamReader) -> bytes:
    """The head of an answer, its body read and forgotten."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
    await reader.readexactly(int(length.partition(b":")[2]))
    return head
