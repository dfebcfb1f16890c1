# SPDX-License-Identifier: Apache-2.0
"""Where 360dialog differs from Meta: numbers, refusals of two layers, the list of templates. The rest is Meta's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import anyio
import httpx
import orjson
import pytest
from hub_dialog360 import Config, Dialog360
from hub_dialog360.calls import REFUSALS, accepted

from hub.contract import (
    BadConfig,
    Can,
    ClearedMessage,
    HubError,
    Inbound,
    MessageReceived,
    Outgoing,
    Point,
    PointKind,
    PreferenceChanged,
    Provider,
    Purpose,
    RecipientOptedOut,
    Rejected,
    SenderChanged,
    StatusChanged,
    Template,
    TemplateState,
    TextContent,
    Throttled,
    Unavailable,
    Uncertain,
    Unknown,
    WindowClosed,
)
from hub.flows.gate import clear
from hub.law.facts import Decision, Verdict
from hub.testing.provider_table import Notes

T = TypeVar("T")
FIXTURES = Path(__file__).parent / "fixtures"
SENDER = "100200300400500"
NUMBER = Point(PointKind.E164, "+4915112345678")
BSUID = Point(PointKind.BSUID, "DE.8842019375521660417")
ACCEPTED = {"messaging_product": "whatsapp", "messages": [{"id": "wamid.A"}]}


def with_plugin(answer: Callable[[httpx.Request], httpx.Response], what: Callable[[Dialog360], Any]) -> Any:
    """Do `what` against a vendor that answers with `answer`; the result or the error."""

    async def run() -> Any:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            config = Config(phone_number_id=SENDER, api_key="made-up-key", header_value="made-up-header-value")
            try:
                return await what(Dialog360(config, http, Notes()))
            except HubError as error:
                return error

    return anyio.run(run)


def message(to: Point = NUMBER, sender: str = SENDER) -> ClearedMessage:
    outgoing = Outgoing("opaque-1", sender, to, Purpose.SERVICE, TextContent("Hallo"))
    return clear(outgoing, Decision(Verdict.ALLOW, ()), "decision-1")


# what goes out


@pytest.mark.parametrize(
    ("to", "expected"), [(NUMBER, {"to": "4915112345678"}), (BSUID, {"recipient": "DE.8842019375521660417"})]
)
def test_message_is_metas_without_a_plus_and_without_a_number_in_the_path(to: Point, expected: dict[str, str]) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json=ACCEPTED)

    receipt = with_plugin(answer, lambda plugin: plugin.send(message(to)))
    assert receipt.provider_message_id == "wamid.A"
    (request,) = seen
    assert (str(request.url), request.headers["d360-api-key"]) == (
        "https://waba-v2.360dialog.io/messages",
        "made-up-key",
    )
    body = orjson.loads(request.content)
    assert {key: body[key] for key in ("to", "recipient") if key in body} == expected
    assert body["biz_opaque_callback_data"] == "opaque-1"


def test_message_of_another_number_needs_a_human_and_no_call() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise AssertionError("called")

    assert isinstance(with_plugin(answer, lambda plugin: plugin.send(message(sender="999"))), BadConfig)


def test_what_is_not_confirmed_is_not_promised() -> None:
    assert not {Can.NATIVE_OPT_OUT, Can.OPAQUE_ID} & Dialog360.can


# answers


def refused(status: int, content: Any, *, sends: bool = True) -> HubError:
    response = (
        httpx.Response(status, json=content) if isinstance(content, dict) else httpx.Response(status, text=content)
    )
    with pytest.raises(HubError) as caught:
        accepted(response, sends=sends)
    return caught.value


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (400, {"error": "You have exceeded the endpoint rate limit"}, Throttled),
        (400, "exceeded the endpoint Rate Limit", Throttled),
        (400, {"message": "API disabled"}, BadConfig),
        (400, {"message": "unpaid invoice"}, BadConfig),
        (400, {"message": "payment required"}, BadConfig),
        (400, {"message": "something else, 401"}, Rejected),
        (401, {"message": "Invalid API key"}, BadConfig),
        (403, {"error": "endpoint blocked"}, BadConfig),
        (404, {"message": "no such endpoint"}, Rejected),
        (500, {"error": "oops"}, Uncertain),
        (502, "Bad Gateway", Uncertain),
        (200, {"error": "half an answer"}, Uncertain),
    ],
)
def test_refusal_of_360dialog_itself_says_what_happens_next(status: int, content: Any, error: type) -> None:
    assert type(refused(status, content)) is error


@pytest.mark.parametrize(
    ("code", "error"), [(131047, WindowClosed), (131050, RecipientOptedOut), (130429, Throttled), (190, BadConfig)]
)
def test_refusal_of_meta_passes_through(code: int, error: type) -> None:
    body = {"error": {"message": "about +4915112345678, rate limit", "code": code}}
    assert type(refused(400, body)) is error
    assert "4915112345678" not in str(refused(400, body))


def test_refusal_of_a_reading_call_can_be_tried_later() -> None:
    assert type(refused(502, "Bad Gateway", sends=False)) is Unavailable


def test_every_refusal_is_said_in_both_languages() -> None:
    meanings = list(REFUSALS.values())
    assert [known for known in meanings if not (known.en.endswith(".") and known.de.endswith("."))] == []
    assert all(meant.kind is Throttled or meant.kind is BadConfig for meant in meanings)


# templates


def pages(*sizes: int, total: int | None) -> Callable[[httpx.Request], httpx.Response]:
    item = {"name": "offer", "namespace": "n", "language": "de", "status": "approved", "category": "MARKETING"}
    asked = iter(sizes)

    def answer(request: httpx.Request) -> httpx.Response:
        listed = [{**item, "components": [{"type": "BODY", "text": "Hallo {{1}}"}]}] * next(asked)
        return httpx.Response(200, json={"waba_templates": listed, **({} if total is None else {"total": total})})

    return answer


async def listed(provider: Provider[Any]) -> list[Template]:
    return [template async for template in provider.templates()]


@pytest.mark.parametrize(
    ("sizes", "total", "count"), [((100, 30), 130, 130), ((3,), 3, 3), ((2,), None, 2), ((0,), 5, 0)]
)
def test_templates_are_read_to_the_end(sizes: tuple[int, ...], total: int | None, count: int) -> None:
    found = with_plugin(pages(*sizes, total=total), listed)
    assert len(found) == count
    assert {(one.name, one.state, one.parameters) for one in found} <= {("offer", TemplateState.APPROVED, ("1",))}


def test_templates_that_are_no_list_can_be_read_later() -> None:
    assert isinstance(with_plugin(lambda _: httpx.Response(200, json={"count": 0}), listed), Unavailable)


@pytest.mark.parametrize("url", ["https://hub.example/in/secret", ""])
def test_check_tells_whether_somebody_listens_but_not_where(url: str) -> None:
    health = with_plugin(lambda _: httpx.Response(200, json={"url": url, "headers": {}}), lambda it: it.check())
    assert health.ok == bool(url)
    assert "hub.example" not in health.detail


# what comes in


def read(name: str, sender: str = SENDER) -> list[Any]:
    body = (FIXTURES / f"{name}.json").read_bytes().replace(SENDER.encode(), sender.encode())
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    request = Inbound("POST", "https://hub.example/in/d1", {}, body, received_at=at)
    events = with_plugin(lambda _: httpx.Response(500), lambda plugin: plugin.receive(request))
    assert isinstance(events, list)
    return events


def one(name: str) -> Any:
    (event,) = read(name)
    return event


def test_webhooks_are_metas() -> None:
    said, pressed, failed = one("message__text"), one("message__button"), one("status__failed_opted_out")
    assert isinstance(said, MessageReceived)
    assert (said.sender, said.text, said.points[:2]) == (SENDER, "Stopp", (NUMBER, BSUID))
    assert (pressed.kind, pressed.button) == ("button", "STOP_MARKETING")
    assert one("message__text_without_number").points == (BSUID,)
    assert isinstance(failed, StatusChanged)
    assert isinstance(failed.error, RecipientOptedOut)
    assert one("status__delivered").message_id == "0193c1d2"
    assert isinstance(one("unknown__field"), Unknown)


def test_stop_made_inside_whatsapp_is_heard_where_it_is_passed_on() -> None:
    event = one("preference__stop")
    assert isinstance(event, PreferenceChanged)
    assert event.stopped


def test_message_to_another_number_is_pointed_out() -> None:
    said, told = read("message__text", sender="100200300400599")
    assert said.sender == "100200300400599"
    assert isinstance(told, SenderChanged)
    assert (told.sender, told.can_send) == (SENDER, True)
    assert len(read("status__delivered", sender="100200300400599")) == 1
