# SPDX-License-Identifier: Apache-2.0
"""Notices: what people are told (Art. 13, 14 and 21(4) GDPR), in versions; drafted, read by a person, then kept."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session
from starlette.routing import Route

from hub.contract import BadInput
from hub.flows import notice_drafts, notice_texts, notices
from hub.flows.roles import May
from hub.law.facts import NoticeKind
from hub.store.tables import Controller
from hub.web.console.rooms import Made, Rooms, Visitor

_HERE = "/console/notices"
_ASKED = ("contact", "privacy_url", "storage", "officer", "source", "categories")


def routes(rooms: Rooms) -> list[Route]:
    return [
        rooms.show(_HERE, May.LOOK, "notices.html", _list),
        rooms.show(f"{_HERE}/new", May.WORD, "notice_new.html", _form),
        rooms.run(f"{_HERE}/draft", May.WORD, "notice.draft", "notice_new.html", _draft),
        rooms.act(f"{_HERE}/new", May.WORD, "notice.make", _make, again=("notice_new.html", _form)),
    ]


def _list(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    versions = notices.every(session, owner)[::-1]
    newest = {(one.kind, one.language): one.id for one in reversed(versions)}
    return {"versions": versions, "newest": set(newest.values()), "path": notices.path}


def _kind(visitor: Visitor) -> NoticeKind:
    typed = visitor.typed("kind", NoticeKind.ART_13)
    if typed not in set(NoticeKind):
        raise BadInput("is no kind of notice", field="kind", remedy=f"Use one of: {', '.join(NoticeKind)}.")
    return NoticeKind(typed)


def _form(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    shown = {"kinds": list(NoticeKind), "languages": notice_texts.LANGUAGES, "asked": _ASKED, "typed": visitor.typed}
    return {**shown, "text": visitor.said("text")}


def _draft(visitor: Visitor, owner: Controller) -> dict[str, Any]:
    """A proposal in the form, to be read and changed before it counts."""
    with visitor.world.db.read() as session:
        facts = _form(visitor, session, owner)
        told = {name: visitor.said(name) for name in _ASKED}
        transfers = [line.strip() for line in visitor.said("transfers").splitlines() if line.strip()]
        given = {**told, "transfers": transfers}
        try:
            text = notice_drafts.draft(visitor.world, session, owner, _kind(visitor), visitor.said("language"), **given)
        except BadInput as problem:
            return {**facts, "problem": problem}
    return {**facts, "text": text}


def _make(visitor: Visitor, session: Session, owner: Controller) -> Made:
    kind, language = _kind(visitor), visitor.said("language")
    made = notices.create(visitor.world, session, owner, kind, language, visitor.said("text"))
    return Made(_HERE, made.id)
