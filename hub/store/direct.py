# SPDX-License-Identifier: Apache-2.0
"""Statements without objects, for what is done with every message: prepared once, rows of columns out.

Objects of the ORM cost three to ten times as much. What they still hold back is flushed first, so that nothing said
in this transaction is missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any, Literal

from sqlalchemy import Dialect, Table, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlmodel import Session, SQLModel

_Known = Literal["refused", "kept", "replaced"]  # what becomes of a row whose key is there
_DIALECTS: dict[str, Dialect] = {  # both with places for values instead of names
    "sqlite": sqlite.dialect(),
    "postgresql": psycopg.dialect(paramstyle="format"),  # type: ignore[no-untyped-call]
}


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


def insert_all(session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows. Each names the same columns, all that have a default among them. A known key is an error."""
    if rows:
        _insert(session, model, rows, "refused")


def insert_new(session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert those that break no unique key; else as `insert_all`. Returns how many were new."""
    if not rows:
        return 0
    keys = [column.name for column in table(model).primary_key]
    ordered = sorted(rows, key=lambda row: [str(row[key]) for key in keys])  # one order: no two writers deadlock
    return _insert(session, model, ordered, "kept")


def put(session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]], same: tuple[str, ...] = ()) -> int:
    """Insert rows, or replace those of the same key. `same`: only where one of these columns differs; else always.

    Returns how many were written. Each key once; else as `insert_all`.
    """
    if not rows:
        return 0
    keys = [column.name for column in table(model).primary_key]
    ordered = sorted(rows, key=lambda row: [str(row[key]) for key in keys])
    return _insert(session, model, ordered, "replaced", same)


def _insert(
    session: Session,
    model: type[SQLModel],
    rows: Sequence[Mapping[str, Any]],
    known: _Known,
    same: tuple[str, ...] = (),
) -> int:
    session.flush()
    connection = session.connection()
    plain = _plain(connection.dialect.name, model, tuple(rows[0]), known, same)
    cells, options = plain.cells(rows), {"preserve_rowcount": True}
    return connection.exec_driver_sql(plain.statement, cells, execution_options=options).rowcount


@dataclass(frozen=True, slots=True)
class _Plain:
    """An insert as the driver takes it, since SQLAlchemy looks up and converts every single cell by its name.

    `columns` stand in the order of the statement. `writers` give the values of some of them another form.
    """

    statement: str
    columns: tuple[str, ...]
    writers: tuple[tuple[int, Callable[[Any], Any]], ...]

    def cells(self, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        found: list[Iterable[Any]] = list(zip(*map(itemgetter(*self.columns), rows), strict=True))
        for place, write in self.writers:
            found[place] = _written(write, found[place])
        return list(zip(*found, strict=True))


def _written(write: Callable[[Any], Any], values: Iterable[Any]) -> Iterator[Any]:
    """Rows that are made together share their times: the same object is written once."""
    last: Any = object()
    form = None
    for value in values:
        if value is not last:
            last, form = value, write(value)
        yield form


@lru_cache
def _plain(name: str, model: type[SQLModel], named: tuple[str, ...], known: _Known, same: tuple[str, ...]) -> _Plain:
    dialect = _DIALECTS[name]
    insert = sqlite.insert if name == "sqlite" else postgresql.insert
    statement = insert(table(model))
    if known == "kept":
        statement = statement.on_conflict_do_nothing()
    elif known == "replaced":
        statement = _replacing(statement, model, named, same)
    compiled = statement.compile(dialect=dialect, column_keys=named)
    columns = tuple(compiled.positiontup or ())
    types = [table(model).c[column].type.dialect_impl(dialect) for column in columns]
    writers = [(place, write) for place, one in enumerate(types) if (write := one.bind_processor(dialect))]
    return _Plain(compiled.string, columns, tuple(writers))


def _replacing(statement: Any, model: type[SQLModel], named: tuple[str, ...], same: tuple[str, ...]) -> Any:
    of, new = table(model), statement.excluded
    keys = [column.name for column in of.primary_key]
    values = {column: new[column] for column in named if column not in keys}
    differs = or_(*(of.c[column].is_distinct_from(new[column]) for column in same)) if same else None
    return statement.on_conflict_do_update(index_elements=keys, set_=values, where=differs)
