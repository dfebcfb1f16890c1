# SPDX-License-Identifier: Apache-2.0
"""Connections: accounts of CRMs and providers, how they are, and what a person can mend."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session
from starlette.routing import Route

from hub.contract import HubError, TemplateState
from hub.flows import accounts, drift, guard, limits, mappings, outbox, watching
from hub.flows.records import explain
from hub.flows.roles import May
from hub.store.tables import Connection, Controller, SyncRun
from hub.web.console.reading import table
from hub.web.console.rooms import Leaflet, NotFound, Rooms, Visitor

_PAGE, _EXPORT = 50, 1000
_SHORT = 10  # runs on an account's own page
_REHEARSED = 2_000  # records that a dry run in the browser looks at
_ONE = "/console/connections/{id}"


def routes(rooms: Rooms) -> list[Route]:
    return [
        rooms.show("/console/connections", May.LOOK, "connections.html", _list),
        rooms.show(_ONE, May.LOOK, "connection.html", _one),
        rooms.show(f"{_ONE}/health", May.CONNECT, "connection_health.html", _health),
        rooms.show(f"{_ONE}/numbers", May.CONNECT, "connection_numbers.html", _numbers),
        rooms.show(f"{_ONE}/rehearsal", May.CONNECT, "connection_rehearsal.html", _rehearse),
        rooms.show(f"{_ONE}/syncing", May.LOOK, "connection_runs.html", _syncing),
        rooms.show(f"{_ONE}/syncs", May.LOOK, "connection_syncs.html", _syncs),
        rooms.hand(f"{_ONE}/syncs.csv", May.LOOK, _export),
        rooms.show(f"{_ONE}/syncs/{{run}}", May.LOOK, "connection_sync.html", _run),
        rooms.act(f"{_ONE}/sync", May.CONNECT, "connection.sync", _sync),
        rooms.act(f"{_ONE}/sync/stop", May.CONNECT, "connection.stop_sync", _stop_sync),
        rooms.act(f"{_ONE}/resume", May.CONNECT, "connection.resume", _resume),
        rooms.act(f"{_ONE}/retry", May.CONNECT, "connection.retry", _retry),
        rooms.act(f"{_ONE}/templates", May.CONNECT, "connection.templates", _back, ask=_read_templates),
        rooms.act(f"{_ONE}/door", May.CONNECT, "connection.rotate_door", _rotate),
        rooms.act(f"{_ONE}/guard", May.CONNECT, "connection.guard", _guard, again=("connection.html", _one)),
    ]


def find(visitor: Visitor, session: Session, owner: Controller) -> Connection:
    """The one that the address names. Raises `NotFound`."""
    found = session.get(Connection, visitor.path["id"])
    if found is None or found.controller_id != owner.id:
        raise NotFound
    return found


def _list(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    open_ = outbox.waiting(session, owner)
    waits = {
        one.connection_id: sum(each.pending + each.failed for each in open_ if each.connection_id == one.connection_id)
        for one in open_
    }
    kind = visitor.query.get("kind", "")
    rows = [one for one in watching.every(visitor.world, session, owner) if not kind or one.reads == (kind == "crm")]
    return {"rows": rows, "waits": waits, "kind": kind}


def _one(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    found = find(visitor, session, owner)
    connects = visitor.actor.may(May.CONNECT)
    state = visitor.query.get("state", "")
    now = visitor.world.now()
    watched = watching.one(visitor.world, session, found)
    return {
        "watched": watched,
        "address": accounts.webhook_url(visitor.world, found) if connects else "",
        "held": guard.guard_of(visitor.world, found) if connects else None,
        "waiting": [one for one in outbox.waiting(session, owner) if one.connection_id == found.id],
        "paces": {one.id: limits.pace(one, now) for one in watched.senders},
        "templates": [] if watched.reads else watching.templates(session, found, state),
        "states": list(TemplateState),
        "state": state,
        "mapping": mappings.latest(session, found.id),
        "news": drift.news(session, found.id),
        "typed": visitor.typed,
        **_syncing(visitor, session, owner),
    }


def _syncing(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    found = find(visitor, session, owner)
    runs = watching.runs(session, found, "", _SHORT)
    soon = found.next_sync_at is not None and found.next_sync_at <= visitor.world.now() and not found.paused_why
    going = watching.going(visitor.world, session, found)
    told = _reasons(visitor, runs[0]) if runs else {}
    return {
        "one": found,
        "runs": runs,
        "soon": soon,
        "going": going,
        "moving": soon or bool(going),
        "reading": bool(going) and not runs[0].stopped,
        **told,
    }


def _syncs(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    found = find(visitor, session, owner)
    rows = watching.runs(session, found, visitor.query.get("before", ""), _PAGE + 1)
    more = rows[_PAGE - 1].id if len(rows) > _PAGE else ""
    going = watching.going(visitor.world, session, found)
    return {"one": found, "runs": rows[:_PAGE], "more": more, "going": going}


def _export(visitor: Visitor, session: Session, owner: Controller) -> Leaflet:
    found = find(visitor, session, owner)
    headings = ("started_at", "finished_at", "seen", "admitted", "unchanged", "excluded", "error")
    runs = watching.runs(session, found, "", _EXPORT)
    rows = [[getattr(run, name) for name in headings[:5]] + [_codes(run), run.error] for run in runs]
    return table(f"syncs-{found.id}", headings, rows)


def _codes(run: SyncRun) -> str:
    return " ".join(f"{code}:{count}" for code, count in sorted(run.excluded.items()))


def _run(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    found = find(visitor, session, owner)
    run = session.get(SyncRun, visitor.path["run"])
    if run is None or run.connection_id != found.id:
        raise NotFound
    rows = watching.problems(session, run, visitor.query.get("after", ""), _PAGE + 1)
    more = rows[_PAGE - 1].id if len(rows) > _PAGE else ""
    going = watching.going(visitor.world, session, found)
    return {"one": found, "run": run, "going": going, "problems": rows[:_PAGE], "more": more, **_reasons(visitor, run)}


def _reasons(visitor: Visitor, counts: Any) -> dict[str, Any]:
    """Why people were not stored, and what was noted about those who were, in plain words."""

    def told(of: dict[str, int]) -> list[tuple[str, int, Any]]:
        ordered = sorted(of.items(), key=lambda pair: (-pair[1], pair[0]))
        return [(code, count, explain(code, visitor.language)) for code, count in ordered]

    return {"excluded": told(counts.excluded), "notes": told(counts.notes)}


def _health(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    found = find(visitor, session, owner)
    try:
        health = visitor.hands.health(found)
        return {"one": found, "ok": health.ok, "detail": health.detail}
    except HubError as error:
        return {"one": found, "ok": False, "detail": str(error)}


def _numbers(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    found = find(visitor, session, owner)
    mine = {one.vendor_id: one for one in watching.one(visitor.world, session, found).senders}
    return {"one": found, "numbers": visitor.hands.numbers(found), "mine": mine}


def _rehearse(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    found = find(visitor, session, owner)
    counts = visitor.hands.rehearse(found.id, most=_REHEARSED)
    return {"one": found, "run": counts, "ended": counts.seen < _REHEARSED, **_reasons(visitor, counts)}


def _sync(visitor: Visitor, session: Session, owner: Controller) -> str:
    found = find(visitor, session, owner)
    watching.sync_soon(visitor.world, session, found)
    return _where(found)


def _stop_sync(visitor: Visitor, session: Session, owner: Controller) -> str:
    found = find(visitor, session, owner)
    watching.stop_sync(session, found)
    return _where(found)


def _resume(visitor: Visitor, session: Session, owner: Controller) -> str:
    found = find(visitor, session, owner)
    accounts.resume(session, found)
    return _where(found)


def _retry(visitor: Visitor, session: Session, owner: Controller) -> str:
    found = find(visitor, session, owner)
    outbox.retry(visitor.world, session, found)
    return _where(found)


def _read_templates(visitor: Visitor, session: Session, owner: Controller) -> int:
    return visitor.hands.templates(find(visitor, session, owner).id)


def _back(visitor: Visitor, session: Session, owner: Controller) -> str:
    return _where(find(visitor, session, owner))


def _rotate(visitor: Visitor, session: Session, owner: Controller) -> str:
    found = find(visitor, session, owner)
    accounts.rotate_door(session, found)
    return _where(found)


def _guard(visitor: Visitor, session: Session, owner: Controller) -> str:
    """The header with its secret, and the list of addresses. An empty secret leaves the header as it is."""
    found = find(visitor, session, owner)
    networks = visitor.said("networks").split()
    guard.change(visitor.world, session, found, visitor.said("header"), visitor.said("secret"), networks)
    return _where(found)


def _where(found: Connection) -> str:
    return f"/console/connections/{found.id}"
