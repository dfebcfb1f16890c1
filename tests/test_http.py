# SPDX-License-Identifier: Apache-2.0
"""The one HTTP client: spread, honest about what may have been sent, and silent about what was in it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from typing import Any, TypeVar

import anyio
import httpx
import pytest
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from structlog.testing import LogCapture

from hub import http
from hub.contract import HubError, Unavailable, Uncertain
from hub.http import Sharded
from hub.testing.emulator import Emulator, Fault, answer, serve

T = TypeVar("T")
NUMBER = "491701234567"
URL = f"https://vendor.example/{NUMBER}/messages?to={NUMBER}"
BODY = f'{{"to": "{NUMBER}"}}'

NOT_SENT = [httpx.ConnectError, httpx.ConnectTimeout]
MAYBE_SENT = [
    httpx.ReadTimeout,
    httpx.WriteTimeout,
    httpx.ReadError,
    httpx.WriteError,
    httpx.RemoteProtocolError,
    httpx.ProxyError,
]


class Body(httpx.AsyncByteStream):
    """A response body that may break off."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure, self.closed = failure, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"first,"
        if self.failure is not None:
            raise self.failure
        yield b"second"

    async def aclose(self) -> None:
        self.closed = True


class Wire(httpx.AsyncBaseTransport):
    """One pool. Counts calls, and may fail or hold them."""

    def __init__(self, *answers: Exception | None, body: Exception | None = None) -> None:
        self.answers, self.body_failure = list(answers), body
        self.calls, self.bodies = 0, list[Body]()
        self.gate: asyncio.Event | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        if self.gate is not None:
            await self.gate.wait()
        failure = self.answers.pop(0) if self.answers else None
        if failure is not None:
            raise failure
        self.bodies.append(Body(self.body_failure))
        return httpx.Response(200, stream=self.bodies[-1])


def through(wires: list[Wire], what: Callable[[httpx.AsyncClient], Awaitable[T]]) -> T:
    async def run() -> T:
        async with httpx.AsyncClient(transport=Sharded([*wires])) as client:
            return await what(client)

    return anyio.run(run)


def failed(wire: Wire, method: str) -> HubError:
    """The error that a call ends with."""

    async def call(client: httpx.AsyncClient) -> httpx.Response:
        return await client.request(method, URL, content=BODY)

    with pytest.raises(HubError) as raised:
        through([wire], call)
    return raised.value


# spreading


def test_sharded_spreads_over_the_least_busy() -> None:
    wires = [Wire() for _ in range(4)]

    async def call(client: httpx.AsyncClient) -> list[int]:
        for wire in wires:
            wire.gate = asyncio.Event()
        async with anyio.create_task_group() as tasks:
            for _ in range(12):
                tasks.start_soon(client.get, URL)
            await anyio.wait_all_tasks_blocked()
            held = [wire.calls for wire in wires]
            for wire in wires:
                assert wire.gate is not None
                wire.gate.set()
        return held

    assert through(wires, call) == [3, 3, 3, 3]


def test_sharded_one_after_another_stays_on_one_connection() -> None:
    wires = [Wire(), Wire()]

    async def call(client: httpx.AsyncClient) -> None:
        for _ in range(5):
            await client.get(URL)

    through(wires, call)
    assert [wire.calls for wire in wires] == [5, 0]


async def whole(client: httpx.AsyncClient) -> None:
    await client.post(URL)


async def closed_early(client: httpx.AsyncClient) -> None:
    async with client.stream("POST", URL) as response:
        async for _ in response.aiter_raw():
            break


async def never_read(client: httpx.AsyncClient) -> None:
    async with client.stream("POST", URL):
        pass


async def cancelled(client: httpx.AsyncClient) -> None:
    with anyio.move_on_after(0.01):
        await client.post(URL)


def wire_that_hangs() -> Wire:
    class Hanging(Wire):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await anyio.sleep_forever()
            raise AssertionError

    return Hanging()


FREED: dict[str, tuple[Callable[[], Wire], Callable[[httpx.AsyncClient], Awaitable[None]]]] = {
    "whole": (Wire, whole),
    "closed_early": (Wire, closed_early),
    "never_read": (Wire, never_read),
    "not_sent": (lambda: Wire(httpx.PoolTimeout("")), whole),
    "lost": (lambda: Wire(httpx.ReadTimeout("")), whole),
    "broken_off": (lambda: Wire(body=httpx.ReadError("")), whole),
    "not_http_at_all": (lambda: Wire(ssl.SSLError()), whole),
    "cancelled": (wire_that_hangs, cancelled),
}


@pytest.mark.parametrize("case", FREED)
def test_sharded_frees_the_shard(case: str) -> None:
    make, what = FREED[case]
    wire = make()
    transport = Sharded([wire])

    async def run() -> list[int]:
        async with httpx.AsyncClient(transport=transport) as client:
            with contextlib.suppress(HubError, OSError):
                await what(client)
            return list(transport._busy)

    assert anyio.run(run) == [0]
    assert all(body.closed for body in wire.bodies)


def test_sharded_closes_every_pool() -> None:
    closed: list[int] = []

    class Closing(Wire):
        async def aclose(self) -> None:
            closed.append(1)

    through([Closing(), Closing()], whole)
    assert len(closed) == 2


# retrying


@pytest.mark.parametrize("failure", NOT_SENT)
def test_connect_is_tried_three_times(failure: type[httpx.TransportError]) -> None:
    wire = Wire(*[failure("") for _ in range(9)])
    assert isinstance(failed(wire, "POST"), Unavailable)
    assert wire.calls == 3


@pytest.mark.parametrize("failure", NOT_SENT)
def test_connect_that_works_at_last_is_an_answer(failure: type[httpx.TransportError]) -> None:
    wire = Wire(failure(""), failure(""))
    through([wire], whole)
    assert wire.calls == 3


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("failure", MAYBE_SENT)
def test_lost_answer_of_a_change_is_uncertain_and_never_repeated(
    failure: type[httpx.TransportError], method: str
) -> None:
    wire = Wire(failure(""))
    assert isinstance(failed(wire, method), Uncertain)
    assert wire.calls == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("failure", MAYBE_SENT)
def test_lost_answer_of_a_read_is_unavailable_and_never_repeated(
    failure: type[httpx.TransportError], method: str
) -> None:
    wire = Wire(failure(""))
    assert isinstance(failed(wire, method), Unavailable)
    assert wire.calls == 1


def test_lost_answer_after_a_failed_connect_is_not_repeated() -> None:
    wire = Wire(httpx.ConnectError(""), httpx.ReadTimeout(""))
    assert isinstance(failed(wire, "POST"), Uncertain)
    assert wire.calls == 2


def test_full_pool_is_unavailable_and_not_repeated() -> None:
    wire = Wire(httpx.PoolTimeout(""))
    assert isinstance(failed(wire, "POST"), Unavailable)
    assert wire.calls == 1


@pytest.mark.parametrize(("method", "expected"), [("POST", Uncertain), ("GET", Unavailable)])
def test_body_broken_off_means_the_same(method: str, expected: type[HubError]) -> None:
    wire = Wire(body=httpx.ReadError(""))
    assert isinstance(failed(wire, method), expected)
    assert wire.calls == 1


# what must not be told


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[MutableMapping[str, Any]]:
    """Everything that the client logs, on every level."""
    capture = LogCapture()
    every = structlog.make_filtering_bound_logger(0)
    monkeypatch.setattr(http, "log", structlog.wrap_logger(None, processors=[capture], wrapper_class=every))
    return capture.entries


@pytest.mark.parametrize("failure", [*NOT_SENT, *MAYBE_SENT, httpx.PoolTimeout])
def test_nothing_of_a_request_is_told_on_failure(
    failure: type[httpx.TransportError], logged: list[MutableMapping[str, Any]]
) -> None:
    told = f"could not reach {URL} with {BODY}"
    error = failed(Wire(*[failure(told) for _ in range(3)]), "POST")
    assert error.__cause__ is None
    assert error.__suppress_context__
    assert NUMBER not in f"{error} {error!r}"
    assert [(entry["host"], entry["error"]) for entry in logged] == [("vendor.example", failure.__name__)]
    assert NUMBER not in str(logged)


def test_nothing_of_a_request_is_told_on_success(logged: list[MutableMapping[str, Any]]) -> None:
    through([Wire()], whole)
    assert [(entry["method"], entry["host"], entry["status"]) for entry in logged] == [("POST", "vendor.example", 200)]
    assert NUMBER not in str(logged)


# against a real server


class Vendor(Emulator):
    """Says what it heard."""

    name = "vendor"

    def routes(self) -> list[BaseRoute]:
        return [Route("/echo", self._echo, methods=["GET", "POST"])]

    async def _echo(self, request: Request) -> Response:
        return answer(200, {"agent": request.headers["user-agent"], "heard": (await request.body()).decode()})


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def base_url(vendor: Vendor) -> Iterator[str]:
    with serve(vendor.app()) as url:
        yield url


@pytest.fixture(params=["aiohttp", "httpx"], autouse=True)
def beneath(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Everything holds with and without the extra `fast`."""
    if request.param == "httpx":
        monkeypatch.setattr(http.importlib.util, "find_spec", lambda name: None)
    return str(request.param)


def real(url: str, method: str = "POST", **timeouts: float) -> httpx.Response | HubError:
    timeout = httpx.Timeout(5.0, **timeouts)

    async def run() -> httpx.Response | HubError:
        async with http.client(connections=2, timeout=timeout) as client:
            try:
                return await client.request(method, url, content="tea")
            except HubError as error:
                return error

    return anyio.run(run)


def test_real_server_answers(base_url: str) -> None:
    response = real(f"{base_url}/echo")
    assert isinstance(response, httpx.Response)
    assert response.json() == {"agent": "consent-hub", "heard": "tea"}


def test_real_server_many_at_once_are_all_answered(vendor: Vendor, base_url: str) -> None:
    vendor.faults.append(Fault("latency", seconds=0.05))

    async def run() -> list[Any]:
        async with http.client(connections=32) as client, anyio.create_task_group() as tasks:
            heard: list[Any] = []

            async def one(number: int) -> None:
                heard.append((await client.post(f"{base_url}/echo", content=str(number))).json()["heard"])

            for number in range(100):
                tasks.start_soon(one, number)
        return heard

    assert sorted(anyio.run(run), key=int) == [str(number) for number in range(100)]


@pytest.mark.parametrize(("method", "expected"), [("POST", Uncertain), ("GET", Unavailable)])
def test_real_server_that_loses_the_answer(
    vendor: Vendor, base_url: str, method: str, expected: type[HubError]
) -> None:
    vendor.faults.append(Fault("lost_answer"))
    assert isinstance(real(f"{base_url}/echo", method), expected)
    assert len(vendor.log) == 1


@pytest.mark.parametrize(("method", "expected"), [("POST", Uncertain), ("GET", Unavailable)])
def test_real_server_that_is_too_late(vendor: Vendor, base_url: str, method: str, expected: type[HubError]) -> None:
    vendor.faults.append(Fault("latency", seconds=0.4))
    assert isinstance(real(f"{base_url}/echo", method, read=0.1), expected)


def test_real_server_that_is_not_there() -> None:
    with socket.socket() as taken:  # bound, not listening: nobody else can take the port meanwhile
        taken.bind(("127.0.0.1", 0))
        assert isinstance(real(f"http://127.0.0.1:{taken.getsockname()[1]}/echo"), Unavailable)


def test_client_ignores_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch, base_url: str) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert isinstance(real(f"{base_url}/echo"), httpx.Response)
