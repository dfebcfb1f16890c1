# SPDX-License-Identifier: Apache-2.0
"""Rights requests: what is pending and by when, each step of one request, and the packet that answers it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import Any, TypeVar

import orjson
from sqlmodel import Session
from starlette.routing import Route

from hub import letters
from hub.contract import BadInput
from hub.flows import audit, timeline
from hub.flows.rights import arrivals, packets, receipts, requests
from hub.flows.rights.arrivals import Came
from hub.flows.rights.requests import PENDING, Way
from hub.flows.roles import May
from hub.law.rights import ANSWERED_BY_DATA, ARTICLES, AT_ONCE, Delay, Handed, Identified, Refusal, Right
from hub.store.tables import Controller, RightsPacket, RightsRequest
from hub.web.console import reading
from hub.web.console.rooms import Leaflet, Made, NotFound, Rooms, Visitor

_HERE = "/console/rights"
_PAGE = 50
_Word = TypeVar("_Word", bound=StrEnum)
_BY_STAFF = tuple(one for one in Handed if one is not Handed.CRM)


def routes(rooms: Rooms) -> list[Route]:
    again = ("right.html", _one)
    own = f"{_HERE}/{{id}}"

    def act(step: str, deed: Callable[[Visitor, Session, Controller], str]) -> Route:
        return rooms.act(f"{own}/{step}", May.PEOPLE, f"rights.{step}", deed, again=again)

    return [
        rooms.show(_HERE, May.PEOPLE, "rights.html", _listing),
        rooms.act("/console/people/{id}/rights", May.PEOPLE, "rights.open", _open),
        rooms.show(own, May.PEOPLE, "right.html", _one),
        act("ask", _ask),
        act("identify", _identify),
        act("extend", _extend),
        act("packet", _make),
        act("carry", _carry),
        act("answer", _answer),
        act("refuse", _refuse),
        act("lift", _lift),
        act("confirm", _confirm),
        rooms.show(f"{own}/packet", May.PEOPLE, "right_packet.html", _packet),
        rooms.fetch(f"{own}/packet/json", May.PEOPLE, "rights.fetch", _json),
        rooms.fetch(f"{own}/packet/pdf", May.PEOPLE, "rights.fetch", _pdf),
    ]


def _listing(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    every = visitor.query.get("show") == "all"
    before = visitor.query.get("before", "")
    rows = requests.page(session, owner, _PAGE + 1, pending=not every, before=before)
    return {
        "rows": rows[:_PAGE],
        "more": rows[_PAGE - 1].id if every and len(rows) > _PAGE else "",
        "every": every,
        "today": visitor.world.now().date(),
        "articles": ARTICLES,
    }


def _open(visitor: Visitor, session: Session, owner: Controller) -> Made:
    contact = timeline.find(session, owner, visitor.path["id"])
    if contact is None:
        raise NotFound
    day, now = reading.day(visitor, "received"), visitor.world.now()
    at = now if day in (None, now.date()) else datetime.combine(day, time.min, UTC)
    came = Came(Way.STAFF, visitor.actor.id, at, visitor.said("words"))
    made = arrivals.enter(visitor.world, session, owner, contact, _word(visitor, "right", Right), came)
    return Made(f"{_HERE}/{made.id}", made.id)


def _one(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    row = _find(session, owner, visitor.path["id"])
    right = Right(row.kind)
    contact = requests.whose(session, row)
    return {
        "row": row,
        "contact": contact,
        "article": ARTICLES[right],
        "said": {name: requests.words(visitor.world, session, row, name) for name in requests.WORDS},
        "receipts": receipts.of(session, row),
        "packet": session.get(RightsPacket, row.id),
        "names": audit.names(session, owner),
        "today": visitor.world.now().date(),
        "pending": row.state in PENDING,
        "by_data": right in ANSWERED_BY_DATA,
        "at_once": right in AT_ONCE,
        "identified": [one for one in Identified if one is not Identified.CRM],
        "delays": list(Delay),
        "refusals": list(Refusal),
        "handed": _BY_STAFF,
        "typed": visitor.typed,
    }


def _ask(visitor: Visitor, session: Session, owner: Controller) -> str:
    return _back(requests.ask_identity(visitor.world, session, owner, visitor.path["id"], visitor.actor.id))


def _identify(visitor: Visitor, session: Session, owner: Controller) -> str:
    how = _word(visitor, "how", Identified)
    return _back(requests.identify(visitor.world, session, owner, visitor.path["id"], how, visitor.actor.id))


def _extend(visitor: Visitor, session: Session, owner: Controller) -> str:
    why, told = _word(visitor, "delay", Delay), visitor.said("told")
    return _back(requests.extend(visitor.world, session, owner, visitor.path["id"], why, told, visitor.actor.id))


def _make(visitor: Visitor, session: Session, owner: Controller) -> str:
    made = packets.make(visitor.world, session, owner, visitor.path["id"], visitor.actor.id)
    return f"{_HERE}/{made.request_id}/packet"


def _carry(visitor: Visitor, session: Session, owner: Controller) -> str:
    return _back(requests.carry_out(visitor.world, session, owner, visitor.path["id"], visitor.actor.id))


def _answer(visitor: Visitor, session: Session, owner: Controller) -> str:
    how = _word(visitor, "handed", Handed)
    return _back(requests.answer(visitor.world, session, owner, visitor.path["id"], how, visitor.actor.id))


def _refuse(visitor: Visitor, session: Session, owner: Controller) -> str:
    why, told = _word(visitor, "refusal", Refusal), visitor.said("told")
    return _back(requests.refuse(visitor.world, session, owner, visitor.path["id"], why, told, visitor.actor.id))


def _lift(visitor: Visitor, session: Session, owner: Controller) -> str:
    told = visitor.said("told")
    return _back(requests.lift(visitor.world, session, owner, visitor.path["id"], told, visitor.actor.id))


def _confirm(visitor: Visitor, session: Session, owner: Controller) -> str:
    row = _find(session, owner, visitor.path["id"])
    receipts.confirm(visitor.world, session, owner, visitor.said("receipt"), visitor.actor.id)
    return f"{_back(row)}#systems"


def _packet(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    row = _find(session, owner, visitor.path["id"])
    packet = orjson.loads(packets.read(visitor.world, session, owner, row.id))
    return {
        "row": row,
        "made": session.get_one(RightsPacket, row.id),
        "article": ARTICLES[Right(row.kind)],
        "about": packet["about"],
        "data": packet["data"],
        "say": letters.words(visitor.language),
        "pretty": _pretty,
    }


def _pretty(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _json(visitor: Visitor, owner: Controller) -> Leaflet:
    return Leaflet(f"answer-{visitor.path['id']}.json", "application/json", _body(visitor, owner))


def _pdf(visitor: Visitor, owner: Controller) -> Leaflet:
    language = visitor.said("language")
    made = letters.answer(_body(visitor, owner), language)
    return Leaflet(f"answer-{visitor.path['id']}-{language}.pdf", "application/pdf", made)


def _body(visitor: Visitor, owner: Controller) -> bytes:
    with visitor.world.db.read() as session:
        _find(session, owner, visitor.path["id"])
        return packets.read(visitor.world, session, owner, visitor.path["id"])


def _find(session: Session, owner: Controller, request_id: str) -> RightsRequest:
    try:
        return requests.find(session, owner, request_id)
    except BadInput:
        raise NotFound from None


def _word(visitor: Visitor, name: str, words: type[_Word]) -> _Word:
    try:
        return words(visitor.said(name))
    except ValueError:
        raise BadInput("is not chosen", field=name, remedy="Choose one of the list.") from None


def _back(row: RightsRequest) -> str:
    return f"{_HERE}/{row.id}"
