# SPDX-License-Identifier: Apache-2.0
"""A new opt-in page: what people are asked to agree to, and on which number they say yes."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session
from starlette.routing import Route

from hub.flows import choices, notice_texts, optin
from hub.flows.roles import May
from hub.store.tables import Controller
from hub.web.console import reading
from hub.web.console.rooms import Made, Rooms, Visitor

_NEW = "/console/pages/new"


def routes(rooms: Rooms) -> list[Route]:
    again = ("opt_in_new.html", _form)
    return [
        rooms.show(_NEW, May.WORD, "opt_in_new.html", _form),
        rooms.act(_NEW, May.WORD, "optin.make", _make, again=again),
    ]


def _form(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    shown = {"senders": choices.senders(session, owner), "languages": notice_texts.LANGUAGES}
    return {**shown, "typed": visitor.typed, "text": visitor.said("text"), "receipts": bool(visitor.said("receipts"))}


def _make(visitor: Visitor, session: Session, owner: Controller) -> Made:
    page = optin.create(
        visitor.world,
        session,
        owner,
        choices.sender(session, owner, visitor.said("sender")),
        title=visitor.said("title"),
        language=visitor.said("language"),
        topics=[topic for line in visitor.said("topics").split(",") if (topic := line.strip())],
        text=visitor.said("text"),
        per_month=int(reading.number(visitor, "per_month", 0)) or None,
        confirm_template=visitor.said("confirm_template"),
        receipts=bool(visitor.said("receipts")),
    )
    return Made(f"/console/pages/{page.id}", page.id)
