# SPDX-License-Identifier: Apache-2.0
"""The emulator kit: every fault does to a client what its name says, as often as it was told to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hub.testing.clock import Clock
from hub.testing.emulator import Action, Emulator, Fault, answer, serve


class Shop(Emulator):
    """A vendor that counts orders."""

    name = "shop"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.orders: list[bytes] = []

    def routes(self) -> list[BaseRoute]:
        return [Route("/orders", self._order, methods=["POST"]), Route("/orders", self._list)]

    def actions(self) -> dict[str, Action]:
        return {"close": lambda said: {"closed": said["reason"]}}

    def state(self) -> dict[str, Any]:
        return {"orders": len(self.orders)}

    async def _order(self, request: Request) -> Response:
        self.orders.append(await request.body())
        return answer(201, {"number": len(self.orders)})

    async def _list(self, _: Request) -> Response:
        return answer(200, [order.decode() for order in self.orders])


@pytest.fixture
def shop() -> Shop:
    return Shop(seed=7)


@pytest.fixture
def client(shop: Shop) -> Iterator[httpx.Client]:
    with serve(shop.app()) as url, httpx.Client(base_url=url, trust_env=False, timeout=10) as opened:
        yield opened


# faults


def test_no_fault_the_vendor_answers(shop: Shop, client: httpx.Client) -> None:
    response = client.post("/orders", content=b"tea")
    assert (response.status_code, response.json(), shop.orders) == (201, {"number": 1}, [b"tea"])


def test_fault_status_answers_instead_of_working(shop: Shop, client: httpx.Client) -> None:
    shop.faults.append(Fault("status", status=429, body={"error": "slow"}, headers={"retry-after": "7"}))
    response = client.post("/orders", content=b"tea")
    assert (response.status_code, response.json(), response.headers["retry-after"]) == (429, {"error": "slow"}, "7")
    assert shop.orders == []


def test_fault_latency_answers_late(shop: Shop, client: httpx.Client) -> None:
    shop.faults.append(Fault("latency", seconds=0.15))
    began = time.monotonic()
    assert client.post("/orders", content=b"tea").status_code == 201
    assert time.monotonic() - began >= 0.15


def test_fault_lost_answer_works_and_closes_the_connection(shop: Shop, client: httpx.Client) -> None:
    shop.faults.append(Fault("lost_answer", times=1))
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/orders", content=b"tea")
    assert shop.orders == [b"tea"]
    assert [call.status for call in shop.log] == [201], "the log keeps what the vendor would have said"
    assert client.get("/orders").json() == ["tea"], "and the server lives on"


def test_fault_lost_answer_after_a_time_runs_into_the_clients_timeout(shop: Shop, client: httpx.Client) -> None:
    shop.faults.append(Fault("lost_answer", seconds=0.5))
    with pytest.raises(httpx.ReadTimeout):
        client.post("/orders", content=b"tea", timeout=0.1)
    assert shop.orders == [b"tea"]


def test_fault_garbage_works_and_answers_no_json(shop: Shop, client: httpx.Client) -> None:
    shop.faults.append(Fault("garbage"))
    response = client.post("/orders", content=b"tea")
    assert (response.status_code, shop.orders) == (200, [b"tea"])
    with pytest.raises(ValueError, match="Expecting value"):
        response.json()


# when


def test_fault_matches_method_and_path_only(shop: Shop, client: httpx.Client) -> None:
    shop.faults.append(Fault("status", "^POST /orders$", 503))
    assert client.post("/orders").status_code == 503
    assert client.get("/orders").status_code == 200


def test_fault_happens_as_often_as_told(shop: Shop, client: httpx.Client) -> None:
    shop.faults.append(Fault("status", status=503, times=2))
    assert [client.post("/orders").status_code for _ in range(4)] == [503, 503, 201, 201]


def test_fault_spent_lets_the_next_one_happen(shop: Shop, client: httpx.Client) -> None:
    shop.faults += [Fault("status", status=503, times=1), Fault("status", status=429)]
    assert [client.post("/orders").status_code for _ in range(3)] == [503, 429, 429]


def statuses(seed: int, probability: float) -> list[int]:
    shop = Shop(seed=seed)
    shop.faults.append(Fault("status", status=503, probability=probability))
    with serve(shop.app()) as url, httpx.Client(base_url=url, trust_env=False) as client:
        return [client.post("/orders").status_code for _ in range(100)]


def test_fault_happens_with_its_probability_and_repeatably() -> None:
    first = statuses(7, 0.3)
    assert 15 <= first.count(503) <= 45
    assert statuses(7, 0.3) == first
    assert statuses(8, 0.3) != first


@pytest.mark.parametrize(("probability", "expected"), [(0.0, {201}), (1.0, {503})])
def test_fault_with_a_certain_probability(probability: float, expected: set[int]) -> None:
    assert set(statuses(7, probability)) == expected


# control plane


def test_control_plane_shows_log_and_state_and_is_not_in_the_log(shop: Shop, client: httpx.Client) -> None:
    client.post("/orders", content=b"secret tea")
    log = client.get("/_emulator/log")
    assert [(call["method"], call["path"], call["status"]) for call in log.json()] == [("POST", "/orders", 201)]
    assert "secret" not in log.text
    assert client.get("/_emulator/state").json() == {"webhooks_waiting": 0, "orders": 1}
    assert len(shop.log) == 1


def test_control_plane_sets_faults_and_is_not_hit_by_them(client: httpx.Client) -> None:
    assert client.post("/_emulator/faults", json=[{"kind": "status", "status": 503}]).status_code == 204
    assert client.post("/orders").status_code == 503
    assert client.post("/_emulator/faults", json=[]).status_code == 204
    assert client.post("/orders").status_code == 201


def test_control_plane_does_actions(client: httpx.Client) -> None:
    assert client.post("/_emulator/do/close", json={"reason": "night"}).json() == {"closed": "night"}
    unknown = client.post("/_emulator/do/dance")
    assert (unknown.status_code, unknown.json()) == (404, {"actions": ["close"]})


def test_clock_moves_the_log(shop: Shop, client: httpx.Client) -> None:
    client.post("/orders")
    shop.clock.advance(timedelta(days=3))
    client.post("/orders")
    first, second = (call.at for call in shop.log)
    assert timedelta(days=3) <= second - first < timedelta(days=3, minutes=1)


# webhooks out


class Receiver(Emulator):
    """Takes webhooks; its faults are the receiver's trouble."""

    name = "receiver"

    def routes(self) -> list[BaseRoute]:
        return [Route("/in", self._take, methods=["POST"])]

    async def _take(self, _: Request) -> Response:
        return answer(200)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver(clock=Clock())


@pytest.fixture
def door(receiver: Receiver) -> Iterator[str]:
    with serve(receiver.app()) as url:
        yield f"{url}/in"


def settled(shop: Shop, deliveries: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and shop.webhooks.delivered + shop.webhooks.failed < deliveries:
        time.sleep(0.01)
    return shop.webhooks.delivered + shop.webhooks.failed == deliveries


@pytest.mark.usefixtures("client")
def test_webhook_is_redelivered_until_taken(shop: Shop, receiver: Receiver, door: str) -> None:
    receiver.faults.append(Fault("status", status=503, times=2))
    shop.webhooks.retry_after = 0.01
    shop.webhooks.post(door, lambda attempt: b"%d" % attempt, lambda attempt: {"x-attempt": str(attempt)})
    assert settled(shop, 1)
    assert [call.body for call in receiver.log] == [b"0", b"1", b"2"]


@pytest.mark.usefixtures("client")
def test_webhook_never_taken_is_given_up(shop: Shop, receiver: Receiver, door: str) -> None:
    receiver.faults.append(Fault("status", status=503))
    shop.webhooks.retry_after, shop.webhooks.attempts = 0.01, 3
    shop.webhooks.post(door, b"x", lambda _: {})
    assert settled(shop, 1)
    assert (shop.webhooks.failed, len(receiver.log)) == (1, 3)


@pytest.mark.usefixtures("client")
def test_webhook_is_doubled_on_demand(shop: Shop, receiver: Receiver, door: str) -> None:
    shop.webhooks.double = 1.0
    shop.webhooks.post(door, b"x", lambda _: {})
    assert settled(shop, 2)
    assert [call.body for call in receiver.log] == [b"x", b"x"]


@pytest.mark.usefixtures("client")
def test_webhooks_are_reordered_on_demand(shop: Shop, receiver: Receiver, door: str) -> None:
    shop.webhooks.jitter = 0.2
    for number in range(10):
        shop.webhooks.post(door, b"%d" % number, lambda _: {})
    assert settled(shop, 10)
    bodies = [call.body for call in receiver.log]
    assert bodies != sorted(bodies)
    assert sorted(bodies) == [b"%d" % number for number in range(10)]


@pytest.mark.usefixtures("client")
def test_webhooks_held_leave_when_they_are_released(shop: Shop, receiver: Receiver, door: str) -> None:
    shop.webhooks.held = True
    for number in range(3):
        shop.webhooks.post(door, b"%d" % number, lambda _: {})
    assert (shop.webhooks.waiting, receiver.log) == (3, [])
    assert shop.webhooks.release(mixed=True) == 3
    assert settled(shop, 3)
    assert {call.body for call in receiver.log} == {b"0", b"1", b"2"}
    shop.webhooks.post(door, b"3", lambda _: {})
    assert settled(shop, 4), "what comes after is not held"


@pytest.mark.usefixtures("client")
def test_webhook_late_on_demand_waits_that_long(shop: Shop, door: str) -> None:
    shop.webhooks.late = 0.2
    began = time.monotonic()
    shop.webhooks.post(door, b"x", lambda _: {})
    assert settled(shop, 1)
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize(("spoil", "arrives"), [("", "abc"), ("wrong", "ab0"), ("unsigned", None)])
@pytest.mark.usefixtures("client")
def test_webhook_signature_is_spoilt_on_demand(shop: Shop, spoil: str, arrives: str | None) -> None:
    seen: list[str | None] = []

    async def take(request: Request) -> Response:
        seen.append(request.headers.get("x-signature"))
        return answer(200)

    shop.webhooks.signed_by, shop.webhooks.spoil = ("x-signature",), spoil
    with serve(Starlette(routes=[Route("/in", take, methods=["POST"])])) as url:
        shop.webhooks.post(f"{url}/in", b"x", lambda _: {"X-Signature": "abc", "x-kind": "order"})
        assert settled(shop, 1)
    assert seen == [arrives]


def test_webhook_of_an_emulator_that_does_not_run_says_so(shop: Shop) -> None:
    with pytest.raises(RuntimeError, match="not running"):
        shop.webhooks.post("http://127.0.0.1:9/in", b"x", lambda _: {})
