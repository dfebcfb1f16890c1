# SPDX-License-Identifier: Apache-2.0
"""Statements without objects, for what is done with every message: prepared once, rows of columns out.

Objects of the ORM cost three to ten times as much. What they still hold back is flushed first, so that nothing said
in this transaction is missed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
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
