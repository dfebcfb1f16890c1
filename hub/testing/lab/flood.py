# SPDX-License-Identifier: Apache-2.0
"""Status webhooks as Meta signs them, and a client that fires requests at a server as fast as it answers."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from multiprocessing.connection import Connection as Pipe
from typing import NamedTuple

import orjson

from hub.testing.lab.company import TEMPLATE
from hub.testing.lab.vendor import Arrival
from hub.testing.whatsapp import Sent, User

STATUSES = ("sent", "delivered", "read")
CONNECTIONS = 64
_OK = b"HTTP/1.1 200"
_JSON = {"content-type": "application/json"}


class Fired(NamedTuple):
    """What came of a flood. Times in seconds."""

    accepted: int
    refused: int
    seconds: float
    waits: list[float]  # from request to answer


def statuses(meta: dict[str, str], arrivals: Sequence[Arrival]) -> Iterator[tuple[bytes, dict[str, str]]]:
    """One webhook per status of each message, all `sent` first: the body and the headers that matter."""
    from hub_meta.emulator import outbox, shapes

    metadata = {"display_phone_number": meta["display_number"], "phone_number_id": meta["phone_number_id"]}
    for word in STATUSES:
        for one in arrivals:
            at = datetime.fromtimestamp(one.at, UTC)
            sent = Sent(at, f"+{one.to}", "template", "", one.opaque, one.wamid)
            value = shapes.status(metadata, User(f"+{one.to}"), sent, word, at, category="MARKETING", code=0)
            entry = {"id": meta["waba_id"], "changes": [{"field": "messages", "value": value}]}
            body = outbox.escaped({"object": "whatsapp_business_account", "entry": [entry]})
            yield body, {**_JSON, "x-hub-signature-256": outbox.signature(body, meta["app_secret"])}


def messages(meta: dict[str, str], count: int) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Requests to send the campaign's template, as the vendor's API takes them."""
    template = {"name": TEMPLATE, "language": {"code": "de"}}
    headers = {**_JSON, "authorization": f"Bearer {meta['access_token']}"}
    for one in made_up(count):
        said = {"messaging_product": "whatsapp", "to": one.to, "type": "template", "template": template}
        yield orjson.dumps({**said, "biz_opaque_callback_data": one.opaque}), headers


def made_up(count: int) -> list[Arrival]:
    """Messages that nobody sent: the door does not look into what it keeps."""
    now = time.time()
    return [Arrival(now, f"{index:032x}", f"49151{index:08d}", f"wamid.{index:040d}") for index in range(count)]


def fire(url: str, posts: Iterable[tuple[bytes, dict[str, str]]], core: int | None = None) -> Fired:
    """Post all this to one URL, over kept connections, from a process of its own that runs on `core`."""
    host, _, path = url.removeprefix("http://").partition("/")
    requests = [_request(host, path, *post) for post in posts]
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    child = spawn.Process(target=_child, args=(theirs, host, requests, core), daemon=True)
    child.start()
    try:
        theirs.close()  # so that a child that dies is noticed
        return Fired(*ours.recv())
    finally:
        child.join(timeout=5)
        child.terminate()


def two_cores() -> tuple[int | None, int | None]:
    """One core for who is measured, another for who measures, where there are two."""
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else (None, None)


def _child(pipe: Pipe, host: str, requests: Sequence[bytes], core: int | None) -> None:
    if core is not None:
        os.sched_setaffinity(0, {core})
    pipe.send(tuple(asyncio.run(_fire(host, requests))))


def _request(host: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    named = {"host": host, "content-length": str(len(body)), **headers}
    lines = (f"POST /{path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items()), "", "")
    return "\r\n".join(lines).encode() + body


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
