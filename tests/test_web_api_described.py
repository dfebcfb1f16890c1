# SPDX-License-Identifier: Apache-2.0
"""The API's description for people (3.1) and for Salesforce External Services (3.0)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openapi_schema_validator import OAS30ReadValidator
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from hub.bridge import Bridge
from hub.flows import keys
from hub.flows.roles import Role
from hub.testing.emulator import serve
from hub.web.api import described
from hub.web.app import build
from hub.work.jobs import Jobs
from tests.making import Shop

pytest_plugins = ["tests.shops"]
BASE = "/api/v1"


@pytest.fixture
def client(shop: Shop) -> Iterator[httpx.Client]:
    with (
        Bridge(connections=1) as bridge,
        serve(build(shop.world, lambda ids: None, Jobs(shop.world, bridge))) as base,
        httpx.Client(base_url=base, timeout=20) as made,
    ):
        yield made


def _inside(value: Any) -> Iterator[tuple[str, Any]]:
    pairs = value.items() if isinstance(value, dict) else [("", one) for one in value] if value else ()
    for key, one in pairs:
        yield key, one
        if isinstance(one, (dict, list)):
            yield from _inside(one)


def _operations(document: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    found = [(one["operationId"], (m, one)) for path in document["paths"].values() for m, one in path.items()]
    assert len(dict(found)) == len(found) > 60
    return dict(found)


def test_both_documents_are_what_they_say(client: httpx.Client) -> None:
    newer, older = (client.get(f"{BASE}/{name}").json() for name in ("openapi.json", "openapi-3.0.json"))
    OpenAPIV31SpecValidator(newer).validate()
    OpenAPIV30SpecValidator(older).validate()
    assert (newer["openapi"][:3], older["openapi"][:3]) == ("3.1", "3.0")
    assert set(_operations(older)) == set(_operations(newer))
    for name, schema in newer["components"]["schemas"].items():
        mine = older["components"]["schemas"][name]
        assert set(schema.get("properties", ())) == set(mine.get("properties", ())), name
        assert schema.get("required") == mine.get("required"), name


def test_external_services_can_make_actions_of_it(client: httpx.Client) -> None:
    older = client.get(f"{BASE}/openapi-3.0.json").json()
    words = dict(_inside(older))
    assert not {"anyOf", "oneOf", "allOf", "const", "prefixItems", "patternProperties"} & set(words)
    assert older["servers"][0]["url"].endswith(BASE)
    for name in older["components"]["schemas"]:
        assert re.fullmatch(r"[A-Z][A-Za-z0-9]{1,39}", name), name
    for name, (method, one) in _operations(older).items():
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name), name
        assert len(name) <= 40, name
        assert one["summary"], name
        assert method != "get" or "requestBody" not in one, name
        assert all(each["name"] for each in one.get("parameters", ())), name
        for said in (one.get("requestBody"), *(a for s, a in one["responses"].items() if s.startswith("2"))):
            for kind, each in said["content"].items() if said else ():
                assert kind == "application/json" or each["schema"]["format"] == "binary", name
                assert each["schema"], name
        (failed,) = one["responses"]["default"]["content"].values()
        assert failed["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_answers_fit_the_older_document_too(client: httpx.Client, shop: Shop) -> None:
    with shop.write() as session:
        _, secret = keys.make(shop.world, session, shop.controller, title="t", role=Role.ADMIN, days=1, by="Dana")
    older = client.get(f"{BASE}/openapi-3.0.json").json()
    answer = client.get(f"{BASE}/connections", headers={"authorization": f"Bearer {secret}"}).json()
    assert any(one["last_inbound_at"] is None for one in answer)
    schema = {"$ref": "#/components/schemas/ConnectionOut", "components": older["components"]}
    for one in answer:
        OAS30ReadValidator(schema).validate(one)
    assert list(OAS30ReadValidator(schema).iter_errors({**answer[0], "title": None}))


def test_document_of_one_room_is_whole(client: httpx.Client) -> None:
    whole = client.get(f"{BASE}/openapi-3.0.json")
    part = client.get(f"{BASE}/openapi-3.0.json", params={"tags": "campaigns"})
    OpenAPIV30SpecValidator(part.json()).validate()
    assert set(part.json()["paths"]) == {path for path in whole.json()["paths"] if path.startswith("/campaigns")}
    assert "KeyOut" not in part.json()["components"]["schemas"]
    none = client.get(f"{BASE}/openapi-3.0.json", params={"tags": "nothing"})
    assert (none.status_code, none.json()["field"]) == (422, "tags")


def test_what_has_no_way_into_the_older_document_is_told() -> None:
    def document(schema: dict[str, Any]) -> dict[str, Any]:
        info = {"title": "t", "version": "1", "description": "d"}
        return {"info": info, "paths": {}, "components": {"schemas": {"A": schema}}}

    known = {"type": "integer", "exclusiveMinimum": 0, "examples": [3, 4]}
    older = described.older(document({"anyOf": [known, {"type": "null"}], "default": None}), "https://hub.example")
    wanted = {"type": "integer", "minimum": 0, "exclusiveMinimum": True, "example": 3, "nullable": True}
    assert older["components"]["schemas"]["A"] == wanted
    fixed = described.older(document({"const": "x", "type": "string"}), "https://hub.example")
    assert fixed["components"]["schemas"]["A"] == {"type": "string", "enum": ["x"]}
    for odd in ({"anyOf": [known, {"type": "string"}]}, {"type": ["string", "null"]}):
        with pytest.raises(described.TooNew):
            described.older(document(odd), "https://hub.example")
