# SPDX-License-Identifier: Apache-2.0
"""The emulator kit: what every vendor emulator shares. Faults, webhooks out, a request log, a control plane.

An emulator is an ASGI app built from the vendor's published behaviour. `GET /_emulator/log`, `GET /_emulator/state`,
`POST /_emulator/faults` and `POST /_emulator/do/{action}` steer it from another process.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import random
import re
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

import httpx
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.contract import BadInput
from hub.http import PER_POOL, pools
from hub.testing.clock import Clock

Action = Callable[[dict[str, Any]], Any]


def answer(status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response."""
    content = b"" if body is None else orjson.dumps(body)
    return Response(content, status, dict(headers or {}), "application/json")


@dataclass
class Fault:
    """Something that goes wrong with requests whose `METHOD /path` matches.

    kind: "status" (answer `status` and `body` instead of working), "latency" (wait `seconds` first),
    "lost_answer" (the work is done, then `seconds` pass and the connection closes with no body after the head),
    "garbage" (the work is done, the answer is not JSON).
    """

    kind: str
    match: str = ".*"
    status: int = 500
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    probability: float = 1.0
    times: int | None = None  # None: always


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    at: datetime
    method: str
    path: str
    body: bytes
    status: int


Held = tuple[Any, ...]


class Webhooks:
    """Webhooks out: delivered at least once, retried, and on demand doubled, reordered, late or signed badly.

    While `held`, none leaves; `release` sends them in their order, or mixed. `spoil` is "unsigned" or "wrong": what
    happens to the headers named in `signed_by`, which the vendor's emulator sets.
    """

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.double = 0.0  # probability that one is delivered twice
        self.jitter = 0.0  # seconds; reorders
        self.retry_after = 0.2  # seconds before the first redelivery; doubles each time
        self.attempts = 8
        self.timeout = 5.0
        self.late = 0.0  # seconds added to every delay
        self.held = False
        self.spoil = ""
        self.signed_by: tuple[str, ...] = ()
        self.delivered = 0
        self.failed = 0
        self._waiting: list[Held] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: httpx.AsyncClient | None = None
        self._slots: asyncio.Semaphore | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self._loop = asyncio.get_running_loop()
        self._slots = asyncio.Semaphore(PER_POOL)
        (transport,) = pools(PER_POOL)
        async with httpx.AsyncClient(timeout=self.timeout, transport=transport, trust_env=False) as self._client:
            yield
            for task in list(self._tasks):
                task.cancel()

    def post(
        self,
        url: str,
        body: bytes | Callable[[int], bytes],
        headers: Callable[[int], Mapping[str, str]],
        *,
        after: float = 0.0,
        done: Callable[[datetime], None] | None = None,
        now: Callable[[], datetime] | None = None,
        attempts: int | None = None,
        accepted: Callable[[httpx.Response], bool] = lambda response: response.status_code < 300,
    ) -> None:
        """Deliver `body`, from any thread. `headers(attempt)` signs it anew for each attempt.

        `body` may be made anew for each attempt too, for vendors that count attempts inside. `attempts` is for vendors
        that give up some webhooks sooner. `accepted`: whether an answer is the one that the vendor waits for.
        """
        if self._loop is None:
            raise RuntimeError("the emulator is not running")
        copies = 2 if self.rng.random() < self.double else 1
        for _ in range(copies):
            delay = after + self.late + self.rng.random() * self.jitter
            letter = (url, body, headers, delay, done, now, attempts or self.attempts, accepted)
            if self.held:
                self._waiting.append(letter)
            else:
                self._loop.call_soon_threadsafe(self._start, *letter)

    def release(self, *, mixed: bool = False) -> int:
        """Let what was held leave; how many there were."""
        self.held = False
        letters, self._waiting = self._waiting, []
        if mixed:
            self.rng.shuffle(letters)
        assert self._loop is not None
        for letter in letters:
            self._loop.call_soon_threadsafe(self._start, *letter)
        return len(letters)

    def _signed(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers as they leave."""
        if not self.spoil:
            return dict(headers)
        spoilt = {name: value for name, value in headers.items() if name.lower() not in self.signed_by}
        if self.spoil == "wrong":
            spoilt |= {name: _other(value) for name, value in headers.items() if name.lower() in self.signed_by}
        return spoilt

    def _start(self, *arguments: Any) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(*arguments))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(
        self,
        url: str,
        body: bytes | Callable[[int], bytes],
        headers: Callable[[int], Mapping[str, str]],
        delay: float,
        done: Callable[[datetime], None] | None,
        now: Callable[[], datetime] | None,
        attempts: int,
        accepted: Callable[[httpx.Response], bool],
    ) -> None:
        await asyncio.sleep(delay)
        assert self._client is not None
        assert self._slots is not None
        for attempt in range(attempts):
            content = body if isinstance(body, bytes) else body(attempt)
            try:
                async with self._slots:
                    response = await self._client.post(url, content=content, headers=self._signed(headers(attempt)))
                if accepted(response):
                    self.delivered += 1
                    if done is not None and now is not None:
                        done(now())
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(self.retry_after * 2**attempt)
        self.failed += 1

    @property
    def waiting(self) -> int:
        return len(self._tasks) + len(self._waiting)


def _other(signature: str) -> str:
    """Looks like the signature and is none."""
    return signature[:-1] + ("0" if signature[-1:] != "0" else "1")


class Emulator(ABC):
    """Base of all emulators. Subclasses give `routes`, `actions` and `state`."""

    name: ClassVar[str]

    def __init__(self, *, seed: int = 0, clock: Clock | None = None) -> None:
        self.random = random.Random(seed)
        self.clock = clock or Clock()
        self.faults: list[Fault] = []
        self.log: list[Call] = []
        self.webhooks = Webhooks(self.random)

    @abstractmethod
    def routes(self) -> list[BaseRoute]:
        """The vendor's endpoints."""

    def settings(self, base_url: str) -> dict[str, Any]:
        """The vendor's plugin configured for this emulator, as `hub emulate` shows it."""
        return {"base_url": base_url}

    def beside(self) -> contextlib.AbstractContextManager[None]:
        """What runs as long as the app does, such as a server of another kind."""
        return contextlib.nullcontext()

    def actions(self) -> dict[str, Action]:
        """What `POST /_emulator/do/{action}` can do."""
        return {}

    def state(self) -> dict[str, Any]:
        """What `GET /_emulator/state` shows."""
        return {}

    def app(self) -> ASGIApp:
        @contextlib.asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            with self.beside():
                async with self.webhooks.running():
                    yield

        control = [
            Route("/_emulator/log", self._show_log),
            Route("/_emulator/state", self._show_state),
            Route("/_emulator/faults", self._set_faults, methods=["POST"]),
            Route("/_emulator/do/{action}", self._do, methods=["POST"]),
        ]
        steering = Starlette(routes=control, lifespan=lifespan)
        return _Faulty(Router(self.routes()), steering, self)

    async def _show_log(self, _: Request) -> Response:
        shown = [{"at": c.at, "method": c.method, "path": c.path, "status": c.status} for c in self.log]
        return answer(200, shown)

    async def _show_state(self, _: Request) -> Response:
        return answer(200, {"webhooks_waiting": self.webhooks.waiting, **self.state()})

    async def _set_faults(self, request: Request) -> Response:
        self.faults[:] = [Fault(**fault) for fault in orjson.loads(await request.body())]
        return answer(204)

    async def _do(self, request: Request) -> Response:
        action = self.actions().get(request.path_params["action"])
        if action is None:
            return answer(404, {"actions": sorted(self.actions())})
        result = action(orjson.loads(await request.body() or b"{}"))
        return answer(200, await result if isinstance(result, Awaitable) else result)


# A server answers 500 for an app that says nothing, and closes the connection on one that breaks its promise.
_PROMISE: Message = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]}


class _Faulty:
    """Applies faults and keeps the log, around the vendor's app. `steering` is not the vendor's and stays beside."""

    def __init__(self, app: ASGIApp, steering: ASGIApp, emulator: Emulator) -> None:
        self.app, self.steering, self.emulator = app, steering, emulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_emulator/"):
            await self.steering(scope, receive, send)
            return
        body = await whole_body(receive)
        called_at = self.emulator.clock.now()
        sent: list[Message] = []

        async def keep(message: Message) -> None:
            sent.append(message)

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        fault = self._fault(f"{scope['method']} {scope['path']}")
        if fault is not None and fault.kind == "latency":
            await asyncio.sleep(fault.seconds)
        if fault is not None and fault.kind == "status":
            response = answer(fault.status, fault.body, fault.headers)
            await response(scope, again, keep)
        else:
            await self.app(scope, again, keep)
        status = next((m["status"] for m in sent if m["type"] == "http.response.start"), 500)
        self.emulator.log.append(Call(called_at, scope["method"], scope["path"], body, status))
        if fault is not None and fault.kind == "lost_answer":
            await asyncio.sleep(fault.seconds)
            await send(_PROMISE)
            return
        if fault is not None and fault.kind == "garbage":
            sent = []
            await Response(b"<html>oops", 200, media_type="text/html")(scope, again, keep)
        for message in sent:
            await send(message)

    def _fault(self, call: str) -> Fault | None:
        for fault in self.emulator.faults:
            spent = fault.times is not None and fault.times <= 0
            if spent or not re.search(fault.match, call) or self.emulator.random.random() >= fault.probability:
                continue
            if fault.times is not None:
                fault.times -= 1
            return fault
        return None


async def whole_body(receive: Receive) -> bytes:
    """All of a request's body."""
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


@contextlib.contextmanager
def serve(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Run an ASGI app in a thread; yields its base URL."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    quick: dict[str, Any] = {"access_log": False, "proxy_headers": False, "timeout_graceful_shutdown": 1}
    config = uvicorn.Config(app, log_level="error", lifespan="on", **quick)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True, name="emulator")
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise RuntimeError("the server did not start")
        time.sleep(0.01)
    try:
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=5)
        listener.close()


@contextlib.contextmanager
def serve_at(app: ASGIApp, port: int) -> Iterator[str]:
    """Serve at a port that somebody chose. Raises `BadInput` where somebody else listens on it."""
    with contextlib.ExitStack() as held:
        try:
            url = held.enter_context(serve(app, port=port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise BadInput(f"{port} is in use", field="port", remedy="Choose another.") from None
        yield url
