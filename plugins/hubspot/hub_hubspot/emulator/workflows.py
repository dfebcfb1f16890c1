# SPDX-License-Identifier: Apache-2.0
"""Workflows with custom actions: definitions, options, executions that block, and callbacks that let them go on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson
from starlette.requests import Request
from starlette.responses import Response

from hub.testing.clock import Clock
from hub.testing.emulator import answer
from hub_hubspot import signature
from hub_hubspot.emulator.answers import Json, invalid, not_found
from hub_hubspot.emulator.portal import Portal

REQUIRED = ("actionUrl", "functions", "inputFields", "labels", "objectTypes", "published")
TYPES = frozenset({"string", "number", "bool", "datetime", "enumeration", "date", "phone_number"})
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


@dataclass
class Enrolment:
    """One contact in one run of the action."""

    callback: str
    record: str
    inputs: Mapping[str, Any]
    state: str = "running"  # running, blocked, done, expired, failed
    outputs: Json = field(default_factory=dict)
    expires: datetime | None = None
    calls: int = 0

    def show(self) -> Json:
        return {"callback": self.callback, "record": self.record, "state": self.state, "outputs": self.outputs}


class Workflows:
    """Attributes may be changed while it runs."""

    def __init__(self, portal: Portal, clock: Clock, client_secret: str) -> None:
        self.portal, self.clock, self.client_secret = portal, clock, client_secret
        self.definitions: dict[str, dict[str, Json]] = {}  # by app, by id
        self.enrolments: dict[str, Enrolment] = {}  # by callback
        self.attempts = 5
        self.retry_after = 0.2  # seconds before an execution that failed is repeated; doubles each time
        self._ids = 10_646_376

    # --- what people do in a workflow

    async def enrol(self, record: str, inputs: Mapping[str, Any], *, workflow: int = 192_814_114) -> Enrolment:
        """A contact reaches the action. Returns when HubSpot has an answer, or has given up."""
        action = self._action()
        required = [_name(one) for one in action["inputFields"] if one["isRequired"]]
        if not all(inputs.get(name) for name in required):
            raise invalid(f"Inputs are required: {', '.join(required)}")
        number = len(self.enrolments) + 1
        one = Enrolment(f"ap-{self.portal.number}-{56_776_413_548 + number}-7-0", record, inputs)
        self.enrolments[one.callback] = one
        body = {
            "callbackId": one.callback,
            "origin": self._origin(action),
            "context": {"source": "WORKFLOWS", "workflowId": workflow},
            "object": {"objectType": "CONTACT", **self._object(action, record)},
            "inputFields": dict(inputs),
        }
        await self._execute(action["actionUrl"], one, orjson.dumps(body))
        return one

    async def _execute(self, url: str, one: Enrolment, body: bytes) -> None:
        wait = self.retry_after
        for _ in range(self.attempts):
            one.calls += 1
            response = await self._post(url, body)
            if response is not None and response.status_code < 300:
                self._answered(one, response.content)
                return
            if response is not None and 400 <= response.status_code < 500 and response.status_code != 429:
                break
            after = response.headers.get("retry-after", "") if response is not None else ""
            await asyncio.sleep(int(after) / 1000 if after.isdigit() else wait)  # milliseconds, in this direction
            wait *= 2
        one.state = "failed"

    def _answered(self, one: Enrolment, content: bytes) -> None:
        try:
            outputs = dict(orjson.loads(content)["outputFields"]) if content else {}
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            outputs = {}
        if one.state != "running":
            return  # its callback was faster
        one.outputs = outputs
        blocks = outputs.get("hs_execution_state") == "BLOCK"
        one.state = "blocked" if blocks else "done"
        if blocks:
            one.expires = self.clock.now() + duration(str(outputs.get("hs_expiration_duration") or "P1W"))

    async def options(self, name: str, words: str = "") -> list[Json]:
        """Somebody opens a field of the action and types `words`."""
        action = self._action()
        (url,) = [one["typeDefinition"]["optionsUrl"] for one in action["inputFields"] if _name(one) == name]
        found: list[Json] = []
        after = ""
        while True:
            asked = {
                "origin": self._origin(action),
                "objectTypeId": "0-1",
                "inputFieldName": name,
                "inputFields": {},
                "fetchOptions": {"q": words, **({"after": after} if after else {})},
            }
            response = await self._post(url, orjson.dumps(asked))
            if response is None or response.status_code >= 300:
                return found
            body = orjson.loads(response.content)
            found += body["options"]
            after = str(body.get("after") or "")
            if not after:
                return found

    async def _post(self, url: str, body: bytes) -> httpx.Response | None:
        """Signed with v2. None: no answer."""
        headers = {
            "content-type": "application/json",
            "x-hubspot-signature": signature.v2(self.client_secret, "POST", url, body),
            "x-hubspot-signature-version": "v2",
        }
        try:
            async with httpx.AsyncClient(timeout=30.0, trust_env=False) as client:
                return await client.post(url, content=body, headers=headers)
        except httpx.HTTPError:
            return None

    def _action(self) -> Json:
        """The newest that is published."""
        published = [one for app in self.definitions.values() for one in app.values() if one["published"]]
        if not published:
            raise not_found("no action is published")
        return published[-1]

    def _origin(self, action: Json) -> Json:
        number, version = int(action["id"]), int(action["revisionId"])
        return {"portalId": self.portal.number, "actionDefinitionId": number, "actionDefinitionVersion": version}

    def _object(self, action: Json, record: str) -> Json:
        wanted = (action.get("objectRequestOptions") or {}).get("properties") or []
        values = self.portal.contacts.get(record).properties
        return {"objectId": int(record), "properties": {name: values.get(name) for name in wanted}}

    # --- the API

    async def complete(self, request: Request, body: Any) -> Response:
        self._complete([{**_object(body), "callbackId": request.path_params["callback"]}])
        return Response(status_code=204)

    async def complete_batch(self, _: Request, body: Any) -> Response:
        inputs = _object(body).get("inputs")
        if not isinstance(inputs, list):
            raise invalid("Invalid input JSON: inputs are required")
        self._complete(inputs)
        return Response(status_code=204)

    def _complete(self, inputs: list[Json]) -> None:
        found = []
        for one in inputs:
            enrolment = self.enrolments.get(str(one.get("callbackId")))
            if enrolment is not None and enrolment.expires and enrolment.expires <= self.clock.now():
                enrolment.state = "expired"
            if enrolment is None or enrolment.state not in ("running", "blocked"):
                raise not_found("The callback is unknown or expired")
            found.append((enrolment, _object(one.get("outputFields"))))
        for enrolment, outputs in found:
            enrolment.state, enrolment.outputs = "done", outputs

    async def create(self, request: Request, body: Any) -> Response:
        asked = _object(body)
        _check(asked)
        self._ids += 1
        made = {**_filled(asked), "id": str(self._ids), "revisionId": "1"}
        self._of(request)[made["id"]] = made
        return answer(201, made)

    async def index(self, request: Request, _: Any) -> Response:
        return answer(200, {"results": list(self._of(request).values())})

    async def read(self, request: Request, _: Any) -> Response:
        return answer(200, self._one(request))

    async def patch(self, request: Request, body: Any) -> Response:
        one = self._one(request)
        changed = one | _object(body)
        _check(changed)
        one |= _filled(changed) | {"revisionId": str(int(one["revisionId"]) + 1)}
        return answer(200, one)

    async def delete(self, request: Request, _: Any) -> Response:
        del self._of(request)[self._one(request)["id"]]
        return Response(status_code=204)

    def _of(self, request: Request) -> dict[str, Json]:
        return self.definitions.setdefault(request.path_params["app"], {})

    def _one(self, request: Request) -> Json:
        found = self._of(request).get(request.path_params["id"])
        if found is None:
            raise not_found("Definition does not exist")
        return found


def duration(text: str) -> timedelta:
    """An ISO 8601 duration. Raises `Refusal` where it is none."""
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        raise invalid(f"{text} is no duration")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _check(asked: Json) -> None:
    missing = [name for name in REQUIRED if name not in asked]
    if missing:
        raise invalid(f"Invalid input JSON: {', '.join(missing)} required")
    if not (asked["labels"].get("en") or {}).get("actionName"):
        raise invalid("Invalid input JSON: labels in English are required")
    fields = [*asked["inputFields"], *(asked.get("outputFields") or [])]
    if not all(_name(one) and (one["typeDefinition"].get("type") in TYPES) for one in fields):
        raise invalid("Invalid input JSON: every field needs a name and a type")
    given = {_name(one) for one in asked.get("outputFields") or []}
    if not all(set(rule.get("conditions") or {}) <= given for rule in asked.get("executionRules") or []):
        raise invalid("Invalid input JSON: an execution rule names an output field that does not exist")


def _filled(asked: Json) -> Json:
    """With the fields that HubSpot adds."""

    def typed(one: Json) -> Json:
        kind = {"options": [], "externalOptions": "optionsUrl" in one["typeDefinition"], **one["typeDefinition"]}
        return {**one, "typeDefinition": kind}

    inputs = [{"isRequired": False, **typed(one)} for one in asked["inputFields"]]
    return {**asked, "inputFields": inputs, "outputFields": [typed(one) for one in asked.get("outputFields") or []]}


def _name(one: Json) -> str:
    return str((one.get("typeDefinition") or {}).get("name") or "")


def _object(value: Any) -> Json:
    if not isinstance(value, dict):
        raise invalid("Invalid input JSON: an object is expected")
    return value
