# SPDX-License-Identifier: Apache-2.0
"""Providers side by side, and the file on each (Art. 28 GDPR): what was checked and by whom, what is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlmodel import Session
from starlette.routing import Route

from hub.contract import BadInput, Can, Provider, Topic
from hub.flows import comparison, switching
from hub.flows.processor import form, known, papers, standing, versions
from hub.flows.processor.form import Check, Form, Status
from hub.flows.processor.points import POINTS
from hub.flows.roles import May
from hub.store.tables import Connection, Controller
from hub.web.console import connections, reading
from hub.web.console.rooms import Leaflet, NotFound, Rooms, Visitor

_ONE = "/console/providers/{id}"
# the parts of a file that are filled in, and whether they are lists
_PARTS: dict[str, tuple[Any, bool]] = {
    "identity": (form.Identity, False),
    "agreement": (form.Agreement, False),
    "hosting": (form.Hosting, False),
    "subprocessors": (form.Subprocessor, True),
    "transfers": (form.Hop, True),
    "certificates": (form.Certificate, True),
}
_DATES = ("signed_on", "objection_until", "approved_on", "valid_until", "framework_checked_on", "tia_review_on")
_TICKS = ("eu_clauses", "stopped")
_LISTS = ("regions", "backup", "support_access")


def routes(rooms: Rooms) -> list[Route]:
    again = ("provider.html", _file)
    return [
        rooms.show("/console/providers", May.LOOK, "providers.html", _compare),
        rooms.hand("/console/providers.csv", May.LOOK, _export),
        rooms.show(_ONE, May.LOOK, "provider.html", _file),
        rooms.show(f"{_ONE}/form/{{part}}", May.PROVIDE, "provider_form.html", _part),
        rooms.hand(f"{_ONE}/papers/{{sha256}}", May.PROVIDE, _paper),
        rooms.act(f"{_ONE}/form/{{part}}", May.PROVIDE, "processor.file", _fill, again=("provider_form.html", _part)),
        rooms.act(f"{_ONE}/tick", May.PROVIDE, "processor.tick", _tick, again=again),
        rooms.act(f"{_ONE}/papers", May.PROVIDE, "processor.attach", _attach, again=again, upload=papers.MOST),
        rooms.act(f"{_ONE}/approve", May.PROVIDE, "processor.approve", _approve, again=again),
        rooms.act(f"{_ONE}/suspend", May.PROVIDE, "processor.suspend", _moved(versions.suspend), again=again),
        rooms.act(f"{_ONE}/reopen", May.PROVIDE, "processor.reopen", _moved(versions.reopen), again=again),
        rooms.act(f"{_ONE}/end", May.PROVIDE, "processor.end", _moved(versions.end), again=again),
        rooms.act(f"{_ONE}/stop", May.PROVIDE, "processor.stop_transfer", _stop, again=again),
    ]


def _compare(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    every = comparison.compare(visitor.world, session, owner)
    wanted = {name.removeprefix("p-") for name in visitor.query if name.startswith("p-")}
    shown = [one for one in every if not wanted or one.name in wanted]
    topics = [topic for topic in Topic if any(topic in one.facts for one in shown)]
    accounts = {filed.account: filed for one in every for filed in one.files}
    return {"every": every, "shown": shown, "wanted": wanted, "topics": topics, "cans": list(Can), "accounts": accounts}


def _export(visitor: Visitor, session: Session, owner: Controller) -> Leaflet:
    every = comparison.compare(visitor.world, session, owner)
    rows = [["plugin", *(one.why_not or "yes" for one in every)]]
    rows += [[f"can: {can}", *("yes" if can in one.can else "no" for one in every)] for can in Can]
    for topic in Topic:
        rows.append([f"known: {topic}", *("; ".join(map(known.line, one.facts.get(topic, ()))) for one in every)])
    rows.append(["file", *("; ".join(f"{each.account}: {each.standing.state}" for each in one.files) for one in every)])
    return reading.table("providers", ["", *(one.title for one in every)], rows)


def _find(visitor: Visitor, session: Session, owner: Controller) -> Connection:
    found = connections.find(visitor, session, owner)
    cls = visitor.world.registry.connectors.get(found.connector)
    if cls is None or not issubclass(cls, Provider):
        raise NotFound
    return found


def _file(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    found = _find(visitor, session, owner)
    every = versions.every(session, found.id)
    newest = every[0] if every else None
    cls = visitor.world.registry.connectors[found.connector]
    assert issubclass(cls, Provider)
    sections: dict[str, list[Any]] = {}
    for point in POINTS.values():
        sections.setdefault(point.section, []).append((point, known.facts(cls.profile, point.topic)))
    return {
        "one": found,
        "stands": standing.of(session, found.id, visitor.world.now()),
        "newest": newest,
        "in_force": versions.form_of(versions.in_force(session, found.id)),
        "form": versions.form_of(newest),
        "versions": every,
        "sections": sections,
        "statuses": list(Status),
        "kinds": papers.KINDS,
        "parts": list(_PARTS),
        "to_verify": cls.profile.to_verify,
        "typed": visitor.typed,
        "chosen": visitor.form.get("point", []),
    }


def _part(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    """One part of the newest version, to fill in; a list has one row more."""
    found, (model, many) = _find(visitor, session, owner), _named(visitor)
    part = visitor.path["part"]
    plain = versions.form_of(versions.newest(session, found.id)).plain.get(part)
    rows = [*(plain or ()), {}] if many else [plain or {}]
    prefixes = [f"{part}.{index}" if many else part for index in range(len(rows))]
    return {
        "one": found,
        "part": part,
        "many": many,
        "rows": list(zip(prefixes, rows, strict=True)),
        "fields": list(model.model_fields),
        "dates": _DATES,
        "ticks": _TICKS,
        "lists": _LISTS,
        "typed": visitor.typed,
        "again": bool(visitor.form),
    }


def _named(visitor: Visitor) -> tuple[Any, bool]:
    if visitor.path["part"] not in _PARTS:
        raise NotFound
    return _PARTS[visitor.path["part"]]


def _fill(visitor: Visitor, session: Session, owner: Controller) -> str:
    found, (model, many) = _find(visitor, session, owner), _named(visitor)
    part = visitor.path["part"]
    before = versions.form_of(versions.newest(session, found.id))
    if many:
        count = len(before.plain.get(part, ())) + 1
        rows = [_typed(visitor, f"{part}.{index}", model) for index in range(count)]
        said: Any = [row for row in rows if row.get(next(iter(model.model_fields)))]
    else:
        said = _typed(visitor, part, model)
    whole: Form = form.build({**before.plain, part: said})
    versions.draft(visitor.world, session, found, whole, visitor.actor.name)
    return _where(found)


def _typed(visitor: Visitor, prefix: str, model: Any) -> dict[str, Any]:
    """What was typed into one part; what is empty stays away."""
    given = {name: visitor.said(f"{prefix}.{name}") for name in model.model_fields}
    return {
        name: value.replace(",", " ").upper().split() if name in _LISTS else value
        for name, value in given.items()
        if value
    }


def _tick(visitor: Visitor, session: Session, owner: Controller) -> str:
    found = _find(visitor, session, owner)
    points = visitor.form.get("point", [])
    if not points:
        raise BadInput("is not chosen", field="point", remedy="Choose one or several.")
    status = visitor.said("status")
    if status not in set(Status):
        raise BadInput("is none", field="status", remedy=f"Use one of: {', '.join(Status)}.")
    check = Check(status=Status(status), evidence=visitor.said("evidence"), note=visitor.said("note"))
    versions.tick(visitor.world, session, found, points, check, visitor.actor.name)
    return f"{_where(found)}#points"


def _attach(visitor: Visitor, session: Session, owner: Controller) -> str:
    found, file = _find(visitor, session, owner), visitor.files.get("file")
    if file is None:
        raise BadInput("is missing", field="paper", remedy="Choose a document.")
    kept = papers.keep(
        visitor.world,
        session,
        owner.id,
        visitor.said("kind"),
        file.name,
        file.body,
        reviewer=visitor.actor.name,
        expires_on=reading.day(visitor, "expires"),
    )
    said = versions.form_of(versions.newest(session, found.id))
    versions.draft(visitor.world, session, found, said, visitor.actor.name, [kept])
    return f"{_where(found)}#papers"


def _paper(visitor: Visitor, session: Session, owner: Controller) -> Leaflet:
    """As it was attached, and never opened by the browser."""
    found = _find(visitor, session, owner)
    try:
        kept = versions.paper(session, found.id, visitor.path["sha256"])
    except BadInput:
        raise NotFound from None
    body = papers.read(visitor.world, session, owner.id, kept["sha256"])
    return Leaflet(papers.plain_name(kept["name"]), "application/octet-stream", body)


def _approve(visitor: Visitor, session: Session, owner: Controller) -> str:
    found = _find(visitor, session, owner)
    versions.approve(visitor.world, session, found, visitor.actor.name)
    return _where(found)


def _moved(how: Callable[..., object]) -> Callable[[Visitor, Session, Controller], str]:
    def deed(visitor: Visitor, session: Session, owner: Controller) -> str:
        found = _find(visitor, session, owner)
        how(visitor.world, session, found, visitor.actor.name, visitor.said("why"))
        switching.leave(visitor.world, session, found)
        return _where(found)

    return deed


def _stop(visitor: Visitor, session: Session, owner: Controller) -> str:
    found = _find(visitor, session, owner)
    to, _, tool = visitor.said("transfer").partition(":")
    versions.stop_transfer(visitor.world, session, found, tool, to, visitor.actor.name, visitor.said("why"))
    return _where(found)


def _where(found: Connection) -> str:
    return f"/console/providers/{found.id}"
