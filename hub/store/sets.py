# SPDX-License-Identifier: Apache-2.0
"""Many at once: asks for many keys with one parameter, and inserts many rows with one statement.

So a statement stays the same whatever their number. An `IN` with a parameter for each key, or `VALUES` with one for
each cell, is written out, sent and planned anew for every batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Dialect, Table, Text, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine
from sqlmodel import Session, SQLModel


class _Texts(TypeDecorator[Any]):
    """A list of texts: an array in PostgreSQL, JSON in SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(Text()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return value if dialect.name == "postgresql" else orjson.dumps(value).decode()


class among(FunctionElement[Any]):  # noqa: N801 - reads as the operator it is
    """`column` is one of `values` (texts)."""

    type = NullType()  # a Boolean would be compared with 1 in SQLite, which then finds no index
    name = "among"
    inherit_cache = True

    def __init__(self, column: Any, values: Iterable[str]) -> None:
        super().__init__(column, bindparam("among", list(values), type_=_Texts(), unique=True))


@compiles(among, "postgresql")
def _array(element: among, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY({values})"


@compiles(among, "sqlite")
def _json(element: among, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - both are SQLAlchemy's own rendering


def insert_new(session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert those that break no unique key. Every row names every column. Returns how many were new."""
    if not rows:
        return 0
    table: Table = model.__table__  # type: ignore[attr-defined]
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).on_conflict_do_nothing()
    return session.connection().execute(statement, rows, execution_options={"preserve_rowcount": True}).rowcount
