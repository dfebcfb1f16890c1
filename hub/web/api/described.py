# SPDX-License-Identifier: Apache-2.0
"""The API's description: OpenAPI 3.1 as FastAPI writes it, with names that people and generators can use; and the same
in OpenAPI 3.0, which is what Salesforce External Services can read. All pure."""

from __future__ import annotations

from typing import Any

from fastapi.routing import APIRoute

from hub.web.api.problems import MEDIA_TYPE

Json = dict[str, Any]
_REF = "#/components/schemas/"
# what 3.0 has no word for, or what only repeats the name of the field
_DROPPED = frozenset({"title", "$schema", "$id", "$comment", "$defs", "propertyNames", "prefixItems"})


class TooNew(ValueError):
    """Something in a 3.1 document for which `older` has no way into 3.0."""


def operation(route: APIRoute) -> str:
    """The id of an operation, e.g. `campaigns_start`: its room and its name, without saying the room twice."""
    tag = str(route.tags[0])
    room = {part.rstrip("s") for part in tag.split("-")}
    return "_".join([tag, *(word for word in route.name.split("_") if word.rstrip("s") not in room)])


def named(document: Json, problem: Json) -> Json:
    """With one schema for every error, and names of schemas that are no path of modules."""
    schemas = document["components"]["schemas"] | {"Problem": problem}
    names = {old: _plain(old) for old in schemas}
    if len(set(names.values())) < len(names):
        raise ValueError("two schemas have the same name")
    renamed = _refer({**document, "components": {**document["components"], "schemas": schemas}}, names)
    renamed["components"]["schemas"] = {names[old]: one for old, one in renamed["components"]["schemas"].items()}
    return dict(renamed)


def _plain(name: str) -> str:
    """`hub__law__facts__Verdict` -> `FactsVerdict`, `Listing_KeyOut_` -> `ListingOfKeyOut`."""
    if name.endswith("_"):
        outer, inner = name.rstrip("_").split("_", 1)
        return f"{outer}Of{_plain(inner)}"
    parts = name.replace("-", "").split("__")  # what goes in and out differs: `Form-Output`
    return parts[-1] if len(parts) == 1 else parts[-2].title() + parts[-1]


def _refer(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_refer(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _REF + names[one.removeprefix(_REF)] if key == "$ref" and isinstance(one, str) else _refer(one, names)
        for key, one in value.items()
    }


def only(document: Json, rooms: set[str]) -> Json:
    """The operations of some rooms, by their tags, with the schemas that they use. Raises `LookupError`."""
    paths = {
        path: mine
        for path, operations in document["paths"].items()
        if (mine := {method: one for method, one in operations.items() if rooms.intersection(one["tags"])})
    }
    if not paths:
        raise LookupError("no operation has this tag")
    schemas, found = document["components"]["schemas"], set[str]()
    fresh = _named_in(paths)
    while fresh:
        found |= fresh
        fresh = set().union(*(_named_in(schemas[name]) for name in fresh)) - found
    kept = {name: one for name, one in schemas.items() if name in found}
    return {**document, "paths": paths, "components": {**document["components"], "schemas": kept}}


def _named_in(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(_named_in, value))
    if not isinstance(value, dict):
        return set()
    here = {value["$ref"].removeprefix(_REF)} if isinstance(value.get("$ref"), str) else set()
    return here.union(*map(_named_in, value.values()))


def older(document: Json, server: str) -> Json:
    """The document in OpenAPI 3.0.3, for clients that read no other; `server` is the address of the API.

    External Services makes an action of each operation; it takes 2.0 and 3.0, and no choice between nameless
    types (help.salesforce.com, External Services). Errors are said once for each operation. Raises `TooNew`.
    """
    paths = {
        path: {method: _operation(one) for method, one in operations.items()}
        for path, operations in document["paths"].items()
    }
    info = {key: document["info"][key] for key in ("title", "version", "description")}
    components = {**document["components"], "schemas": _each(document["components"]["schemas"])}
    return {"openapi": "3.0.3", "info": info, "servers": [{"url": server}], "paths": paths, "components": components}


def _operation(one: Json) -> Json:
    good = {status: _said(answer) for status, answer in one["responses"].items() if status.startswith("2")}
    failed = {"description": "What went wrong.", "content": {MEDIA_TYPE: {"schema": {"$ref": f"{_REF}Problem"}}}}
    older: Json = {**one, "responses": {**good, "default": failed}}
    if "parameters" in one:
        older["parameters"] = [_optional(parameter) for parameter in one["parameters"]]
    if "requestBody" in one:
        older["requestBody"] = _said(one["requestBody"])
    return older


def _said(body: Json) -> Json:
    return {**body, "content": {kind: _optional(one) for kind, one in body.get("content", {}).items()}}


def _optional(holder: Json) -> Json:
    """A parameter or a body. That it may be left out stands beside it, so its schema need not say null as well."""
    if "schema" not in holder:  # a file
        return {**holder, "schema": {"type": "string", "format": "binary"}}
    given = holder["schema"]
    choices = [one for one in given.get("anyOf", ()) if one != {"type": "null"}]
    return {**holder, "schema": _schema(choices[0] if len(choices) == 1 else given)}


def _each(schemas: Json) -> Json:
    return {name: _schema(one) for name, one in schemas.items()}


def _schema(given: Json) -> Json:
    """One schema. What may be null is `nullable` here."""
    if "$ref" in given:
        return {"$ref": given["$ref"]}  # 3.0 ignores whatever stands beside it
    kept = {key: value for key, value in given.items() if key not in _DROPPED and (key, value) != ("default", None)}
    for choice in ("anyOf", "oneOf"):
        kept = _chosen(kept, choice)
    if isinstance(kept.get("type"), list):
        raise TooNew("a type that is a list")
    if "const" in kept:
        kept["enum"] = [kept.pop("const")]
    if "examples" in kept:
        kept["example"] = kept.pop("examples")[0]
    if kept.pop("contentMediaType", ""):
        kept["format"] = "binary"
    for bound, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if bound in kept:
            kept |= {limit: kept[bound], bound: True}
    return kept | _inside(kept)


def _chosen(given: Json, choice: str) -> Json:
    if choice not in given:
        return given
    choices = [one for one in given[choice] if one != {"type": "null"}]
    if len(choices) != 1:
        raise TooNew("a choice between types")
    # 3.0 ignores what stands beside a reference, and External Services know no allOf: an object, or null
    one = {"type": "object"} if "$ref" in choices[0] else choices[0]
    return {**one, **{key: value for key, value in given.items() if key != choice}, "nullable": True}


def _inside(given: Json) -> Json:
    found: Json = {}
    if "properties" in given:
        found["properties"] = _each(given["properties"])
    for key in ("items", "additionalProperties"):
        if isinstance(given.get(key), dict):
            found[key] = _schema(given[key])
    if given.get("type") == "array" and "items" not in given:
        found["items"] = {}
    return found
