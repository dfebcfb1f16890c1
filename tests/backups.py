# SPDX-License-Identifier: Apache-2.0
"""Real backups of a test database, and its return from one, as an operator would do it."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from hub.flows.world import build
from tests.making import Shop


class Backup:
    """A copy of a database as it is now. Whoever has it open is cut off."""

    def __init__(self, shop: Shop) -> None:
        self._url, self._name = make_url(shop.world.db.url), f"hub_backup_{secrets.token_hex(8)}"
        shop.world.db.close()
        if self._sqlite:
            with closing(sqlite3.connect(self._file)) as source, closing(sqlite3.connect(self._saved)) as copy:
                source.backup(copy)
        else:
            self._server(f"CREATE DATABASE {self._name} TEMPLATE {self._url.database}")

    @property
    def _sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    @property
    def _file(self) -> Path:
        return Path(self._url.database or "")

    @property
    def _saved(self) -> Path:
        return self._file.with_name(self._name)

    def put_back(self) -> None:
        """Replace the database by the copy."""
        if self._sqlite:
            for suffix in ("-wal", "-shm"):
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
            shutil.copy(self._saved, self._file)
        else:
            self._server(f"DROP DATABASE {self._url.database} WITH (FORCE)")
            self._server(f"CREATE DATABASE {self._url.database} TEMPLATE {self._name}")

    def restore(self, shop: Shop) -> None:
        """Stop the hub, put the copy back, start the hub."""
        shop.world.db.close()
        self.put_back()
        restart(shop)

    def drop(self) -> None:
        if not self._sqlite:
            self._server(f"DROP DATABASE {self._name}")

    def _server(self, statement: str) -> None:
        place = self._url.set(drivername="postgresql", database="postgres")
        with psycopg.connect(place.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def backup(shop: Shop) -> Iterator[Backup]:
    """A backup taken now."""
    taken = Backup(shop)
    try:
        yield taken
    finally:
        shop.world.db.close()
        taken.drop()


def restart(shop: Shop) -> None:
    """A new process: nothing is remembered but what lies on the disk."""
    before = shop.world
    before.db.close()
    shop.world = build(before.settings, clock=before.clock, registry=before.registry)
