# SPDX-License-Identifier: Apache-2.0
"""Lanes: a sender that is too fast for one process is shared by several, each with its own people and its own part of
the rate. Everybody has one lane, so that no two processes ever write to one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session, col, select

from hub.store.tables import Lease, Sender

MOST = 8


@dataclass(frozen=True, slots=True)
class Lane:
    """One of `of` lanes of a sender, counted from 0."""

    sender_id: str
    index: int = 0
    of: int = 1

    @property
    def lease(self) -> str:
        return f"sender:{self.sender_id}:{self.index}"

    def share(self, rate: int) -> int:
        """This lane's part of a rate per second; at least one."""
        return max(1, rate // self.of + (self.index < rate % self.of))

    def only(self, statement: Any, contact_id: Any) -> Any:
        """Only rows of this lane's people."""
        return statement if self.of == 1 else statement.where(_last(contact_id) % self.of == self.index)


def every(sender: Sender) -> list[Lane]:
    return [Lane(sender.id, index, sender.lanes) for index in range(sender.lanes)]


def held(session: Session, sender_id: str, now: datetime) -> dict[str, str]:
    """The leases of a sender's lanes that somebody holds, with their owners."""
    mine = select(Lease).where(col(Lease.name).startswith(f"sender:{sender_id}:"), Lease.until > now)
    return {lease.name: lease.owner for lease in session.exec(mine)}


class _last(FunctionElement[int]):  # noqa: N801 - reads as a function of SQL
    """The code of an id's last character, which is random."""

    type = Integer()
    inherit_cache = True


@compiles(_last, "postgresql")
def _ascii(element: _last, compiler: Any, **options: Any) -> str:
    return f"ascii(right({compiler.process(element.clauses, **options)}, 1))"


@compiles(_last, "sqlite")
def _unicode(element: _last, compiler: Any, **options: Any) -> str:
    return f"unicode(substr({compiler.process(element.clauses, **options)}, -1))"
