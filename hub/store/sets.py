# SPDX-License-Identifier: Apache-2.0
"""Many at once: asks for many keys with one parameter.

So a statement stays the same whatever their number. An `IN` with a parameter for each key is written out, sent and
planned anew for every batch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import Dialect, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeDecorator


class _Texts(TypeDecorator[Any]):
    """A list of texts as JSON. PostgreSQL has arrays, but its driver takes ten times as long to write one."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return orjson.dumps(list(value)).decode()


class among(FunctionElement[Any]):  # noqa: N801 - reads as the operator it is
    """`column` is one of `values` (texts), or of those given as parameter `name` when the statement runs."""

    type = NullType()  # a Boolean would be compared with 1 in SQLite, which then finds no index
    name = "among"
    inherit_cache = True

    def __init__(self, column: Any, values: Iterable[str] | None = None, *, name: str = "keys") -> None:
        given: dict[str, Any] = {} if values is None else {"value": list(values), "unique": True}
        super().__init__(column, bindparam(name, type_=_Texts(), **given))


@compiles(among, "postgresql")
def _postgresql(element: among, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    # an array, since a subquery would be joined with, and some plan would then read the whole table
    return f"{column} = ANY(ARRAY(SELECT json_array_elements_text(CAST({values} AS json))))"


@compiles(among, "sqlite")
def _sqlite(element: among, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - both are SQLAlchemy's own rendering
