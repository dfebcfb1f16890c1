# SPDX-License-Identifier: Apache-2.0
"""Consent: the wordings in their versions, the pages that show them, their posters, and what became of opt-ins."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, select
from starlette.routing import Route

from hub import poster
from hub.flows import optin, optin_results, wordings
from hub.flows.roles import May
from hub.store.tables import Controller, OptInPage, Wording
from hub.web.console.rooms import Leaflet, NotFound, Rooms, Visitor

_PAGE = 50
_TYPES = {"svg": "image/svg+xml", "pdf": "application/pdf"}


def routes(rooms: Rooms) -> list[Route]:
    return [
        rooms.show("/console/consent", May.LOOK, "consent.html", _all),
        rooms.show("/console/wordings/{id}", May.LOOK, "wording.html", _wording),
        rooms.show("/console/pages/{id}", May.LOOK, "opt_in_page.html", _page),
        rooms.hand("/console/pages/{id}/poster/{size}.{form}", May.LOOK, _poster),
    ]


def _all(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    typed = visitor.query.get("below", "")
    below = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0
    versions = wordings.page(session, owner, below, _PAGE + 1)
    pages = select(OptInPage, Wording).join(Wording).where(OptInPage.controller_id == owner.id)
    newest = pages.order_by(col(OptInPage.closed_at).is_not(None), col(OptInPage.created_at).desc())
    return {
        "versions": versions[:_PAGE],
        "more": versions[_PAGE - 1].version if len(versions) > _PAGE else 0,
        "pages": session.exec(newest.limit(_PAGE)).all(),
    }


def _wording(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    found = _mine(session, owner, visitor.path["id"])
    against = visitor.query.get("against", "")
    other = _mine(session, owner, against) if against else wordings.before(session, found)
    shown_on = select(OptInPage).where(OptInPage.wording_id == found.id)
    return {
        "one": found,
        "other": other,
        "difference": wordings.difference(other.text, found.text) if other else [],
        "gone": [topic for topic in other.topics if topic not in found.topics] if other else [],
        "new": [topic for topic in found.topics if topic not in other.topics] if other else [],
        "others": [one for one in wordings.page(session, owner, 0, _PAGE) if one.id != found.id],
        "pages": session.exec(shown_on.limit(_PAGE)).all(),
    }


def _page(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    found = _opt_in(session, owner, visitor.path["id"])
    invited, address = optin.invitation(session, found), optin.address(visitor.world, found)
    ids = optin_results.wordings_of(session, found)
    shown = session.exec(select(Wording).where(col(Wording.id).in_(ids)).order_by(col(Wording.version).desc()))
    return {
        "one": found,
        "invited": invited,
        "address": address,
        "qr": poster.code(address),
        "sizes": list(poster.SIZES),
        "shown": shown.all(),
        "result": optin_results.of_page(visitor.world, session, found),
    }


def _poster(visitor: Visitor, session: Session, owner: Controller) -> Leaflet:
    found = _opt_in(session, owner, visitor.path["id"])
    size, form = visitor.path["size"], visitor.path["form"]
    if found.closed_at is not None or size not in poster.SIZES or form not in _TYPES:
        raise NotFound
    wording = session.get_one(Wording, found.wording_id)
    address = optin.address(visitor.world, found)
    made = poster.make(owner.name, found.title, wording.topics, wording.language, address)
    return Leaflet(f"{found.title} {size}.{form}", _TYPES[form], poster.draw(made, size, form))


def _mine(session: Session, owner: Controller, wording_id: str) -> Wording:
    found = session.get(Wording, wording_id)
    if found is None or found.controller_id != owner.id:
        raise NotFound
    return found


def _opt_in(session: Session, owner: Controller, page_id: str) -> OptInPage:
    found = session.get(OptInPage, page_id)
    if found is None or found.controller_id != owner.id:
        raise NotFound
    return found
