# SPDX-License-Identifier: Apache-2.0
"""External Services: an OpenAPI document becomes flow actions, and a flow calls them.

The rules are those of Salesforce's help pages on External Services: OpenAPI 2.0 or 3.0, named operations, no body on a
GET, plain types. Security schemes are ignored: the secret header comes from an external credential. An answer other
than 2xx is a fault of the flow's action.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from hub_salesforce.emulator.answers import Json

_METHODS = ("get", "post", "put", "patch", "delete")
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
}


class NotTaken(ValueError):
    """Why a document cannot be imported, or an action not be called so."""


@dataclass(frozen=True, slots=True)
class Action:
    """One operation, as a flow has it. Schemas hold no references any more."""

    method: str
    url: str
    inputs: Json
    answers: Mapping[str, Json]


class Services:
    """The imported actions of an org, and the external credential that they call with."""

    def __init__(self) -> None:
        self.actions: dict[str, Action] = {}
        self.credential: dict[str, str] = {}

    async def fetch(self, url: str, credential: Mapping[str, str]) -> list[str]:
        """What an admin does once: get the document, import it, keep the credential. Returns the actions."""
        self.credential = dict(credential)
        async with httpx.AsyncClient(timeout=30.0, trust_env=False) as client:
            response = await client.get(url, headers=self.credential)
        if response.status_code != 200:
            raise NotTaken(f"no document: {response.status_code}")
        return self.add(orjson.loads(response.content))

    def add(self, document: Json) -> list[str]:
        """Import a document. Raises `NotTaken`."""
        if not str(document.get("openapi", "")).startswith("3.0.") and document.get("swagger") != "2.0":
            raise NotTaken("only OpenAPI 2.0 and 3.0 are taken")
        base = document["servers"][0]["url"]
        made: dict[str, Action] = {}
        for path, operations in document["paths"].items():
            for method in _METHODS & operations.keys():
                operation = operations[method]
                if not operation.get("operationId"):
                    raise NotTaken(f"{method} {path} has no operationId")
                if method == "get" and "requestBody" in operation:
                    raise NotTaken(f"get {path} has a body")
                made[operation["operationId"]] = Action(
                    method,
                    f"{base}{path}",
                    _schema(document, operation.get("requestBody", {})),
                    {status: _schema(document, one) for status, one in operation["responses"].items()},
                )
        self.actions |= made
        return list(made)

    async def call(self, name: str, inputs: Json) -> Json:
        """A flow runs an action, on its asynchronous path. Gives `status`, `fault` and the outputs of the document."""
        action = self.actions[name]
        _check(inputs, action.inputs, "")
        headers = {"content-type": "application/json", **self.credential}
        async with httpx.AsyncClient(timeout=30.0, trust_env=False) as client:
            response = await client.request(action.method, action.url, content=orjson.dumps(inputs), headers=headers)
        schema = action.answers.get(str(response.status_code))
        outputs = orjson.loads(response.content) if schema else {}
        if schema:
            _check(outputs, schema, "")
        return {"status": response.status_code, "fault": not response.is_success, "outputs": outputs}


def _schema(document: Json, body: Json) -> Json:
    content = body.get("content", {}).get("application/json", {})
    return _resolved(document, content.get("schema", {"type": "object", "properties": {}}))


def _resolved(document: Json, schema: Json) -> Json:
    """Without references. Raises `NotTaken` where a type is none that a flow has."""
    if "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return _resolved(document, found)
    if schema.get("type") not in _TYPES:
        raise NotTaken(f"{schema.get('type')} is no type of a flow")
    resolved = dict(schema)
    if "properties" in schema:
        resolved["properties"] = {name: _resolved(document, one) for name, one in schema["properties"].items()}
    if "items" in schema:
        resolved["items"] = _resolved(document, schema["items"])
    return resolved


def _check(value: Any, schema: Json, place: str) -> None:
    """A flow's variables are typed. Raises `NotTaken` naming what does not fit."""
    kind = schema["type"]
    fits = isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
    if not fits:
        raise NotTaken(f"{place or 'it'} is no {kind}")
    if "enum" in schema and value not in schema["enum"]:
        raise NotTaken(f"{place} is none of {schema['enum']}")
    if kind == "array":
        for one in value:
            _check(one, schema["items"], f"{place}[]")
    if kind == "object":
        known = schema.get("properties", {})
        if lacks := sorted(set(schema.get("required", ())) - value.keys()):
            raise NotTaken(f"{place or 'it'} lacks {', '.join(lacks)}")
        for name, one in value.items():
            if name not in known:
                raise NotTaken(f"{name} is not in the document")
            _check(one, known[name], name)
