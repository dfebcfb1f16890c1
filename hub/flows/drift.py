# SPDX-License-Identifier: Apache-2.0
"""Templates that the platform moved by itself: not what was judged any more. The gate refuses them, and people are told
until somebody has read the list again."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from hub.contract import TemplateChanged, TemplateState
from hub.flows import watch
from hub.flows.desk import Desk
from hub.store.tables import TemplateRow

_LONGEST = 300


def heard(desk: Desk, event: TemplateChanged) -> None:
    """A webhook says that a template moved. One that we do not know is read with the next list."""
    row = desk.session.get(TemplateRow, (desk.connection.id, event.name, event.language))
    if row is None:
        return
    for news in _news(row, event):
        _note(row, news, event.at)
    worse = event.words or event.category not in (None, row.category)
    worse = worse or event.state not in (None, TemplateState.APPROVED)
    row.state, row.category = event.state or row.state, event.category or row.category
    row.stale = row.stale or event.words
    row.read_at = desk.world.now()
    desk.session.add(row)
    if worse:
        name = f"{row.name}/{row.language}"
        what = f"template {name} is {event.state or event.category or 'worded anew'} now"
        watch.troubled(desk.world, desk.session, desk.chain, desk.connection.id, what, template=name)


def noted(desk: Desk, template: str, what: str, at: datetime) -> None:
    """Something about NAME/LANGUAGE that people should see."""
    name, _, language = template.rpartition("/")
    row = desk.session.get(TemplateRow, (desk.connection.id, name, language))
    if row is not None:
        _note(row, what, at)
        desk.session.add(row)


def news(session: Session, connection_id: str, names: Collection[str] | None = None) -> list[str]:
    """What nobody has looked at yet, of these NAME/LANGUAGE or of all."""
    moved = select(TemplateRow).where(TemplateRow.connection_id == connection_id, TemplateRow.moved != "")
    rows = session.exec(moved.order_by(col(TemplateRow.name), col(TemplateRow.language))).all()
    mine = [row for row in rows if names is None or f"{row.name}/{row.language}" in names]
    return [f"{row.name}/{row.language}: {row.moved}" for row in mine]


@dataclass(frozen=True, slots=True)
class Seen:
    """The templates of a connection at one moment."""

    rows: dict[str, tuple[str, str, str]]  # NAME/LANGUAGE: category, state, words

    @classmethod
    def now(cls, session: Session, connection_id: str) -> Seen:
        rows = session.exec(select(TemplateRow).where(TemplateRow.connection_id == connection_id)).all()
        return cls({f"{row.name}/{row.language}": (row.category, row.state, row.text) for row in rows})

    def until(self, later: Seen) -> Iterator[str]:
        """What became different, in words."""
        for name in sorted(self.rows.keys() | later.rows.keys()):
            old, new = self.rows.get(name), later.rows.get(name)
            if old is None or new is None:
                yield f"{name}: {'new' if old is None else 'gone'}"
                continue
            for before, after in zip(old[:2], new[:2], strict=True):
                if before != after:
                    yield f"{name}: {after}, was {before}"
            if old[2] != new[2]:
                yield f"{name}: its words were changed"


def _news(row: TemplateRow, event: TemplateChanged) -> Iterator[str]:
    if event.words:
        yield "its words were changed"
    for before, after in ((row.category, event.category), (row.state, event.state)):
        if after not in (None, before):
            yield f"{after}, was {before}"


def _note(row: TemplateRow, what: str, at: datetime) -> None:
    told = f"{at:%Y-%m-%d %H:%M} {what}"
    row.moved = f"{row.moved}; {told}"[-_LONGEST:] if row.moved else told[:_LONGEST]
