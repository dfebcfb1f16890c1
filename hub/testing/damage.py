# SPDX-License-Identifier: Apache-2.0
"""What a vendor may one day send: documents damaged anywhere, unknown fields, broken answers. For the suites."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import httpx

from hub.contract import BadConfig, Event, HubError, Rejected, Throttled, Unavailable, Uncertain

HTML = b"<html><body>made-up proxy page</body></html>"
STRANGE = (b"", b"null", b"[]", b"7", b'"x"', b"{", b"\xff", b"{}", b'{"entry":7}', b"[[]]", b'[{"a":null}]')

Answer = tuple[int, dict[str, str], bytes]
# answers to a send that hold nothing of the vendor's own, and what happens next
ANSWERS: dict[str, tuple[Answer, type[HubError]]] = {
    "401": ((401, {}, HTML), BadConfig),
    "403": ((403, {}, HTML), BadConfig),
    "404": ((404, {}, HTML), Rejected),
    "429": ((429, {"retry-after": "7"}, HTML), Throttled),
    "500": ((500, {}, HTML), Uncertain),
    "503": ((503, {}, HTML), Unavailable),
    "200 html": ((200, {}, HTML), Uncertain),
    "200 empty": ((200, {}, b""), Uncertain),
    "200 nothing said": ((200, {}, b"{}"), Uncertain),
    "200 a list": ((200, {}, b"[1,null]"), Uncertain),
}
# exchanges that break off during a send
BROKEN: dict[str, tuple[httpx.TransportError, type[HubError]]] = {
    "read timeout": (httpx.ReadTimeout("x"), Uncertain),
    "write timeout": (httpx.WriteTimeout("x"), Uncertain),
    "connection lost": (httpx.RemoteProtocolError("x"), Uncertain),
    "no free connection": (httpx.PoolTimeout("x"), Unavailable),
}


def plain(event: Event) -> Any:
    """An event made comparable: errors compare by kind and words."""
    values = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
    error = values.pop("error", None)
    return type(event), values, type(error), str(error)


def with_unknown_fields(node: Any) -> Any:
    """The document with one more field in every object."""
    if isinstance(node, dict):
        return {**{key: with_unknown_fields(value) for key, value in node.items()}, "zz_new_field": {"a": [1]}}
    return [with_unknown_fields(item) for item in node] if isinstance(node, list) else node


def damaged(node: Any) -> Iterator[Any]:
    """The document with each part in turn replaced by something that makes no sense there."""
    yield from (None, 7, "x", [], {}, [None], [["x"]], 1.5, True, -(10**18))
    parts: Any = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in parts:
        for bad in damaged(value):
            yield {**node, key: bad} if isinstance(node, dict) else [*node[:key], bad, *node[key + 1 :]]
