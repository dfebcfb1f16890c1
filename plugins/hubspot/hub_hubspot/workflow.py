# SPDX-License-Identifier: Apache-2.0
"""The action "Send WhatsApp message" in HubSpot's workflows ("Custom workflow actions"): what HubSpot asks, and what is
answered. Pure.

A workflow that runs the action is blocked until the hub reports what became of the message. A request that cannot be
read ends at once, so that nobody waits for nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from hub import Answer, Option, Options, SendRequested, Unknown
from hub_hubspot.trouble import Json

TEMPLATE, PURPOSE, TOPIC = "template", "purpose", "topic"
PARAMETER = "parameter_"  # parameter_1 is the template's first
PARAMETERS = 5
PATIENCE = "P1W"  # how long HubSpot blocks, ISO 8601; the longest is not documented
PAGE = 100  # options in one answer


@dataclass(frozen=True, slots=True)
class Execution:
    """The action run for one contact."""

    callback: str
    workflow: str
    record: str = field(repr=False)
    inputs: dict[str, str] = field(repr=False)

    def request(self, at: datetime) -> SendRequested:
        given = [(str(n), self.inputs.get(f"{PARAMETER}{n}", "")) for n in range(1, PARAMETERS + 1)]
        # that a repetition carries the same callback is not promised, but a callback is never that of another request
        source = f"{self.workflow}:{self.record}:{self.callback}"
        return SendRequested(
            event=hashlib.sha256(source.encode()).hexdigest(),
            record=self.record,
            template=self.inputs[TEMPLATE],
            purpose=self.inputs[PURPOSE],
            at=at,
            topic=self.inputs.get(TOPIC, ""),
            parameters=tuple((name, value) for name, value in given if value),
            callback=self.callback,
        )


def asks(body: bytes) -> Json | None:
    """A request of a workflow action, to run or for options; None for anything else, such as a list of events."""
    if not body.lstrip().startswith(b"{"):
        return None
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return asked if isinstance(asked, dict) and ("callbackId" in asked or "inputFieldName" in asked) else None


def execution(asked: Json, portal: str) -> Execution | None:
    """None where it cannot be carried out: another account, no contact, a field missing."""
    origin, subject, given = _object(asked, "origin"), _object(asked, "object"), _object(asked, "inputFields")
    inputs = {name: _text(value).strip() for name, value in given.items()}
    callback, record = _text(asked.get("callbackId")), _text(subject.get("objectId"))
    workflow = _text(_object(asked, "context").get("workflowId"))
    whole = callback and record and inputs.get(TEMPLATE) and inputs.get(PURPOSE)
    ours = subject.get("objectType") == "CONTACT" and (not portal or _text(origin.get("portalId")) == portal)
    return Execution(callback, workflow, record, inputs) if whole and ours else None


def acknowledge(asked: Json, portal: str) -> Answer:
    """Wait; or go on, because this cannot be carried out."""
    if execution(asked, portal):
        return _said({"hs_execution_state": "BLOCK", "hs_expiration_duration": PATIENCE})
    refused = {"status": "refused", "reason": "UNREADABLE_REQUEST", "hs_execution_state": "FAIL_CONTINUE"}
    return _said(refused)


def choices(asked: Json, options: Options) -> Answer:
    """What the field that is asked for may hold, as far as it fits the words typed, page by page."""
    lists = {TEMPLATE: options.templates, PURPOSE: options.purposes, TOPIC: options.topics}
    fetch = _object(asked, "fetchOptions")
    words, after = _text(fetch.get("q")).lower(), _text(fetch.get("after"))
    start = int(after) if after.isascii() and after.isdigit() else 0
    fitting = [one for one in lists.get(_text(asked.get("inputFieldName")), ()) if _fits(one, words)]
    shown = [{"label": one.label, "description": "", "value": one.value} for one in fitting[start : start + PAGE]]
    body: Json = {"options": shown, "searchable": True}
    if start + PAGE < len(fitting):
        body["after"] = str(start + PAGE)
    return Answer(200, orjson.dumps(body), "application/json", keep=False)


def event(asked: Json, portal: str, at: datetime) -> SendRequested | Unknown:
    """The message asked for."""
    found = execution(asked, portal)
    return found.request(at) if found else Unknown("a workflow action that cannot be carried out", at)


def _fits(one: Option, words: str) -> bool:
    return words in one.label.lower() or words in one.value.lower()


def _said(outputs: Json) -> Answer:
    return Answer(200, orjson.dumps({"outputFields": outputs}), "application/json")


def _object(asked: Json, name: str) -> Json:
    value = asked.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """A value as text; an input may also come as an object that holds it."""
    if isinstance(value, dict):
        value = value.get("value")
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
