# SPDX-License-Identifier: Apache-2.0
"""A case as a file: facts as JSON, read without any database, and refused where they cannot be understood.

The names are those of `facts`; their models are made from it, so that the two cannot differ.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from dataclasses import Field as DataField
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, create_model

from hub.contract.errors import BadInput
from hub.law.facts import Case, Verdict
from hub.law.policy import Policy

_STRICT = ConfigDict(extra="forbid", frozen=True)


class Expected(BaseModel):
    """What the author of a case expects; the first reason is *the* reason."""

    model_config = _STRICT
    verdict: Verdict
    reasons: tuple[str, ...] = Field(min_length=1)


class CaseFile(BaseModel):
    """A request with its facts. `about` is a sentence for people; `based_on` names a file in the same folder of which
    this one tells only the differences (RFC 7396); `policy_changes` differ from the policy in the same way."""

    model_config = _STRICT
    about: str
    based_on: str = ""
    policy: str = "eu_strict"
    policy_changes: dict[str, Any] = Field(default_factory=dict)
    expect: Expected | None = None


def read(told: object, policy: Policy) -> tuple[CaseFile, Case]:
    """The file and its case under `policy`. Raises `BadInput` with the path of what cannot be understood."""
    model = _model_of_file()
    try:
        file = model.model_validate(told)
    except ValidationError as error:
        raise _complaint(error) from None
    changed = _changed(policy, file.policy_changes)
    facts = {name: _fact(value) for name, value in file.case}  # type: ignore[attr-defined]
    return file, Case(policy=changed, **facts)


def schema() -> dict[str, Any]:
    """The JSON Schema of a case file."""
    return _model_of_file().model_json_schema()


def merged(told: object, changes: object) -> Any:
    """JSON merge patch (RFC 7396): what `changes` names is changed, and null takes it away."""
    if not isinstance(changes, Mapping):
        return changes
    result = dict(told) if isinstance(told, Mapping) else {}
    for name, value in changes.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def _changed(policy: Policy, changes: Mapping[str, Any]) -> Policy:
    if not changes:
        return policy
    told = merged(policy.model_dump(mode="json"), changes)
    told["sha256"] = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    try:
        return Policy.model_validate(told)
    except ValidationError as error:
        raise _complaint(error, "policy_changes") from None


# --- The models, made from the facts ---------------------------------------------------------------------------------


@cache
def _model_of_file() -> type[CaseFile]:
    case = _model(Case, leave="policy")
    return create_model("CaseFile", __base__=CaseFile, __doc__=CaseFile.__doc__, case=(case, ...))


@cache
def _model(kind: type[Any], leave: str = "") -> type[BaseModel]:
    hints = get_type_hints(kind)
    told: dict[str, Any] = {
        field.name: (_type(hints[field.name]), _default(field)) for field in fields(kind) if field.name != leave
    }
    model = create_model(kind.__name__, __config__=_STRICT, __doc__=kind.__doc__, **told)
    _FACTS[model] = kind
    return model


_FACTS: dict[type[BaseModel], type[Any]] = {}


def _type(hint: Any) -> Any:
    if is_dataclass(hint):
        return _model(hint)  # type: ignore[arg-type]
    if hint is datetime:
        return AwareDatetime  # a time without a zone could be compared with nothing
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return Union[tuple(_type(part) for part in inner)]  # noqa: UP007 - made at run time
    if origin is tuple:
        return tuple[tuple(part if part is ... else _type(part) for part in inner)]  # type: ignore[misc]
    return hint


def _default(field: DataField[Any]) -> Any:
    if field.default_factory is not MISSING:
        return Field(default_factory=field.default_factory)
    return ... if field.default is MISSING else field.default


def _fact(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_fact(item) for item in value)
    if isinstance(value, BaseModel):
        return _FACTS[type(value)](**{name: _fact(item) for name, item in value})
    return value


# --- What to tell who wrote it ---------------------------------------------------------------------------------------


def _complaint(error: ValidationError, root: str = "") -> BadInput:
    """The first thing that is wrong, where it is, and what to do."""
    first = error.errors(include_url=False, include_input=False)[0]
    path = ".".join(str(part) for part in ((root,) if root else ()) + first["loc"]) or "file"
    if first["type"] == "extra_forbidden":
        return BadInput("there is no such field", field=path, remedy="See `hub decide --schema` for its right name.")
    if first["type"] == "missing":
        return BadInput("is missing", field=path, remedy="Add it; `hub decide --schema` says what it may hold.")
    return BadInput(
        first["msg"].rstrip("."), field=path, remedy="Change it; `hub decide --schema` says what it may hold."
    )
