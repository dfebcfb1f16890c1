# SPDX-License-Identifier: Apache-2.0
"""Many at once: asks for many keys with one parameter, and inserts many rows with one statement.

So a statement stays the same whatever their number. An `IN` with a parameter for each key, or `VALUES` with one for
each cell, is written out, sent and planned anew for every batch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import Dialect, Text, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine


class _Texts(TypeDecorator[Any]):
    """A list of texts: an array in PostgreSQL, JSON in SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(Text()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        keys = list(value)
        return keys if dialect.name == "postgresql" else orjson.dumps(keys).decode()


class among(FunctionElement[Any]):  # noqa: N801 - reads as the operator it is
    """`column` is one of `values` (texts), or of those given as parameter `name` when the statement runs."""

    type = NullType()  # a Boolean would be compared with 1 in SQLite, which then finds no index
    name = "among"
    inherit_cache = True

    def __init__(self, column: Any, values: Iterable[str] | None = None, *, name: str = "keys") -> None:
        given: dict[str, Any] = {} if values is None else {"value": list(values), "unique": True}
        super().__init__(column, bindparam(name, type_=_Texts(), **given))


@compiles(among, "postgresql")
def _array(element: among, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY({values})"


@compiles(among, "sqlite")
def _json(element: among, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - both are SQLAlchemy's own rendering
