# SPDX-License-Identifier: Apache-2.0
"""What people were told, and who gave their data: by the ledger for one person, by a named person's word for a CRM."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session

from hub.law.facts import Notice, NoticeKind, Source
from hub.store.direct import fetch, table
from hub.store.sets import among
from hub.store.tables import Connection, Controller, NoticeDeclared, NoticeServed

_CONNECTION, _DECLARED, _NOTICE = table(Connection).c, table(NoticeDeclared).c, table(NoticeServed).c
_SERVED = select(_NOTICE.token, _NOTICE.kind, _NOTICE.ledger_id, _NOTICE.at).where(among(_NOTICE.token))
_CRMS: Any = (
    select(_CONNECTION.id, _CONNECTION.source, _DECLARED.kind, _DECLARED.since, _DECLARED.until, _DECLARED.ledger_id)
    .join_from(
        table(Connection),
        table(NoticeDeclared),
        (_DECLARED.connection_id == _CONNECTION.id) & _DECLARED.revoked_at.is_(None),
        isouter=True,
    )
    .where(_CONNECTION.controller_id == bindparam("controller"))
)
_KINDS = {str(kind): kind for kind in NoticeKind}
_SOURCES = {str(source): source for source in Source}


@dataclass(frozen=True, slots=True)
class Declared:
    """Everybody first seen from `since` until `until` was told; `id` is the ledger event that says who stated it."""

    kind: NoticeKind
    since: datetime
    until: datetime | None
    id: str


@dataclass(frozen=True, slots=True)
class Crms:
    """What was stated about the people of a controller's CRMs, by connection."""

    sources: dict[str, Source]
    declared: dict[str, list[Declared]]

    def source(self, connections: Iterable[str], *, wrote: bool) -> Source:
        """Who gave a person's data. One source that is not the person is enough for Art. 14 GDPR."""
        found = {self.sources.get(connection, Source.UNKNOWN) for connection in connections}
        if Source.OTHER in found:
            return Source.OTHER
        return Source.PERSON if wrote or Source.PERSON in found else Source.UNKNOWN

    def notices(self, connection: str, first_seen: datetime) -> list[Notice]:
        """What whoever a CRM brought at that time was told elsewhere, at the latest then."""
        return [
            Notice(one.kind, one.id, first_seen)
            for one in self.declared.get(connection, ())
            if one.since <= first_seen and (one.until is None or first_seen < one.until)
        ]


def crms(session: Session, controller: Controller) -> Crms:
    """One small query, whatever the number of people."""
    sources: dict[str, Source] = {}
    declared: dict[str, list[Declared]] = defaultdict(list)
    for row in fetch(session, _CRMS, controller=controller.id):
        sources[row.id] = _SOURCES.get(row.source, Source.UNKNOWN)
        if row.ledger_id is not None:
            declared[row.id].append(Declared(_KINDS[row.kind], row.since, row.until, row.ledger_id))
    return Crms(sources, declared)


def served(session: Session, tokens: Iterable[str]) -> dict[str, list[Notice]]:
    """What the holders of some contact points were shown or sent, by token."""
    found: dict[str, list[Notice]] = defaultdict(list)
    for token, kind, ledger_id, at in fetch(session, _SERVED, keys=tokens):
        found[token].append(Notice(_KINDS[kind], ledger_id, at))
    return found
