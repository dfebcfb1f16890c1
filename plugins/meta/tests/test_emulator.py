# SPDX-License-Identifier: Apache-2.0
"""The emulated platform behaves as Meta describes its own."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx
import orjson
import pytest
from hub_meta import Config, Meta
from hub_meta.emulator import MetaEmulator, create
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from hub.contract import BadConfig, HubError, Inbound, TemplateState
from hub.http import Sharded
from hub.testing.clock import until
from hub.testing.emulator import serve
from hub.testing.provider_table import Notes

ERIKA, JONAS = "+4915112345678", "+4915112345679"
FAST = (0.0, 0.01, 0.02)


@dataclass
class Door:
    """A webhook address that keeps what arrives and answers as told."""

    url: str = ""
    status: int = 200
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def __call__(self, request: Request) -> Response:
        if request.method == "GET":
            fits = request.query_params["hub.verify_token"].startswith("verify-")
            return Response(request.query_params["hub.challenge"], 200) if fits else Response(status_code=403)
        self.bodies.append(await request.body())
        self.headers.append(dict(request.headers))
        return Response(status_code=self.status)

    def values(self) -> list[dict[str, Any]]:
        """The `value` of every change so far."""
        entries = [entry for body in list(self.bodies) for entry in orjson.loads(body)["entry"]]
        return [change["value"] for entry in entries for change in entry["changes"]]

    def statuses(self) -> list[dict[str, Any]]:
        return [status for value in self.values() for status in value.get("statuses", ())]

    def messages(self) -> list[dict[str, Any]]:
        return [message for value in self.values() for message in value.get("messages", ())]


@pytest.fixture(scope="module")
def street() -> Iterator[tuple[str, dict[str, Door]]]:
    """One server for all doors."""
    doors: dict[str, Door] = {}

    async def answer(request: Request) -> Response:
        return await doors[request.path_params["name"]](request)

    with serve(Starlette(routes=[Route("/in/{name}", answer, methods=["GET", "POST"])])) as base:
        yield base, doors


@pytest.fixture
def door(street: tuple[str, dict[str, Door]]) -> Door:
    base, doors = street
    name = f"m{len(doors)}"
    doors[name] = Door(f"{base}/in/{name}")
    return doors[name]


@dataclass
class World:
    emulator: MetaEmulator
    app: ASGIApp
    http: TestClient

    def send(self, **message: Any) -> Any:
        """POST /messages; without more, a template to Erika."""
        body: dict[str, Any] = {"messaging_product": "whatsapp", "to": ERIKA}
        if "type" not in message and "text" not in message:
            body |= {"type": "template", "template": OFFER}
        sent = {key: value for key, value in {**body, **message}.items() if value is not None}
        return self.http.post(f"/v25.0/{self.emulator.phone_number_id}/messages", json=sent)

    def code(self, **message: Any) -> tuple[int, int]:
        answer = self.send(**message)
        return answer.status_code, answer.json().get("error", {}).get("code", 0)


OFFER = {
    "name": "offer",
    "language": {"code": "de"},
    "components": [{"type": "body", "parameters": [{"type": "text", "text": "Erika"}]}],
}
TEXT = {"type": "text", "text": {"body": "Hallo"}}


@pytest.fixture
def world(door: Door) -> Iterator[World]:
    emulator = create(seed=7, webhook_url=door.url, delays=FAST)
    emulator.webhooks.retry_after = 0.02
    emulator.add_user(ERIKA, name="Jürgen", bsuid="DE.8842019375521660417")
    emulator.add_template("offer", body="Hallo {{1}}, ab heute günstiger.")
    app = emulator.app()
    with TestClient(app, headers={"authorization": f"Bearer {emulator.access_token}"}) as http:
        yield World(emulator, app, http)


def template(name: str, parameters: list[Any] | None = None, language: str = "de") -> dict[str, Any]:
    components = [] if parameters is None else [{"type": "body", "parameters": parameters}]
    return {"name": name, "language": {"code": language}, "components": components}


def text(value: str, name: str | None = None) -> dict[str, str]:
    return {"type": "text", "text": value, **({"parameter_name": name} if name else {})}


# who may call


def test_call_with_a_wrong_token_is_refused(world: World) -> None:
    answer = world.http.get(f"/v25.0/{world.emulator.waba_id}/message_templates", headers={"authorization": "Bearer x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 190)


def test_call_for_another_number_is_refused_like_an_unknown_object(world: World) -> None:
    answer = world.http.post("/v25.0/999/messages", json={})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["error_subcode"]) == (400, 100, 33)
    assert "does not exist" in error["message"]


@pytest.mark.parametrize(("proves", "expected"), [(True, list), (False, HubError)])
def test_call_without_proof_is_refused_where_the_app_requires_it(world: World, proves: bool, expected: type) -> None:
    world.emulator.appsecret_proof = True
    outcome = with_plugin(world, lambda meta: meta.prepare(), appsecret_proof=proves)
    assert isinstance(outcome, expected)


# what a message must look like


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"messaging_product": None}, (400, 100)),
        ({"to": None}, (400, 131008)),
        ({"to": "call me"}, (400, 131009)),
        ({"to": "+12"}, (400, 131009)),
        ({"to": "493023125000"}, (400, 131021)),
        ({"to": None, "recipient": "no id"}, (400, 131009)),
        ({"to": None, "recipient": "DE.1"}, (400, 131009)),
        ({"type": "telegram"}, (400, 131051)),
        ({"type": "text"}, (400, 131008)),
        ({"type": "text", "text": "Hallo"}, (400, 100)),
        ({"type": "text", "text": {}}, (400, 131008)),
        ({"type": "text", "text": {"body": 7}}, (400, 100)),
        ({"type": "text", "text": {"body": "x" * 4097}}, (400, 131009)),
        ({"biz_opaque_callback_data": "x" * 513}, (400, 131009)),
        ({"template": {"name": "offer"}, "type": "template"}, (400, 131008)),
    ],
)
def test_message_not_as_documented_is_refused(world: World, message: dict[str, Any], expected: tuple[int, int]) -> None:
    assert world.code(**message) == expected
    assert world.emulator.received == []


def test_message_that_is_no_json_is_refused(world: World) -> None:
    answer = world.http.post(f"/v25.0/{world.emulator.phone_number_id}/messages", content=b"{")
    assert answer.json()["error"]["code"] == 100


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (template("missing"), (404, 132001)),
        (template("offer", [text("E")], language="de_DE"), (404, 132001)),
        (template("offer"), (400, 132000)),
        (template("offer", [text("a"), text("b")]), (400, 132000)),
        (template("offer", [{"type": "image", "image": {}}]), (400, 132012)),
        (template("offer", [{"type": "text"}]), (400, 131008)),
        (template("offer", [text("x" * 1024)]), (400, 132005)),
        (template("named", [text("A-1"), text("Erika")]), (400, 132012)),
        (template("named", [text("A-1", "order"), text("Erika", "nickname")]), (400, 100)),
        (template("tracked", []), (400, 131008)),
        (template("paused"), (400, 132015)),
        (template("disabled"), (400, 132016)),
        (template("pending"), (404, 132001)),
        (template("named", [text("A-1", "order"), text("Erika", "name")]), (200, 0)),
        (template("offer", [text("Erika")]), (200, 0)),
    ],
)
def test_template_send_is_checked_against_the_template(
    world: World, given: dict[str, Any], expected: tuple[int, int]
) -> None:
    world.emulator.add_template("named", body="Hallo {{name}}, {{order}} ist da.")
    link = {"type": "URL", "text": "Folgen", "url": "https://example.org/{{1}}"}
    world.emulator.add_template("tracked", body="Unterwegs", buttons=[link])
    for status in ("PAUSED", "DISABLED", "PENDING"):
        world.emulator.add_template(status.lower(), body="Hallo", status=status)
    assert world.code(type="template", template=given) == expected


# limits


def test_text_is_free_for_24_hours_after_the_person_wrote(world: World) -> None:
    assert world.code(**TEXT) == (400, 131047)
    world.emulator.say(ERIKA, "Hallo")
    assert world.code(**TEXT) == (200, 0)
    world.emulator.clock.advance(timedelta(hours=25))
    assert world.code(**TEXT) == (400, 131047)


def test_text_after_an_old_message_finds_the_window_closed(world: World) -> None:
    world.emulator.say(ERIKA, "Hallo", at=datetime.now(UTC) - timedelta(days=3))
    assert world.code(**TEXT) == (400, 131047)


def test_pair_rate_lends_45_and_wants_them_back(world: World) -> None:
    assert [world.code() for _ in range(45)] == [(200, 0)] * 45
    assert world.code() == (400, 131056)
    assert world.code(to=JONAS) == (200, 0)
    world.emulator.clock.advance(timedelta(seconds=6))
    assert [world.code(), world.code()] == [(200, 0), (400, 131056)]


def test_pair_rate_can_be_switched_off(world: World) -> None:
    world.emulator.limits.pair_rate = False
    assert {world.code() for _ in range(46)} == {(200, 0)}


def test_throughput_beyond_the_limit_is_refused_for_the_rest_of_the_second(world: World) -> None:
    world.emulator.limits.throughput = 3
    assert [world.code() for _ in range(4)] == [(200, 0)] * 3 + [(400, 130429)]
    world.emulator.clock.advance(timedelta(seconds=1))
    assert world.code() == (200, 0)


def test_error_made_late_comes_as_a_failed_status(world: World, door: Door) -> None:
    world.emulator.late_errors.add(131047)
    assert world.code(**TEXT) == (200, 0)
    until(door.statuses)
    (status,) = door.statuses()
    assert status["errors"][0]["code"] == 131047
    assert status["recipient_id"] == ERIKA.removeprefix("+")
    assert "recipient_user_id" not in status


# people


def test_send_to_a_bsuid_names_no_number(world: World) -> None:
    answer = world.send(to=None, recipient="DE.8842019375521660417").json()
    assert answer["contacts"] == [{"input": "DE.8842019375521660417", "user_id": "DE.8842019375521660417"}]


def test_one_time_code_to_a_bsuid_needs_the_number(world: World) -> None:
    code = {"type": "OTP", "otp_type": "COPY_CODE", "text": "Kopieren"}
    world.emulator.add_template("code", category="AUTHENTICATION", body="Ihr Code", buttons=[code])
    given = template("code")
    assert world.code(to=None, recipient="DE.8842019375521660417", type="template", template=given) == (400, 131062)


def test_person_who_hides_the_number_appears_by_bsuid_only(world: World, door: Door) -> None:
    user = world.emulator.add_user(JONAS, hides_number=True)
    world.emulator.say(JONAS, "Hallo")
    world.send(to=None, recipient=user.bsuid)
    until(lambda: door.messages() and len(door.statuses()) == 3)
    assert JONAS.removeprefix("+").encode() not in b"".join(door.bodies)
    assert door.messages()[0]["from_user_id"] == door.statuses()[0]["recipient_user_id"] == user.bsuid


def test_person_nobody_added_gets_a_bsuid_of_the_numbers_country(world: World, door: Door) -> None:
    world.emulator.say("+33612345678", "Bonjour")
    until(door.messages)
    assert door.messages()[0]["from"] == "33612345678"
    assert door.messages()[0]["from_user_id"].startswith("FR.")


def test_person_who_changes_the_number_is_announced_with_both(world: World, door: Door) -> None:
    world.emulator.change_number(ERIKA, JONAS)
    until(door.messages)
    (message,) = door.messages()
    assert (message["from"], message["system"]["wa_id"]) == (ERIKA[1:], JONAS[1:])
    assert message["system"]["previous_user_id"] == "DE.8842019375521660417" != message["system"]["user_id"]


def test_wamid_holds_the_number_as_metas_do(world: World) -> None:
    wamid = world.send().json()["messages"][0]["id"]
    assert ERIKA.removeprefix("+").encode() in base64.b64decode(wamid.removeprefix("wamid."))


# what becomes of a message


def test_message_accepted_is_sent_delivered_and_read(world: World, door: Door) -> None:
    answer = world.send(biz_opaque_callback_data="outbox-1").json()
    until(lambda: len(door.statuses()) == 3)
    assert {status["status"] for status in door.statuses()} == {"sent", "delivered", "read"}
    assert {status["biz_opaque_callback_data"] for status in door.statuses()} == {"outbox-1"}
    assert {status["id"] for status in door.statuses()} == {answer["messages"][0]["id"]}
    (sent,) = world.emulator.received
    assert (sent.to, sent.type, sent.template, sent.opaque) == (ERIKA, "template", "offer", "outbox-1")


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"reads": False}, ["sent", "delivered"]),
        ({"statuses": ("read",)}, ["read"]),
        ({"has_whatsapp": False}, [131026]),
        ({"fails": 131049}, [131049]),
    ],
)
def test_message_goes_as_the_person_is(world: World, door: Door, about: dict[str, Any], expected: list[Any]) -> None:
    world.emulator.add_user(JONAS, **about)
    world.send(to=JONAS)
    until(lambda: len(door.statuses()) == len(expected))
    told = [status["errors"][0]["code"] if "errors" in status else status["status"] for status in door.statuses()]
    assert told == expected


def test_message_to_a_stranger_without_whatsapp_is_accepted_and_fails(world: World, door: Door) -> None:
    world.emulator.strangers_have_whatsapp = False
    assert world.code(to=JONAS) == (200, 0)
    until(door.statuses)
    assert door.statuses()[0]["errors"][0]["code"] == 131026


def test_marketing_after_a_stop_fails_and_utility_does_not(world: World, door: Door) -> None:
    world.emulator.add_template("invoice", category="UTILITY", body="Ihre Rechnung")
    world.emulator.prefer(ERIKA, "stop")
    world.send(biz_opaque_callback_data="ad")
    world.send(type="template", template=template("invoice"), biz_opaque_callback_data="invoice")
    until(lambda: len(door.statuses()) == 4)
    told = {(status["biz_opaque_callback_data"], status["status"]) for status in door.statuses()}
    assert told == {("ad", "failed"), ("invoice", "sent"), ("invoice", "delivered"), ("invoice", "read")}
    world.emulator.prefer(ERIKA, "resume")
    world.send(biz_opaque_callback_data="ad again")
    until(lambda: len(door.statuses()) == 7)
    assert {status["status"] for status in door.statuses()[4:]} == {"sent", "delivered", "read"}


# webhooks


def plugin(world: World, http: httpx.AsyncClient | None = None, **settings: Any) -> Meta:
    emulator = world.emulator
    given = {"waba_id": emulator.waba_id, "access_token": emulator.access_token}
    secrets = {"app_secret": emulator.app_secret, "verify_token": emulator.verify_token}
    return Meta(Config(**{**given, **secrets, **settings}), http or httpx.AsyncClient(), Notes())


def with_plugin(world: World, what: Callable[[Meta], Any], **settings: Any) -> Any:
    async def run() -> Any:
        transport = Sharded([httpx.ASGITransport(world.app)])
        async with httpx.AsyncClient(transport=transport) as http:
            try:
                return await what(plugin(world, http, **settings))
            except HubError as error:
                return error

    return anyio.run(run)


def test_webhook_is_escaped_and_signed_so_that_the_plugin_accepts_it(world: World, door: Door) -> None:
    world.emulator.say(ERIKA, "Größe 38/40 – 😀")
    until(lambda: door.bodies)
    assert b"Gr\\u00f6\\u00dfe 38\\/40" in door.bodies[0]
    request = Inbound("POST", door.url, door.headers[0], door.bodies[0])
    plugin(world).authenticate(request)
    (event,) = anyio.run(plugin(world).receive, request)
    assert getattr(event, "text", "") == "Größe 38/40 – 😀"


def test_webhooks_of_a_moment_share_a_post(world: World, door: Door) -> None:
    world.emulator.outbox.gather = 0.2
    for number in range(20):
        world.emulator.say(ERIKA, str(number))
    until(lambda: len(door.messages()) == 20)
    assert len(door.bodies) == 1


def test_webhooks_never_exceed_the_batch(world: World, door: Door) -> None:
    world.emulator.outbox.batch = 8
    for number in range(20):
        world.emulator.say(ERIKA, str(number))
    until(lambda: len(door.messages()) == 20)
    assert max(len(orjson.loads(body)["entry"]) for body in door.bodies) <= 8


def test_webhook_not_acknowledged_comes_again(world: World, door: Door) -> None:
    door.status = 500
    wamid = world.emulator.say(ERIKA, "Hallo")
    until(lambda: len(door.bodies) >= 2)
    assert world.emulator.acks == {}
    door.status = 200
    until(lambda: wamid in world.emulator.acks)
    assert len(set(door.bodies)) == 1


def test_webhook_doubled_on_demand(world: World, door: Door) -> None:
    world.emulator.webhooks.double = 1.0
    world.emulator.say(ERIKA, "Hallo")
    until(lambda: len(door.bodies) == 2)
    assert door.bodies[0] == door.bodies[1]


@pytest.mark.parametrize("spoil", ["wrong", "unsigned"])
def test_webhook_forged_on_demand_is_refused_by_the_plugin(world: World, door: Door, spoil: str) -> None:
    world.emulator.webhooks.spoil = spoil
    world.emulator.say(ERIKA, "Hallo")
    until(lambda: door.bodies)
    with pytest.raises(HubError):
        plugin(world).authenticate(Inbound("POST", door.url, door.headers[0], door.bodies[0]))


def test_webhook_tells_when_the_person_wrote(world: World, door: Door) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    world.emulator.say(ERIKA, "Hallo", at=at)
    until(door.messages)
    assert door.messages()[0]["timestamp"] == str(int(at.timestamp()))


def test_button_pressed_names_the_template_it_belongs_to(world: World, door: Door) -> None:
    wamid = world.send().json()["messages"][0]["id"]
    world.emulator.press(ERIKA, "STOP_MARKETING", "Keine Werbung")
    until(door.messages)
    (message,) = door.messages()
    assert message["button"] == {"payload": "STOP_MARKETING", "text": "Keine Werbung"}
    assert message["context"]["id"] == wamid


def test_people_may_write_from_many_threads(world: World, door: Door) -> None:
    with ThreadPoolExecutor(8) as pool:
        wamids = set(pool.map(lambda index: world.emulator.say(f"+49151{index:08d}", "START"), range(200)))
    until(lambda: wamids <= world.emulator.acks.keys())
    assert len({message["from"] for message in door.messages()}) == 200


# account and templates


def test_templates_are_paged_and_the_plugin_reads_all(world: World) -> None:
    for number in range(249):
        world.emulator.add_template(f"t{number}", body="Hallo")

    async def names(meta: Meta) -> set[str]:
        return {template.name async for template in meta.templates()}

    assert len(with_plugin(world, names)) == 250
    pages = [call for call in world.emulator.log if call.path.endswith("/message_templates")]
    assert len(pages) == 3


def test_templates_page_says_whether_there_is_more(world: World) -> None:
    world.emulator.add_template("second", body="Hallo")
    path = f"/v25.0/{world.emulator.waba_id}/message_templates"
    first = world.http.get(path, params={"limit": 1}).json()
    assert "next" in first["paging"]
    last = world.http.get(path, params={"limit": 1, "after": first["paging"]["cursors"]["after"]}).json()
    assert "next" not in last["paging"]
    assert last["paging"]["cursors"]["after"]
    assert [page["data"][0]["name"] for page in (first, last)] == ["offer", "second"]


def test_templates_cursor_gone_stale_is_refused(world: World) -> None:
    answer = world.http.get(f"/v25.0/{world.emulator.waba_id}/message_templates", params={"after": "stale"})
    assert answer.json()["error"]["code"] == 131059


def test_template_changes_are_told(world: World, door: Door) -> None:
    world.emulator.recategorise("offer", "de", "UTILITY", pending=True)
    world.emulator.recategorise("offer", "de", "UTILITY")
    world.emulator.set_template_status("offer", "de", "PAUSED")
    until(lambda: len(door.values()) == 3)
    pending, done, paused = door.values()
    assert (pending["new_category"], pending["correct_category"]) == ("MARKETING", "UTILITY")
    assert (done["previous_category"], done["new_category"]) == ("MARKETING", "UTILITY")
    assert paused["event"] == "PAUSED"
    assert world.code() == (400, 132015)


def read(world: World, door: Door) -> list[Any]:
    """What the plugin makes of the webhooks so far."""
    requests = [
        Inbound("POST", door.url, headers, body) for headers, body in zip(door.headers, door.bodies, strict=True)
    ]
    return [event for request in requests for event in anyio.run(plugin(world).receive, request)]


def test_template_losing_quality_is_told_until_it_is_paused(world: World, door: Door) -> None:
    world.emulator.rate_template("offer", "de", "YELLOW")
    world.emulator.rate_template("offer", "de", "RED")
    until(lambda: len(door.values()) == 3)
    yellow, red, paused = read(world, door)
    assert [(one.worse, one.template) for one in (yellow, red)] == [(True, "offer/de")] * 2
    assert paused.state is TemplateState.PAUSED
    assert world.code() == (400, 132015)


def test_account_restricted_is_told_and_seen(world: World, door: Door) -> None:
    world.emulator.restrict(hours=24)
    until(door.values)
    (event,) = read(world, door)
    assert not event.can_send
    assert world.code() == (403, 368)
    assert not with_plugin(world, lambda meta: meta.check()).ok


def test_portfolio_limit_is_kept_told_and_shown(world: World, door: Door) -> None:
    world.emulator.set_tier(1)
    assert [world.code(), world.code(to=JONAS)] == [(200, 0), (400, 131048)]
    until(door.values)
    path, query = f"/v25.0/{world.emulator.phone_number_id}", "whatsapp_business_manager_messaging_limit"
    assert world.http.get(path, params={"fields": query}).json()[query] == "TIER_1"
    world.emulator.set_tier(2000)
    assert world.http.get(path, params={"fields": query}).json()[query] == "TIER_2K"


def test_quality_of_the_number_is_shown_when_asked_and_told_by_nobody(world: World, door: Door) -> None:
    world.emulator.rate_number("RED")
    world.emulator.prefer(ERIKA, "stop")  # something that is told
    until(door.values)
    assert "RED" in with_plugin(world, lambda meta: meta.check()).detail
    assert len(door.values()) == 1


def test_token_expired_is_refused_with_its_own_subcode(world: World) -> None:
    world.emulator.token_expired = True
    answer = world.send()
    assert (answer.status_code, answer.json()["error"]["error_subcode"]) == (401, 463)
    assert isinstance(with_plugin(world, lambda meta: meta.prepare()), BadConfig)


def test_webhooks_days_late_tell_when_it_happened(world: World, door: Door) -> None:
    world.emulator.webhooks.held = True
    world.send()
    until(lambda: world.emulator.webhooks.waiting)
    time.sleep(0.1)  # the last of three statuses
    world.emulator.clock.advance(timedelta(days=6))
    world.emulator.webhooks.release(mixed=True)
    until(lambda: len(door.statuses()) == 3)
    told = {datetime.fromtimestamp(int(one["timestamp"]), UTC) for one in door.statuses()}
    assert max(told) < world.emulator.clock.now() - timedelta(days=5)


def test_file_of_a_person_comes_by_its_id(world: World, door: Door) -> None:
    world.emulator.send_file(ERIKA, "document", b"letter", "application/pdf", caption="Bitte keine Werbung mehr")
    until(door.messages)
    (event,) = read(world, door)
    (media,) = event.media
    assert event.text == "Bitte keine Werbung mehr"
    file = with_plugin(world, lambda meta: meta.download(event.sender, media.id, 1000))
    assert (file.content, file.mime_type) == (b"letter", "application/pdf")


def test_account_is_healthy_with_its_token_only(world: World) -> None:
    assert with_plugin(world, lambda meta: meta.check()).ok
    refused = with_plugin(world, lambda meta: meta.check(), access_token="another")
    assert not refused.ok
    assert "token" in refused.detail
    assert isinstance(with_plugin(world, lambda meta: meta.prepare(), access_token="another"), BadConfig)


def test_token_can_be_looked_up(world: World) -> None:
    token = world.emulator.access_token
    known = world.http.get("/debug_token", params={"input_token": token}).json()["data"]
    assert known["is_valid"]
    assert known["granular_scopes"][0]["target_ids"] == [world.emulator.waba_id]
    assert not world.http.get("/v25.0/debug_token", params={"input_token": "x"}).json()["data"]["is_valid"]


def test_number_shows_the_fields_asked_for(world: World) -> None:
    shown = world.http.get(f"/v25.0/{world.emulator.phone_number_id}", params={"fields": "health_status"}).json()
    assert shown["health_status"]["can_send_message"] == "AVAILABLE"
    assert "verified_name" not in shown


def test_handshake_sets_the_webhook_only_when_the_challenge_returns(world: World, door: Door) -> None:
    world.emulator.webhook_url = ""
    path = f"/v25.0/{world.emulator.waba_id}/subscribed_apps"
    wrong = world.http.post(path, json={"override_callback_uri": door.url, "verify_token": "wrong"})
    assert (wrong.status_code, world.emulator.webhook_url) == (400, "")
    right = world.http.post(path, json={"override_callback_uri": door.url, "verify_token": "verify-1"})
    assert (right.json(), world.emulator.webhook_url) == ({"success": True}, door.url)


def test_control_plane_does_what_python_does(world: World, door: Door) -> None:
    def do(action: str, **given: Any) -> Any:
        answer = world.http.post(f"/_emulator/do/{action}", json=given)
        assert answer.status_code == 200
        return answer.json() if answer.content else None

    do("add_user", number=JONAS, name="Jonas")
    do("add_template", name="hello", language="de", body="Hallo")
    wamid = do("say", number=JONAS, text="START", at="2026-01-02T03:04:05+00:00")
    do("press", number=JONAS, payload="P", text="Ja")
    do("prefer", number=JONAS, value="stop")
    until(lambda: wamid in do("acks"))
    world.send(to=JONAS, type="template", template=template("hello"), biz_opaque_callback_data="o-1")
    state = world.http.get("/_emulator/state").json()
    assert state["received"] == [{"opaque": "o-1", "to": JONAS, "template": "hello"}]
    assert (state["users"], state["templates"], state["sent"], state["acks"]) == (2, 2, 1, 2)


def test_emulators_of_one_seed_are_alike() -> None:
    one, twin, other = create(seed=3), create(seed=3), create(seed=4)
    assert one.access_token == twin.access_token != other.access_token
    assert one.add_user(ERIKA).bsuid == twin.add_user(ERIKA).bsuid
