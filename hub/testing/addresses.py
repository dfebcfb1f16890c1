# SPDX-License-Identifier: Apache-2.0
"""Every address of the console and the API, from the tables of routes, and what stands for their variable parts.

Tests, pictures and benches walk them. A page that is new is among them by itself, unless its address names a thing
of a new kind: that needs a line in `THINGS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from fastapi import FastAPI
from sqlmodel import Session, SQLModel, col, select
from starlette.routing import Mount, Route

from hub.store.tables import ApiKey, Campaign, Controller
from hub.web.app import House

STATIC = "/console/static/"
VENDORS = frozenset({"/console/campaigns/{id}/preview"})  # pages that ask a CRM about everybody: they take longer
Find = Callable[[Session, Controller], str]


def newest(table: type[SQLModel]) -> Find:
    """The company's row of a table that was made last."""
    key: Any = table.id  # type: ignore[attr-defined]
    owner: Any = table.controller_id  # type: ignore[attr-defined]

    def find(session: Session, controller: Controller) -> str:
        mine = select(key).where(owner == controller.id).order_by(col(key).desc())
        return str(session.execute(mine.limit(1)).scalar_one())

    return find


def words(said: str) -> Find:
    """The same for every company."""
    return lambda session, controller: said


THINGS: dict[str, Find] = {
    "/console/campaigns/{id}": newest(Campaign),
    "/console/language/{language}": words("de"),
    "/api/v1/campaigns/{campaign}": newest(Campaign),
    "/api/v1/keys/{key}": newest(ApiKey),
}


def console(app: House, method: str = "GET") -> list[str]:
    """The addresses of the console's routes for a method, with `{...}` where a thing is named."""
    return sorted(
        route.path
        for route in app.routes
        if isinstance(route, Route) and route.path.startswith("/console") and method in (route.methods or ())
        if not route.path.startswith(STATIC)
    )


def api(app: House) -> Iterator[tuple[str, str]]:
    """Method and address of everything that the API can do, from its own description."""
    for mount in app.routes:
        if isinstance(mount, Mount) and isinstance(mount.app, FastAPI):
            for path, verbs in mount.app.openapi()["paths"].items():
                yield from ((verb.upper(), mount.path + path) for verb in verbs)


def named(path: str, session: Session, controller: Controller) -> str:
    """The address with this company's own things in it. Raises `LookupError` for a thing that has no line here."""
    while found := re.search(r"\{[^}]*\}", path):
        upto = path[: found.end()]
        pattern = next((known for known in THINGS if _alike(known, upto)), None)
        if pattern is None:
            raise LookupError(f"say in hub/testing/addresses.py what stands for the last part of {upto}")
        path = path.replace(found[0], THINGS[pattern](session, controller), 1)
    return path


def _alike(pattern: str, address: str) -> bool:
    """Is it this pattern, with the parts before the last filled in?"""
    *before, last = pattern.split("/")
    *given, end = address.split("/")
    same = (p == g or (p.startswith("{") and not g.startswith("{")) for p, g in zip(before, given, strict=False))
    return len(before) == len(given) and last == end and all(same)
