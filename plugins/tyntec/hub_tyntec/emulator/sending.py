# SPDX-License-Identifier: Apache-2.0
"""What `POST /messages` looks at before it accepts, and tyntec's problem documents (RFC 7807). Source: [1] [2]."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.responses import Response

from hub.testing.whatsapp import TemplateSend, digits_of

FILES = frozenset({"image", "video", "document", "audio", "sticker"})
KINDS = FILES | {"text", "template", "location", "reaction", "contacts", "interactive"}
SUB_TYPES = frozenset(
    {"buttons", "list", "product", "productList", "locationRequest", "callPermissionRequest", "flow", "urlButton"}
    | {"callButton"}
)
LONGEST_TEXT, LONGEST_CONTEXT, LONGEST_PAYLOAD, LONGEST_LIST_TITLE = 4096, 125, 128, 24
EMPTY = "must not be empty"

Violation = tuple[str, str]


class Problem(Exception):
    """tyntec refuses."""

    def __init__(self, status: int, title: str, violations: tuple[Violation, ...] = ()) -> None:
        super().__init__(title)
        self.status, self.title, self.violations = status, title, violations

    def response(self) -> Response:
        body: dict[str, Any] = {"status": self.status, "title": self.title}
        if self.violations:
            body["violations"] = [{"field": field, "message": said} for field, said in self.violations]
        return Response(orjson.dumps(body), self.status, media_type="application/problem+json")


def violated(field: str, said: str) -> Problem:
    return Problem(400, "Constraint Violation", ((f"validate.request.{field}", said),))


@dataclass(frozen=True)
class Asked:
    """A well-formed message. `to` is digits."""

    to: str
    kind: str
    template: TemplateSend | None


def checked(body: dict[str, Any]) -> Asked:
    """Raises `Problem` with everything that is wrong."""
    found = tuple((f"validate.request.{field}", said) for field, said in _violations(body))
    if found:
        raise Problem(400, "Constraint Violation", found)
    content = body["content"]
    kind = content["contentType"]
    try:
        template = _template(content["template"]) if kind == "template" else None
    except (AttributeError, KeyError, TypeError):
        raise violated("content.template.components", "must be well formed") from None
    return Asked(digits_of(str(body["to"])), kind, template)


def _violations(body: dict[str, Any]) -> Iterator[Violation]:
    for field in ("from", "to", "channel"):
        if not body.get(field):
            yield field, EMPTY
    if body.get("to") and not digits_of(str(body["to"])):
        yield "to", "must be a phone number"
    if body.get("channel") not in (None, "whatsapp"):
        yield "channel", "must be whatsapp"
    if len(str(body.get("context", ""))) > LONGEST_CONTEXT:
        yield "context", f"size must be between 0 and {LONGEST_CONTEXT}"
    content = body.get("content")
    if not isinstance(content, dict):
        yield "content", EMPTY
    elif content.get("contentType") not in KINDS:
        yield "whatsapp.contentType", EMPTY
    else:
        yield from _content(content)


def _content(content: dict[str, Any]) -> Iterator[Violation]:
    kind = content["contentType"]
    told = content.get(kind)
    if kind == "text":
        if not isinstance(told, str) or not 0 < len(told) <= LONGEST_TEXT:
            yield "content.text", f"size must be between 1 and {LONGEST_TEXT}"
    elif not told:
        yield f"content.{kind}", EMPTY
    elif kind == "template":
        yield from _template_violations(told)
    elif kind == "interactive":
        yield from _interactive(told)
    elif kind in FILES and bool(told.get("url")) == bool(told.get("id")):
        yield f"content.{kind}", "must have either url or id"


def _template_violations(told: dict[str, Any]) -> Iterator[Violation]:
    for field in ("templateId", "templateLanguage"):
        if not told.get(field):
            yield f"content.template.{field}", EMPTY
    components = told.get("components", {})
    if not isinstance(components, dict) or components.keys() - {"header", "body", "button"}:
        yield "content.template.components", "must be keyed by header, body and button"  # lists were version 2
        return
    for button in components.get("button", ()):
        if isinstance(button, dict) and len(str(button.get("payload", ""))) > LONGEST_PAYLOAD:
            yield "content.template.components.button.payload", f"size must be between 0 and {LONGEST_PAYLOAD}"


def _interactive(told: dict[str, Any]) -> Iterator[Violation]:
    components = told.get("components") or {}
    if told.get("subType") not in SUB_TYPES:
        yield "content.interactive.subType", EMPTY
    if not (components.get("body") or {}).get("text"):
        yield "content.interactive.components.body", EMPTY
    if told.get("subType") == "buttons" and not components.get("buttons"):
        yield "content.interactive.components.buttons", EMPTY
    title = (components.get("list") or {}).get("title", "")
    if told.get("subType") == "list" and not 0 < len(title) <= LONGEST_LIST_TITLE:
        yield "content.interactive.components.list.title", f"size must be between 1 and {LONGEST_LIST_TITLE}"


def _template(told: dict[str, Any]) -> TemplateSend:
    """The template in the platform's words."""
    given = told.get("components", {})
    components: list[dict[str, Any]] = []
    for place in ("header", "body"):
        if given.get(place):
            components.append({"type": place, "parameters": [_parameter(one) for one in given[place]]})
    components.extend(_button(one) for one in given.get("button", ()))
    return TemplateSend(told["templateId"], told["templateLanguage"], components)


def _parameter(given: dict[str, Any]) -> dict[str, Any]:
    kind = given["type"]
    return given if kind == "text" else {"type": kind, kind: {"link": given[kind].get("url", "")}}


def _button(given: dict[str, Any]) -> dict[str, Any]:
    key = "payload" if given["type"] == "quick_reply" else "text"
    shown = {"type": key, key: given.get(key, "")}
    return {"type": "button", "sub_type": given["type"], "index": str(given["index"]), "parameters": [shown]}
