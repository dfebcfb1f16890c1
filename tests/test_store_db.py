# SPDX-License-Identifier: Apache-2.0
"""Engine, sessions and schema: what a transaction promises, on both databases, and what migrations make."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError
from sqlmodel import SQLModel, col, select

from hub.store.db import Database
from hub.store.tables import Controller, Sender

NOW = datetime(2026, 11, 2, 12, 30, 15, 123456, tzinfo=UTC)
SECRET = "+491701234567"


@pytest.fixture
def empty(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def db(empty: Database) -> Database:
    empty.migrate()
    return empty


def company(name: str = "Acme", at: datetime = NOW) -> Controller:
    return Controller(id=name, name=name, country="DE", created_at=at)


def names(db: Database) -> list[str]:
    with db.read() as session:
        return list(session.exec(select(Controller.name)))


# transactions


def test_write_commits_when_the_block_ends(db: Database) -> None:
    with db.write() as session:
        session.add(company())
    assert names(db) == ["Acme"]


def test_write_rolls_back_when_the_block_raises(db: Database) -> None:
    def add_and_fail() -> None:
        with db.write() as session:
            session.add(company())
            session.flush()
            raise KeyError("late")

    with pytest.raises(KeyError):
        add_and_fail()
    assert names(db) == []


def test_read_commits_nothing(db: Database) -> None:
    with db.read() as session:
        session.add(company())
        session.flush()
    assert names(db) == []


def test_read_sees_one_moment_while_others_write(db: Database) -> None:
    with db.read() as session:
        assert session.exec(select(Controller)).all() == []
        with db.write() as other:
            other.add(company())
        assert session.exec(select(Controller)).all() == []
    assert names(db) == ["Acme"]


def test_write_on_sqlite_waits_for_the_writer_before_it(tmp_path: Path) -> None:
    """The first read takes the lock, so that what it saw is still true when it is written upon."""
    db = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    db.migrate()
    opened, seen = threading.Event(), list[int]()

    def late() -> None:
        opened.wait()
        with db.write() as session:
            seen.append(len(session.exec(select(Controller)).all()))

    thread = threading.Thread(target=late)
    thread.start()
    with db.write() as session:
        assert session.exec(select(Controller)).all() == []
        opened.set()
        thread.join(timeout=0.2)  # time enough to come between, if it could
        assert thread.is_alive()
        session.add(company())
    thread.join(timeout=10)
    assert seen == [1]
    db.close()


# what must not be told


def test_parameters_never_appear_in_an_exception(db: Database) -> None:
    with db.write() as session:
        session.add(company())
    with pytest.raises(IntegrityError) as failed, db.write() as session:
        session.add(Controller(id=SECRET, name="Acme", country="DE", created_at=NOW))
    assert SECRET not in f"{failed.value} {failed.value!r}"


def test_parameters_of_a_broken_statement_never_appear(db: Database) -> None:
    with pytest.raises(DBAPIError) as failed, db.read() as session:
        session.execute(text("SELECT nothing FROM nowhere WHERE number = :number"), {"number": SECRET})
    assert SECRET not in f"{failed.value} {failed.value!r}"


# times

aware = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001  (hypothesis adds the zone)
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=aware)
def test_times_come_back_as_the_same_moment_in_utc(db: Database, at: datetime) -> None:
    with db.write() as session:
        session.merge(company(at=at))
    with db.read() as session:
        read = session.exec(select(Controller.created_at)).one()
    assert read == at
    assert read.utcoffset() == timedelta(0)


def test_times_are_ordered_and_compared_across_zones(db: Database) -> None:
    with db.write() as session:
        session.add(company("later", NOW + timedelta(minutes=1)))
        session.add(company("sooner", NOW.astimezone(timezone(timedelta(hours=9)))))
    with db.read() as session:
        assert session.exec(select(Controller.name).order_by(col(Controller.created_at))).all() == ["sooner", "later"]
        berlin = NOW.astimezone(timezone(timedelta(hours=1)))
        assert session.exec(select(Controller.name).where(Controller.created_at <= berlin)).all() == ["sooner"]


def test_time_without_a_zone_is_refused(db: Database) -> None:
    with pytest.raises(StatementError, match="without a zone"), db.write() as session:
        session.add(company(at=datetime(2026, 1, 1)))  # noqa: DTZ001  (the point of the test)
    assert names(db) == []


# SQLite


def test_sqlite_pragmas_are_set_on_every_connection(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'below' / 'hub.db'}")
    expected = {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 30_000}
    with db.read() as one, db.read() as two:
        for session in (one, two):
            assert {name: session.execute(text(f"PRAGMA {name}")).scalar() for name in expected} == expected
    db.close()


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the files at the moments at which they were synced."""
    sizes: list[int] = []
    monkeypatch.setattr("os.fdatasync", lambda handle: sizes.append(os.fstat(handle).st_size))
    return sizes


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    database.migrate()
    yield database
    database.close()


def test_sqlite_write_returns_when_its_commit_is_on_the_disk(file: Database, synced: list[int], tmp_path: Path) -> None:
    with file.write() as session:
        session.add(company())
        assert synced == []
    assert synced == [(tmp_path / "hub.db-wal").stat().st_size]


def test_sqlite_commits_are_synced_together_and_without_the_lock(
    file: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, go = threading.Event(), threading.Event()
    count = []

    def slow(_: int) -> None:
        count.append(1)
        first.set()
        assert go.wait(10)

    monkeypatch.setattr("os.fdatasync", slow)

    def add(name: str) -> None:
        with file.write() as session:
            session.add(company(name))

    writers = [threading.Thread(target=add, args=(str(number),)) for number in range(5)]
    writers[0].start()
    assert first.wait(10)
    for writer in writers[1:]:
        writer.start()
    while len(names(file)) < 5:  # all committed while the disk is busy with the first
        assert any(writer.is_alive() for writer in writers)
    assert all(writer.is_alive() for writer in writers)
    go.set()
    for writer in writers:
        writer.join(10)
    assert len(count) <= 3


def test_sqlite_trusts_no_disk_that_refused_once(file: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(5, "Input/output error")

    def add(name: str) -> None:
        with file.write() as session:
            session.add(company(name))

    monkeypatch.setattr("os.fdatasync", refuse)
    with pytest.raises(OperationalError, match="start anew"):
        add("lost")
    monkeypatch.undo()
    with pytest.raises(OperationalError, match="start anew"):
        add("after it")


def test_foreign_keys_bind(db: Database) -> None:
    with pytest.raises(IntegrityError), db.write() as session:
        session.add(Sender(controller_id="nobody", connection_id="nothing", vendor_id="1", number="1"))


# migrations


def differences(db: Database) -> list[Any]:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, SQLModel.metadata))


def test_migrate_an_empty_database_gives_exactly_the_tables(empty: Database) -> None:
    assert differences(empty), "the comparison sees what is missing"
    empty.migrate()
    assert differences(empty) == []


def test_migrate_twice_changes_nothing(db: Database) -> None:
    with db.write() as session:
        session.add(company())
    db.migrate()
    assert names(db) == ["Acme"]
    assert differences(db) == []


def _start(url: str, together: Barrier) -> None:
    together.wait(10)
    Database(url).migrate()


def test_migrate_by_three_processes_at_once_is_done_once(empty: Database) -> None:
    context = multiprocessing.get_context("fork")
    together = context.Barrier(3)
    processes = [context.Process(target=_start, args=(empty.url, together)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert differences(empty) == []


def test_migrations_have_one_head_and_one_base(db: Database) -> None:
    scripts = ScriptDirectory.from_config(db.alembic())
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1


def test_downgrade_takes_every_table_away(db: Database) -> None:
    command.downgrade(db.alembic(), "base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    db.migrate()
    assert differences(db) == []
