# SPDX-License-Identifier: Apache-2.0
"""Calls from Salesforce: a flow's action (External Services) and outbound messages. Pure.

Salesforce signs neither. A flow shows our secret in a header, set in its external credential; an outbound message shows
it in the URL, and must name our organization. What either asks for carries an id of its own, so a repetition is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from hub import Answer, AudienceChanged, ContactChanged, Event, Forbidden, Inbound, SendRequested, Unknown, same
from hub_salesforce import soap
from hub_salesforce.campaigns import PREFIX
from hub_salesforce.ids import full, person
from hub_salesforce.settings import Config

HEADER = "x-hub-token"
_MOST = 255  # characters of an id or a name


def verify(config: Config, request: Inbound) -> None:
    """Raises `Forbidden` unless our secret is shown, and an outbound message names our org and action."""
    secret = config.inbound_secret.get_secret_value()
    if not secret:
        raise Forbidden("no inbound secret is configured")
    same(secret, request.headers.get(HEADER) or request.query.get("token", ""))
    if not _is_soap(request):
        return
    message = soap.read(request.body)
    if not config.organization:
        raise Forbidden("no organization is configured")
    same(full(config.organization), full(message.organization))
    allowed = {full(action) for action in config.outbound_actions}
    if allowed and full(message.action) not in allowed:
        raise Forbidden("this outbound message is not configured")


def acknowledge(request: Inbound) -> Answer:
    """An outbound message is acknowledged as a whole; a flow learns that we have its request, or what it lacks."""
    if request.method == "GET":
        return Answer(keep=False)
    if _is_soap(request):
        return Answer(200, soap.ACK, "text/xml")
    wanted = _wanted(request.body)
    if isinstance(wanted, str):
        return _json(400, {"accepted": False, "id": "", "error": wanted}, keep=False)
    return _json(202, {"accepted": True, "id": wanted.id, "error": ""}, keep=True)


def events(request: Inbound) -> list[Event]:
    """What a call asks for. Never raises: what cannot be read is kept as `Unknown`."""
    if _is_soap(request):
        try:
            message = soap.read(request.body)
        except Forbidden:
            return [Unknown("an outbound message that cannot be read", request.received_at)]
        return [_notified(one, request) for one in message.notifications]
    wanted = _wanted(request.body)
    if isinstance(wanted, str):
        return [Unknown(f"a request of a flow: {wanted}", request.received_at)]
    return [
        SendRequested(
            event=f"flow:{wanted.id}",
            record=wanted.record,
            template=wanted.template,
            purpose=wanted.purpose,
            at=request.received_at,
            topic=wanted.topic,
            parameters=wanted.parameters,
        )
    ]


def _is_soap(request: Inbound) -> bool:
    return request.body.lstrip()[:1] == b"<"


def _json(status: int, body: dict[str, Any], *, keep: bool) -> Answer:
    return Answer(status, orjson.dumps(body), "application/json", keep=keep)


# --- a flow


@dataclass(frozen=True, slots=True)
class _Wanted:
    id: str
    record: str = field(repr=False)
    template: str
    purpose: str
    topic: str
    parameters: tuple[tuple[str, str], ...] = field(repr=False)


def _wanted(body: bytes) -> _Wanted | str:
    """The request of a flow, or what is wrong with it."""
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "the body is not JSON"
    if not isinstance(asked, dict):
        return "the body is no object"
    words = {name: _word(asked.get(name)) for name in ("requestId", "recordId", "template", "purpose", "topic")}
    for name in ("requestId", "template", "purpose"):
        if not words[name]:
            return f"{name} is missing"
    record = person(words["recordId"])
    if not record:
        return "recordId is no id of a contact or lead"
    parameters = asked.get("parameters") or []
    if not isinstance(parameters, list):
        return "parameters is no list"
    pairs = tuple(_pairs(parameters))
    if len(pairs) != len(parameters):
        return "each of parameters needs a name and a value"
    return _Wanted(words["requestId"], record, words["template"], words["purpose"], words["topic"], pairs)


def _word(value: object) -> str:
    return value.strip() if isinstance(value, str) and len(value) <= _MOST else ""


def _pairs(parameters: list[Any]) -> Iterator[tuple[str, str]]:
    for one in parameters:
        if isinstance(one, dict) and _word(one.get("name")) and isinstance(one.get("value"), str):
            yield _word(one["name"]), one["value"]


# --- outbound messages


def _notified(one: soap.Notification, request: Inbound) -> Event:
    """A message whose URL names a template asks for it to be sent; without one it tells of a change."""
    at, fields, query = request.received_at, one.fields, request.query
    if fields.get("Status", "").startswith(PREFIX):
        return Unknown("our own status of a campaign member, come back", at)
    record = _whose(one)
    if not record:
        return Unknown(f"an outbound message about {one.object or 'nothing'} that names no contact or lead", at)
    if not query.get("template"):
        campaign = full(fields.get("CampaignId", ""))
        return (
            AudienceChanged(campaign, at) if one.object == "CampaignMember" and campaign else ContactChanged(record, at)
        )
    if not one.id:
        return Unknown("an outbound message without an id", at)
    filled = {key[4:]: fields.get(name, "") for key, name in query.items() if key.startswith("set.")}
    return SendRequested(
        event=f"notification:{full(one.id) or one.id}",
        record=record,
        template=query["template"],
        purpose=query.get("purpose", ""),
        at=at,
        topic=query.get("topic", ""),
        parameters=tuple((key, value) for key, value in filled.items() if value),
    )


def _whose(one: soap.Notification) -> str:
    """The contact or lead that a notification is about."""
    named = ("Id",) if one.object in ("Contact", "Lead") else ("ContactId", "LeadId", "PersonContactId", "WhoId")
    return next((found for name in named if (found := person(one.fields.get(name, "")))), "")
