# SPDX-License-Identifier: Apache-2.0
"""Engine and sessions, for SQLite (WAL) and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import orjson
import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlmodel import Session
from tenacity import retry, retry_if_exception_message, stop_after_delay, wait_random

from hub.store.durable import Log
from hub.store.journal import Journal, Line, Signed, journaled
from hub.store.turns import Turns

log = structlog.get_logger("hub.store")


class Database:
    """One engine. `write()` takes the write lock at once, so that what it reads stays true until commit."""

    def __init__(self, url: str, journal: Journal | None = None) -> None:
        self.url, self.journal = url, journal
        self.sqlite = make_url(url).get_backend_name() == "sqlite"
        # parameters hold personal data; they must not appear in an exception
        options: dict[str, Any] = {"hide_parameters": True, "json_deserializer": orjson.loads}
        if self.sqlite:
            options["connect_args"] = {"timeout": 30, "check_same_thread": False}
        else:
            options |= {"pool_size": 16, "max_overflow": 16, "pool_pre_ping": True}
            # a process that lies still (stopped, paused with its machine) must not keep its locks from a stop
            options["connect_args"] = {"options": "-c idle_in_transaction_session_timeout=10s"}
        self.engine = create_engine(url, **options)
        self._turns = Turns() if self.sqlite else nullcontext()
        self._log = Log(Path(f"{make_url(url).database}-wal")) if self.sqlite else None
        self._writer = self.engine.execution_options(hub_write=True)
        self._reader = self.engine if self.sqlite else self.engine.execution_options(isolation_level="REPEATABLE READ")
        if self.sqlite:
            Path(make_url(url).database or "").parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _prepare_sqlite(self.engine)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that commits when the block ends and rolls back when it raises.

        Once it is over, it is on the disk.
        """
        with self._turns, Session(self._writer, expire_on_commit=False) as session:
            yield session
            session.commit()
        if self._log is not None:
            self._log.sync()
        self._keep(journaled(session))  # never ahead of the database: that is how a restored backup shows

    @contextmanager
    def rehearse(self) -> Iterator[Session]:
        """A transaction that is always taken back: what would happen."""
        with self._turns, Session(self._writer, expire_on_commit=False) as session:
            yield session
            session.rollback()

    def _keep(self, lines: list[Line | Signed]) -> None:
        """What is committed stays so: a journal that cannot be written is filled from the database later."""
        if self.journal is None or not lines:
            return
        try:
            self.journal.append(lines)
        except OSError as error:
            log.error("journal not written", error=type(error).__name__)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session in which every query sees the same moment, on both databases."""
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    def migrate(self) -> None:
        """Bring the schema to the newest version."""
        command.upgrade(self.alembic(), "head")
        if self._log is not None:
            self._log.sync()

    def alembic(self) -> Config:
        config = Config()
        config.set_main_option("script_location", "hub.store:migrations")
        config.attributes["engine"] = self.engine
        return config

    def close(self) -> None:
        self.engine.dispose()
        if self._log is not None:
            self._log.close()


# NORMAL: the log is synced by `write()`, after the lock is free; SQLite still syncs whenever it empties the log
_SAFE = ("synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000")


@retry(
    retry=retry_if_exception_message(match="database is locked"),
    stop=stop_after_delay(30),
    wait=wait_random(0.01, 0.1),
    reraise=True,
)
def _to_wal(raw: Any) -> None:
    """A new file is changed to WAL by the first who opens it. SQLite does not wait for its lock there, so we do."""
    raw.execute("PRAGMA journal_mode=WAL")


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connect(raw: Any, _: Any) -> None:
        raw.isolation_level = None  # SQLAlchemy begins transactions, see below
        _to_wal(raw)
        # mapped memory and 64 MiB of cache: the facts of a batch lie all over the file
        for pragma in (*_SAFE, "mmap_size=1073741824", "cache_size=-65536"):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("hub_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
