# SPDX-License-Identifier: Apache-2.0
"""People: find one by number or CRM record, and see what happened to them, why, and on what evidence.

A search is a form that is sent, so that no number stands in an address or a log; pages know people by our own id.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlmodel import Session
from starlette.routing import Route

from hub.flows import capsules, decided, exports, timeline
from hub.flows.rights import requests
from hub.flows.roles import May
from hub.flows.timeline import Strand
from hub.law.rights import Right
from hub.store.tables import Contact, Controller
from hub.web.console.rooms import Leaflet, Made, NotFound, Rooms, Visitor

_HERE = "/console/people"
_PAGE = 50


def routes(rooms: Rooms) -> list[Route]:
    return [
        rooms.show(_HERE, May.PEOPLE, "people.html", _ask),
        rooms.act(f"{_HERE}/search", May.PEOPLE, "people.search", _search),
        rooms.show(f"{_HERE}/{{id}}", May.PEOPLE, "person.html", _person),
        rooms.fetch(f"{_HERE}/{{id}}/evidence", May.PEOPLE, "evidence.contact", _evidence(capsules.CONTACT)),
        rooms.fetch(f"{_HERE}/{{id}}/messages", May.PEOPLE, "evidence.period", _period),
        rooms.show("/console/decisions/{id}", May.PEOPLE, "decision.html", _decision),
        rooms.fetch("/console/messages/{id}/evidence", May.PEOPLE, "evidence.message", _evidence(capsules.MESSAGE)),
        rooms.fetch("/console/consents/{id}/evidence", May.PEOPLE, "evidence.consent", _evidence(capsules.CONSENT)),
    ]


def _ask(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    return {"missed": visitor.query.get("found") == "none"}


def _search(visitor: Visitor, session: Session, owner: Controller) -> Made:
    found = timeline.search(visitor.world, session, owner, visitor.said("subject"))
    return Made(f"{_HERE}/{found.id}", found.id) if found else Made(f"{_HERE}?found=none", "")


def _person(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    contact = _find(session, owner, visitor.path["id"])
    wanted = visitor.query.get("show", "")
    strand = Strand(wanted) if wanted in list(Strand) else None
    before = visitor.query.get("before", "")
    entries = timeline.page(session, contact, before, _PAGE + 1, strand)
    return {
        "one": timeline.person(session, contact),
        "entries": entries[:_PAGE],
        "more": entries[_PAGE - 1].cursor if len(entries) > _PAGE else "",
        "before": before,
        "strand": strand or "",
        "strands": list(Strand),
        "explain": decided.word(visitor.language),
        "asked": requests.of_person(session, contact),
        "rights": list(Right),
    }


def _decision(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    row = decided.find(session, owner, visitor.path["id"])
    if row is None:
        raise NotFound
    return {"one": decided.explain(session, row, visitor.language)}


def _evidence(kind: str) -> Callable[[Visitor, Controller], Leaflet]:
    def make(visitor: Visitor, owner: Controller) -> Leaflet:
        subject = visitor.path["id"]
        if kind == capsules.CONTACT:
            with visitor.world.db.read() as session:
                subject = _find(session, owner, subject).id
        reveal = visitor.said("reveal") == "yes"
        made = capsules.make(visitor.world, owner, kind, subject, reveal=reveal)
        return Leaflet(f"{kind}-{subject}.json", "application/json", made)

    return make


def _period(visitor: Visitor, owner: Controller) -> Leaflet:
    with visitor.world.db.read() as session:
        contact = _find(session, owner, visitor.path["id"])
    days = exports.days(visitor.said("from"), visitor.said("to"))
    reveal = visitor.said("reveal") == "yes"
    made = exports.packed(visitor.world, owner, contact.id, days, visitor.language, reveal=reveal)
    return Leaflet(f"messages-{contact.id}-{days[0]}-{days[1]}.zip", "application/zip", made)


def _find(session: Session, owner: Controller, contact_id: str) -> Contact:
    found = timeline.find(session, owner, contact_id)
    if found is None:
        raise NotFound
    return found
