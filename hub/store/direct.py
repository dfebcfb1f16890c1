# SPDX-License-Identifier: Apache-2.0
"""Statements without objects, for what is done with every message: prepared once, rows of columns out.

Objects of the ORM cost three to ten times as much. What they still hold back is flushed first, so that nothing said
in this transaction is missed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def table(model: type[SQLModel]) -> Table:
    """The table of a model."""
    found = model.__table__  # type: ignore[attr-defined]
    assert isinstance(found, Table)
    return found


def fetch(session: Session, statement: Any, **values: Any) -> Sequence[Any]:
    """The rows of a query."""
    session.flush()
    return session.connection().execute(statement, values).all()


def run(session: Session, statement: Any, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
    """Write one row, or many."""
    session.flush()
    session.connection().execute(statement, values)


def insert_new(session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert those that break no unique key. Every row names every column. Returns how many were new."""
    if not rows:
        return 0
    session.flush()
    statement, keys = _new(session.get_bind().dialect.name, model)
    ordered = sorted(rows, key=lambda row: [str(row[key]) for key in keys])  # one order: no two writers deadlock
    return session.connection().execute(statement, ordered, execution_options={"preserve_rowcount": True}).rowcount


@lru_cache
def _new(dialect: str, model: type[SQLModel]) -> tuple[Any, list[str]]:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return insert(table(model)).on_conflict_do_nothing(), [column.name for column in table(model).primary_key]
