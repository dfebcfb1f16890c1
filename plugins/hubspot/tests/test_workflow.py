# SPDX-License-Identifier: Apache-2.0
"""The workflow action, from its registration to the moment the workflow goes on. The door here is a few lines that ask
the connector what the hub's door asks it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hub_hubspot import HubSpot, action
from hub_hubspot.emulator import create
from hub_hubspot.emulator.account import AT, Account, account, said
from hub_hubspot.outgoing import outputs
from hub_hubspot.signature import v1, v2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub import BadConfig, Event, Forbidden, Inbound, Option, Options, Outcome, ReportKind, SendRequested, Unknown
from hub.testing.emulator import Fault, serve
from hub.testing.population import population

INPUTS = {"template": "welcome/de", "purpose": "MARKETING", "topic": "news", "parameter_1": "Ada", "parameter_2": ""}
OPTIONS = Options(
    templates=tuple(Option(f"t{n}/de", f"Template {n}") for n in range(230)),
    purposes=(Option("MARKETING", "Marketing"), Option("UTILITY", "Utility")),
    topics=(Option("news", "News"),),
)


class Door:
    """Answers what HubSpot sends to the connection, and keeps the events."""

    def __init__(self) -> None:
        self.url = ""
        self.account: Account
        self.events: list[Event] = []
        self.refusals: list[tuple[int, dict[str, str]]] = []  # answered instead, one after the other

    async def answer(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        inbound = Inbound("POST", self.url, headers, await request.body(), received_at=AT)
        if self.refusals:
            status, more = self.refusals.pop(0)
            return Response(status_code=status, headers=more)
        async with httpx.AsyncClient() as http:
            crm = HubSpot(self.account.config(), http, self.account.memory)
            try:
                crm.authenticate(inbound)
            except Forbidden:
                return Response(status_code=401)
            answer = crm.choices(inbound, OPTIONS)
            if answer is None:
                answer = crm.acknowledge(inbound)
                self.events += await crm.receive(inbound)
        return Response(answer.body, answer.status, media_type=answer.media_type)


class Workflow:
    """A HubSpot account with the action registered, and a contact to enrol."""

    def __init__(self, hubspot: Account, door: Door) -> None:
        self.hubspot, self.door, self.runs = hubspot, door, hubspot.emulator.workflows
        self.record = next(iter(hubspot.emulator.contacts))

    def do(self, what: str, **given: Any) -> Any:
        response = httpx.post(f"{self.hubspot.url}/_emulator/do/{what}", json=given, timeout=30)
        return response.json() if response.status_code == 200 else response.status_code

    def enrol(self, **inputs: str) -> dict[str, Any]:
        enrolled: dict[str, Any] = self.do("enrol", record_id=self.record, inputs=INPUTS | inputs)
        return enrolled


@contextmanager
def registered(**settings: Any) -> Iterator[Workflow]:
    door, emulator = Door(), create(searches=1_000, limit=10_000)
    emulator.load(population(3, 3))
    with serve(Starlette(routes=[Route("/in/h1", door.answer, methods=["POST"])])) as url:
        door.url = f"{url}/in/h1"
        keys = {"client_secret": emulator.client_secret, "developer_key": emulator.access.developer_key}
        with account(emulator, app_id="2633736", webhook_url=door.url, **keys, **settings) as hubspot:
            door.account = hubspot
            hubspot.ask(lambda crm: crm.prepare())
            yield Workflow(hubspot, door)


@pytest.fixture
def workflow() -> Iterator[Workflow]:
    with registered() as one:
        yield one


def test_action_run_waits_and_asks_for_one_message(workflow: Workflow) -> None:
    run = workflow.enrol()
    assert run["state"] == "blocked"
    (asked,) = workflow.door.events
    callback = run["callback"]
    assert isinstance(asked, SendRequested)
    assert asked == SendRequested(
        event=asked.event,
        record=workflow.record,
        template="welcome/de",
        purpose="MARKETING",
        at=AT,
        topic="news",
        parameters=(("1", "Ada"),),
        callback=callback,
    )


def test_action_goes_on_when_the_message_was_accepted(workflow: Workflow) -> None:
    callback = workflow.enrol()["callback"]
    assert workflow.hubspot.report(said("a", workflow.record, callback=callback)) == [Outcome("a")]
    run = workflow.runs.enrolments[callback]
    assert (run.state, run.outputs["status"], run.outputs["hs_execution_state"]) == ("done", "accepted", "SUCCESS")
    assert len(workflow.hubspot.emulator.communications) == 1


def test_action_goes_on_with_the_reason_when_the_message_was_refused(workflow: Workflow) -> None:
    callback = workflow.enrol()["callback"]
    no = said("a", workflow.record, "refused", ReportKind.REFUSED, reason="CONSENT_UNPROVEN", callback=callback)
    assert workflow.hubspot.report(no) == [Outcome("a")]
    run = workflow.runs.enrolments[callback]
    expected = {"status": "refused", "reason": "CONSENT_UNPROVEN", "hs_execution_state": "FAIL_CONTINUE"}
    assert (run.state, run.outputs) == ("done", expected)
    assert workflow.hubspot.shown(workflow.record)["hub_whatsapp_reason"] == "CONSENT_UNPROVEN"


def test_action_goes_on_although_the_contact_cannot_be_written(workflow: Workflow) -> None:
    callback = workflow.enrol()["callback"]
    workflow.hubspot.emulator.portal.protected.add(workflow.record)
    (outcome,) = workflow.hubspot.report(said("a", workflow.record, callback=callback))
    assert "VALIDATION_ERROR" in outcome.error
    assert workflow.runs.enrolments[callback].state == "done"


@pytest.mark.parametrize(
    ("status", "state"), [("accepted", "SUCCESS"), ("failed", "FAIL_CONTINUE"), ("unknown", "FAIL_CONTINUE")]
)
def test_answer_tells_whether_the_message_left(status: str, state: str) -> None:
    assert outputs(said("a", "1", status, reason="R")) == {"status": status, "reason": "R", "hs_execution_state": state}


def test_report_without_a_callback_leaves_the_workflow_waiting(workflow: Workflow) -> None:
    callback = workflow.enrol()["callback"]
    workflow.hubspot.report(said("a", workflow.record, "held"))
    assert workflow.runs.enrolments[callback].state == "blocked"


def test_action_that_waited_too_long_is_as_good_as_told(workflow: Workflow) -> None:
    late, early = workflow.enrol()["callback"], ""
    workflow.hubspot.emulator.clock.advance(timedelta(weeks=1, seconds=1))
    early = workflow.enrol()["callback"]
    reports = [said(f"r{n}", workflow.record, callback=one) for n, one in enumerate((late, early))]
    assert [one.error for one in workflow.hubspot.report(*reports)] == ["", ""]
    assert [workflow.runs.enrolments[one].state for one in (late, early)] == ["expired", "done"]


def test_action_told_twice_changes_nothing(workflow: Workflow) -> None:
    callback = workflow.enrol()["callback"]
    for status in ("accepted", "delivered"):
        assert workflow.hubspot.report(said(status, workflow.record, status, callback=callback)) == [Outcome(status)]
    assert workflow.runs.enrolments[callback].outputs["status"] == "accepted"


def test_callback_without_an_answer_is_told_again_and_the_timeline_is_written_once(workflow: Workflow) -> None:
    callback = workflow.enrol()["callback"]
    workflow.hubspot.emulator.faults.append(Fault("status", "callbacks", 503, times=1))
    (outcome,) = workflow.hubspot.report(said("a", workflow.record, callback=callback))
    assert outcome.retry
    assert not workflow.hubspot.emulator.communications
    assert workflow.hubspot.report(said("a", workflow.record, callback=callback)) == [Outcome("a")]
    assert workflow.runs.enrolments[callback].state == "done"
    assert len(workflow.hubspot.emulator.communications) == 1


def test_callback_without_the_scope_keeps_no_other_report_waiting(workflow: Workflow) -> None:
    callback = workflow.enrol()["callback"]
    workflow.hubspot.emulator.access.scopes -= {"automation"}
    other = list(workflow.hubspot.emulator.contacts)[1]
    outcomes = workflow.hubspot.report(said("a", workflow.record, callback=callback), said("b", other))
    assert "MISSING_SCOPES automation" in outcomes[0].error
    assert outcomes[0].retry
    assert outcomes[1] == Outcome("b")
    health = workflow.hubspot.ask(lambda crm: crm.check())
    assert "automation" in health.detail


@pytest.mark.parametrize("version", ["2026-03", "v3"])
def test_action_works_by_every_version(version: str) -> None:
    with registered(api_version=version) as workflow:
        callback = workflow.enrol()["callback"]
        workflow.hubspot.report(said("a", workflow.record, callback=callback))
        assert workflow.runs.enrolments[callback].state == "done"


def test_options_are_those_of_the_hub_page_by_page(workflow: Workflow) -> None:
    assert [one["value"] for one in workflow.do("options", field="purpose")] == ["MARKETING", "UTILITY"]
    assert [one["value"] for one in workflow.do("options", field="topic")] == ["news"]
    assert [one["value"] for one in workflow.do("options", field="template")] == [f"t{n}/de" for n in range(230)]
    found = workflow.do("options", field="template", words="TEMPLATE 22")
    assert [one["label"] for one in found] == ["Template 22", *(f"Template 22{n}" for n in range(10))]


def test_request_of_a_stranger_is_refused_and_asks_for_nothing(workflow: Workflow) -> None:
    workflow.runs.client_secret = "somebody else's"
    assert workflow.enrol()["state"] == "failed"
    assert workflow.do("options", field="purpose") == []
    assert workflow.door.events == []


def test_request_signed_for_another_address_is_refused(workflow: Workflow) -> None:
    workflow.door.url += "?other"
    assert workflow.enrol()["state"] == "failed"
    assert workflow.door.events == []


def test_request_answered_later_is_repeated_and_stays_the_same(workflow: Workflow) -> None:
    workflow.runs.retry_after = 0.01
    workflow.door.refusals = [(500, {}), (429, {"retry-after": "20"})]
    run = workflow.enrol()
    assert (run["state"], workflow.runs.enrolments[run["callback"]].calls) == ("blocked", 3)
    assert len(workflow.door.events) == 1


BODY = {
    "callbackId": "ap-1-2-3-4",
    "origin": {"portalId": 143553137, "actionDefinitionId": 1, "actionDefinitionVersion": 1},
    "context": {"source": "WORKFLOWS", "workflowId": 9},
    "object": {"objectId": 904, "objectType": "CONTACT", "properties": {}},
    "inputFields": INPUTS,
}


def answered(body: dict[str, Any], **settings: str) -> tuple[dict[str, Any], Event]:
    """What HubSpot is answered at once, and what the hub hears."""
    with account(**settings) as hubspot:
        request = Inbound("POST", "https://hub.example/in/h1", {}, json.dumps(body).encode(), received_at=AT)

        async def ask(crm: HubSpot) -> tuple[dict[str, Any], Event]:
            (event,) = await crm.receive(request)
            return json.loads(crm.acknowledge(request).body)["outputFields"], event

        return hubspot.ask(ask)


@pytest.mark.parametrize(
    "change",
    [
        {"callbackId": None},
        {"object": {"objectId": 904, "objectType": "DEAL"}},
        {"object": None},
        {"inputFields": {"template": "welcome/de"}},
        {"inputFields": [1]},
        {"origin": {"portalId": 7}},
    ],
)
def test_request_that_cannot_be_carried_out_never_blocks(change: dict[str, Any]) -> None:
    said_back, event = answered(BODY | change, portal="143553137")
    assert said_back["hs_execution_state"] == "FAIL_CONTINUE"
    assert said_back["status"] == "refused"
    assert isinstance(event, Unknown)


def test_request_with_inputs_as_objects_is_read_alike() -> None:
    inputs = {name: {"type": "STATIC_VALUE", "value": value} for name, value in INPUTS.items()}
    _, event = answered(BODY | {"inputFields": inputs})
    assert isinstance(event, SendRequested)
    assert (event.template, event.parameters) == ("welcome/de", (("1", "Ada"),))
    assert "904" not in repr(event)
    again, other = answered(BODY)[1], answered(BODY | {"callbackId": "ap-1-2-3-5"})[1]
    assert isinstance(again, SendRequested)
    assert isinstance(other, SendRequested)
    assert again.event == event.event != other.event
    assert "Ada" not in repr(event)


def test_request_signed_with_v1_is_refused() -> None:
    body, secret, url = json.dumps(BODY).encode(), "made-up", "https://hub.example/in/h1"
    with account(client_secret=secret) as hubspot:
        for version, signature, passes in (
            ("v1", v1(secret, body), False),
            ("v2", v2(secret, "POST", url, body), True),
        ):
            headers = {"x-hubspot-signature": signature, "x-hubspot-signature-version": version}
            request = Inbound("POST", url, headers, body)

            async def ask(crm: HubSpot, request: Inbound = request) -> bool:
                try:
                    crm.authenticate(request)
                except Forbidden:
                    return False
                return True

            assert hubspot.ask(ask) is passes


def test_action_is_registered_once_and_follows_the_address(workflow: Workflow) -> None:
    prepare = workflow.hubspot.ask
    assert prepare(lambda crm: crm.prepare()) == []
    workflow.hubspot.settings["webhook_url"] = "https://hub.example/in/new"
    assert prepare(lambda crm: crm.prepare()) == ["brought the workflow action up to date"]
    (definitions,) = workflow.runs.definitions.values()
    (one,) = definitions.values()
    assert (one["revisionId"], one["actionUrl"]) == ("2", "https://hub.example/in/new")
    assert {field["typeDefinition"].get("optionsUrl") for field in one["inputFields"]} == {one["actionUrl"], None}


def test_action_with_a_wrong_developer_key_asks_a_human(workflow: Workflow) -> None:
    workflow.hubspot.settings |= {"developer_key": "wrong", "webhook_url": "https://hub.example/in/new"}
    with pytest.raises(BadConfig):
        workflow.hubspot.ask(lambda crm: crm.prepare())


def test_project_file_holds_the_same_action() -> None:
    url = "https://hub.example/in/h1"
    written = json.loads(subprocess.check_output([sys.executable, "-m", "hub_hubspot.action", url]))
    assert written["type"] == "workflow-action"
    defined = action.definition(url)
    assert defined.pop("published") is written["config"].pop("isPublished")
    assert written["config"].pop("supportedClients") == [{"client": "WORKFLOWS"}]
    assert written["config"] == defined


def test_action_names_each_field_in_every_language() -> None:
    defined = action.definition("https://hub.example/in/h1")
    inputs = {one["typeDefinition"]["name"] for one in defined["inputFields"]}
    results = {one["typeDefinition"]["name"] for one in defined["outputFields"]}
    for labels in defined["labels"].values():
        assert (set(labels["inputFieldLabels"]), set(labels["outputFieldLabels"])) == (inputs, results)
        assert set(labels["executionRules"]) == {rule["labelName"] for rule in defined["executionRules"]}
