# SPDX-License-Identifier: Apache-2.0
"""The record of processing activities: as it stands, what the configuration has changed since, versions, review."""

from __future__ import annotations

from typing import Any

import orjson
from sqlmodel import Session
from starlette.routing import Route

from hub import letters
from hub.contract import BadInput
from hub.flows import audit
from hub.flows.art30 import versions
from hub.flows.art30.content import Said
from hub.flows.roles import May
from hub.store.tables import Controller, ProcessingRecord
from hub.web.console import reading
from hub.web.console.rooms import Leaflet, Made, NotFound, Rooms, Visitor

_HERE = "/console/record"
_TYPES = {"json": "application/json", "md": "text/markdown; charset=utf-8", "pdf": "application/pdf"}
_MOST = 300  # differences on one page


def routes(rooms: Rooms) -> list[Route]:
    again = ("record.html", _record)
    return [
        rooms.show(_HERE, May.LOOK, "record.html", _record),
        rooms.act(_HERE, May.AUDIT, "record.keep", _keep, again=again),
        rooms.act(f"{_HERE}/{{version}}/review", May.AUDIT, "record.review", _review, again=again),
        rooms.hand(f"{_HERE}/{{version}}.{{form}}", May.LOOK, _file),
    ]


def _record(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    every = versions.every(session, owner)
    last = every[0] if every else None
    before, after = (visitor.query.get(name, "") for name in ("before", "after"))
    pair = [row for name in (before, after) for row in every if str(row.version) == name]
    compared = versions.differences(pair[0].content, pair[1].content) if len(pair) == 2 else None
    said = versions.said(last)
    return {
        "last": last,
        "shown": orjson.loads(versions.told_of(last)) if last else None,
        "versions": every,
        "drift": versions.drift(visitor.world, session, owner)[:_MOST] if last else [],
        "overdue": versions.overdue(visitor.world, last),
        "compared": compared[:_MOST] if compared is not None else None,
        "before": before,
        "after": after,
        "said": said.model_dump(),
        "long": {name for name, field in Said.model_fields.items() if name in ("contact", "measures")},
        "say": letters.words(visitor.language),
        "names": audit.names(session, owner),
        "typed": visitor.typed,
    }


def _keep(visitor: Visitor, session: Session, owner: Controller) -> Made:
    given = {name: visitor.said(name) for name in Said.model_fields if name in visitor.form}
    row = versions.keep(visitor.world, session, owner, visitor.actor.id, given)
    return Made(_HERE, row.id)


def _review(visitor: Visitor, session: Session, owner: Controller) -> Made:
    again = reading.day(visitor, "review_on")
    if again is None:
        raise BadInput("is empty", field="review_on", remedy="Name the day of the next review.")
    version = _find(session, owner, visitor.path["version"]).version
    row = versions.review(visitor.world, session, owner, version, visitor.actor.id, again)
    return Made(_HERE, row.id)


def _file(visitor: Visitor, session: Session, owner: Controller) -> Leaflet:
    form = visitor.path["form"]
    if form not in _TYPES:
        raise NotFound
    row = _find(session, owner, visitor.path["version"])
    held = versions.told_of(row)
    match form:
        case "json":
            body = held
        case "md":
            body = letters.markdown(held, visitor.language).encode()
        case _:
            body = letters.record(held, visitor.language)
    return Leaflet(f"art30-{row.version}.{form}", _TYPES[form], body)


def _find(session: Session, owner: Controller, typed: str) -> ProcessingRecord:
    if not (typed.isascii() and typed.isdigit() and len(typed) < 10):
        raise NotFound
    try:
        return versions.find(session, owner, int(typed))
    except BadInput:
        raise NotFound from None
